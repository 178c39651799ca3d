/* SPDX-License-Identifier: Apache-2.0 */
/* timer.h - the generic timer's two EL1 timers. */
#ifndef GUEST_TIMER_H
#define GUEST_TIMER_H

#include "platform.h"
#include "sysreg.h"

#define TIMER_CTL_ENABLE 1U
#define TIMER_CTL_IMASK 2U
#define TIMER_CTL_ISTATUS 4U

enum timer {
    TIMER_VIRT,
    TIMER_PHYS,
};

static inline uint64_t timer_now(enum timer timer)
{
    isb();
    return timer == TIMER_VIRT ? SYSREG_READ(cntvct_el0) : SYSREG_READ(cntpct_el0);
}

static inline uint64_t timer_frequency(void)
{
    return SYSREG_READ(cntfrq_el0);
}

static inline unsigned timer_intid(enum timer timer)
{
    return timer == TIMER_VIRT ? platform.timer_virt_intid : platform.timer_phys_intid;
}

static inline void timer_set(enum timer timer, uint64_t deadline)
{
    if (timer == TIMER_VIRT) {
        SYSREG_WRITE(cntv_cval_el0, deadline);
        SYSREG_WRITE(cntv_ctl_el0, TIMER_CTL_ENABLE);
    } else {
        SYSREG_WRITE(cntp_cval_el0, deadline);
        SYSREG_WRITE(cntp_ctl_el0, TIMER_CTL_ENABLE);
    }
    isb();
}

static inline void timer_stop(enum timer timer)
{
    if (timer == TIMER_VIRT) {
        SYSREG_WRITE(cntv_ctl_el0, 0);
    } else {
        SYSREG_WRITE(cntp_ctl_el0, 0);
    }
    isb();
}

static inline uint64_t timer_control(enum timer timer)
{
    return timer == TIMER_VIRT ? SYSREG_READ(cntv_ctl_el0) : SYSREG_READ(cntp_ctl_el0);
}

#endif

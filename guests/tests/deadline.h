/* SPDX-License-Identifier: Apache-2.0 */
/* deadline.h - for guests that begin and end at a time of the physical counter: sleep until then. */
#ifndef TESTS_DEADLINE_H
#define TESTS_DEADLINE_H

#include "guest.h"

/* The interrupt of a deadline that passed while interrupts were masked is still pending in a list register,
 * and comes when the next deadline is armed: that one must stand. */
static inline void deadline_passed(unsigned intid, struct trap_frame *frame)
{
    (void)intid;
    (void)frame;
    if ((timer_control(TIMER_PHYS) & TIMER_CTL_ISTATUS) != 0) {
        timer_stop(TIMER_PHYS);
    }
}

/* On each CPU that will sleep. */
static inline void deadline_init(void)
{
    irq_set_handler(timer_intid(TIMER_PHYS), deadline_passed);
    gic_enable(timer_intid(TIMER_PHYS));
}

static inline void sleep_until(uint64_t deadline)
{
    timer_set(TIMER_PHYS, deadline);
    while (timer_now(TIMER_PHYS) < deadline) {
        wfi();
        irq_enable();
        isb();
        irq_disable();
    }
    timer_stop(TIMER_PHYS);
}

#endif

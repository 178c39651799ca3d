/* SPDX-License-Identifier: Apache-2.0 */
/* cpu.h - this CPU: who it is, its counter, how it waits. */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include "arch/sysreg.h"
#include "lib/types.h"

/* What TPIDR_EL2 points to on every pCPU; the first member of core's struct pcpu. */
struct cpu_base {
    uint64_t id; /* Index into board->cpu_mpidr. */
};

static inline struct cpu_base *cpu_base(void)
{
    struct cpu_base *base;

    __asm__("mrs %0, tpidr_el2" : "=r"(base)); /* Never changes after bring-up: no need to be volatile. */
    return base;
}

static inline unsigned cpu_id(void)
{
    return (unsigned)cpu_base()->id;
}

#define MPIDR_AFFINITY_MASK UINT64_C(0xff00ffffff)

static inline uint64_t cpu_mpidr(void)
{
    return sysreg_read(mpidr_el1) & MPIDR_AFFINITY_MASK;
}

/* The physical counter, not read earlier than the instructions before it. */
static inline uint64_t cpu_count_ticks(void)
{
    __asm__ volatile("isb" ::: "memory");
    return sysreg_read(cntpct_el0);
}

/* Ticks a second, as the firmware says in CNTFRQ_EL0. */
static inline uint32_t cpu_tick_hz(void)
{
    return (uint32_t)sysreg_read(cntfrq_el0);
}

/* For loops that poll a device: the emulator, or the other thread of the core, may go on. */
static inline void cpu_relax(void)
{
    __asm__ volatile("yield" ::: "memory");
}

/* Asleep until an interrupt is pending, masked or not. */
static inline void cpu_wait_for_interrupt(void)
{
    __asm__ volatile("dsb sy\n\twfi" ::: "memory");
}

_Noreturn static inline void cpu_halt(void)
{
    for (;;) {
        __asm__ volatile("msr daifset, #0xf\n\twfi" ::: "memory");
    }
}

#endif

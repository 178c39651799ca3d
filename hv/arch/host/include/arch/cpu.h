/* SPDX-License-Identifier: Apache-2.0 */
/* cpu.h - host build: time and identity are what the test sets. */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include "lib/types.h"

extern unsigned host_cpu_id;
extern uint64_t host_mpidr[CPU_MAX];
/* Advances by host_ticks_step with every reading, so that bounded waits end. */
extern uint64_t host_ticks;
extern uint64_t host_ticks_step;
extern uint32_t host_tick_hz;

static inline unsigned cpu_id(void)
{
    return host_cpu_id;
}

static inline uint64_t cpu_mpidr(void)
{
    return host_mpidr[host_cpu_id];
}

static inline uint64_t cpu_count_ticks(void)
{
    host_ticks += host_ticks_step;
    return host_ticks;
}

static inline uint32_t cpu_tick_hz(void)
{
    return host_tick_hz;
}

static inline void cpu_relax(void)
{
}

#endif

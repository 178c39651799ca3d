/* SPDX-License-Identifier: Apache-2.0 */
/* ubench.h - the parts of the micro-benchmarks. */
#ifndef UBENCH_UBENCH_H
#define UBENCH_UBENCH_H

#include "figure.h"
#include "guest.h"

#define UBENCH_SGI 5U

/* When an interrupt came to a CPU. */
struct arrival {
    volatile uint64_t stamp; /* The counter in the vector, registers saved. */
    volatile bool here;
};

extern struct arrival arrivals[GUEST_CPU_MAX];

/* interrupts.c: the handlers of all interrupts used; each CPU enables its SGI. */
void interrupts_init(void);
/* The counter right before UBENCH_SGI is sent to @cpu. */
uint64_t interrupts_send(unsigned cpu);
/* Sleep until this CPU's arrival. Interrupts are on when it sleeps, off afterwards. */
void interrupts_sleep(void);
void measure_interrupts(uint64_t rounds);

/* events.c: event channels. */
void measure_events(uint64_t rounds);
void measure_channel(uint64_t rounds); /* Two domains. */

/* manager.c: the control domain, and another with role=second, which sleeps. */
void measure_manager(uint64_t rounds);

/* calls.c */
void measure_calls(uint64_t rounds);

/* pair.c: two vCPUs, on one pCPU or on two. */
void measure_switch(uint64_t rounds);
void measure_ipi(uint64_t rounds);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* smp.h - CPUs and the lock between them. */
#ifndef GUEST_SMP_H
#define GUEST_SMP_H

#include <stdbool.h>
#include <stdint.h>

struct spinlock {
    uint32_t taken;
};

void spinlock_take(struct spinlock *lock);
void spinlock_release(struct spinlock *lock);

/* This CPU's index: its place in the device tree; the boot CPU is 0. */
unsigned smp_index(void);

/* Start CPU @index by PSCI; there @function runs with @argument, with the GIC's CPU interface on and
 * interrupts masked. When it returns the CPU goes off by PSCI. Returns PSCI's result, 0 when it is on its
 * way. */
int64_t smp_start(unsigned index, void (*function)(void *argument), void *argument);

/* Wait until *@word is at least @value, at most @ticks of CNTPCT. Returns false when the time is over. */
bool smp_wait(const volatile uint32_t *word, uint32_t value, uint64_t ticks);

#endif

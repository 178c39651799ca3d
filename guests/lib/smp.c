/* SPDX-License-Identifier: Apache-2.0 */
/* smp.c - starts secondary CPUs by PSCI, each on a stack of its own. */
#include "smp.h"

#include "call.h"
#include "gic.h"
#include "platform.h"
#include "sysreg.h"

/* start.S: x0 of a secondary points at index; the stack lies below it. */
struct secondary {
    uint8_t stack[GUEST_STACK_BYTES];
    uint64_t index;
    void (*function)(void *argument);
    void *argument;
} __attribute__((aligned(16)));

static struct secondary secondaries[GUEST_CPU_MAX];

extern char secondary_entry[];
void guest_secondary(uint64_t index, void (*function)(void *argument), void *argument);

void spinlock_take(struct spinlock *lock)
{
    while (__atomic_exchange_n(&lock->taken, 1, __ATOMIC_ACQUIRE) != 0) {
        yield();
    }
}

void spinlock_release(struct spinlock *lock)
{
    __atomic_store_n(&lock->taken, 0, __ATOMIC_RELEASE);
}

unsigned smp_index(void)
{
    return (unsigned)SYSREG_READ(tpidr_el1);
}

int64_t smp_start(unsigned index, void (*function)(void *argument), void *argument)
{
    struct secondary *secondary = &secondaries[index];

    secondary->index = index;
    secondary->function = function;
    secondary->argument = argument;
    /* Its MMU goes on before it reads these, so they need not leave the caches; only be in order. */
    dsb_sy();
    return psci_call(PSCI_CPU_ON, platform.cpu_mpidr[index], (uint64_t)secondary_entry,
                     (uint64_t)&secondary->index);
}

void guest_secondary(uint64_t index, void (*function)(void *argument), void *argument)
{
    (void)index;
    gic_init_cpu();
    function(argument);
    irq_disable();
    psci_call(PSCI_CPU_OFF, 0, 0, 0);
    for (;;) {
        wfi();
    }
}

bool smp_wait(const volatile uint32_t *word, uint32_t value, uint64_t ticks)
{
    uint64_t begin = SYSREG_READ(cntpct_el0);

    while (__atomic_load_n(word, __ATOMIC_ACQUIRE) < value) {
        if (SYSREG_READ(cntpct_el0) - begin > ticks) {
            return false;
        }
        yield();
    }
    return true;
}

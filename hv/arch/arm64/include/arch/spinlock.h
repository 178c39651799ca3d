/* SPDX-License-Identifier: Apache-2.0 */
/* spinlock.h - a fair ticket lock. Interrupts are always masked in EL2, so there is one form. Waiting uses
 * WFE: the unlocking store clears the waiters' exclusive monitors, which is an event. Order of locks:
 * docs/locking.md. */
#ifndef ARCH_SPINLOCK_H
#define ARCH_SPINLOCK_H

#include <stdatomic.h>
#include <stdint.h>

#include "lib/attributes.h"

struct LOCK_CAPABILITY spinlock {
    _Atomic uint32_t next;
    _Atomic uint32_t owner;
    unsigned rank; /* Place in the order of docs/locking.md; only the host build checks it. */
};

#define SPINLOCK_INIT(lock_rank)                                                                             \
    {                                                                                                        \
        .next = 0, .owner = 0, .rank = (lock_rank)                                                           \
    }

static inline void spin_init(struct spinlock *lock, unsigned rank)
{
    atomic_init(&lock->next, 0);
    atomic_init(&lock->owner, 0);
    lock->rank = rank;
}

/* Wait until @word reads @value, asleep between changes. (Not a call that the compiler knows of: what it
 * keeps in registers may stay there, so that a function which only takes a lock needs no frame for it.) */
static inline void spin_wait_equal(_Atomic uint32_t *word, uint32_t value)
{
    register _Atomic uint32_t *x0 __asm__("x0") = word;
    register uint32_t x1 __asm__("x1") = value;

    __asm__ volatile("bl spin_wait" : : "r"(x0), "r"(x1) : "x2", "x16", "x17", "x30", "cc", "memory");
}

/* The same until it does not read @value. */
void spin_wait_differs(_Atomic uint32_t *word, uint32_t value);

static inline void spin_lock(struct spinlock *lock) LOCK_ACQUIRE(lock) LOCK_UNCHECKED
{
    uint32_t ticket = atomic_fetch_add_explicit(&lock->next, 1, memory_order_relaxed);

    if (atomic_load_explicit(&lock->owner, memory_order_acquire) != ticket) {
        spin_wait_equal(&lock->owner, ticket);
    }
}

static inline void spin_unlock(struct spinlock *lock) LOCK_RELEASE(lock) LOCK_UNCHECKED
{
    uint32_t owner = atomic_load_explicit(&lock->owner, memory_order_relaxed);

    atomic_store_explicit(&lock->owner, owner + 1, memory_order_release);
}

#endif

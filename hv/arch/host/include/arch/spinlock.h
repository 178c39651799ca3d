/* SPDX-License-Identifier: Apache-2.0 */
/* spinlock.h - host build: checks that a lock is free when taken, held when released, and taken in rank
 * order. */
#ifndef ARCH_SPINLOCK_H
#define ARCH_SPINLOCK_H

#include "lib/attributes.h"
#include "lib/types.h"

struct LOCK_CAPABILITY spinlock {
    bool held;
    unsigned rank;
    struct spinlock *outer; /* The lock held when this one was taken. */
};

#define SPINLOCK_INIT(lock_rank)                                                                             \
    {                                                                                                        \
        .held = false, .rank = (lock_rank), .outer = NULL                                                    \
    }

void spin_init(struct spinlock *lock, unsigned rank);
void spin_lock(struct spinlock *lock) LOCK_ACQUIRE(lock);
void spin_unlock(struct spinlock *lock) LOCK_RELEASE(lock);

#endif

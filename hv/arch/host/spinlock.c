/* SPDX-License-Identifier: Apache-2.0 */
/* spinlock.c - host build: locks that panic on a wrong order, a double take or a release of what is not held.
 * The locks held form a chain, the innermost first; docs/locking.md has the order. */
#include "arch/spinlock.h"

#include "arch/host_locks.h"
#include "lib/panic.h"

static struct spinlock *innermost;

void spin_init(struct spinlock *lock, unsigned rank)
{
    *lock = (struct spinlock){.held = false, .rank = rank, .outer = NULL};
}

void spin_lock(struct spinlock *lock) LOCK_UNCHECKED
{
    if (lock->held) {
        panic("lock of rank %u taken twice", lock->rank);
    }
    if (lock->rank == 0) {
        panic("lock %p taken before spin_init(), or of rank 0", (void *)lock);
    }
    if (innermost != NULL && innermost->rank >= lock->rank) {
        panic("lock of rank %u taken inside one of rank %u: see docs/locking.md", lock->rank,
              innermost->rank);
    }
    lock->held = true;
    lock->outer = innermost;
    innermost = lock;
}

/* Locks need not be released in reverse order. */
void spin_unlock(struct spinlock *lock) LOCK_UNCHECKED
{
    struct spinlock **link = &innermost;

    if (!lock->held) {
        panic("lock of rank %u released but not held", lock->rank);
    }
    while (*link != lock) {
        link = &(*link)->outer;
    }
    *link = lock->outer;
    lock->held = false;
    lock->outer = NULL;
}

bool host_locks_held(void)
{
    return innermost != NULL;
}

void host_locks_forget(void)
{
    while (innermost != NULL) {
        struct spinlock *lock = innermost;

        innermost = lock->outer;
        lock->held = false;
        lock->outer = NULL;
    }
}

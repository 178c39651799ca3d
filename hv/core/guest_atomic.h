/* SPDX-License-Identifier: Apache-2.0 */
/* guest_atomic.h - changing words that a guest changes at the same time.
 *
 * The CPUs this runs on have exclusive loads and stores, no atomic instructions, so a guest that writes the
 * same word over and over can make a store fail for ever. Each function tries GUEST_ATOMIC_TRIES times and
 * then gives up; the domain whose word it is has only itself to blame for what it misses. All are
 * sequentially consistent: guests pair them with full barriers. */
#ifndef CORE_GUEST_ATOMIC_H
#define CORE_GUEST_ATOMIC_H

#include <stdatomic.h>

#include "lib/types.h"

#define GUEST_ATOMIC_TRIES 64u

/* Set and clear bits; @before gets the word as it was. false: given up, nothing changed. */
static inline bool guest_change32(_Atomic uint32_t *word, uint32_t set, uint32_t clear, uint32_t *before)
{
    uint32_t old = atomic_load(word);

    for (unsigned i = 0; i < GUEST_ATOMIC_TRIES; i++) {
        if (atomic_compare_exchange_weak(word, &old, (old & ~clear) | set)) {
            *before = old;
            return true;
        }
    }
    return false;
}

static inline bool guest_change64(_Atomic uint64_t *word, uint64_t set, uint64_t clear, uint64_t *before)
{
    uint64_t old = atomic_load(word);

    for (unsigned i = 0; i < GUEST_ATOMIC_TRIES; i++) {
        if (atomic_compare_exchange_weak(word, &old, (old & ~clear) | set)) {
            *before = old;
            return true;
        }
    }
    return false;
}

#endif

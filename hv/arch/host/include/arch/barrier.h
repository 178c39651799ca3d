/* SPDX-License-Identifier: Apache-2.0 */
/* barrier.h - host build: tests run one thread, so a barrier only stops the compiler. */
#ifndef ARCH_BARRIER_H
#define ARCH_BARRIER_H

static inline void barrier_dmb_ish(void)
{
    __asm__ volatile("" ::: "memory");
}

static inline void barrier_dsb_ish(void)
{
    __asm__ volatile("" ::: "memory");
}

static inline void barrier_dsb_sy(void)
{
    __asm__ volatile("" ::: "memory");
}

static inline void barrier_isb(void)
{
    __asm__ volatile("" ::: "memory");
}

#endif

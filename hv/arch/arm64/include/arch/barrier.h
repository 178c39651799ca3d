/* SPDX-License-Identifier: Apache-2.0 */
/* barrier.h - ordering. Each use says what it orders and names its pair. */
#ifndef ARCH_BARRIER_H
#define ARCH_BARRIER_H

/* Order all accesses of this CPU as seen by the inner-shareable domain. */
static inline void barrier_dmb_ish(void)
{
    __asm__ volatile("dmb ish" ::: "memory");
}

/* Complete all accesses and maintenance of this CPU, as seen by the inner-shareable domain. */
static inline void barrier_dsb_ish(void)
{
    __asm__ volatile("dsb ish" ::: "memory");
}

static inline void barrier_dsb_sy(void)
{
    __asm__ volatile("dsb sy" ::: "memory");
}

/* System register writes before it take effect for instructions behind it. */
static inline void barrier_isb(void)
{
    __asm__ volatile("isb" ::: "memory");
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* mmu.h - host build: device registers are "mapped" at their physical address, which the test's register bank
 * knows; RAM is an array of the test's. */
#ifndef ARCH_MMU_H
#define ARCH_MMU_H

#include "lib/types.h"

/* What stands for RAM, and the physical address of its first byte. */
extern void *host_ram;
extern uint64_t host_ram_base;

static inline va_t mmu_map_device(pa_t base, uint64_t size_bytes)
{
    (void)size_bytes;
    return va(base.v);
}

static inline void *mmu_direct(pa_t addr)
{
    return (char *)host_ram + (addr.v - host_ram_base);
}

static inline pa_t mmu_direct_pa(const void *p)
{
    return pa((uint64_t)((const char *)p - (const char *)host_ram) + host_ram_base);
}

#endif

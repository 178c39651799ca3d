/* SPDX-License-Identifier: Apache-2.0 */
/* mmio.h - device registers: each call is one access of that width, in program order with the other device
 * accesses of this CPU. Nothing is ordered against ordinary memory: a caller that needs that has a barrier
 * and says why. */
#ifndef ARCH_MMIO_H
#define ARCH_MMIO_H

#include "lib/types.h"

static inline uint8_t mmio_read8(va_t base, uint32_t offset)
{
    return *(const volatile uint8_t *)(base.v + offset);
}

static inline uint16_t mmio_read16(va_t base, uint32_t offset)
{
    return *(const volatile uint16_t *)(base.v + offset);
}

static inline uint32_t mmio_read32(va_t base, uint32_t offset)
{
    return *(const volatile uint32_t *)(base.v + offset);
}

static inline uint64_t mmio_read64(va_t base, uint32_t offset)
{
    return *(const volatile uint64_t *)(base.v + offset);
}

static inline void mmio_write8(va_t base, uint32_t offset, uint8_t value)
{
    *(volatile uint8_t *)(base.v + offset) = value;
}

static inline void mmio_write16(va_t base, uint32_t offset, uint16_t value)
{
    *(volatile uint16_t *)(base.v + offset) = value;
}

static inline void mmio_write32(va_t base, uint32_t offset, uint32_t value)
{
    *(volatile uint32_t *)(base.v + offset) = value;
}

static inline void mmio_write64(va_t base, uint32_t offset, uint64_t value)
{
    *(volatile uint64_t *)(base.v + offset) = value;
}

#endif

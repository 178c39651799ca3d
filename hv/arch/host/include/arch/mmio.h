/* SPDX-License-Identifier: Apache-2.0 */
/* mmio.h - host build: accesses go to the register banks a test supplies; one to anything else panics. */
#ifndef ARCH_MMIO_H
#define ARCH_MMIO_H

#include "lib/types.h"

struct mmio_bank {
    uint64_t base, size_bytes;
    uint64_t (*read)(void *context, uint32_t offset, unsigned size);
    void (*write)(void *context, uint32_t offset, unsigned size, uint64_t value);
    void *context;
};

/* Use these @count banks, which stay the caller's, from now on. */
void mmio_host_banks(const struct mmio_bank *banks, unsigned count);

uint64_t mmio_host_read(uint64_t address, unsigned size);
void mmio_host_write(uint64_t address, unsigned size, uint64_t value);

static inline uint8_t mmio_read8(va_t base, uint32_t offset)
{
    return (uint8_t)mmio_host_read(base.v + offset, 1);
}

static inline uint16_t mmio_read16(va_t base, uint32_t offset)
{
    return (uint16_t)mmio_host_read(base.v + offset, 2);
}

static inline uint32_t mmio_read32(va_t base, uint32_t offset)
{
    return (uint32_t)mmio_host_read(base.v + offset, 4);
}

static inline uint64_t mmio_read64(va_t base, uint32_t offset)
{
    return mmio_host_read(base.v + offset, 8);
}

static inline void mmio_write8(va_t base, uint32_t offset, uint8_t value)
{
    mmio_host_write(base.v + offset, 1, value);
}

static inline void mmio_write16(va_t base, uint32_t offset, uint16_t value)
{
    mmio_host_write(base.v + offset, 2, value);
}

static inline void mmio_write32(va_t base, uint32_t offset, uint32_t value)
{
    mmio_host_write(base.v + offset, 4, value);
}

static inline void mmio_write64(va_t base, uint32_t offset, uint64_t value)
{
    mmio_host_write(base.v + offset, 8, value);
}

#endif

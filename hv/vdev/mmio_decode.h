/* SPDX-License-Identifier: Apache-2.0 */
/* mmio_decode.h - a data abort's syndrome as a load or store. Pure. Source: Arm ARM D13.2.37, ISS encoding of
 * a data abort. */
#ifndef VDEV_MMIO_DECODE_H
#define VDEV_MMIO_DECODE_H

#include "lib/types.h"

struct mmio_access {
    bool write;
    bool sign_extend;
    bool wide;     /* The register is 64 bits wide; else its upper half becomes 0. */
    unsigned size; /* 1, 2, 4 or 8 bytes. */
    unsigned reg;  /* 0-30; 31 is the zero register. */
};

#define ISS_ISV BIT32(24)
#define ISS_SAS (BIT32(23) | BIT32(22)) /* log2 of the bytes. */
#define ISS_SAS_WORD BIT32(23)
#define ISS_SSE BIT32(21)
#define ISS_SF BIT32(15)
#define ISS_CM BIT32(8)
#define ISS_S1PTW BIT32(7)
#define ISS_WNR BIT32(6)

/* Decode @iss. Returns false when the syndrome does not describe the instruction (a pair, an atomic, a cache
 * operation, a walk). */
static inline bool mmio_decode(uint32_t iss, struct mmio_access *access)
{
    if ((iss & ISS_ISV) == 0 || (iss & (ISS_CM | ISS_S1PTW)) != 0) {
        return false;
    }
    access->write = (iss & ISS_WNR) != 0;
    access->sign_extend = (iss & ISS_SSE) != 0;
    access->wide = (iss & ISS_SF) != 0;
    access->size = 1u << bits_get(iss, 23, 22);
    access->reg = (unsigned)bits_get(iss, 20, 16);
    return true;
}

static inline uint64_t mmio_low_bytes(uint64_t value, unsigned size)
{
    return size == 8 ? value : value & (BIT64(8 * size) - 1);
}

/* What the register gets after a load of @value. */
static inline uint64_t mmio_loaded(const struct mmio_access *access, uint64_t value)
{
    uint64_t result = mmio_low_bytes(value, access->size);

    if (access->sign_extend && access->size < 8 && (result & BIT64(8 * access->size - 1)) != 0) {
        result |= ~(BIT64(8 * access->size) - 1);
    }
    return access->wide ? result : mmio_low_bytes(result, 4);
}

/* What a store of register value @reg puts on the bus. */
static inline uint64_t mmio_stored(const struct mmio_access *access, uint64_t reg)
{
    return mmio_low_bytes(reg, access->size);
}

#endif

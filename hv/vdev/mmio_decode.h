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

/* Decode @iss. Returns false when the syndrome does not describe the instruction (a pair, an atomic, a cache
 * operation, a walk). */
bool mmio_decode(uint32_t iss, struct mmio_access *access);

/* What the register gets after a load of @value. */
uint64_t mmio_loaded(const struct mmio_access *access, uint64_t value);

/* What a store of register value @reg puts on the bus. */
uint64_t mmio_stored(const struct mmio_access *access, uint64_t reg);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* mmio_decode.c - a data abort's syndrome as a load or store. */
#include "vdev/mmio_decode.h"

#define ISS_ISV BIT32(24)
#define ISS_SSE BIT32(21)
#define ISS_SF BIT32(15)
#define ISS_CM BIT32(8)
#define ISS_S1PTW BIT32(7)
#define ISS_WNR BIT32(6)

bool mmio_decode(uint32_t iss, struct mmio_access *access)
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

static uint64_t low_bytes(uint64_t value, unsigned size)
{
    return size == 8 ? value : value & (BIT64(8 * size) - 1);
}

uint64_t mmio_loaded(const struct mmio_access *access, uint64_t value)
{
    uint64_t result = low_bytes(value, access->size);

    if (access->sign_extend && access->size < 8 && (result & BIT64(8 * access->size - 1)) != 0) {
        result |= ~(BIT64(8 * access->size) - 1);
    }
    return access->wide ? result : low_bytes(result, 4);
}

uint64_t mmio_stored(const struct mmio_access *access, uint64_t reg)
{
    return low_bytes(reg, access->size);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* control_bitmap.c - masks of pCPUs as the toolstack's calls have them. */
#include "hcall/control_bitmap.h"

#include "core/guest_mem.h"
#include "lib/error.h"

#define MASK_BYTES ((CPU_MAX + 7u) / 8)

int control_bitmap_in(struct vcpu *vcpu, const struct xenctl_bitmap *bitmap, uint32_t *mask)
{
    uint32_t bits = (uint32_t)min_u64(bitmap->nr_bits, CPU_MAX);
    uint8_t bytes[MASK_BYTES] = {0};
    uint32_t value = 0;

    if (guest_copy_in(vcpu, bytes, (uint64_t)bitmap->bitmap.p, (bits + 7) / 8) != 0) {
        return -EFAULT;
    }
    for (uint32_t i = 0; i < bits; i++) {
        value |= (bytes[i / 8] >> (i % 8) & 1) != 0 ? BIT32(i) : 0;
    }
    *mask = value;
    return 0;
}

int control_bitmap_out(struct vcpu *vcpu, const struct xenctl_bitmap *bitmap, uint32_t mask)
{
    uint8_t bytes[CONTROL_BITMAP_BITS_MAX / 8] = {0};

    if (bitmap->nr_bits > CONTROL_BITMAP_BITS_MAX) {
        return -EINVAL;
    }
    for (uint32_t i = 0; i < MASK_BYTES; i++) {
        bytes[i] = (uint8_t)(mask >> (8 * i));
    }
    return guest_copy_out(vcpu, (uint64_t)bitmap->bitmap.p, bytes, (bitmap->nr_bits + 7) / 8);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* popcount.c - what the compiler calls for __builtin_popcount: libgcc's version uses SIMD registers, which
 * belong to the guest. */
#include "lib/types.h"

int __popcountdi2(uint64_t value);

int __popcountdi2(uint64_t value)
{
    value -= (value >> 1) & UINT64_C(0x5555555555555555);
    value = (value & UINT64_C(0x3333333333333333)) + ((value >> 2) & UINT64_C(0x3333333333333333));
    value = (value + (value >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (int)((value * UINT64_C(0x0101010101010101)) >> 56);
}

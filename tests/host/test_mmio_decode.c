/* SPDX-License-Identifier: Apache-2.0 */
/* test_mmio_decode.c - syndromes of data aborts, built field by field. */
#include "test.h"
#include "vdev/mmio_decode.h"

#define ISV BIT32(24)

static uint32_t syndrome(unsigned log2_size, bool sign, unsigned reg, bool wide, bool write)
{
    return ISV | (log2_size << 22) | ((uint32_t)sign << 21) | (reg << 16) | ((uint32_t)wide << 15) |
           ((uint32_t)write << 6);
}

TEST(fields)
{
    for (unsigned log2_size = 0; log2_size < 4; log2_size++) {
        for (unsigned reg = 0; reg < 32; reg++) {
            struct mmio_access access;

            CHECK(mmio_decode(syndrome(log2_size, reg & 1, reg, reg & 2, reg & 4), &access));
            CHECK_EQ(access.size, 1u << log2_size);
            CHECK_EQ(access.reg, reg);
            CHECK_EQ(access.sign_extend, (reg & 1) != 0);
            CHECK_EQ(access.wide, (reg & 2) != 0);
            CHECK_EQ(access.write, (reg & 4) != 0);
        }
    }
}

TEST(not_described)
{
    struct mmio_access access;

    CHECK(!mmio_decode(0, &access));
    CHECK(!mmio_decode(syndrome(2, false, 0, false, false) & ~ISV, &access));
    CHECK(!mmio_decode(syndrome(2, false, 0, false, true) | BIT32(8), &access));  /* A cache operation. */
    CHECK(!mmio_decode(syndrome(2, false, 0, false, false) | BIT32(7), &access)); /* A walk of stage 1. */
}

TEST(loads)
{
    struct mmio_access access = {.size = 1, .sign_extend = true, .wide = true};

    CHECK_EQ(mmio_loaded(&access, 0x1280), UINT64_C(0xffffffffffffff80));
    CHECK_EQ(mmio_loaded(&access, 0x127f), UINT64_C(0x7f));
    access.wide = false;
    CHECK_EQ(mmio_loaded(&access, 0x80), UINT64_C(0xffffff80));
    access.sign_extend = false;
    CHECK_EQ(mmio_loaded(&access, 0xff80), UINT64_C(0x80));
    access = (struct mmio_access){.size = 4, .sign_extend = true, .wide = true};
    CHECK_EQ(mmio_loaded(&access, 0x80000000), UINT64_C(0xffffffff80000000));
    access = (struct mmio_access){.size = 8, .sign_extend = true, .wide = true};
    CHECK_EQ(mmio_loaded(&access, UINT64_C(0x8123456789abcdef)), UINT64_C(0x8123456789abcdef));
}

TEST(stores)
{
    for (unsigned size = 1; size <= 8; size *= 2) {
        struct mmio_access access = {.size = size};
        uint64_t kept = size == 8 ? UINT64_MAX : BIT64(8 * size) - 1;

        CHECK_EQ(mmio_stored(&access, UINT64_C(0xfedcba9876543210)), UINT64_C(0xfedcba9876543210) & kept);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_image.c - guest kernels: plain and gzip Images, and what is said about everything else. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "boot/image.h"
#include "lib/error.h"
#include "test.h"

#define KERNEL_BYTES 300000u

static uint8_t kernel[KERNEL_BYTES], packed[KERNEL_BYTES + 1000], loaded[KERNEL_BYTES + 10];
static struct image_info info;

static void put(uint8_t *at, uint64_t value, unsigned bytes)
{
    for (; bytes > 0; bytes--, value >>= 8) {
        *at++ = (uint8_t)value;
    }
}

/* A kernel whose content packs badly in places, so that the window of inflate is used. */
static void make_kernel(uint64_t text_offset, uint64_t image_size)
{
    for (size_t i = 0; i < KERNEL_BYTES; i++) {
        kernel[i] = (uint8_t)((i / 40000) % 2 == 0 ? test_random() : i);
    }
    put(kernel + 8, text_offset, 8);
    put(kernel + 16, image_size, 8);
    memcpy(kernel + 56, "ARM\x64", 4);
}

static size_t gzip(const void *from, size_t bytes)
{
    z_stream stream = {0};

    CHECK_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (Bytef *)(uintptr_t)from;
    stream.avail_in = (uInt)bytes;
    stream.next_out = packed;
    stream.avail_out = sizeof(packed);
    CHECK_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    return sizeof(packed) - stream.avail_out;
}

TEST(plain_image)
{
    make_kernel(0x80000, 0x200000);
    CHECK_EQ(image_probe("d", kernel, KERNEL_BYTES, &info), 0);
    CHECK_EQ(info.text_offset, 0x80000);
    CHECK_EQ(info.image_bytes, 0x200000);
    CHECK_EQ(info.file_bytes, KERNEL_BYTES);
    CHECK(!info.gzip);
    memset(loaded, 0, sizeof(loaded));
    CHECK_EQ(image_load("d", kernel, KERNEL_BYTES, &info, loaded, KERNEL_BYTES), 0);
    CHECK(memcmp(loaded, kernel, KERNEL_BYTES) == 0);
    CHECK_EQ(image_load("d", kernel, KERNEL_BYTES, &info, loaded, KERNEL_BYTES - 1), -EINVAL);
    CHECK(test_log_contains("there is room for 299999"));
}

TEST(old_image_without_size)
{
    make_kernel(0, 0);
    CHECK_EQ(image_probe("d", kernel, KERNEL_BYTES, &info), 0);
    CHECK_EQ(info.text_offset, 0x80000);
    CHECK_EQ(info.image_bytes, KERNEL_BYTES);
}

TEST(file_longer_than_image_size)
{
    make_kernel(0, 4096);
    CHECK_EQ(image_probe("d", kernel, KERNEL_BYTES, &info), 0);
    CHECK_EQ(info.text_offset, 0);
    CHECK_EQ(info.image_bytes, KERNEL_BYTES);
}

TEST(gzip_image)
{
    size_t bytes;

    make_kernel(0, 0x200000);
    bytes = gzip(kernel, KERNEL_BYTES);
    CHECK_EQ(image_probe("d", packed, bytes, &info), 0);
    CHECK(info.gzip);
    CHECK_EQ(info.file_bytes, KERNEL_BYTES);
    CHECK_EQ(info.image_bytes, 0x200000);
    memset(loaded, 0x77, sizeof(loaded));
    CHECK_EQ(image_load("d", packed, bytes, &info, loaded, KERNEL_BYTES), 0);
    CHECK(memcmp(loaded, kernel, KERNEL_BYTES) == 0);
    CHECK_EQ(loaded[KERNEL_BYTES], 0x77);
    CHECK_EQ(image_load("d", packed, bytes, &info, loaded, KERNEL_BYTES - 1), -EINVAL);
    CHECK_EQ(loaded[KERNEL_BYTES], 0x77);
    CHECK(test_log_contains("corrupt or cut off after 299999 bytes"));
}

/* A boot loader's idea of the size may be a page or so too large: the trailer is then somewhere before the
 * end. */
TEST(gzip_with_something_behind)
{
    size_t bytes;

    make_kernel(0, 0x200000);
    bytes = gzip(kernel, KERNEL_BYTES);
    memset(packed + bytes, 0, 500);
    CHECK_EQ(image_probe("d", packed, bytes + 500, &info), 0);
    CHECK_EQ(info.file_bytes, 0x200000);
    memset(packed + bytes, 0xff, 500);
    CHECK_EQ(image_probe("d", packed, bytes + 500, &info), 0);
    CHECK_EQ(info.file_bytes, 0x200000);
    memset(loaded, 0x77, sizeof(loaded));
    CHECK_EQ(image_load("d", packed, bytes + 500, &info, loaded, sizeof(loaded)), 0);
    CHECK(memcmp(loaded, kernel, KERNEL_BYTES) == 0);
    CHECK_EQ(loaded[KERNEL_BYTES], 0); /* The bound was higher: nothing of what was there before stays. */
}

TEST(corrupt_gzip)
{
    size_t bytes;
    unsigned refused = 0;

    make_kernel(0, 0x200000);
    bytes = gzip(kernel, KERNEL_BYTES);
    CHECK_EQ(image_probe("d", packed, 17, &info), -EINVAL);
    CHECK(test_log_contains("gzip file is corrupt or cut off"));
    CHECK_EQ(image_probe("d", packed, bytes, &info), 0);
    CHECK_EQ(image_load("d", packed, bytes - 3, &info, loaded, KERNEL_BYTES), -EINVAL);
    packed[bytes - 8] ^= 1; /* The checksum. */
    CHECK_EQ(image_load("d", packed, bytes, &info, loaded, KERNEL_BYTES), -EINVAL);
    packed[bytes - 8] ^= 1;
    for (int round = 0; round < 300; round++) {
        size_t at = test_random_below(bytes);
        uint8_t old = packed[at];

        packed[at] ^= (uint8_t)(1u << test_random_below(8));
        if (image_probe("d", packed, bytes, &info) != 0 ||
            image_load("d", packed, bytes, &info, loaded, KERNEL_BYTES) != 0) {
            refused++;
        } else {
            CHECK(memcmp(loaded, kernel, KERNEL_BYTES) == 0); /* A bit of the name or the time: no harm. */
        }
        packed[at] = old;
        test_log_clear();
    }
    CHECK(refused > 250);
}

TEST(what_was_given_is_named)
{
    static const struct {
        size_t offset;
        const char *magic;
        const char *said;
    } rows[] = {
        {0, "\177ELF\2\1\1", "an ELF file; write its raw image by objcopy -O binary"},
        {0, "\x27\x05\x19\x56", "uImage"},
        {36, "\x18\x28\x6f\x01", "32-bit Arm zImage"},
        {514, "HdrS", "x86 bzImage"},
        {0, "MZ\x01\x02zimg", "vmlinuz.efi"},
        {0, "MZ\x01\x02", "an EFI program"},
        {0, "\xd0\x0d\xfe\xed", "a device tree"},
        {0, "070701", "a ramdisk"},
        {0,
         "\xfd"
         "7zXZ",
         "xz-compressed"},
        {0, "#!/bin/sh\n", "a script"},
        {5, "hello", "of no format that is known"},
        {0, "", "zeros: nothing was loaded there"},
    };
    static uint8_t file[2048];

    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        memset(file, 0, sizeof(file));
        memcpy(file + rows[i].offset, rows[i].magic, strlen(rows[i].magic));
        test_log_clear();
        CHECK_EQ(image_probe("/chosen/domU1", file, sizeof(file), &info), -EINVAL);
        CHECK(test_log_contains("ERROR: /chosen/domU1: the kernel is no arm64 Image: "));
        CHECK(test_log_contains(rows[i].said));
        CHECK(test_log_contains("Give arch/arm64/boot/Image"));
        CHECK_EQ(image_probe("/chosen/domU1", packed, gzip(file, sizeof(file)), &info), -EINVAL);
        CHECK(test_log_contains("unpacked, "));
    }
    CHECK_EQ(image_probe("d", file, 0, &info), -EINVAL);
    CHECK(test_log_contains("no arm64 Image: empty"));
    CHECK_EQ(image_probe("d", "ab", 2, &info), -EINVAL);
}

TEST(corrupt_header)
{
    make_kernel(UINT64_MAX, 0x1000);
    CHECK_EQ(image_probe("d", kernel, KERNEL_BYTES, &info), -EINVAL);
    CHECK(test_log_contains("the header of its Image is corrupt"));
    make_kernel(0, BIT64(40));
    CHECK_EQ(image_probe("d", kernel, KERNEL_BYTES, &info), -EINVAL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* image.c - recognises and loads a guest kernel: an arm64 Image, plain or gzip.
 *
 * The Image header (Linux, Documentation/arm64/booting.rst), little endian:
 *
 *     0     4     8            16           24      32              56       60       64
 *     | two words |text_offset | image_size | flags | res2  - res4  | "ARM\x64" | res5 |
 *       of code     from 2 MiB   with bss
 *
 * zlib gets its memory from a fixed arena, which is emptied by starting anew: one stream at a time, boot CPU
 * only. */
#define Z_SOLO     /* zlib.h without its users of the C library. */
#define ZLIB_CONST /* Input is const. */
#include "boot/image.h"

#include <zlib.h>

#include "lib/error.h"
#include "lib/log.h"
#include "lib/string.h"

#define HEADER_BYTES 64u
#define MAGIC_OFFSET 56u
#define MAGIC_ARM64 0x644d5241u
#define TEXT_OFFSET_OLD                                                                                      \
    0x80000u /* Kernels before 3.17 have image_size 0 and this offset, whatever they say. */
#define SIZE_LIMIT BIT64(40)
#define GZIP_TRAILER_BYTES 8u
#define GZIP_MIN_BYTES (10u + GZIP_TRAILER_BYTES)
#define ARENA_BYTES 49152 /* inflate: 7 KiB of state, a window of 32 KiB. */
#define GZIP_WINDOW (16 + MAX_WBITS)

static struct {
    _Alignas(16) uint8_t bytes[ARENA_BYTES];
    size_t used;
} arena;

static voidpf arena_alloc(voidpf opaque, uInt items, uInt size)
{
    size_t bytes = (size_t)align_up((uint64_t)items * size, 16);
    void *out = arena.bytes + arena.used;

    (void)opaque;
    if (bytes > sizeof(arena.bytes) - arena.used) {
        return NULL;
    }
    arena.used += bytes;
    return out;
}

static void arena_free(voidpf opaque, voidpf address)
{
    (void)opaque;
    (void)address;
}

/* Bytes at a place that need not be aligned. */
static uint64_t load_le(const uint8_t *at, unsigned bytes)
{
    uint64_t value = 0;

    while (bytes > 0) {
        value = value << 8 | at[--bytes];
    }
    return value;
}

/* Inflate @file into @dst, at most @dst_bytes, and set @written. zlib's answer: Z_STREAM_END when all of it
 * fitted and its checksum is right, Z_BUF_ERROR when @dst was full before. */
static int inflate_into(const uint8_t *file, uint64_t file_bytes, uint8_t *dst, uint64_t dst_bytes,
                        uint64_t *written)
{
    z_stream stream = {.zalloc = arena_alloc, .zfree = arena_free, .next_in = file, .next_out = dst};
    uint64_t in_left = file_bytes, out_left = dst_bytes;
    int result;

    arena.used = 0;
    result = inflateInit2(&stream, GZIP_WINDOW);
    while (result == Z_OK) {
        uInt in_step = (uInt)min_u64(in_left, UINT32_MAX), out_step = (uInt)min_u64(out_left, UINT32_MAX);

        stream.avail_in = in_step;
        stream.avail_out = out_step;
        result = inflate(&stream, Z_NO_FLUSH);
        in_left -= in_step - stream.avail_in;
        out_left -= out_step - stream.avail_out;
        if (result == Z_OK && (out_left == 0 || in_left == 0)) {
            result = Z_BUF_ERROR;
        }
    }
    *written = dst_bytes - out_left;
    return result;
}

/* Formats that are given by mistake, by what stands at one place of theirs. */
static const char *name_format(const uint8_t *file, uint64_t bytes)
{
    static const struct {
        unsigned offset, length;
        const char *magic;
        const char *name;
    } formats[] = {
        {0, 4,
         "\x7f"
         "ELF",
         "an ELF file; write its raw image by objcopy -O binary"},
        {0, 4, "\x27\x05\x19\x56",
         "a U-Boot uImage; give the arm64 Image inside it (dumpimage, or the file before mkimage)"},
        {36, 4, "\x18\x28\x6f\x01", "a 32-bit Arm zImage; only 64-bit kernels are supported"},
        {514, 4, "HdrS", "an x86 bzImage; build the kernel for arm64"},
        {4, 4, "zimg", "an EFI zboot kernel (vmlinuz.efi); give arch/arm64/boot/Image or Image.gz"},
        {0, 4, "\xd0\x0d\xfe\xed",
         "a device tree or FIT image; give the kernel alone (dumpimage takes it out)"},
        {0, 6, "070701", "a cpio archive, a ramdisk: is it mixed up with the kernel?"},
        {0, 6,
         "\xfd"
         "7zXZ",
         "xz-compressed; unpack it, or compress it with gzip"},
        {0, 4, "\x28\xb5\x2f\xfd", "zstd-compressed; unpack it, or compress it with gzip"},
        {0, 4, "\x02\x21\x4c\x18", "lz4-compressed; unpack it, or compress it with gzip"},
        {0, 4, "\x04\x22\x4d\x18", "lz4-compressed; unpack it, or compress it with gzip"},
        {0, 3, "BZh", "bzip2-compressed; unpack it, or compress it with gzip"},
        {0, 2, "#!", "a script"},
        {0, 2, "MZ", "an EFI program without the header of an arm64 Image"},
    };

    for (size_t i = 0; i < ARRAY_COUNT(formats); i++) {
        if (bytes >= formats[i].offset + formats[i].length &&
            memcmp(file + formats[i].offset, formats[i].magic, formats[i].length) == 0) {
            return formats[i].name;
        }
    }
    for (uint64_t i = 0; i < bytes && i < 4096; i++) {
        if (file[i] != 0) {
            return "of no format that is known here";
        }
    }
    return "zeros: nothing was loaded there";
}

static int refuse(const char *what, const char *packed, const char *format)
{
    log_error(
        "%s: the kernel is no arm64 Image: %s%s. Give arch/arm64/boot/Image, or that compressed with gzip",
        what, packed, format);
    return -EINVAL;
}

/* The header at @file (@bytes of it can be read). */
static int read_header(const char *what, const char *packed, const uint8_t *file, uint64_t bytes,
                       struct image_info *info)
{
    if (bytes < HEADER_BYTES || load_le(file + MAGIC_OFFSET, 4) != MAGIC_ARM64) {
        return refuse(what, packed, name_format(file, bytes));
    }
    info->text_offset = load_le(file + 8, 8);
    info->image_bytes = load_le(file + 16, 8);
    if (info->image_bytes == 0) {
        info->text_offset = TEXT_OFFSET_OLD;
    }
    if (info->text_offset >= SIZE_LIMIT || info->image_bytes >= SIZE_LIMIT) {
        log_error(
            "%s: the header of its Image is corrupt: text_offset 0x%lx, image_size 0x%lx; load it again",
            what, info->text_offset, info->image_bytes);
        return -EINVAL;
    }
    return 0;
}

static int probe_gzip(const char *what, const uint8_t *file, uint64_t file_bytes, struct image_info *info)
{
    static uint8_t head[1024]; /* As much as the formats need to be told apart. */
    uint64_t head_bytes, length;
    int result = Z_DATA_ERROR;

    if (file_bytes >= GZIP_MIN_BYTES) {
        result = inflate_into(file, file_bytes, head, sizeof(head), &head_bytes);
    }
    if (result != Z_STREAM_END && result != Z_BUF_ERROR) {
        log_error("%s: its gzip file is corrupt or cut off; load it again, and write its true size in reg",
                  what);
        return -EINVAL;
    }
    if (read_header(what, "unpacked, ", head, head_bytes, info) != 0) {
        return -EINVAL;
    }
    /* The trailer's length is only a hint: something may stand behind the file. The header's size is never
     * less than the file. */
    length = load_le(file + file_bytes - 4, 4);
    if (length < head_bytes || (info->image_bytes != 0 && length > info->image_bytes)) {
        length = info->image_bytes;
    }
    info->gzip = true;
    info->file_bytes = length;
    return 0;
}

int image_probe(const char *what, const void *file, uint64_t file_bytes, struct image_info *info)
{
    const uint8_t *bytes = file;
    struct image_info found = {.gzip = false};
    int error;

    if (file_bytes >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b) {
        error = probe_gzip(what, bytes, file_bytes, &found);
    } else {
        error =
            file_bytes == 0 ? refuse(what, "", "empty") : read_header(what, "", bytes, file_bytes, &found);
        found.file_bytes = file_bytes;
    }
    if (error != 0) {
        return error;
    }
    found.image_bytes = max_u64(found.image_bytes, found.file_bytes);
    *info = found;
    return 0;
}

int image_load(const char *what, const void *file, uint64_t file_bytes, const struct image_info *info,
               void *dst, uint64_t dst_bytes)
{
    uint64_t written;
    int result;

    if (!info->gzip) {
        if (file_bytes > dst_bytes) {
            log_error("%s: its kernel has %lu bytes, there is room for %lu; write more memory", what,
                      file_bytes, dst_bytes);
            return -EINVAL;
        }
        memcpy(dst, file, file_bytes);
        return 0;
    }
    result = inflate_into(file, file_bytes, dst, dst_bytes, &written);
    if (result == Z_STREAM_END) {
        if (written < info->file_bytes) { /* That was a bound: leave nothing of what was there before. */
            memset((uint8_t *)dst + written, 0, min_u64(info->file_bytes, dst_bytes) - written);
        }
        return 0;
    }
    log_error("%s: its gzip kernel is corrupt or cut off after %lu bytes (room for %lu); load it again, and "
              "write its true size "
              "in reg",
              what, written, dst_bytes);
    return -EINVAL;
}

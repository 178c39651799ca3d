/* SPDX-License-Identifier: Apache-2.0 */
/* libc_shim.c - what Debian's arm64 libfdt.a and libz.a want of libc besides lib/string.h. Target only.
 *
 * Both are used by the boot CPU alone, before any guest runs, with the MMU on: they are compiled for user
 * space, so they may use SIMD registers, unaligned accesses, and a stack protector whose guard is this
 * constant (it finds an overrun, it does not resist an attacker). libfdt's overlays, which would want
 * strtoul, are not used. zlib's checksums, which would bring 14 KiB of tables and code, are replaced. */
#include "arch/sysreg.h"
#include "lib/crc32.h"
#include "lib/panic.h"
#include "lib/string.h"

#define ISAR0_CRC32_SHIFT 16 /* ID_AA64ISAR0_EL1.CRC32: the instructions are there. */

extern const uintptr_t __stack_chk_guard;
_Noreturn void __stack_chk_fail(void);
void *malloc(size_t size);
void free(void *memory);
unsigned long crc32(unsigned long crc, const uint8_t *bytes, unsigned count);
unsigned long adler32(unsigned long sum, const uint8_t *bytes, unsigned count);

const uintptr_t __stack_chk_guard = 0x00d1e5c0a7ba2d00; /* A zero byte at each end stops string functions. */

_Noreturn void __stack_chk_fail(void)
{
    panic("libfdt or zlib overran its stack: is a device tree or a compressed kernel corrupt?");
}

/* zlib's default allocator refers to these two. There is no heap: the caller of inflateInit gives zalloc and
 * zfree. */
void *malloc(size_t size)
{
    panic("malloc of %zu bytes: zlib was given no zalloc", size);
}

void free(void *memory)
{
    panic("free of %p: zlib was given no zfree", memory);
}

/* The checksum of the whole words at @bytes; the instruction counts in the bits that gzip keeps, inverted. */
static uint32_t crc32_words(uint32_t crc, const uint8_t *bytes, size_t words)
{
    crc = ~crc;
    for (size_t i = 0; i < words; i++) {
        uint64_t word;

        memcpy(&word, bytes + i * sizeof(word), sizeof(word));
        __asm__(".arch_extension crc\n\tcrc32x %w0, %w0, %1" : "+r"(crc) : "r"(word));
    }
    return ~crc;
}

/* zlib.h: without bytes, the checksum of nothing. */
unsigned long crc32(unsigned long crc, const uint8_t *bytes, unsigned count)
{
    bool has_instruction = (sysreg_read(id_aa64isar0_el1) >> ISAR0_CRC32_SHIFT & 15) != 0;
    size_t words = has_instruction ? count / sizeof(uint64_t) : 0;

    if (bytes == NULL) {
        return 0;
    }
    crc = crc32_words((uint32_t)crc, bytes, words);
    return crc32_add((uint32_t)crc, bytes + words * sizeof(uint64_t), count - words * sizeof(uint64_t));
}

/* The checksum of zlib's own format, which inflateInit2() was told to refuse. */
unsigned long adler32(unsigned long sum, const uint8_t *bytes, unsigned count)
{
    panic("adler32 of %u bytes at %p, %lu before: only gzip is inflated", count, (const void *)bytes, sum);
}

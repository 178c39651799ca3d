/* SPDX-License-Identifier: Apache-2.0 */
/* libc_shim.c - what Debian's arm64 libfdt.a and libz.a want of libc besides lib/string.h. Target only.
 *
 * Both are used by the boot CPU alone, before any guest runs, with the MMU on: they are compiled for user
 * space, so they may use SIMD registers, unaligned accesses, and a stack protector whose guard is this
 * constant (it finds an overrun, it does not resist an attacker). libfdt's overlays, which would want
 * strtoul, are not used. */
#include "lib/panic.h"

extern const uintptr_t __stack_chk_guard;
_Noreturn void __stack_chk_fail(void);
void *malloc(size_t size);
void free(void *memory);

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

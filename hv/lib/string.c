/* SPDX-License-Identifier: Apache-2.0 */
/* string.c - memory and string functions without SIMD registers. Target only; test_string.c renames them.
 *
 * Every access is naturally aligned, so all of it also works before the MMU is on. Copying forward:
 *
 *     dst   ..bbb|wwwwwwww|wwwwwwww|wwwwwwww|bb     bytes until @dst is aligned, then words, then bytes
 *     src   .....|...AAAAA|AAABBBBB|BBB.....
 *
 * Where @src is aligned alike its words go as they are. Otherwise each word of @dst is put together from two
 * words of @src: reading may reach 7 bytes past its ends, never out of the words that hold its bytes. */
#include "lib/string.h"

#include <stdint.h>

/* The compiler must not turn these loops into calls to the functions they implement. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

#define WORD sizeof(struct word)
#define WORD_BITS 64u
#define UNROLL 8u
#define UNROLL_JOINED 4u
/* Below this the bytes to align by cost more than the words save. */
#define SHORT 16u

/* May alias any type. */
struct word {
    uint64_t v;
} __attribute__((may_alias));

/* Reading whole words around an object is what the sanitizer of host tests exists to find. */
#define READS_AROUND __attribute__((no_sanitize("address")))

static inline size_t misaligned_by(const void *p)
{
    return (uintptr_t)p & (WORD - 1);
}

static inline struct word *word_at(void *p)
{
    return (struct word *)p;
}

static inline const struct word *const_word_at(const void *p)
{
    return (const struct word *)p;
}

/* Both aligned; loads in pairs, so that they become ldp and stp. Correct for dst < src even when they
 * overlap. */
static void copy_words(struct word *dst, const struct word *src, size_t count)
{
    for (; count >= UNROLL; count -= UNROLL) {
        uint64_t a = src[0].v, b = src[1].v, c = src[2].v, d = src[3].v;
        uint64_t e = src[4].v, f = src[5].v, g = src[6].v, h = src[7].v;

        dst[0].v = a;
        dst[1].v = b;
        dst[2].v = c;
        dst[3].v = d;
        dst[4].v = e;
        dst[5].v = f;
        dst[6].v = g;
        dst[7].v = h;
        dst += UNROLL;
        src += UNROLL;
    }
    for (; count != 0; count--) {
        *dst++ = *src++;
    }
}

/* @dst aligned, @src not: little-endian words joined from two neighbours. Correct for dst < src even when
 * they overlap: what a round writes lies below what it has not read. */
READS_AROUND static void copy_joined(struct word *dst, const unsigned char *src, size_t count)
{
    size_t offset = misaligned_by(src);
    const struct word *from = const_word_at(src - offset) + 1;
    unsigned down = (unsigned)offset * 8, up = WORD_BITS - down;
    uint64_t low = from[-1].v;

    for (; count >= UNROLL_JOINED; count -= UNROLL_JOINED) {
        uint64_t a = from[0].v, b = from[1].v, c = from[2].v, d = from[3].v;

        dst[0].v = low >> down | a << up;
        dst[1].v = a >> down | b << up;
        dst[2].v = b >> down | c << up;
        dst[3].v = c >> down | d << up;
        low = d;
        dst += UNROLL_JOINED;
        from += UNROLL_JOINED;
    }
    for (; count != 0; count--) {
        uint64_t high = from->v;

        dst->v = low >> down | high << up;
        low = high;
        dst++;
        from++;
    }
}

static void copy_forward(unsigned char *dst, const unsigned char *src, size_t size)
{
    if (size >= SHORT) {
        size_t words;

        for (; misaligned_by(dst) != 0; size--) {
            *dst++ = *src++;
        }
        words = size / WORD;
        if (misaligned_by(src) == 0) {
            copy_words(word_at(dst), const_word_at(src), words);
        } else {
            copy_joined(word_at(dst), src, words);
        }
        dst += words * WORD;
        src += words * WORD;
        size -= words * WORD;
    }
    for (; size != 0; size--) {
        *dst++ = *src++;
    }
}

/* From the last byte down, for dst > src that overlap. Only alike aligned words are worth a special case. */
static void copy_backward(unsigned char *dst, const unsigned char *src, size_t size)
{
    if (size >= SHORT && misaligned_by(dst) == misaligned_by(src)) {
        for (; misaligned_by(dst + size) != 0; size--) {
            dst[size - 1] = src[size - 1];
        }
        for (; size >= WORD; size -= WORD) {
            *word_at(dst + size - WORD) = *const_word_at(src + size - WORD);
        }
    }
    for (; size != 0; size--) {
        dst[size - 1] = src[size - 1];
    }
}

void *memcpy(void *restrict dst, const void *restrict src, size_t size)
{
    copy_forward(dst, src, size);
    return dst;
}

void *memmove(void *dst, const void *src, size_t size)
{
    if ((uintptr_t)dst - (uintptr_t)src >=
        size) { /* Below, or past the end: reading stays ahead of writing. */
        copy_forward(dst, src, size);
    } else {
        copy_backward(dst, src, size);
    }
    return dst;
}

/* One cache line, or so, a round: four stp. */
static struct word *fill_words(struct word *dst, uint64_t pattern, size_t count)
{
    for (; count >= UNROLL; count -= UNROLL) {
        dst[0].v = pattern;
        dst[1].v = pattern;
        dst[2].v = pattern;
        dst[3].v = pattern;
        dst[4].v = pattern;
        dst[5].v = pattern;
        dst[6].v = pattern;
        dst[7].v = pattern;
        dst += UNROLL;
    }
    for (; count != 0; count--) {
        dst->v = pattern;
        dst++;
    }
    return dst;
}

void *memset(void *dst, int byte, size_t size)
{
    unsigned char *at = dst;
    uint64_t pattern = (unsigned char)byte * UINT64_C(0x0101010101010101);

    if (size >= SHORT) {
        for (; misaligned_by(at) != 0; size--) {
            *at++ = (unsigned char)byte;
        }
        at = (unsigned char *)fill_words(word_at(at), pattern, size / WORD);
        size %= WORD;
    }
    for (; size != 0; size--) {
        *at++ = (unsigned char)byte;
    }
    return dst;
}

int memcmp(const void *a, const void *b, size_t size)
{
    const unsigned char *x = a, *y = b;

    if (misaligned_by(x) == 0 && misaligned_by(y) == 0) {
        for (; size >= WORD && const_word_at(x)->v == const_word_at(y)->v; size -= WORD) {
            x += WORD;
            y += WORD;
        }
    }
    for (; size != 0; size--, x++, y++) {
        if (*x != *y) {
            return *x - *y;
        }
    }
    return 0;
}

void *memchr(const void *s, int byte, size_t size)
{
    const unsigned char *at = s;

    for (; size != 0; size--, at++) {
        if (*at == (unsigned char)byte) {
            return (void *)(uintptr_t)at;
        }
    }
    return NULL;
}

size_t strlen(const char *s)
{
    const char *end = s;

    while (*end != '\0') {
        end++;
    }
    return (size_t)(end - s);
}

size_t strnlen(const char *s, size_t max)
{
    size_t length = 0;

    while (length < max && s[length] != '\0') {
        length++;
    }
    return length;
}

int strcmp(const char *a, const char *b)
{
    for (; *a == *b && *a != '\0'; a++) {
        b++;
    }
    return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t max)
{
    for (; max != 0; max--, a++, b++) {
        if (*a != *b || *a == '\0') {
            return (unsigned char)*a - (unsigned char)*b;
        }
    }
    return 0;
}

char *strchr(const char *s, int c)
{
    for (; *s != (char)c; s++) {
        if (*s == '\0') {
            return NULL;
        }
    }
    return (char *)(uintptr_t)s;
}

char *strrchr(const char *s, int c)
{
    const char *found = NULL;

    for (;; s++) {
        if (*s == (char)c) {
            found = s;
        }
        if (*s == '\0') {
            return (char *)(uintptr_t)found;
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* string.c - memory and string functions without SIMD registers. Target only; test_string.c renames them.
 *
 * Words are stored where they are aligned and loaded from wherever they are: memory is normal, the MMU on
 * (Arm ARM B2.5.2). Copying forward:
 *
 *     dst   ..bbb|wwwwwwww|wwwwwwww|wwwwwwww|bb     bytes until @dst is aligned, then words, then bytes
 *     src   ..bbbwwwwwwwwwwwwwwwwwwwwwwwwbb */
#include "lib/string.h"

#include <stdint.h>

/* The compiler must not turn these loops into calls to the functions they implement. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

#define WORD sizeof(struct word)
#define UNROLL 8u
/* Below this the bytes to align by cost more than the words save. */
#define SHORT 16u

/* May alias any type. */
struct word {
    uint64_t v;
} __attribute__((may_alias));

/* The same, wherever it is. */
struct any_word {
    uint64_t v;
} __attribute__((may_alias, packed));

static inline size_t misaligned_by(const void *p)
{
    return (uintptr_t)p & (WORD - 1);
}

static inline struct word *word_at(void *p)
{
    return (struct word *)p;
}

static inline const struct any_word *any_word_at(const void *p)
{
    return (const struct any_word *)p;
}

/* All loads of a round before its stores, in pairs, so that they become ldp and stp. Correct for dst < src
 * even when they overlap: what a round writes lies below what it has not read. */
static void copy_words(struct word *dst, const struct any_word *src, size_t count)
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
        dst++->v = src++->v;
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
        copy_words(word_at(dst), any_word_at(src), words);
        dst += words * WORD;
        src += words * WORD;
        size -= words * WORD;
    }
    for (; size != 0; size--) {
        *dst++ = *src++;
    }
}

/* From the last byte down, for dst > src that overlap. */
static void copy_backward(unsigned char *dst, const unsigned char *src, size_t size)
{
    if (size >= SHORT) {
        for (; misaligned_by(dst + size) != 0; size--) {
            dst[size - 1] = src[size - 1];
        }
        for (; size >= WORD; size -= WORD) {
            word_at(dst + size - WORD)->v = any_word_at(src + size - WORD)->v;
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

    for (; size >= WORD && any_word_at(x)->v == any_word_at(y)->v; size -= WORD) {
        x += WORD;
        y += WORD;
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

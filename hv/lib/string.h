/* SPDX-License-Identifier: Apache-2.0 */
/* string.h - the memory and string functions the compiler, libfdt and zlib expect, freestanding. On the host
 * the C library's own are used, string_copy() apart. */
#ifndef LIB_STRING_H
#define LIB_STRING_H

#include <stdbool.h>
#include <stddef.h>

void *memcpy(void *restrict dst, const void *restrict src, size_t size);
void *memmove(void *dst, const void *src, size_t size);
void *memset(void *dst, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
void *memchr(const void *s, int byte, size_t size);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t max);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);

/* Copy at most @size - 1 bytes of @src and terminate. Returns false when it had to cut. */
bool string_copy(char *dst, size_t size, const char *src);

#endif

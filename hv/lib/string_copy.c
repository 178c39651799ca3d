/* SPDX-License-Identifier: Apache-2.0 */
/* string_copy.c - the one string function that no C library has, apart so that the host builds it too. */
#include "lib/string.h"

bool string_copy(char *dst, size_t size, const char *src)
{
    size_t i;

    if (size == 0) {
        return false;
    }
    for (i = 0; i + 1 < size && src[i] != '\0'; i++) {
        dst[i] = src[i];
    }
    dst[i] = '\0';
    return src[i] == '\0';
}

/* SPDX-License-Identifier: Apache-2.0 */
/* cache.h - host build: no caches to maintain, only zeroes to write. */
#ifndef ARCH_CACHE_H
#define ARCH_CACHE_H

#include <string.h>

#include "lib/types.h"

static inline void cache_zero_pages(void *start, uint64_t size_bytes)
{
    memset(start, 0, size_bytes);
}

static inline void cache_zero_publish(void *start, uint64_t size_bytes)
{
    memset(start, 0, size_bytes);
}

#endif

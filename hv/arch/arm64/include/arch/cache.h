/* SPDX-License-Identifier: Apache-2.0 */
/* cache.h - cache maintenance by address. Source: Arm ARM D4.4. */
#ifndef ARCH_CACHE_H
#define ARCH_CACHE_H

#include "lib/types.h"

/* Write [start, start + size) back to the point of coherency and drop it, so that a CPU with its caches off
 * sees it; then make the instruction side forget what it may hold of it. For memory that a guest will run
 * from. Ends with dsb and isb. */
void cache_publish(const void *start, uint64_t size_bytes);

/* Set to zero by whole cache lines where the CPU can. @start and @size_bytes page aligned. */
void cache_zero_pages(void *start, uint64_t size_bytes);

/* The same, and written back to the point of coherency: a CPU with its caches off reads zero too, not what
 * was there before. */
void cache_zero_publish(void *start, uint64_t size_bytes);

#endif

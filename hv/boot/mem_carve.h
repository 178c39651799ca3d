/* SPDX-License-Identifier: Apache-2.0 */
/* mem_carve.h - what of the RAM is free: banks without the ranges that something occupies. Pure. */
#ifndef BOOT_MEM_CARVE_H
#define BOOT_MEM_CARVE_H

#include "lib/board.h"

#define MEM_HOLE_MAX 160

struct mem_holes {
    struct mem_range hole[MEM_HOLE_MAX];
    unsigned count;
};

/* Add a range that is not free; widened to whole pages; size 0 is ignored. Returns 0, -ENOSPC. */
int mem_hole_add(struct mem_holes *holes, pa_t base, uint64_t size_bytes);

/* Call @give for each page-aligned part of @bank that no hole touches, lowest first. */
void mem_carve(const struct mem_range *bank, const struct mem_holes *holes,
               void (*give)(pa_t base, uint64_t size_bytes));

/* The lowest free place of @size_bytes, page aligned, in any bank. Returns 0, -ENOMEM. */
int mem_find(const struct mem_range *banks, unsigned bank_count, const struct mem_holes *holes,
             uint64_t size_bytes, pa_t *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* mem_carve.c - what of the RAM is free. Holes are few and kept in no order: each step looks at all of
 * them. */
#include "boot/mem_carve.h"

#include "lib/error.h"

int mem_hole_add(struct mem_holes *holes, pa_t base, uint64_t size_bytes)
{
    uint64_t start = align_down(base.v, PAGE_SIZE);
    uint64_t end = align_up(base.v + size_bytes, PAGE_SIZE);

    if (size_bytes == 0) {
        return 0;
    }
    if (holes->count == MEM_HOLE_MAX) {
        return -ENOSPC;
    }
    holes->hole[holes->count++] = (struct mem_range){.base = pa(start), .size_bytes = end - start};
    return 0;
}

/* The free part at or after @at and before @end: where it starts, and in @stop where it ends. @end when there
 * is none. */
static uint64_t next_free(const struct mem_holes *holes, uint64_t at, uint64_t end, uint64_t *stop)
{
    bool moved = true;

    while (moved && at < end) {
        moved = false;
        for (unsigned i = 0; i < holes->count; i++) {
            uint64_t base = holes->hole[i].base.v;

            if (at >= base && at - base < holes->hole[i].size_bytes) {
                at = base + holes->hole[i].size_bytes;
                moved = true;
            }
        }
    }
    *stop = end;
    for (unsigned i = 0; i < holes->count; i++) {
        if (holes->hole[i].base.v > at) {
            *stop = min_u64(*stop, holes->hole[i].base.v);
        }
    }
    return min_u64(at, end);
}

void mem_carve(const struct mem_range *bank, const struct mem_holes *holes,
               void (*give)(pa_t base, uint64_t size_bytes))
{
    uint64_t at = align_up(bank->base.v, PAGE_SIZE);
    uint64_t end = align_down(bank->base.v + bank->size_bytes, PAGE_SIZE);
    uint64_t stop;

    for (at = next_free(holes, at, end, &stop); at < end; at = next_free(holes, stop, end, &stop)) {
        give(pa(at), stop - at);
    }
}

int mem_find(const struct mem_range *banks, unsigned bank_count, const struct mem_holes *holes,
             uint64_t size_bytes, pa_t *out)
{
    for (unsigned i = 0; i < bank_count; i++) {
        uint64_t at = align_up(banks[i].base.v, PAGE_SIZE);
        uint64_t end = align_down(banks[i].base.v + banks[i].size_bytes, PAGE_SIZE);
        uint64_t stop;

        for (at = next_free(holes, at, end, &stop); at < end; at = next_free(holes, stop, end, &stop)) {
            if (stop - at >= size_bytes) {
                *out = pa(at);
                return 0;
            }
        }
    }
    return -ENOMEM;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* grant_table.c - the frames of a domain's grant table. Source: xen/grant_table.h.
 *
 * The table is grown by the domain's wish, never shrunk. A frame is a page of the hypervisor's that the
 * domain maps (XENMAPSPACE_grant_table); the toolstack may map it too, to put the first grants of a new
 * domain there. Beside each frame EL2 keeps an array of its own, one entry a grant (core/grant_pin.c). */
#include "core/grant_table.h"

#include "arch/cache.h"
#include "arch/mmu.h"
#include "base/page_alloc.h"
#include "core/grant_pin.h"
#include "lib/error.h"
#include "lib/lock_rank.h"

#define ACTIVE_ORDER 1u /* GRANTS_PER_FRAME entries of 16 bytes. */
#define GROW_FRAMES 4u  /* In one stay in EL2. */

_Static_assert(GRANTS_PER_FRAME * sizeof(struct grant_active) == PAGE_SIZE << ACTIVE_ORDER,
               "the active entries of a frame fill their pages");

static int add_frame(struct grant_table *table) LOCK_REQUIRES(&table->lock)
{
    struct grant_frame *frame = &table->frames[table->frame_count];
    pa_t active;
    int error = page_alloc(0, DOMID_HV, &frame->page);

    if (error != 0) {
        return error;
    }
    error = page_alloc(ACTIVE_ORDER, DOMID_HV, &active);
    if (error != 0) {
        page_free(frame->page, 0, DOMID_HV);
        return error;
    }
    cache_zero_publish(mmu_direct(frame->page), PAGE_SIZE);
    cache_zero_pages(mmu_direct(active), PAGE_SIZE << ACTIVE_ORDER);
    frame->active = mmu_direct(active);
    frame->gfn = UINT64_MAX;
    table->frame_count++;
    return 0;
}

int grant_table_init(struct grant_table *table, struct physmap *map)
{
    int error;

    spin_init(&table->lock, LOCK_RANK_GRANT);
    table->map = map;
    table->frame_count = 0;
    table->frame_limit = GRANT_FRAMES_MAX;
    spin_lock(&table->lock);
    error = add_frame(table);
    spin_unlock(&table->lock);
    return error;
}

static int grow(struct grant_table *table, uint64_t frame_count) LOCK_REQUIRES(&table->lock)
{
    if (frame_count > table->frame_limit) {
        return -EINVAL;
    }
    for (unsigned i = 0; table->frame_count < frame_count; i++) {
        int error = i < GROW_FRAMES ? add_frame(table) : PHYSMAP_AGAIN;

        if (error != 0) {
            return error;
        }
    }
    return 0;
}

int grant_table_grow(struct grant_table *table, unsigned frame_count)
{
    int error;

    spin_lock(&table->lock);
    error = grow(table, frame_count);
    spin_unlock(&table->lock);
    return error;
}

int grant_table_frame(struct grant_table *table, uint64_t index, pa_t *out)
{
    int error = -EINVAL;

    spin_lock(&table->lock);
    if (index < GRANT_FRAMES_MAX) {
        error = grow(table, index + 1);
    }
    if (error == 0) {
        *out = table->frames[index].page;
    }
    spin_unlock(&table->lock);
    return error;
}

int grant_table_map_frame(struct grant_table *table, uint64_t index, uint64_t gfn)
{
    struct grant_frame *frame = &table->frames[index % GRANT_FRAMES_MAX];
    pa_t page;
    int error = grant_table_frame(table, index, &page);

    if (error != 0) {
        return error;
    }
    spin_lock(&table->lock);
    error = physmap_map(table->map, gfn, page, STAGE2_RAM);
    if (error == 0 && frame->gfn != gfn) {
        /* What remains when a domain boots another kernel: its old place becomes a hole. */
        if (physmap_has(table->map, frame->gfn, page)) {
            (void)physmap_unmap(table->map, frame->gfn, true);
        }
        frame->gfn = gfn;
    }
    spin_unlock(&table->lock);
    return error;
}

unsigned grant_table_frame_count(struct grant_table *table)
{
    unsigned count;

    spin_lock(&table->lock);
    count = table->frame_count;
    spin_unlock(&table->lock);
    return count;
}

bool grant_table_free_some(struct grant_table *table)
{
    for (unsigned i = 0; i < GROW_FRAMES && table->frame_count != 0; i++) {
        struct grant_frame *frame = &table->frames[--table->frame_count];

        page_free(mmu_direct_pa(frame->active), ACTIVE_ORDER, DOMID_HV);
        (void)page_give_back(frame->page, DOMID_HV);
    }
    return table->frame_count == 0;
}

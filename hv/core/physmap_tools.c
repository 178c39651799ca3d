/* SPDX-License-Identifier: Apache-2.0 */
/* physmap_tools.c - what the toolstack does with a domain's memory: how many tables it may have, its caches.
 */
#include "arch/cache.h"
#include "arch/mmu.h"
#include "base/page_alloc.h"
#include "core/physmap.h"
#include "lib/error.h"

#define PUBLISH_PAGES 7u /* Of caches, in one stay in EL2. */

int physmap_set_table_pool(struct physmap *map, uint64_t tables)
{
    int error = -ENOMEM;

    spin_lock(&map->lock);
    if (tables >= map->stage2.table_count) {
        map->table_pool = tables;
        map->stage2.table_limit = tables;
        error = 0;
    }
    spin_unlock(&map->lock);
    return error;
}

uint64_t physmap_publish_some(struct physmap *map, uint64_t gfn, uint64_t end)
{
    spin_lock(&map->lock);
    for (unsigned i = 0; i < PUBLISH_PAGES && gfn < end && gfn <= map->top_gfn; i++) {
        struct stage2_entry entry = stage2_find(&map->stage2, ipa(gfn << PAGE_SHIFT));
        uint64_t size = entry.bytes >> PAGE_SHIFT;

        if (entry.mapped && (entry.type == STAGE2_RAM || entry.type == STAGE2_RAM_RO)) {
            cache_publish(mmu_direct(entry.to), PAGE_SIZE);
            gfn++;
        } else {
            gfn = align_down(gfn, size) + size;
        }
    }
    if (gfn > map->top_gfn || gfn > end) {
        gfn = end;
    }
    spin_unlock(&map->lock);
    return gfn;
}

bool physmap_has_room(struct physmap *map, uint64_t pages)
{
    uint64_t count = atomic_load(&map->page_count);
    bool begun, fits;

    spin_lock(&map->lock);
    begun = map->direct_map || map->raw; /* What is being zeroed is taken already. */
    fits = count <= map->page_limit && pages <= map->page_limit - count;
    spin_unlock(&map->lock);
    return begun || (fits && pages <= page_free_bytes() >> PAGE_SHIFT);
}

static bool is_device(const struct stage2_entry *entry, pa_t page)
{
    return entry->mapped && (entry->type == STAGE2_DEVICE || entry->type == STAGE2_DIRECT) &&
           entry->to.v == page.v;
}

bool physmap_has_device(struct physmap *map, pa_t page)
{
    struct stage2_entry entry = {.mapped = false};

    spin_lock(&map->lock);
    if (page.v >> PAGE_SHIFT < map->gfn_limit) {
        entry = stage2_find(&map->stage2, ipa(page.v));
    }
    spin_unlock(&map->lock);
    return is_device(&entry, page);
}

int physmap_unmap_device(struct physmap *map, uint64_t gfn, pa_t page)
{
    struct stage2_entry entry = {.mapped = false};
    int error = -ENOENT;

    spin_lock(&map->lock);
    if (gfn < map->gfn_limit) {
        entry = stage2_find(&map->stage2, ipa(gfn << PAGE_SHIFT));
    }
    if (is_device(&entry, page) && entry.bytes == PAGE_SIZE) {
        error = stage2_unmap(&map->stage2, ipa(gfn << PAGE_SHIFT), PAGE_SIZE);
    }
    spin_unlock(&map->lock);
    return error;
}

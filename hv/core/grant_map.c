/* SPDX-License-Identifier: Apache-2.0 */
/* grant_map.c - the grants of others that a domain has mapped.
 *
 * A handle names one mapping: whose grant, which, where. Handles are in pages that are made when they are
 * needed and kept; free ones are in a list.
 *
 *     free --grant_map--> used: the grant is pinned, and its page is at the gfn as GRANT or GRANT_RO
 *       ^-----------------'     (nothing but grant_unmap() takes it from there: core/physmap.c)
 *          grant_unmap, or the domain's end
 *
 * Locks. A domain's maps and unmaps take turns by its own lock; inside it the granting domain's grants are
 * locked (for a pin), then a physmap, one after the other. Two domains that map each other's grants each hold
 * their own handles' lock and take locks of higher ranks only, one of each rank: they cannot wait for each
 * other in a ring. */
#include "core/grant_map.h"

#include "arch/cache.h"
#include "arch/mmu.h"
#include "base/page_alloc.h"
#include "core/grant_pin.h"
#include "lib/abi.h"
#include "lib/error.h"
#include "lib/lock_rank.h"
#include "lib/panic.h"

#define FREE_NONE UINT32_MAX
#define PAGES_ORDER 1u /* The array of pointers. */
#define END_SOME 2u    /* Mappings ended in one stay in EL2, */
#define SCAN_SOME 48u  /* and handles looked at for them; */
#define FREE_SOME 8u   /* pages of them freed. */

struct grant_handle {
    uint32_t ref;   /* Free: the next free one. */
    uint16_t from;  /* Domid; DOMID_NONE: free. */
    uint16_t write; /* 1: read and write. */
    uint64_t gfn;
};
#define HANDLES_PER_PAGE (PAGE_SIZE / sizeof(struct grant_handle))

_Static_assert(GRANT_MAP_PAGES_MAX * sizeof(struct grant_handle *) == PAGE_SIZE << PAGES_ORDER,
               "the array of pages fills its pages");

void grant_maps_init(struct grant_maps *maps, struct physmap *map)
{
    spin_init(&maps->lock, LOCK_RANK_MAPTRACK);
    maps->map = map;
    maps->pages = NULL;
    maps->page_count = 0;
    maps->page_limit = GRANT_MAP_PAGES_MAX;
    maps->free = FREE_NONE;
    maps->closed = false;
    maps->next_to_end = 0;
}

static struct grant_handle *find(const struct grant_maps *maps, uint32_t handle) LOCK_REQUIRES(&maps->lock)
{
    if (handle / HANDLES_PER_PAGE >= maps->page_count) {
        return NULL;
    }
    return &maps->pages[handle / HANDLES_PER_PAGE][handle % HANDLES_PER_PAGE];
}

/* Another page of free handles. */
static int grow(struct grant_maps *maps) LOCK_REQUIRES(&maps->lock)
{
    uint32_t first = maps->page_count * (uint32_t)HANDLES_PER_PAGE;
    struct grant_handle *handles;
    pa_t page;

    if (maps->page_count == maps->page_limit) {
        return -ENOMEM;
    }
    if (maps->pages == NULL) {
        if (page_alloc(PAGES_ORDER, DOMID_HV, &page) != 0) {
            return -ENOMEM;
        }
        maps->pages = mmu_direct(page);
    }
    if (page_alloc(0, DOMID_HV, &page) != 0) {
        return -ENOMEM;
    }
    handles = mmu_direct(page);
    for (uint32_t i = 0; i < HANDLES_PER_PAGE; i++) {
        handles[i] = (struct grant_handle){.ref = first + i + 1, .from = DOMID_NONE};
    }
    handles[HANDLES_PER_PAGE - 1].ref = maps->free;
    maps->free = first;
    maps->pages[maps->page_count++] = handles;
    return 0;
}

/* With a free handle at hand. Returns a status or PHYSMAP_AGAIN. */
static int16_t map_free(struct grant_maps *maps, const struct grant_handle *wish, pa_t *page)
    LOCK_REQUIRES(&maps->lock)
{
    struct grant_table *table = grant_table_of(wish->from);
    enum stage2_type type = wish->write != 0 ? STAGE2_GRANT : STAGE2_GRANT_RO;
    int16_t status;
    int error;

    if (table == NULL) {
        return GNTST_bad_domain;
    }
    status = grant_pin(table, wish->ref, maps->map->owner, wish->write != 0, page);
    if (status != GNTST_okay) {
        return status;
    }
    error = physmap_map(maps->map, wish->gfn, *page, type);
    if (error != 0) {
        grant_unpin(table, wish->ref, wish->write != 0);
        return error == PHYSMAP_AGAIN ? PHYSMAP_AGAIN : GNTST_general_error;
    }
    return GNTST_okay;
}

int16_t grant_map(struct grant_maps *maps, uint16_t from, uint32_t ref, bool write, uint64_t gfn,
                  uint32_t *handle, pa_t *page)
{
    struct grant_handle wish = {.ref = ref, .from = from, .write = write ? 1 : 0, .gfn = gfn};
    int16_t status = GNTST_no_space;

    spin_lock(&maps->lock);
    if (maps->closed) {
        status = GNTST_general_error;
    } else if (maps->free != FREE_NONE || grow(maps) == 0) {
        status = map_free(maps, &wish, page);
    }
    if (status == GNTST_okay) {
        struct grant_handle *used = find(maps, maps->free);

        *handle = maps->free;
        maps->free = used->ref;
        *used = wish;
    }
    spin_unlock(&maps->lock);
    return status;
}

/* Of a used handle. */
static void unmap(struct grant_maps *maps, struct grant_handle *used, uint32_t handle)
    LOCK_REQUIRES(&maps->lock)
{
    struct grant_table *table = grant_table_of(used->from);
    int error = physmap_unmap_grant(maps->map, used->gfn, grant_page(table, used->ref));

    ASSERT(error == 0); /* Nothing else takes it away. */
    (void)error;
    grant_unpin(table, used->ref, used->write != 0);
    *used = (struct grant_handle){.ref = maps->free, .from = DOMID_NONE};
    maps->free = handle;
}

int16_t grant_unmap(struct grant_maps *maps, uint32_t handle, uint64_t gfn)
{
    struct grant_handle *used;
    int16_t status = GNTST_okay;

    spin_lock(&maps->lock);
    used = find(maps, handle);
    if (used == NULL || used->from == DOMID_NONE) {
        status = GNTST_bad_handle;
    } else if (used->gfn != gfn) {
        status = GNTST_general_error;
    } else {
        unmap(maps, used, handle);
    }
    spin_unlock(&maps->lock);
    return status;
}

void grant_maps_close(struct grant_maps *maps)
{
    spin_lock(&maps->lock);
    maps->closed = true;
    spin_unlock(&maps->lock);
}

bool grant_unmap_some(struct grant_maps *maps)
{
    unsigned ended = 0;
    struct grant_handle *used;

    spin_lock(&maps->lock);
    for (unsigned i = 0; i < SCAN_SOME && ended < END_SOME; i++) {
        used = find(maps, maps->next_to_end);
        if (used != NULL && used->from != DOMID_NONE) {
            unmap(maps, used, maps->next_to_end);
            ended++;
        }
        maps->next_to_end += used != NULL ? 1 : 0;
    }
    used = find(maps, maps->next_to_end);
    spin_unlock(&maps->lock);
    return used == NULL;
}

bool grant_maps_free_some(struct grant_maps *maps)
{
    for (unsigned i = 0; i < FREE_SOME && maps->page_count != 0; i++) {
        page_free(mmu_direct_pa(maps->pages[--maps->page_count]), 0, DOMID_HV);
    }
    if (maps->page_count == 0 && maps->pages != NULL) {
        page_free(mmu_direct_pa(maps->pages), PAGES_ORDER, DOMID_HV);
        maps->pages = NULL;
    }
    return maps->page_count == 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* grant_map.h - the grants of others that a domain has mapped: a handle for each. */
#ifndef CORE_GRANT_MAP_H
#define CORE_GRANT_MAP_H

#include "core/grant_table.h"

#define GRANT_MAP_PAGES_MAX 1024u /* Of handles: Xen's default of max_maptrack_frames. */

struct grant_handle;

struct grant_maps {
    struct spinlock lock;        /* LOCK_RANK_MAPTRACK */
    struct physmap *map;         /* Of the domain that has them. */
    struct grant_handle **pages; /* GRANT_MAP_PAGES_MAX; NULL before the first is needed. */
    unsigned page_count, page_limit;
    uint32_t free;        /* First free handle. */
    bool closed;          /* The domain has stopped: no further ones. */
    uint32_t next_to_end; /* grant_unmap_some()'s place. */
};

void grant_maps_init(struct grant_maps *maps, struct physmap *map);

/* Map grant @ref of domain @from at @gfn. Returns a GNTST_* status, with @handle and the @page's address; or
 * PHYSMAP_AGAIN. No lock held. */
int16_t grant_map(struct grant_maps *maps, uint16_t from, uint32_t ref, bool write, uint64_t gfn,
                  uint32_t *handle, pa_t *page);

/* End a mapping that is at @gfn. A status. */
int16_t grant_unmap(struct grant_maps *maps, uint32_t handle, uint64_t gfn);

/* The domain has stopped: no further maps. */
void grant_maps_close(struct grant_maps *maps);

/* End some of the mappings of a closed one; true when there are none left. */
bool grant_unmap_some(struct grant_maps *maps);

/* Nobody uses them any more: free some of what they took. Returns whether all is free. */
bool grant_maps_free_some(struct grant_maps *maps);

/* The table of domain @owner's grants, NULL. core/domain.c has it, a host test its own. */
struct grant_table *grant_table_of(uint16_t owner);

#endif

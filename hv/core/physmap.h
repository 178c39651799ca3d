/* SPDX-License-Identifier: Apache-2.0 */
/* physmap.h - what a domain has at its guest frames: pages of its own, others' that it maps, and how many it
 * may have. A gfn is an IPA / 4 KiB. */
#ifndef CORE_PHYSMAP_H
#define CORE_PHYSMAP_H

#include <stdatomic.h>

#include "arch/spinlock.h"
#include "base/stage2.h"
#include "lib/types.h"

struct physmap {
    struct spinlock lock; /* LOCK_RANK_MEMORY: all below, but for page_count. */
    struct stage2 stage2;
    uint16_t owner;
    bool direct_map;             /* gfn = machine frame: see below. */
    uint64_t page_limit;         /* Pages of RAM it may have. */
    _Atomic uint64_t page_count; /* Pages it has, given back ones that are still in use included. */
    uint64_t top_gfn;            /* The highest that ever was mapped. */
    /* A block that is being zeroed for physmap_populate(), slice by slice. */
    bool raw;
    pa_t raw_block;
    unsigned raw_order;
    uint64_t raw_zeroed;    /* Its pages that are zero already. */
    uint64_t foreign_count; /* Entries of foreign pages. */
    bool closed;            /* The domain has stopped: no further foreign pages, */
    uint64_t next_foreign;  /* and physmap_drop_foreign() is here. */
    uint64_t
        gfn_limit; /* First frame there is not; 0: the domain goes, nothing is mapped or found any more, */
    uint64_t next_to_end; /* and physmap_end_some() is here. */
    uint64_t
        table_pool; /* Tables it may have, as the toolstack says, or PHYSMAP_NO_POOL: by its page limit. */
};

#define PHYSMAP_NO_POOL UINT64_MAX

/* Part of the work is done: the same call does the rest. */
#define PHYSMAP_AGAIN 1

/* A page of the domain's own RAM is given back by whatever takes its place. A direct-mapped domain has none
 * but its own machine pages, so it keeps what it unmaps, and physmap_populate() maps just that page again.
 *
 * All take the lock themselves, are called with no lock of its rank or above held, and change at most one
 * page or block entry. Errors: -EINVAL (no such gfn), -ENOMEM (no page, no table, a limit). */

/* An empty address space for domain @owner. Returns 0 or -ENOMEM. */
int physmap_init(struct physmap *map, uint16_t owner, uint16_t vmid, bool direct_map);

/* How many pages the domain may have from here on; its tables have a limit that goes with it. */
void physmap_set_limit(struct physmap *map, uint64_t page_limit);

/* Count @pages, which the caller has put there itself while the domain is built; the limit grows by them. */
void physmap_add_built(struct physmap *map, uint64_t top_gfn, uint64_t pages);

/* The page of the domain's own writable RAM at @gfn, with its use counted: physmap_put_page() ends it.
 * -EINVAL: none is there. */
int physmap_use(struct physmap *map, uint64_t gfn, pa_t *out);

/* End the use of any domain's page. */
void physmap_put_page(pa_t page);

/* Put @page at @gfn in place of what was there. For the foreign and grant types the caller has counted a use,
 * which the entry keeps when 0 is returned. Also PHYSMAP_AGAIN; -EBUSY: a device or a grant is there. */
int physmap_map(struct physmap *map, uint64_t gfn, pa_t page, enum stage2_type type);

/* Empty @gfn. With @own only when RAM of the domain is there, or a page that the hypervisor gave it; else
 * also a foreign page. Also PHYSMAP_AGAIN; -ENOENT: no such thing is there. */
int physmap_unmap(struct physmap *map, uint64_t gfn, bool own);

/* Empty @gfn if @page is there by a grant; its use stays counted, and is the caller's. -ENOENT. */
int physmap_unmap_grant(struct physmap *map, uint64_t gfn, pa_t page);

/* May it have @pages more, and are so many free? True for a direct-mapped one, whose pages are its own. */
bool physmap_has_room(struct physmap *map, uint64_t pages);

/* Give the domain zeroed RAM at @gfn, up to @pages of it: how many in @done. Also PHYSMAP_AGAIN; -EBUSY as
 * physmap_map(). Of a direct-mapped domain: the page must be its own, -EINVAL. */
int physmap_populate(struct physmap *map, uint64_t gfn, uint64_t pages, uint64_t *done);

/* The domain has stopped: end some of its foreign mappings; true when there are none left. */
bool physmap_drop_foreign(struct physmap *map);

/* Let it have so many pages of tables: Xen's pool of paging memory. 0, or -ENOMEM: it has more already. */
int physmap_set_table_pool(struct physmap *map, uint64_t tables);

/* Write back some of what caches have of the RAM at frames [@gfn, @end), so that the domain sees it with its
 * caches off. Returns where to go on; @end: all is done. */
uint64_t physmap_publish_some(struct physmap *map, uint64_t gfn, uint64_t end);

/* Is device page @page mapped at its own address? Take it from @gfn, where it is mapped: 0 or -ENOENT. */
bool physmap_has_device(struct physmap *map, pa_t page);
int physmap_unmap_device(struct physmap *map, uint64_t gfn, pa_t page);

/* The domain goes, and no CPU has its address space: give back some of its RAM, then of its tables. What
 * others use is theirs until they let go, and counts in page_count so long. No foreign page and no grant is
 * mapped. Returns whether all is done. */
bool physmap_end_some(struct physmap *map);

/* After that: the rest. Harmless for one that could not be made. */
void physmap_free(struct physmap *map);

/* Is @page mapped at @gfn? */
bool physmap_has(struct physmap *map, uint64_t gfn, pa_t page);

/* What it needs of the rest of core/; a host test has its own.
 *
 * The physmap of domain @owner, NULL. */
struct physmap *physmap_of(uint16_t owner);

/* Return when no pCPU copies any more to or from memory of domain @owner that it found mapped before. */
void physmap_wait_copies(uint16_t owner);

#endif

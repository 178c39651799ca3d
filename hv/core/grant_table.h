/* SPDX-License-Identifier: Apache-2.0 */
/* grant_table.h - the pages that a domain lets others use: its table of grants (version 1), which it shares
 * with EL2, and what EL2 keeps of each grant in use. */
#ifndef CORE_GRANT_TABLE_H
#define CORE_GRANT_TABLE_H

#include <stdatomic.h>

#include "arch/spinlock.h"
#include "core/physmap.h"
#include "lib/types.h"

#define GRANT_FRAMES_MAX 64u /* Frames of a table: Xen's default of max_grant_frames. */
#define GRANTS_PER_FRAME 512u

struct grant_active;

struct grant_frame {
    pa_t page;                   /* The hypervisor's, shared with the domain. */
    struct grant_active *active; /* GRANTS_PER_FRAME of them. */
    uint64_t gfn;                /* Where the domain mapped it last. */
};

struct grant_table {
    struct spinlock lock; /* LOCK_RANK_GRANT */
    struct physmap *map;  /* Of the domain whose grants these are. */
    unsigned frame_count, frame_limit;
    struct grant_frame frames[GRANT_FRAMES_MAX];
};

/* One frame, no grants. Returns 0 or -ENOMEM. */
int grant_table_init(struct grant_table *table, struct physmap *map);

/* Grow to at least @frame_count frames. Returns 0, PHYSMAP_AGAIN after a part, -EINVAL beyond the limit,
 * -ENOMEM. No lock held. */
int grant_table_grow(struct grant_table *table, unsigned frame_count);

/* The page of frame @index, growing as above. */
int grant_table_frame(struct grant_table *table, uint64_t index, pa_t *out);

/* Map frame @index at @gfn of the domain, and nowhere else. Errors of grant_table_frame() and physmap_map().
 */
int grant_table_map_frame(struct grant_table *table, uint64_t index, uint64_t gfn);

unsigned grant_table_frame_count(struct grant_table *table);

/* Nobody uses the table any more: free some of its frames. Who has mapped one keeps its page. Returns whether
 * all are free. */
bool grant_table_free_some(struct grant_table *table);

#endif

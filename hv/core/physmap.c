/* SPDX-License-Identifier: Apache-2.0 */
/* physmap.c - what a domain has at its guest frames, changed a page at a time by hypercalls.
 *
 * Terms. The type of a stage-2 entry and the owner of its page say what it is:
 *
 *     type               owner of the page     the entry holds                    goes by
 *     RAM, RAM_RO        the domain            the page itself                    unmap, map, populate
 *     RAM                the hypervisor        nothing: it has the page elsewhere  the same
 *     FOREIGN(_RO)       anybody               one use of the page (page_get)     unmap, map
 *     GRANT(_RO)         anybody               nothing: the handle has the use    unmap_grant only
 *     DEVICE             -                     nothing                            never
 *
 * Invariants. The domain owns its RAM and nothing else (its tables are table_owner()'s). A page of it is at
 * one gfn at most. Each FOREIGN entry has one use of its page. page_count is the pages of RAM that the domain
 * has or, having given them back, keeps from being free because somebody uses them; so a domain cannot get
 * more than its limit by having others hold what it gives back.
 *
 * A page that leaves: its entry is emptied and forgotten by all TLBs (stage2.h), then copies of hypercall
 * arguments that still go on in it are waited for, then it is given back. New owners get zeroes.
 *
 * A change of one page inside a larger block splits the block one level and asks to be called again, so that
 * a stay in EL2 writes one table of 512 entries at most. The zeroing of a block goes in slices too; the block
 * waits in the physmap meanwhile, where no guest can say how far it has got. */
#include "core/physmap.h"

#include "arch/cache.h"
#include "arch/mmu.h"
#include "base/page_alloc.h"
#include "lib/error.h"
#include "lib/lock_rank.h"
#include "lib/panic.h"

#define GFN_LIMIT BIT64(48 - PAGE_SHIFT) /* More than any IPA size has. */
#define END_BLOCKS 8u                    /* Of RAM given back in one stay in EL2 when the domain goes. */
#define ZERO_PAGES                                                                                           \
    7u /* In one stay in EL2, which may end one block and begin another; of foreign ones that end: */
#define DROP_PAGES 2u
#define SCAN_ENTRIES 12u

/* Tables that a domain needs when its pages are scattered: one for 512 pages would do if they were dense. */
#define TABLES_AT_LEAST 1024u
#define PAGES_PER_TABLE 128u

int physmap_init(struct physmap *map, uint16_t owner, uint16_t vmid, bool direct_map)
{
    spin_init(&map->lock, LOCK_RANK_MEMORY);
    map->owner = owner;
    map->direct_map = direct_map;
    map->page_limit = 0;
    atomic_init(&map->page_count, 0);
    map->top_gfn = 0;
    map->raw = false;
    map->foreign_count = 0;
    map->closed = false;
    map->next_foreign = 0;
    map->gfn_limit = GFN_LIMIT;
    map->next_to_end = 0;
    map->table_pool = PHYSMAP_NO_POOL;
    return stage2_init(&map->stage2, table_owner(owner), vmid);
}

static void set_limit(struct physmap *map, uint64_t page_limit) LOCK_REQUIRES(&map->lock)
{
    map->page_limit = page_limit;
    if (map->table_pool == PHYSMAP_NO_POOL) {
        map->stage2.table_limit = TABLES_AT_LEAST + page_limit / PAGES_PER_TABLE;
    }
}

void physmap_set_limit(struct physmap *map, uint64_t page_limit)
{
    spin_lock(&map->lock);
    set_limit(map, page_limit);
    spin_unlock(&map->lock);
}

void physmap_add_built(struct physmap *map, uint64_t top_gfn, uint64_t pages)
{
    spin_lock(&map->lock);
    map->top_gfn = max_u64(map->top_gfn, top_gfn);
    atomic_fetch_add(&map->page_count, pages);
    set_limit(map, map->page_limit + pages);
    spin_unlock(&map->lock);
}

static ipa_t ipa_of(uint64_t gfn)
{
    return ipa(gfn << PAGE_SHIFT);
}

static bool is_ram(enum stage2_type type)
{
    return type == STAGE2_RAM || type == STAGE2_RAM_RO;
}

static bool is_foreign(enum stage2_type type)
{
    return type == STAGE2_FOREIGN || type == STAGE2_FOREIGN_RO;
}

/* May @entry be replaced by a guest's wish? */
static bool is_fixed(const struct stage2_entry *entry)
{
    return entry->mapped && !is_ram(entry->type) && !is_foreign(entry->type);
}

/* --- Pages that leave
 * ----------------------------------------------------------------------------------------- */

/* The page is free: its owner has one less, if that still exists. */
static void uncharge(uint16_t owner)
{
    struct physmap *map = physmap_of(owner);

    if (map != NULL) {
        atomic_fetch_sub(&map->page_count, 1);
    }
}

void physmap_put_page(pa_t page)
{
    uint16_t owner;

    if (page_put(page, &owner)) {
        uncharge(owner);
    }
}

/* @entry stood in @map and is gone from it and from all TLBs. */
static void settle(struct physmap *map, const struct stage2_entry *entry) LOCK_REQUIRES(&map->lock)
{
    if (is_foreign(entry->type)) {
        map->foreign_count--;
        physmap_put_page(entry->to);
    } else if (is_ram(entry->type) && !map->direct_map && page_owner(entry->to) == map->owner) {
        physmap_wait_copies(map->owner);
        if (page_give_back(entry->to, map->owner)) {
            atomic_fetch_sub(&map->page_count, 1);
        }
    }
}

/* Make a block that @entry of @gfn is part of smaller, one level. Returns PHYSMAP_AGAIN, or -ENOMEM. */
static int split(struct physmap *map, uint64_t gfn, const struct stage2_entry *entry)
    LOCK_REQUIRES(&map->lock)
{
    uint64_t bytes = entry->bytes > MIB(2) ? MIB(2) : PAGE_SIZE;
    uint64_t from = align_down(gfn << PAGE_SHIFT, bytes);
    /* Mapping a part of it as it is mapped already changes nothing but the size of the entries. */
    int error = stage2_map(&map->stage2, ipa(from), pa(entry->to.v & ~(bytes - 1)), bytes, entry->type);

    return error != 0 ? error : PHYSMAP_AGAIN;
}

/* --- One page
 * ------------------------------------------------------------------------------------------------- */

int physmap_use(struct physmap *map, uint64_t gfn, pa_t *out)
{
    struct stage2_entry entry = {.mapped = false};
    int error = -EINVAL;

    spin_lock(&map->lock);
    if (gfn < map->gfn_limit) {
        entry = stage2_find(&map->stage2, ipa_of(gfn));
    }
    if (entry.mapped && entry.type == STAGE2_RAM) {
        error = page_get(entry.to, map->owner);
    }
    spin_unlock(&map->lock);
    if (error == 0) {
        *out = entry.to;
    }
    return error;
}

bool physmap_has(struct physmap *map, uint64_t gfn, pa_t page)
{
    struct stage2_entry entry = {.mapped = false};

    spin_lock(&map->lock);
    if (gfn < map->gfn_limit) {
        entry = stage2_find(&map->stage2, ipa_of(gfn));
    }
    spin_unlock(&map->lock);
    return entry.mapped && entry.to.v == page.v;
}

static int map_page(struct physmap *map, uint64_t gfn, pa_t page, enum stage2_type type)
    LOCK_REQUIRES(&map->lock)
{
    struct stage2_entry old = stage2_find(&map->stage2, ipa_of(gfn));
    int error;

    if (map->closed && is_foreign(type)) {
        return -EINVAL;
    }
    if (is_fixed(&old)) {
        return -EBUSY;
    }
    if (old.mapped && old.bytes > PAGE_SIZE) {
        return split(map, gfn, &old);
    }
    error = stage2_map(&map->stage2, ipa_of(gfn), page, PAGE_SIZE, type);
    if (error == 0) {
        map->top_gfn = max_u64(map->top_gfn, gfn);
        map->foreign_count += is_foreign(type) ? 1 : 0;
        if (old.mapped) {
            settle(map, &old);
        }
    }
    return error;
}

int physmap_map(struct physmap *map, uint64_t gfn, pa_t page, enum stage2_type type)
{
    int error = -EINVAL;

    spin_lock(&map->lock);
    if (gfn < map->gfn_limit) {
        error = map_page(map, gfn, page, type);
    }
    spin_unlock(&map->lock);
    return error;
}

static int unmap_page(struct physmap *map, uint64_t gfn, bool own) LOCK_REQUIRES(&map->lock)
{
    struct stage2_entry old = stage2_find(&map->stage2, ipa_of(gfn));
    int error;

    if (!old.mapped || is_fixed(&old) || (own && is_foreign(old.type))) {
        return -ENOENT;
    }
    if (old.bytes > PAGE_SIZE) {
        return split(map, gfn, &old);
    }
    error = stage2_unmap(&map->stage2, ipa_of(gfn), PAGE_SIZE);
    if (error == 0) {
        settle(map, &old);
    }
    return error;
}

int physmap_unmap(struct physmap *map, uint64_t gfn, bool own)
{
    int error = -ENOENT;

    spin_lock(&map->lock);
    if (gfn < map->gfn_limit) {
        error = unmap_page(map, gfn, own);
    }
    spin_unlock(&map->lock);
    return error;
}

int physmap_unmap_grant(struct physmap *map, uint64_t gfn, pa_t page)
{
    struct stage2_entry entry;
    int error = -ENOENT;

    if (gfn >= GFN_LIMIT) {
        return -ENOENT;
    }
    spin_lock(&map->lock);
    entry = stage2_find(&map->stage2, ipa_of(gfn));
    if (entry.mapped && (entry.type == STAGE2_GRANT || entry.type == STAGE2_GRANT_RO) &&
        entry.to.v == page.v) {
        error = stage2_unmap(&map->stage2, ipa_of(gfn), PAGE_SIZE); /* Of a page alone: cannot fail. */
        if (page_owner(page) == map->owner) { /* A grant to itself: its hypercalls' arguments may be there. */
            physmap_wait_copies(map->owner);
        }
    }
    spin_unlock(&map->lock);
    return error;
}

bool physmap_drop_foreign(struct physmap *map)
{
    unsigned dropped = 0;
    bool all;

    spin_lock(&map->lock);
    map->closed = true;
    for (unsigned i = 0; i < SCAN_ENTRIES && dropped < DROP_PAGES && map->foreign_count != 0; i++) {
        struct stage2_entry entry = stage2_find(&map->stage2, ipa_of(map->next_foreign));
        uint64_t gfns = entry.bytes >> PAGE_SHIFT;

        if (entry.mapped && is_foreign(entry.type)) {
            (void)unmap_page(map, map->next_foreign, false); /* Of a page alone: cannot fail. */
            dropped++;
        }
        map->next_foreign = align_down(map->next_foreign, gfns) + gfns;
    }
    all = map->foreign_count == 0;
    spin_unlock(&map->lock);
    return all;
}

/* --- Populating
 * ----------------------------------------------------------------------------------------------- */

/* The page of a direct-mapped domain that it unmapped before, at its place again. When that was the last one
 * its block lacked, the block is made whole, a level in a stay: so that a domain which lends pages and gets
 * them back has the tables it had. */
static int populate_direct(struct physmap *map, uint64_t gfn) LOCK_REQUIRES(&map->lock)
{
    struct stage2_entry old = stage2_find(&map->stage2, ipa_of(gfn));
    pa_t page = pa(gfn << PAGE_SHIFT);
    int error = 0;

    if (page_owner(page) != map->owner) {
        return -EINVAL;
    }
    if (!old.mapped || !is_ram(old.type) || old.to.v != page.v) {
        error = map_page(map, gfn, page, STAGE2_RAM);
    } else if (old.bytes == PAGE_SIZE) {
        return 0;
    }
    return error == 0 && stage2_join(&map->stage2, ipa_of(gfn)) ? PHYSMAP_AGAIN : error;
}

/* The largest block that may stand at @gfn: aligned, no more than @pages, and nothing there before. */
static unsigned largest_order(uint64_t gfn, uint64_t pages, const struct stage2_entry *there)
{
    static const unsigned orders[] = {PAGE_ORDER_1G, PAGE_ORDER_2M};

    for (unsigned i = 0; i < ARRAY_COUNT(orders); i++) {
        uint64_t size = BIT64(orders[i]);

        if ((gfn & (size - 1)) == 0 && size <= pages && !there->mapped &&
            size << PAGE_SHIFT <= there->bytes) {
            return orders[i];
        }
    }
    return 0;
}

static void drop_raw(struct physmap *map) LOCK_REQUIRES(&map->lock)
{
    if (map->raw) {
        page_free(map->raw_block, map->raw_order, DOMID_HV);
        map->raw = false;
    }
}

/* A block of 2^@order pages, zero and written back; it waits in @map until it is all so. It is the
 * hypervisor's until then: nobody can use a page of it, which would split it. */
static int zeroed_block(struct physmap *map, unsigned order, pa_t *out) LOCK_REQUIRES(&map->lock)
{
    uint64_t part;
    int error;

    if (map->raw && map->raw_order != order) {
        drop_raw(map);
    }
    if (!map->raw) {
        error = page_alloc(order, DOMID_HV, &map->raw_block);
        if (error != 0) {
            return error;
        }
        map->raw = true;
        map->raw_order = order;
        map->raw_zeroed = 0;
    }
    part = min_u64(BIT64(order) - map->raw_zeroed, ZERO_PAGES);
    cache_zero_publish(mmu_direct(pa(map->raw_block.v + map->raw_zeroed * PAGE_SIZE)), part * PAGE_SIZE);
    map->raw_zeroed += part;
    if (map->raw_zeroed < BIT64(order)) {
        return PHYSMAP_AGAIN;
    }
    *out = map->raw_block;
    return 0;
}

static int populate(struct physmap *map, uint64_t gfn, uint64_t pages, uint64_t *done)
    LOCK_REQUIRES(&map->lock)
{
    struct stage2_entry there = stage2_find(&map->stage2, ipa_of(gfn));
    unsigned order = largest_order(gfn, pages, &there);
    uint64_t count = atomic_load(&map->page_count);
    pa_t block;
    int error;

    if (is_fixed(&there)) {
        return -EBUSY;
    }
    do { /* One, two or three rounds: smaller when there is none so large. */
        if (count > map->page_limit || BIT64(order) > map->page_limit - count) {
            error = -ENOMEM;
        } else {
            error = zeroed_block(map, order, &block);
        }
        if (error != -ENOMEM || order == 0) {
            break;
        }
        order = order == PAGE_ORDER_1G ? PAGE_ORDER_2M : 0;
    } while (true);
    if (error != 0) {
        return error;
    }
    if (order == 0) {
        error = map_page(map, gfn, block, STAGE2_RAM);
    } else {
        error = stage2_map(&map->stage2, ipa_of(gfn), block, PAGE_SIZE << order, STAGE2_RAM);
        map->top_gfn = error == 0 ? max_u64(map->top_gfn, gfn + BIT64(order) - 1) : map->top_gfn;
    }
    if (error == 0) {
        page_pass(block, order, DOMID_HV, map->owner);
        map->raw = false; /* It is the domain's RAM. */
        atomic_fetch_add(&map->page_count, BIT64(order));
        *done = BIT64(order);
    }
    return error;
}

int physmap_populate(struct physmap *map, uint64_t gfn, uint64_t pages, uint64_t *done)
{
    int error;

    spin_lock(&map->lock);
    if (gfn >= map->gfn_limit) {
        error = -EINVAL;
    } else if (map->direct_map) {
        *done = 1;
        error = populate_direct(map, gfn);
    } else {
        error = populate(map, gfn, pages, done);
    }
    if (error < 0) {
        drop_raw(map);
    }
    spin_unlock(&map->lock);
    return error;
}

/* --- The end
 * ------------------------------------------------------------------------------------------------- */

/* Give back what is at the next frame, with the block that it is a part of. */
static void end_block(struct physmap *map) LOCK_REQUIRES(&map->lock)
{
    struct stage2_entry entry = stage2_find(&map->stage2, ipa_of(map->next_to_end));
    uint64_t size = entry.bytes >> PAGE_SHIFT;
    uint64_t left = size - (map->next_to_end & (size - 1));

    ASSERT(!entry.mapped || !is_foreign(entry.type)); /* They were dropped before. */
    if (entry.mapped && is_ram(entry.type)) {
        uint64_t freed, pages = page_give_back_block(entry.to, map->owner, &freed);

        atomic_fetch_sub(&map->page_count, freed);
        left = min_u64(left, pages);
    }
    map->next_to_end += left;
}

bool physmap_end_some(struct physmap *map)
{
    bool done = false;

    spin_lock(&map->lock);
    map->closed = true;
    if (map->gfn_limit != 0) { /* Pages go from here on. */
        map->gfn_limit = 0;
        stage2_forget(&map->stage2);
    }
    drop_raw(map);
    if (map->next_to_end > map->top_gfn) {
        done = stage2_free_some(&map->stage2);
    }
    for (unsigned i = 0; i < END_BLOCKS && map->next_to_end <= map->top_gfn; i++) {
        end_block(map);
    }
    spin_unlock(&map->lock);
    return done;
}

void physmap_free(struct physmap *map)
{
    if (map->stage2.table.root.v != 0) {
        stage2_destroy(&map->stage2);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* pgtable.c - VMSAv8-64 translation tables, 4 KiB granule: map, unmap, translate; for EL2 and stage 2.
 *
 * Terms. An entry of level L covers size(L) bytes of input: 512 GiB, 1 GiB, 2 MiB, 4 KiB for L = 0 to 3. It
 * is empty (not valid), a leaf (a block, or a page at level 3) or a table. A table page holds 512 entries;
 * the root may be several table pages in a row, which read as one larger table.
 *
 * A range is changed run by run. A run is the longest stretch of leaves of one size, inside one table page:
 *
 *     input   |...............2 MiB...............|...............2 MiB...............|....2 MiB...
 *     range          [4K 4K 4K ... 4K 4K 4K 4K 4K ][2M                                 ][4K 4K ]
 *                     run 1, level 3                run 2, level 2                      run 3, level 3
 *
 * so a range has at most two runs a level and one more, except where input and output are not aligned alike:
 * then one run per 2 MiB. The first run that enters the stretch of an entry is the one that starts where the
 * stretch (or the range) starts; that is how tables_needed() counts each new table once without writing
 * anything.
 *
 * Pass 1 counts and allocates the tables that pass 2 will link in; it may fail. Pass 2 cannot fail. For each
 * entry that is valid and must differ: empty it, invalidate(), then store (break-before-make; Arm ARM
 * D5.10.1). So for a moment a running guest may find nothing there: whoever handles its fault looks the
 * address up again.
 *
 * Invariant: no table below the root is empty when a change is done, and the table pages linked in are just
 * those allocated.
 *
 * Locking: the caller serialises changes, and lookups with them: a table page may be freed under a lookup. */
#include "lib/pgtable.h"

#include "arch/barrier.h"
#include "lib/error.h"
#include "lib/panic.h"
#include "lib/pgtable_entry.h"

#define OUTPUT_BITS 48

/* Tables allocated by pass 1, each holding the next one's address in its first entry. */
struct spares {
    pa_t first;
    uint64_t count;
};

struct run {
    uint64_t input;
    unsigned level;
    unsigned count; /* Entries of @level from @input on. */
};

/* What happens to the range. */
struct change {
    uint64_t input;
    uint64_t output;
    uint64_t size_bytes;
    uint64_t attributes;
    bool unmap;
};

/* Free @top, a table of @level that is linked nowhere, and all tables below it. */
static void free_tree(const struct pgtable *t, pa_t top, unsigned level)
{
    struct path path = {{{0}}};
    unsigned next[LEAF_LEVEL + 1] = {0};
    unsigned at = level;

    path.table[at] = top;
    for (;;) { /* Each round moves on in a table, or enters or frees one: at most 513 rounds a table. */
        if (at == LEAF_LEVEL || next[at] == ENTRIES) {
            t->ops->free_table(t->context, path.table[at]);
            if (at == level) {
                return;
            }
            at--;
        } else {
            uint64_t entry = load(t->ops->table_at(t->context, path.table[at]) + next[at]);

            next[at]++;
            if (is_table(entry, at)) {
                at++;
                path.table[at] = address_in(entry);
                next[at] = 0;
            }
        }
    }
}

/* --- Pass 1
 * ------------------------------------------------------------------------------------------------- */

/* The run at @done bytes into the range: the largest leaves that fit, as many as there are in one table
 * page. */
static struct run run_at(const struct pgtable *t, const struct change *change, uint64_t done)
{
    uint64_t input = change->input + done;
    uint64_t left = change->size_bytes - done;
    uint64_t alignment = change->unmap ? input : input | (change->output + done);
    unsigned level = t->start_level;

    if (!change->unmap && level < PGTABLE_BLOCK_LEVEL) {
        level = PGTABLE_BLOCK_LEVEL;
    }
    while ((alignment & (size_of(level) - 1)) != 0 || left < size_of(level)) {
        level++; /* Ends: everything is aligned to LEAF_LEVEL. */
    }
    return (struct run){
        .input = input,
        .level = level,
        .count = (unsigned)min_u64(left >> shift_of(level), ENTRIES - (input >> shift_of(level)) % ENTRIES),
    };
}

/* The first entry on the way from the root to @run's level that is no table; its level in @level, @run's if
 * all are. */
static uint64_t find_end(const struct pgtable *t, const struct run *run, unsigned *level)
{
    pa_t table = t->root;

    for (*level = t->start_level; *level < run->level; (*level)++) {
        uint64_t entry = load(entry_at(t, table, *level, run->input));

        if (!is_table(entry, *level)) {
            return entry;
        }
        table = address_in(entry);
    }
    return 0;
}

/* Tables that the change links in: where a run's way ends early in an empty entry (not for unmap) or in a
 * block. */
static uint64_t tables_needed(const struct pgtable *t, const struct change *change)
{
    uint64_t needed = 0;

    for (uint64_t done = 0; done < change->size_bytes;) {
        struct run run = run_at(t, change, done);
        unsigned level;
        uint64_t entry = find_end(t, &run, &level);

        if (!change->unmap || (entry & PTE_VALID) != 0) {
            for (; level < run.level; level++) {
                bool first = done == 0 || (run.input & (size_of(level) - 1)) == 0;

                needed += first ? 1 : 0;
            }
        }
        done += run.count * size_of(run.level);
    }
    return needed;
}

/* Unlink one spare; the page is all zero again. */
static pa_t take_spare(const struct pgtable *t, struct spares *spares)
{
    pa_t table = spares->first;
    uint64_t *link = t->ops->table_at(t->context, table);

    ASSERT(spares->count != 0);
    spares->first = pa(*link);
    spares->count--;
    *link = 0;
    return table;
}

static int allocate_spares(const struct pgtable *t, uint64_t count, struct spares *spares)
{
    while (spares->count < count) {
        pa_t table;
        int error = t->ops->alloc_table(t->context, &table);

        if (error != 0) {
            while (spares->count != 0) {
                t->ops->free_table(t->context, take_spare(t, spares));
            }
            return error;
        }
        *t->ops->table_at(t->context, table) = spares->first.v;
        spares->first = table;
        spares->count++;
    }
    return 0;
}

/* --- Pass 2
 * ------------------------------------------------------------------------------------------------- */

/* Put a table in the place of @entry, empty or a block of @level: what the block mapped, the table then
 * maps. */
static pa_t link_table(const struct pgtable *t, uint64_t *entry, unsigned level, uint64_t input,
                       struct spares *spares)
{
    uint64_t old = load(entry);
    pa_t table = take_spare(t, spares);

    if ((old & PTE_VALID) != 0) {
        uint64_t *lower = t->ops->table_at(t->context, table);
        uint64_t value = leaf_entry(address_in(old).v, attributes_in(old), level + 1);

#pragma GCC unroll 4
        for (unsigned i = 0; i < ENTRIES; i++) { /* The longest loop of a change of one page. */
            store(&lower[i], value);
            value += size_of(level + 1);
        }
        break_entry(t, entry, level, input);
    }
    barrier_dmb_ish(); /* The table's content before its address: pairs with the address dependency of the
                          table walk. */
    store(entry, table.v | PTE_VALID | PTE_TABLE);
    return table;
}

/* Go down to @run's level, linking tables in as planned; tables passed are in @path. False: unmap found
 * nothing there. */
static bool descend(const struct pgtable *t, const struct change *change, const struct run *run,
                    struct spares *spares, struct path *path)
{
    pa_t table = t->root;

    for (unsigned level = t->start_level; level < run->level; level++) {
        uint64_t *entry = entry_at(t, table, level, run->input);
        uint64_t value = load(entry);

        path->table[level] = table;
        if (is_table(value, level)) {
            table = address_in(value);
        } else if (change->unmap && (value & PTE_VALID) == 0) {
            return false;
        } else {
            table = link_table(t, entry, level, run->input, spares);
        }
    }
    path->table[run->level] = table;
    return true;
}

/* Give one entry its new value, 0 for none. */
static void replace(const struct pgtable *t, uint64_t *entry, unsigned level, uint64_t input, uint64_t value)
{
    uint64_t old = load(entry);

    if (old == value) {
        return;
    }
    if ((old & PTE_VALID) != 0) {
        break_entry(t, entry, level, input);
        if (is_table(old, level)) {
            free_tree(t, address_in(old), level + 1);
        }
    }
    if (value != 0) {
        store(entry, value);
    }
}

static bool is_empty(const uint64_t *entry)
{
    return (load(entry) & PTE_VALID) == 0;
}

#define AT_ONCE 32u

/* Valid bits of so many entries in a row, together. Only the caller changes them, so that they may be read in
 * pairs. */
static uint64_t any_valid(const uint64_t *e)
{
    uint64_t any = 0;

#pragma GCC unroll 32
    for (unsigned i = 0; i < AT_ONCE; i++) {
        any |= e[i];
    }
    return any & PTE_VALID;
}

/* Has @table no valid entry? @changed is one that was emptied just now: those beside it are looked at first,
 * as ranges are mostly unmapped upwards or downwards. */
static bool table_empty(const struct pgtable *t, pa_t table, unsigned changed)
{
    const uint64_t *entries = t->ops->table_at(t->context, table);

    if (!is_empty(&entries[(changed + ENTRIES - 1) % ENTRIES]) ||
        !is_empty(&entries[(changed + 1) % ENTRIES])) {
        return false;
    }
    for (unsigned i = 0; i < ENTRIES; i += AT_ONCE) {
        if (any_valid(&entries[i]) != 0) {
            return false;
        }
    }
    return true;
}

/* Free the tables on the way to @run that hold nothing any more, from the bottom up. */
static void prune(const struct pgtable *t, const struct run *run, const struct path *path)
{
    unsigned last = run->count - 1;

    for (unsigned level = run->level; level > t->start_level; level--) {
        uint64_t changed = (run->input >> shift_of(level)) + last;

        if (!table_empty(t, path->table[level], (unsigned)(changed % ENTRIES))) {
            return;
        }
        last = 0;
        break_entry(t, entry_at(t, path->table[level - 1], level - 1, run->input), level - 1, run->input);
        t->ops->free_table(t->context, path->table[level]);
    }
}

static void commit_run(const struct pgtable *t, const struct change *change, const struct run *run,
                       struct spares *spares)
{
    struct path path = {{{0}}};
    uint64_t output = change->output + (run->input - change->input);
    uint64_t step = size_of(run->level);
    uint64_t *entries;

    if (!descend(t, change, run, spares, &path)) {
        return;
    }
    entries = entry_at(t, path.table[run->level], run->level, run->input);
    for (unsigned i = 0; i < run->count; i++) {
        uint64_t value = change->unmap ? 0 : leaf_entry(output + i * step, change->attributes, run->level);

        replace(t, &entries[i], run->level, run->input + i * step, value);
    }
    if (change->unmap) {
        prune(t, run, &path);
    }
}

static bool range_valid(const struct pgtable *t, const struct change *change)
{
    uint64_t limit = UINT64_C(1) << t->input_bits;
    uint64_t output_limit = UINT64_C(1) << OUTPUT_BITS;

    return ((change->input | change->output | change->size_bytes) & PAGE_MASK) == 0 &&
           change->size_bytes != 0 && change->input < limit && change->size_bytes <= limit - change->input &&
           change->output < output_limit && change->size_bytes <= output_limit - change->output &&
           (change->attributes & (PTE_ADDR_MASK | PTE_VALID | PTE_TABLE)) == 0;
}

static int apply(const struct pgtable *t, const struct change *change)
{
    struct spares spares = {.first = {0}, .count = 0};
    int error;

    if (!range_valid(t, change)) {
        return -EINVAL;
    }
    error = allocate_spares(t, tables_needed(t, change), &spares);
    if (error != 0) {
        return error;
    }
    for (uint64_t done = 0; done < change->size_bytes;) {
        struct run run = run_at(t, change, done);

        commit_run(t, change, &run, &spares);
        done += run.count * size_of(run.level);
    }
    ASSERT(spares.count == 0);
    barrier_dsb_ish(); /* The new entries are seen by every table walk that begins after this. */
    return 0;
}

int pgtable_map(struct pgtable *table, uint64_t input, pa_t output, uint64_t size_bytes, uint64_t attributes)
{
    struct change change = {
        .input = input,
        .output = output.v,
        .size_bytes = size_bytes,
        .attributes = attributes,
        .unmap = false,
    };

    return apply(table, &change);
}

int pgtable_unmap(struct pgtable *table, uint64_t input, uint64_t size_bytes)
{
    struct change change = {.input = input, .size_bytes = size_bytes, .unmap = true};

    return apply(table, &change);
}

int pgtable_lookup(const struct pgtable *table, uint64_t input, pa_t *output, uint64_t *attributes,
                   uint64_t *block_bytes)
{
    pa_t at = table->root;

    if (input >> table->input_bits != 0) {
        return -ENOENT;
    }
    for (unsigned level = table->start_level; level <= LEAF_LEVEL; level++) {
        uint64_t entry = load(entry_at(table, at, level, input));

        if ((entry & PTE_VALID) == 0) {
            if (block_bytes != NULL) {
                *block_bytes = size_of(level);
            }
            return -ENOENT;
        }
        at = address_in(entry);
        if (!is_table(entry, level)) {
            if (output != NULL) {
                *output = pa(at.v + (input & (size_of(level) - 1)));
            }
            if (attributes != NULL) {
                *attributes = attributes_in(entry);
            }
            if (block_bytes != NULL) {
                *block_bytes = size_of(level);
            }
            return 0;
        }
    }
    return -ENOENT; /* Not reached: level 3 has no tables. */
}

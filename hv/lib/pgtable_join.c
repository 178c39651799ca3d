/* SPDX-License-Identifier: Apache-2.0 */
/* pgtable_join.c - a table whose entries say what one block would goes, and the block takes its place. */
#include "arch/barrier.h"
#include "lib/pgtable.h"
#include "lib/pgtable_entry.h"

#define AT_ONCE 4u /* Entries compared before a branch. */

/* How four leaves in a row differ from those that begin with @first. */
static uint64_t difference(const uint64_t *entries, uint64_t first, uint64_t size)
{
    return (load(&entries[0]) ^ first) | (load(&entries[1]) ^ (first + size)) |
           (load(&entries[2]) ^ (first + 2 * size)) | (load(&entries[3]) ^ (first + 3 * size));
}

/* Does @table, of @level, map without a gap what one leaf of the level above can? The entries beside that of
 * @input are looked at first: mostly a stretch becomes whole upwards or downwards. */
static bool is_one_block(const struct pgtable *t, pa_t table, unsigned level, uint64_t input)
{
    const uint64_t *entries = t->ops->table_at(t->context, table);
    uint64_t size = size_of(level), first = load(&entries[0]);
    unsigned changed = (unsigned)(input >> shift_of(level)) % ENTRIES;
    unsigned before = changed != 0 ? changed - 1 : 0, behind = changed + 1 < ENTRIES ? changed + 1 : changed;

    if ((first & PTE_VALID) == 0 || is_table(first, level) ||
        (address_in(first).v & (size_of(level - 1) - 1)) != 0 ||
        load(&entries[before]) != first + before * size || load(&entries[behind]) != first + behind * size) {
        return false;
    }
    for (unsigned i = 0; i < ENTRIES; i += AT_ONCE) {
        if (difference(&entries[i], first + i * size, size) != 0) {
            return false;
        }
    }
    return true;
}

bool pgtable_join(struct pgtable *table, uint64_t input)
{
    pa_t at = table->root;
    uint64_t *entry = NULL, first;
    unsigned level = table->start_level;

    if (input >> table->input_bits != 0) {
        return false;
    }
    for (; level < LEAF_LEVEL; level++) { /* To the lowest table on the way; @entry is the one it hangs on. */
        uint64_t *next = entry_at(table, at, level, input);

        if (!is_table(load(next), level)) {
            break;
        }
        entry = next;
        at = address_in(load(next));
    }
    if (entry == NULL || level - 1 < PGTABLE_BLOCK_LEVEL || !is_one_block(table, at, level, input)) {
        return false;
    }
    first = load(table->ops->table_at(table->context, at));

    break_entry(table, entry, level - 1, input);
    store(entry, leaf_entry(address_in(first).v, attributes_in(first), level - 1));
    barrier_dsb_ish(); /* The block is seen by every table walk that begins after this. */
    table->ops->free_table(table->context, at);
    return true;
}

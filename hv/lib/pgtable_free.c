/* SPDX-License-Identifier: Apache-2.0 */
/* pgtable_free.c - all tables go, piece by piece. */
#include "lib/pgtable.h"
#include "lib/pgtable_entry.h"

/* Empty the lowest entry at @from that is not a way to other tables but those of the last level, and free the
 * tables that end behind it. Returns where to go on. */
static uint64_t free_step(struct pgtable *t, uint64_t from)
{
    struct path path = {{{0}}};
    unsigned level = t->start_level;
    uint64_t *entry, old, next;

    path.table[level] = t->root;
    entry = entry_at(t, t->root, level, from);
    while (is_table(load(entry), level) && level + 1 < LEAF_LEVEL) {
        level++;
        path.table[level] = address_in(load(entry));
        entry = entry_at(t, path.table[level], level, from);
    }
    old = load(entry);
    store(entry, 0);
    if (is_table(old, level)) {
        t->ops->free_table(t->context, address_in(old));
    }
    next = align_down(from, size_of(level)) + size_of(level);
    for (; level > t->start_level && (next & (size_of(level - 1) - 1)) == 0; level--) {
        store(entry_at(t, path.table[level - 1], level - 1, from), 0);
        t->ops->free_table(t->context, path.table[level]);
    }
    return next;
}

bool pgtable_free_some(struct pgtable *table, uint64_t *from, unsigned steps)
{
    /* The last table may reach further than the input. */
    uint64_t limit = align_up(UINT64_C(1) << table->input_bits, size_of(table->start_level));

    for (unsigned i = 0; i < steps && *from < limit; i++) {
        *from = free_step(table, *from);
    }
    return *from >= limit;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* pgtable_entry.h - entries of translation tables and the way to them, for the files pgtable*.c alone. */
#ifndef LIB_PGTABLE_ENTRY_H
#define LIB_PGTABLE_ENTRY_H

#include "lib/pgtable.h"

#define LEAF_LEVEL 3u
#define ENTRIES 512u
#define PGTABLE_BLOCK_LEVEL 1u /* The first with blocks: the 4 KiB granule has none of 512 GiB. */

/* Tables from the root down to an entry. */
struct path {
    pa_t table[LEAF_LEVEL + 1];
};

static inline unsigned shift_of(unsigned level)
{
    return PAGE_SHIFT + 9 * (LEAF_LEVEL - level);
}

static inline uint64_t size_of(unsigned level)
{
    return UINT64_C(1) << shift_of(level);
}

static inline bool is_table(uint64_t entry, unsigned level)
{
    return level < LEAF_LEVEL && (entry & (PTE_VALID | PTE_TABLE)) == (PTE_VALID | PTE_TABLE);
}

static inline pa_t address_in(uint64_t entry)
{
    return pa(entry & PTE_ADDR_MASK);
}

static inline uint64_t leaf_entry(uint64_t output, uint64_t attributes, unsigned level)
{
    return output | attributes | PTE_VALID | (level == LEAF_LEVEL ? PTE_TABLE : 0);
}

static inline uint64_t attributes_in(uint64_t leaf)
{
    return leaf & ~(PTE_ADDR_MASK | PTE_VALID | PTE_TABLE);
}

/* The table walker of the MMU reads entries at any time: each is loaded and stored whole. */
static inline uint64_t load(const uint64_t *entry)
{
    return __atomic_load_n(entry, __ATOMIC_RELAXED);
}

static inline void store(uint64_t *entry, uint64_t value)
{
    __atomic_store_n(entry, value, __ATOMIC_RELAXED);
}

/* The entry for @input in @table, which is of @level; the root's higher pages follow its first. */
static inline uint64_t *entry_at(const struct pgtable *t, pa_t table, unsigned level, uint64_t input)
{
    uint64_t index = input >> shift_of(level);
    uint64_t page = level == t->start_level ? index / ENTRIES : 0;

    return t->ops->table_at(t->context, pa(table.v + page * PAGE_SIZE)) + index % ENTRIES;
}

/* Make a valid entry of @level empty, and wait until nobody can use it. */
static inline void break_entry(const struct pgtable *t, uint64_t *entry, unsigned level, uint64_t input)
{
    store(entry, 0);
    t->ops->invalidate(t->context, align_down(input, size_of(level)), size_of(level));
}

#endif

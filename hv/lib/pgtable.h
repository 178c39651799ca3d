/* SPDX-License-Identifier: Apache-2.0 */
/* pgtable.h - VMSAv8-64 translation tables, 4 KiB granule, for EL2 stage 1 and stage 2 alike: what differs
 * stands in the attribute bits and the root. Pure: memory comes from callbacks. Source: Arm ARM (DDI 0487)
 * D5.3. A change is two passes: all table pages it needs are allocated first (may fail, changes nothing),
 * then entries are written. */
#ifndef LIB_PGTABLE_H
#define LIB_PGTABLE_H

#include "lib/types.h"

/* Valid bit, table/page bit, output address. Everything else in an entry is the caller's attributes. */
#define PTE_VALID BIT64(0)
#define PTE_TABLE BIT64(1) /* Levels 0-2: next table; level 3: must be 1. */
#define PTE_ADDR_MASK MASK64(47, 12)

struct pgtable_ops {
    /* One zeroed page for a table, owner known to @context. Returns 0 or -ENOMEM. */
    int (*alloc_table)(void *context, pa_t *out);
    void (*free_table)(void *context, pa_t table);
    /* A pointer through which the table page at @table can be read and written. */
    uint64_t *(*table_at)(void *context, pa_t table);
    /* An entry that covers @input_addr was valid and has been made invalid: forget it in all TLBs before the
     * next store (break-before-make), @size_bytes being what the entry covered. */
    void (*invalidate)(void *context, uint64_t input_addr, uint64_t size_bytes);
};

struct pgtable {
    pa_t root;            /* 2^root_order concatenated pages, zeroed by the owner. */
    unsigned start_level; /* 0, 1 or 2. */
    /* Size of the input: 12 + 9 * (4 - start_level), up to 4 bits more (concatenated root), or fewer. */
    unsigned input_bits;
    const struct pgtable_ops *ops;
    void *context;
};

/* Map [input, input + size) to @output with @attributes (entry bits but type and address), 4 KiB aligned,
 * with the largest blocks that fit (1 GiB, 2 MiB). Replaces what was mapped there, break-before-make: for a
 * moment nothing is. Entries that already say so are left alone. Ends with a dsb; whoever runs on these
 * tables itself adds the isb. Returns 0, -EINVAL (also for no size, an address beyond the input or 48 bits, a
 * type or address bit in @attributes), -ENOMEM (nothing changed). */
int pgtable_map(struct pgtable *table, uint64_t input, pa_t output, uint64_t size_bytes, uint64_t attributes);

/* Remove every mapping in [input, input + size); blocks that stick out are split. Empty tables are freed.
 * Returns 0, -EINVAL, or -ENOMEM when a split needs a page (nothing changed). */
int pgtable_unmap(struct pgtable *table, uint64_t input, uint64_t size_bytes);

/* Translate; not beside a change. Returns 0 with @output (byte exact), @attributes and @block_bytes (the
 * mapping's size), each may be NULL; -ENOENT, and @block_bytes is what the empty entry covers. */
int pgtable_lookup(const struct pgtable *table, uint64_t input, pa_t *output, uint64_t *attributes,
                   uint64_t *block_bytes);

/* Where the lowest table on the way to @input maps what one block would, put the block there,
 * break-before-make, and free the table. One level at a time; @input is what was mapped last. Returns whether
 * it did. */
bool pgtable_join(struct pgtable *table, uint64_t input);

/* Free some of the tables below the root, and empty the root (not freed): @steps entries or tables from @from
 * on, which starts at 0. Returns whether all is done. Nothing is invalidated and nothing is mapped meanwhile:
 * nothing may use the tables any more. */
bool pgtable_free_some(struct pgtable *table, uint64_t *from, unsigned steps);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* page_pool.h - the frame table's words and the pool, for page_alloc.c (which has the theory) and page_use.c.
 */
#ifndef BASE_PAGE_POOL_H
#define BASE_PAGE_POOL_H

#include <stdatomic.h>

#include "base/page_alloc.h"

#define ORDER_COUNT (PAGE_ORDER_MAX + 1)

#define STATE_MASK UINT64_C(3)
#define STATE_FREE UINT64_C(1)
#define STATE_OWNED UINT64_C(2)
#define ORDER_LOW 2
#define ORDER_HIGH 6
#define OWNER_LOW 7
#define OWNER_HIGH 22
#define GIVEN BIT64(23)
#define USE_ONE BIT64(24)
#define USES_LOW 24
#define USES_HIGH 55
#define NEXT_LOW 7
#define NEXT_HIGH 34
#define PREV_LOW 35
#define PREV_HIGH 62
#define INDEX_NONE (MASK64(27, 0)) /* No block: 2^28 - 1. Frames are fewer. */

struct page {
    _Atomic uint64_t word;
};

struct page_pool {
    struct spinlock lock;
    struct page *table;
    uint64_t first_frame; /* The frame of table[0]. */
    uint64_t page_count;
    uint32_t nonempty;
    uint64_t list[ORDER_COUNT]; /* Table index of the first free block, INDEX_NONE when there is none. */
    uint64_t free_pages;
    uint64_t total_pages;
};

extern struct page_pool page_pool;

static inline uint64_t pages_of(unsigned order)
{
    return UINT64_C(1) << order;
}

static inline uint64_t word_at(uint64_t index)
{
    return atomic_load_explicit(&page_pool.table[index].word, memory_order_relaxed);
}

static inline void set_word(uint64_t index, uint64_t word)
{
    atomic_store_explicit(&page_pool.table[index].word, word, memory_order_relaxed);
}

static inline uint64_t make_free(unsigned order, uint64_t next, uint64_t prev)
{
    return STATE_FREE | (uint64_t)order << ORDER_LOW | next << NEXT_LOW | prev << PREV_LOW;
}

static inline uint64_t make_owned(unsigned order, uint16_t owner)
{
    return STATE_OWNED | (uint64_t)order << ORDER_LOW | (uint64_t)owner << OWNER_LOW;
}

static inline unsigned order_in(uint64_t word)
{
    return (unsigned)bits_get(word, ORDER_HIGH, ORDER_LOW);
}

static inline uint64_t next_in(uint64_t word)
{
    return bits_get(word, NEXT_HIGH, NEXT_LOW);
}

static inline uint64_t prev_in(uint64_t word)
{
    return bits_get(word, PREV_HIGH, PREV_LOW);
}

static inline uint16_t owner_in(uint64_t word)
{
    return (uint16_t)bits_get(word, OWNER_HIGH, OWNER_LOW);
}

static inline bool is_owned(uint64_t word)
{
    return (word & STATE_MASK) == STATE_OWNED;
}

/* The word of the block that the page at @index is in, and its head in @head; 0 for none. */
uint64_t page_find_block(uint64_t index, uint64_t *head);

/* Put a block, whose word is zero or OWNED, among the free ones, joined with its buddy as long as that is
 * free too. */
void page_insert_block(uint64_t index, unsigned order) LOCK_REQUIRES(&page_pool.lock);

#endif

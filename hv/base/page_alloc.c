/* SPDX-License-Identifier: Apache-2.0 */
/* page_alloc.c - physical pages: a binary buddy allocator whose frame table also says who owns each page.
 *
 * Terms. A frame is a page's number: its address / 4 KiB. A block is 2^order frames, naturally aligned, order
 * 0 to 18; its head is its lowest frame. The frame table has one 64-bit word a frame, and only the heads'
 * words are not zero:
 *
 *     frame   0     1     2     3     4     5     6     7     8
 *            |FREE 2                 |OWNED |OWNED |FREE 1     |  a hole or another block
 *     word    f,2   0     0     0     o,0    o,0    f,1   0
 *
 *             63   62          35 34           7 6     2 1   0
 *     FREE   | 0  | previous     | next         | order | 1   |   links: table indices in the order's list
 *     OWNED  | 0 | uses 55    24 | given 23 | owner 22 7 | order | 2 |   uses, given: page_use.c
 *
 * A page's block is found by trying the head it would have at each order: the first non-zero word whose order
 * reaches so far is it, as blocks do not overlap.
 *
 * Reading without the lock. Words are loaded and stored whole, and a block that is owned is only ever split
 * until it is free. A split writes the upper half's word before it makes the lower half's smaller; who looks
 * in between may find no block for a page of the upper half, and looks again under the lock. So page_owner()
 * takes the lock only when it finds nothing, and no page answers with a wrong owner on the way.
 *
 * Invariants: a FREE block is in the list of its order, once; no two FREE buddies of one order below 18; bit
 * n of nonempty is set when list n has a block; only OWNED blocks of order 0 have uses or are given, and a
 * given one has uses. All is guarded by the lock; only words are read without. */
#include "base/page_alloc.h"

#include "base/page_pool.h"
#include "lib/error.h"
#include "lib/lock_rank.h"
#include "lib/panic.h"

struct page_pool page_pool;

static bool is_free_of(uint64_t index, unsigned order)
{
    uint64_t word = word_at(index);

    return (word & STATE_MASK) == STATE_FREE && order_in(word) == order;
}

/* --- Free lists: lock held, or the boot CPU alone
 * ------------------------------------------------------------ */

static void list_push(uint64_t index, unsigned order) LOCK_REQUIRES(&page_pool.lock)
{
    uint64_t next = page_pool.list[order];

    if (next != INDEX_NONE) {
        set_word(next, make_free(order, next_in(word_at(next)), index));
    }
    set_word(index, make_free(order, next, INDEX_NONE));
    page_pool.list[order] = index;
    page_pool.nonempty |= BIT32(order);
}

/* Unlink a free block. Its word is left to the caller, who says what becomes of it. */
static void list_take(uint64_t index, unsigned order) LOCK_REQUIRES(&page_pool.lock)
{
    uint64_t word = word_at(index);
    uint64_t next = next_in(word), prev = prev_in(word);

    if (next != INDEX_NONE) {
        set_word(next, make_free(order, next_in(word_at(next)), prev));
    }
    if (prev != INDEX_NONE) {
        set_word(prev, make_free(order, next, prev_in(word_at(prev))));
        return;
    }
    page_pool.list[order] = next;
    if (next == INDEX_NONE) {
        page_pool.nonempty &= ~BIT32(order);
    }
}

void page_insert_block(uint64_t index, unsigned order) LOCK_REQUIRES(&page_pool.lock)
{
    set_word(index, 0);
    for (; order < PAGE_ORDER_MAX; order++) {
        uint64_t frame = page_pool.first_frame + index;
        uint64_t buddy =
            (frame ^ pages_of(order)) - page_pool.first_frame; /* Below the table: wraps, so too large. */

        if (buddy >= page_pool.page_count || !is_free_of(buddy, order)) {
            break;
        }
        list_take(buddy, order);
        set_word(buddy, 0);
        index = min_u64(index, buddy);
    }
    list_push(index, order);
}

/* --- Boot
 * ----------------------------------------------------------------------------------------------------- */

size_t page_table_bytes(uint64_t page_count)
{
    return page_count * sizeof(struct page);
}

void page_pool_init(struct page *table, pa_t base, uint64_t page_count)
{
    ASSERT((base.v & PAGE_MASK) == 0);
    if (page_count >= INDEX_NONE) {
        panic("RAM from 0x%llx on spans %llu GiB, at most 1023 can be managed: remove high banks in /memory",
              (unsigned long long)base.v, (unsigned long long)(page_count >> (30 - PAGE_SHIFT)));
    }
    spin_init(&page_pool.lock, LOCK_RANK_PAGES);
    page_pool.table = table;
    page_pool.first_frame = base.v >> PAGE_SHIFT;
    page_pool.page_count = page_count;
    page_pool.nonempty = 0;
    page_pool.free_pages = 0;
    page_pool.total_pages = 0;
    for (unsigned order = 0; order < ORDER_COUNT; order++) {
        page_pool.list[order] = INDEX_NONE;
    }
}

/* The frame rounded down to each order in turn: of its bits below the largest order the lowest that is set is
 * cleared. */
uint64_t page_find_block(uint64_t index, uint64_t *head)
{
    const struct page *table = page_pool.table;
    const uint64_t bits = (page_pool.first_frame + index) & (pages_of(PAGE_ORDER_MAX) - 1);
    int64_t at = (int64_t)index;

    for (uint64_t left = bits; at >= 0; at = (int64_t)(index - bits + left)) {
        uint64_t word = atomic_load_explicit(&table[at].word, memory_order_relaxed);

        if (word != 0 && bits - left < pages_of(order_in(word))) {
            *head = (uint64_t)at;
            return word;
        }
        if (left == 0) {
            break;
        }
        left &= left - 1;
    }
    return 0;
}

static uint64_t find_word(uint64_t index)
{
    uint64_t head;

    return page_find_block(index, &head);
}

/* The largest block that may start at @frame and is at most @left pages. */
static unsigned fitting_order(uint64_t frame, uint64_t left)
{
    unsigned order = 0;

    while (order < PAGE_ORDER_MAX && (frame & pages_of(order)) == 0 && pages_of(order + 1) <= left) {
        order++;
    }
    return order;
}

void page_pool_add(pa_t start, uint64_t size_bytes)
{
    uint64_t index = (start.v >> PAGE_SHIFT) - page_pool.first_frame;
    uint64_t left = size_bytes >> PAGE_SHIFT;

    ASSERT((start.v & PAGE_MASK) == 0);
    ASSERT(index <= page_pool.page_count && left <= page_pool.page_count - index);
    spin_lock(&page_pool.lock);
    page_pool.total_pages += left;
    page_pool.free_pages += left;
    while (left != 0) { /* At most two blocks an order, and the gigabytes between. */
        unsigned order = fitting_order(page_pool.first_frame + index, left);
        uint64_t end = index + pages_of(order);

        ASSERT(find_word(index) == 0 && find_word(end - 1) == 0); /* Not there yet. */
        page_insert_block(index, order);
        left -= end - index;
        index = end;
    }
    spin_unlock(&page_pool.lock);
}

/* --- Any time
 * ------------------------------------------------------------------------------------------------- */

int page_alloc(unsigned order, uint16_t owner, pa_t *out)
{
    uint32_t fitting;
    unsigned at;
    uint64_t index;

    if (order > PAGE_ORDER_MAX) {
        return -EINVAL;
    }
    ASSERT(owner != DOMID_NONE);
    spin_lock(&page_pool.lock);
    fitting = page_pool.nonempty >> order;
    if (fitting == 0) {
        spin_unlock(&page_pool.lock);
        return -ENOMEM;
    }
    at = order + (unsigned)__builtin_ctz(fitting);
    index = page_pool.list[at];
    list_take(index, at);
    while (at > order) { /* Keep the lower half, free the upper one. */
        at--;
        list_push(index + pages_of(at), at);
    }
    set_word(index, make_owned(order, owner));
    page_pool.free_pages -= pages_of(order);
    spin_unlock(&page_pool.lock);
    *out = pa((page_pool.first_frame + index) << PAGE_SHIFT);
    return 0;
}

/* Unlink the free block at @block, of @from_order, and free all of it again but the 2^@order pages at @index.
 */
static void split_around(uint64_t block, unsigned from_order, uint64_t index, unsigned order)
    LOCK_REQUIRES(&page_pool.lock)
{
    list_take(block, from_order);
    set_word(block, 0);
    while (from_order > order) {
        uint64_t upper;

        from_order--;
        upper = block + pages_of(from_order);
        if (index < upper) {
            list_push(upper, from_order);
        } else {
            list_push(block, from_order);
            block = upper;
        }
    }
}

int page_alloc_at(pa_t start, unsigned order, uint16_t owner)
{
    uint64_t index = (start.v >> PAGE_SHIFT) - page_pool.first_frame;
    uint64_t word, block = 0;
    bool free;

    if (order > PAGE_ORDER_MAX || (start.v & ((PAGE_SIZE << order) - 1)) != 0) {
        return -EINVAL;
    }
    ASSERT(owner != DOMID_NONE);
    spin_lock(&page_pool.lock);
    word = index < page_pool.page_count ? page_find_block(index, &block) : 0;
    free = (word & STATE_MASK) == STATE_FREE && order_in(word) >= order;
    if (free) {
        split_around(block, order_in(word), index, order);
        set_word(index, make_owned(order, owner));
        page_pool.free_pages -= pages_of(order);
    }
    spin_unlock(&page_pool.lock);
    return free ? 0 : -EBUSY;
}

bool page_next_free(pa_t from, pa_t end, pa_t *start, uint64_t *size_bytes)
{
    uint64_t low = max_u64((from.v + PAGE_MASK) >> PAGE_SHIFT, page_pool.first_frame);
    uint64_t high = min_u64(end.v >> PAGE_SHIFT, page_pool.first_frame + page_pool.page_count);
    uint64_t first = 0, pages = 0, frame = low;

    while (frame < high) {
        uint64_t index = frame - page_pool.first_frame, block = index, word = page_find_block(index, &block);
        uint64_t next = page_pool.first_frame + (word != 0 ? block + pages_of(order_in(word)) : index + 1);

        if ((word & STATE_MASK) == STATE_FREE) {
            first = pages == 0 ? index : first;
            pages += min_u64(next, high) - frame;
        } else if (pages != 0) {
            break;
        }
        frame = next;
    }
    *start = pa((page_pool.first_frame + first) << PAGE_SHIFT);
    *size_bytes = pages << PAGE_SHIFT;
    return pages != 0;
}

void page_free(pa_t start, unsigned order, uint16_t owner)
{
    uint64_t index = (start.v >> PAGE_SHIFT) - page_pool.first_frame;

    ASSERT((start.v & PAGE_MASK) == 0 && index < page_pool.page_count);
    spin_lock(&page_pool.lock);
    ASSERT(word_at(index) == make_owned(order, owner));
    page_insert_block(index, order);
    page_pool.free_pages += pages_of(order);
    spin_unlock(&page_pool.lock);
}

void page_pass(pa_t start, unsigned order, uint16_t from, uint16_t to)
{
    uint64_t index = (start.v >> PAGE_SHIFT) - page_pool.first_frame;

    ASSERT((start.v & PAGE_MASK) == 0 && index < page_pool.page_count && to != DOMID_NONE);
    spin_lock(&page_pool.lock);
    ASSERT(word_at(index) == make_owned(order, from));
    (void)from;
    set_word(index, make_owned(order, to));
    spin_unlock(&page_pool.lock);
}

void page_free_owned(uint16_t owner)
{
    for (uint64_t index = 0; index < page_pool.page_count;) {
        uint64_t word = word_at(index);
        unsigned order = word != 0 ? order_in(word) : 0;

        if (is_owned(word) && owner_in(word) == owner && (word & GIVEN) == 0) {
            pa_t at = pa((page_pool.first_frame + index) << PAGE_SHIFT);

            if (order == 0) {
                (void)page_give_back(at, owner);
            } else {
                page_free(at, order, owner);
            }
        }
        index += pages_of(order);
    }
}

uint16_t page_owner(pa_t addr)
{
    uint64_t index = (addr.v >> PAGE_SHIFT) - page_pool.first_frame;
    uint64_t word = 0;

    if (index < page_pool.page_count) {
        word = find_word(index);
        if (word == 0) { /* Not RAM, or its block is being split. */
            spin_lock(&page_pool.lock);
            word = find_word(index);
            spin_unlock(&page_pool.lock);
        }
    }
    return is_owned(word) ? owner_in(word) : DOMID_NONE;
}

/* --- Reports
 * -------------------------------------------------------------------------------------------------- */

uint64_t page_top_frame(void)
{
    return page_pool.first_frame + page_pool.page_count; /* Fixed since boot. */
}

uint64_t page_free_bytes(void)
{
    uint64_t pages;

    spin_lock(&page_pool.lock);
    pages = page_pool.free_pages;
    spin_unlock(&page_pool.lock);
    return pages << PAGE_SHIFT;
}

uint64_t page_total_bytes(void)
{
    return page_pool.total_pages << PAGE_SHIFT; /* Fixed since boot. */
}

uint64_t page_owned_bytes(uint16_t owner)
{
    uint64_t pages = 0;

    for (uint64_t index = 0; index < page_pool.page_count;) {
        uint64_t word = word_at(index);
        uint64_t size = word != 0 ? pages_of(order_in(word)) : 1;

        if (is_owned(word) && owner_in(word) == owner) {
            pages += size;
        }
        index += size;
    }
    return pages << PAGE_SHIFT;
}

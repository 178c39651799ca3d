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
 *     OWNED  | 0 | uses 55    24 | given 23 | owner 22 7 | order | 2 |
 *
 * A page's block is found by trying the head it would have at each order: the first non-zero word whose order
 * reaches so far is it, as blocks do not overlap.
 *
 * Uses. A page may be in use by somebody who does not own it: another domain maps it, or EL2 itself has to do
 * with it beyond one call. Each of them counts in "uses". The owner may give a page back meanwhile ("given");
 * then it is nobody's to use any more, and free as soon as the last use ends. A page can be used or given
 * back alone: its block is split then, down to a block of this one page, and stays so until it is free.
 *
 *     owned 0 uses --page_get--> owned n uses --page_give_back--> given n uses --page_put (last)--> FREE
 *           \--page_give_back---------------------------------------------------------------------^
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

#include <stdatomic.h>

#include "arch/barrier.h"
#include "lib/error.h"
#include "lib/lock_rank.h"
#include "lib/panic.h"

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

static struct page_pool pool;

static uint64_t pages_of(unsigned order)
{
    return UINT64_C(1) << order;
}

static uint64_t word_at(uint64_t index)
{
    return atomic_load_explicit(&pool.table[index].word, memory_order_relaxed);
}

static void set_word(uint64_t index, uint64_t word)
{
    atomic_store_explicit(&pool.table[index].word, word, memory_order_relaxed);
}

static uint64_t make_free(unsigned order, uint64_t next, uint64_t prev)
{
    return STATE_FREE | (uint64_t)order << ORDER_LOW | next << NEXT_LOW | prev << PREV_LOW;
}

static uint64_t make_owned(unsigned order, uint16_t owner)
{
    return STATE_OWNED | (uint64_t)order << ORDER_LOW | (uint64_t)owner << OWNER_LOW;
}

static unsigned order_in(uint64_t word)
{
    return (unsigned)bits_get(word, ORDER_HIGH, ORDER_LOW);
}

static uint64_t next_in(uint64_t word)
{
    return bits_get(word, NEXT_HIGH, NEXT_LOW);
}

static uint64_t prev_in(uint64_t word)
{
    return bits_get(word, PREV_HIGH, PREV_LOW);
}

static uint16_t owner_in(uint64_t word)
{
    return (uint16_t)bits_get(word, OWNER_HIGH, OWNER_LOW);
}

static bool is_owned(uint64_t word)
{
    return (word & STATE_MASK) == STATE_OWNED;
}

static bool is_free_of(uint64_t index, unsigned order)
{
    uint64_t word = word_at(index);

    return (word & STATE_MASK) == STATE_FREE && order_in(word) == order;
}

/* --- Free lists: lock held, or the boot CPU alone
 * ------------------------------------------------------------ */

static void list_push(uint64_t index, unsigned order) LOCK_REQUIRES(&pool.lock)
{
    uint64_t next = pool.list[order];

    if (next != INDEX_NONE) {
        set_word(next, make_free(order, next_in(word_at(next)), index));
    }
    set_word(index, make_free(order, next, INDEX_NONE));
    pool.list[order] = index;
    pool.nonempty |= BIT32(order);
}

/* Unlink a free block. Its word is left to the caller, who says what becomes of it. */
static void list_take(uint64_t index, unsigned order) LOCK_REQUIRES(&pool.lock)
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
    pool.list[order] = next;
    if (next == INDEX_NONE) {
        pool.nonempty &= ~BIT32(order);
    }
}

/* Put a block, whose word is zero or OWNED, among the free ones, joined with its buddy as long as that is
 * free too. */
static void insert_block(uint64_t index, unsigned order) LOCK_REQUIRES(&pool.lock)
{
    set_word(index, 0);
    for (; order < PAGE_ORDER_MAX; order++) {
        uint64_t frame = pool.first_frame + index;
        uint64_t buddy =
            (frame ^ pages_of(order)) - pool.first_frame; /* Below the table: wraps, so too large. */

        if (buddy >= pool.page_count || !is_free_of(buddy, order)) {
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
    spin_init(&pool.lock, LOCK_RANK_PAGES);
    pool.table = table;
    pool.first_frame = base.v >> PAGE_SHIFT;
    pool.page_count = page_count;
    pool.nonempty = 0;
    pool.free_pages = 0;
    pool.total_pages = 0;
    for (unsigned order = 0; order < ORDER_COUNT; order++) {
        pool.list[order] = INDEX_NONE;
    }
}

/* The word of the block that @index is in, 0 for none; the block's head in @head. */
static uint64_t find_block(uint64_t index, uint64_t *head)
{
    for (unsigned order = 0; order <= PAGE_ORDER_MAX; order++) {
        uint64_t word;

        *head = align_down(pool.first_frame + index, pages_of(order)) - pool.first_frame;
        if (*head >= pool.page_count) { /* Below the table, and so are the heads of higher orders. */
            return 0;
        }
        word = word_at(*head);
        if (word != 0 && order_in(word) >= order) {
            return word;
        }
    }
    return 0;
}

static uint64_t find_word(uint64_t index)
{
    uint64_t head;

    return find_block(index, &head);
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
    uint64_t index = (start.v >> PAGE_SHIFT) - pool.first_frame;
    uint64_t left = size_bytes >> PAGE_SHIFT;

    ASSERT((start.v & PAGE_MASK) == 0);
    ASSERT(index <= pool.page_count && left <= pool.page_count - index);
    spin_lock(&pool.lock);
    pool.total_pages += left;
    pool.free_pages += left;
    while (left != 0) { /* At most two blocks an order, and the gigabytes between. */
        unsigned order = fitting_order(pool.first_frame + index, left);
        uint64_t end = index + pages_of(order);

        ASSERT(find_word(index) == 0 && find_word(end - 1) == 0); /* Not there yet. */
        insert_block(index, order);
        left -= end - index;
        index = end;
    }
    spin_unlock(&pool.lock);
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
    spin_lock(&pool.lock);
    fitting = pool.nonempty >> order;
    if (fitting == 0) {
        spin_unlock(&pool.lock);
        return -ENOMEM;
    }
    at = order + (unsigned)__builtin_ctz(fitting);
    index = pool.list[at];
    list_take(index, at);
    while (at > order) { /* Keep the lower half, free the upper one. */
        at--;
        list_push(index + pages_of(at), at);
    }
    set_word(index, make_owned(order, owner));
    pool.free_pages -= pages_of(order);
    spin_unlock(&pool.lock);
    *out = pa((pool.first_frame + index) << PAGE_SHIFT);
    return 0;
}

void page_free(pa_t start, unsigned order, uint16_t owner)
{
    uint64_t index = (start.v >> PAGE_SHIFT) - pool.first_frame;

    ASSERT((start.v & PAGE_MASK) == 0 && index < pool.page_count);
    spin_lock(&pool.lock);
    ASSERT(word_at(index) == make_owned(order, owner));
    insert_block(index, order);
    pool.free_pages += pages_of(order);
    spin_unlock(&pool.lock);
}

void page_free_owned(uint16_t owner)
{
    for (uint64_t index = 0; index < pool.page_count;) {
        uint64_t word = word_at(index);
        unsigned order = word != 0 ? order_in(word) : 0;

        if (is_owned(word) && owner_in(word) == owner && (word & GIVEN) == 0) {
            pa_t at = pa((pool.first_frame + index) << PAGE_SHIFT);

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
    uint64_t index = (addr.v >> PAGE_SHIFT) - pool.first_frame;
    uint64_t word = 0;

    if (index < pool.page_count) {
        word = find_word(index);
        if (word == 0) { /* Not RAM, or its block is being split. */
            spin_lock(&pool.lock);
            word = find_word(index);
            spin_unlock(&pool.lock);
        }
    }
    return is_owned(word) ? owner_in(word) : DOMID_NONE;
}

/* --- Uses of single pages
 * ------------------------------------------------------------------------------------- */

/* Halve the block of @index at @head until the page is a block of its own. At most 18 steps. */
static void split_to_page(uint64_t index, uint64_t head, unsigned order, uint16_t owner)
    LOCK_REQUIRES(&pool.lock)
{
    while (order > 0) {
        uint64_t upper;

        order--;
        upper = head + pages_of(order);
        set_word(upper, make_owned(order, owner));
        barrier_dmb_ish(); /* The upper half before the lower is smaller; page_owner() makes up for the rest.
                            */
        set_word(head, make_owned(order, owner));
        head = index >= upper ? upper : head;
    }
}

/* The word of the page at @addr, which is a block of its own afterwards; 0 when it is not @owner's, or given
 * back. */
static uint64_t own_page(pa_t addr, uint16_t owner, uint64_t *index) LOCK_REQUIRES(&pool.lock)
{
    uint64_t head, word;

    *index = (addr.v >> PAGE_SHIFT) - pool.first_frame;
    if (*index >= pool.page_count) {
        return 0;
    }
    word = find_block(*index, &head);
    if (!is_owned(word) || owner_in(word) != owner || (word & GIVEN) != 0) {
        return 0;
    }
    split_to_page(*index, head, order_in(word), owner);
    return word_at(*index);
}

static void free_page(uint64_t index) LOCK_REQUIRES(&pool.lock)
{
    insert_block(index, 0);
    pool.free_pages++;
}

int page_get(pa_t addr, uint16_t owner)
{
    uint64_t index, word;
    int error = -EINVAL;

    spin_lock(&pool.lock);
    word = own_page(addr, owner, &index);
    if (word != 0) {
        error = bits_get(word, USES_HIGH, USES_LOW) == MASK64(USES_HIGH - USES_LOW, 0) ? -EOVERFLOW : 0;
    }
    if (error == 0) {
        set_word(index, word + USE_ONE);
    }
    spin_unlock(&pool.lock);
    return error;
}

bool page_put(pa_t addr, uint16_t *owner)
{
    uint64_t index = (addr.v >> PAGE_SHIFT) - pool.first_frame;
    uint64_t word;
    bool last;

    ASSERT(index < pool.page_count);
    spin_lock(&pool.lock);
    word = word_at(index);
    ASSERT(is_owned(word) && order_in(word) == 0 && word >= USE_ONE);
    word -= USE_ONE;
    *owner = owner_in(word);
    last = (word & GIVEN) != 0 && word < USE_ONE;
    if (last) {
        free_page(index);
    } else {
        set_word(index, word);
    }
    spin_unlock(&pool.lock);
    return last;
}

bool page_give_back(pa_t addr, uint16_t owner)
{
    uint64_t index, word;
    bool at_once;

    spin_lock(&pool.lock);
    word = own_page(addr, owner, &index);
    ASSERT(word != 0);
    at_once = word < USE_ONE;
    if (at_once) {
        free_page(index);
    } else {
        set_word(index, word | GIVEN);
    }
    spin_unlock(&pool.lock);
    return at_once;
}

/* --- Reports
 * -------------------------------------------------------------------------------------------------- */

uint64_t page_top_frame(void)
{
    return pool.first_frame + pool.page_count; /* Fixed since boot. */
}

uint64_t page_free_bytes(void)
{
    uint64_t pages;

    spin_lock(&pool.lock);
    pages = pool.free_pages;
    spin_unlock(&pool.lock);
    return pages << PAGE_SHIFT;
}

uint64_t page_total_bytes(void)
{
    return pool.total_pages << PAGE_SHIFT; /* Fixed since boot. */
}

uint64_t page_owned_bytes(uint16_t owner)
{
    uint64_t pages = 0;

    for (uint64_t index = 0; index < pool.page_count;) {
        uint64_t word = word_at(index);
        uint64_t size = word != 0 ? pages_of(order_in(word)) : 1;

        if (is_owned(word) && owner_in(word) == owner) {
            pages += size;
        }
        index += size;
    }
    return pages << PAGE_SHIFT;
}

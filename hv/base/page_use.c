/* SPDX-License-Identifier: Apache-2.0 */
/* page_use.c - pages in use by others than their owner, and given back one by one.
 *
 * A page may be in use by somebody who does not own it: another domain maps it, or EL2 itself has to do
 * with it beyond one call. Each of them counts in "uses". The owner may give a page back meanwhile ("given");
 * then it is nobody's to use any more, and free as soon as the last use ends. A page can be used or given
 * back alone: its block is split then, down to a block of this one page, and stays so until it is free.
 *
 *     owned 0 uses --page_get--> owned n uses --page_give_back--> given n uses --page_put (last)--> FREE
 *           \--page_give_back---------------------------------------------------------------------^ */
#include "arch/barrier.h"
#include "base/page_alloc.h"
#include "base/page_pool.h"
#include "lib/error.h"
#include "lib/panic.h"

/* Halve the block of @index at @head until the page is a block of its own. At most 18 steps. */
static void split_to_page(uint64_t index, uint64_t head, unsigned order, uint16_t owner)
    LOCK_REQUIRES(&page_pool.lock)
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
static uint64_t own_page(pa_t addr, uint16_t owner, uint64_t *index) LOCK_REQUIRES(&page_pool.lock)
{
    uint64_t head, word;

    *index = (addr.v >> PAGE_SHIFT) - page_pool.first_frame;
    if (*index >= page_pool.page_count) {
        return 0;
    }
    word = page_find_block(*index, &head);
    if (!is_owned(word) || owner_in(word) != owner || (word & GIVEN) != 0) {
        return 0;
    }
    split_to_page(*index, head, order_in(word), owner);
    return word_at(*index);
}

static void free_page(uint64_t index) LOCK_REQUIRES(&page_pool.lock)
{
    page_insert_block(index, 0);
    page_pool.free_pages++;
}

int page_get(pa_t addr, uint16_t owner)
{
    uint64_t index, word;
    int error = -EINVAL;

    spin_lock(&page_pool.lock);
    word = own_page(addr, owner, &index);
    if (word != 0) {
        error = bits_get(word, USES_HIGH, USES_LOW) == MASK64(USES_HIGH - USES_LOW, 0) ? -EOVERFLOW : 0;
    }
    if (error == 0) {
        set_word(index, word + USE_ONE);
    }
    spin_unlock(&page_pool.lock);
    return error;
}

bool page_put(pa_t addr, uint16_t *owner)
{
    uint64_t index = (addr.v >> PAGE_SHIFT) - page_pool.first_frame;
    uint64_t word;
    bool last;

    ASSERT(index < page_pool.page_count);
    spin_lock(&page_pool.lock);
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
    spin_unlock(&page_pool.lock);
    return last;
}

bool page_give_back(pa_t addr, uint16_t owner)
{
    uint64_t index, word;
    bool at_once;

    spin_lock(&page_pool.lock);
    word = own_page(addr, owner, &index);
    ASSERT(word != 0);
    at_once = word < USE_ONE;
    if (at_once) {
        free_page(index);
    } else {
        set_word(index, word | GIVEN);
    }
    spin_unlock(&page_pool.lock);
    return at_once;
}

uint64_t page_give_back_block(pa_t addr, uint16_t owner, uint64_t *freed)
{
    uint64_t index = (addr.v >> PAGE_SHIFT) - page_pool.first_frame;
    uint64_t head = index, word = 0, pages = 1;

    *freed = 0;
    spin_lock(&page_pool.lock);
    if (index < page_pool.page_count) {
        word = page_find_block(index, &head);
    }
    if (is_owned(word) && owner_in(word) == owner && (word & GIVEN) == 0) {
        pages = head + pages_of(order_in(word)) - index;
        if (word >= USE_ONE) {
            set_word(head, word | GIVEN);
        } else {
            *freed = pages_of(order_in(word));
            page_insert_block(head, order_in(word));
            page_pool.free_pages += *freed;
        }
    }
    spin_unlock(&page_pool.lock);
    return pages;
}

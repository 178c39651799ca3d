/* SPDX-License-Identifier: Apache-2.0 */
/* page_alloc.h - physical pages: a binary buddy allocator in which every page has an owner. */
#ifndef BASE_PAGE_ALLOC_H
#define BASE_PAGE_ALLOC_H

#include "arch/spinlock.h"
#include "lib/types.h"

#define PAGE_ORDER_2M 9u
#define PAGE_ORDER_1G 18u
#define PAGE_ORDER_MAX 18u

/* One entry per page frame between the lowest and the highest RAM address; 8 bytes; all zero: no block
 * begins here. */
struct page;
struct page_pool;

/* Bytes the frame table needs for @page_count frames. */
size_t page_table_bytes(uint64_t page_count);

/* The one pool of the machine. @table: page_table_bytes() bytes, zeroed, covering frames from @base on.
 * Panics when RAM spans 1 TiB or more. Boot CPU only. */
void page_pool_init(struct page *table, pa_t base, uint64_t page_count);

/* Hand RAM from @start (page aligned) to the pool as free; a last part of a page is left out. No page may be
 * added twice. Boot CPU only. The cost is a few steps per block, of which there are at most two an order and
 * one a GiB. */
void page_pool_add(pa_t start, uint64_t size_bytes);

/* Take 2^@order naturally aligned pages for @owner (not DOMID_NONE). The content is whatever was there: see
 * page_zero in core/. Any CPU. Returns 0 and the address in @out, -EINVAL for a bad order, -ENOMEM. */
int page_alloc(unsigned order, uint16_t owner, pa_t *out);

/* The same, but just the pages at @start, which is aligned to their size. -EBUSY when not all of them are
 * free. */
int page_alloc_at(pa_t start, unsigned order, uint16_t owner);

/* The lowest run of free pages from @from on and before @end; a run ends where a page is not free. What is no
 * RAM costs a step a page. Boot CPU, nobody else allocates. Returns false when there is none. */
bool page_next_free(pa_t from, pa_t end, pa_t *start, uint64_t *size_bytes);

/* Give back what one page_alloc() returned, order and owner the same (checked: ASSERT). Any CPU. */
void page_free(pa_t start, unsigned order, uint16_t owner);

/* What one page_alloc() returned to @from is @to's, as a whole; nobody uses a page of it (ASSERT). Any CPU.
 */
void page_pass(pa_t start, unsigned order, uint16_t from, uint16_t to);

/* Give back all that @owner has; what is in use is free when its last use ends. A walk over all frames;
 * @owner must not allocate meanwhile. */
void page_free_owned(uint16_t owner);

/* Uses of a page by somebody other than its owner; the head of page_alloc.c has the states. All take any
 * address in the page, on any CPU. A page that was used or given back alone must not be page_free()d as part
 * of the block that page_alloc() returned.
 *
 * Count a use of a page of @owner's: it will not be given out again before page_put(). Returns 0; -EINVAL
 * when it is not @owner's or was given back; -EOVERFLOW. */
int page_get(pa_t addr, uint16_t owner);

/* End one use. Returns true when the page, given back before, is free by that; the owner it had in @owner. */
bool page_put(pa_t addr, uint16_t *owner);

/* @owner gives back one page of what it has, which nobody can reach through it any more. Returns true when it
 * is free at once, false when the last page_put() will free it. */
bool page_give_back(pa_t addr, uint16_t owner);

/* @owner gives back the block that the page at @addr is in, if that is its own and not given back yet; all of
 * it is reached through nothing any more. Returns the pages from @addr to the block's end (1 when there is
 * none), and how many pages are free by that, not in use by others, in @freed. */
uint64_t page_give_back_block(pa_t addr, uint16_t owner, uint64_t *freed);

/* Owner of the page that holds @addr, which may be any page of a block: DOMID_NONE when free or not RAM. Any
 * CPU, at most 19 steps; takes no lock for a page that is owned. Right for as long as the caller keeps the
 * page from being freed or given out. */
uint16_t page_owner(pa_t addr);

/* The frame behind the highest that the table covers. */
uint64_t page_top_frame(void);

/* Free bytes, all bytes ever added, and bytes owned by @owner (a walk: tests and reports only). */
uint64_t page_free_bytes(void);
uint64_t page_total_bytes(void);
uint64_t page_owned_bytes(uint16_t owner);

#endif

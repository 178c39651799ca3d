/* SPDX-License-Identifier: Apache-2.0 */
/* test_page_alloc.c - the buddy allocator against a map of pages that is searched for aligned free runs. */
#include "base/page_alloc.h"

#include "lib/error.h"
#include "test.h"

#define PAGES_MAX 1048576u
#define BLOCKS_MAX 4096u
#define NOT_RAM 0xffffu

static uint64_t *frame_table;     /* Of the exact size: the sanitizer watches both ends. */
static uint16_t model[PAGES_MAX]; /* Owner; NOT_RAM where there is none. */
static uint64_t model_base, model_pages;

struct block {
    pa_t start;
    unsigned order;
    uint16_t owner;
};
static struct block blocks[BLOCKS_MAX];
static size_t block_count;

static void set_up(uint64_t base, uint64_t pages)
{
    CHECK(pages <= PAGES_MAX);
    CHECK_EQ(page_table_bytes(pages), pages * 8);
    free(frame_table);
    frame_table = calloc(pages, sizeof(frame_table[0]));
    model_base = base;
    model_pages = pages;
    block_count = 0;
    for (uint64_t i = 0; i < pages; i++) {
        model[i] = NOT_RAM;
    }
    page_pool_init((struct page *)(void *)frame_table, pa(base), pages);
}

static void add(uint64_t start, uint64_t size)
{
    page_pool_add(pa(start), size);
    for (uint64_t i = 0; i < size / PAGE_SIZE; i++) {
        model[(start - model_base) / PAGE_SIZE + i] = DOMID_NONE;
    }
}

static uint64_t model_bytes(uint16_t owner)
{
    uint64_t bytes = 0;

    for (uint64_t i = 0; i < model_pages; i++) {
        bytes += model[i] == owner ? PAGE_SIZE : 0;
    }
    return bytes;
}

static void check_owners(uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++) {
        uint16_t owner = model[i] == NOT_RAM ? DOMID_NONE : model[i];

        CHECK_EQ(page_owner(pa(model_base + i * PAGE_SIZE + i % PAGE_SIZE)), owner);
    }
}

/* Is there a naturally aligned free run of 2^@order pages? Then the allocator must find one. */
static bool model_fits(unsigned order)
{
    uint64_t size = UINT64_C(1) << order;
    uint64_t first = model_base / PAGE_SIZE;

    for (uint64_t frame = align_up(first, size); frame + size <= first + model_pages; frame += size) {
        uint64_t i = 0;

        while (i < size && model[frame - first + i] == DOMID_NONE) {
            i++;
        }
        if (i == size) {
            return true;
        }
    }
    return false;
}

static bool allocate(unsigned order, uint16_t owner)
{
    struct block *block = &blocks[block_count];
    int error = page_alloc(order, owner, &block->start);
    uint64_t first;

    CHECK(block_count < BLOCKS_MAX);
    if (error != 0) {
        CHECK_EQ(error, -ENOMEM);
        return false;
    }
    block->order = order;
    block->owner = owner;
    block_count++;
    CHECK_EQ(block->start.v & ((PAGE_SIZE << order) - 1), 0);
    CHECK(block->start.v >= model_base);
    first = (block->start.v - model_base) / PAGE_SIZE;
    CHECK(first + (UINT64_C(1) << order) <= model_pages);
    for (uint64_t i = 0; i < UINT64_C(1) << order; i++) {
        CHECK_EQ(model[first + i], DOMID_NONE);
        model[first + i] = owner;
    }
    return true;
}

static void release(size_t which)
{
    struct block block = blocks[which];

    page_free(block.start, block.order, block.owner);
    for (uint64_t i = 0; i < UINT64_C(1) << block.order; i++) {
        model[(block.start.v - model_base) / PAGE_SIZE + i] = DOMID_NONE;
    }
    blocks[which] = blocks[--block_count];
}

TEST(two_gib_are_two_blocks)
{
    pa_t a, b, c;

    set_up(GIB(1), GIB(2) / PAGE_SIZE);
    add(GIB(1), GIB(2));
    CHECK_EQ(page_total_bytes(), GIB(2));
    CHECK_EQ(page_free_bytes(), GIB(2));
    CHECK_EQ(page_alloc(PAGE_ORDER_1G, 1, &a), 0);
    CHECK_EQ(page_alloc(PAGE_ORDER_1G, 2, &b), 0);
    CHECK_EQ(page_alloc(0, 3, &c), -ENOMEM);
    CHECK_EQ(a.v + b.v, GIB(3));
    CHECK_EQ(page_owner(pa(a.v + GIB(1) - 1)), 1);
    CHECK_EQ(page_owner(pa(b.v + MIB(333))), 2);
    CHECK_EQ(page_owned_bytes(1), GIB(1));
    CHECK_EQ(page_free_bytes(), 0);
    page_free(a, PAGE_ORDER_1G, 1);
    CHECK_EQ(page_free_bytes(), GIB(1));
    CHECK_EQ(page_owner(a), DOMID_NONE);
}

TEST(an_owner_gives_everything_back)
{
    pa_t a, others;

    set_up(GIB(1), GIB(2) / PAGE_SIZE);
    page_pool_add(pa(GIB(1)), GIB(2));
    for (unsigned i = 0; i < 200; i++) {
        CHECK_EQ(page_alloc((unsigned)test_random_below(8), 5, &a), 0);
        CHECK_EQ(page_alloc((unsigned)test_random_below(8), 6, &others), 0);
    }
    a = pa(page_owned_bytes(6));
    page_free_owned(5);
    CHECK_EQ(page_owned_bytes(5), 0);
    CHECK_EQ(page_owned_bytes(6), a.v);
    CHECK_EQ(page_free_bytes(), GIB(2) - a.v);
    page_free_owned(6);
    CHECK_EQ(page_free_bytes(), GIB(2));
    CHECK_EQ(page_alloc(PAGE_ORDER_1G, 1, &a), 0); /* All in one piece again. */
}

/* Is every page of the 2^@order at @index free? */
static bool model_free(uint64_t index, unsigned order)
{
    uint64_t i = 0;

    while (i < UINT64_C(1) << order && index + i < model_pages && model[index + i] == DOMID_NONE) {
        i++;
    }
    return i == UINT64_C(1) << order;
}

/* The lowest run of free pages in [@low, @high), by looking at each. */
static void check_next_free(uint64_t low, uint64_t high)
{
    uint64_t first = low, end, size;
    pa_t start;
    bool found =
        page_next_free(pa(model_base + low * PAGE_SIZE), pa(model_base + high * PAGE_SIZE), &start, &size);

    high = high < model_pages ? high : model_pages;
    while (first < high && model[first] != DOMID_NONE) {
        first++;
    }
    for (end = first; end < high && model[end] == DOMID_NONE; end++) {
    }
    CHECK_EQ(found, end > first);
    if (found) {
        CHECK_EQ(start.v, model_base + first * PAGE_SIZE);
        CHECK_EQ(size, (end - first) * PAGE_SIZE);
    }
}

TEST(pages_at_a_place)
{
    pa_t start;
    uint64_t size;

    set_up(GIB(1), 1024);
    add(GIB(1) + KIB(64), MIB(1));
    add(GIB(1) + MIB(2), MIB(2));
    for (unsigned round = 0; round < 400; round++) {
        unsigned order = (unsigned)test_random_below(6);
        uint64_t index = align_down(test_random_below(1100), UINT64_C(1) << order);
        bool fits = model_free(index, order);
        int error = page_alloc_at(pa(model_base + index * PAGE_SIZE), order, 0);

        CHECK_EQ(error, fits ? 0 : -EBUSY);
        for (uint64_t i = 0; fits && i < UINT64_C(1) << order; i++) {
            model[index + i] = 0;
        }
        blocks[block_count] = (struct block){pa(model_base + index * PAGE_SIZE), order, 0};
        block_count += fits ? 1 : 0;
        if (block_count > 0 && test_random_below(3) == 0) {
            release(test_random_below(block_count));
        }
        check_next_free(test_random_below(1000), test_random_below(1100));
        CHECK_EQ(page_free_bytes(), model_bytes(DOMID_NONE));
    }
    check_owners(0, model_pages);
    CHECK_EQ(page_alloc_at(pa(GIB(1) + KIB(4)), 1, 1), -EINVAL);
    CHECK_EQ(page_alloc_at(pa(GIB(1)), PAGE_ORDER_MAX + 1, 1), -EINVAL);
    CHECK_EQ(page_alloc_at(pa(0), 0, 1), -EBUSY);
    CHECK_EQ(page_alloc_at(pa(UINT64_MAX - PAGE_MASK), 0, 1), -EBUSY);
    while (block_count > 0) {
        release(0);
    }
    CHECK(page_next_free(pa(0), pa(UINT64_MAX), &start, &size));
    CHECK_EQ(start.v, GIB(1) + KIB(64));
    CHECK_EQ(size, MIB(1));
    CHECK(page_next_free(pa(start.v + size), pa(UINT64_MAX), &start, &size));
    CHECK_EQ(size, MIB(2));
    CHECK(!page_next_free(pa(start.v + size), pa(UINT64_MAX), &start, &size));
}

/* Only heads have a word: adding RAM must not touch the frames between. */
TEST(adding_is_a_few_steps_a_block)
{
    unsigned words = 0;

    set_up(GIB(1), GIB(2) / PAGE_SIZE);
    add(GIB(1) + KIB(4), GIB(1) + MIB(100));
    add(GIB(2) + MIB(300), MIB(700));
    for (uint64_t i = 0; i < model_pages; i++) {
        words += frame_table[i] != 0 ? 1 : 0;
    }
    CHECK(words < 40);
}

TEST(banks_that_touch_are_joined)
{
    pa_t at;

    set_up(GIB(1), GIB(1) / PAGE_SIZE);
    add(GIB(1) + MIB(512), MIB(256));
    add(GIB(1), MIB(512));
    add(GIB(1) + MIB(768), MIB(256));
    CHECK_EQ(page_alloc(PAGE_ORDER_1G, 1, &at), 0);
    CHECK_EQ(at.v, GIB(1));
}

TEST(address_zero_is_a_page)
{
    pa_t at = pa(1);

    set_up(0, 1);
    add(0, KIB(4) + 100); /* A part of a page is left out. */
    CHECK_EQ(page_total_bytes(), KIB(4));
    CHECK_EQ(page_alloc(0, 0, &at), 0);
    CHECK_EQ(at.v, 0);
    CHECK_EQ(page_owner(at), 0);
    CHECK_EQ(page_alloc(0, 0, &at), -ENOMEM);
}

TEST(wrong_arguments)
{
    pa_t at;

    set_up(GIB(1), 16);
    add(GIB(1), KIB(64));
    CHECK_EQ(page_alloc(PAGE_ORDER_MAX + 1, 1, &at), -EINVAL);
    CHECK_EQ(page_alloc(UINT32_MAX, 1, &at), -EINVAL);
    CHECK_EQ(page_owner(pa(GIB(1) - 1)), DOMID_NONE);
    CHECK_EQ(page_owner(pa(GIB(1) + KIB(64))), DOMID_NONE);
    CHECK_EQ(page_owner(pa(0)), DOMID_NONE);
    CHECK_EQ(page_owner(pa(UINT64_MAX)), DOMID_NONE);
}

static void free_block(void *argument)
{
    const struct block *block = argument;

    page_free(block->start, block->order, block->owner);
}

/* Some boards have RAM from address 0 on. */
TEST(block_at_address_zero)
{
    set_up(0, 1024);
    add(0, MIB(4));
    CHECK_EQ(page_alloc_at(pa(0), 9, 7), 0);
    CHECK_EQ(page_owner(pa(0)), 7);
    CHECK_EQ(page_owner(pa(MIB(2) - KIB(4))), 7);
    CHECK_EQ(page_owner(pa(MIB(2))), DOMID_NONE);
    page_free(pa(0), 9, 7);
    CHECK_EQ(page_free_bytes(), MIB(4));
}

static void take_for_nobody(void *argument)
{
    page_alloc(0, DOMID_NONE, argument);
}

static void add_again(void *argument)
{
    (void)argument;
    page_pool_add(pa(GIB(1) + KIB(16)), KIB(4));
}

static void span_too_much(void *argument)
{
    page_pool_init(argument, pa(0), GIB(1024) / PAGE_SIZE);
}

TEST(wrong_frees_are_caught)
{
    struct block block = {.order = 2, .owner = 7}, wrong;
    pa_t at;

    set_up(GIB(1), 64);
    add(GIB(1), KIB(64));
    CHECK_EQ(page_alloc(2, 7, &block.start), 0);
    wrong = block;
    wrong.owner = 8;
    CHECK(test_panics(free_block, &wrong));
    wrong = block;
    wrong.order = 1;
    CHECK(test_panics(free_block, &wrong));
    wrong.order = 3;
    CHECK(test_panics(free_block, &wrong));
    wrong = block;
    wrong.start.v += KIB(4);
    CHECK(test_panics(free_block, &wrong));
    wrong.start.v = block.start.v + 8;
    CHECK(test_panics(free_block, &wrong));
    wrong.start = pa(GIB(2));
    CHECK(test_panics(free_block, &wrong));
    CHECK(!test_panics(free_block, &block));
    CHECK(test_panics(free_block, &block));
    CHECK(test_panics(take_for_nobody, &at));
    CHECK(test_panics(add_again, NULL));
    CHECK(test_panics(span_too_much, frame_table));
}

static void random_rounds(unsigned rounds, unsigned order_limit)
{
    for (unsigned i = 0; i < rounds; i++) {
        bool filling = i / 200 % 2 == 0; /* Full at times, nearly empty at others. */

        if (block_count == 0 || test_random_below(10) < (filling ? 8 : 3)) {
            unsigned order = (unsigned)test_random_below(test_random_below(order_limit) + 1);
            bool fits = model_fits(order);

            CHECK_EQ(allocate(order, (uint16_t)(1 + test_random_below(5))), fits);
        } else {
            release(test_random_below(block_count));
        }
        if (i % 16 == 0) {
            check_owners(0, model_pages);
            CHECK_EQ(page_free_bytes(), model_bytes(DOMID_NONE));
            CHECK_EQ(page_owned_bytes(3), model_bytes(3));
        }
    }
}

static void random_end(uint64_t total)
{
    while (block_count != 0) {
        release(test_random_below(block_count));
    }
    CHECK_EQ(page_free_bytes(), total);
    CHECK_EQ(page_total_bytes(), total);
    for (unsigned order = PAGE_ORDER_MAX + 1;
         order-- > 0;) { /* All joined again: the largest first empty it. */
        while (model_fits(order)) {
            CHECK(allocate(order, 9));
        }
        CHECK(!allocate(order, 9));
    }
    CHECK_EQ(page_free_bytes(), 0);
    CHECK_EQ(page_owned_bytes(9), total);
}

TEST(random_banks_with_holes)
{
    for (unsigned i = 0; i < 8; i++) {
        uint64_t base = KIB(4) * test_random_below(3000);
        uint64_t at = base, total = 0;

        set_up(base, 3000);
        for (unsigned bank = 0; bank < 4; bank++) {
            uint64_t size = KIB(4) * (1 + test_random_below(700));

            at += KIB(4) * test_random_below(50);
            add(at, size);
            at += size;
            total += size;
        }
        random_rounds(test_long() ? 20000 : 1500, 11);
        random_end(total);
    }
}

TEST(random_large_blocks)
{
    set_up(GIB(1) - MIB(64), (GIB(2) + MIB(128)) / PAGE_SIZE);
    add(GIB(1) - MIB(64), GIB(2) + MIB(128));
    for (unsigned i = 0; i < 200; i++) {
        unsigned order = 9 + (unsigned)test_random_below(10);

        if (test_random_below(2) == 0) {
            allocate(order, (uint16_t)(1 + test_random_below(5)));
        } else if (block_count != 0) {
            release(test_random_below(block_count));
        }
        for (unsigned probe = 0; probe < 100; probe++) {
            uint64_t page = test_random_below(model_pages);

            check_owners(page, page + 1);
        }
    }
    random_end(GIB(2) + MIB(128));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_page_use.c - uses of single pages and pages given back, against a list of pages with counters. */
#include "base/page_alloc.h"
#include "lib/error.h"
#include "test.h"

#define PAGES 2048u
#define BASE (GIB(1) - KIB(4) * 333)
#define OWNERS 4u

static uint64_t frame_table[PAGES];

/* The slow model: every page for itself. */
static struct {
    uint16_t owner; /* DOMID_NONE: free. */
    unsigned uses;
    bool given;
} model[PAGES];

static pa_t at(unsigned page)
{
    return pa(BASE + KIB(4) * page);
}

static void set_up(void)
{
    for (unsigned i = 0; i < PAGES; i++) {
        frame_table[i] = 0;
        model[i].owner = DOMID_NONE;
        model[i].uses = 0;
        model[i].given = false;
    }
    page_pool_init((struct page *)(void *)frame_table, pa(BASE), PAGES);
    page_pool_add(pa(BASE), KIB(4) * PAGES);
}

static uint64_t model_free(void)
{
    uint64_t bytes = 0;

    for (unsigned i = 0; i < PAGES; i++) {
        bytes += model[i].owner == DOMID_NONE ? PAGE_SIZE : 0;
    }
    return bytes;
}

static void take(unsigned order, uint16_t owner)
{
    pa_t start;

    if (page_alloc(order, owner, &start) != 0) {
        return;
    }
    for (unsigned i = 0; i < 1u << order; i++) {
        unsigned page = (unsigned)((start.v - BASE) / PAGE_SIZE) + i;

        CHECK(page < PAGES);
        CHECK_EQ(model[page].owner, DOMID_NONE);
        model[page].owner = owner;
    }
}

static void use(unsigned page, uint16_t owner)
{
    bool good = model[page].owner == owner && !model[page].given;

    CHECK_EQ(page_get(pa(at(page).v + page % PAGE_SIZE), owner), good ? 0 : -EINVAL);
    model[page].uses += good ? 1 : 0;
}

static void end_use(unsigned page)
{
    uint16_t owner = DOMID_NONE;
    bool last = model[page].given && model[page].uses == 1;

    if (model[page].uses == 0) {
        return;
    }
    CHECK_EQ(page_put(at(page), &owner), last);
    CHECK_EQ(owner, model[page].owner);
    model[page].uses--;
    if (last) {
        model[page].owner = DOMID_NONE;
        model[page].given = false;
    }
}

static void give_back(unsigned page)
{
    if (model[page].owner == DOMID_NONE || model[page].given) {
        return;
    }
    CHECK_EQ(page_give_back(at(page), model[page].owner), model[page].uses == 0);
    model[page].given = model[page].uses != 0;
    model[page].owner = model[page].given ? model[page].owner : DOMID_NONE;
}

/* The block that @page is in, whatever part of it. */
static void give_back_block(unsigned page, uint16_t owner)
{
    uint64_t freed, free_before = page_free_bytes(), rest = page_give_back_block(at(page), owner, &freed);
    bool own = owner != DOMID_NONE && model[page].owner == owner && !model[page].given;
    unsigned first;

    CHECK(rest >= 1);
    CHECK_EQ(page_free_bytes() - free_before, freed * PAGE_SIZE);
    if (!own || model[page].uses != 0) { /* A page in use is a block of its own. */
        CHECK_EQ(freed, 0);
        CHECK(own || rest == 1);
        model[page].given = model[page].given || own;
        return;
    }
    CHECK(freed >= rest && (freed & (freed - 1)) == 0);
    first = page + (unsigned)rest - (unsigned)freed;
    for (unsigned i = first; i < first + freed; i++) {
        CHECK(i < PAGES && model[i].owner == owner && model[i].uses == 0);
        model[i].owner = DOMID_NONE;
    }
}

static void free_all_of(uint16_t owner)
{
    page_free_owned(owner);
    for (unsigned i = 0; i < PAGES; i++) {
        if (model[i].owner == owner) {
            model[i].given = model[i].uses != 0;
            model[i].owner = model[i].given ? owner : DOMID_NONE;
        }
    }
}

static void compare(void)
{
    CHECK_EQ(page_free_bytes(), model_free());
    for (unsigned i = 0; i < PAGES; i++) {
        CHECK_EQ(page_owner(at(i)), model[i].owner);
    }
}

static void end_all(void)
{
    pa_t block;

    for (unsigned i = 0; i < PAGES; i++) {
        while (model[i].uses != 0) {
            end_use(i);
        }
    }
    for (uint16_t owner = 1; owner <= OWNERS; owner++) {
        free_all_of(owner);
    }
    CHECK_EQ(page_free_bytes(), KIB(4) * PAGES);
    /* Pages that were split off have all joined: the aligned 4 MiB in the middle are one block again. */
    CHECK_EQ(page_alloc(10, 1, &block), 0);
    page_free(block, 10, 1);
}

TEST(random_uses)
{
    for (unsigned round = 0; round < (test_long() ? 100 : 10); round++) {
        set_up();
        for (unsigned i = 0; i < 4000; i++) {
            unsigned page = (unsigned)test_random_below(PAGES);
            uint16_t owner = (uint16_t)(1 + test_random_below(OWNERS));

            switch (test_random_below(9)) {
            case 8:
                give_back_block(page, test_random_below(3) == 0 ? owner : model[page].owner);
                break;
            case 0:
                take((unsigned)test_random_below(10), owner);
                break;
            case 1:
            case 2:
                use(page, owner);
                break;
            case 3:
                if (model[page].owner != DOMID_NONE) {
                    use(page, model[page].owner);
                }
                break;
            case 4:
            case 5:
                end_use(page);
                break;
            default:
                give_back(page);
                break;
            }
            if (i % 1000 == 500) {
                free_all_of(owner);
            }
            if (i % 64 == 0) {
                compare();
            }
        }
        compare();
        end_all();
    }
}

TEST(what_is_in_use_is_not_given_out)
{
    uint16_t owner;
    pa_t block, other;

    page_pool_init((struct page *)(void *)frame_table, pa(GIB(1)), 4);
    frame_table[0] = 0;
    frame_table[1] = 0;
    frame_table[2] = 0;
    frame_table[3] = 0;
    page_pool_add(pa(GIB(1)), KIB(16));
    CHECK_EQ(page_alloc(2, 5, &block), 0);
    CHECK_EQ(page_get(pa(block.v + KIB(8)), 5), 0);
    CHECK_EQ(page_get(pa(block.v + KIB(8)), 5), 0);
    page_free_owned(5);
    CHECK_EQ(page_free_bytes(), KIB(12));
    CHECK_EQ(page_get(pa(block.v + KIB(8)), 5), -EINVAL); /* It is nobody's any more. */
    for (unsigned i = 0; i < 3; i++) {
        CHECK_EQ(page_alloc(0, 6, &other), 0);
        CHECK(other.v != block.v + KIB(8));
    }
    CHECK_EQ(page_alloc(0, 6, &other), -ENOMEM);
    CHECK(!page_put(pa(block.v + KIB(8)), &owner));
    CHECK(page_put(pa(block.v + KIB(8)), &owner));
    CHECK_EQ(owner, 5);
    CHECK_EQ(page_alloc(0, 6, &other), 0);
    CHECK_EQ(other.v, block.v + KIB(8));
}

static void put_unused(void *argument)
{
    uint16_t owner;

    page_put(*(const pa_t *)argument, &owner);
}

static void give_again(void *argument)
{
    page_give_back(*(const pa_t *)argument, 5);
}

TEST(wrong_ends_are_caught)
{
    pa_t block;

    set_up();
    CHECK_EQ(page_alloc(3, 5, &block), 0);
    CHECK(test_panics(put_unused, &block));
    CHECK_EQ(page_get(block, 5), 0);
    CHECK_EQ(page_get(block, 6), -EINVAL);
    CHECK_EQ(page_get(pa(BASE - 1), 5), -EINVAL);
    CHECK_EQ(page_get(pa(UINT64_MAX), 5), -EINVAL);
    CHECK(!page_give_back(block, 5));
    CHECK(test_panics(give_again, &block));
    put_unused(&block);
    CHECK(test_panics(put_unused, &block));
}

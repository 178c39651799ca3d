/* SPDX-License-Identifier: Apache-2.0 */
/* test_mem_carve.c - free parts of memory against a map with one byte a page. */
#include "boot/mem_carve.h"
#include "lib/error.h"
#include "test.h"

#define PAGES 256u
#define BASE UINT64_C(0x40000000)

static uint8_t given[PAGES];

static void give(pa_t base, uint64_t size_bytes)
{
    CHECK((base.v & PAGE_MASK) == 0 && (size_bytes & PAGE_MASK) == 0 && size_bytes != 0);
    for (uint64_t at = base.v; at < base.v + size_bytes; at += PAGE_SIZE) {
        uint64_t page = (at - BASE) >> PAGE_SHIFT;

        CHECK(page < PAGES);
        CHECK_EQ(given[page], 0);
        given[page] = 1;
    }
}

TEST(carves_what_no_hole_touches)
{
    for (unsigned round = 0; round < 2000; round++) {
        static struct mem_holes holes;
        struct mem_range bank = {.base = pa(BASE + test_random() % 5000), .size_bytes = 0};
        uint8_t expected[PAGES] = {0};
        unsigned hole_count = (unsigned)(test_random() % 12);
        pa_t found;
        uint64_t wanted = (1 + test_random() % 20) * PAGE_SIZE;
        bool exists = false;

        bank.size_bytes = test_random() % (PAGES * PAGE_SIZE - 5000);
        for (uint64_t i = 0; i < PAGES; i++) {
            uint64_t page = BASE + i * PAGE_SIZE;

            expected[i] = page >= bank.base.v && page + PAGE_SIZE <= bank.base.v + bank.size_bytes;
            given[i] = 0;
        }
        holes.count = 0;
        for (unsigned h = 0; h < hole_count; h++) {
            uint64_t start = BASE + test_random() % (PAGES * PAGE_SIZE);
            uint64_t size_bytes = test_random() % (8 * PAGE_SIZE);

            CHECK_EQ(mem_hole_add(&holes, pa(start), size_bytes), 0);
            for (uint64_t i = 0; i < PAGES && size_bytes != 0; i++) {
                uint64_t page = BASE + i * PAGE_SIZE;

                if (page < start + size_bytes && start < page + PAGE_SIZE) {
                    expected[i] = 0;
                }
            }
        }
        mem_carve(&bank, &holes, give);
        for (unsigned i = 0; i < PAGES; i++) {
            CHECK_EQ(given[i], expected[i]);
        }
        for (uint64_t i = 0, run = 0; i < PAGES; i++) {
            run = expected[i] ? run + 1 : 0;
            exists = exists || run * PAGE_SIZE >= wanted;
        }
        CHECK_EQ(mem_find(&bank, 1, &holes, wanted, &found) == 0, exists);
        for (uint64_t at = found.v; exists && at < found.v + wanted; at += PAGE_SIZE) {
            CHECK_EQ(expected[(at - BASE) >> PAGE_SHIFT], 1);
        }
    }
}

TEST(too_many_holes_are_refused)
{
    static struct mem_holes holes;

    for (unsigned i = 0; i < MEM_HOLE_MAX; i++) {
        CHECK_EQ(mem_hole_add(&holes, pa(BASE), 1), 0);
    }
    CHECK_EQ(mem_hole_add(&holes, pa(BASE), 1), -ENOSPC);
    CHECK_EQ(mem_hole_add(&holes, pa(BASE), 0), 0);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_dom0_layout.c - Dom0's banks: few, large, low; and what must hold for any free memory. */
#include "boot/dom0_layout.h"

#include <string.h>

#include "lib/error.h"
#include "test.h"

static struct dom0_layout layout;

static struct dom0_wish wish(uint64_t bytes)
{
    return (struct dom0_wish){.memory_bytes = bytes,
                              .least_bytes = bytes,
                              .text_offset = 0,
                              .kernel_bytes = MIB(33) + 5,
                              .ramdisk_bytes = MIB(20) - 7};
}

static int plan(struct dom0_wish w, const struct mem_range *runs, unsigned count)
{
    memset(&layout, 0xa5, sizeof(layout));
    return dom0_layout_plan(&w, runs, count, &layout);
}

TEST(one_bank_when_one_run_holds_all)
{
    static const struct mem_range runs[] = {
        {{MIB(64)}, MIB(128)}, {{GIB(1) + 4096}, MIB(514)}, {{GIB(2)}, GIB(2)}};

    CHECK_EQ(plan(wish(MIB(512)), runs, 3), 0);
    CHECK_EQ(layout.bank_count, 1);
    CHECK_EQ(layout.bank[0].base.v, GIB(1) + MIB(2)); /* Aligned, it holds just so much. */
    CHECK_EQ(layout.bank[0].size_bytes, MIB(512));
    CHECK_EQ(layout.kernel.v, GIB(1) + MIB(2));
    CHECK_EQ(layout.ramdisk.v, GIB(1) + MIB(36));
    CHECK_EQ(layout.tree.v, GIB(1) + MIB(56));
}

TEST(largest_first_when_none_holds_all)
{
    static const struct mem_range runs[] = {
        {{MIB(64)}, MIB(128)}, {{GIB(1)}, MIB(256)}, {{GIB(2)}, MIB(200)}};

    CHECK_EQ(plan(wish(MIB(400)), runs, 3), 0);
    CHECK_EQ(layout.bank_count, 2);
    CHECK_EQ(layout.bank[0].base.v, GIB(1));
    CHECK_EQ(layout.bank[0].size_bytes, MIB(256));
    CHECK_EQ(layout.bank[1].base.v, GIB(2)); /* It holds the rest; the lower one does not. */
    CHECK_EQ(layout.bank[1].size_bytes, MIB(144));
}

TEST(first_bank_below_4_gib_when_it_can_be)
{
    static const struct mem_range runs[] = {{{GIB(1)}, MIB(100)}, {{GIB(8)}, GIB(4)}};
    static const struct mem_range small[] = {{{GIB(1)}, MIB(40)}, {{GIB(8)}, GIB(4)}};

    CHECK_EQ(plan(wish(GIB(1)), runs, 2), 0);
    CHECK_EQ(layout.bank_count, 2);
    CHECK_EQ(layout.bank[0].base.v, GIB(1));
    CHECK_EQ(layout.bank[1].base.v, GIB(8));
    CHECK_EQ(layout.bank[1].size_bytes, GIB(1) - MIB(100));
    CHECK_EQ(plan(wish(GIB(1)), small, 2), 0);
    CHECK_EQ(layout.bank_count, 1);
    CHECK_EQ(layout.bank[0].base.v, GIB(8));
}

TEST(too_little)
{
    static const struct mem_range runs[] = {{{GIB(1)}, MIB(50)}, {{GIB(2)}, MIB(100)}};
    struct dom0_wish w = wish(MIB(512));

    CHECK_EQ(plan(w, runs, 2), -ENOMEM);
    w.least_bytes = MIB(150);
    CHECK_EQ(plan(w, runs, 2), 0);
    CHECK_EQ(layout.bank[0].size_bytes + layout.bank[1].size_bytes, MIB(150));
    w.least_bytes = MIB(152);
    CHECK_EQ(plan(w, runs, 2), -ENOMEM);
    w.kernel_bytes = MIB(90);
    CHECK_EQ(plan(w, runs, 2), -ENOSPC);
    CHECK_EQ(plan(w, runs, 0), -ENOSPC);
}

TEST(memory_that_does_not_hold_the_kernel)
{
    static const struct mem_range runs[] = {{{GIB(1)}, GIB(1)}};

    CHECK_EQ(plan(wish(MIB(54)), runs, 1), -EINVAL);
    CHECK_EQ(plan(wish(MIB(56)), runs, 1), 0);
    CHECK_EQ(layout.bank[0].size_bytes, MIB(56));
}

TEST(random_memory)
{
    for (unsigned round = 0; round < (test_long() ? 200000 : 20000); round++) {
        struct mem_range runs[24];
        struct dom0_wish w = wish(MIB(56) + MIB(2) * test_random_below(400));
        unsigned count = (unsigned)test_random_below(24);
        uint64_t at = test_random_below(MIB(64)) & ~PAGE_MASK, total = 0, usable = 0;

        for (unsigned i = 0; i < count; i++) {
            uint64_t size = (1 + test_random_below(MIB(100) / PAGE_SIZE)) * PAGE_SIZE;
            uint64_t base = align_up(at, MIB(2)), end = align_down(at + size, MIB(2));

            runs[i] = (struct mem_range){pa(at), size};
            usable += base < end ? end - base : 0;
            at += size + PAGE_SIZE * (1 + test_random_below(100000));
        }
        w.least_bytes = test_random_below(2) == 0 ? w.memory_bytes : MIB(2);
        if (plan(w, runs, count) != 0) {
            CHECK(usable < w.least_bytes || usable < MIB(56) * count || layout.bank_count == 0 ||
                  layout.bank_count == DOM0_BANK_MAX);
            continue;
        }
        CHECK(layout.bank[0].size_bytes >= dom0_first_bank_bytes(&w));
        for (unsigned b = 0; b < layout.bank_count; b++) {
            unsigned within = 0;

            CHECK_EQ((layout.bank[b].base.v | layout.bank[b].size_bytes) & (MIB(2) - 1), 0);
            CHECK(layout.bank[b].size_bytes > 0);
            for (unsigned i = 0; i < count; i++) {
                within += layout.bank[b].base.v >= runs[i].base.v &&
                                  layout.bank[b].base.v + layout.bank[b].size_bytes <=
                                      runs[i].base.v + runs[i].size_bytes
                              ? 1
                              : 0;
            }
            CHECK_EQ(within, 1);
            for (unsigned other = 0; other < b; other++) {
                CHECK(layout.bank[b].base.v + layout.bank[b].size_bytes <= layout.bank[other].base.v ||
                      layout.bank[other].base.v + layout.bank[other].size_bytes <= layout.bank[b].base.v);
            }
            total += layout.bank[b].size_bytes;
        }
        CHECK(total >= w.least_bytes && total <= w.memory_bytes);
        CHECK(layout.tree.v + DOM0_TREE_BYTES_MAX <= layout.bank[0].base.v + layout.bank[0].size_bytes);
    }
}

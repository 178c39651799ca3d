/* SPDX-License-Identifier: Apache-2.0 */
/* test_pgtable.c - translation tables: exact entries, block sizes, splits and refused arguments. */
#include "pgtable_machine.h"

static uint64_t entry_of(pa_t at, size_t index)
{
    return ram.pages[at.v / PAGE_SIZE][index];
}

static uint64_t block_at(uint64_t input)
{
    uint64_t block;

    return pgtable_lookup(&table, input, NULL, NULL, &block) == 0 ? block : 0;
}

TEST(descriptors)
{
    pa_t second, third;

    set_up(1, 39, 8);
    CHECK_EQ(pgtable_map(&table, GIB(1), pa(GIB(2)), GIB(1), ATTR_A), 0);
    CHECK_EQ(entry_of(table.root, 1), GIB(2) | ATTR_A | 1);
    CHECK_EQ(ram.live_count, 0);
    CHECK_EQ(pgtable_map(&table, GIB(2), pa(MIB(2)), MIB(2) + KIB(4), ATTR_B), 0);
    CHECK_EQ(ram.live_count, 2);
    second = pa(entry_of(table.root, 2) & PTE_ADDR_MASK);
    CHECK_EQ(entry_of(table.root, 2), second.v | 3);
    CHECK_EQ(entry_of(second, 0), MIB(2) | ATTR_B | 1);
    third = pa(entry_of(second, 1) & PTE_ADDR_MASK);
    CHECK_EQ(entry_of(second, 1), third.v | 3);
    CHECK_EQ(entry_of(third, 0), MIB(4) | ATTR_B | 3);
    CHECK_EQ(entry_of(third, 1), 0);
    CHECK_EQ(event_count, 0);
}

TEST(lookup_is_byte_exact)
{
    uint64_t attributes, block;
    pa_t output;

    set_up(0, 48, 8);
    CHECK_EQ(pgtable_map(&table, GIB(512) + MIB(2), pa(GIB(7)), MIB(4), ATTR_A), 0);
    CHECK_EQ(pgtable_lookup(&table, GIB(512) + MIB(2) + 0x212345, &output, &attributes, &block), 0);
    CHECK_EQ(output.v, GIB(7) + 0x212345);
    CHECK_EQ(attributes, ATTR_A);
    CHECK_EQ(block, MIB(2));
    CHECK_EQ(pgtable_lookup(&table, GIB(512) + MIB(6), &output, NULL, NULL), -ENOENT);
    CHECK_EQ(pgtable_lookup(&table, GIB(512) + MIB(2) - 1, &output, NULL, NULL), -ENOENT);
    CHECK_EQ(pgtable_lookup(&table, BIT64(48), &output, NULL, NULL), -ENOENT);
    CHECK_EQ(pgtable_lookup(&table, UINT64_MAX, &output, NULL, NULL), -ENOENT);
}

TEST(largest_blocks_that_fit)
{
    set_up(1, 40, 8);
    CHECK_EQ(pgtable_map(&table, KIB(4), pa(GIB(4) + KIB(4)), GIB(3), ATTR_A), 0);
    CHECK_EQ(block_at(0), 0);
    CHECK_EQ(block_at(KIB(4)), KIB(4));
    CHECK_EQ(block_at(MIB(2)), MIB(2));
    CHECK_EQ(block_at(GIB(1)), GIB(1));
    CHECK_EQ(block_at(GIB(2)), GIB(1));
    CHECK_EQ(block_at(GIB(3)), KIB(4));
    CHECK_EQ(block_at(GIB(3) + KIB(4)), 0);
    CHECK_EQ(ram.live_count, 4);
    /* Output aligned to 2 MiB only, then to 4 KiB only. */
    CHECK_EQ(pgtable_map(&table, GIB(8), pa(MIB(2)), GIB(1), ATTR_A), 0);
    CHECK_EQ(block_at(GIB(8)), MIB(2));
    CHECK_EQ(pgtable_map(&table, GIB(9), pa(KIB(4)), MIB(4), ATTR_A), 0);
    CHECK_EQ(block_at(GIB(9)), KIB(4));
    CHECK_EQ(ram.live_count, 8);
}

TEST(concatenated_root_reads_as_one)
{
    set_up(1, 40, 8);
    CHECK_EQ(pgtable_map(&table, GIB(511), pa(GIB(511)), GIB(2), ATTR_A), 0);
    CHECK_EQ(ram.pages[8][511], GIB(511) | ATTR_A | 1);
    CHECK_EQ(ram.pages[9][0], GIB(512) | ATTR_A | 1);
    CHECK_EQ(pgtable_unmap(&table, 0, BIT64(40)), 0);
    CHECK_EQ(ram.pages[8][511] | ram.pages[9][0], 0);
}

TEST(no_level_0_blocks)
{
    set_up(0, 48, 8);
    CHECK_EQ(pgtable_map(&table, 0, pa(0), GIB(512), ATTR_A), 0);
    CHECK_EQ(block_at(0), GIB(1));
    CHECK_EQ(ram.live_count, 1);
    CHECK_EQ(pgtable_unmap(&table, 0, GIB(512)), 0);
    CHECK_EQ(ram.live_count, 0);
    CHECK_EQ(event_count, 1);
    CHECK_EQ(events[0].size, GIB(512));
}

TEST(split_keeps_the_rest)
{
    uint64_t attributes;
    pa_t output;

    set_up(1, 39, 8);
    CHECK_EQ(pgtable_map(&table, GIB(1), pa(GIB(2)), GIB(1), ATTR_A), 0);
    CHECK_EQ(pgtable_unmap(&table, GIB(1) + MIB(512), KIB(4)), 0);
    CHECK_EQ(ram.live_count, 2);
    CHECK_EQ(event_count, 3);
    CHECK(event_covers(GIB(1), GIB(1)));
    CHECK(event_covers(GIB(1) + MIB(512), MIB(2)));
    CHECK_EQ(block_at(GIB(1)), MIB(2));
    CHECK_EQ(block_at(GIB(1) + MIB(512)), 0);
    CHECK_EQ(block_at(GIB(1) + MIB(512) + KIB(4)), KIB(4));
    CHECK_EQ(pgtable_lookup(&table, GIB(2) - 1, &output, &attributes, NULL), 0);
    CHECK_EQ(output.v, GIB(3) - 1);
    CHECK_EQ(attributes, ATTR_A);
}

TEST(mapping_the_same_again_changes_nothing)
{
    set_up(1, 39, 8);
    CHECK_EQ(pgtable_map(&table, MIB(1), pa(MIB(1)), MIB(5), ATTR_A), 0);
    ram.budget = 0;
    CHECK_EQ(pgtable_map(&table, MIB(1), pa(MIB(1)), MIB(5), ATTR_A), 0);
    CHECK_EQ(event_count, 0);
    CHECK_EQ(pgtable_unmap(&table, GIB(5), GIB(7) + KIB(4)), 0);
    CHECK_EQ(event_count, 0);
}

/* What a block mapped comes back page by page: the last one makes the block whole, and a level above in turn.
 */
TEST(what_is_whole_is_joined)
{
    set_up(1, 39, 8);
    CHECK_EQ(pgtable_map(&table, GIB(1), pa(GIB(2)), GIB(1), ATTR_A), 0);
    CHECK_EQ(pgtable_unmap(&table, GIB(1) + MIB(4), KIB(12)), 0);
    CHECK_EQ(ram.live_count, 2);
    CHECK(!pgtable_join(&table, GIB(1) + MIB(4) + KIB(12)));
    CHECK_EQ(pgtable_map(&table, GIB(1) + MIB(4), pa(GIB(2) + MIB(4)), KIB(4), ATTR_A), 0);
    CHECK(!pgtable_join(&table, GIB(1) + MIB(4)));
    CHECK_EQ(pgtable_map(&table, GIB(1) + MIB(4) + KIB(8), pa(GIB(2) + MIB(4) + KIB(8)), KIB(4), ATTR_A), 0);
    CHECK(!pgtable_join(&table, GIB(1) + MIB(4) + KIB(8)));
    CHECK_EQ(pgtable_map(&table, GIB(1) + MIB(4) + KIB(4), pa(GIB(2) + MIB(4) + KIB(4)), KIB(4), ATTR_B), 0);
    CHECK(!pgtable_join(&table, GIB(1) + MIB(4) + KIB(4))); /* Not as the others are. */
    CHECK_EQ(pgtable_map(&table, GIB(1) + MIB(4) + KIB(4), pa(GIB(3)), KIB(4), ATTR_A), 0);
    CHECK(!pgtable_join(&table, GIB(1) + MIB(4) + KIB(4))); /* Elsewhere. */
    CHECK_EQ(pgtable_map(&table, GIB(1) + MIB(4) + KIB(4), pa(GIB(2) + MIB(4) + KIB(4)), KIB(4), ATTR_A), 0);
    event_count = 0;
    CHECK(pgtable_join(&table, GIB(1) + MIB(4) + KIB(4)));
    CHECK_EQ(event_count, 1);
    CHECK(event_covers(GIB(1) + MIB(4), MIB(2)));
    CHECK_EQ(ram.live_count, 1);
    CHECK_EQ(block_at(GIB(1) + MIB(4)), MIB(2));
    CHECK(pgtable_join(&table, GIB(1) + MIB(4)));
    CHECK_EQ(ram.live_count, 0);
    CHECK_EQ(block_at(GIB(1) + MIB(4)), GIB(1));
    CHECK_EQ(entry_of(table.root, 1), GIB(2) | ATTR_A | 1);
    CHECK(!pgtable_join(&table, GIB(1)));
    CHECK(!pgtable_join(&table, GIB(5)));
    CHECK(!pgtable_join(&table, BIT64(39)));
}

/* In a row, but no block can say it: the output is not aligned, or there are no blocks so large. */
TEST(what_no_block_can_say_stays)
{
    set_up(0, 48, 8);
    CHECK_EQ(pgtable_map(&table, 0, pa(KIB(4)), MIB(2), ATTR_A), 0);
    CHECK_EQ(ram.live_count, 3);
    CHECK(!pgtable_join(&table, 0));
    CHECK_EQ(pgtable_map(&table, GIB(512), pa(GIB(512)), GIB(512), ATTR_A), 0);
    CHECK(!pgtable_join(&table, GIB(512)));
    CHECK_EQ(ram.live_count, 4);
}

TEST(bad_arguments)
{
    set_up(1, 39, 8);
    CHECK_EQ(pgtable_map(&table, 1, pa(0), KIB(4), 0), -EINVAL);
    CHECK_EQ(pgtable_map(&table, 0, pa(2048), KIB(4), 0), -EINVAL);
    CHECK_EQ(pgtable_map(&table, 0, pa(0), KIB(4) + 1, 0), -EINVAL);
    CHECK_EQ(pgtable_map(&table, 0, pa(0), 0, 0), -EINVAL);
    CHECK_EQ(pgtable_map(&table, BIT64(39), pa(0), KIB(4), 0), -EINVAL);
    CHECK_EQ(pgtable_map(&table, BIT64(39) - KIB(4), pa(0), KIB(8), 0), -EINVAL);
    CHECK_EQ(pgtable_map(&table, KIB(4), pa(0), 0 - KIB(4), 0), -EINVAL);
    CHECK_EQ(pgtable_map(&table, 0, pa(BIT64(48)), KIB(4), 0), -EINVAL);
    CHECK_EQ(pgtable_map(&table, 0, pa(BIT64(48) - KIB(4)), KIB(8), 0), -EINVAL);
    CHECK_EQ(pgtable_map(&table, 0, pa(0), KIB(4), PTE_VALID), -EINVAL);
    CHECK_EQ(pgtable_map(&table, 0, pa(0), KIB(4), PTE_TABLE), -EINVAL);
    CHECK_EQ(pgtable_map(&table, 0, pa(0), KIB(4), BIT64(12)), -EINVAL);
    CHECK_EQ(pgtable_unmap(&table, 0, 0), -EINVAL);
    CHECK_EQ(pgtable_unmap(&table, KIB(2), KIB(4)), -EINVAL);
    CHECK_EQ(pgtable_unmap(&table, BIT64(39), KIB(4)), -EINVAL);
    CHECK_EQ(pgtable_map(&table, BIT64(39) - KIB(4), pa(BIT64(48) - KIB(4)), KIB(4), 0), 0);
    CHECK_EQ(ram.live_count, 2);
}

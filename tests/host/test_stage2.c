/* SPDX-License-Identifier: Apache-2.0 */
/* test_stage2.c - the shape of the root, exact descriptor bits, owners of table pages, what is
 * invalidated. */
#include "base/stage2.h"

#include <string.h>

#include "base/page_alloc.h"
#include "lib/error.h"
#include "test.h"

#define RAM_BASE GIB(1)
#define RAM_PAGES 256u
#define OWNER 5u
#define VMID 9u

/* The rules of Arm ARM D5.3.3, written out by hand: XN, AF, SH, S2AP, MemAttr, type. */
#define RAM_BITS (0x3u << 8 | 0x3u << 6 | 0xfu << 2 | 1u << 10)
#define RAM_RO_BITS (UINT64_C(1) << 54 | 0x3u << 8 | 0x1u << 6 | 0xfu << 2 | 1u << 10)
#define DEVICE_BITS (UINT64_C(1) << 54 | 0x2u << 8 | 0x3u << 6 | 0x1u << 2 | 1u << 10)
#define BLOCK 1u
#define PAGE 3u

static uint64_t ram[RAM_PAGES][512];
static uint64_t frames[RAM_PAGES];
static struct stage2 s2;
static unsigned invalidate_count;
static uint16_t invalidated_vmid;
static uint64_t invalidated_ipa, invalidated_bytes;

static uint64_t *table_at(pa_t table)
{
    CHECK(table.v >= RAM_BASE && (table.v - RAM_BASE) / PAGE_SIZE < RAM_PAGES);
    CHECK_EQ(page_owner(table), OWNER);
    return ram[(table.v - RAM_BASE) / PAGE_SIZE];
}

static void zero_page(pa_t page)
{
    memset(table_at(page), 0, PAGE_SIZE);
}

static void invalidate_ipa(uint16_t vmid, ipa_t addr, uint64_t size_bytes)
{
    invalidate_count++;
    invalidated_vmid = vmid;
    invalidated_ipa = addr.v;
    invalidated_bytes = size_bytes;
}

static const struct stage2_machine machine = {
    .table_at = table_at,
    .zero_page = zero_page,
    .invalidate_ipa = invalidate_ipa,
};

static void set_up(unsigned ipa_bits)
{
    memset(frames, 0, sizeof(frames));
    memset(ram, 0x5a, sizeof(ram)); /* Pages come dirty. */
    page_pool_init((struct page *)(void *)frames, pa(RAM_BASE), RAM_PAGES);
    page_pool_add(pa(RAM_BASE), RAM_PAGES * PAGE_SIZE);
    invalidate_count = 0;
    stage2_setup(&machine, ipa_bits);
    CHECK_EQ(stage2_init(&s2, OWNER, VMID), 0);
}

TEST(shape_of_the_root)
{
    static const struct {
        unsigned bits, start_level, root_pages;
    } expected[] = {{32, 1, 1}, {36, 1, 1},  {39, 1, 1}, {40, 1, 2},
                    {42, 1, 8}, {43, 1, 16}, {44, 0, 1}, {48, 0, 1}};

    for (size_t i = 0; i < ARRAY_COUNT(expected); i++) {
        uint64_t vtcr;

        set_up(expected[i].bits);
        vtcr = stage2_vtcr_fields();
        CHECK_EQ(bits_get(vtcr, 5, 0), 64 - expected[i].bits);
        CHECK_EQ(bits_get(vtcr, 7, 6), expected[i].start_level == 1 ? 1 : 2);
        CHECK_EQ(vtcr >> 8, 0);
        CHECK_EQ(page_owned_bytes(OWNER), expected[i].root_pages * PAGE_SIZE);
        CHECK_EQ(s2.table.root.v % (expected[i].root_pages * PAGE_SIZE), 0);
        for (size_t entry = 0; entry < expected[i].root_pages * 512; entry++) {
            CHECK_EQ(table_at(pa(s2.table.root.v + entry / 512 * PAGE_SIZE))[entry % 512], 0);
        }
        CHECK_EQ(stage2_map(&s2, ipa(BIT64(expected[i].bits) - KIB(4)), pa(0), KIB(4), STAGE2_RAM), 0);
        CHECK_EQ(stage2_map(&s2, ipa(BIT64(expected[i].bits)), pa(0), KIB(4), STAGE2_RAM), -EINVAL);
        CHECK_EQ(s2.table_count, 3 - expected[i].start_level);
        stage2_destroy(&s2);
        CHECK_EQ(page_owned_bytes(OWNER), 0);
    }
}

static uint64_t leaf(unsigned level1, unsigned level2, unsigned level3)
{
    uint64_t entry = table_at(s2.table.root)[level1];

    CHECK_EQ(entry & MASK64(63, 48), 0); /* Stage 2 tables carry no attributes. */
    CHECK_EQ(entry & PAGE_MASK, 3);
    entry = table_at(pa(entry & PTE_ADDR_MASK))[level2];
    if ((entry & 3) == 3) {
        entry = table_at(pa(entry & PTE_ADDR_MASK))[level3];
    }
    return entry;
}

TEST(descriptor_bits)
{
    set_up(40);
    CHECK_EQ(stage2_map(&s2, ipa(GIB(2)), pa(GIB(3)), GIB(1), STAGE2_RAM), 0);
    CHECK_EQ(table_at(s2.table.root)[2], GIB(3) | RAM_BITS | BLOCK);
    CHECK_EQ(stage2_map(&s2, ipa(GIB(1)), pa(GIB(5)), MIB(2), STAGE2_RAM), 0);
    CHECK_EQ(leaf(1, 0, 0), GIB(5) | RAM_BITS | BLOCK);
    CHECK_EQ(stage2_map(&s2, ipa(GIB(1) + MIB(2)), pa(GIB(6)), KIB(4), STAGE2_RAM_RO), 0);
    CHECK_EQ(leaf(1, 1, 0), GIB(6) | RAM_RO_BITS | PAGE);
    CHECK_EQ(stage2_map(&s2, ipa(GIB(1) + MIB(2) + KIB(8)), pa(0x9000000), KIB(4), STAGE2_DEVICE), 0);
    CHECK_EQ(leaf(1, 1, 2), 0x9000000 | DEVICE_BITS | PAGE);
    CHECK_EQ(leaf(1, 1, 1), 0);
    CHECK_EQ(invalidate_count, 0);
    CHECK_EQ(s2.table_count, 2);
    stage2_destroy(&s2);
}

TEST(lookup)
{
    enum stage2_type type;
    uint64_t left;
    pa_t to;

    set_up(40);
    CHECK_EQ(stage2_map(&s2, ipa(GIB(1)), pa(GIB(5)), MIB(2) + KIB(4), STAGE2_RAM), 0);
    CHECK_EQ(stage2_map(&s2, ipa(GIB(2)), pa(GIB(6)), KIB(4), STAGE2_RAM_RO), 0);
    CHECK_EQ(stage2_map(&s2, ipa(GIB(3)), pa(0x9000000), KIB(4), STAGE2_DEVICE), 0);
    CHECK_EQ(stage2_lookup(&s2, ipa(GIB(1) + 0x1234), &to, &type, &left), 0);
    CHECK_EQ(to.v, GIB(5) + 0x1234);
    CHECK_EQ(type, STAGE2_RAM);
    CHECK_EQ(left, MIB(2) - 0x1234);
    CHECK_EQ(stage2_lookup(&s2, ipa(GIB(1) + MIB(2)), &to, &type, &left), 0);
    CHECK_EQ(left, KIB(4));
    CHECK_EQ(stage2_lookup(&s2, ipa(GIB(2) + 4095), &to, &type, &left), 0);
    CHECK_EQ(type, STAGE2_RAM_RO);
    CHECK_EQ(left, 1);
    CHECK_EQ(stage2_lookup(&s2, ipa(GIB(3)), NULL, &type, NULL), 0);
    CHECK_EQ(type, STAGE2_DEVICE);
    CHECK_EQ(stage2_lookup(&s2, ipa(GIB(3)), NULL, NULL, NULL), 0);
    CHECK_EQ(stage2_lookup(&s2, ipa(GIB(3) + KIB(4)), &to, &type, &left), -ENOENT);
    CHECK_EQ(stage2_lookup(&s2, ipa(UINT64_MAX), &to, &type, &left), -ENOENT);
    stage2_destroy(&s2);
}

TEST(whose_a_page_is_can_be_read_back)
{
    static const enum stage2_type types[] = {STAGE2_RAM,        STAGE2_RAM_RO, STAGE2_DEVICE,  STAGE2_FOREIGN,
                                             STAGE2_FOREIGN_RO, STAGE2_GRANT,  STAGE2_GRANT_RO};
    enum stage2_type type;
    struct stage2_entry hole;

    set_up(40);
    for (unsigned i = 0; i < ARRAY_COUNT(types); i++) {
        uint64_t entry,
            writable = types[i] == STAGE2_FOREIGN || types[i] == STAGE2_GRANT ? 0x3u << 6 : 0x1u << 6;

        CHECK_EQ(stage2_map(&s2, ipa(GIB(1)), pa(GIB(5)), KIB(4), types[i]), 0);
        CHECK_EQ(stage2_lookup(&s2, ipa(GIB(1)), NULL, &type, NULL), 0);
        CHECK_EQ(type, types[i]);
        entry = leaf(1, 0, 0) & ~MASK64(58, 55); /* Bits that the hardware ignores. */
        if (i >= 3) {
            CHECK_EQ(entry, GIB(5) | (RAM_RO_BITS & ~(UINT64_C(0x3) << 6)) | writable | PAGE);
        }
    }
    hole = stage2_find(&s2, ipa(GIB(1) + MIB(2) + KIB(16)));
    CHECK(!hole.mapped);
    CHECK_EQ(hole.bytes, MIB(2));
    hole = stage2_find(&s2, ipa(UINT64_MAX));
    CHECK(!hole.mapped);
    stage2_destroy(&s2);
}

TEST(tables_have_a_limit)
{
    set_up(40);
    s2.table_limit = 3;
    CHECK_EQ(stage2_map(&s2, ipa(0), pa(0), KIB(4), STAGE2_RAM), 0);
    CHECK_EQ(stage2_map(&s2, ipa(MIB(2)), pa(0), KIB(4), STAGE2_RAM), 0);
    CHECK_EQ(stage2_map(&s2, ipa(MIB(4)), pa(0), KIB(4), STAGE2_RAM), -ENOMEM);
    CHECK_EQ(stage2_unmap(&s2, ipa(MIB(2)), KIB(4)), 0);
    CHECK_EQ(stage2_map(&s2, ipa(GIB(1)), pa(0), KIB(4), STAGE2_RAM), -ENOMEM); /* It takes two. */
    CHECK_EQ(stage2_map(&s2, ipa(MIB(4)), pa(0), KIB(4), STAGE2_RAM), 0);
    stage2_destroy(&s2);
}

TEST(unmap_invalidates_with_the_vmid)
{
    set_up(40);
    CHECK_EQ(stage2_map(&s2, ipa(MIB(4)), pa(MIB(8)), MIB(4), STAGE2_RAM), 0);
    CHECK_EQ(stage2_unmap(&s2, ipa(MIB(4)), MIB(2)), 0);
    CHECK_EQ(invalidate_count, 1);
    CHECK_EQ(invalidated_vmid, VMID);
    CHECK_EQ(invalidated_ipa, MIB(4));
    CHECK_EQ(invalidated_bytes, MIB(2));
    CHECK_EQ(stage2_unmap(&s2, ipa(0), BIT64(40)), 0);
    CHECK_EQ(s2.table_count, 0);
    CHECK_EQ(page_owned_bytes(OWNER), 2 * PAGE_SIZE);
    stage2_destroy(&s2);
    CHECK_EQ(invalidated_vmid, VMID);
    CHECK_EQ(invalidated_bytes, BIT64(40));
}

TEST(no_memory)
{
    struct stage2 other;
    uint64_t free_bytes;
    pa_t page;

    set_up(40);
    while (page_free_bytes() > KIB(8)) {
        CHECK_EQ(page_alloc(0, 1, &page), 0);
    }
    free_bytes = page_free_bytes();
    CHECK_EQ(free_bytes, KIB(8));
    CHECK_EQ(stage2_map(&s2, ipa(GIB(1) - KIB(4)), pa(0), KIB(8), STAGE2_RAM), -ENOMEM);
    CHECK_EQ(page_free_bytes(), free_bytes);
    CHECK_EQ(s2.table_count, 0);
    CHECK_EQ(stage2_lookup(&s2, ipa(GIB(1) - KIB(4)), NULL, NULL, NULL), -ENOENT);
    CHECK_EQ(stage2_map(&s2, ipa(0), pa(0), KIB(8), STAGE2_RAM), 0);
    CHECK_EQ(stage2_init(&other, OWNER, VMID), -ENOMEM);
    stage2_destroy(&s2);
    CHECK_EQ(page_free_bytes(), KIB(16));
}

/* Each page is where the array says, tables are owned by the domain, and all of them come back. */
TEST(random_map_and_unmap)
{
    enum {
        SLOTS = 64,
    };
    enum stage2_type expected[SLOTS] = {0};
    bool mapped[SLOTS] = {false};

    set_up(36);
    for (int i = 0; i < 3000; i++) {
        unsigned first = (unsigned)test_random_below(SLOTS);
        unsigned count = 1 + (unsigned)test_random_below(SLOTS - first);
        enum stage2_type type = (enum stage2_type)test_random_below(3);
        bool unmap = test_random_below(2) == 0;
        ipa_t at = ipa(GIB(1) - KIB(128) + first * KIB(4));

        if (unmap) {
            CHECK_EQ(stage2_unmap(&s2, at, count * KIB(4)), 0);
        } else {
            CHECK_EQ(stage2_map(&s2, at, pa(GIB(7) + first * KIB(4)), count * KIB(4), type), 0);
        }
        for (unsigned slot = first; slot < first + count; slot++) {
            mapped[slot] = !unmap;
            expected[slot] = type;
        }
        for (unsigned slot = 0; slot < SLOTS; slot++) {
            enum stage2_type found;
            pa_t to;
            int error = stage2_lookup(&s2, ipa(GIB(1) - KIB(128) + slot * KIB(4)), &to, &found, NULL);

            CHECK_EQ(error, mapped[slot] ? 0 : -ENOENT);
            CHECK(error != 0 || (found == expected[slot] && to.v == GIB(7) + slot * KIB(4)));
        }
        CHECK_EQ(page_owned_bytes(OWNER), (s2.table_count + 1) * PAGE_SIZE);
    }
    stage2_destroy(&s2);
    CHECK_EQ(page_free_bytes(), RAM_PAGES * PAGE_SIZE);
}

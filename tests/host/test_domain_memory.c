/* SPDX-License-Identifier: Apache-2.0 */
/* test_domain_memory.c - what domains have at their frames, give back, map of each other and grant, against a
 * model that keeps a list of everything. */
#include "test.h"

#define machine_random(limit) test_random_below(limit)
#define MACHINE_CHECK(condition) CHECK(condition)
#include "domain_acts.h"

TEST(random_acts)
{
    for (unsigned round = 0; round < (test_long() ? 60 : 6); round++) {
        machine_init();
        machine_check();
        for (unsigned i = 0; i < 4000; i++) {
            machine_act();
            if (i % 50 == 0) {
                machine_check();
            }
        }
        machine_check();
        machine_end();
    }
}

/* A page that a domain gives back while others have it counts as its own, so it cannot get more than its
 * limit. */
TEST(what_others_hold_counts)
{
    pa_t page;
    uint64_t done;

    machine_init();
    physmap_set_limit(&m.domain[1].map, 2);
    act_populate(1, 0, 1);
    act_populate(1, 1, 1);
    act_foreign(2, 5, 1, 0);
    act_unmap(1, 0, true);
    CHECK_EQ(atomic_load(&m.domain[1].map.page_count), 2);
    CHECK_EQ(physmap_populate(&m.domain[1].map, WINDOW_GFN, 1, &done), -ENOMEM);
    CHECK_EQ(physmap_use(&m.domain[1].map, WINDOW_GFN, &page), -EINVAL);
    act_unmap(2, 5, false);
    CHECK_EQ(atomic_load(&m.domain[1].map.page_count), 1);
    CHECK_EQ(physmap_populate(&m.domain[1].map, WINDOW_GFN, 1, &done), 0);
    CHECK(m.waits != 0);
}

/* A block is zeroed in slices; whoever asks for another size meanwhile starts anew, and nothing is lost. */
TEST(a_block_in_slices)
{
    uint64_t done = 0, free_bytes;
    unsigned slices = 0;

    machine_init();
    memset(m.ram[RAM_PAGES / 2], 0x77, PAGE_SIZE * (RAM_PAGES / 4));
    CHECK_EQ(physmap_populate(&m.domain[1].map, WINDOW_GFN, 512, &done), PHYSMAP_AGAIN);
    CHECK_EQ(physmap_populate(&m.domain[1].map, WINDOW_GFN + 512, 1, &done), 0);
    CHECK_EQ(done, 1);
    while (physmap_populate(&m.domain[1].map, WINDOW_GFN, 512, &done) == PHYSMAP_AGAIN) {
        slices++;
    }
    CHECK(slices >= 20 && slices <= 128);
    CHECK_EQ(done, 512);
    for (unsigned i = 0; i < 512; i++) {
        struct stage2_entry entry = stage2_find(&m.domain[1].map.stage2, ipa((WINDOW_GFN + i) * PAGE_SIZE));

        CHECK(entry.mapped && entry.bytes == MIB(2));
        CHECK_EQ(*(const uint64_t *)mmu_direct(entry.to), 0);
        CHECK_EQ(((const uint64_t *)mmu_direct(entry.to))[511], 0);
    }
    free_bytes = page_free_bytes();
    CHECK_EQ(physmap_populate(&m.domain[1].map, WINDOW_GFN + 1024, 512, &done), PHYSMAP_AGAIN);
    CHECK_EQ(physmap_populate(&m.domain[1].map, BIT64(30), 1, &done), -EINVAL); /* An error drops it. */
    CHECK_EQ(page_free_bytes(), free_bytes);
}

/* A block that is not the domain's yet cannot be used by its machine address either: whole it came, whole it
 * goes. */
TEST(a_block_in_slices_is_nobodys)
{
    uint64_t done = 0, free_bytes = 0;
    uint16_t owner;

    machine_init();
    free_bytes = page_free_bytes();
    CHECK_EQ(physmap_populate(&m.domain[1].map, WINDOW_GFN, 512, &done), PHYSMAP_AGAIN);
    for (uint64_t i = 0; i < RAM_PAGES; i++) {
        pa_t page = pa((RAM_FIRST + i) * PAGE_SIZE);

        CHECK(page_owner(page) != 1);
        if (page_get(page, 1) == 0) {
            (void)page_put(page, &owner);
        }
    }
    CHECK_EQ(physmap_populate(&m.domain[1].map, BIT64(30), 1, &done), -EINVAL); /* An error drops it. */
    CHECK_EQ(page_free_bytes(), free_bytes);
    while (physmap_populate(&m.domain[1].map, WINDOW_GFN, 512, &done) == PHYSMAP_AGAIN) {
    }
    CHECK_EQ(done, 512);
    for (unsigned i = 0; i < 512; i++) {
        CHECK_EQ(page_owner(stage2_find(&m.domain[1].map.stage2, ipa((WINDOW_GFN + i) * PAGE_SIZE)).to), 1);
    }
}

/* A domain may have its own page twice, by a grant to itself: who takes the last place away waits for copies
 * too, for the page is free then. */
TEST(a_grant_to_oneself_is_waited_for)
{
    struct grant_entry_v1 *entry;
    uint32_t handle;
    unsigned waits;
    pa_t page;

    machine_init();
    act_populate(1, 0, 1);
    entry = entry_at(1, 9);
    entry->frame = WINDOW_GFN;
    entry->domid = 1;
    entry->flags = GTF_permit_access;
    CHECK_EQ(grant_map(&m.domain[1].maps, 1, 9, true, WINDOW_GFN + 5, &handle, &page), GNTST_okay);
    CHECK_EQ(physmap_unmap(&m.domain[1].map, WINDOW_GFN, true), 0);
    CHECK_EQ(page_owner(page), 1);
    waits = m.waits;
    CHECK_EQ(grant_unmap(&m.domain[1].maps, handle, WINDOW_GFN + 5), GNTST_okay);
    CHECK_EQ(m.waits, waits + 1);
    CHECK_EQ(page_owner(page), DOMID_NONE);
}

/* Before the first page of a domain that goes is free, no TLB has any of its translations, for its VMID may
 * be another's soon. */
TEST(what_goes_is_forgotten_first)
{
    uint64_t free_bytes;
    unsigned forgets;

    machine_init();
    act_populate(1, 0, 1);
    act_populate(1, 1, 1);
    free_bytes = page_free_bytes();
    forgets = m.forgets;
    while (!physmap_end_some(&m.domain[1].map)) {
    }
    CHECK_EQ(m.forgets, forgets + 1);
    CHECK_EQ(m.forgets_free_bytes, free_bytes);
    CHECK(page_free_bytes() > free_bytes);
}

/* Not RAM of its own: neither the tables of a direct-mapped domain nor others' pages can be mapped by their
 * address. */
TEST(direct_is_own_ram_alone)
{
    uint64_t done;
    pa_t frame;

    machine_init();
    for (uint64_t i = 0; i < RAM_PAGES; i++) {
        CHECK_EQ(physmap_populate(&m.domain[0].map, RAM_FIRST + i, 1, &done), i < DIRECT_PAGES ? 0 : -EINVAL);
    }
    CHECK_EQ(physmap_populate(&m.domain[0].map, 0, 1, &done), -EINVAL);
    CHECK_EQ(grant_table_frame(&m.domain[0].table, 0, &frame), 0);
    CHECK_EQ(page_owner(frame), DOMID_HV);
}

/* A direct-mapped domain that lends pages and gets them all back has the tables that it had. */
TEST(what_comes_back_is_whole)
{
    struct stage2 *stage2;
    uint64_t before, done;
    unsigned at;

    machine_init();
    stage2 = &m.domain[0].map.stage2;
    for (at = 0; at < DIRECT_PAGES; at++) { /* It begins as the machine builds it, in pages. */
        act_populate(0, at, 1);
    }
    act_unmap(0, 7, true);
    act_populate(0, 7, 1);
    before = stage2->table_count;
    CHECK_EQ(stage2_find(stage2, ipa(RAM_FIRST * PAGE_SIZE)).bytes, MIB(2));
    for (unsigned round = 0; round < 20; round++) {
        unsigned lent = (unsigned)machine_random(DIRECT_PAGES),
                 other = (unsigned)machine_random(DIRECT_PAGES);

        act_unmap(0, lent, true);
        CHECK_EQ(stage2->table_count, before + 1);
        act_foreign(0, other, 1, 0);
        act_populate(0, lent, 1);
        act_populate(0, other, 1);
        CHECK_EQ(stage2->table_count, before);
    }
    CHECK_EQ(physmap_populate(&m.domain[0].map, RAM_FIRST, 1, &done), 0);
}

TEST(frames_move_and_grow)
{
    struct grant_table *table;
    pa_t page;

    machine_init();
    table = &m.domain[1].table;
    CHECK_EQ(grant_table_frame(table, 3, &page), -EINVAL);
    CHECK_EQ(grant_table_frame(table, UINT64_MAX, &page), -EINVAL);
    CHECK_EQ(grant_table_grow(table, 4), -EINVAL);
    CHECK_EQ(grant_table_map_frame(table, 2, WINDOW_GFN), 0);
    CHECK_EQ(grant_table_frame_count(table), 3);
    CHECK_EQ(grant_table_map_frame(table, 2, WINDOW_GFN + 1), 0);
    CHECK_EQ(grant_table_frame(table, 2, &page), 0);
    CHECK(!physmap_has(&m.domain[1].map, WINDOW_GFN, page));
    CHECK(physmap_has(&m.domain[1].map, WINDOW_GFN + 1, page));
    CHECK_EQ(physmap_use(&m.domain[1].map, WINDOW_GFN + 1, &page), -EINVAL); /* Cannot be granted. */
    CHECK_EQ(grant_table_map_frame(table, 0, BIT64(30)), -EINVAL);
    table->frame_limit = GRANT_FRAMES_MAX;
    CHECK_EQ(grant_table_grow(table, GRANT_FRAMES_MAX), PHYSMAP_AGAIN);
    while (grant_table_grow(table, GRANT_FRAMES_MAX) == PHYSMAP_AGAIN) {
    }
    CHECK_EQ(grant_table_frame_count(table), GRANT_FRAMES_MAX);
}

/* Handles have a limit, and all of them work. */
TEST(many_handles)
{
    struct grant_maps *maps;
    uint32_t handle, last = 0;
    pa_t page;

    machine_init();
    maps = &m.domain[2].maps;
    act_populate(1, 0, 1);
    *entry_at(1, 9) = (struct grant_entry_v1){GTF_permit_access, 2, WINDOW_GFN};
    for (uint64_t i = 0; i < 600; i++) {
        CHECK_EQ(grant_map(maps, 1, 9, true, 10000 + i, &handle, &page), GNTST_okay);
        last = handle;
    }
    CHECK_EQ(maps->page_count, 3);
    CHECK_EQ(grant_map(maps, 1, 9, true, 10000, &handle, &page), GNTST_general_error);
    CHECK_EQ(grant_map(maps, 9, 9, true, 1, &handle, &page), GNTST_bad_domain);
    maps->page_count = GRANT_MAP_PAGES_MAX; /* As if there were as many as there may be. */
    maps->free = UINT32_MAX;
    CHECK_EQ(grant_map(maps, 1, 9, true, 1, &handle, &page), GNTST_no_space);
    maps->page_count = 3;
    CHECK_EQ(grant_unmap(maps, last, 10599), GNTST_okay);
    CHECK_EQ(grant_map(maps, 1, 9, false, 1, &handle, &page), GNTST_okay);
    CHECK_EQ(handle, last);
}

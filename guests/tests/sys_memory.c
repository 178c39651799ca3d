/* SPDX-License-Identifier: Apache-2.0 */
/* sys_memory.c - test guest: memory_op for itself. Pages put at its frames, given back and got again, in
 * pages and in blocks, and all the ways to ask for it wrongly. Boot argument: rounds= of the loop. With two
 * CPUs the other one calls meanwhile. */
#include "abi.h"
#include "check.h"

#define MIB 0x100000UL
#define PAGE 0x1000UL
#define ROOM (8 * MIB)      /* From the start of RAM: what is behind is free for tests, 16 MiB of it. */
#define FAR_AWAY 0x300000UL /* A gfn at 12 GiB. */

static struct checks checks;

static uint64_t room(void)
{
    return platform.memory[0].base + ROOM;
}

static uint64_t gfn_of(uint64_t address)
{
    return address / PAGE;
}

static uint64_t peek(uint64_t address)
{
    uint64_t value = 0xdead;

    return probe_read(address, 8, &value) ? value : ~0UL;
}

static void poke(uint64_t address, uint64_t value)
{
    CHECK(probe_write(address, 8, value));
}

static bool is_hole(uint64_t address)
{
    uint64_t value;

    return !probe_read(address, 8, &value);
}

static int64_t reservation(unsigned op)
{
    struct xen_memory_domain wish = {.domid = DOMID_SELF};

    return memory_op(op, &wish);
}

static int64_t pages(void)
{
    return reservation(XENMEM_current_reservation);
}

static void check_questions(void)
{
    struct xen_memory_domain wish = {.domid = DOMID_SELF};
    int64_t all = (int64_t)(platform.memory[0].size_bytes / PAGE);

    CHECK_EQ(pages(), all);
    CHECK_EQ(reservation(XENMEM_maximum_reservation), all);
    CHECK_EQ(reservation(XENMEM_maximum_gpfn), (int64_t)gfn_of(platform.memory[0].base) + all - 1);
    CHECK(memory_op(XENMEM_maximum_ram_page, NULL) > all);
    CHECK_EQ(memory_op(XENMEM_get_sharing_freed_pages, NULL), 0);
    CHECK_EQ(memory_op(XENMEM_get_sharing_shared_pages, NULL), 0);
    wish.domid = 0;
    CHECK_EQ(memory_op(XENMEM_current_reservation, &wish), E_SRCH);
    wish.domid = 61;
    CHECK_EQ(memory_op(XENMEM_maximum_gpfn, &wish), E_SRCH);
    wish.domid = DOMID_INVALID;
    CHECK_EQ(memory_op(XENMEM_current_reservation, &wish), E_SRCH);
    wish.domid = 1; /* Its own number. */
    CHECK_EQ(memory_op(XENMEM_current_reservation, &wish), all);
    CHECK_EQ(memory_op(XENMEM_current_reservation, NULL), E_FAULT);
    CHECK_EQ(memory_op(XENMEM_memory_map, &wish), E_NOSYS); /* As on Arm. */
    CHECK_EQ(memory_op(63, &wish), E_NOSYS);
}

static void check_shared_info(void)
{
    uint64_t here = room(), there = room() + 5 * MIB;
    int64_t before = pages();

    poke(here, 0x1111);
    poke(there, 0x2222);
    CHECK_EQ(add_to_physmap(XENMAPSPACE_shared_info, 1, gfn_of(here)), E_INVAL);
    CHECK_EQ(peek(here), 0x1111);
    CHECK_EQ(add_to_physmap(XENMAPSPACE_shared_info, 0, gfn_of(here)), 0);
    CHECK_EQ(peek(here + 0xff0), 0);
    poke(here + 0xff0, 0x3333);
    CHECK_EQ(pages(), before - 1); /* What was there is given back. */
    CHECK_EQ(add_to_physmap(XENMAPSPACE_shared_info, 0, gfn_of(here)), 0);
    CHECK_EQ(add_to_physmap(XENMAPSPACE_shared_info, 0, gfn_of(there)), E_BUSY);
    CHECK_EQ(peek(there), 0x2222);
    CHECK_EQ(remove_from_physmap(gfn_of(here)), 0);
    CHECK(is_hole(here));
    CHECK_EQ(remove_from_physmap(gfn_of(here)), E_NOENT);
    CHECK_EQ(add_to_physmap(XENMAPSPACE_shared_info, 0, gfn_of(there)), 0);
    CHECK_EQ(peek(there + 0xff0), 0x3333); /* The same page. */
    CHECK_EQ(adjust_one(XENMEM_decrease_reservation, gfn_of(there), 0), 1);
    CHECK_EQ(pages(), before - 2);
    CHECK_EQ(adjust_one(XENMEM_populate_physmap, gfn_of(here), 0), 1);
    CHECK_EQ(adjust_one(XENMEM_populate_physmap, gfn_of(there), 0), 1);
    CHECK_EQ(peek(here), 0);
    CHECK_EQ(peek(there + 0xff0), 0);
    CHECK_EQ(pages(), before);
}

static void check_grant_frames(void)
{
    struct gnttab_query_size size = {.dom = DOMID_SELF};
    struct gnttab_set_version version = {.version = 1};
    uint64_t here = room() + MIB;

    CHECK_EQ(grant_op(GNTTABOP_query_size, &size, 1), 0);
    CHECK_EQ(size.status, GNTST_okay);
    CHECK_EQ(size.nr_frames, 1);
    CHECK_EQ(size.max_nr_frames, 64);
    CHECK_EQ(grant_op(GNTTABOP_query_size, &size, 2), E_INVAL);
    size.dom = 0;
    CHECK_EQ(grant_op(GNTTABOP_query_size, &size, 1), 0);
    CHECK_EQ(size.status, GNTST_bad_domain);
    CHECK_EQ(grant_op(GNTTABOP_set_version, &version, 1), 0);
    version.version = 2;
    CHECK_EQ(grant_op(GNTTABOP_set_version, &version, 1), E_NOSYS);
    CHECK_EQ(version.version, 1);
    version.version = 3;
    CHECK_EQ(grant_op(GNTTABOP_set_version, &version, 1), E_INVAL);
    CHECK_EQ(add_to_physmap(XENMAPSPACE_grant_table, 64, gfn_of(here)), E_INVAL);
    CHECK_EQ(add_to_physmap(XENMAPSPACE_grant_table, ~0UL, gfn_of(here)), E_INVAL);
    CHECK_EQ(add_to_physmap(XENMAPSPACE_grant_table, XENMAPIDX_grant_table_status, gfn_of(here)), E_INVAL);
    for (unsigned i = 0; i < 64; i += 9) {
        poke(here, 0x4444);
        CHECK_EQ(add_to_physmap(XENMAPSPACE_grant_table, i, gfn_of(here)), 0);
        CHECK_EQ(peek(here + 8), 0);
        poke(here + 8, i);
    }
    size.dom = DOMID_SELF;
    CHECK_EQ(grant_op(GNTTABOP_query_size, &size, 1), 0);
    CHECK_EQ(size.nr_frames, 64);
    CHECK_EQ(add_to_physmap(XENMAPSPACE_grant_table, 9, gfn_of(here)), 0);
    CHECK_EQ(peek(here + 8), 9);
    CHECK_EQ(add_to_physmap(XENMAPSPACE_grant_table, 9, gfn_of(here + PAGE)), 0); /* It moves. */
    CHECK_EQ(peek(here + PAGE + 8), 9);
    CHECK(is_hole(here));
    for (unsigned i = 0; i < 2; i++) {
        CHECK_EQ(adjust_one(XENMEM_populate_physmap, gfn_of(here) + i, 0), 1);
        CHECK_EQ(peek(here + i * PAGE), 0);
    }
}

static void check_wrong_places(void)
{
    const uint64_t bad[] = {1UL << 28, 1UL << 36, 1UL << 52, ~0UL - 1};

    for (unsigned i = 0; i < 4; i++) {
        CHECK_EQ(add_to_physmap(XENMAPSPACE_grant_table, 0, bad[i]), E_INVAL);
        CHECK_EQ(remove_from_physmap(bad[i]), E_NOENT);
        CHECK_EQ(adjust_one(XENMEM_populate_physmap, bad[i], 0), 0);
        CHECK_EQ(adjust_one(XENMEM_decrease_reservation, bad[i], 0), 0);
        CHECK_EQ(adjust_one(XENMEM_decrease_reservation, bad[i], 9), 0);
    }
    CHECK_EQ(add_to_physmap(XENMAPSPACE_grant_table, 0, ~0UL), E_INVAL);
    CHECK_EQ(add_to_physmap(XENMAPSPACE_gmfn, gfn_of(room()), gfn_of(room()) + 1), E_NOSYS);
    CHECK_EQ(add_to_physmap(XENMAPSPACE_gmfn_range, gfn_of(room()), gfn_of(room()) + 1), E_NOSYS);
    CHECK_EQ(add_to_physmap(XENMAPSPACE_gmfn_foreign, gfn_of(room()), gfn_of(room()) + 1), E_NOSYS);
    CHECK_EQ(add_to_physmap(XENMAPSPACE_dev_mmio, 0x9000, gfn_of(room()) + 1), E_ACCES);
    CHECK_EQ(add_to_physmap(77, 0, gfn_of(room())), E_NOSYS);
    if (platform.gic_version == 2) { /* A page of a device is not RAM to be replaced or given back. */
        CHECK_EQ(add_to_physmap(XENMAPSPACE_shared_info, 0, gfn_of(platform.gicc.base)), E_BUSY);
        CHECK_EQ(adjust_one(XENMEM_populate_physmap, gfn_of(platform.gicc.base), 0), 0);
        CHECK_EQ(adjust_one(XENMEM_decrease_reservation, gfn_of(platform.gicc.base), 0), 0);
        CHECK_EQ(remove_from_physmap(gfn_of(platform.gicc.base)), E_NOENT);
    }
    CHECK_EQ(memory_op(XENMEM_add_to_physmap, NULL), E_FAULT);
    CHECK_EQ(memory_op(XENMEM_remove_from_physmap, (void *)0x10000000), E_FAULT);
    CHECK_EQ(memory_op(XENMEM_add_to_physmap | 0x10000UL << 6, NULL), E_DOM);
    CHECK_EQ(memory_op(XENMEM_remove_from_physmap | 1 << 6, NULL), E_INVAL);
}

static void check_wrong_extents(void)
{
    static xen_pfn_t list[8];
    struct xen_memory_reservation wish = {.nr_extents = 1, .domid = DOMID_SELF};
    struct xen_memory_exchange exchange = {.in = {.nr_extents = 1, .domid = DOMID_SELF}};
    int64_t before = pages();

    for (unsigned i = 0; i < 8; i++) {
        list[i] = gfn_of(room()) + i;
    }
    CHECK_EQ(adjust(XENMEM_decrease_reservation, list, 0, 0), 0);
    CHECK_EQ(adjust(XENMEM_decrease_reservation, list, 1UL << 26, 0), 0); /* More than can be continued. */
    CHECK_EQ(adjust(XENMEM_decrease_reservation, list, ~0UL, 0), 0);
    CHECK_EQ(adjust(XENMEM_decrease_reservation, list, 1, 10), 0);
    CHECK_EQ(adjust(XENMEM_populate_physmap, list, 1, 0xffffffff), 0);
    CHECK_EQ(adjust(XENMEM_populate_physmap, NULL, 1, 0), 0);
    CHECK_EQ(adjust(XENMEM_decrease_reservation, (xen_pfn_t *)~7UL, 2, 0), 0);
    CHECK_EQ(adjust(XENMEM_populate_physmap, list, 1, 9), 0); /* It has all that it may have. */
    wish.extent_start.p = list;
    wish.mem_flags = XENMEMF_populate_on_demand;
    CHECK_EQ(memory_op(XENMEM_populate_physmap, &wish), 0);
    wish.mem_flags = 0;
    wish.domid = 0;
    CHECK_EQ(memory_op(XENMEM_decrease_reservation, &wish), 0);
    wish.domid = DOMID_SELF;
    /* A forged continuation: behind the end, or in the middle of the extent. */
    CHECK_EQ(memory_op(XENMEM_decrease_reservation | 1 << 6, &wish), 1);
    CHECK_EQ(memory_op(XENMEM_decrease_reservation | 0x3ffffffUL << 6, &wish), 0x3ffffff);
    CHECK_EQ(memory_op(XENMEM_decrease_reservation | 1UL << 32, &wish), 0);
    CHECK_EQ(memory_op(XENMEM_decrease_reservation | 0xffffffffUL << 32, &wish), 0);
    CHECK_EQ(pages(), before);
    CHECK_EQ(adjust(XENMEM_increase_reservation, list, 1, 0), 0);
    CHECK_EQ(memory_op(XENMEM_exchange, &exchange), E_INVAL); /* Sizes differ. */
    exchange.out = exchange.in;
    CHECK_EQ(memory_op(XENMEM_exchange, &exchange), E_OPNOTSUPP);
    exchange.nr_exchanged = 2;
    CHECK_EQ(memory_op(XENMEM_exchange, &exchange), E_INVAL);
    CHECK_EQ(memory_op(XENMEM_exchange, NULL), E_FAULT);
}

/* A list that ends where RAM does, and one whose third extent is a hole: what was good is done, and told. */
static void check_partly(void)
{
    static xen_pfn_t list[5];
    uint64_t end = platform.memory[0].base + platform.memory[0].size_bytes;
    int64_t before = pages();

    for (unsigned i = 0; i < 5; i++) {
        list[i] = gfn_of(room()) + i;
    }
    list[2] = FAR_AWAY;
    CHECK_EQ(adjust(XENMEM_decrease_reservation, list, 5, 0), 2);
    CHECK_EQ(pages(), before - 2);
    CHECK(is_hole(room() + PAGE) && !is_hole(room() + 3 * PAGE));
    CHECK_EQ(adjust(XENMEM_populate_physmap, list, 5, 0), 2); /* The third is beyond the limit. */
    CHECK_EQ(pages(), before);
    memcpy((void *)(end - 16), list, 16);
    CHECK_EQ(adjust(XENMEM_decrease_reservation, (xen_pfn_t *)(end - 16), 100, 0), 2);
    CHECK_EQ(adjust(XENMEM_populate_physmap, list, 2, 0), 2);
    /* A list in the page that is given back ends there. */
    memcpy((void *)(room() + 16), list, 16);
    CHECK_EQ(adjust(XENMEM_decrease_reservation, (xen_pfn_t *)(room() + 16), 2, 0), 1);
    CHECK_EQ(adjust(XENMEM_populate_physmap, list, 1, 0), 1);
    CHECK_EQ(pages(), before);
}

static void balloon_out(uint64_t count, unsigned order, uint64_t step)
{
    static xen_pfn_t list[512];

    for (uint64_t i = 0; i < count; i++) {
        list[i] = gfn_of(room()) + i * step;
        poke(room() + i * step * PAGE, ~i);
    }
    CHECK_EQ(adjust(XENMEM_decrease_reservation, list, count, order), (int64_t)count);
    for (uint64_t i = 0; i < count; i++) {
        if (!is_hole(room() + i * step * PAGE)) {
            CHECK(!"a hole");
        }
    }
}

static void balloon_in(uint64_t count, unsigned order, uint64_t step)
{
    static xen_pfn_t list[512];

    for (uint64_t i = 0; i < count; i++) { /* In another order. */
        list[count - 1 - i] = gfn_of(room()) + i * step;
    }
    CHECK_EQ(adjust(XENMEM_populate_physmap, list, count, order), (int64_t)count);
    for (uint64_t i = 0; i < (count << order); i++) {
        uint64_t at = room() + (i >> order) * step * PAGE + (i & ((1UL << order) - 1)) * PAGE;

        if (peek(at) != 0 || peek(at + PAGE - 8) != 0) {
            CHECK(!"zero");
        }
    }
}

/* Many times the memory of the machine. */
static void check_balloon(void)
{
    uint64_t rounds = bootarg_number("rounds", 20);
    int64_t before = pages();

    for (uint64_t i = 0; i < rounds; i++) {
        balloon_out(512, 0, 3);
        CHECK_EQ(pages(), before - 512);
        balloon_in(512, 0, 3);
        balloon_out(4, 9, 512);
        CHECK_EQ(pages(), before - 2048);
        balloon_in(4, 9, 512); /* Blocks of 2 MiB again. */
        balloon_out(3, 5, 100);
        balloon_in(96, 0, 1);
        balloon_out(96, 0, 1);
        balloon_in(3, 5, 100);
        CHECK_EQ(pages(),
                 before - 64); /* The 64 pages at 32 to 95 are given back twice, and came back once. */
        for (uint64_t gfn = 0; gfn < 96; gfn++) {
            if (is_hole(room() + gfn * PAGE)) {
                CHECK_EQ(adjust_one(XENMEM_populate_physmap, gfn_of(room()) + gfn, 0), 1);
            }
        }
        CHECK_EQ(pages(), before);
    }
}

/* Frames far from each other need tables of their own. */
static void check_scattered(void)
{
    int64_t before = pages();

    balloon_out(512, 0, 1);
    for (uint64_t i = 0; i < 512; i++) {
        if (adjust_one(XENMEM_populate_physmap, FAR_AWAY + i * 0x7001, 0) != 1) {
            CHECK(!"scattered");
        }
    }
    CHECK_EQ(reservation(XENMEM_maximum_gpfn), (int64_t)FAR_AWAY + 511 * 0x7001);
    for (uint64_t i = 0; i < 512; i++) {
        CHECK_EQ(adjust_one(XENMEM_decrease_reservation, FAR_AWAY + i * 0x7001, 0), 1);
    }
    balloon_in(512, 0, 1);
    CHECK_EQ(pages(), before);
}

static int64_t multicall(struct multicall_entry *list, uint64_t count)
{
    return hypercall(__HYPERVISOR_multicall, (uint64_t)list, count, 0, 0, 0);
}

/* Long calls, wrong calls and calls of calls in one. */
static void check_multicall(void)
{
    static const char text[] =
        "MULTICALL a line that is longer than what is written in one stay, and printed whole\n";
    static xen_pfn_t gfns[100];
    static struct multicall_entry list[6];
    struct xen_memory_reservation wish = {.nr_extents = 100, .domid = DOMID_SELF};
    uint64_t end = platform.memory[0].base + platform.memory[0].size_bytes;
    struct multicall_entry *last = (struct multicall_entry *)(end - sizeof(list[0]));
    int64_t before = pages();

    for (unsigned i = 0; i < 100; i++) {
        gfns[i] = gfn_of(room()) + i;
    }
    wish.extent_start.p = gfns;
    list[0] = (struct multicall_entry){.op = __HYPERVISOR_memory_op,
                                       .args = {XENMEM_decrease_reservation, (uint64_t)&wish}};
    list[1] = (struct multicall_entry){.op = __HYPERVISOR_xen_version};
    list[2] = (struct multicall_entry){.op = __HYPERVISOR_multicall, .args = {(uint64_t)list, 1}};
    list[3] = (struct multicall_entry){.op = 77};
    list[4] = (struct multicall_entry){.op = __HYPERVISOR_console_io,
                                       .args = {CONSOLEIO_write, sizeof(text) - 1, (uint64_t)text}};
    list[5] = (struct multicall_entry){.op = __HYPERVISOR_memory_op,
                                       .args = {XENMEM_current_reservation, 0x10000000}};
    CHECK_EQ(multicall(list, 6), 0);
    CHECK_EQ(list[0].result, 100);
    CHECK_EQ(list[1].result, 4 << 16 | 17);
    CHECK_EQ(list[2].result, E_INVAL);
    CHECK_EQ(list[3].result, E_NOSYS);
    CHECK_EQ(list[4].result, 0);
    CHECK_EQ(list[5].result, E_FAULT);
    CHECK_EQ(pages(), before - 100);
    list[0].args[0] = XENMEM_populate_physmap;
    CHECK_EQ(multicall(list, 1), 0);
    CHECK_EQ(list[0].result, 100);
    CHECK_EQ(pages(), before);
    CHECK_EQ(multicall(NULL, 0), 0);
    CHECK_EQ(multicall(NULL, 1), E_FAULT);
    *last = list[1];
    last->result = 0;
    CHECK_EQ(multicall(last, ~0UL), E_FAULT); /* What can be read is done. */
    CHECK_EQ(last->result, 4 << 16 | 17);
}

/* The second CPU's calls with an argument in the block that the first punches holes into: it is always there.
 * And one in a page that comes and goes. */
static volatile uint32_t calling, refused, done;

static void call_all_the_time(void *argument)
{
    struct xen_memory_domain *stays = argument, *goes = (void *)(room() + 2 * MIB + PAGE);

    while (calling != 0) {
        stays->domid = DOMID_SELF;
        refused += memory_op(XENMEM_maximum_reservation, stays) < 0 ? 1 : 0;
        (void)memory_op(XENMEM_maximum_reservation, goes);
    }
    done = 1;
}

static void check_beside(void)
{
    if (platform.cpu_count < 2) {
        return;
    }
    calling = 1;
    CHECK_EQ(smp_start(1, call_all_the_time, (void *)(room() + 2 * MIB + 9 * PAGE)), 0);
    for (unsigned i = 0; i < 300; i++) {
        uint64_t gfn = gfn_of(room() + 2 * MIB);

        /* Its block, whole at first: split by the first page that goes. */
        CHECK_EQ(adjust_one(XENMEM_decrease_reservation, gfn + 1, 0), 1);
        CHECK_EQ(adjust_one(XENMEM_populate_physmap, gfn + 1, 0), 1);
        CHECK_EQ(adjust_one(XENMEM_decrease_reservation, gfn + 512 + (i % 512), 0), 1);
        CHECK_EQ(adjust_one(XENMEM_populate_physmap, gfn + 512 + (i % 512), 0), 1);
    }
    calling = 0;
    CHECK(smp_wait(&done, 1, timer_frequency()));
    CHECK_EQ(refused, 0);
}

unsigned guest_main(void)
{
    check_beside();
    check_questions();
    check_shared_info();
    check_grant_frames();
    check_wrong_places();
    check_wrong_extents();
    check_partly();
    check_multicall();
    check_balloon();
    check_scattered();
    return checks_end(&checks);
}

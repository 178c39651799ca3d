/* SPDX-License-Identifier: Apache-2.0 */
/* sys_foreign.c - test guest: the control domain at the pages of domain 1. role=manager is the control
 * domain, role=other the other. The manager maps a page of the other's RAM and the frame of its grant table,
 * writes a grant into that as a toolstack does, and uses the grant; the other sees all of it in its own
 * memory. */
#include "abi.h"
#include "check.h"
#include "string.h"

#define PAGE 4096UL
#define MIB (1UL << 20)
#define OTHER 1
#define OTHER_PAGE                                                                                           \
    (0x40000000UL + 16 * MIB) /* In the other's RAM; the page behind it is where its grants are. */
#define RESERVED_REF 8
#define OWN_REF 9
#define TRIES 100000000UL

enum word { WORD_OTHER, WORD_MANAGER, WORD_GRANT, WORD_DONE };
#define SAYS_OTHER 0x6f74686572UL
#define SAYS_MANAGER 0x6d616e61676572UL
#define SAYS_GRANT 0x6772616e74UL

static struct checks checks;

static volatile uint64_t *word(uint64_t page, enum word which)
{
    return (volatile uint64_t *)page + which;
}

static bool wait_for(uint64_t page, enum word which, uint64_t value)
{
    for (uint64_t i = 0; i < TRIES && *word(page, which) != value; i++) {
    }
    return CHECK_EQ(*word(page, which), value);
}

static void play_other(void)
{
    volatile struct grant_entry_v1 *table = (volatile struct grant_entry_v1 *)(OTHER_PAGE + PAGE);

    CHECK_EQ(add_to_physmap(XENMAPSPACE_grant_table, 0, (OTHER_PAGE + PAGE) >> 12), 0);
    table[OWN_REF].frame = 0x1234;
    *word(OTHER_PAGE, WORD_OTHER) = SAYS_OTHER;
    if (wait_for(OTHER_PAGE, WORD_MANAGER, SAYS_MANAGER)) {
        CHECK_EQ(table[RESERVED_REF].domid, 0);
        CHECK_EQ(table[RESERVED_REF].frame, OTHER_PAGE >> 12);
        CHECK_EQ(*word(OTHER_PAGE, WORD_GRANT), SAYS_GRANT);
    }
}

/* Frame of the manager's own RAM that is a hole after this. */
static uint64_t hole(unsigned number)
{
    uint64_t page = platform.memory[0].base + 16 * MIB + number * PAGE;

    CHECK_EQ(adjust_one(XENMEM_decrease_reservation, page >> 12, 0), 1);
    return page;
}

static int64_t map_foreign(domid_t domid, uint64_t gfn, uint64_t at, int *error)
{
    struct xen_add_to_physmap_batch batch = {
        .domid = DOMID_SELF, .space = XENMAPSPACE_gmfn_foreign, .size = 1, .u.foreign_domid = domid};
    xen_ulong_t from = gfn;
    xen_pfn_t to = at >> 12;

    *error = 1;
    batch.idxs.p = &from;
    batch.gpfns.p = &to;
    batch.errs.p = error;
    return memory_op(XENMEM_add_to_physmap_batch, &batch);
}

static void check_map(uint64_t page)
{
    int error;

    CHECK_EQ(map_foreign(60, OTHER_PAGE >> 12, page, &error), 0);
    CHECK_EQ(error, E_SRCH);
    CHECK_EQ(map_foreign(OTHER, 0x1000, page, &error), 0); /* No RAM of the other's. */
    CHECK_EQ(error, E_INVAL);
    CHECK_EQ(map_foreign(OTHER, OTHER_PAGE >> 12, page, &error), 0);
    CHECK_EQ(error, 0);
    CHECK(wait_for(page, WORD_OTHER, SAYS_OTHER));
}

static int64_t acquire(domid_t domid, unsigned type, uint32_t count, uint64_t page)
{
    struct xen_mem_acquire_resource wish = {.domid = domid, .type = (uint16_t)type, .nr_frames = count};
    xen_pfn_t list[1] = {page >> 12};
    int64_t result;

    wish.frame_list.p = page != 0 ? list : NULL;
    result = memory_op(XENMEM_acquire_resource, &wish);
    return result == 0 && page == 0 ? wish.nr_frames : result;
}

/* The frame of the other's grant table is the one that it sees itself. */
static void check_acquire(uint64_t page)
{
    volatile struct grant_entry_v1 *table = (volatile struct grant_entry_v1 *)page;

    CHECK_EQ(acquire(OTHER, XENMEM_resource_grant_table, 0, 0), 64);
    CHECK_EQ(acquire(60, XENMEM_resource_grant_table, 1, page), E_SRCH);
    CHECK_EQ(acquire(OTHER, 77, 1, page), E_INVAL);
    CHECK_EQ(acquire(OTHER, XENMEM_resource_grant_table, 1, page), 0);
    CHECK_EQ(table[OWN_REF].frame, 0x1234);
    table[RESERVED_REF].domid = 0;
    table[RESERVED_REF].frame = OTHER_PAGE >> 12;
    __asm__ volatile("dmb ish" ::: "memory"); /* The flags make the entry good: they come last. */
    table[RESERVED_REF].flags = GTF_permit_access;
}

static void use_grant(uint64_t page)
{
    struct gnttab_map_grant_ref map = {
        .host_addr = page, .flags = GNTMAP_host_map, .ref = RESERVED_REF, .dom = OTHER};
    struct gnttab_unmap_grant_ref unmap = {.host_addr = page};

    CHECK_EQ(grant_op(GNTTABOP_map_grant_ref, &map, 1), 0);
    if (CHECK_EQ(map.status, GNTST_okay)) {
        CHECK_EQ(*word(page, WORD_OTHER), SAYS_OTHER);
        *word(page, WORD_GRANT) = SAYS_GRANT;
        unmap.handle = map.handle;
        CHECK_EQ(grant_op(GNTTABOP_unmap_grant_ref, &unmap, 1), 0);
        CHECK_EQ(unmap.status, GNTST_okay);
    }
}

static void play_manager(void)
{
    uint64_t foreign = hole(0), table = hole(1), grant = hole(2);

    check_map(foreign);
    check_acquire(table);
    use_grant(grant);
    *word(foreign, WORD_MANAGER) = SAYS_MANAGER;
    CHECK(wait_for(foreign, WORD_DONE, 1));
    CHECK_EQ(remove_from_physmap(foreign >> 12), 0);
    CHECK_EQ(remove_from_physmap(foreign >> 12), E_NOENT);
    CHECK_EQ(remove_from_physmap(table >> 12), 0);
    for (unsigned i = 0; i < 3; i++) {
        CHECK_EQ(adjust_one(XENMEM_populate_physmap, (foreign >> 12) + i, 0), 1);
        *word(foreign + i * PAGE, WORD_OTHER) = i; /* Its own again: else this is an abort. */
    }
}

unsigned guest_main(void)
{
    unsigned status;

    if (bootarg_is("role", "other")) {
        play_other();
        status = checks_end(&checks);
        *word(OTHER_PAGE, WORD_DONE) = 1;
    } else {
        play_manager();
        status = checks_end(&checks);
    }
    return status;
}

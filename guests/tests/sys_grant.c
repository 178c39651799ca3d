/* SPDX-License-Identifier: Apache-2.0 */
/* sys_grant.c - test guest: two domains share pages by grants. Boot arguments: peer=, the other's number;
 * role= offer   grants pages, right ones and wrong ones, and sees how they are used use     maps, copies and
 * abuses them, and ends with one mapped both    grants and maps in a loop, as its peer does, while a second
 * CPU scribbles over the grants in use The two keep in step through a page of their own, grant REF_STEP. */
#include "abi.h"
#include "check.h"

#define MIB 0x100000UL
#define PAGE 0x1000UL
#define LIMIT_S 20

enum {
    REF_STEP = 8,
    REF_RW,
    REF_RO,
    REF_OTHERS,  /* For a domain that is not the peer. */
    REF_NOWHERE, /* Of a frame that is not there. */
    REF_DEVICE,  /* Of the grant table itself. */
    REF_TRANSFER,
    REF_LOOP,
};

static struct checks checks;
static domid_t peer;
static volatile uint32_t *step; /* Which step the peer may take: see await(). */

static uint64_t area(unsigned page)
{
    return platform.memory[0].base + 8 * MIB + page * PAGE;
}

static volatile struct grant_entry_v1 *table(void)
{
    return (volatile struct grant_entry_v1 *)area(0);
}

static volatile uint64_t *page_at(unsigned page)
{
    return (volatile uint64_t *)area(page);
}

static void grant(unsigned ref, uint64_t gfn, unsigned flags)
{
    table()[ref].frame = (uint32_t)gfn;
    table()[ref].domid = peer;
    __atomic_thread_fence(__ATOMIC_RELEASE);
    table()[ref].flags = (uint16_t)flags;
}

static int64_t pages(void)
{
    struct xen_memory_domain wish = {.domid = DOMID_SELF};

    return memory_op(XENMEM_current_reservation, &wish);
}

/* Wait until the peer has come to step @number; go_on() says that this one has. */
static void await(uint32_t number)
{
    uint64_t end = timer_now(TIMER_VIRT) + LIMIT_S * timer_frequency();

    while (__atomic_load_n(step, __ATOMIC_ACQUIRE) < number) {
        if (timer_now(TIMER_VIRT) > end) {
            print("FAIL waiting for step %u, at %u\n", number, *step);
            checks.failed++;
            checks_end(&checks);
            guest_exit(1);
        }
    }
}

static void go_on(uint32_t number)
{
    __atomic_store_n(step, number, __ATOMIC_RELEASE);
}

static struct gnttab_map_grant_ref map_flags(domid_t dom, unsigned ref, uint64_t address, unsigned flags)
{
    struct gnttab_map_grant_ref wish = {
        .host_addr = address, .flags = flags, .ref = ref, .dom = dom, .handle = 0xabcdef, .status = 99};

    CHECK_EQ(grant_op(GNTTABOP_map_grant_ref, &wish, 1), 0);
    return wish;
}

static struct gnttab_map_grant_ref map(unsigned ref, uint64_t address, bool write)
{
    return map_flags(peer, ref, address, GNTMAP_host_map | (write ? 0 : GNTMAP_readonly));
}

static int unmap(grant_handle_t handle, uint64_t address)
{
    struct gnttab_unmap_grant_ref wish = {.host_addr = address, .handle = handle, .status = 99};

    CHECK_EQ(grant_op(GNTTABOP_unmap_grant_ref, &wish, 1), 0);
    return wish.status;
}

static void set_up(void)
{
    for (unsigned i = 1; i < 16; i++) {
        memset((void *)area(i), 0, PAGE);
    }
    CHECK_EQ(add_to_physmap(XENMAPSPACE_grant_table, 0, area(0) / PAGE), 0);
}

/* --- The one who offers ----------------------------------------------------------------------------------
 */

static void offer_all(void)
{
    for (unsigned i = 0; i < 512; i++) {
        page_at(2)[i] = 0x2000 + i;
        page_at(3)[i] = 0x3000 + i;
    }
    grant(REF_RW, area(2) / PAGE, GTF_permit_access);
    grant(REF_RO, area(3) / PAGE, GTF_permit_access | GTF_readonly);
    grant(REF_OTHERS, area(4) / PAGE, GTF_permit_access);
    table()[REF_OTHERS].domid = 7;
    grant(REF_NOWHERE, 0x10000, GTF_permit_access);
    grant(REF_DEVICE, area(0) / PAGE, GTF_permit_access);
    grant(REF_TRANSFER, area(5) / PAGE, GTF_accept_transfer);
    step = (volatile uint32_t *)area(1);
    grant(REF_STEP, area(1) / PAGE, GTF_permit_access);
}

/* The page is given back while the peer has it: not free, still counted, and not its own any more. */
static void give_back_used(void)
{
    const struct range *bank = &platform.memory[0];
    int64_t before;

    /* All that it may have, in the place of the page that the grant table has replaced too. */
    CHECK_EQ(adjust_one(XENMEM_populate_physmap, (bank->base + bank->size_bytes) / PAGE, 0), 1);
    before = pages();
    CHECK_EQ(adjust_one(XENMEM_decrease_reservation, area(2) / PAGE, 0), 1);
    CHECK_EQ(pages(), before);
    CHECK_EQ(adjust_one(XENMEM_populate_physmap, area(2) / PAGE, 0), 0);
    go_on(4);
    await(5); /* It has let go. */
    CHECK_EQ(table()[REF_RW].flags, GTF_permit_access);
    CHECK_EQ(pages(), before - 1);
    CHECK_EQ(adjust_one(XENMEM_populate_physmap, area(2) / PAGE, 0), 1);
    CHECK_EQ(page_at(2)[511], 0);
    CHECK_EQ(pages(), before);
}

static void offer(void)
{
    uint64_t end;

    offer_all();
    await(1); /* It has the step page. */
    CHECK_EQ(table()[REF_STEP].flags, GTF_permit_access | GTF_reading | GTF_writing);
    go_on(2);
    await(3); /* It has both pages. */
    CHECK_EQ(table()[REF_RW].flags, GTF_permit_access | GTF_reading | GTF_writing);
    CHECK_EQ(table()[REF_RO].flags, GTF_permit_access | GTF_readonly | GTF_reading);
    CHECK_EQ(page_at(2)[7], 0x77);
    give_back_used();
    grant(REF_RW, area(2) / PAGE, GTF_permit_access);
    go_on(6);
    await(7); /* It has it again; revoked by force, it keeps it. */
    table()[REF_RW].flags = 0;
    go_on(8);
    await(9);
    CHECK_EQ(page_at(2)[9], 0x99);
    CHECK_EQ(table()[REF_RW].flags, 0); /* The marks were this domain's to lose. */
    CHECK_EQ(page_at(3)[511], 0x31ff);
    CHECK_EQ(page_at(2)[16], 0x3000); /* Copied. */
    go_on(10);
    /* It ends with the step page mapped: that is undone. */
    end = timer_now(TIMER_VIRT) + LIMIT_S * timer_frequency();
    while ((table()[REF_STEP].flags & GTF_reading) != 0 && timer_now(TIMER_VIRT) < end) {
    }
    CHECK_EQ(table()[REF_STEP].flags, GTF_permit_access);
}

/* --- The one who uses ------------------------------------------------------------------------------------
 */

static void map_step(void)
{
    struct gnttab_map_grant_ref wish;
    uint64_t end = timer_now(TIMER_VIRT) + LIMIT_S * timer_frequency();

    do {
        wish = map(REF_STEP, area(1), true);
    } while (wish.status != GNTST_okay && timer_now(TIMER_VIRT) < end);
    CHECK_EQ(wish.status, GNTST_okay);
    step = (volatile uint32_t *)area(1);
}

static void use_wrongly(void)
{
    uint64_t at = area(2);

    CHECK_EQ(map(REF_OTHERS, at, true).status, GNTST_general_error);
    CHECK_EQ(map(REF_NOWHERE, at, true).status, GNTST_bad_page);
    CHECK_EQ(map(REF_DEVICE, at, false).status, GNTST_bad_page);
    CHECK_EQ(map(REF_TRANSFER, at, true).status, GNTST_general_error);
    CHECK_EQ(map(0, at, false).status, GNTST_general_error);
    CHECK_EQ(map(511, at, true).status, GNTST_general_error);
    CHECK_EQ(map(512, at, true).status, GNTST_bad_gntref);
    CHECK_EQ(map(0xffffffff, at, true).status, GNTST_bad_gntref);
    CHECK_EQ(map(REF_RO, at, true).status, GNTST_general_error);
    CHECK_EQ(map_flags(61, REF_RW, at, GNTMAP_host_map).status, GNTST_bad_domain);
    CHECK_EQ(map_flags(DOMID_SELF, REF_RW, at, GNTMAP_host_map).status, GNTST_bad_domain);
    CHECK_EQ(map_flags(peer, REF_RW, at, 0).status, GNTST_bad_gntref);
    CHECK_EQ(map_flags(peer, REF_RW, at, GNTMAP_host_map | GNTMAP_device_map).status, GNTST_general_error);
    CHECK_EQ(map_flags(peer, REF_RW, at, GNTMAP_host_map | GNTMAP_contains_pte).status, GNTST_general_error);
    CHECK_EQ(map(REF_RW, ~0UL, true).status, GNTST_general_error);
    CHECK_EQ(map(REF_RW, 1UL << 40, true).status, GNTST_general_error);
    CHECK_EQ(page_at(2)[0], 0);                  /* Its own page is there as it was. */
    CHECK_EQ(unmap(0, at), GNTST_general_error); /* The step page's, but not there. */
    CHECK_EQ(unmap(1, at), GNTST_bad_handle);
    CHECK_EQ(unmap(0xffffffff, at), GNTST_bad_handle);
    CHECK_EQ(grant_op(GNTTABOP_map_grant_ref, NULL, 1), E_FAULT);
    CHECK_EQ(grant_op(GNTTABOP_map_grant_ref, NULL, 0), 0);
    CHECK_EQ(grant_op(GNTTABOP_copy, NULL, 0x80000000), E_INVAL);
    CHECK_EQ(grant_op(GNTTABOP_transfer, NULL, 1), E_OPNOTSUPP);
    CHECK_EQ(grant_op(99, NULL, 1), E_NOSYS);
}

static int copy(domid_t from, uint64_t from_what, unsigned from_at, domid_t to, uint64_t to_what,
                unsigned to_at, unsigned length, unsigned flags)
{
    struct gnttab_copy wish = {.len = (uint16_t)length, .flags = (uint16_t)flags, .status = 99};

    wish.source.u.gmfn = from_what;
    wish.source.domid = from;
    wish.source.offset = (uint16_t)from_at;
    wish.dest.u.gmfn = to_what;
    wish.dest.domid = to;
    wish.dest.offset = (uint16_t)to_at;
    CHECK_EQ(grant_op(GNTTABOP_copy, &wish, 1), 0);
    return wish.status;
}

static void check_copies(void)
{
    uint64_t own = area(6) / PAGE;
    const unsigned from_ref = GNTCOPY_source_gref, to_ref = GNTCOPY_dest_gref;

    CHECK_EQ(copy(peer, REF_RO, 8, DOMID_SELF, own, 16, 4080, from_ref), GNTST_okay);
    CHECK_EQ(page_at(6)[2], 0x3001);
    CHECK_EQ(page_at(6)[511], 0x31fe);
    CHECK_EQ(copy(peer, REF_RO, 0, peer, REF_RW, 128, 16, from_ref | to_ref), GNTST_okay);
    CHECK_EQ(copy(DOMID_SELF, own, 0, peer, REF_RO, 0, 16, to_ref), GNTST_general_error);
    CHECK_EQ(copy(peer, REF_OTHERS, 0, DOMID_SELF, own, 0, 16, from_ref), GNTST_general_error);
    CHECK_EQ(copy(peer, REF_RO, 1, DOMID_SELF, own, 0, 4096, from_ref), GNTST_bad_copy_arg);
    CHECK_EQ(copy(peer, REF_RO, 0, DOMID_SELF, own, 4095, 2, from_ref), GNTST_bad_copy_arg);
    CHECK_EQ(copy(peer, REF_RO, 0xffff, DOMID_SELF, own, 0, 0xffff, from_ref), GNTST_bad_copy_arg);
    CHECK_EQ(copy(peer, area(2) / PAGE, 0, DOMID_SELF, own, 0, 16, 0), GNTST_permission_denied);
    CHECK_EQ(copy(DOMID_SELF, own, 0, peer, area(2) / PAGE, 0, 16, 0), GNTST_permission_denied);
    CHECK_EQ(copy(DOMID_SELF, 0x10000, 0, DOMID_SELF, own, 0, 16, 0), GNTST_bad_page);
    CHECK_EQ(copy(DOMID_SELF, own, 0, DOMID_SELF, 0x3001000, 0, 16, 0), GNTST_bad_page);
    CHECK_EQ(copy(61, REF_RO, 0, DOMID_SELF, own, 0, 16, from_ref), GNTST_bad_domain);
    CHECK_EQ(copy(DOMID_SELF, own, 16, DOMID_SELF, own, 24, 64, 0), GNTST_okay); /* Over itself. */
    CHECK_EQ(page_at(6)[10], 0x3008);
}

/* What is mapped by a grant goes by its handle alone. */
static void check_hold(uint64_t at)
{
    xen_pfn_t gfn = at / PAGE;

    CHECK_EQ(remove_from_physmap(gfn), E_NOENT);
    CHECK_EQ(adjust_one(XENMEM_decrease_reservation, gfn, 0), 0);
    CHECK_EQ(adjust_one(XENMEM_populate_physmap, gfn, 0), 0);
    CHECK_EQ(add_to_physmap(XENMAPSPACE_shared_info, 0, gfn), E_BUSY);
    CHECK_EQ(map(REF_RO, at, false).status, GNTST_general_error);
    CHECK_EQ(copy(DOMID_SELF, gfn, 0, DOMID_SELF, area(6) / PAGE, 0, 16, 0), GNTST_bad_page);
    CHECK_EQ(hypercall(__HYPERVISOR_memory_op, XENMEM_current_reservation, at, 0, 0, 0), E_FAULT);
}

static void use(void)
{
    struct gnttab_map_grant_ref rw, ro, second;
    uint64_t value;
    int64_t before;

    map_step();
    go_on(1);
    await(2);
    use_wrongly();
    before = pages();
    rw = map(REF_RW, area(2), true);
    ro = map(REF_RO, area(3), false);
    second = map(REF_RW, area(4), false); /* Twice, the second time to read. */
    CHECK_EQ(rw.status, GNTST_okay);
    CHECK_EQ(ro.status, GNTST_okay);
    CHECK_EQ(second.status, GNTST_okay);
    CHECK_EQ(pages(), before - 3);
    CHECK_EQ(rw.dev_bus_addr, second.dev_bus_addr);
    CHECK_EQ(page_at(2)[511], 0x21ff);
    CHECK_EQ(page_at(3)[511], 0x31ff);
    page_at(2)[7] = 0x77;
    CHECK_EQ(page_at(4)[7], 0x77);
    CHECK(!probe_write(area(3), 8, 1));
    CHECK(!probe_write(area(4), 8, 1));
    check_hold(area(2));
    check_hold(area(3));
    CHECK_EQ(unmap(second.handle, area(4)), GNTST_okay);
    CHECK_EQ(unmap(second.handle, area(4)), GNTST_bad_handle);
    CHECK(!probe_read(area(4), 8, &value));
    go_on(3);
    await(4); /* Its owner has given the page back: it stays what it is until this domain lets go. */
    CHECK_EQ(page_at(2)[7], 0x77);
    CHECK_EQ(page_at(2)[511], 0x21ff);
    CHECK_EQ(unmap(rw.handle, area(2)), GNTST_okay);
    CHECK(!probe_read(area(2), 8, &value));
    go_on(5);
    await(6);
    rw = map(REF_RW, area(2), true);
    CHECK_EQ(rw.status, GNTST_okay);
    CHECK_EQ(page_at(2)[7], 0);
    check_copies();
    go_on(7);
    await(8);
    page_at(2)[9] = 0x99;
    CHECK_EQ(map(REF_RW, area(4), true).status, GNTST_okay); /* It has it: what the entry says is late. */
    CHECK_EQ(unmap(rw.handle, area(2)), GNTST_okay);
    CHECK_EQ(unmap(ro.handle, area(3)), GNTST_okay);
    CHECK_EQ(unmap(rw.handle, area(4)), GNTST_bad_handle);
    go_on(9);
    await(10); /* One handle of REF_RW and the step page's are left. */
}

/* --- Both at once ----------------------------------------------------------------------------------------
 */

static volatile uint32_t scribbling = 1;

static void scribble(void *argument)
{
    (void)argument;
    while (scribbling != 0) { /* Of the grant that the peer uses now: its flags, then those it had. */
        uint16_t flags = table()[REF_LOOP].flags;

        table()[REF_LOOP].flags = (uint16_t)(flags ^ GTF_readonly);
        table()[REF_LOOP].flags = GTF_permit_access;
    }
    scribbling = 2;
}

static void both(void)
{
    unsigned good = 0, rounds = (unsigned)bootarg_number("rounds", 2000);

    grant(REF_LOOP, area(2) / PAGE, GTF_permit_access);
    page_at(2)[0] = 0x1234;
    if (platform.cpu_count > 1) {
        CHECK_EQ(smp_start(1, scribble, NULL), 0);
    }
    for (unsigned i = 0; i < rounds || good == 0; i++) {
        struct gnttab_map_grant_ref wish = map(REF_LOOP, area(3), (i & 1) != 0);

        if (wish.status == GNTST_okay) {
            good++;
            if (page_at(3)[0] != 0x1234) {
                CHECK_EQ(page_at(3)[0], 0x1234);
            }
            CHECK_EQ(unmap(wish.handle, area(3)), GNTST_okay);
        } else if (wish.status != GNTST_general_error) {
            CHECK_EQ(wish.status, GNTST_general_error);
        }
    }
    scribbling = 0;
    print("GRANT %u of %u\n", good, rounds);
}

unsigned guest_main(void)
{
    peer = (domid_t)bootarg_number("peer", 0);
    set_up();
    if (bootarg_is("role", "offer")) {
        offer();
    } else if (bootarg_is("role", "use")) {
        use();
    } else {
        both();
    }
    return checks_end(&checks);
}

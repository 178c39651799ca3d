/* SPDX-License-Identifier: Apache-2.0 */
/* sys_life.c - test guest: the control domain makes, runs and destroys domains, and counts the machine's free
 * pages. rounds=: how often; do=rounds: nothing else, so that other domains may be there; do=waits: only what
 * is told of one that waits, for which each wfi must be trapped. */
#include "channels/events.h"
#include "check.h"
#include "control_domain.h"

#include <xen/event_channel.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/sched.h>

#define CODE_GFN (RAM_GFN + 3)
#define NOWHERE 4000 /* No such domain. */
#define DOMAINS_AT_ONCE 63

static struct checks checks;

/* Foreign pages take this page's place, and it is put back. */
static uint8_t window[4096] __attribute__((aligned(4096)));
static uint8_t second[4096] __attribute__((aligned(4096)));

static bool wait_gone(domid_t domid)
{
    struct xen_domctl_getdomaininfo of;

    for (unsigned i = 0; i < LIMIT; i++) {
        if (info(domid, &of) != 0) {
            return true;
        }
    }
    return false;
}

static void put_back(void *page)
{
    CHECK(own_page(page));
}

/* A program that counts in x1 for ever. */
static void write_program(domid_t domid)
{
    static const uint32_t program[] = {0x91000421, 0x17ffffff}; /* add x1, x1, #1; b . - 4 */
    struct xen_domctl op = {.u.cacheflush = {.start_pfn = RAM_GFN, .nr_pfns = 512}};

    if (CHECK_EQ(map_foreign(domid, CODE_GFN, window), 0)) {
        CHECK_EQ(*(volatile uint64_t *)window, 0); /* What was there before is not told. */
        memcpy(window, program, sizeof(program));
        put_back(window);
    }
    CHECK_EQ(domctl(&op, XEN_DOMCTL_cacheflush, domid), 0);
}

static void start_program(domid_t domid, uint32_t vcpu)
{
    struct vcpu_guest_context regs = {.flags = VGCF_online, .sctlr = 0x00c50078};

    regs.user_regs.pc64 = CODE_GFN << 12;
    regs.user_regs.cpsr = 0x1c5;
    regs.user_regs.x7 = 0x7777;
    CHECK_EQ(context(XEN_DOMCTL_setvcpucontext, domid, vcpu, &regs), 0);
}

static uint64_t count_of(domid_t domid, uint32_t vcpu)
{
    struct vcpu_guest_context regs = {0};

    CHECK_EQ(context(XEN_DOMCTL_getvcpucontext, domid, vcpu, &regs), 0);
    CHECK_EQ(regs.user_regs.x7, 0x7777);
    CHECK_EQ(regs.flags, VGCF_online);
    CHECK(regs.user_regs.pc64 - (CODE_GFN << 12) <= 4);
    return regs.user_regs.x1;
}

/* With memory, a program and @vcpus vCPUs, of which each runs it once it is let go. */
static domid_t build(unsigned vcpus)
{
    struct xen_domctl_createdomain config = plain(vcpus);
    domid_t domid = DOMID_INVALID;

    CHECK_EQ(create(&config, 0, &domid), 0);
    CHECK_EQ(max_vcpus(domid, vcpus), 0);
    CHECK_EQ(max_mem(domid, 8192), 0);
    CHECK_EQ(populate(domid, RAM_GFN, 9), 1);
    CHECK_EQ(populate(domid, RAM_GFN + 1024, 0), 1);
    write_program(domid);
    for (uint32_t vcpu = 0; vcpu < vcpus; vcpu++) {
        start_program(domid, vcpu);
    }
    return domid;
}

static void check_wrong_configs(void)
{
    struct xen_domctl_createdomain good = plain(1), bad;
    uint64_t before = free_pages();
    domid_t domid = 77;

#define WRONG(field, value, wanted)                                                                          \
    bad = good;                                                                                              \
    bad.field = (value);                                                                                     \
    CHECK_EQ(create(&bad, 0, &domid), wanted)
    WRONG(flags, 0, E_INVAL);
    WRONG(flags, XEN_DOMCTL_CDF_hvm, E_INVAL);
    WRONG(flags, good.flags | XEN_DOMCTL_CDF_iommu, E_INVAL);
    WRONG(flags, good.flags | 1u << 31, E_INVAL);
    WRONG(iommu_opts, 1, E_INVAL);
    WRONG(max_vcpus, 0, E_INVAL);
    WRONG(max_vcpus, 9, E_INVAL);
    WRONG(max_vcpus, UINT32_MAX, E_INVAL);
    WRONG(max_grant_frames, 65, E_INVAL);
    WRONG(max_maptrack_frames, 1025, E_INVAL);
    WRONG(grant_opts, 0, E_INVAL);
    WRONG(grant_opts, 2, E_INVAL);
    WRONG(vmtrace_size, 4096, E_INVAL);
    WRONG(cpupool_id, 55, E_NOENT);
    WRONG(arch.tee_type, 1, E_INVAL);
    WRONG(arch.nr_spis, 989, E_INVAL);
    WRONG(arch.gic_version, 77, E_NODEV);
    CHECK_EQ(create(&good, 1, &domid), 0);
    CHECK_EQ(domid, 1);
    CHECK_EQ(create(&good, 1, &domid), E_EXIST);
    CHECK_EQ(create(&good, 65, &domid), E_EXIST); /* Its place is the same. */
    CHECK_EQ(simple(XEN_DOMCTL_destroydomain, 1), 0);
    CHECK(wait_gone(1));
    CHECK(wait_free(before));
}

static void check_wrong_names(void)
{
    static const uint32_t commands[] = {XEN_DOMCTL_destroydomain, XEN_DOMCTL_pausedomain,
                                        XEN_DOMCTL_unpausedomain, XEN_DOMCTL_max_vcpus,
                                        XEN_DOMCTL_max_mem,       XEN_DOMCTL_setvcpucontext,
                                        XEN_DOMCTL_cacheflush,    XEN_DOMCTL_get_paging_mempool_size};

    for (unsigned i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        CHECK_EQ(simple(commands[i], NOWHERE), E_SRCH);
        CHECK_EQ(simple(commands[i], DOMID_INVALID), E_SRCH);
    }
    for (unsigned i = 0; i < 4; i++) { /* It cannot pause or destroy itself. */
        CHECK_EQ(simple(commands[i], DOMID_SELF), E_INVAL);
        CHECK_EQ(simple(commands[i], 0), E_INVAL);
    }
    CHECK_EQ(map_foreign(NOWHERE, RAM_GFN, window), E_SRCH);
}

static void check_vcpus_and_memory(void)
{
    struct xen_domctl_createdomain config = plain(2);
    uint64_t before = free_pages();
    struct xen_domctl_getdomaininfo of;
    struct vcpu_guest_context regs = {.user_regs.cpsr = 0x1c5};
    struct xen_domctl pool = {0};
    struct xen_hvm_param upcall = {.index = HVM_PARAM_CALLBACK_IRQ};
    domid_t domid = DOMID_INVALID;

    CHECK_EQ(create(&config, 0, &domid), 0);
    upcall.domid = domid;
    upcall.value = (uint64_t)HVM_PARAM_CALLBACK_TYPE_PPI << 56 | 31;
    CHECK_EQ(info(domid, &of), 0);
    CHECK_EQ(of.max_vcpu_id, XEN_INVALID_MAX_VCPU_ID);
    CHECK_EQ(of.flags & (XEN_DOMINF_paused | XEN_DOMINF_dying | XEN_DOMINF_shutdown), XEN_DOMINF_paused);
    CHECK_EQ(memcmp(of.handle, config.handle, sizeof(of.handle)), 0);
    CHECK_EQ(context(XEN_DOMCTL_setvcpucontext, domid, 0, &regs), E_INVAL);
    CHECK_EQ(hypercall(__HYPERVISOR_hvm_op, HVMOP_set_param, (uint64_t)&upcall, 0, 0, 0), E_INVAL);
    CHECK_EQ(max_vcpus(domid, 1), E_INVAL);
    CHECK_EQ(max_vcpus(domid, 3), E_INVAL);
    CHECK_EQ(max_vcpus(domid, 2), 0);
    CHECK_EQ(max_vcpus(domid, 2), 0);
    CHECK_EQ(context(XEN_DOMCTL_setvcpucontext, domid, 2, &regs), E_INVAL);
    regs.user_regs.cpsr = 0x1c9; /* EL2h. */
    CHECK_EQ(context(XEN_DOMCTL_setvcpucontext, domid, 1, &regs), E_INVAL);
    regs.user_regs.cpsr = 0x1d3; /* AArch32. */
    CHECK_EQ(context(XEN_DOMCTL_setvcpucontext, domid, 1, &regs), E_INVAL);
    CHECK_EQ(populate(domid, RAM_GFN, 0), 0); /* It may have none yet. */
    CHECK_EQ(max_mem(domid, 16), 0);
    CHECK_EQ(populate(domid, RAM_GFN, 9), 0); /* As a whole or not at all. */
    CHECK_EQ(max_mem(domid, 8UL << 20), 0);
    CHECK_EQ(populate(domid, RAM_GFN, 18), 1);
    CHECK_EQ(populate(domid, RAM_GFN + (1UL << 18), 18), 0); /* The machine has 2 GiB. */
    CHECK_EQ(info(domid, &of), 0);
    CHECK_EQ(of.tot_pages, 1UL << 18);
    CHECK_EQ(simple(XEN_DOMCTL_destroydomain, domid), 0);
    CHECK(wait_free(before));
    CHECK_EQ(create(&config, 0, &domid), 0);
    CHECK_EQ(max_vcpus(domid, 2), 0);
    CHECK_EQ(max_mem(domid, 16), 0);
    for (uint64_t i = 0; i < 6; i++) {
        CHECK_EQ(populate(domid, RAM_GFN + 512 * i, 0), i < 4 ? 1 : 0);
    }
    CHECK_EQ(info(domid, &of), 0);
    CHECK_EQ(of.tot_pages, 4);
    CHECK_EQ(of.max_pages, 4);
    CHECK_EQ(domctl(&pool, XEN_DOMCTL_get_paging_mempool_size, domid), 0);
    CHECK_EQ(pool.u.paging_mempool.size, 65536);
    pool.u.paging_mempool.size = 4097;
    CHECK_EQ(domctl(&pool, XEN_DOMCTL_set_paging_mempool_size, domid), E_INVAL);
    pool.u.paging_mempool.size = 4096; /* It has more. */
    CHECK_EQ(domctl(&pool, XEN_DOMCTL_set_paging_mempool_size, domid), E_NOMEM);
    CHECK_EQ(simple(XEN_DOMCTL_destroydomain, domid), 0);
    CHECK(wait_gone(domid));
    CHECK(wait_free(before));
}

/* The toolstack may end one that it has not made yet: nothing of it runs, and it has no interrupts. */
static void check_unmade(void)
{
    struct xen_domctl_createdomain config = plain(2);
    struct sched_remote_shutdown end = {.reason = SHUTDOWN_poweroff};
    uint64_t before = free_pages();
    domid_t domid = DOMID_INVALID;

    CHECK_EQ(create(&config, 0, &domid), 0);
    end.domain_id = domid;
    CHECK_EQ(hypercall(__HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, (uint64_t)&end, 0, 0, 0), 0);
    CHECK_EQ(flags(domid) & XEN_DOMINF_shutdown, XEN_DOMINF_shutdown);
    CHECK_EQ(max_vcpus(domid, 2), 0);
    CHECK_EQ(simple(XEN_DOMCTL_unpausedomain, domid), 0);
    CHECK_EQ(simple(XEN_DOMCTL_destroydomain, domid), 0); /* Its end comes first. */
    CHECK(wait_gone(domid));
    CHECK_EQ(create(&config, 0, &domid), 0);
    end.domain_id = domid;
    CHECK_EQ(hypercall(__HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, (uint64_t)&end, 0, 0, 0), 0);
    CHECK_EQ(simple(XEN_DOMCTL_destroydomain, domid), 0);
    CHECK(wait_gone(domid));
    CHECK(wait_free(before));
}

/* Pauses count; what is paused does not count on. */
static void check_pauses(domid_t domid)
{
    uint64_t count;

    CHECK_EQ(simple(XEN_DOMCTL_pausedomain, domid), 0);
    CHECK_EQ(simple(XEN_DOMCTL_unpausedomain, domid), 0);
    CHECK((flags(domid) & XEN_DOMINF_paused) != 0);
    CHECK_EQ(simple(XEN_DOMCTL_unpausedomain, domid), 0);
    CHECK_EQ(simple(XEN_DOMCTL_unpausedomain, domid), E_INVAL);
    CHECK_EQ(flags(domid) & XEN_DOMINF_paused, 0);
    count = count_of(domid, 0);
    for (unsigned i = 0; i < LIMIT && count_of(domid, 0) == count;
         i++) { /* It is let go again after each look. */
        hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0, 0, 0);
    }
    CHECK(count_of(domid, 0) != count);
    CHECK_EQ(simple(XEN_DOMCTL_pausedomain, domid), 0);
    count = count_of(domid, 0);
    for (unsigned i = 0; i < 100; i++) {
        CHECK_EQ(count_of(domid, 0), count);
    }
    for (unsigned i = 1; i < 255; i++) {
        CHECK_EQ(simple(XEN_DOMCTL_pausedomain, domid), 0);
    }
    CHECK_EQ(simple(XEN_DOMCTL_pausedomain, domid), E_OVERFLOW);
    for (unsigned i = 0; i < 255; i++) {
        CHECK_EQ(simple(XEN_DOMCTL_unpausedomain, domid), 0);
    }
    CHECK_EQ(flags(domid) & XEN_DOMINF_paused, 0);
}

/* What the control domain still uses of a dead domain is its, and the domain is listed so long. */
static void check_zombie(domid_t domid)
{
    struct xen_domctl bind = {
        .u.bind_pt_irq = {.machine_irq = 70, .irq_type = PT_IRQ_TYPE_SPI, .u.spi.spi = 70}};

    CHECK_EQ(map_foreign(domid, CODE_GFN, window), 0);
    CHECK_EQ(map_foreign(domid, RAM_GFN + 1024, second), 0);
    CHECK_EQ(simple(XEN_DOMCTL_destroydomain, domid), 0);
    CHECK_EQ(simple(XEN_DOMCTL_destroydomain, domid), 0);
    CHECK_EQ(flags(domid) & XEN_DOMINF_dying, XEN_DOMINF_dying);
    CHECK_EQ(*(volatile uint32_t *)window, 0x91000421);
    CHECK_EQ(populate(domid, RAM_GFN, 0), 0);
    CHECK_EQ(map_foreign(domid, CODE_GFN, window), E_INVAL);
    CHECK_EQ(max_vcpus(domid, 1), E_INVAL);
    CHECK_EQ(simple(XEN_DOMCTL_pausedomain, domid), 0);              /* Nothing is left that could run, */
    CHECK_EQ(domctl(&bind, XEN_DOMCTL_bind_pt_irq, domid), E_INVAL); /* or have an interrupt. */
    CHECK_EQ(simple(XEN_DOMCTL_unpausedomain, domid), 0);
    put_back(window);
    CHECK_EQ(flags(domid) & XEN_DOMINF_dying, XEN_DOMINF_dying);
    put_back(second);
    CHECK(wait_gone(domid));
}

/* A channel between both, and a grant of the domain's that is mapped here: the toolstack writes its table. */
static void check_ties(domid_t domid)
{
    struct evtchn_alloc_unbound open = {.dom = domid, .remote_dom = DOMID_SELF};
    struct evtchn_bind_interdomain bind = {.remote_dom = domid};
    struct evtchn_status status = {.dom = DOMID_SELF};
    struct xen_mem_acquire_resource frame = {
        .domid = domid, .type = XENMEM_resource_grant_table, .nr_frames = 1};
    struct gnttab_map_grant_ref map = {
        .host_addr = (uint64_t)second, .flags = GNTMAP_host_map, .ref = 5, .dom = domid};
    struct gnttab_unmap_grant_ref unmap = {.host_addr = (uint64_t)second};
    struct grant_entry_v1 *entries = (struct grant_entry_v1 *)(void *)window;
    xen_pfn_t place = GFN(window);

    CHECK_EQ(events_operate(EVTCHNOP_alloc_unbound, &open), 0);
    bind.remote_port = open.port;
    CHECK_EQ(events_operate(EVTCHNOP_bind_interdomain, &bind), 0);
    frame.frame_list.p = &place;
    CHECK_EQ(memory_op(XENMEM_acquire_resource, &frame), 0);
    entries[5].frame = RAM_GFN + 1;
    entries[5].flags = GTF_permit_access;
    CHECK_EQ(grant_op(GNTTABOP_map_grant_ref, &map, 1), 0);
    CHECK_EQ(map.status, GNTST_okay);
    CHECK_EQ(simple(XEN_DOMCTL_destroydomain, domid), 0);
    status.port = bind.local_port;
    CHECK_EQ(events_operate(EVTCHNOP_status, &status), 0);
    CHECK_EQ(status.status, EVTCHNSTAT_unbound);
    CHECK_EQ(events_send(bind.local_port), 0); /* To nobody. */
    CHECK_EQ(flags(domid) & XEN_DOMINF_dying, XEN_DOMINF_dying);
    *(volatile uint64_t *)second = 1;
    unmap.handle = map.handle;
    CHECK_EQ(grant_op(GNTTABOP_unmap_grant_ref, &unmap, 1), 0);
    CHECK_EQ(unmap.status, GNTST_okay);
    CHECK(wait_gone(domid));
    entries[5].flags = 0; /* Its table's page is still ours to write. */
    put_back(window);
    CHECK_EQ(adjust_one(XENMEM_populate_physmap, GFN(second), 0), 1);
    CHECK_EQ(events_operate(EVTCHNOP_close, &(struct evtchn_close){.port = bind.local_port}), 0);
}

/* Paused while it waits, it is told to wait, as before the pause. */
static void check_waits(void)
{
    static const uint32_t wait[] = {0xd503207f, 0x17ffffff}; /* wfi; b . - 4 */
    const uint32_t asked = XEN_DOMINF_paused | XEN_DOMINF_blocked | XEN_DOMINF_running;
    domid_t domid = build(1);
    struct xen_domctl op = {0};

    if (CHECK_EQ(map_foreign(domid, CODE_GFN, window), 0)) {
        memcpy(window, wait, sizeof(wait));
        put_back(window);
    }
    CHECK_EQ(flags(domid) & asked, XEN_DOMINF_paused);
    for (unsigned round = 0; round < 2; round++) {
        CHECK_EQ(simple(XEN_DOMCTL_unpausedomain, domid), 0);
        for (unsigned i = 0; i < LIMIT && (flags(domid) & asked) != XEN_DOMINF_blocked; i++) {
            hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0, 0, 0);
        }
        CHECK_EQ(flags(domid) & asked, XEN_DOMINF_blocked);
        CHECK_EQ(simple(XEN_DOMCTL_pausedomain, domid), 0);
        CHECK_EQ(flags(domid) & asked, XEN_DOMINF_paused | XEN_DOMINF_blocked);
        CHECK_EQ(simple(XEN_DOMCTL_pausedomain, domid), 0);
        CHECK_EQ(simple(XEN_DOMCTL_unpausedomain, domid), 0);
        CHECK_EQ(flags(domid) & asked, XEN_DOMINF_paused | XEN_DOMINF_blocked);
        CHECK_EQ(domctl(&op, XEN_DOMCTL_getvcpuinfo, domid), 0);
        CHECK(op.u.getvcpuinfo.online && op.u.getvcpuinfo.blocked && !op.u.getvcpuinfo.running);
    }
    CHECK_EQ(simple(XEN_DOMCTL_destroydomain, domid), 0);
    CHECK(wait_gone(domid));
}

/* As many as can be, at once. */
static void check_many(void)
{
    static domid_t domid[DOMAINS_AT_ONCE];
    struct xen_domctl_createdomain config = plain(1);
    unsigned count = 0;

    while (count < DOMAINS_AT_ONCE && create(&config, 0, &domid[count]) == 0) {
        CHECK_EQ(max_vcpus(domid[count], 1), 0);
        count++;
    }
    CHECK_EQ(count, DOMAINS_AT_ONCE);
    CHECK_EQ(create(&config, 0, &domid[0]), E_NOMEM);
    for (unsigned i = 0; i < count; i++) {
        CHECK_EQ(simple(XEN_DOMCTL_destroydomain, domid[i]), 0);
    }
    for (unsigned i = 0; i < count; i++) {
        CHECK(wait_gone(domid[i]));
    }
}

/* Under rtds there is no room for eight vCPUs: those that came before the one that is refused are destroyed
 * with the domain, whoever asks again. */
static void check_refused(void)
{
    struct xen_domctl_createdomain config = plain(8);
    uint64_t before = free_pages();
    domid_t domid = DOMID_INVALID;

    CHECK_EQ(create(&config, 0, &domid), 0);
    CHECK_EQ(max_vcpus(domid, 8), E_OVERFLOW);
    CHECK_EQ(max_vcpus(domid, 8), E_OVERFLOW);
    CHECK_EQ(simple(XEN_DOMCTL_unpausedomain, domid), 0);
    CHECK_EQ(simple(XEN_DOMCTL_destroydomain, domid), 0);
    CHECK(wait_free(before));
}

unsigned guest_main(void)
{
    uint64_t rounds = bootarg_number("rounds", 3), before;

    if (bootarg_is("sched", "rtds")) {
        check_refused();
        return checks_end(&checks);
    }
    if (bootarg_is("do", "waits")) {
        check_waits();
        return checks_end(&checks);
    }
    CHECK_EQ(events_start(false), 0);
    if (!bootarg_is("do", "rounds")) {
        check_wrong_configs();
        check_wrong_names();
        check_vcpus_and_memory();
        check_unmade();
    }
    check_zombie(build(2)); /* The first of all make tables and handles of the control domain's own. */
    check_ties(build(1));
    before = settled_pages();
    if (!bootarg_is("do", "rounds")) {
        check_many();
        CHECK(wait_free(before));
    }
    for (uint64_t i = 0; i < rounds; i++) {
        domid_t domid = build(1 + (unsigned)i % 3);

        check_pauses(domid);
        if (i % 2 == 0) {
            check_zombie(domid);
        } else {
            check_ties(domid);
        }
        CHECK(wait_free(before));
    }
    return checks_end(&checks);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* sys_trace.c - test guest: trace buffers, made, mapped and read by the control domain, beside another domain
 * that waits and wakes. Wrong calls, records of each kind, a full ring, and a reader that writes nonsense
 * into the shared memory. wfi=trap: every wfi is, so that who waits is seen to. role=other: a domain that may
 * do none of it. */
#include "abi.h"
#include "channels/events.h"
#include "check.h"

#include <xen/event_channel.h>
#include <xen/sysctl.h>
#include <xen/trace.h>
#include <xen/version.h>

#define MIB 0x100000UL
#define PAGE 0x1000UL
#define ROOM (8 * MIB) /* From the start of RAM: what is behind is free for tests. */
#define PAGES 5U       /* Of a ring: the block of the page allocator has 3 more. */
#define DATA (PAGES * PAGE - sizeof(struct t_buf))
#define CPUS 8U
#define STAMP_FLAG 0x80000000U
/* A hypercall that there is not: the other domain makes it when it only waits and wakes. */
#define MARK 63U

static struct checks checks;
static const volatile struct t_info *info;
static volatile struct t_buf *ring; /* Of the pCPU this guest runs on, 0. */

static int64_t tbuf(struct xen_sysctl *op, unsigned cmd)
{
    op->cmd = XEN_SYSCTL_tbuf_op;
    op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    op->u.tbuf_op.cmd = cmd;
    return hypercall(__HYPERVISOR_sysctl, (uint64_t)op, 0, 0, 0, 0);
}

static int64_t tbuf_simple(unsigned cmd)
{
    struct xen_sysctl op = {0};

    return tbuf(&op, cmd);
}

static int64_t set_size(uint32_t pages)
{
    struct xen_sysctl op = {.u.tbuf_op.size = pages};

    return tbuf(&op, XEN_SYSCTL_TBUFOP_set_size);
}

static void want(uint32_t events)
{
    struct xen_sysctl op = {.u.tbuf_op.evt_mask = events};

    CHECK_EQ(tbuf(&op, XEN_SYSCTL_TBUFOP_set_evt_mask), 0);
}

static int64_t want_cpus(uint8_t *map, uint32_t bits)
{
    struct xen_sysctl op = {.u.tbuf_op.cpu_mask.nr_bits = bits};

    op.u.tbuf_op.cpu_mask.bitmap.p = map;
    return tbuf(&op, XEN_SYSCTL_TBUFOP_set_cpu_mask);
}

/* Map frame @index of domain @from at frame @gfn: the call's own error, or the frame's. */
static int64_t map_frame(domid_t from, uint64_t index, uint64_t gfn)
{
    xen_ulong_t indices[1] = {index};
    xen_pfn_t gfns[1] = {gfn};
    int errors[1] = {0};
    struct xen_add_to_physmap_batch wish = {
        .domid = DOMID_SELF, .space = XENMAPSPACE_gmfn_foreign, .size = 1, .u.foreign_domid = from};
    int64_t result;

    wish.idxs.p = indices;
    wish.gpfns.p = gfns;
    wish.errs.p = errors;
    result = memory_op(XENMEM_add_to_physmap_batch, &wish);
    return result != 0 ? result : errors[0];
}

static uint64_t room(unsigned page)
{
    return platform.memory[0].base + ROOM + page * PAGE;
}

static void check_before(void)
{
    struct xen_sysctl op = {0};
    uint8_t all[1] = {0xff};

    CHECK_EQ(tbuf(&op, XEN_SYSCTL_TBUFOP_get_info), 0);
    CHECK_EQ(op.u.tbuf_op.evt_mask, TRC_ALL);
    CHECK_EQ(op.u.tbuf_op.buffer_mfn, 0);
    CHECK_EQ(op.u.tbuf_op.size, 0);
    CHECK_EQ(tbuf_simple(6), E_INVAL);
    CHECK_EQ(tbuf_simple(XEN_SYSCTL_TBUFOP_enable), E_INVAL);
    CHECK_EQ(tbuf_simple(XEN_SYSCTL_TBUFOP_disable), 0);
    CHECK_EQ(want_cpus((uint8_t *)8, 8), E_FAULT);
    CHECK_EQ(want_cpus(all, 8), 0);
    CHECK_EQ(want_cpus(NULL, 0), 0); /* None. */
    CHECK_EQ(set_size(0), E_INVAL);
    CHECK_EQ(map_frame(DOMID_XEN, room(0) / PAGE, room(0) / PAGE), E_INVAL);
    CHECK_EQ(set_size(PAGES), 0);
    CHECK_EQ(set_size(PAGES), E_BUSY);
    CHECK_EQ(set_size(PAGES + 1), E_INVAL);
    CHECK_EQ(set_size(0), E_INVAL);
    CHECK_EQ(tbuf_simple(XEN_SYSCTL_TBUFOP_disable), 0);
    CHECK_EQ(want_cpus(all, 64), 0); /* Of CPUs that there are not nothing is read. */
}

/* The list at page 0 of the room, the ring of pCPU 0 behind it. */
static void map_all(void)
{
    struct xen_sysctl op = {0};
    uint64_t list, value = 1;
    const volatile uint32_t *frames;

    CHECK_EQ(tbuf(&op, XEN_SYSCTL_TBUFOP_get_info), 0);
    list = op.u.tbuf_op.buffer_mfn;
    CHECK_EQ(op.u.tbuf_op.size, PAGE);
    CHECK_EQ(map_frame(DOMID_XEN, list, room(0) / PAGE), 0);
    info = (const volatile void *)room(0);
    CHECK_EQ(info->tbuf_size, PAGES);
    CHECK(!probe_write(room(0), 8, value)); /* For reading only. */
    CHECK_EQ(info->tbuf_size, PAGES);
    CHECK(info->mfn_offset[0] != 0 && info->mfn_offset[1] != 0 && info->mfn_offset[2] == 0);
    frames = (const volatile uint32_t *)(const volatile void *)info + info->mfn_offset[0];
    for (unsigned i = 0; i < PAGES; i++) {
        CHECK_EQ(map_frame(DOMID_XEN, frames[i], room(1 + i) / PAGE), 0);
    }
    CHECK(map_frame(DOMID_XEN, frames[0] + PAGES, room(7) / PAGE) == E_INVAL); /* Behind it is nothing. */
    CHECK_EQ(map_frame(DOMID_XEN, frames[0] | 1UL << 52, room(7) / PAGE), E_INVAL);
    CHECK_EQ(map_frame(DOMID_XEN, ~0UL >> 12, room(7) / PAGE), E_INVAL);
    CHECK_EQ(map_frame(DOMID_XEN, 0, room(7) / PAGE), E_INVAL);
    CHECK_EQ(map_frame(DOMID_XEN, room(7) / PAGE, room(8) / PAGE), E_INVAL);
    ring = (volatile void *)room(1);
}

/* What was read of a ring. */
struct seen {
    unsigned records, exits, entries, hypercalls, interrupts, handled, changes, waits, marks, old_calls, lost;
    uint64_t last;
    bool backwards, unknown;
};

static void see_scheduling(struct seen *seen, uint32_t event, uint32_t who)
{
    unsigned to = event >> 4 & 3, from = event >> 8 & 3;

    seen->changes++;
    seen->waits += (who >> 16) == 1 && to == 2 ? 1 : 0; /* Domain 1 blocks: 2. */
    seen->unknown |= from == to || ((who >> 16) > 1 && (who >> 16) != 0x7fff);
}

static void see(struct seen *seen, uint32_t event, const volatile uint32_t *words, unsigned count)
{
    if ((event & ~0xff0U) == TRC_SCHED_RUNSTATE_CHANGE) {
        see_scheduling(seen, event, words[0]);
        return;
    }
    switch (event) {
    case TRC_HVM_VMEXIT64:
        seen->exits++;
        seen->unknown |= count != 3;
        break;
    case TRC_HVM_VMENTRY:
        seen->entries++;
        break;
    case TRC_HVM_VMMCALL:
        seen->hypercalls += words[0] == __HYPERVISOR_xen_version ? 1 : 0;
        seen->marks += words[0] == MARK ? 1 : 0;
        break;
    case TRC_HVM_INTR:
        seen->interrupts++;
        break;
    case TRC_HW_IRQ_HANDLED:
        seen->handled++;
        break;
    case TRC_PV_HYPERCALL_V2:
        seen->old_calls += words[0] == (__HYPERVISOR_xen_version | TRC_PV_HYPERCALL_V2_ARG_32(0)) &&
                                   words[1] == XENVER_version
                               ? 1
                               : 0;
        break;
    case TRC_LOST_RECORDS:
        seen->lost += words[0];
        break;
    default:
        break;
    }
}

/* Read all there is, as xentrace does. */
static struct seen read_ring(void)
{
    struct seen seen = {0};
    uint32_t cons = ring->cons, prod = ring->prod;

    __asm__ volatile("dmb ish" ::: "memory");
    while (cons != prod) {
        const volatile uint32_t *at =
            (const volatile uint32_t *)(const volatile void *)(ring + 1) + cons % DATA / 4;
        unsigned count = at[0] >> TRACE_EXTRA_SHIFT & TRACE_EXTRA_MAX;
        unsigned head = (at[0] & STAMP_FLAG) != 0 ? 3 : 1;

        if (head == 3) {
            uint64_t stamp = (uint64_t)at[2] << 32 | at[1];

            seen.backwards |= stamp < seen.last;
            seen.last = stamp;
        }
        see(&seen, TRC_HD_TO_EVENT(at[0]), at + head, count);
        seen.records++;
        cons = (cons + 4 * (head + count)) % (2 * DATA);
        if (!CHECK(seen.records < 2 * DATA / 4)) {
            break;
        }
    }
    __asm__ volatile("dmb ish" ::: "memory");
    ring->cons = prod;
    CHECK(!seen.backwards && !seen.unknown);
    return seen;
}

static void call_often(unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        CHECK_EQ(hypercall(__HYPERVISOR_xen_version, XENVER_version, 0, 0, 0, 0) >> 16, 4);
    }
}

static volatile bool fired;

static void timer_fired(unsigned intid, struct trap_frame *frame)
{
    (void)intid;
    (void)frame;
    timer_stop(TIMER_VIRT);
    fired = true;
}

static void sleeper_init(void)
{
    irq_set_handler(timer_intid(TIMER_VIRT), timer_fired);
    gic_enable(timer_intid(TIMER_VIRT));
    irq_enable();
}

/* Sleep, so that the other domain of this pCPU runs and an interrupt comes. */
static void nap(void)
{
    irq_disable();
    fired = false;
    timer_set(TIMER_VIRT, timer_now(TIMER_VIRT) + timer_frequency() / 100);
    while (!fired) {
        wfi(); /* Ends with an interrupt that is masked too. */
        irq_enable();
        irq_disable();
    }
    irq_enable();
}

/* Until the other domain only waits and wakes. */
static bool is_quiet(void)
{
    for (unsigned i = 0; i < 1000; i++) {
        (void)read_ring();
        nap();
        if (read_ring().marks > 0) {
            return true;
        }
    }
    return false;
}

static void check_records(void)
{
    const char *how;
    size_t length;
    struct seen seen;

    want(TRC_ALL);
    CHECK_EQ(tbuf_simple(XEN_SYSCTL_TBUFOP_enable), 0);
    CHECK(is_quiet());
    (void)read_ring();
    call_often(20);
    nap();
    call_often(1);
    seen = read_ring();
    CHECK_EQ(seen.hypercalls, 21);
    CHECK(seen.exits >= 22 && seen.entries >= 22);
    CHECK(seen.changes >= 4 && seen.interrupts >= 1 && seen.handled >= 1);
    CHECK_EQ(seen.old_calls, 0);
    CHECK_EQ(seen.lost, 0);

    want(TRC_SCHED);
    (void)read_ring();
    call_often(20);
    nap();
    call_often(1);
    seen = read_ring();
    CHECK(seen.changes >= 4);
    CHECK(seen.waits > 0 || !bootarg_find("wfi", &how, &length));
    CHECK_EQ(seen.exits + seen.entries + seen.hypercalls + seen.interrupts, 0);

    want(TRC_PV);
    (void)read_ring();
    call_often(20);
    seen = read_ring();
    CHECK_EQ(seen.old_calls, 20);
    CHECK_EQ(seen.changes + seen.hypercalls, 0);
}

static void check_switches(void)
{
    uint8_t none[1] = {0}, all[1] = {0xff};

    want(TRC_ALL);
    CHECK_EQ(want_cpus(none, 8), 0);
    (void)read_ring();
    call_often(5);
    CHECK_EQ(read_ring().records, 0);
    CHECK_EQ(want_cpus(all, 8), 0);
    call_often(5);
    CHECK_EQ(read_ring().hypercalls, 5);
    CHECK_EQ(tbuf_simple(XEN_SYSCTL_TBUFOP_disable), 0);
    (void)read_ring();
    call_often(5);
    CHECK_EQ(read_ring().records, 0);
    CHECK_EQ(tbuf_simple(XEN_SYSCTL_TBUFOP_enable), 0);
}

static void check_full(uint32_t port)
{
    uint32_t before = events_taken(port), prod;
    struct seen seen;

    (void)read_ring();
    call_often(1000); /* Some 40 bytes each: the ring has room for 500. */
    prod = ring->prod;
    CHECK(events_wait(port, before + 1));
    CHECK_EQ(events_taken(port), before + 1);
    call_often(10);
    CHECK_EQ(ring->prod, prod);
    seen = read_ring();
    CHECK(seen.hypercalls > 200 && seen.lost == 0);
    call_often(1);
    seen = read_ring();
    CHECK(seen.lost > 500 && seen.hypercalls >= 1);
    call_often(1);
    CHECK_EQ(read_ring().lost, 0);
}

static void check_nonsense(void)
{
    static const uint32_t values[] = {1, 2 * DATA, 2 * DATA - 4, 0xffffffff, 0x80000000, DATA + 4, 3, 0};
    volatile uint32_t *words = (volatile uint32_t *)(volatile void *)ring;
    uint32_t random = 12345;

    for (unsigned i = 0; i < 4000; i++) {
        random = random * 1664525U + 1013904223U;
        words[(random >> 8) % (PAGES * PAGE / 4)] = random;
        ring->prod = values[(random >> 16) % 8];
        ring->cons = values[(random >> 24) % 8];
        call_often(1);
    }
    CHECK_EQ(tbuf_simple(XEN_SYSCTL_TBUFOP_disable), 0);
    CHECK_EQ(tbuf_simple(XEN_SYSCTL_TBUFOP_enable), 0);
    call_often(1);
    ring->cons = ring->prod;
    call_often(10);
    CHECK_EQ(read_ring().hypercalls, 10);
}

static void check_end(void)
{
    CHECK_EQ(tbuf_simple(XEN_SYSCTL_TBUFOP_disable), 0);
    for (unsigned i = 0; i <= PAGES; i++) {
        CHECK_EQ(remove_from_physmap(room(i) / PAGE), 0);
    }
    call_often(10);
    CHECK_EQ(tbuf_simple(XEN_SYSCTL_TBUFOP_enable), 0); /* Nobody reads. */
    call_often(2000);
}

/* What a domain may not. It waits and wakes until it is over. */
_Noreturn static void other(void)
{
    CHECK_EQ(tbuf_simple(XEN_SYSCTL_TBUFOP_get_info), E_PERM);
    CHECK_EQ(set_size(PAGES), E_PERM);
    for (uint64_t frame = platform.memory[0].base / PAGE; frame < 1UL << 20; frame += 0x137) {
        CHECK_EQ(map_frame(DOMID_XEN, frame, room(0) / PAGE), E_PERM);
    }
    print("RESULT %u checks, %u failed\n", checks.count, checks.failed);
    sleeper_init();
    for (;;) {
        (void)hypercall(MARK, 0, 0, 0, 0, 0);
        nap();
    }
}

unsigned guest_main(void)
{
    struct evtchn_bind_virq bind = {.virq = VIRQ_TBUF};
    const char *role = "";
    size_t length = 0;

    if (bootarg_find("role", &role, &length)) {
        other();
    }
    CHECK_EQ(events_start(false), 0);
    sleeper_init();
    CHECK_EQ(events_operate(EVTCHNOP_bind_virq, &bind), 0);
    events_unmask(bind.port);
    check_before();
    map_all();
    if (checks.failed == 0) {
        check_records();
        check_switches();
        check_full(bind.port);
        check_nonsense();
        check_end();
    }
    return checks_end(&checks);
}

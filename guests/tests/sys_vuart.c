/* SPDX-License-Identifier: Apache-2.0 */
/* sys_vuart.c - test guest: the control domain gives domains of its making a virtual UART and serves it, well
 * and badly. rounds=: how often. */
#include "channels/events.h"
#include "check.h"
#include "control_domain.h"

#include <xen/event_channel.h>
#include <xen/io/console.h>
#include <xen/sched.h>

#define CODE_GFN (RAM_GFN + 3)
#define RING_GFN ((GUEST_MAGIC_BASE >> 12) + 3) /* Where Debian's toolstack has it. */
#define HOLE_GFN ((GUEST_MAGIC_BASE >> 12) + 9)
#define NOWHERE 4000 /* No such domain. */
#define SPI GUEST_VPL011_SPI
#define OUT ((uint32_t)sizeof(((struct xencons_interface *)NULL)->out))

static struct checks checks;

/* Foreign pages take these pages' places, and they are put back. */
static uint8_t window[4096] __attribute__((aligned(4096)));
static uint8_t ring_place[4096] __attribute__((aligned(4096)));

static volatile struct xencons_interface *const ring = (void *)ring_place;

/* Programs of a domain, which begin at x1 = the UART. */
static const uint32_t echo[] = {
    0xd2a44001, /*    mov x1, #0x22000000 */
    0xd2a06002, /*    mov x2, #0x3000000 */
    0xf2820002, /*    movk x2, #0x1000         the distributor */
    0x52800a03, /*    mov w3, #0x50            RX and RT */
    0xb9003823, /*    str w3, [x1, #0x38]      IMSC */
    0xb9420444, /* 1: ldr w4, [x2, #0x204]     ISPENDR1 */
    0x3607ffe4, /*    tbz w4, #0, 1b           the UART's interrupt */
    0xb9400025, /*    ldr w5, [x1] */
    0xb9000025, /*    str w5, [x1] */
    0x17fffffc, /*    b 1b */
};
static const uint32_t flood[] = {
    0xd2a44001, /*    mov x1, #0x22000000 */
    0x39000025, /* 1: strb w5, [x1] */
    0x110004a5, /*    add w5, w5, #1 */
    0x17fffffe, /*    b 1b */
};
static const uint32_t polite[] = {
    0xd2a44001, /*    mov x1, #0x22000000 */
    0xb9401824, /* 1: ldr w4, [x1, #0x18]      FR */
    0x372fffe4, /*    tbnz w4, #5, 1b          TXFF */
    0x39000025, /*    strb w5, [x1] */
    0x110004a5, /*    add w5, w5, #1 */
    0x17fffffc, /*    b 1b */
};

static const struct xen_domctl_vuart_op good = {.cmd = XEN_DOMCTL_VUART_OP_INIT,
                                                .type = XEN_DOMCTL_VUART_TYPE_VPL011,
                                                .gfn = RING_GFN,
                                                .console_domid = 0};

static int64_t vuart(domid_t domid, const struct xen_domctl_vuart_op *wish, uint32_t *port)
{
    struct xen_domctl op = {.u.vuart_op = *wish};
    int64_t result = domctl(&op, XEN_DOMCTL_vuart_op, domid);

    *port = op.u.vuart_op.evtchn;
    return result;
}

static int64_t bind_irq(domid_t domid, uint32_t intid)
{
    struct xen_domctl op = {
        .u.bind_pt_irq = {.machine_irq = intid, .irq_type = PT_IRQ_TYPE_SPI, .u.spi.spi = (uint16_t)intid}};

    return domctl(&op, XEN_DOMCTL_bind_pt_irq, domid);
}

static uint32_t serve(domid_t domid, uint32_t port)
{
    struct evtchn_bind_interdomain bind = {.remote_dom = domid, .remote_port = port};

    CHECK_EQ(events_operate(EVTCHNOP_bind_interdomain, &bind), 0);
    return bind.local_port;
}

static void close_port(uint32_t port)
{
    CHECK_EQ(events_operate(EVTCHNOP_close, &(struct evtchn_close){.port = port}), 0);
}

/* A domain with memory and one vCPU, no UART, and the page for it. */
static domid_t make(unsigned spis)
{
    struct xen_domctl_createdomain config = plain(1);
    domid_t domid = DOMID_INVALID;

    config.arch.nr_spis = spis;
    CHECK_EQ(create(&config, 0, &domid), 0);
    CHECK_EQ(max_vcpus(domid, 1), 0);
    CHECK_EQ(max_mem(domid, 8192), 0);
    CHECK_EQ(populate(domid, RAM_GFN, 9), 1);
    CHECK_EQ(populate(domid, RING_GFN, 0), 1);
    return domid;
}

/* The same with a UART that is served at @local, and a program of @bytes, not yet let run. */
static domid_t build(const uint32_t *program, size_t bytes, uint32_t *port, uint32_t *local)
{
    struct vcpu_guest_context regs = {.flags = VGCF_online, .sctlr = 0x00c50078};
    struct xen_domctl flush = {.u.cacheflush = {.start_pfn = RAM_GFN, .nr_pfns = 512}};
    domid_t domid = make(1);

    CHECK_EQ(map_foreign(domid, CODE_GFN, window), 0);
    memcpy(window, program, bytes);
    CHECK(own_page(window));
    CHECK_EQ(domctl(&flush, XEN_DOMCTL_cacheflush, domid), 0);
    regs.user_regs.pc64 = CODE_GFN << 12;
    regs.user_regs.cpsr = 0x1c5;
    CHECK_EQ(context(XEN_DOMCTL_setvcpucontext, domid, 0, &regs), 0);
    CHECK_EQ(vuart(domid, &good, port), 0);
    CHECK_EQ(map_foreign(domid, RING_GFN, ring_place), 0);
    *local = serve(domid, *port);
    return domid;
}

static void destroy(domid_t domid, uint32_t local)
{
    CHECK(own_page(ring_place));
    CHECK_EQ(simple(XEN_DOMCTL_destroydomain, domid), 0);
    close_port(local);
}

static void give_way(void)
{
    hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0, 0, 0);
}

static bool wait_index(volatile uint32_t *index, uint32_t value)
{
    for (unsigned i = 0; i < LIMIT; i++) {
        if (__atomic_load_n(index, __ATOMIC_ACQUIRE) == value) {
            return true;
        }
        give_way();
    }
    print("... an index is %u, not %u\n", *index, value);
    return false;
}

static void type(const char *text, uint32_t local)
{
    uint32_t at = ring->in_prod;

    for (; *text != '\0'; text++) {
        ring->in[at++ % sizeof(ring->in)] = *text;
    }
    __atomic_store_n(&ring->in_prod, at, __ATOMIC_RELEASE);
    CHECK_EQ(events_send(local), 0);
}

/* @text comes out next, once somebody has told so. */
static void expect(const char *text, uint32_t local)
{
    size_t length = strlen(text);
    uint32_t at = ring->out_cons;

    CHECK(events_wait(local, 1));
    if (CHECK(wait_index(&ring->out_prod, at + (uint32_t)length))) {
        for (size_t i = 0; i < length; i++) {
            CHECK_EQ(ring->out[(at + i) % OUT], text[i]);
        }
    }
    __atomic_store_n(&ring->out_cons, ring->out_prod, __ATOMIC_RELEASE);
    CHECK_EQ(events_send(local), 0);
}

static void refuse(domid_t domid, const struct xen_domctl_vuart_op *wish, int64_t error)
{
    uint32_t port;

    CHECK_EQ(vuart(domid, wish, &port), error);
}

static void check_arguments(domid_t domid)
{
    static const uint64_t frames[] = {
        HOLE_GFN, RAM_GFN + 512, GUEST_GICD_BASE >> 12, GUEST_GICC_BASE >> 12, 1UL << 36, 1UL << 52, ~0UL};
    struct xen_domctl_vuart_op bad = good;

    bad.cmd = XEN_DOMCTL_VUART_OP_INIT + 1;
    refuse(domid, &bad, E_INVAL);
    bad = good;
    bad.type = XEN_DOMCTL_VUART_TYPE_VPL011 + 1;
    refuse(domid, &bad, E_OPNOTSUPP);
    bad = good;
    bad.pad[1] = 1;
    refuse(domid, &bad, E_INVAL);
    for (unsigned i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
        bad = good;
        bad.gfn = frames[i];
        refuse(domid, &bad, E_INVAL);
    }
    refuse(NOWHERE, &good, E_SRCH);
    refuse(DOMID_SELF, &good, E_PERM);
    refuse(0, &good, E_PERM);
}

/* Once it has it, nobody else may use what belongs to it. */
static void check_owned(domid_t domid, uint32_t port)
{
    struct evtchn_status status = {.dom = domid, .port = port};
    struct evtchn_bind_interdomain bind = {.remote_dom = domid, .remote_port = port};

    refuse(domid, &good, E_INVAL);
    CHECK_EQ(bind_irq(domid, SPI), E_BUSY);
    CHECK_EQ(events_operate(EVTCHNOP_status, &status), E_ACCES);
    CHECK_EQ(events_operate(EVTCHNOP_bind_interdomain, &bind), E_INVAL); /* It is for another domain. */
}

static void check_wrong(void)
{
    struct xen_domctl_createdomain config = plain(1);
    struct xen_domctl_vuart_op other = good;
    uint64_t before = settled_pages();
    domid_t domid = DOMID_INVALID;
    uint32_t port = 0;

    CHECK_EQ(create(&config, 0, &domid), 0); /* Without vCPUs. */
    CHECK_EQ(max_mem(domid, 8192), 0);
    CHECK_EQ(populate(domid, RING_GFN, 0), 1);
    refuse(domid, &good, E_INVAL);
    CHECK_EQ(simple(XEN_DOMCTL_destroydomain, domid), 0);

    domid = make(0); /* Without its interrupt. */
    refuse(domid, &good, E_INVAL);
    CHECK_EQ(simple(XEN_DOMCTL_destroydomain, domid), 0);

    domid = make(1); /* With the machine's in its place. */
    CHECK_EQ(bind_irq(domid, SPI), 0);
    refuse(domid, &good, E_INVAL);
    CHECK_EQ(simple(XEN_DOMCTL_destroydomain, domid), 0);

    domid = make(1);
    check_arguments(domid);
    other.console_domid = domid;
    CHECK_EQ(vuart(domid, &other, &port), 0);
    check_owned(domid, port);
    CHECK_EQ(simple(XEN_DOMCTL_destroydomain, domid), 0);

    domid = make(1); /* It has run. */
    CHECK_EQ(simple(XEN_DOMCTL_unpausedomain, domid), 0);
    CHECK_EQ(simple(XEN_DOMCTL_pausedomain, domid), 0);
    refuse(domid, &good, E_PERM);
    CHECK_EQ(map_foreign(domid, RING_GFN, ring_place), 0);
    CHECK_EQ(simple(XEN_DOMCTL_destroydomain, domid), 0);
    refuse(domid, &good, E_PERM);
    CHECK(own_page(ring_place));

    domid = make(1); /* It is about to go. */
    CHECK_EQ(map_foreign(domid, RING_GFN, ring_place), 0);
    CHECK_EQ(simple(XEN_DOMCTL_destroydomain, domid), 0);
    refuse(domid, &good, E_INVAL);
    CHECK(own_page(ring_place));
    CHECK(wait_free(before));
}

/* Characters go both ways, whoever serves it; a domain that resets its channels keeps this one. */
static void check_talk(void)
{
    struct evtchn_reset reset;
    uint32_t port, local;
    domid_t domid = build(echo, sizeof(echo), &port, &local);

    type("typed before it runs", local);
    CHECK_EQ(simple(XEN_DOMCTL_unpausedomain, domid), 0);
    expect("typed before it runs", local);
    type("a line that is longer than the thirty-two characters which the UART holds itself", local);
    expect("a line that is longer than the thirty-two characters which the UART holds itself", local);
    CHECK_EQ(ring->in_cons, ring->in_prod);
    close_port(local);
    CHECK_EQ(events_send(local), E_INVAL);
    local = serve(domid, port);
    type("another", local);
    expect("another", local);
    reset.dom = domid;
    CHECK_EQ(events_operate(EVTCHNOP_reset, &reset), 0);
    type("once more", local);
    expect("once more", local);
    destroy(domid, local);
}

/* Counts that cannot be, for rings of both sizes. */
static const uint32_t mad[] = {OUT + 1, 5000, 1u << 31, ~0u};

/* Input that cannot be is none, and goes by when the index is right again. What the hypervisor counts it
 * counts itself, whatever is written there. */
static void check_mad_input(void)
{
    uint32_t port, local, in, out;
    domid_t domid = build(echo, sizeof(echo), &port, &local);

    CHECK_EQ(simple(XEN_DOMCTL_unpausedomain, domid), 0);
    type("x", local);
    expect("x", local);
    in = ring->in_prod;
    out = ring->out_prod;
    for (unsigned i = 0; i < sizeof(mad) / sizeof(mad[0]); i++) {
        ring->in_prod = in + mad[i];
        CHECK_EQ(events_send(local), 0);
        CHECK_EQ(ring->in_cons, in);
        CHECK_EQ(ring->out_prod, out);
        ring->in_prod = in;
        ring->in_cons = 777 * i;
        ring->out_prod = 999 * i;
        type("z", local);
        CHECK(wait_index(&ring->in_cons, ++in));
        CHECK(wait_index(&ring->out_prod, ++out));
        ring->out_cons = out;
    }
    type("well again", local);
    expect("well again", local);
    destroy(domid, local);
}

/* Nothing comes any more, however often the domain runs meanwhile. */
static void check_still(uint32_t index)
{
    for (unsigned i = 0; i < 100; i++) {
        give_way();
        CHECK_EQ(ring->out_prod, index);
    }
}

/* Who does not look is not waited for: the ring is full, and the rest is lost. More than full is full. */
static void check_flood(void)
{
    uint32_t port, local, told, full = OUT;
    domid_t domid = build(flood, sizeof(flood), &port, &local);

    CHECK_EQ(simple(XEN_DOMCTL_unpausedomain, domid), 0);
    for (unsigned i = 0; i < sizeof(mad) / sizeof(mad[0]); i++) {
        CHECK(wait_index(&ring->out_prod, full));
        check_still(full);
        ring->out_cons = full - mad[i];
        CHECK_EQ(events_send(local), 0);
        check_still(full);
        told = events_taken(local);
        ring->out_cons = full;
        full += OUT;
        CHECK(events_wait(local, told + 1));
    }
    destroy(domid, local);
}

/* A driver that looks whether there is room loses nothing. */
static void check_polite(void)
{
    uint32_t port, local, at = 0, wrong = 0;
    domid_t domid = build(polite, sizeof(polite), &port, &local);

    CHECK_EQ(simple(XEN_DOMCTL_unpausedomain, domid), 0);
    while (at < 5 * OUT && CHECK(events_wait(local, events_taken(local) + (at == ring->out_prod ? 1 : 0)))) {
        uint32_t end = __atomic_load_n(&ring->out_prod, __ATOMIC_ACQUIRE);

        for (; at != end; at++) {
            wrong += (uint8_t)ring->out[at % OUT] != (uint8_t)at ? 1 : 0;
        }
        __atomic_store_n(&ring->out_cons, at, __ATOMIC_RELEASE);
    }
    CHECK_EQ(wrong, 0);
    destroy(domid, local);
}

/* A domain ends with input that nobody has read, and its page still looked at here; then without its page. */
static void check_ends(void)
{
    struct evtchn_status status = {.dom = DOMID_SELF};
    xen_pfn_t frame = RING_GFN;
    struct xen_memory_reservation less = {.nr_extents = 1};
    uint32_t port, local;
    domid_t domid = build(echo, sizeof(echo), &port, &local);

    type("nobody reads this, and not all of it fits into the UART", local);
    CHECK_EQ(simple(XEN_DOMCTL_destroydomain, domid), 0);
    status.port = local;
    CHECK_EQ(events_operate(EVTCHNOP_status, &status), 0);
    CHECK_EQ(status.status, EVTCHNSTAT_unbound);
    CHECK_EQ(events_send(local), 0); /* To nobody. */
    CHECK_EQ(flags(domid) & XEN_DOMINF_dying, XEN_DOMINF_dying);
    ring->in_prod += 5;
    CHECK_EQ(events_send(local), 0);
    CHECK(own_page(ring_place));
    close_port(local);

    domid = build(echo, sizeof(echo), &port, &local);
    less.extent_start.p = &frame;
    less.domid = domid;
    CHECK_EQ(memory_op(XENMEM_decrease_reservation, &less), 1);
    CHECK_EQ(simple(XEN_DOMCTL_unpausedomain, domid), 0);
    type("the page is the UART's still", local);
    expect("the page is the UART's still", local);
    destroy(domid, local);
}

unsigned guest_main(void)
{
    uint64_t rounds = bootarg_number("rounds", 2), before;

    CHECK_EQ(events_start(false), 0);
    check_talk(); /* The first of all makes tables of the control domain's own. */
    before = settled_pages();
    check_wrong();
    for (uint64_t i = 0; i < rounds; i++) {
        check_talk();
        check_mad_input();
        check_flood();
        check_polite();
        check_ends();
        CHECK(wait_free(before));
    }
    return checks_end(&checks);
}

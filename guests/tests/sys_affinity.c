/* SPDX-License-Identifier: Apache-2.0 */
/* sys_affinity.c - test guest: the control domain, with one vCPU on a machine of four CPUs, says where the
 * vCPUs of domain 1 (two) and its own may run, and what they are promised. sched=: the scheduler's number. */
#include "check.h"
#include "control.h"

#define HARD XEN_VCPUAFFINITY_HARD
#define SOFT XEN_VCPUAFFINITY_SOFT
#define OTHER 1
#define WAIT_S 10

static struct checks checks;
static uint8_t hard, soft;
static uint32_t sched;

static int64_t affinity(uint32_t cmd, domid_t domain, uint32_t vcpu, uint32_t flags)
{
    struct xen_domctl op;

    memset(&op, 0x5a, sizeof(op));
    op.u.vcpuaffinity.vcpu = vcpu;
    op.u.vcpuaffinity.flags = flags;
    bitmap_of(&op.u.vcpuaffinity.cpumap_hard, &hard);
    bitmap_of(&op.u.vcpuaffinity.cpumap_soft, &soft);
    return domctl(&op, cmd, domain);
}

static int64_t set(domid_t domain, uint32_t vcpu, uint32_t flags, uint8_t hard_mask, uint8_t soft_mask)
{
    hard = hard_mask;
    soft = soft_mask;
    return affinity(XEN_DOMCTL_setvcpuaffinity, domain, vcpu, flags);
}

static void check_get(domid_t domain, uint32_t vcpu, uint8_t hard_mask, uint8_t soft_mask)
{
    hard = soft = 0xa5;
    CHECK_EQ(affinity(XEN_DOMCTL_getvcpuaffinity, domain, vcpu, HARD), 0);
    CHECK_EQ(hard, hard_mask);
    CHECK_EQ(soft, 0xa5);
    CHECK_EQ(affinity(XEN_DOMCTL_getvcpuaffinity, domain, vcpu, HARD | SOFT), 0);
    CHECK_EQ(hard, hard_mask);
    CHECK_EQ(soft, soft_mask);
}

static void check_calls(void)
{
    check_get(OTHER, 0, 0xff, 0xff);
    CHECK_EQ(set(OTHER, 0, HARD, 0x16, 0), 0); /* CPU 4 is not there: what counts is said. */
    CHECK_EQ(hard, 0x06);
    check_get(OTHER, 0, 0x16, 0xff);
    CHECK_EQ(set(OTHER, 0, SOFT, 0, 0x1c), 0);
    CHECK_EQ(soft, 0x04);
    check_get(OTHER, 0, 0x16, 0x1c);
    CHECK_EQ(set(OTHER, 0, HARD | SOFT, 0x0f, 0x03), 0);
    CHECK(hard == 0x0f && soft == 0x03);
    check_get(OTHER, 0, 0x0f, 0x03);
    CHECK_EQ(set(OTHER, 0, HARD, 0xf0, 0), E_INVAL);
    CHECK_EQ(set(OTHER, 0, HARD, 0, 0), E_INVAL);
    CHECK_EQ(set(OTHER, 0, 0, 0x0f, 0), E_INVAL);
    check_get(OTHER, 0, 0x0f, 0x03);
    CHECK_EQ(set(OTHER, 0, XEN_VCPUAFFINITY_FORCE, 0x01, 0x01), 0);
    check_get(OTHER, 0, 0x0f, 0x03);
    CHECK_EQ(set(OTHER, 2, HARD, 0x0f, 0), E_INVAL);
    CHECK_EQ(set(60, 0, HARD, 0x0f, 0), E_SRCH);
    CHECK_EQ(affinity(XEN_DOMCTL_getvcpuaffinity, OTHER, 2, HARD), E_INVAL);
    CHECK_EQ(affinity(XEN_DOMCTL_getvcpuaffinity, OTHER, 0, 0), E_INVAL);
    CHECK_EQ(set(OTHER, 0, HARD | SOFT, 0xff, 0xff), 0);
}

/* Larger and smaller maps, and none. */
static void check_maps(void)
{
    static uint8_t map[600];
    struct xen_domctl op = {.u.vcpuaffinity.flags = HARD};
    struct xenctl_bitmap *bitmap = &op.u.vcpuaffinity.cpumap_hard;

    memset(map, 0xa5, sizeof(map));
    bitmap->bitmap.p = map;
    bitmap->nr_bits = 77;
    CHECK_EQ(domctl(&op, XEN_DOMCTL_getvcpuaffinity, OTHER), 0);
    CHECK(map[0] == 0xff && map[1] == 0 && map[9] == 0 && map[10] == 0xa5);
    bitmap->nr_bits = 0;
    map[0] = 0xa5;
    CHECK_EQ(domctl(&op, XEN_DOMCTL_getvcpuaffinity, OTHER), 0);
    CHECK_EQ(map[0], 0xa5);
    CHECK_EQ(domctl(&op, XEN_DOMCTL_setvcpuaffinity, OTHER), E_INVAL); /* No CPU. */
    bitmap->nr_bits = 2;
    map[0] = 0xfe;
    CHECK_EQ(domctl(&op, XEN_DOMCTL_setvcpuaffinity, OTHER), 0);
    CHECK_EQ(map[0], 0x02);
    bitmap->nr_bits = UINT32_MAX;
    CHECK_EQ(domctl(&op, XEN_DOMCTL_getvcpuaffinity, OTHER), E_INVAL);
    bitmap->bitmap.p = (uint8_t *)8;
    bitmap->nr_bits = 8;
    CHECK_EQ(domctl(&op, XEN_DOMCTL_getvcpuaffinity, OTHER), E_FAULT);
    CHECK_EQ(domctl(&op, XEN_DOMCTL_setvcpuaffinity, OTHER), E_FAULT);
    bitmap->bitmap.p = NULL;
    CHECK_EQ(domctl(&op, XEN_DOMCTL_getvcpuaffinity, OTHER), E_INVAL);
    CHECK_EQ(set(OTHER, 0, HARD, 0xff, 0), 0);
}

static uint32_t cpu_of(domid_t domain)
{
    struct xen_domctl op = {.u.getvcpuinfo.vcpu = 0};

    CHECK_EQ(domctl(&op, XEN_DOMCTL_getvcpuinfo, domain), 0);
    return op.u.getvcpuinfo.cpu;
}

/* The caller is where it said that it will be when the call is over; the other soon. */
static void check_moves(void)
{
    for (unsigned round = 0; round < 200; round++) {
        uint32_t own = round % 4, other = (round * 3 + 1) % 4;
        uint64_t start = timer_now(TIMER_PHYS);

        CHECK_EQ(set(0, 0, HARD, (uint8_t)(1u << own), 0), 0);
        CHECK_EQ(cpu_of(0), own);
        CHECK_EQ(set(OTHER, 0, HARD, (uint8_t)(1u << other), 0), 0);
        while (cpu_of(OTHER) != other && timer_now(TIMER_PHYS) - start < WAIT_S * timer_frequency()) {
        }
        CHECK_EQ(cpu_of(OTHER), other);
    }
    CHECK_EQ(set(0, 0, HARD, 0xff, 0), 0);
    CHECK_EQ(set(OTHER, 0, HARD, 0xff, 0), 0);
}

static struct xen_domctl answer;
#define PARAMS (&answer.u.scheduler_op)

static int64_t params(uint32_t cmd, domid_t domain)
{
    PARAMS->sched_id = sched;
    PARAMS->cmd = cmd;
    return domctl(&answer, XEN_DOMCTL_scheduler_op, domain);
}

static int64_t put_credit2(uint16_t weight, uint16_t cap)
{
    PARAMS->u.credit2.weight = weight;
    PARAMS->u.credit2.cap = cap;
    return params(XEN_DOMCTL_SCHEDOP_putinfo, OTHER);
}

static void check_credit2(void)
{
    CHECK_EQ(params(XEN_DOMCTL_SCHEDOP_getinfo, OTHER), 0);
    CHECK(PARAMS->u.credit2.weight == 256 && PARAMS->u.credit2.cap == 0);
    CHECK_EQ(put_credit2(512, 0), 0);
    CHECK_EQ(put_credit2(0, 0), 0);
    CHECK_EQ(put_credit2(300, 201), E_INVAL);
    CHECK_EQ(params(XEN_DOMCTL_SCHEDOP_getinfo, OTHER), 0);
    CHECK(PARAMS->u.credit2.weight == 512 && PARAMS->u.credit2.cap == 0);
    CHECK_EQ(params(XEN_DOMCTL_SCHEDOP_getvcpuinfo, OTHER), E_INVAL);
    CHECK_EQ(params(XEN_DOMCTL_SCHEDOP_putvcpuinfo, OTHER), E_INVAL);
}

static int64_t put_rtds(uint32_t period, uint32_t budget)
{
    PARAMS->u.rtds = (struct xen_domctl_sched_rtds){.period = period, .budget = budget};
    return params(XEN_DOMCTL_SCHEDOP_putinfo, OTHER);
}

static xen_domctl_schedparam_vcpu_t items[3];

static int64_t rtds_vcpus(uint32_t cmd, uint32_t count)
{
    PARAMS->u.v.vcpus.p = items;
    PARAMS->u.v.nr_vcpus = count;
    return params(cmd, OTHER);
}

static void check_rtds(void)
{
    CHECK_EQ(params(XEN_DOMCTL_SCHEDOP_getinfo, OTHER), 0);
    CHECK(PARAMS->u.rtds.period == 10000 && PARAMS->u.rtds.budget == 4000);
    CHECK_EQ(put_rtds(0, 0), E_INVAL);
    CHECK_EQ(put_rtds(1000, 2000), E_INVAL);
    CHECK_EQ(put_rtds(20000, 2000), 0);
    items[1].vcpuid = 1;
    CHECK_EQ(rtds_vcpus(XEN_DOMCTL_SCHEDOP_getvcpuinfo, 2), 0);
    CHECK_EQ(PARAMS->u.v.nr_vcpus, 2);
    for (unsigned i = 0; i < 2; i++) {
        CHECK(items[i].vcpuid == i && items[i].u.rtds.period == 20000 && items[i].u.rtds.budget == 2000);
        CHECK_EQ(items[i].u.rtds.flags, XEN_DOMCTL_SCHEDRT_extra);
    }
    items[1].u.rtds = (struct xen_domctl_sched_rtds){.period = 5000, .budget = 500, .flags = 0};
    CHECK_EQ(rtds_vcpus(XEN_DOMCTL_SCHEDOP_putvcpuinfo, 2), 0);
    memset(items, 0xff, sizeof(items));
    items[0].vcpuid = 1;
    CHECK_EQ(rtds_vcpus(XEN_DOMCTL_SCHEDOP_getvcpuinfo, 1), 0);
    CHECK(items[0].u.rtds.period == 5000 && items[0].u.rtds.budget == 500);
    CHECK_EQ(items[0].u.rtds.flags & XEN_DOMCTL_SCHEDRT_extra, 0);
    items[0].u.rtds.budget = 5001;
    CHECK_EQ(rtds_vcpus(XEN_DOMCTL_SCHEDOP_putvcpuinfo, 1), E_INVAL);
    items[0].vcpuid = 2;
    CHECK_EQ(rtds_vcpus(XEN_DOMCTL_SCHEDOP_getvcpuinfo, 1), E_INVAL);
    PARAMS->u.v.nr_vcpus = 0;
    CHECK_EQ(params(XEN_DOMCTL_SCHEDOP_getvcpuinfo, OTHER), 0);
    PARAMS->u.v.vcpus.p = (void *)8;
    PARAMS->u.v.nr_vcpus = 1;
    CHECK_EQ(params(XEN_DOMCTL_SCHEDOP_getvcpuinfo, OTHER), E_FAULT);
}

static void check_params(void)
{
    uint32_t right = sched;

    if (sched == XEN_SCHEDULER_CREDIT2) {
        check_credit2();
    } else if (sched == XEN_SCHEDULER_RTDS) {
        check_rtds();
    } else {
        CHECK_EQ(params(XEN_DOMCTL_SCHEDOP_getinfo, OTHER), 0);
        CHECK_EQ(params(XEN_DOMCTL_SCHEDOP_putvcpuinfo, OTHER), 0);
    }
    CHECK_EQ(params(4, OTHER), E_INVAL);
    CHECK_EQ(params(XEN_DOMCTL_SCHEDOP_getinfo, 60), E_SRCH);
    sched = XEN_SCHEDULER_CREDIT;
    CHECK_EQ(params(XEN_DOMCTL_SCHEDOP_getinfo, OTHER), E_INVAL);
    sched = right;
}

unsigned guest_main(void)
{
    sched = (uint32_t)bootarg_number("sched", XEN_SCHEDULER_CREDIT2);
    check_calls();
    check_maps();
    if (sched == XEN_SCHEDULER_CREDIT2 || sched == XEN_SCHEDULER_RTDS) {
        check_moves();
    }
    check_params();
    return checks_end(&checks);
}

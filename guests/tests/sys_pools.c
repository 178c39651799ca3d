/* SPDX-License-Identifier: Apache-2.0 */
/* sys_pools.c - test guest: the control domain, with one vCPU, makes pools of a machine's CPUs and unmakes
 * them while others=N domains of two vCPUs run. cpus=: of the machine, 4 or more. */
#include "check.h"
#include "control.h"

#define ANY XEN_SYSCTL_CPUPOOL_PAR_ANY
#define CREDIT2 XEN_SCHEDULER_CREDIT2
#define RTDS XEN_SCHEDULER_RTDS
#define SCHEDULER_NONE 77
#define HIGH_ID 1000
#define WAIT_S 20

static struct checks checks;
static uint64_t cpus, others;
static struct xen_sysctl answer;
static uint8_t mask;

static int64_t pool_op(uint32_t what, uint32_t id, uint32_t cpu, uint32_t sched)
{
    struct xen_sysctl_cpupool_op *op = &answer.u.cpupool_op;

    memset(&answer, 0x5a, sizeof(answer));
    *op = (struct xen_sysctl_cpupool_op){.op = what, .cpupool_id = id, .cpu = cpu, .sched_id = sched};
    mask = 0xa5;
    bitmap_of(&op->cpumap, &mask);
    return sysctl(&answer, XEN_SYSCTL_cpupool_op);
}

static int64_t create(uint32_t id, uint32_t sched)
{
    return pool_op(XEN_SYSCTL_CPUPOOL_OP_CREATE, id, 0, sched);
}

static int64_t destroy(uint32_t id)
{
    return pool_op(XEN_SYSCTL_CPUPOOL_OP_DESTROY, id, 0, 0);
}

static int64_t add(uint32_t id, uint32_t cpu)
{
    return pool_op(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, id, cpu, 0);
}

static int64_t take(uint32_t id, uint32_t cpu)
{
    return pool_op(XEN_SYSCTL_CPUPOOL_OP_RMCPU, id, cpu, 0);
}

static uint8_t free_cpus(void)
{
    CHECK_EQ(pool_op(XEN_SYSCTL_CPUPOOL_OP_FREEINFO, 0, 0, 0), 0);
    return mask;
}

static void check_info(uint32_t from, uint32_t id, uint32_t sched, uint8_t has, uint32_t domains)
{
    CHECK_EQ(pool_op(XEN_SYSCTL_CPUPOOL_OP_INFO, from, 0, 0), 0);
    CHECK_EQ(answer.u.cpupool_op.cpupool_id, id);
    CHECK_EQ(answer.u.cpupool_op.sched_id, sched);
    CHECK_EQ(answer.u.cpupool_op.n_dom, domains);
    CHECK_EQ(mask, has);
}

static uint8_t all_cpus(void)
{
    return (uint8_t)((1u << cpus) - 1);
}

static void check_boot(void)
{
    check_info(0, 0, CREDIT2, all_cpus(), (uint32_t)others + 1);
    CHECK_EQ(pool_op(XEN_SYSCTL_CPUPOOL_OP_INFO, 1, 0, 0), E_NOENT);
    CHECK_EQ(free_cpus(), 0);
    CHECK_EQ(pool_op(0, 0, 0, 0), E_NOSYS);
    CHECK_EQ(pool_op(99, 0, 0, 0), E_NOSYS);
}

static void check_numbers(void)
{
    uint32_t most = 2 * (uint32_t)cpus, made = 1;

    CHECK_EQ(create(0, CREDIT2), E_EXIST);
    CHECK_EQ(create(5, SCHEDULER_NONE), E_NOENT);
    CHECK_EQ(create(HIGH_ID, RTDS), 0);
    CHECK_EQ(create(7, XEN_SCHEDULER_NULL), 0);
    CHECK_EQ(create(ANY, CREDIT2), 0);
    CHECK_EQ(answer.u.cpupool_op.cpupool_id, HIGH_ID + 1);
    CHECK_EQ(create(7, CREDIT2), E_EXIST);
    check_info(1, 7, XEN_SCHEDULER_NULL, 0, 0);
    check_info(8, HIGH_ID, RTDS, 0, 0);
    check_info(HIGH_ID + 1, HIGH_ID + 1, CREDIT2, 0, 0);
    for (made = 4; made < most; made++) {
        CHECK_EQ(create(ANY, CREDIT2), 0);
    }
    CHECK_EQ(create(ANY, CREDIT2), E_NOSPC);
    CHECK_EQ(destroy(7), 0);
    CHECK_EQ(destroy(7), E_NOENT);
    CHECK_EQ(destroy(0), E_BUSY);
    while (pool_op(XEN_SYSCTL_CPUPOOL_OP_INFO, 1, 0, 0) == 0) {
        CHECK_EQ(destroy(answer.u.cpupool_op.cpupool_id), 0);
    }
    CHECK_EQ(create(UINT32_MAX - 1, CREDIT2), 0); /* The last number: then the lowest that is free. */
    CHECK_EQ(create(ANY, CREDIT2), 0);
    CHECK_EQ(answer.u.cpupool_op.cpupool_id, 1);
    CHECK_EQ(destroy(UINT32_MAX - 1), 0);
    CHECK_EQ(destroy(1), 0);
}

static void check_cpus(void)
{
    uint8_t last = (uint8_t)(1u << (cpus - 1)), one_before = (uint8_t)(last >> 1);

    CHECK_EQ(take(0, 0), E_INVAL);
    CHECK_EQ(take(0, 77), E_INVAL);
    CHECK_EQ(take(9, 1), E_NOENT);
    CHECK_EQ(add(0, 1), E_NODEV);
    CHECK_EQ(add(0, 77), E_INVAL);
    CHECK_EQ(add(0, ANY), E_NODEV);
    CHECK_EQ(add(9, 1), E_NOENT);
    CHECK_EQ(take(0, ANY), 0);
    CHECK_EQ(free_cpus(), last);
    CHECK_EQ(take(0, (uint32_t)cpus - 1), E_ADDRNOTAVAIL);
    CHECK_EQ(take(0, (uint32_t)cpus - 2), 0);
    CHECK_EQ(free_cpus(), last | one_before);
    check_info(0, 0, CREDIT2, all_cpus() & (uint8_t) ~(last | one_before), (uint32_t)others + 1);
    CHECK_EQ(create(1, RTDS), 0);
    CHECK_EQ(add(1, (uint32_t)cpus - 1), 0);
    CHECK_EQ(add(1, ANY), 0);
    check_info(1, 1, RTDS, last | one_before, 0);
    CHECK_EQ(destroy(1), E_BUSY);
    CHECK_EQ(take(1, ANY), 0);
    CHECK_EQ(take(1, ANY), 0);
    CHECK_EQ(take(1, ANY), E_INVAL);
    CHECK_EQ(destroy(1), 0);
    CHECK_EQ(add(0, ANY), 0);
    CHECK_EQ(add(0, ANY), 0);
    check_info(0, 0, CREDIT2, all_cpus(), (uint32_t)others + 1);
}

static int64_t move(uint32_t domain, uint32_t pool)
{
    struct xen_sysctl_cpupool_op *op = &answer.u.cpupool_op;

    memset(&answer, 0x5a, sizeof(answer));
    *op = (struct xen_sysctl_cpupool_op){
        .op = XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, .cpupool_id = pool, .domid = domain};
    return sysctl(&answer, XEN_SYSCTL_cpupool_op);
}

static uint64_t running_ns(domid_t domain)
{
    struct xen_domctl op = {.u.getvcpuinfo.vcpu = 0};

    CHECK_EQ(domctl(&op, XEN_DOMCTL_getvcpuinfo, domain), 0);
    return op.u.getvcpuinfo.cpu_time;
}

/* Domain 1 still does what it did. */
static void check_goes_on(void)
{
    uint64_t before = running_ns(1), start = timer_now(TIMER_PHYS);

    while (running_ns(1) == before && timer_now(TIMER_PHYS) - start < WAIT_S * timer_frequency()) {
    }
    CHECK(running_ns(1) > before);
}

static void check_refused_moves(void)
{
    CHECK_EQ(move(0, 1), E_PERM);
    CHECK_EQ(move(60, 1), E_SRCH);
    CHECK_EQ(move(0x10001, 1), E_SRCH);
    CHECK_EQ(move(DOMID_SELF, 1), E_SRCH);
    CHECK_EQ(move(1, 0), 0);
    CHECK_EQ(move(1, 9), E_NOENT);
    CHECK_EQ(create(1, CREDIT2), 0);
    CHECK_EQ(move(1, 1), E_NOENT); /* No CPU in it. */
    CHECK_EQ(destroy(1), 0);
}

/* A pool with the last two CPUs. */
static void make_pool(uint32_t sched)
{
    uint32_t last = (uint32_t)cpus - 1;

    CHECK_EQ(take(0, last), 0);
    CHECK_EQ(take(0, last - 1), 0);
    CHECK_EQ(create(1, sched), 0);
    CHECK_EQ(add(1, last), 0);
    CHECK_EQ(add(1, last - 1), 0);
}

/* It has the one before the last, and nobody in it. */
static void unmake_pool(void)
{
    uint32_t last = (uint32_t)cpus - 1;

    CHECK_EQ(take(1, last - 1), 0);
    CHECK_EQ(destroy(1), 0);
    CHECK_EQ(add(0, last), 0);
    CHECK_EQ(add(0, last - 1), 0);
}

/* A domain from each scheduler to each other, and back. */
static void check_moves(void)
{
    static const uint32_t schedulers[] = {CREDIT2, RTDS, XEN_SCHEDULER_NULL, XEN_SCHEDULER_ARINC653};
    uint32_t last = (uint32_t)cpus - 1;

    for (unsigned i = 0; i < sizeof(schedulers) / sizeof(schedulers[0]); i++) {
        make_pool(schedulers[i]);
        for (unsigned round = 0; round < 10; round++) {
            CHECK_EQ(move(1, 1), 0);
            check_goes_on();
            CHECK_EQ(move(1, 0), 0);
            check_goes_on();
        }
        CHECK_EQ(move(1, 1), 0);
        check_info(1, 1, schedulers[i], (uint8_t)(3u << (last - 1)), 1);
        check_info(0, 0, CREDIT2, (uint8_t)((1u << (last - 1)) - 1), (uint32_t)others);
        CHECK_EQ(take(1, last), 0);
        check_goes_on();
        CHECK_EQ(take(1, last - 1), E_BUSY); /* The last one, with a domain. */
        CHECK_EQ(destroy(1), E_BUSY);
        CHECK_EQ(move(1, 0), 0);
        unmake_pool();
    }
}

static int64_t pin(uint8_t *own, uint32_t cmd)
{
    struct xen_domctl op = {.u.vcpuaffinity = {.flags = XEN_VCPUAFFINITY_HARD}};

    bitmap_of(&op.u.vcpuaffinity.cpumap_hard, own);
    return domctl(&op, cmd, 1);
}

static int64_t promise(uint32_t budget)
{
    xen_domctl_schedparam_vcpu_t items[2] = {{.vcpuid = 0}, {.vcpuid = 1}};
    struct xen_domctl op = {.u.scheduler_op = {.sched_id = RTDS, .cmd = XEN_DOMCTL_SCHEDOP_putvcpuinfo}};

    items[0].u.rtds = items[1].u.rtds = (struct xen_domctl_sched_rtds){.period = 10000, .budget = budget};
    op.u.scheduler_op.u.v.vcpus.p = items;
    op.u.scheduler_op.u.v.nr_vcpus = 2;
    return domctl(&op, XEN_DOMCTL_scheduler_op, 1);
}

/* rtds has no room for its second vCPU: it is back where it was, with the affinity that it had. */
static void check_turned_back(void)
{
    uint32_t last = (uint32_t)cpus - 1;
    uint8_t own = 3;

    make_pool(RTDS);
    CHECK_EQ(move(1, 1), 0);
    CHECK_EQ(promise(6000), 0);
    CHECK_EQ(take(1, last), E_OVERFLOW);
    CHECK_EQ(move(1, 0), 0);
    CHECK_EQ(pin(&own, XEN_DOMCTL_setvcpuaffinity), 0);
    CHECK_EQ(take(1, last), 0);
    CHECK_EQ(move(1, 1), E_OVERFLOW);
    check_goes_on();
    check_info(0, 0, CREDIT2, (uint8_t)((1u << (last - 1)) - 1), (uint32_t)others + 1);
    check_info(1, 1, RTDS, (uint8_t)(1u << (last - 1)), 0);
    own = 0;
    CHECK_EQ(pin(&own, XEN_DOMCTL_getvcpuaffinity), 0);
    CHECK_EQ(own, 3);
    unmake_pool();
    own = 0xff;
    CHECK_EQ(pin(&own, XEN_DOMCTL_setvcpuaffinity), 0);
}

/* All that can go goes, again and again, while everybody runs. */
static void check_again_and_again(void)
{
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned cpu = 1; cpu < cpus; cpu++) {
            CHECK_EQ(take(0, cpu), 0);
        }
        CHECK_EQ(free_cpus(), all_cpus() & 0xfe);
        CHECK_EQ(create(1, round % 2 == 0 ? RTDS : XEN_SCHEDULER_NULL), 0);
        for (unsigned cpu = 1; cpu < cpus; cpu++) {
            CHECK_EQ(add(1, cpu), 0);
        }
        for (unsigned cpu = 1; cpu < cpus; cpu++) {
            CHECK_EQ(take(1, cpu), 0);
            CHECK_EQ(add(0, cpu), 0);
        }
        CHECK_EQ(destroy(1), 0);
    }
}

/* Idle time goes with the CPU, and a free one idles. */
static void check_idle(void)
{
    static xen_sysctl_cpuinfo_t before[8], after[8];
    struct xen_sysctl op = {.u.getcpuinfo.max_cpus = 8};
    uint64_t start;

    CHECK_EQ(take(0, 1), 0);
    op.u.getcpuinfo.info.p = before;
    CHECK_EQ(sysctl(&op, XEN_SYSCTL_getcpuinfo), 0);
    start = timer_now(TIMER_PHYS);
    while (timer_now(TIMER_PHYS) - start < timer_frequency() / 50) {
    }
    op.u.getcpuinfo.info.p = after;
    CHECK_EQ(sysctl(&op, XEN_SYSCTL_getcpuinfo), 0);
    CHECK(after[1].idletime - before[1].idletime >= 15000000);
    CHECK_EQ(add(0, 1), 0);
    CHECK_EQ(sysctl(&op, XEN_SYSCTL_getcpuinfo), 0);
    CHECK(after[1].idletime >= before[1].idletime + 15000000);
}

static int64_t ratelimit(uint32_t cmd, uint32_t pool, uint32_t sched, uint32_t us)
{
    memset(&answer, 0x5a, sizeof(answer));
    answer.u.scheduler_op.cpupool_id = pool;
    answer.u.scheduler_op.sched_id = sched;
    answer.u.scheduler_op.cmd = cmd;
    answer.u.scheduler_op.u.sched_credit2.ratelimit_us = us;
    return sysctl(&answer, XEN_SYSCTL_scheduler_op);
}

static void check_ratelimit(void)
{
    const uint32_t *us = &answer.u.scheduler_op.u.sched_credit2.ratelimit_us;

    CHECK_EQ(ratelimit(XEN_SYSCTL_SCHEDOP_getinfo, 0, CREDIT2, 0), 0);
    CHECK_EQ(*us, 1000);
    CHECK_EQ(ratelimit(XEN_SYSCTL_SCHEDOP_putinfo, 0, CREDIT2, 5000), 0);
    CHECK_EQ(create(1, CREDIT2), 0);
    CHECK_EQ(ratelimit(XEN_SYSCTL_SCHEDOP_getinfo, 1, CREDIT2, 0), 0);
    CHECK_EQ(*us, 1000);
    CHECK_EQ(ratelimit(XEN_SYSCTL_SCHEDOP_getinfo, 0, CREDIT2, 0), 0);
    CHECK_EQ(*us, 5000);
    CHECK_EQ(ratelimit(XEN_SYSCTL_SCHEDOP_putinfo, 0, CREDIT2, 99), E_INVAL);
    CHECK_EQ(ratelimit(XEN_SYSCTL_SCHEDOP_putinfo, 0, CREDIT2, 500001), E_INVAL);
    CHECK_EQ(ratelimit(XEN_SYSCTL_SCHEDOP_putinfo, 0, CREDIT2, 0), 0);
    CHECK_EQ(*us, 0);
    CHECK_EQ(ratelimit(XEN_SYSCTL_SCHEDOP_putinfo, 0, CREDIT2, 1000), 0);
    CHECK_EQ(ratelimit(XEN_SYSCTL_SCHEDOP_getinfo, 0, RTDS, 0), E_INVAL);
    CHECK_EQ(ratelimit(XEN_SYSCTL_SCHEDOP_getinfo, 2, CREDIT2, 0), E_SRCH);
    CHECK_EQ(ratelimit(2, 0, CREDIT2, 0), E_INVAL);
    CHECK_EQ(destroy(1), 0);
    CHECK_EQ(create(1, RTDS), 0);
    CHECK_EQ(ratelimit(XEN_SYSCTL_SCHEDOP_getinfo, 1, RTDS, 0), 0);
    CHECK_EQ(destroy(1), 0);
}

unsigned guest_main(void)
{
    cpus = bootarg_number("cpus", 4);
    others = bootarg_number("others", 0);
    check_boot();
    check_numbers();
    check_cpus();
    check_idle();
    check_ratelimit();
    check_refused_moves();
    check_moves();
    check_turned_back();
    check_again_and_again();
    check_boot();
    return checks_end(&checks);
}

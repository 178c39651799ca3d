/* SPDX-License-Identifier: Apache-2.0 */
/* sys_schedule.c - test guest: the control domain, with one vCPU on a machine of two CPUs under arinc653,
 * sets schedules for itself and domain 1 (two vCPUs), and is told them. */
#include "check.h"
#include "control.h"

#define MS UINT64_C(1000000)
#define NOBODY 0xffff
#define CPU(n) (((n) + 1u) << 16)

static struct checks checks;
static struct xen_sysctl_arinc653_schedule schedule, told;

static int64_t operate(uint32_t cmd, uint32_t sched, struct xen_sysctl_arinc653_schedule *at)
{
    struct xen_sysctl op;

    memset(&op, 0, sizeof(op));
    op.u.scheduler_op.sched_id = sched;
    op.u.scheduler_op.cmd = cmd;
    op.u.scheduler_op.u.sched_arinc653.schedule.p = at;
    return sysctl(&op, XEN_SYSCTL_scheduler_op);
}

static int64_t put(void)
{
    return operate(XEN_SYSCTL_SCHEDOP_putinfo, XEN_SCHEDULER_ARINC653, &schedule);
}

/* @domain: its number in the handle's last bytes, as the tree's domains have it; or nobody. */
static void add(unsigned domain, uint32_t vcpu, uint64_t runtime)
{
    unsigned i = schedule.num_sched_entries++;

    memset(schedule.sched_entries[i].dom_handle, domain == NOBODY ? 0xff : 0, sizeof(xen_domain_handle_t));
    if (domain != NOBODY) {
        schedule.sched_entries[i].dom_handle[15] = (uint8_t)domain;
    }
    schedule.sched_entries[i].vcpu_id = vcpu;
    schedule.sched_entries[i].runtime = runtime;
}

static void good(void)
{
    memset(&schedule, 0, sizeof(schedule));
    schedule.major_frame = 10 * MS;
    add(0, CPU(0), 4 * MS);
    add(1, CPU(0), 5 * MS);
    add(NOBODY, CPU(1), 4 * MS);
    add(1, 1 | CPU(1), 5 * MS);
}

static void check_told(void)
{
    memset(&told, 0x5a, sizeof(told));
    CHECK_EQ(operate(XEN_SYSCTL_SCHEDOP_getinfo, XEN_SCHEDULER_ARINC653, &told), 0);
    CHECK_EQ(told.major_frame, schedule.major_frame);
    CHECK_EQ(told.num_sched_entries, schedule.num_sched_entries);
    for (unsigned i = 0; i < schedule.num_sched_entries; i++) {
        CHECK_EQ(memcmp(told.sched_entries[i].dom_handle, schedule.sched_entries[i].dom_handle, 16), 0);
        CHECK_EQ(told.sched_entries[i].vcpu_id,
                 schedule.sched_entries[i].vcpu_id &
                     (told.sched_entries[i].dom_handle[0] == 0xff ? CPU(0xfffe) : ~0u));
        CHECK_EQ(told.sched_entries[i].runtime, schedule.sched_entries[i].runtime);
    }
}

static void check_refused(void)
{
    CHECK_EQ(put(), E_INVAL);
    good();
    check_told();
}

static void check_wrong(void)
{
    schedule.num_sched_entries = 0;
    check_refused();
    schedule.num_sched_entries = 65;
    check_refused();
    schedule.major_frame = 9 * MS - 1;
    check_refused(); /* Slot 1 ends after the frame. */
    schedule.sched_entries[2].runtime = UINT64_MAX;
    check_refused();
    schedule.sched_entries[1].vcpu_id = 2 | CPU(0);
    check_refused(); /* There is no such vCPU. */
    schedule.sched_entries[1].dom_handle[0] = 1;
    check_refused(); /* No such domain. */
    schedule.sched_entries[3].vcpu_id = 1 | CPU(2);
    check_refused(); /* No such CPU. */
    schedule.sched_entries[3].vcpu_id = 1 | CPU(60000);
    check_refused();
    schedule.sched_entries[3].vcpu_id = CPU(1);
    check_refused(); /* A vCPU on two CPUs at once. */
    schedule.sched_entries[0].runtime = 1000;
    check_refused();
    CHECK_EQ(operate(XEN_SYSCTL_SCHEDOP_putinfo, XEN_SCHEDULER_ARINC653, (void *)8), E_FAULT);
    CHECK_EQ(operate(XEN_SYSCTL_SCHEDOP_getinfo, XEN_SCHEDULER_ARINC653, (void *)8), E_FAULT);
    CHECK_EQ(operate(XEN_SYSCTL_SCHEDOP_putinfo, XEN_SCHEDULER_RTDS, &schedule), E_INVAL);
    check_told();
}

/* How long this vCPU runs of 10 frames, as steps of the counter tell. */
static uint64_t running_time(void)
{
    uint64_t begin = timer_now(TIMER_PHYS), last = begin, now, ran = 0, frame = timer_frequency() / 100;

    while ((now = timer_now(TIMER_PHYS)) - begin < 10 * frame) {
        ran += now - last < frame / 5 ? now - last : 0;
        last = now;
    }
    return ran / 10;
}

unsigned guest_main(void)
{
    uint64_t frame = timer_frequency() / 100;

    /* Equal slots to begin with: domain 1's vCPUs at once, this one on a row of its own. */
    memset(&told, 0, sizeof(told));
    CHECK_EQ(operate(XEN_SYSCTL_SCHEDOP_getinfo, XEN_SCHEDULER_ARINC653, &told), 0);
    CHECK_EQ(told.major_frame, 20 * MS);
    good();
    CHECK_EQ(put(), 0);
    check_told();
    check_wrong();
    CHECK(running_time() < frame / 2);
    /* Without pCPUs: the first that each may use. */
    memset(&schedule, 0, sizeof(schedule));
    schedule.major_frame = 10 * MS;
    add(0, 0, 6 * MS);
    add(1, 0, 3 * MS);
    CHECK_EQ(put(), 0);
    CHECK_EQ(operate(XEN_SYSCTL_SCHEDOP_getinfo, XEN_SCHEDULER_ARINC653, &told), 0);
    CHECK_EQ(told.sched_entries[0].vcpu_id, CPU(0));
    CHECK_EQ(told.sched_entries[1].vcpu_id, CPU(0));
    return checks_end(&checks);
}

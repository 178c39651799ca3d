/* SPDX-License-Identifier: Apache-2.0 */
/* sys_timeline.c - test guest: the control domain says which vCPU ran where and when, by the hypervisor's
 * trace, which is on from the boot (tbuf_size=, tevt_mask=). It sleeps until all is over. Boot arguments:
 * from=TICKS until=TICKS. A line is "RAN CPU START END DOMAIN VCPU", in ticks since from. */
#include "abi.h"
#include "check.h"
#include "control.h"
#include "deadline.h"

#include <xen/trace.h>

#define MIB 0x100000UL
#define PAGE 0x1000UL
#define ROOM (8 * MIB) /* From the start of RAM: what is behind is free. */
#define CPUS 8U
#define STAMP_FLAG 0x80000000U
#define NOBODY 0x7fffU

static struct checks checks;
static const volatile struct t_info *info;
static uint64_t from, until;

static uint64_t room(unsigned page)
{
    return platform.memory[0].base + ROOM + page * PAGE;
}

/* Frame @frame of the hypervisor's at page @page of the room. */
static bool map_frame(uint64_t frame, unsigned page)
{
    xen_ulong_t indices[1] = {frame};
    xen_pfn_t gfns[1] = {room(page) / PAGE};
    int errors[1] = {0};
    struct xen_add_to_physmap_batch wish = {
        .domid = DOMID_SELF, .space = XENMAPSPACE_gmfn_foreign, .size = 1, .u.foreign_domid = DOMID_XEN};

    wish.idxs.p = indices;
    wish.gpfns.p = gfns;
    wish.errs.p = errors;
    return memory_op(XENMEM_add_to_physmap_batch, &wish) == 0 && errors[0] == 0;
}

static bool map_list(void)
{
    struct xen_sysctl op = {.u.tbuf_op.cmd = XEN_SYSCTL_TBUFOP_get_info};

    if (!CHECK_EQ(sysctl(&op, XEN_SYSCTL_tbuf_op), 0) || !CHECK(map_frame(op.u.tbuf_op.buffer_mfn, 0))) {
        return false;
    }
    info = (const volatile void *)room(0);
    return true;
}

/* The ring of @cpu, in the room behind the list. */
static const volatile struct t_buf *map_ring(unsigned cpu)
{
    const volatile uint32_t *frames =
        (const volatile uint32_t *)(const volatile void *)info + info->mfn_offset[cpu];
    unsigned first = 1 + cpu * info->tbuf_size;

    for (unsigned i = 0; i < info->tbuf_size; i++) {
        CHECK(map_frame(frames[i], first + i));
    }
    return (const volatile void *)room(first);
}

struct runner {
    uint64_t since;
    uint32_t domid, vcpu;
};

static void tell(unsigned cpu, const struct runner *runner, uint64_t end)
{
    if (runner->domid < NOBODY && end > from && runner->since < until) {
        uint64_t start = runner->since > from ? runner->since : from;

        print("RAN %u %lu %lu %u %u\n", cpu, start - from, (end < until ? end : until) - from, runner->domid,
              runner->vcpu);
    }
}

/* All switches of @cpu in the order in which they were. */
static void read_ring(unsigned cpu)
{
    const volatile struct t_buf *ring = map_ring(cpu);
    uint32_t data = (uint32_t)(info->tbuf_size * PAGE - sizeof(struct t_buf));
    uint32_t prod = ring->prod;
    struct runner runner = {0, NOBODY, 0};
    uint64_t stamp = 0;

    for (uint32_t cons = ring->cons; cons != prod;) {
        const volatile uint32_t *at =
            (const volatile uint32_t *)(const volatile void *)(ring + 1) + cons % data / 4;
        unsigned count = at[0] >> TRACE_EXTRA_SHIFT & TRACE_EXTRA_MAX;
        unsigned head = (at[0] & STAMP_FLAG) != 0 ? 3 : 1;

        stamp = head == 3 ? (uint64_t)at[2] << 32 | at[1] : stamp;
        CHECK(TRC_HD_TO_EVENT(at[0]) != TRC_LOST_RECORDS);
        if (TRC_HD_TO_EVENT(at[0]) == TRC_SCHED_SWITCH) {
            tell(cpu, &runner, stamp);
            runner = (struct runner){stamp, at[head + 2], at[head + 3]};
        }
        cons = (cons + 4 * (head + count)) % (2 * data);
    }
    tell(cpu, &runner, until);
}

unsigned guest_main(void)
{
    from = bootarg_number("from", 0);
    until = bootarg_number("until", 0);
    CHECK(timer_now(TIMER_PHYS) < from && from < until);
    deadline_init();
    sleep_until(until);
    if (map_list()) {
        for (unsigned cpu = 0; cpu < CPUS && info->mfn_offset[cpu] != 0; cpu++) {
            read_ring(cpu);
        }
    }
    return checks_end(&checks);
}

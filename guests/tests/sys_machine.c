/* SPDX-License-Identifier: Apache-2.0 */
/* sys_machine.c - test guest: the control domain asks what the machine is and who is there. cpus=: of the
 * machine; others=: domains beside it, 1 up, of two vCPUs each; sched=: the number of pool 0's scheduler. */
#include "check.h"
#include "control.h"

static struct checks checks;
static uint64_t cpus, others;

/* What the structure is full of before a call: nothing of it may be taken for an answer. */
static void dirty(void *op, size_t size)
{
    memset(op, 0xa5, size);
}

static void check_physinfo(void)
{
    const struct xen_sysctl_physinfo *info;
    struct xen_sysctl op;

    dirty(&op, sizeof(op));
    CHECK_EQ(sysctl(&op, XEN_SYSCTL_physinfo), 0);
    info = &op.u.physinfo;
    CHECK_EQ(info->threads_per_core, 1);
    CHECK_EQ(info->cores_per_socket, 1);
    CHECK_EQ(info->nr_cpus, cpus);
    CHECK_EQ(info->max_cpu_id, cpus - 1);
    CHECK_EQ(info->nr_nodes, 1);
    CHECK_EQ(info->max_node_id, 0);
    CHECK_EQ(info->cpu_khz, timer_frequency() / 1000);
    CHECK_EQ(info->capabilities,
             XEN_SYSCTL_PHYSCAP_hvm | XEN_SYSCTL_PHYSCAP_hap | XEN_SYSCTL_PHYSCAP_gnttab_v1);
    CHECK_EQ(info->arch_capabilities, 0);
    CHECK(info->total_pages > 0 && info->free_pages < info->total_pages);
    CHECK_EQ(info->scrub_pages, 0);
    CHECK_EQ(info->outstanding_pages, 0);
    CHECK(info->max_mfn + 1 >= info->total_pages);
    CHECK_EQ(info->hw_cap[0], 0);
    print("PAGES %lu FREE %lu\n", info->total_pages, info->free_pages);
}

static void check_sched_id(void)
{
    struct xen_sysctl op;

    dirty(&op, sizeof(op));
    CHECK_EQ(sysctl(&op, XEN_SYSCTL_sched_id), 0);
    CHECK_EQ(op.u.sched_id.sched_id, bootarg_number("sched", XEN_SCHEDULER_CREDIT2));
}

static void check_topology(void)
{
    static xen_sysctl_cputopo_t topo[16];
    struct xen_sysctl op = {.u.cputopoinfo.num_cpus = 77};

    CHECK_EQ(sysctl(&op, XEN_SYSCTL_cputopoinfo), 0);
    CHECK_EQ(op.u.cputopoinfo.num_cpus, cpus);
    dirty(topo, sizeof(topo));
    op.u.cputopoinfo.num_cpus = 16;
    op.u.cputopoinfo.cputopo.p = topo;
    CHECK_EQ(sysctl(&op, XEN_SYSCTL_cputopoinfo), 0);
    CHECK_EQ(op.u.cputopoinfo.num_cpus, cpus);
    for (unsigned i = 0; i < cpus; i++) {
        CHECK(topo[i].core == 0 && topo[i].socket == 0 && topo[i].node == 0);
    }
    CHECK_EQ(topo[cpus].core, 0xa5a5a5a5);
    op.u.cputopoinfo.num_cpus = 1;
    CHECK_EQ(sysctl(&op, XEN_SYSCTL_cputopoinfo), 0);
    CHECK_EQ(op.u.cputopoinfo.num_cpus, 1);
    op.u.cputopoinfo.cputopo.p = (void *)8;
    CHECK_EQ(sysctl(&op, XEN_SYSCTL_cputopoinfo), E_FAULT);
}

static void check_numa(void)
{
    static xen_sysctl_meminfo_t memory[2];
    static uint32_t distance[4];
    struct xen_sysctl op = {.u.numainfo.num_nodes = 77};

    CHECK_EQ(sysctl(&op, XEN_SYSCTL_numainfo), 0);
    CHECK_EQ(op.u.numainfo.num_nodes, 1);
    op.u.numainfo.meminfo.p = memory;
    op.u.numainfo.distance.p = distance;
    op.u.numainfo.num_nodes = 2;
    CHECK_EQ(sysctl(&op, XEN_SYSCTL_numainfo), 0);
    CHECK_EQ(op.u.numainfo.num_nodes, 1);
    CHECK(memory[0].memfree > 0 && memory[0].memfree < memory[0].memsize);
    CHECK_EQ(memory[1].memsize, 0);
    CHECK_EQ(distance[0], 20);
    CHECK_EQ(distance[1], 0);
    op.u.numainfo.num_nodes = 0;
    CHECK_EQ(sysctl(&op, XEN_SYSCTL_numainfo), 0);
    CHECK_EQ(op.u.numainfo.num_nodes, 0);
    op.u.numainfo.num_nodes = 1;
    op.u.numainfo.distance.p = (void *)8;
    CHECK_EQ(sysctl(&op, XEN_SYSCTL_numainfo), E_FAULT);
}

static void check_heap(void)
{
    struct xen_sysctl op = {.u.availheap = {.node = -1, .min_bitwidth = 7}};
    uint64_t all;

    CHECK_EQ(sysctl(&op, XEN_SYSCTL_availheap), 0);
    all = op.u.availheap.avail_bytes;
    CHECK(all > 0 && all % 4096 == 0);
    op.u.availheap.node = 0;
    CHECK_EQ(sysctl(&op, XEN_SYSCTL_availheap), 0);
    CHECK_EQ(op.u.availheap.avail_bytes, all);
    op.u.availheap.node = 1;
    CHECK_EQ(sysctl(&op, XEN_SYSCTL_availheap), 0);
    CHECK_EQ(op.u.availheap.avail_bytes, 0);
}

/* Idle times only grow, and no CPU was idle for longer than there was time. */
static void check_idle(void)
{
    static xen_sysctl_cpuinfo_t before[16], after[16];
    struct xen_sysctl op = {.u.getcpuinfo.max_cpus = 16};
    uint64_t passed, start = timer_now(TIMER_PHYS);

    op.u.getcpuinfo.info.p = before;
    CHECK_EQ(sysctl(&op, XEN_SYSCTL_getcpuinfo), 0);
    CHECK_EQ(op.u.getcpuinfo.nr_cpus, cpus);
    while (timer_now(TIMER_PHYS) - start < timer_frequency() / 50) {
    }
    op.u.getcpuinfo.info.p = after;
    CHECK_EQ(sysctl(&op, XEN_SYSCTL_getcpuinfo), 0);
    passed = (timer_now(TIMER_PHYS) - start) * 1000 / (timer_frequency() / 1000000);
    for (unsigned i = 0; i < cpus; i++) {
        CHECK(after[i].idletime >= before[i].idletime);
        CHECK(after[i].idletime - before[i].idletime <= passed);
    }
    op.u.getcpuinfo.max_cpus = 0;
    CHECK_EQ(sysctl(&op, XEN_SYSCTL_getcpuinfo), 0);
    CHECK_EQ(op.u.getcpuinfo.nr_cpus, 0);
}

static void check_domain(const struct xen_domctl_getdomaininfo *info, domid_t id)
{
    unsigned vcpus = id == 0 ? 1 : 2;

    CHECK_EQ(info->domain, id);
    CHECK_EQ(info->max_vcpu_id, vcpus - 1);
    CHECK(info->nr_online_vcpus >= 1 && info->nr_online_vcpus <= vcpus);
    CHECK_EQ(info->flags & (XEN_DOMINF_hvm_guest | XEN_DOMINF_hap), XEN_DOMINF_hvm_guest | XEN_DOMINF_hap);
    CHECK_EQ(info->flags & (XEN_DOMINF_dying | XEN_DOMINF_shutdown | XEN_DOMINF_debugged), 0);
    CHECK(info->tot_pages > 0 && info->tot_pages <= info->max_pages);
    CHECK_EQ(info->outstanding_pages + info->shr_pages + info->paged_pages, 0);
    CHECK_EQ(info->cpupool, 0);
    CHECK_EQ(info->ssidref, 0);
    CHECK(info->gpaddr_bits >= 32 && info->gpaddr_bits <= 48);
    if (id == 0) { /* It is asking. */
        CHECK_EQ(info->flags & (XEN_DOMINF_running | XEN_DOMINF_blocked), XEN_DOMINF_running);
        CHECK(info->cpu_time > 0);
    }
}

static void check_list(void)
{
    static xen_domctl_getdomaininfo_t list[70];
    struct xen_sysctl op;

    dirty(&op, sizeof(op));
    dirty(list, sizeof(list));
    op.u.getdomaininfolist.first_domain = 0;
    op.u.getdomaininfolist.max_domains = 70;
    op.u.getdomaininfolist.buffer.p = list;
    CHECK_EQ(sysctl(&op, XEN_SYSCTL_getdomaininfolist), 0);
    CHECK_EQ(op.u.getdomaininfolist.num_domains, others + 1);
    for (domid_t id = 0; id <= others; id++) {
        check_domain(&list[id], id);
    }
    CHECK_EQ(list[others + 1].domain, 0xa5a5);
    dirty(list, sizeof(list));
    op.u.getdomaininfolist.first_domain = 1;
    op.u.getdomaininfolist.max_domains = 1;
    CHECK_EQ(sysctl(&op, XEN_SYSCTL_getdomaininfolist), 0);
    CHECK_EQ(op.u.getdomaininfolist.num_domains, 1);
    check_domain(&list[0], 1);
    CHECK_EQ(list[1].domain, 0xa5a5);
    op.u.getdomaininfolist.max_domains = 0;
    CHECK_EQ(sysctl(&op, XEN_SYSCTL_getdomaininfolist), 0);
    CHECK_EQ(op.u.getdomaininfolist.num_domains, 0);
    op.u.getdomaininfolist.first_domain = 65535;
    op.u.getdomaininfolist.max_domains = UINT32_MAX;
    CHECK_EQ(sysctl(&op, XEN_SYSCTL_getdomaininfolist), 0);
    CHECK_EQ(op.u.getdomaininfolist.num_domains, 0);
    op.u.getdomaininfolist.first_domain = 0;
    op.u.getdomaininfolist.buffer.p = (void *)8;
    CHECK_EQ(sysctl(&op, XEN_SYSCTL_getdomaininfolist), E_FAULT);
    op.u.getdomaininfolist.buffer.p = list; /* And it begins anew, not where that one stopped. */
    CHECK_EQ(sysctl(&op, XEN_SYSCTL_getdomaininfolist), 0);
    CHECK_EQ(op.u.getdomaininfolist.num_domains, others + 1);
}

static void check_one_by_one(void)
{
    struct xen_domctl op;
    domid_t next = 0, id;

    for (id = 0; id <= others; id++) {
        dirty(&op, sizeof(op));
        CHECK_EQ(domctl(&op, XEN_DOMCTL_getdomaininfo, next), 0);
        CHECK_EQ(op.domain, id);
        check_domain(&op.u.getdomaininfo, id);
        next = (domid_t)(op.domain + 1);
    }
    CHECK_EQ(domctl(&op, XEN_DOMCTL_getdomaininfo, next), E_SRCH);
    CHECK_EQ(domctl(&op, XEN_DOMCTL_getdomaininfo, DOMID_IO), E_INVAL);
    CHECK_EQ(domctl(&op, XEN_DOMCTL_getdomaininfo, DOMID_SELF), 0);
    CHECK_EQ(op.domain, 0);
}

static void check_vcpus(void)
{
    struct xen_domctl op = {.u.getvcpuinfo.vcpu = 0};

    CHECK_EQ(domctl(&op, XEN_DOMCTL_getvcpuinfo, 0), 0);
    CHECK(op.u.getvcpuinfo.online && op.u.getvcpuinfo.running && !op.u.getvcpuinfo.blocked);
    CHECK(op.u.getvcpuinfo.cpu < cpus && op.u.getvcpuinfo.cpu_time > 0);
    op.u.getvcpuinfo.vcpu = 1;
    CHECK_EQ(domctl(&op, XEN_DOMCTL_getvcpuinfo, 0), E_INVAL);
    CHECK_EQ(domctl(&op, XEN_DOMCTL_getvcpuinfo, 1), 0);
    CHECK(!op.u.getvcpuinfo.running || op.u.getvcpuinfo.online);
    op.u.getvcpuinfo.vcpu = UINT32_MAX;
    CHECK_EQ(domctl(&op, XEN_DOMCTL_getvcpuinfo, 1), E_INVAL);
    CHECK_EQ(domctl(&op, XEN_DOMCTL_getvcpuinfo, 60), E_SRCH);
}

static void check_refused(void)
{
    struct xen_sysctl op;

    dirty(&op, sizeof(op));
    CHECK_EQ(sysctl(&op, XEN_SYSCTL_perfc_op), E_NOSYS);
    CHECK_EQ(sysctl(&op, XEN_SYSCTL_lockprof_op), E_NOSYS);
    CHECK_EQ(sysctl(&op, 0), E_NOSYS);
}

unsigned guest_main(void)
{
    cpus = bootarg_number("cpus", 1);
    others = bootarg_number("others", 0);
    check_physinfo();
    check_sched_id();
    check_topology();
    check_numa();
    check_heap();
    check_idle();
    check_list();
    check_one_by_one();
    check_vcpus();
    check_refused();
    return checks_end(&checks);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* sysctl_info.c - sysctl: what the machine is, what it has left, who is there. As Xen on Arm says it: each
 * CPU is a core, all of one socket and one node. Source: xen/sysctl.h. */
#include "hcall/sysctl_info.h"

#include "base/page_alloc.h"
#include "core/cpupool.h"
#include "core/guest_mem.h"
#include "core/pcpu.h"
#include "core/sched_setup.h"
#include "hcall/control_progress.h"
#include "hcall/domain_info.h"
#include "lib/error.h"

#define NODE_DISTANCE 20u /* What Xen on Arm says of its one node. */

/* CPUs are numbered up to this, those that were left out too. */
static uint32_t cpu_id_count(void)
{
    return 32 - (uint32_t)__builtin_clz(pcpu_online_mask());
}

int64_t sysctl_physinfo(struct control_call *call, struct xen_sysctl *op)
{
    struct xen_sysctl_physinfo *info = &op->u.physinfo;

    *info = (struct xen_sysctl_physinfo){
        .threads_per_core = 1,
        .cores_per_socket = 1,
        .nr_cpus = (uint32_t)__builtin_popcount(pcpu_online_mask()),
        .max_cpu_id = cpu_id_count() - 1,
        .nr_nodes = 1,
        .max_node_id = 0,
        .cpu_khz = (uint32_t)(ticks_from_ns(NS_PER_S) / 1000), /* The counter's, as in Xen. */
        .capabilities = XEN_SYSCTL_PHYSCAP_hvm | XEN_SYSCTL_PHYSCAP_hap | XEN_SYSCTL_PHYSCAP_gnttab_v1,
        .total_pages = page_total_bytes() >> PAGE_SHIFT,
        .free_pages = page_free_bytes() >> PAGE_SHIFT,
        .max_mfn = page_top_frame() - 1,
    };
    call->copy_back = true;
    return 0;
}

int64_t sysctl_sched_id(struct control_call *call, struct xen_sysctl *op)
{
    op->u.sched_id.sched_id = sched_pool_at(0)->ops->abi_id;
    call->copy_back = true;
    return 0;
}

/* One domain a piece; the progress is the next number to look at, and how many there were. */
int64_t sysctl_domain_list(struct control_call *call, struct xen_sysctl *op)
{
    struct xen_sysctl_getdomaininfolist *list = &op->u.getdomaininfolist;
    uint64_t progress = control_progress(op->u.pad);
    uint32_t count = (uint32_t)(progress >> 32);
    const unsigned first = progress != 0 ? (uint32_t)progress : list->first_domain;
    struct domain *domain = count < list->max_domains ? domain_next(first) : NULL;
    struct xen_domctl_getdomaininfo info;

    call->copy_back = true;
    if (domain == NULL) {
        control_set_progress(op->u.pad, 0);
        list->num_domains = count;
        return 0;
    }
    domain_info_fill(domain, &info);
    if (guest_copy_out(call->vcpu, (uint64_t)list->buffer.p + (uint64_t)count * sizeof(info), &info,
                       sizeof(info)) != 0) {
        control_set_progress(op->u.pad, 0);
        return -EFAULT;
    }
    control_set_progress(op->u.pad, (uint64_t)(count + 1) << 32 | (domain->id + 1u));
    return CONTROL_AGAIN;
}

/* Without a place to write to, how many there are is the question. */
int64_t sysctl_cpu_topology(struct control_call *call, struct xen_sysctl *op)
{
    struct xen_sysctl_cputopoinfo *topology = &op->u.cputopoinfo;
    uint32_t count = cpu_id_count();

    if (topology->cputopo.p != NULL) {
        struct xen_sysctl_cputopo cpus[CPU_MAX];

        count = (uint32_t)min_u64(count, topology->num_cpus);
        for (uint32_t cpu = 0; cpu < count; cpu++) {
            bool there = (pcpu_online_mask() & BIT32(cpu)) != 0;

            cpus[cpu].core = there ? 0 : XEN_INVALID_CORE_ID;
            cpus[cpu].socket = there ? 0 : XEN_INVALID_SOCKET_ID;
            cpus[cpu].node = there ? 0 : XEN_INVALID_NODE_ID;
        }
        if (guest_copy_out(call->vcpu, (uint64_t)topology->cputopo.p, cpus, count * sizeof(cpus[0])) != 0) {
            return -EFAULT;
        }
    }
    topology->num_cpus = count;
    call->copy_back = true;
    return 0;
}

int64_t sysctl_numa(struct control_call *call, struct xen_sysctl *op)
{
    struct xen_sysctl_numainfo *numa = &op->u.numainfo;
    struct xen_sysctl_meminfo memory = {.memsize = page_total_bytes(), .memfree = page_free_bytes()};
    uint32_t count = 1, distance = NODE_DISTANCE;
    int error = 0;

    if (numa->meminfo.p != NULL || numa->distance.p != NULL) {
        count = (uint32_t)min_u64(count, numa->num_nodes);
    }
    if (count != 0 && numa->meminfo.p != NULL) {
        error = guest_copy_out(call->vcpu, (uint64_t)numa->meminfo.p, &memory, sizeof(memory));
    }
    if (count != 0 && error == 0 && numa->distance.p != NULL) {
        error = guest_copy_out(call->vcpu, (uint64_t)numa->distance.p, &distance, sizeof(distance));
    }
    numa->num_nodes = count;
    call->copy_back = error == 0;
    return error;
}

/* Every page suits every device: the widths are not looked at. */
int64_t sysctl_available_heap(struct control_call *call, struct xen_sysctl *op)
{
    struct xen_sysctl_availheap *heap = &op->u.availheap;

    heap->avail_bytes = heap->node == 0 || heap->node == -1 ? page_free_bytes() : 0;
    call->copy_back = true;
    return 0;
}

int64_t sysctl_cpu_idle(struct control_call *call, struct xen_sysctl *op)
{
    struct xen_sysctl_getcpuinfo *cpus = &op->u.getcpuinfo;
    uint32_t count = (uint32_t)min_u64(cpu_id_count(), cpus->max_cpus);
    struct xen_sysctl_cpuinfo info[CPU_MAX];

    for (uint32_t cpu = 0; cpu < count; cpu++) {
        info[cpu].idletime = (pcpu_online_mask() & BIT32(cpu)) != 0 ? cpupool_idle_ns(cpu) : 0;
    }
    if (guest_copy_out(call->vcpu, (uint64_t)cpus->info.p, info, count * sizeof(info[0])) != 0) {
        return -EFAULT;
    }
    cpus->nr_cpus = count;
    call->copy_back = true;
    return 0;
}

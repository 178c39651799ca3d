/* SPDX-License-Identifier: Apache-2.0 */
/* sysctl.c - which operation of sysctl is which function. Source: xen/sysctl.h. */
#include "hcall/sysctl.h"

#include "hcall/sysctl_console.h"
#include "hcall/sysctl_cpupool.h"
#include "hcall/sysctl_info.h"
#include "hcall/sysctl_keys.h"
#include "lib/error.h"

int64_t sysctl_do(struct control_call *call, struct xen_sysctl *op)
{
    switch (op->cmd) {
    case XEN_SYSCTL_tbuf_op: /* Buffers of 2047 pages at most; docs/tracing.md. */
        return sysctl_tbuf_op(call, &op->u.tbuf_op);
    case XEN_SYSCTL_physinfo: /* The counter's frequency is the CPU's. */
        return sysctl_physinfo(call, op);
    case XEN_SYSCTL_sched_id: /* Pool 0's. */
        return sysctl_sched_id(call, op);
    case XEN_SYSCTL_getdomaininfolist: /* A domain in a stay in EL2. */
        return sysctl_domain_list(call, op);
    case XEN_SYSCTL_cputopoinfo: /* Every CPU is core 0 of socket 0 of node 0, as in Xen on Arm. */
        return sysctl_cpu_topology(call, op);
    case XEN_SYSCTL_numainfo: /* One node. */
        return sysctl_numa(call, op);
    case XEN_SYSCTL_availheap:
        return sysctl_available_heap(call, op);
    case XEN_SYSCTL_getcpuinfo:
        return sysctl_cpu_idle(call, op);
    case XEN_SYSCTL_cpupool_op: /* Created and destroyed while all runs. */
        return sysctl_cpupool(call, op);
    case XEN_SYSCTL_scheduler_op: /* credit2's ratelimit, arinc653's schedule. */
        return sysctl_scheduler(call, op);
    case XEN_SYSCTL_readconsole: /* The log, all levels; VIRQ_CON_RING tells of new lines. */
        return sysctl_read_console(call, op);
    case XEN_SYSCTL_debug_keys: /* `h` lists them; a line of the log in a stay in EL2. */
        return sysctl_debug_keys(call, op);
    default:
        return -ENOSYS;
    }
}

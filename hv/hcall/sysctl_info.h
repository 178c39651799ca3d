/* SPDX-License-Identifier: Apache-2.0 */
/* sysctl_info.h - sysctl: what the machine is, what it has left, who is there. Results as sysctl_do()'s. */
#ifndef HCALL_SYSCTL_INFO_H
#define HCALL_SYSCTL_INFO_H

#include "hcall/control.h"

int64_t sysctl_physinfo(struct control_call *call, struct xen_sysctl *op);
int64_t sysctl_sched_id(struct control_call *call, struct xen_sysctl *op);
int64_t sysctl_domain_list(struct control_call *call, struct xen_sysctl *op);
int64_t sysctl_cpu_topology(struct control_call *call, struct xen_sysctl *op);
int64_t sysctl_numa(struct control_call *call, struct xen_sysctl *op);
int64_t sysctl_available_heap(struct control_call *call, struct xen_sysctl *op);
int64_t sysctl_cpu_idle(struct control_call *call, struct xen_sysctl *op);

#endif

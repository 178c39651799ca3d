/* SPDX-License-Identifier: Apache-2.0 */
/* domctl_sched.h - domctl: where a domain's vCPUs may run, and what they are promised. Results as
 * domctl_do()'s. */
#ifndef HCALL_DOMCTL_SCHED_H
#define HCALL_DOMCTL_SCHED_H

#include "hcall/control.h"

int64_t domctl_set_affinity(struct control_call *call, struct xen_domctl *op);
int64_t domctl_get_affinity(struct control_call *call, struct xen_domctl *op);
int64_t domctl_scheduler(struct control_call *call, struct xen_domctl *op);

#endif

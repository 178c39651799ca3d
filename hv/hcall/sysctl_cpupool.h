/* SPDX-License-Identifier: Apache-2.0 */
/* sysctl_cpupool.h - sysctl: pools of pCPUs, and what their schedulers keep to. Results as sysctl_do()'s. */
#ifndef HCALL_SYSCTL_CPUPOOL_H
#define HCALL_SYSCTL_CPUPOOL_H

#include "hcall/control.h"

int64_t sysctl_cpupool(struct control_call *call, struct xen_sysctl *op);
int64_t sysctl_scheduler(struct control_call *call, struct xen_sysctl *op);

#endif

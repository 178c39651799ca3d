/* SPDX-License-Identifier: Apache-2.0 */
/* sysctl_arinc653.h - sysctl: arinc653's schedule, set and told. Results as sysctl_do()'s. */
#ifndef HCALL_SYSCTL_ARINC653_H
#define HCALL_SYSCTL_ARINC653_H

#include "hcall/control.h"

/* The schedule of @pool, which is under arinc653: put or get, as op->cmd says. */
int64_t sysctl_arinc653(struct control_call *call, struct sched_pool *pool,
                        struct xen_sysctl_scheduler_op *op);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* sysctl.h - what the toolstack asks of the whole machine: the operations of sysctl, by file. */
#ifndef HCALL_SYSCTL_H
#define HCALL_SYSCTL_H

#include "hcall/control.h"

/* Carry out @op: 0, CONTROL_AGAIN, a negative error; -ENOSYS for an operation that is not there. */
int64_t sysctl_do(struct control_call *call, struct xen_sysctl *op);

int64_t sysctl_tbuf_op(struct control_call *call, struct xen_sysctl_tbuf_op *op);

#endif

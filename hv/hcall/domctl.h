/* SPDX-License-Identifier: Apache-2.0 */
/* domctl.h - what the toolstack does with one domain: the operations of domctl, by file. */
#ifndef HCALL_DOMCTL_H
#define HCALL_DOMCTL_H

#include "hcall/control.h"

/* Carry out @op: 0, CONTROL_AGAIN, a negative error; -ENOSYS for an operation that is not there. */
int64_t domctl_do(struct control_call *call, struct xen_domctl *op);

#endif

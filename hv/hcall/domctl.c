/* SPDX-License-Identifier: Apache-2.0 */
/* domctl.c - which operation of domctl is which function. Source: xen/domctl.h. */
#include "hcall/domctl.h"

#include "lib/error.h"

int64_t domctl_do(struct control_call *call, struct xen_domctl *op)
{
    (void)call;
    switch (op->cmd) {
    default:
        return -ENOSYS;
    }
}

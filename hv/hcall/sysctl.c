/* SPDX-License-Identifier: Apache-2.0 */
/* sysctl.c - which operation of sysctl is which function. Source: xen/sysctl.h. */
#include "hcall/sysctl.h"

#include "lib/error.h"

int64_t sysctl_do(struct control_call *call, struct xen_sysctl *op)
{
    (void)call;
    switch (op->cmd) {
    default:
        return -ENOSYS;
    }
}

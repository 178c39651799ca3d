/* SPDX-License-Identifier: Apache-2.0 */
/* domctl.c - which operation of domctl is which function. Source: xen/domctl.h. */
#include "hcall/domctl.h"

#include "hcall/domctl_info.h"
#include "lib/error.h"

int64_t domctl_do(struct control_call *call, struct xen_domctl *op)
{
    switch (op->cmd) {
    case XEN_DOMCTL_getdomaininfo: /* Of this domain or the next one. */
        return domctl_get_domain_info(call, op);
    case XEN_DOMCTL_getvcpuinfo:
        return domctl_get_vcpu_info(call, op);
    default:
        return -ENOSYS;
    }
}

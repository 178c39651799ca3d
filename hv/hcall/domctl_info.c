/* SPDX-License-Identifier: Apache-2.0 */
/* domctl_info.c - domctl: what a domain and its vCPUs are doing. Source: xen/domctl.h. */
#include "hcall/domctl_info.h"

#include "hcall/domain_info.h"
#include "lib/error.h"

/* Of the domain that is named, or the next one: so all can be found. */
int64_t domctl_get_domain_info(struct control_call *call, struct xen_domctl *op)
{
    struct domain *domain = op->domain == DOMID_SELF ? call->vcpu->domain : NULL;

    if (domain == NULL && op->domain >= DOMID_FIRST_RESERVED) {
        return -EINVAL;
    }
    domain = domain != NULL ? domain : domain_next(op->domain);
    if (domain == NULL) {
        return -ESRCH;
    }
    domain_info_fill(domain, &op->u.getdomaininfo);
    op->domain = domain->id;
    call->copy_back = true;
    return 0;
}

int64_t domctl_get_vcpu_info(struct control_call *call, struct xen_domctl *op)
{
    struct xen_domctl_getvcpuinfo *info = &op->u.getvcpuinfo;

    if (info->vcpu >= call->domain->vcpu_count) {
        return -EINVAL;
    }
    if (call->domain->vcpu[info->vcpu] == NULL) {
        return -ESRCH;
    }
    domain_info_vcpu(call->domain->vcpu[info->vcpu], info);
    call->copy_back = true;
    return 0;
}

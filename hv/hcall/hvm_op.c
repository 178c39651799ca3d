/* SPDX-License-Identifier: Apache-2.0 */
/* hvm_op.c - a domain's parameters: small numbers that it and its builder leave for each other. Source:
 * xen/hvm/params.h. */
#include "core/domain.h"
#include "core/guest_mem.h"
#include "hcall/hypercall.h"
#include "lib/abi.h"
#include "lib/error.h"

_Static_assert(HVM_NR_PARAMS <= DOMAIN_HVM_PARAM_COUNT, "core/domain.h has room for every parameter");

/* A domain may set what tells others about itself; where its rings and channels are is its builder's word. */
static bool may_set(uint32_t index)
{
    return index == HVM_PARAM_CALLBACK_IRQ;
}

int64_t hcall_hvm_op(struct vcpu *vcpu, const uint64_t args[5])
{
    struct domain *domain = vcpu->domain;
    struct xen_hvm_param param;

    if (args[0] != HVMOP_set_param && args[0] != HVMOP_get_param) {
        return -ENOSYS;
    }
    if (guest_copy_in(vcpu, &param, args[1], sizeof(param)) != 0) {
        return -EFAULT;
    }
    if (param.domid != DOMID_SELF && param.domid != domain->id) {
        return -EPERM;
    }
    if (param.index >= HVM_NR_PARAMS) {
        return -EINVAL;
    }
    if (args[0] == HVMOP_set_param) {
        if (!may_set(param.index)) {
            return -EPERM;
        }
        domain->hvm_param[param.index] = param.value;
        return 0;
    }
    param.value = domain->hvm_param[param.index];
    return guest_copy_out(vcpu, args[1], &param, sizeof(param));
}

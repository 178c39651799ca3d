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
static int may_set(bool own, uint32_t index)
{
    switch (index) {
    case HVM_PARAM_CALLBACK_IRQ:
        return 0;
    case HVM_PARAM_STORE_PFN:
    case HVM_PARAM_STORE_EVTCHN:
    case HVM_PARAM_CONSOLE_PFN:
    case HVM_PARAM_CONSOLE_EVTCHN:
    case HVM_PARAM_MONITOR_RING_PFN:
        return own ? -EPERM : 0;
    default:
        return own ? -EPERM : -EINVAL;
    }
}

/* The PPI that is to be @domain's upcall, by its builder's word. 0: @value does not name one. */
static unsigned callback_ppi(const struct domain *domain, uint64_t value)
{
    unsigned intid = (unsigned)(value & 0xff);

    if (value >> 56 != HVM_PARAM_CALLBACK_TYPE_PPI || bits_get(value, 55, 16) != 0 || intid < GIC_PPI_FIRST ||
        intid >= GIC_SPI_FIRST || domain->vgic == NULL || vgic_linked(domain->vgic, intid)) {
        return 0;
    }
    return intid;
}

static int set_param(struct domain *domain, bool own, const struct xen_hvm_param *param)
{
    int error = may_set(own, param->index);

    if (error == 0 && param->index == HVM_PARAM_CALLBACK_IRQ && !own) {
        unsigned ppi = callback_ppi(domain, param->value);

        if (ppi == 0) {
            return -EINVAL;
        }
        domain->evtchn_ppi = ppi;
    }
    if (error == 0) {
        domain->hvm_param[param->index] = param->value;
    }
    return error;
}

/* Whose parameters: its own, or another's when it is privileged. */
static int subject(struct domain *caller, domid_t domid, struct domain **out)
{
    if (domid == DOMID_SELF || domid == caller->id) {
        *out = caller;
        return 0;
    }
    if (!caller->privileged) {
        return -EPERM;
    }
    *out = domain_get(domid);
    return *out != NULL ? 0 : -ESRCH;
}

static int64_t parameter(struct vcpu *vcpu, uint64_t at, bool set)
{
    struct xen_hvm_param param;
    struct domain *domain;
    int error;

    if (guest_copy_in(vcpu, &param, at, sizeof(param)) != 0) {
        return -EFAULT;
    }
    error = subject(vcpu->domain, param.domid, &domain);
    if (error != 0) {
        return error;
    }
    if (param.index >= HVM_NR_PARAMS) {
        return -EINVAL;
    }
    if (set) {
        return set_param(domain, domain == vcpu->domain, &param);
    }
    param.value = domain->hvm_param[param.index];
    return guest_copy_out(vcpu, at, &param, sizeof(param));
}

int64_t hcall_hvm_op(struct vcpu *vcpu, uint64_t args[5])
{
    switch (args[0]) {
    case HVMOP_set_param: /* CALLBACK_IRQ; of other domains, by the control domain, also where rings are. */
        return parameter(vcpu, args[1], true);
    case HVMOP_get_param: /* Of other domains by the control domain. */
        return parameter(vcpu, args[1], false);
    default:
        return -ENOSYS;
    }
}

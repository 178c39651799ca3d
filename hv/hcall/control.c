/* SPDX-License-Identifier: Apache-2.0 */
/* control.c - domctl and sysctl: who may call, the interface's version, one call at a time.
 *
 * Nothing waits: a vCPU that comes while another's call is being carried out comes back to EL2 for another
 * try, and between two tries interrupts are taken. */
#include "hcall/control.h"

#include <stdatomic.h>

#include "core/guest_mem.h"
#include "hcall/domctl.h"
#include "hcall/hypercall.h"
#include "hcall/sysctl.h"
#include "lib/error.h"

/* Somebody's call is being carried out. Not a lock: nobody waits for it. */
static _Atomic bool busy;

bool control_begin(void)
{
    return !atomic_exchange_explicit(&busy, true, memory_order_acquire);
}

void control_end(void)
{
    atomic_store_explicit(&busy, false, memory_order_release);
}

/* Both structures begin alike. */
union control_op {
    struct {
        uint32_t cmd, interface_version;
    };
    struct xen_domctl domctl;
    struct xen_sysctl sysctl;
};

static int64_t do_domctl(struct control_call *call, union control_op *op)
{
    uint32_t cmd = op->cmd;
    domid_t domid = op->domctl.domain;

    if (cmd != XEN_DOMCTL_createdomain && cmd != XEN_DOMCTL_getdomaininfo) {
        call->domain = domid == DOMID_SELF ? call->vcpu->domain : domain_get(domid);
        if (call->domain == NULL) {
            return -ESRCH;
        }
    }
    return domctl_do(call, &op->domctl);
}

static int64_t do_sysctl(struct control_call *call, union control_op *op)
{
    return sysctl_do(call, &op->sysctl);
}

/* The operation at the caller's @address, of @size_bytes, by @carry_out. */
static int64_t control(struct vcpu *vcpu, uint64_t address, size_t size_bytes, uint32_t version,
                       int64_t (*carry_out)(struct control_call *call, union control_op *op))
{
    struct control_call call = {.vcpu = vcpu};
    union control_op op;
    int64_t result = vcpu->domain->privileged ? guest_copy_in(vcpu, &op, address, size_bytes) : -EPERM;

    if (result == 0 && op.interface_version != version) {
        result = -EACCES;
    }
    if (result != 0) {
        return result;
    }
    if (!control_begin()) {
        return hypercall_again(vcpu, address);
    }
    result = carry_out(&call, &op);
    control_end();
    if ((call.copy_back || result == CONTROL_AGAIN) && guest_copy_out(vcpu, address, &op, size_bytes) != 0) {
        return -EFAULT;
    }
    return result == CONTROL_AGAIN ? hypercall_again(vcpu, address) : result;
}

int64_t hcall_domctl(struct vcpu *vcpu, uint64_t args[5])
{
    return control(vcpu, args[0], sizeof(struct xen_domctl), XEN_DOMCTL_INTERFACE_VERSION, do_domctl);
}

int64_t hcall_sysctl(struct vcpu *vcpu, uint64_t args[5])
{
    return control(vcpu, args[0], sizeof(struct xen_sysctl), XEN_SYSCTL_INTERFACE_VERSION, do_sysctl);
}

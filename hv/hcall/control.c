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

static int domctl_target(struct control_call *call, const struct xen_domctl *op)
{
    if (op->cmd != XEN_DOMCTL_createdomain && op->cmd != XEN_DOMCTL_getdomaininfo) {
        call->domain = op->domain == DOMID_SELF ? call->vcpu->domain : domain_get(op->domain);
        return call->domain != NULL ? 0 : -ESRCH;
    }
    return 0;
}

/* The caller's structure, if it may call. */
static int take(struct vcpu *vcpu, const uint64_t args[5], void *op, size_t size_bytes)
{
    return vcpu->domain->privileged ? guest_copy_in(vcpu, op, args[0], size_bytes) : -EPERM;
}

static int64_t finish(struct control_call *call, uint64_t args[5], const void *op, size_t size_bytes,
                      int64_t result)
{
    if ((call->copy_back || result == CONTROL_AGAIN) &&
        guest_copy_out(call->vcpu, args[0], op, size_bytes) != 0) {
        return -EFAULT;
    }
    return result == CONTROL_AGAIN ? hypercall_again(call->vcpu, args[0]) : result;
}

int64_t hcall_domctl(struct vcpu *vcpu, uint64_t args[5])
{
    struct control_call call = {.vcpu = vcpu};
    struct xen_domctl op;
    int64_t result;

    result = take(vcpu, args, &op, sizeof(op));
    if (result == 0 && op.interface_version != XEN_DOMCTL_INTERFACE_VERSION) {
        result = -EACCES;
    }
    if (result != 0) {
        return result;
    }
    if (!control_begin()) {
        return hypercall_again(vcpu, args[0]);
    }
    result = domctl_target(&call, &op);
    if (result == 0) {
        result = domctl_do(&call, &op);
    }
    control_end();
    return finish(&call, args, &op, sizeof(op), result);
}

int64_t hcall_sysctl(struct vcpu *vcpu, uint64_t args[5])
{
    struct control_call call = {.vcpu = vcpu};
    struct xen_sysctl op;
    int64_t result;

    result = take(vcpu, args, &op, sizeof(op));
    if (result == 0 && op.interface_version != XEN_SYSCTL_INTERFACE_VERSION) {
        result = -EACCES;
    }
    if (result != 0) {
        return result;
    }
    if (!control_begin()) {
        return hypercall_again(vcpu, args[0]);
    }
    result = sysctl_do(&call, &op);
    control_end();
    return finish(&call, args, &op, sizeof(op), result);
}

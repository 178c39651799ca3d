/* SPDX-License-Identifier: Apache-2.0 */
/* platform_op.c - platform_op: what the control domain knows of the machine. Source: xen/platform.h. */
#include "core/guest_mem.h"
#include "core/wall_clock.h"
#include "hcall/hypercall.h"
#include "lib/abi.h"
#include "lib/error.h"

/* The part of struct xen_platform_op that any operation here reads. */
struct request {
    uint32_t command, interface_version;
    struct xenpf_settime64 settime64;
};

_Static_assert(offsetof(struct request, settime64) == offsetof(struct xen_platform_op, u),
               "as in xen/platform.h");

int64_t hcall_platform_op(struct vcpu *vcpu, uint64_t args[5])
{
    struct request request;

    if (!vcpu->domain->privileged) {
        return -EPERM;
    }
    if (guest_copy_in(vcpu, &request, args[0], sizeof(request)) != 0) {
        return -EFAULT;
    }
    if (request.interface_version != XENPF_INTERFACE_VERSION) {
        return -EACCES;
    }
    switch (request.command) {
    case XENPF_settime64: /* Every domain reads it in shared_info. */
        if (request.settime64.mbz != 0) {
            return -EINVAL;
        }
        return wall_clock_set(request.settime64.secs, request.settime64.nsecs, request.settime64.system_time);
    default:
        return -ENOSYS;
    }
}

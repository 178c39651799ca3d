/* SPDX-License-Identifier: Apache-2.0 */
/* vcpu_op.c - questions about a vCPU of the own domain. Source: xen/vcpu.h. */
#include "core/domain.h"
#include "core/guest_mem.h"
#include "core/pcpu.h"
#include "hcall/hypercall.h"
#include "lib/abi.h"
#include "lib/error.h"
#include "lib/string.h"

static int64_t runstate_info(struct vcpu *vcpu, struct vcpu *of, uint64_t to)
{
    struct vcpu_runstate_info info;
    enum runstate state;
    uint64_t since_ns;
    uint64_t time_ns[4];

    sched_runstate(&of->unit, time_now_ns(), &state, &since_ns, time_ns);
    memset(&info, 0, sizeof(info));
    info.state = (int)state;
    info.state_entry_time = since_ns;
    memcpy(info.time, time_ns, sizeof(info.time));
    return guest_copy_out(vcpu, to, &info, sizeof(info));
}

int64_t hcall_vcpu_op(struct vcpu *vcpu, const uint64_t args[5])
{
    uint32_t id = (uint32_t)args[1];
    struct vcpu *of;

    if (id >= vcpu->domain->vcpu_count) {
        return -ENOENT;
    }
    of = vcpu->domain->vcpu[id];
    switch ((uint32_t)args[0]) {
    case VCPUOP_is_up:
        return of->powered ? 1 : 0;
    case VCPUOP_get_runstate_info:
        return runstate_info(vcpu, of, args[2]);
    default:
        return -ENOSYS;
    }
}

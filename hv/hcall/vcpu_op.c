/* SPDX-License-Identifier: Apache-2.0 */
/* vcpu_op.c - a vCPU of the own domain: questions about it, and where it and EL2 share words. Source:
 * xen/vcpu.h. */
#include "core/events.h"
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

/* Words that EL2 changes by atomic instructions have to be aligned. */
static int64_t register_info(struct vcpu *vcpu, uint32_t id, uint64_t from)
{
    struct vcpu_register_vcpu_info wish;
    struct evtchn_work work = {0};
    void *at;
    int error;

    if (guest_copy_in(vcpu, &wish, from, sizeof(wish)) != 0) {
        return -EFAULT;
    }
    if (wish.offset > PAGE_SIZE - sizeof(struct vcpu_info) || wish.offset % _Alignof(struct vcpu_info) != 0 ||
        wish.mfn > UINT64_MAX >> PAGE_SHIFT) {
        return -EINVAL;
    }
    error = guest_pin(vcpu->domain, ipa((wish.mfn << PAGE_SHIFT) + wish.offset), &at);
    if (error != 0) {
        return error;
    }
    error = evtchn_register_info(&vcpu->domain->events, id, at, &work);
    if (error != 0) {
        guest_unpin(vcpu->domain, at);
    }
    events_apply(&work);
    return error;
}

/* Only for itself: no lock guards the area from the pCPU that runs the vCPU. */
static int64_t register_runstate(struct vcpu *vcpu, const struct vcpu *of, uint64_t from)
{
    struct vcpu_register_runstate_memory_area wish;

    if (guest_copy_in(vcpu, &wish, from, sizeof(wish)) != 0) {
        return -EFAULT;
    }
    return of == vcpu ? runstate_area_register(vcpu, wish.addr.p) : -EINVAL;
}

int64_t hcall_vcpu_op(struct vcpu *vcpu, uint64_t args[5])
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
    case VCPUOP_register_runstate_memory_area: /* For the calling vCPU alone; a multiple of 8; 0: none. */
        return register_runstate(vcpu, of, args[2]);
    case VCPUOP_register_vcpu_info: /* Once for each vCPU; a multiple of 8. */
        return register_info(vcpu, id, args[2]);
    default:
        return -ENOSYS;
    }
}

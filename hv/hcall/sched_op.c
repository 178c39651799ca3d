/* SPDX-License-Identifier: Apache-2.0 */
/* sched_op.c - a vCPU about its own running: yield, block, poll, shutdown. Source: xen/sched.h. */
#include "core/domain.h"
#include "core/guest_mem.h"
#include "core/pcpu.h"
#include "hcall/hypercall.h"
#include "lib/abi.h"
#include "lib/error.h"

/* Wait until a time, or an interrupt. There are no event channels yet, so no port can be named. */
static int64_t poll(struct vcpu *vcpu, uint64_t from)
{
    struct sched_poll wish;
    uint64_t deadline;

    if (guest_copy_in(vcpu, &wish, from, sizeof(wish)) != 0) {
        return -EFAULT;
    }
    if (wish.nr_ports != 0) {
        return -EINVAL;
    }
    if (wish.timeout != 0) {
        deadline = ticks_from_ns(wish.timeout);
        if (deadline <= cpu_count_ticks()) {
            return 0;
        }
        pcpu_timer_disarm(vcpu->poll_cpu, &vcpu->poll_timer);
        vcpu->poll_cpu = cpu_id();
        pcpu_timer_arm(&vcpu->poll_timer, deadline);
    }
    vcpu_block(vcpu);
    return 0;
}

int64_t hcall_sched_op(struct vcpu *vcpu, const uint64_t args[5])
{
    struct sched_shutdown wish;

    switch ((uint32_t)args[0]) {
    case SCHEDOP_yield:
        vcpu_yield(vcpu);
        return 0;
    case SCHEDOP_block:
        vcpu_block(vcpu);
        return 0;
    case SCHEDOP_poll:
        return poll(vcpu, args[1]);
    case SCHEDOP_shutdown:
        if (guest_copy_in(vcpu, &wish, args[1], sizeof(wish)) != 0) {
            return -EFAULT;
        }
        if (wish.reason > SHUTDOWN_MAX) {
            return -EINVAL;
        }
        if (wish.reason == SHUTDOWN_CRASH) {
            domain_crash(vcpu, "it says that it has crashed");
        } else {
            domain_shutdown(vcpu->domain, (enum shutdown_reason)wish.reason);
        }
        return 0;
    default:
        return -ENOSYS;
    }
}

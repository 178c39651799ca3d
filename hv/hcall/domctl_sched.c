/* SPDX-License-Identifier: Apache-2.0 */
/* domctl_sched.c - domctl: where a domain's vCPUs may run, and what they are promised. Source: xen/domctl.h.
 *
 * What a scheduler does not have is answered as Xen's answers it: credit2 has no parameters of single vCPUs
 * (-EINVAL), arinc653 and null have none at all (0, and nothing happens). */
#include "hcall/domctl_sched.h"

#include "core/guest_mem.h"
#include "core/pcpu.h"
#include "hcall/control_bitmap.h"
#include "hcall/control_progress.h"
#include "lib/error.h"

#define NS_PER_US (NS_PER_MS / 1000)
#define SETTLE_TRIES 10000u /* A vCPU leaves a pCPU as soon as that has taken a kick. */

/* The vCPU that the call names: 0, -EINVAL, -ESRCH (also of a domain that dies: it has left the scheduler).
 */
static int find_vcpu(const struct domain *domain, uint32_t index, struct vcpu **vcpu)
{
    if (index >= domain->vcpu_count) {
        return -EINVAL;
    }
    *vcpu = domain->vcpu[index];
    return *vcpu != NULL && (*vcpu)->unit.pool != NULL ? 0 : -ESRCH;
}

static int check_affinity(const struct xen_domctl_vcpuaffinity *wish)
{
    bool no_hard = (wish->flags & XEN_VCPUAFFINITY_HARD) != 0 && wish->cpumap_hard.bitmap.p == NULL;
    bool no_soft = (wish->flags & XEN_VCPUAFFINITY_SOFT) != 0 && wish->cpumap_soft.bitmap.p == NULL;

    return wish->flags == 0 || no_hard || no_soft ? -EINVAL : 0;
}

static int change_affinity(struct control_call *call, const struct xen_domctl_vcpuaffinity *wish,
                           struct vcpu *vcpu)
{
    uint32_t hard = vcpu->unit.hard_affinity, soft = vcpu->unit.soft_affinity, kick = 0;
    int error = 0;

    if ((wish->flags & XEN_VCPUAFFINITY_HARD) != 0) {
        error = control_bitmap_in(call->vcpu, &wish->cpumap_hard, &hard);
    }
    if (error == 0 && (wish->flags & XEN_VCPUAFFINITY_SOFT) != 0) {
        error = control_bitmap_in(call->vcpu, &wish->cpumap_soft, &soft);
    }
    if (error == 0) {
        error = sched_set_affinity(&vcpu->unit, hard, soft, time_now_ns(), &kick);
    }
    if (error == 0) {
        pcpu_reschedule(kick);
    }
    return error;
}

/* What the scheduler goes by from now on. */
static int tell_affinity(struct control_call *call, const struct xen_domctl_vcpuaffinity *wish,
                         const struct vcpu *vcpu)
{
    uint32_t hard = vcpu->unit.hard_affinity & vcpu->unit.pool->cpus;
    int error = 0;

    if ((wish->flags & XEN_VCPUAFFINITY_HARD) != 0) {
        error = control_bitmap_out(call->vcpu, &wish->cpumap_hard, hard);
    }
    if (error == 0 && (wish->flags & XEN_VCPUAFFINITY_SOFT) != 0) {
        error = control_bitmap_out(call->vcpu, &wish->cpumap_soft, hard & vcpu->unit.soft_affinity);
    }
    return error;
}

/* In pieces: until the vCPU is off a pCPU that it may not use any more, and its interrupts are too. */
int64_t domctl_set_affinity(struct control_call *call, struct xen_domctl *op)
{
    const struct xen_domctl_vcpuaffinity *wish = &op->u.vcpuaffinity;
    uint64_t tries = control_progress(op->u.pad);
    struct vcpu *vcpu = NULL;
    int error = find_vcpu(call->domain, wish->vcpu, &vcpu);

    if (error == 0) {
        error = check_affinity(wish);
    }
    if (error == 0 && tries == 0 && (wish->flags & (XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT)) != 0) {
        error = change_affinity(call, wish, vcpu);
    }
    call->copy_back = true;
    if (error == 0 && !vcpu_settle(vcpu) && tries < SETTLE_TRIES) {
        control_set_progress(op->u.pad, tries + 1);
        return CONTROL_AGAIN;
    }
    control_set_progress(op->u.pad, 0);
    return error != 0 ? error : tell_affinity(call, wish, vcpu);
}

/* As it was set. */
int64_t domctl_get_affinity(struct control_call *call, struct xen_domctl *op)
{
    const struct xen_domctl_vcpuaffinity *wish = &op->u.vcpuaffinity;
    struct vcpu *vcpu = NULL;
    int error = find_vcpu(call->domain, wish->vcpu, &vcpu);

    if (error == 0) {
        error = check_affinity(wish);
    }
    if (error == 0 && (wish->flags & XEN_VCPUAFFINITY_HARD) != 0) {
        error = control_bitmap_out(call->vcpu, &wish->cpumap_hard, vcpu->unit.hard_affinity);
    }
    if (error == 0 && (wish->flags & XEN_VCPUAFFINITY_SOFT) != 0) {
        error = control_bitmap_out(call->vcpu, &wish->cpumap_soft, vcpu->unit.soft_affinity);
    }
    return error;
}

static int set_params(struct vcpu *vcpu, const struct sched_params *params)
{
    uint32_t kick = 0;
    int error = sched_set_params(&vcpu->unit, params, time_now_ns(), &kick);

    if (error == 0) {
        pcpu_reschedule(kick);
    }
    return error;
}

/* All vCPUs of the domain, one a piece; who was changed before an error stays so. */
static int64_t set_all_params(struct control_call *call, struct xen_domctl *op,
                              void (*change)(struct sched_params *, const struct xen_domctl_scheduler_op *))
{
    uint64_t index = control_progress(op->u.pad);
    struct vcpu *vcpu = NULL;
    struct sched_params params;
    int error;

    control_set_progress(op->u.pad, 0);
    if (index >= call->domain->vcpu_count) {
        return 0;
    }
    if (find_vcpu(call->domain, (uint32_t)index, &vcpu) != 0) {
        return -ESRCH;
    }
    sched_get_params(&vcpu->unit, &params);
    change(&params, &op->u.scheduler_op);
    error = set_params(vcpu, &params);
    if (error != 0) {
        return error;
    }
    control_set_progress(op->u.pad, index + 1);
    return CONTROL_AGAIN;
}

/* A weight of 0 is none, a cap of 0 is unlimited. */
static void change_credit2(struct sched_params *params, const struct xen_domctl_scheduler_op *sched)
{
    params->weight = sched->u.credit2.weight != 0 ? sched->u.credit2.weight : params->weight;
    params->cap = sched->u.credit2.cap;
}

static int64_t credit2(struct control_call *call, struct xen_domctl *op)
{
    struct xen_domctl_scheduler_op *sched = &op->u.scheduler_op;
    const struct domain *domain = call->domain;
    struct sched_params params = SCHED_PARAMS_DEFAULT;

    switch (sched->cmd) {
    case XEN_DOMCTL_SCHEDOP_getinfo:
        if (domain->vcpu_count != 0 && domain->vcpu[0]->unit.pool != NULL) {
            sched_get_params(&domain->vcpu[0]->unit, &params);
        }
        sched->u.credit2.weight = (uint16_t)params.weight;
        sched->u.credit2.cap = (uint16_t)params.cap;
        return 0;
    case XEN_DOMCTL_SCHEDOP_putinfo:
        if (sched->u.credit2.cap > 100 * domain->vcpu_count) {
            return -EINVAL;
        }
        return set_all_params(call, op, change_credit2);
    default:
        return -EINVAL;
    }
}

static void set_rtds(struct sched_params *params, const struct xen_domctl_sched_rtds *rtds)
{
    params->period_ns = rtds->period * NS_PER_US;
    params->budget_ns = rtds->budget * NS_PER_US;
}

static void change_rtds(struct sched_params *params, const struct xen_domctl_scheduler_op *sched)
{
    set_rtds(params, &sched->u.rtds);
}

static int64_t get_rtds_vcpu(struct vcpu *vcpu, struct xen_domctl_sched_rtds *rtds)
{
    struct sched_params params;

    sched_get_params(&vcpu->unit, &params);
    rtds->period = (uint32_t)(params.period_ns / NS_PER_US);
    rtds->budget = (uint32_t)(params.budget_ns / NS_PER_US);
    rtds->flags &= ~XEN_DOMCTL_SCHEDRT_extra;
    rtds->flags |= params.extratime ? XEN_DOMCTL_SCHEDRT_extra : 0;
    return 0;
}

static int64_t put_rtds_vcpu(struct vcpu *vcpu, const struct xen_domctl_sched_rtds *rtds)
{
    struct sched_params params;

    sched_get_params(&vcpu->unit, &params);
    set_rtds(&params, rtds);
    params.extratime = (rtds->flags & XEN_DOMCTL_SCHEDRT_extra) != 0;
    return set_params(vcpu, &params);
}

/* The list that the caller has, one vCPU a piece; what was set before an error stays so, as in Xen. */
static int64_t rtds_vcpus(struct control_call *call, struct xen_domctl *op)
{
    struct xen_domctl_scheduler_op *sched = &op->u.scheduler_op;
    bool put = sched->cmd == XEN_DOMCTL_SCHEDOP_putvcpuinfo;
    uint64_t index = control_progress(op->u.pad), at;
    struct xen_domctl_schedparam_vcpu item;
    struct vcpu *vcpu = NULL;
    int64_t error;

    control_set_progress(op->u.pad, 0);
    if (index >= sched->u.v.nr_vcpus) {
        return 0;
    }
    at = (uint64_t)sched->u.v.vcpus.p + index * sizeof(item);
    if (guest_copy_in(call->vcpu, &item, at, sizeof(item)) != 0) {
        return -EFAULT;
    }
    if (find_vcpu(call->domain, item.vcpuid, &vcpu) != 0) {
        return -EINVAL;
    }
    error = put ? put_rtds_vcpu(vcpu, &item.u.rtds) : get_rtds_vcpu(vcpu, &item.u.rtds);
    if (error == 0 && !put) {
        error = guest_copy_out(call->vcpu, at, &item, sizeof(item));
    }
    if (error != 0) {
        return error;
    }
    control_set_progress(op->u.pad, index + 1);
    return CONTROL_AGAIN;
}

static int64_t rtds(struct control_call *call, struct xen_domctl *op)
{
    struct xen_domctl_scheduler_op *sched = &op->u.scheduler_op;

    switch (sched->cmd) {
    case XEN_DOMCTL_SCHEDOP_getinfo: /* What a vCPU has that was given nothing, as in Xen. */
        sched->u.rtds.period = (uint32_t)(SCHED_PARAMS_DEFAULT.period_ns / NS_PER_US);
        sched->u.rtds.budget = (uint32_t)(SCHED_PARAMS_DEFAULT.budget_ns / NS_PER_US);
        return 0;
    case XEN_DOMCTL_SCHEDOP_putinfo:
        if (sched->u.rtds.period == 0 || sched->u.rtds.budget == 0) {
            return -EINVAL;
        }
        return set_all_params(call, op, change_rtds);
    default:
        return rtds_vcpus(call, op);
    }
}

int64_t domctl_scheduler(struct control_call *call, struct xen_domctl *op)
{
    struct xen_domctl_scheduler_op *sched = &op->u.scheduler_op;

    call->copy_back = true;
    if (sched->sched_id != call->domain->pool->ops->abi_id) {
        return -EINVAL;
    }
    if (sched->cmd > XEN_DOMCTL_SCHEDOP_getvcpuinfo) {
        return -EINVAL;
    }
    switch (sched->sched_id) {
    case XEN_SCHEDULER_CREDIT2:
        return credit2(call, op);
    case XEN_SCHEDULER_RTDS:
        return rtds(call, op);
    default:
        return 0;
    }
}

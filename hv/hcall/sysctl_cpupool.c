/* SPDX-License-Identifier: Apache-2.0 */
/* sysctl_cpupool.c - sysctl: pools of pCPUs, and what their schedulers keep to. Source: xen/sysctl.h; errors
 * as Xen's. */
#include "hcall/sysctl_cpupool.h"

#include "core/cpupool.h"
#include "core/pcpu.h"
#include "hcall/control_bitmap.h"
#include "hcall/sysctl_arinc653.h"
#include "lib/error.h"

#define NS_PER_US (NS_PER_MS / 1000)

/* The pool with the lowest number from the given one on: who lists them asks for the number behind. */
static int64_t info(struct control_call *call, struct xen_sysctl_cpupool_op *op)
{
    struct cpupool pool;

    if (!cpupool_next(op->cpupool_id, &pool)) {
        return -ENOENT;
    }
    op->cpupool_id = pool.id;
    op->sched_id = pool.sched->ops->abi_id;
    op->n_dom = pool.domain_count;
    return control_bitmap_out(call->vcpu, &op->cpumap, pool.sched->cpus);
}

static int64_t create(struct xen_sysctl_cpupool_op *op)
{
    uint32_t id = op->cpupool_id == XEN_SYSCTL_CPUPOOL_PAR_ANY ? CPUPOOL_ID_NONE : op->cpupool_id;
    int error = cpupool_create(&id, op->sched_id);

    if (error == 0) {
        op->cpupool_id = id;
    }
    return error;
}

/* In pieces, until the pCPU has left; a second call goes on where one was given up. */
static int64_t remove_cpu(struct xen_sysctl_cpupool_op *op)
{
    uint32_t cpu = op->cpu == XEN_SYSCTL_CPUPOOL_PAR_ANY ? CPU_NONE : op->cpu;
    int result = cpupool_remove_cpu(op->cpupool_id, &cpu);

    op->cpu = result == CPUPOOL_AGAIN ? cpu : op->cpu;
    return result == CPUPOOL_AGAIN ? CONTROL_AGAIN : result;
}

/* In pieces. The caller's own domain stays where it is: it would have to be paused. */
static int64_t move_domain(const struct control_call *call, const struct xen_sysctl_cpupool_op *op)
{
    struct domain *domain = op->domid < DOMID_FIRST_RESERVED ? domain_get((uint16_t)op->domid) : NULL;
    int result;

    if (domain == NULL) {
        return -ESRCH;
    }
    if (domain == call->vcpu->domain) {
        return -EPERM;
    }
    result = cpupool_move_domain(domain, op->cpupool_id);
    return result == CPUPOOL_AGAIN ? CONTROL_AGAIN : result;
}

int64_t sysctl_cpupool(struct control_call *call, struct xen_sysctl *sysctl)
{
    struct xen_sysctl_cpupool_op *op = &sysctl->u.cpupool_op;

    call->copy_back = true;
    switch (op->op) {
    case XEN_SYSCTL_CPUPOOL_OP_CREATE:
        return create(op);
    case XEN_SYSCTL_CPUPOOL_OP_DESTROY:
        return cpupool_destroy(op->cpupool_id);
    case XEN_SYSCTL_CPUPOOL_OP_INFO:
        return info(call, op);
    case XEN_SYSCTL_CPUPOOL_OP_ADDCPU:
        return cpupool_add_cpu(op->cpupool_id, op->cpu == XEN_SYSCTL_CPUPOOL_PAR_ANY ? CPU_NONE : op->cpu);
    case XEN_SYSCTL_CPUPOOL_OP_RMCPU:
        return remove_cpu(op);
    case XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN:
        return move_domain(call, op);
    case XEN_SYSCTL_CPUPOOL_OP_FREEINFO:
        return control_bitmap_out(call->vcpu, &op->cpumap, cpupool_free_cpus());
    default:
        return -ENOSYS;
    }
}

static int64_t credit2(struct sched_pool *pool, struct xen_sysctl_scheduler_op *op)
{
    uint32_t us = op->u.sched_credit2.ratelimit_us;

    if (op->cmd == XEN_SYSCTL_SCHEDOP_putinfo) {
        if (us != 0 && (us < SCHED_RATELIMIT_MIN_US || us > SCHED_RATELIMIT_MAX_US)) {
            return -EINVAL;
        }
        sched_set_ratelimit(pool, us * NS_PER_US);
    }
    op->u.sched_credit2.ratelimit_us = (uint32_t)(pool->ratelimit_ns / NS_PER_US);
    return 0;
}

/* Schedulers without parameters of a whole pool have nothing to say, and no complaint, as in Xen. */
int64_t sysctl_scheduler(struct control_call *call, struct xen_sysctl *sysctl)
{
    struct xen_sysctl_scheduler_op *op = &sysctl->u.scheduler_op;
    struct sched_pool *pool;

    call->copy_back = true;
    if (op->cmd != XEN_SYSCTL_SCHEDOP_putinfo && op->cmd != XEN_SYSCTL_SCHEDOP_getinfo) {
        return -EINVAL;
    }
    pool = cpupool_find(op->cpupool_id);
    if (pool == NULL) {
        return -ESRCH;
    }
    if (op->sched_id != pool->ops->abi_id) {
        return -EINVAL;
    }
    if (op->sched_id == XEN_SCHEDULER_ARINC653) {
        return sysctl_arinc653(call, pool, op);
    }
    return op->sched_id == XEN_SCHEDULER_CREDIT2 ? credit2(pool, op) : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* cpupool_move.c - a domain from one pool to another, a vCPU in a stay in EL2.
 *
 *     in A --paused--> off its pCPUs --vCPU by vCPU--> in B, goes on
 *                                         |  B refuses one
 *                                         '--> vCPU by vCPU back to A, goes on, and the error is told
 *
 * From the first step to the last the domain counts in both pools (domain->pool is where it goes,
 * domain->move.from where it comes from), so that neither goes away, nor the last pCPU of one. How far it is
 * stands in the domain, so that a call that is given up is taken up by the next one, whoever makes it. */
#include "core/cpupool.h"
#include "core/pcpu.h"
#include "lib/error.h"

static void begin(struct domain *domain, struct sched_pool *to)
{
    domain->move.from = domain->pool;
    domain->move.error = 0;
    domain->pool = to;
    domain_pause(domain);
}

static int end(struct domain *domain)
{
    domain->move.from = NULL;
    domain_unpause(domain);
    return domain->move.error;
}

static void turn_round(struct domain *domain, int error)
{
    struct sched_pool *from = domain->move.from;

    domain->move.from = domain->pool;
    domain->move.error = error;
    domain->pool = from;
}

/* The first vCPU of @domain in @pool; NULL. */
static struct vcpu *first_in(const struct domain *domain, const struct sched_pool *pool)
{
    for (unsigned i = 0; i < domain->vcpu_made; i++) {
        if (domain->vcpu[i]->unit.pool == pool) {
            return domain->vcpu[i];
        }
    }
    return NULL;
}

static void move_one(struct domain *domain, struct vcpu *vcpu)
{
    struct domain_move *move = &domain->move;
    uint32_t kick = 0;
    int error;

    if (move->error != 0) {
        error = sched_move_back(&vcpu->unit, domain->pool, move->hard[vcpu->id], time_now_ns(), &kick);
    } else {
        move->hard[vcpu->id] = vcpu->unit.hard_affinity;
        error = sched_move(&vcpu->unit, domain->pool, time_now_ns(), &kick);
    }
    if (error == 0 || error == -ENOSPC) {
        pcpu_reschedule(kick);
        (void)vcpu_settle(vcpu); /* It is off: its interrupts go ahead of it. */
    } else if (move->error == 0) {
        turn_round(domain, error);
    }
}

int cpupool_move_domain(struct domain *domain, uint32_t id)
{
    struct sched_pool *to = cpupool_find(id);
    struct vcpu *vcpu;

    if (atomic_load(&domain->dying) != DOMAIN_ALIVE) {
        return -EINVAL;
    }
    if (domain->move.from == NULL) {
        if (domain->pool == to) {
            return 0;
        }
        if (to == NULL || to->cpus == 0) {
            return -ENOENT;
        }
        begin(domain, to);
    }
    if (!domain_is_off(domain)) {
        return CPUPOOL_AGAIN;
    }
    vcpu = first_in(domain, domain->move.from);
    if (vcpu == NULL) {
        return end(domain);
    }
    move_one(domain, vcpu);
    return CPUPOOL_AGAIN;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* rtds_demand.c - what units are promised, and whether the pCPUs hold it.
 *
 * A unit's demand is budget / period: a part of one pCPU, out of those of its hard affinity. What is promised
 * can be given only if no set of pCPUs is asked for more than it is:
 *
 *     for each set S of pCPUs:  sum of demand of the units that may run nowhere but in S  <=  size of S
 *
 * (P. Hall's condition, for parts.) pool->demand[S] is that sum. It is kept as units come and go, so that a
 * new one is compared with at most 2^7 sums and no list is walked. Parts are rounded down to 2^-20: what is
 * admitted exceeds a pCPU by less than a millionth for each unit.
 *
 * The condition is necessary. What is sufficient for rtds, on which the head of rtds.c has more, is for its
 * user to know; on one pCPU the two are the same. */
#include "sched/rtds_demand.h"

enum unit_word {
    UNIT_PART = 6, /* Counted in pool->demand. Behind rtds.c's own. */
    UNIT_MASK,     /* For these pCPUs. */
};

uint32_t demand_of(const struct sched_params *params)
{
    return (uint32_t)(params->budget_ns * DEMAND_ONE / params->period_ns);
}

/* Add @part, or take it away, of every set that has all of @mask. */
static void count(struct sched_pool *pool, uint32_t cpus, uint32_t mask, uint32_t part)
{
    uint32_t more = cpus & ~mask, with = more;

    if (part == 0) {
        return;
    }
    for (;; with = (with - 1) & more) {
        pool->demand[mask | with] += part;
        if (with == 0) {
            return;
        }
    }
}

void demand_set(struct sched_pool *pool, struct sched_unit *unit, uint32_t part, uint32_t hard)
{
    count(pool, pool->cpus, (uint32_t)unit->policy[UNIT_MASK], 0 - (uint32_t)unit->policy[UNIT_PART]);
    unit->policy[UNIT_MASK] = hard & pool->cpus;
    unit->policy[UNIT_PART] = part;
    count(pool, pool->cpus, hard & pool->cpus, part);
}

bool demand_fits(const struct sched_pool *pool, const struct sched_unit *unit, uint32_t part, uint32_t hard)
{
    uint32_t mask = hard & pool->cpus, more = pool->cpus & ~mask, with = more;
    bool counted = unit->pool == pool;

    for (;; with = (with - 1) & more) {
        uint32_t set = mask | with, own_mask = (uint32_t)unit->policy[UNIT_MASK];
        uint32_t own = counted && (own_mask & ~set) == 0 ? (uint32_t)unit->policy[UNIT_PART] : 0;

        if (pool->demand[set] - own + part > DEMAND_ONE * (uint32_t)__builtin_popcount(set)) {
            return false;
        }
        if (with == 0) {
            return true;
        }
    }
}

void demand_recount(struct sched_pool *pool, uint32_t cpus)
{
    for (unsigned set = 0; set < BIT32(CPU_MAX); set++) {
        pool->demand[set] = 0;
    }
    for (struct list_node *node = pool->units.next; node != &pool->units; node = node->next) {
        struct sched_unit *unit = CONTAINER_OF(node, struct sched_unit, pool_link);

        unit->policy[UNIT_MASK] = unit->hard_affinity & cpus;
        count(pool, cpus, (uint32_t)unit->policy[UNIT_MASK], (uint32_t)unit->policy[UNIT_PART]);
    }
}

bool demand_holds(const struct sched_pool *pool)
{
    for (unsigned set = 1; set < BIT32(CPU_MAX); set++) {
        if (pool->demand[set] > DEMAND_ONE * (uint32_t)__builtin_popcount(set)) {
            return false;
        }
    }
    return true;
}

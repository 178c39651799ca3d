/* SPDX-License-Identifier: Apache-2.0 */
/* rtds_demand.c - what units are promised, and whether the pCPUs hold it.
 *
 * A unit's demand is budget / period: a part of one pCPU, out of those of its hard affinity. What is promised
 * can be given only if no set of pCPUs is asked for more than it is:
 *
 *     for each set S of pCPUs:  sum of demand of the units that may run nowhere but in S  <=  size of S
 *
 * (P. Hall's condition, for parts.) pool->demand[] is that sum for each set of the pCPUs there may be at all,
 * so that it does not change with the pool's. S of these stands for S with all others: who may run on pCPUs
 * of S and some outside the pool runs nowhere but in S. It is kept as units come and go, so that a new one is
 * compared with at most 2^7 sums and no list is walked. Parts are rounded down to 2^-20: what is admitted
 * exceeds a pCPU by less than a millionth for each unit.
 *
 * The condition is necessary. What is sufficient for rtds, on which the head of rtds.c has more, is for its
 * user to know; on one pCPU the two are the same. */
#include "sched/rtds_demand.h"

enum unit_word {
    UNIT_PART = 6, /* Counted in pool->demand. Behind rtds.c's own. */
    UNIT_MASK,     /* For these pCPUs. */
};

#define ALL (BIT32(CPU_MAX) - 1)

_Static_assert(CPU_MAX == 8, "ones[] has eight");

uint32_t demand_of(const struct sched_params *params)
{
    return (uint32_t)(params->budget_ns * DEMAND_ONE / params->period_ns);
}

/* Add @part, or take it away, of every set that has all of @mask. */
static void count(struct sched_pool *pool, uint32_t mask, uint32_t part)
{
    uint32_t more = ALL & ~mask, with = more;

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
    count(pool, (uint32_t)unit->policy[UNIT_MASK], 0 - (uint32_t)unit->policy[UNIT_PART]);
    unit->policy[UNIT_MASK] = hard & ALL;
    unit->policy[UNIT_PART] = part;
    count(pool, hard & ALL, part);
}

#define ONES_2(n) (n), (n) + 1, (n) + 1, (n) + 2
#define ONES_4(n) ONES_2(n), ONES_2((n) + 1), ONES_2((n) + 1), ONES_2((n) + 2)
#define ONES_6(n) ONES_4(n), ONES_4((n) + 1), ONES_4((n) + 1), ONES_4((n) + 2)

/* How many pCPUs a set has. */
static const uint8_t ones[BIT32(CPU_MAX)] = {ONES_6(0), ONES_6(1), ONES_6(1), ONES_6(2)};

/* Is every set of the pool's pCPUs that has all of @mask, which are some, asked for no more than it has, when
 * @part is added and @own, which is for @own_mask, is not? */
static bool holds(const struct sched_pool *pool, uint32_t mask, uint32_t part, uint32_t own_mask,
                  uint32_t own)
{
    uint64_t more = pool->cpus & ~mask, with = more, outside = ALL & ~pool->cpus, base = mask | outside;
    uint64_t own_rest = own_mask & ~base;

    for (;; with = (with - 1) & more) {
        uint32_t asked = pool->demand[base | with] + part - ((own_rest & ~with) == 0 ? own : 0);

        if (asked > DEMAND_ONE * ones[base | with] - DEMAND_ONE * ones[outside]) {
            return false;
        }
        if (with == 0) {
            return true;
        }
    }
}

bool demand_fits(const struct sched_pool *pool, const struct sched_unit *unit, uint32_t part, uint32_t hard)
{
    return holds(pool, hard & pool->cpus, part, (uint32_t)unit->policy[UNIT_MASK],
                 unit->pool == pool ? (uint32_t)unit->policy[UNIT_PART] : 0);
}

bool demand_holds(const struct sched_pool *pool)
{
    return holds(pool, 0, 0, 0, 0);
}

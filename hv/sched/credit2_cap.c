/* SPDX-License-Identifier: Apache-2.0 */
/* credit2_cap.c - credit2: what a domain may run at most, however idle the machine is.
 *
 * A cap is in per cent of one pCPU, for all units of a domain together; 0 is none. In each period, of 10 ms,
 * the domain has cap / 100 of it. A unit that runs takes a part of that beforehand, and gives back what it
 * did not use when it stops; no part reaches into the next period. What is left at its end is lost.
 *
 *     period    |                        |
 *     left      |##                      |####         B, the most that it may run
 *     pCPU 0    | [aaa] [aa]             |[aaa]        a, b: units of one domain; [ ]: parts
 *     pCPU 1    |  [bbb] . . . . . . . . | [bbb]       . : parked, for nothing is left
 *
 * A unit that could run and finds nothing left is "parked": it waits, but in no queue. One of the pCPUs sees
 * to it at the end of the period (its timer says so), or whoever gives something back. A part is an equal one
 * for each unit of the domain, but at least PART_MIN_NS, so that one that computes alone has all of it.
 *
 * Bound: in a period the domain runs no longer than B, and a pCPU's lateness at each end of a part. What is
 * overrun comes off what it has next. In any span T that is at most (T / 10 ms + 2) B, and that lateness.
 *
 * Invariants, at any time the lock is free:
 *   - A parked unit is RUNNABLE, and neither queued nor assigned.
 *   - A pCPU sees to each parked unit: its timer is at or before the end of the unit's period, or it was
 * told.
 *   - left + the parts that were taken <= B. */
#include "sched/credit2_cap.h"

#define PART_MIN_NS (NS_PER_MS / 2)
#define PERIODS_MAX 100000 /* Longer ago than this, nothing is owed any more. */

static uint64_t budget_ns(const struct sched_pool *pool, const struct sched_unit *unit)
{
    return unit->params.cap * pool->cap_period_ns / 100;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* From the period that ended to the one that runs at @now_ns. */
static void renew(const struct sched_pool *pool, const struct sched_unit *unit, uint64_t now_ns)
{
    struct sched_group *group = unit->group;
    uint64_t budget = budget_ns(pool, unit), periods;

    if (now_ns < group->end_ns) {
        return;
    }
    periods = (now_ns - group->end_ns) / pool->cap_period_ns + 1;
    group->end_ns += periods * pool->cap_period_ns;
    if (periods > PERIODS_MAX) {
        group->left_ns = (int64_t)budget;
    } else {
        group->left_ns = least(group->left_ns + (int64_t)(periods * budget), (int64_t)budget);
    }
}

/* @unit counts as one that @has a cap. */
static void count(struct sched_pool *pool, struct sched_unit *unit, bool has)
{
    pool->policy[POOL_CAPS] += (uint64_t)has - unit->policy[UNIT_CAPPED];
    unit->policy[UNIT_CAPPED] = has;
}

/* Marks of the units that @cpu sees to: what is of pCPUs that are not in the pool, for they have left it, is
 * the first's. */
static uint64_t seen_to_by(const struct sched_pool *pool, unsigned cpu)
{
    bool first = (pool->cpus & (0 - pool->cpus)) == BIT32(cpu);

    return first ? ~(uint64_t)pool->cpus | BIT64(cpu) : BIT64(cpu);
}

void cap_join(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns)
{
    struct sched_group *group = unit->group != NULL ? unit->group : &unit->own_group;

    unit->group = group;
    if (group->unit_count++ == 0) {
        *group = (struct sched_group){.unit_count = 1, .end_ns = now_ns + pool->cap_period_ns};
        list_init(&group->parked);
        group->left_ns = (int64_t)budget_ns(pool, unit);
    }
    count(pool, unit, cap_has(unit));
}

void cap_leave(struct sched_pool *pool, struct sched_unit *unit)
{
    unit->group->unit_count--;
    count(pool, unit, false);
}

void cap_changed(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns)
{
    count(pool, unit, cap_has(unit));
    if (!cap_has(unit)) {
        cap_give_back(pool, unit);
        return;
    }
    renew(pool, unit, now_ns);
    unit->group->left_ns = least(unit->group->left_ns, (int64_t)budget_ns(pool, unit));
}

bool cap_spent(const struct sched_pool *pool, const struct sched_unit *unit, uint64_t now_ns)
{
    renew(pool, unit, now_ns);
    return unit->group->left_ns <= 0;
}

void cap_take(const struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns)
{
    struct sched_group *group = unit->group;
    uint64_t equal = budget_ns(pool, unit) / group->unit_count;
    int64_t part = least((int64_t)max_u64(equal, PART_MIN_NS), group->left_ns);

    part = least(part, (int64_t)(group->end_ns - now_ns));
    group->left_ns -= part;
    unit->policy[UNIT_TAKEN] += (uint64_t)part;
}

/* It may have taken its part by another cap. */
void cap_give_back(const struct sched_pool *pool, struct sched_unit *unit)
{
    struct sched_group *group = unit->group;

    group->left_ns =
        least(group->left_ns + (int64_t)unit->policy[UNIT_TAKEN], (int64_t)budget_ns(pool, unit));
    unit->policy[UNIT_TAKEN] = 0;
}

void cap_park(struct sched_pool *pool, struct sched_unit *unit, unsigned cpu)
{
    order_insert(&pool->order[PARKED], &unit->node[PARKED], unit->group->end_ns, BIT64(cpu));
    list_append(&unit->group->parked, &unit->group_link);
    unit->policy[UNIT_LEVELLED] = pool->policy[POOL_LEVELLED];
}

uint32_t cap_park_anywhere(struct sched_pool *pool, struct sched_unit *unit)
{
    struct list_node *first = unit->group->parked.next;
    unsigned cpu = unit->cpu;

    if (first != &unit->group->parked) { /* That pCPU knows the time already. */
        const struct order_node *node = &CONTAINER_OF(first, struct sched_unit, group_link)->node[PARKED];

        if (node->key <= unit->group->end_ns) {
            cap_park(pool, unit, (unsigned)__builtin_ctzll(node->marks));
            return 0;
        }
    }
    if (cpu == CPU_NONE || (pool->cpus & BIT32(cpu)) == 0) {
        cpu = (unsigned)__builtin_ctz(unit->hard_affinity & pool->cpus);
    }
    cap_park(pool, unit, cpu);
    return BIT32(cpu);
}

void cap_unpark(struct sched_pool *pool, struct sched_unit *unit)
{
    if (cap_parked(unit)) {
        order_remove(&pool->order[PARKED], &unit->node[PARKED]);
        list_remove(&unit->group_link);
        /* As if it had been levelled with the others. One of a lower group goes too far: clock_place() sees
         * to that. */
        unit->policy[UNIT_VTIME] -= pool->policy[POOL_LEVELLED] - unit->policy[UNIT_LEVELLED];
    }
}

struct sched_unit *cap_due(struct sched_pool *pool, unsigned cpu, uint64_t now_ns)
{
    struct order_node *first = order_first(&pool->order[PARKED], seen_to_by(pool, cpu));
    struct sched_unit *unit = NULL;

    if (first != NULL && first->key <= now_ns) {
        unit = CONTAINER_OF(first, struct sched_unit, node[PARKED]);
        cap_unpark(pool, unit);
    }
    return unit;
}

struct sched_unit *cap_resume(struct sched_pool *pool, const struct sched_unit *unit)
{
    struct list_node *first = unit->group->parked.next;
    struct sched_unit *other = NULL;

    if (unit->group->left_ns > 0 && first != &unit->group->parked) {
        other = CONTAINER_OF(first, struct sched_unit, group_link);
        cap_unpark(pool, other);
    }
    return other;
}

uint64_t cap_watch_ns(const struct sched_pool *pool, unsigned cpu, uint64_t now_ns)
{
    const struct order_node *first = order_first(&pool->order[PARKED], seen_to_by(pool, cpu));

    return first != NULL ? max_u64(first->key, now_ns + 1) : TIME_NEVER;
}

uint32_t cap_cpus_changed(const struct sched_pool *pool)
{
    return order_empty(&pool->order[PARKED]) ? 0 : pool->cpus & (0 - pool->cpus);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* null.c - static partitioning: every unit has a pCPU of its own, assigned once and by itself.
 *
 * Terms. A unit is "placed" when assigned[c] names it for some pCPU c, its "place". Any other unit of the
 * pool waits for one, in the order the units were added.
 *
 *     units  u0 {0,1}   u1 {0}           u1 finds pCPU 0 taken; u0 never ran and may sit on 1 as well: it is
 * shifted, |    \.    |               and both have a place. Once u0 has run it stays where it is. pCPUs   0
 * 1   '--> 0
 *
 * Placing is Kuhn's augmenting path in a bipartite graph (H. W. Kuhn, The Hungarian method, 1955; any text on
 * matching): look for a free pCPU in the unit's hard affinity (soft first), else for a chain of shifts that
 * ends at a free one. Only units that never ran are shifted, so at boot a placement is found whenever one
 * exists, and later nothing is moved under a guest.
 *
 * Invariants:
 *   - A unit has at most one place, and it is in its hard affinity.
 *   - A unit that ever ran keeps its place until it is removed or its hard affinity excludes it.
 *   - No unit waits for a place while a free pCPU could be reached by a chain of such shifts.
 *   - Only assigned[c] ever runs on c, without a slice timer. */
#include "lib/error.h"
#include "lib/log.h"
#include "lib/panic.h"
#include "sched/plain.h"
#include "sched/sched.h"

enum unit_word {
    UNIT_PLACE, /* pCPU + 1; 0: waits for one. */
};

static void assign(struct sched_pool *pool, struct sched_unit *unit, unsigned cpu)
{
    pool->assigned[cpu] = unit;
    unit->policy[UNIT_PLACE] = cpu + 1;
}

static bool placed(const struct sched_unit *unit)
{
    return unit->policy[UNIT_PLACE] != 0;
}

static unsigned place_of(const struct sched_unit *unit)
{
    return (unsigned)unit->policy[UNIT_PLACE] - 1;
}

static void vacate(struct sched_pool *pool, struct sched_unit *unit)
{
    if (placed(unit)) {
        ASSERT(pool->assigned[place_of(unit)] == unit);
        pool->assigned[place_of(unit)] = NULL;
        unit->policy[UNIT_PLACE] = 0;
    }
}

static uint32_t free_cpus(const struct sched_pool *pool)
{
    uint32_t free = 0;

    for (unsigned cpu = 0; cpu < CPU_MAX; cpu++) {
        if ((pool->cpus & BIT32(cpu)) != 0 && pool->assigned[cpu] == NULL) {
            free |= BIT32(cpu);
        }
    }
    return free;
}

static unsigned first_cpu(uint32_t mask)
{
    return (unsigned)__builtin_ctz(mask);
}

/* Shift the units along @from, back from the free pCPU @cpu, until the pCPU that @unit can take. from[c] is
 * the pCPU whose unit moves to c; CPU_NONE: @unit itself does. Returns the pCPUs that gained a unit. */
static uint32_t shift(struct sched_pool *pool, struct sched_unit *unit, const unsigned from[CPU_MAX],
                      unsigned cpu)
{
    uint32_t gained = BIT32(cpu);

    while (from[cpu] != CPU_NONE) {
        assign(pool, pool->assigned[from[cpu]], cpu);
        cpu = from[cpu];
        gained |= BIT32(cpu);
    }
    assign(pool, unit, cpu);
    return gained;
}

/* Find @unit a place, breadth first so that the fewest units move. Returns the pCPUs that gained a unit; 0:
 * none found. */
static uint32_t place(struct sched_pool *pool, struct sched_unit *unit)
{
    uint32_t free = free_cpus(pool);
    uint32_t want = unit->hard_affinity & pool->cpus;
    uint32_t seen = want, front = want;
    unsigned from[CPU_MAX];

    for (unsigned cpu = 0; cpu < CPU_MAX; cpu++) {
        from[cpu] = CPU_NONE;
    }
    if ((free & want & unit->soft_affinity) != 0) {
        return shift(pool, unit, from, first_cpu(free & want & unit->soft_affinity));
    }
    while (front != 0 && (front & free) == 0) {
        uint32_t next = 0;

        for (uint32_t rest = front; rest != 0; rest &= rest - 1) {
            unsigned cpu = first_cpu(rest);
            const struct sched_unit *holder = pool->assigned[cpu];
            uint32_t fresh = holder->cpu == CPU_NONE ? holder->hard_affinity & pool->cpus & ~seen : 0;

            for (uint32_t f = fresh; f != 0; f &= f - 1) {
                from[first_cpu(f)] = cpu;
            }
            seen |= fresh;
            next |= fresh;
        }
        front = next;
    }
    return front != 0 ? shift(pool, unit, from, first_cpu(front & free)) : 0;
}

/* pCPUs of @mask that have something to run. */
static uint32_t with_awake(const struct sched_pool *pool, uint32_t mask)
{
    uint32_t kick = 0;

    for (uint32_t rest = mask; rest != 0; rest &= rest - 1) {
        const struct sched_unit *unit = pool->assigned[first_cpu(rest)];

        if (unit != NULL && unit->awake) {
            kick |= BIT32(first_cpu(rest));
        }
    }
    return kick;
}

/* From where a chain of shifts leads to a free pCPU. */
static uint32_t near_free(const struct sched_pool *pool)
{
    uint32_t near = free_cpus(pool), before = 0;

    while (near != 0 && near != before) {
        before = near;
        for (uint32_t rest = pool->cpus & ~near; rest != 0; rest &= rest - 1) {
            const struct sched_unit *holder = pool->assigned[first_cpu(rest)];

            near |= holder->cpu == CPU_NONE && (holder->hard_affinity & near) != 0 ? rest & (0 - rest) : 0;
        }
    }
    return near;
}

/* Something became free: place whoever waits, the oldest first. place() finds a place just for those that may
 * use a pCPU of near_free(), at most one a pCPU. */
static uint32_t place_waiting(struct sched_pool *pool)
{
    uint32_t gained = 0, near = near_free(pool);

    for (struct list_node *node = pool->units.next; node != &pool->units && near != 0; node = node->next) {
        struct sched_unit *unit = CONTAINER_OF(node, struct sched_unit, pool_link);

        if ((unit->hard_affinity & near) != 0 && !placed(unit)) {
            gained |= place(pool, unit);
            near = near_free(pool);
        }
    }
    return with_awake(pool, gained);
}

static void null_init(struct sched_pool *pool)
{
    (void)pool;
}

static int null_admit(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns, uint32_t *kick)
{
    uint32_t gained = place(pool, unit);

    (void)now_ns;
    *kick = with_awake(pool, gained);
    return gained != 0 ? 0 : -ENOSPC;
}

static void null_remove(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns, uint32_t *kick)
{
    vacate(pool, unit);
    (void)now_ns;
    *kick = place_waiting(pool);
}

/* Where @unit can be run from now on: its place, and the pCPU that still holds its registers for somewhere
 * else. */
static uint32_t null_wake(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns)
{
    uint32_t kick = placed(unit) ? BIT32(place_of(unit)) : 0;

    (void)now_ns;
    if (unit->on_cpu && pool->running[unit->cpu] == NULL) {
        kick |= BIT32(unit->cpu);
    }
    return kick;
}

static struct sched_choice null_pick(struct sched_pool *pool, unsigned cpu, uint64_t now_ns)
{
    struct sched_unit *unit = pool->assigned[cpu];
    bool runs = unit != NULL && unit->awake && (!unit->on_cpu || unit->cpu == cpu);

    (void)now_ns;
    return (struct sched_choice){.next = runs ? unit : NULL, .until_ns = TIME_NEVER, .alone = true};
}

/* @unit cannot stay where it is, if it is placed at all. */
static uint32_t displace(struct sched_pool *pool, struct sched_unit *unit)
{
    uint32_t kick = unit->on_cpu ? BIT32(unit->cpu) : 0;

    vacate(pool, unit);
    kick |= with_awake(pool, place(pool, unit));
    kick |= place_waiting(pool);
    if (!placed(unit)) {
        log_warn(
            "sched null: d%uv%u has no free pCPU in its hard affinity 0x%x and waits; free one, or widen it",
            unit->domid, unit->vcpu_id, unit->hard_affinity);
    }
    return kick;
}

static uint32_t null_affinity_changed(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns)
{
    (void)now_ns;
    if (placed(unit) && (unit->hard_affinity & BIT32(place_of(unit))) != 0) {
        return 0;
    }
    return displace(pool, unit);
}

static int null_cpus_changed(struct sched_pool *pool, unsigned cpu, uint64_t now_ns, uint32_t *kick)
{
    (void)now_ns;
    *kick = BIT32(cpu);
    if ((pool->cpus & BIT32(cpu)) != 0) {
        *kick |= place_waiting(pool);
    } else if (pool->assigned[cpu] != NULL) {
        *kick |= displace(pool, pool->assigned[cpu]);
    }
    return 0;
}

const struct sched_ops sched_null = {
    .name = "null",
    .abi_id = 9, /* XEN_SCHEDULER_NULL, public/domctl.h. */
    .may_untrap_wfi = true,
    .init = null_init,
    .check = plain_check,
    .admit = null_admit,
    .remove = null_remove,
    .wake = null_wake,
    .sleep = plain_ignore,
    .charge = plain_ignore,
    .pick = null_pick,
    .hand_over = plain_no_hand_over,
    .saved = null_wake,
    .affinity_changed = null_affinity_changed,
    .params_changed = plain_no_kick,
    .cpus_changed = null_cpus_changed,
};

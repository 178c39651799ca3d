/* SPDX-License-Identifier: Apache-2.0 */
/* credit2_place.c - credit2: where a unit that waits may go: to an idle pCPU, reserved for it; to one whose
 * unit is further ahead; to one whose unit has room elsewhere; or into the queue. The words are in credit2.c.
 */
#include "sched/credit2_place.h"

#include "sched/credit2_cap.h"

bool place_beats(const struct sched_pool *pool, const struct sched_unit *unit, unsigned cpu, uint64_t now_ns)
{
    const struct sched_unit *running = pool->running[cpu];

    return running != NULL && vtime_ahead(clock_running(pool, cpu, now_ns), vtime_of(unit)) >=
                                  (int64_t)clock_span_least(unit, running, stay_ns(unit));
}

uint64_t place_held_until_ns(const struct sched_pool *pool, const struct sched_unit *unit, unsigned cpu)
{
    const struct sched_unit *running = pool->running[cpu];

    return running->state_since_ns + place_hold_ns(pool, unit, running);
}

uint64_t place_shift_ns(const struct sched_pool *pool, const struct sched_unit *unit, unsigned cpu,
                        uint64_t now_ns)
{
    uint32_t allowed = pool->cpus & ~unit->hard_affinity, seen = 0, front = BIT32(cpu);
    uint64_t from_ns = TIME_NEVER;

    while (front != 0) {
        unsigned at = first_cpu(front);

        seen |= BIT32(at);
        if ((pool->policy[POOL_IDLE] & BIT64(at)) != 0) {
            return now_ns;
        }
        if (at != cpu && place_beats(pool, unit, at, now_ns)) {
            from_ns = min_u64(from_ns, place_held_until_ns(pool, unit, at));
        }
        if (pool->running[at] != NULL) {
            front |= pool->running[at]->hard_affinity & allowed;
        }
        front &= ~seen;
    }
    return from_ns;
}

void place_assign(struct sched_pool *pool, struct sched_unit *unit, unsigned cpu)
{
    pool->assigned[cpu] = unit;
    unit->policy[UNIT_GIVEN] = cpu + 1;
    pool->policy[POOL_IDLE] &= ~BIT64(cpu);
}

void place_withdraw(struct sched_pool *pool, struct sched_unit *unit)
{
    if (unit->policy[UNIT_GIVEN] != 0) {
        unsigned cpu = (unsigned)unit->policy[UNIT_GIVEN] - 1;

        pool->assigned[cpu] = NULL;
        unit->policy[UNIT_GIVEN] = 0;
        pool->policy[POOL_IDLE] |= BIT64(cpu);
    }
    queue_remove(pool, unit);
    cap_unpark(pool, unit);
}

/* For @unit to preempt, is @cpu, where what runs is @ahead of that on @other, better? Who is further ahead
 * goes first, then what fits better. */
static bool better_victim(const struct sched_pool *pool, const struct sched_unit *unit, unsigned cpu,
                          unsigned other, int64_t ahead)
{
    int64_t margin = (int64_t)clock_span_least(pool->running[cpu], pool->running[other], STAY_NS);

    return ahead >= margin || (ahead > -margin && fitness(unit, cpu) > fitness(unit, other));
}

/* The pCPU that should preempt for @unit, which waits; CPU_NONE: none. @apart: it has to be levelled with
 * another first. */
static unsigned victim(const struct sched_pool *pool, const struct sched_unit *unit, uint32_t cpus,
                       uint64_t now_ns, bool *apart)
{
    unsigned found = CPU_NONE;
    uint64_t found_vtime = 0;

    *apart = false;
    for (uint32_t rest = unit->hard_affinity & cpus; rest != 0; rest &= rest - 1) {
        unsigned cpu = first_cpu(rest);
        uint64_t vtime;

        if (pool->running[cpu] == NULL) {
            continue;
        }
        vtime = clock_running(pool, cpu, now_ns);
        *apart = *apart || clock_apart(pool, vtime, vtime_of(unit));
        if ((pool->policy[POOL_PREEMPT] & BIT64(cpu)) == 0 && place_beats(pool, unit, cpu, now_ns) &&
            (found == CPU_NONE || better_victim(pool, unit, cpu, found, vtime_ahead(vtime, found_vtime)))) {
            found = cpu;
            found_vtime = vtime;
        }
    }
    return found;
}

/* A pCPU that should let @unit in because what runs there has room elsewhere; CPU_NONE: none. */
static unsigned shift_victim(const struct sched_pool *pool, const struct sched_unit *unit, uint32_t cpus,
                             uint64_t now_ns)
{
    for (uint32_t rest = unit->hard_affinity & cpus; rest != 0; rest &= rest - 1) {
        unsigned cpu = first_cpu(rest);

        if (pool->running[cpu] != NULL && place_shift_ns(pool, unit, cpu, now_ns) <= now_ns) {
            return cpu;
        }
    }
    return CPU_NONE;
}

uint32_t place_contend(struct sched_pool *pool, struct sched_unit *unit, uint32_t cpus, uint64_t now_ns)
{
    uint32_t kick = unit->hard_affinity & (uint32_t)pool->policy[POOL_ALONE];
    bool apart;
    unsigned cpu = victim(pool, unit, cpus, now_ns, &apart);

    if (apart) {
        clock_level(pool, now_ns);
        cpu = victim(pool, unit, cpus, now_ns, &apart);
    }
    if (cpu == CPU_NONE || now_ns < place_held_until_ns(pool, unit, cpu)) {
        unsigned other = shift_victim(pool, unit, cpus, now_ns);

        cpu = other != CPU_NONE ? other : cpu;
    }
    if (cpu != CPU_NONE) {
        pool->policy[POOL_PREEMPT] |= BIT64(cpu);
        kick |= BIT32(cpu);
    }
    return kick;
}

unsigned place_best_free(const struct sched_pool *pool, const struct sched_unit *unit, uint32_t free)
{
    if ((free & preferred(pool, unit)) != 0) {
        free &= preferred(pool, unit);
    }
    return unit->cpu != CPU_NONE && (free & BIT32(unit->cpu)) != 0 ? unit->cpu : first_cpu(free);
}

uint32_t place_settle(struct sched_pool *pool, struct sched_unit *unit, uint32_t cpus, uint64_t now_ns)
{
    uint32_t free = (uint32_t)pool->policy[POOL_IDLE] & unit->hard_affinity;
    uint32_t own = unit->on_cpu ? BIT32(unit->cpu) : 0;

    if (own != 0) {
        free &= own;
    }
    if (free != 0) {
        unsigned cpu = place_best_free(pool, unit, free);

        place_assign(pool, unit, cpu);
        return BIT32(cpu);
    }
    queue_add(pool, unit);
    if (own != 0) {
        /* Only its own pCPU could take it, and that saves it first: told to, if it idles with the registers
         * in place. */
        return (pool->policy[POOL_IDLE] & own) != 0 ? own : 0;
    }
    return place_contend(pool, unit, cpus, now_ns);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* credit2_clock.c - credit2's virtual time: what a unit has been given for its weight, and how far any two
 * may drift apart.
 *
 * A unit's virtual time advances by 4096 / weight per nanosecond it runs. Who is behind has been given less
 * than its share. This is weighted fair queueing with virtual time per flow (S. J. Golestani, A self-clocked
 * fair queueing scheme, INFOCOM 1994; I. Stoica, H. Abdel-Wahab, EEVDF, 1995), and serving the one furthest
 * behind among those a pCPU may serve gives weighted max-min shares under affinity (K.-K. Yap et al.,
 * Scheduling packets over multiple interfaces, CoNEXT 2012).
 *
 * Two things must not count for ever. First, sleep: a unit that wakes is put into
 *
 *         lowest floor - 10 ms                    highest floor + 10 ms
 *     ----------|-----------------------------------------|----------> virtual time
 *               '--- who slept long starts here           '--- who owes more starts here
 *
 * (floors of the pCPUs it may run on, ms of its own running). The "floor" of a pCPU is the lowest virtual
 * time that competed for it so far. It never goes back, so sleepers cannot pull it down one behind the other
 * and starve who does not sleep.
 *
 * Who waited for its cap's next period did not choose to: meanwhile others may have gone ahead of it by all
 * that one unit overruns, and that stays their debt. So it may be that far behind, of the lightest's running.
 *
 * Second, separation: units that do not compete (other affinity, or a weight beyond one whole pCPU) drift
 * apart without limit, and would settle old accounts when they meet. Within a group that competes, a gap is
 * at most what one unit overran, under max(10 ms, ratelimit) of the lightest. So a gap of four times that,
 * "wide", divides groups, and clock_level() narrows it to just that by moving all above it down together:
 *
 *     before   a b c .................... d  e . f
 *     after    a b c ..... d  e . f
 *
 * d, e, f keep their distances, which are their history with each other; what they have against a, b, c is
 * capped. It runs when two that meet are more than (pCPUs + 1) wide gaps apart: each group above the lowest
 * has a pCPU. */
#include "sched/credit2_clock.h"

#include "sched/credit2_queue.h"

#define BONUS_NS (10 * NS_PER_MS)
#define DEBT_NS (10 * NS_PER_MS)
#define OVERRUN_NS (10 * NS_PER_MS)

uint64_t clock_ns(const struct sched_unit *unit, uint64_t vtime, uint64_t limit_ns)
{
    if (vtime >= clock_span(unit, limit_ns)) {
        return limit_ns;
    }
    return (vtime << CLOCK_RATE_SHIFT) / unit->policy[UNIT_RATE];
}

uint64_t clock_running(const struct sched_pool *pool, unsigned cpu, uint64_t now_ns)
{
    const struct sched_unit *unit = pool->running[cpu];
    uint64_t since_ns = pool->charged_ns[cpu];

    return vtime_of(unit) + (now_ns > since_ns ? clock_span(unit, now_ns - since_ns) : 0);
}

void clock_init(struct sched_pool *pool)
{
    pool->policy[POOL_GROUPS] = 1 + (unsigned)__builtin_popcount(pool->cpus);
    pool->policy[POOL_RATE] = 1;
}

void clock_cpus_changed(struct sched_pool *pool, unsigned cpu)
{
    uint32_t others = pool->cpus & ~BIT32(cpu);

    pool->policy[POOL_GROUPS] = 1 + (unsigned)__builtin_popcount(pool->cpus);
    if (others != 0 && others != pool->cpus) {
        /* Nothing competed here: it starts where another is. */
        pool->policy[POOL_FLOOR + cpu] = pool->policy[POOL_FLOOR + (unsigned)__builtin_ctz(others)];
    }
}

void clock_set_weight(struct sched_unit *unit)
{
    unit->policy[UNIT_RATE] = (BIT64(32) + unit->params.weight - 1) / unit->params.weight;
}

void clock_weights_changed(struct sched_pool *pool)
{
    uint64_t rate = 1;

    for (struct list_node *node = pool->units.next; node != &pool->units; node = node->next) {
        rate = max_u64(rate, CONTAINER_OF(node, struct sched_unit, pool_link)->policy[UNIT_RATE]);
    }
    pool->policy[POOL_RATE] = rate;
}

/* A pCPU whose unit is alone is not picked for: there the unit itself says how far time has come, for this
 * one and all who come after it. */
static uint64_t floor_now(struct sched_pool *pool, unsigned cpu, uint64_t now_ns)
{
    if ((pool->policy[POOL_ALONE] & BIT64(cpu)) != 0) {
        clock_raise_floor(pool, cpu, clock_running(pool, cpu, now_ns));
    }
    return pool->policy[POOL_FLOOR + cpu];
}

/* The most that one unit of the pool runs at once. */
static uint64_t overrun_ns(const struct sched_pool *pool)
{
    return max_u64(OVERRUN_NS, pool->ratelimit_ns);
}

void clock_place(struct sched_pool *pool, struct sched_unit *unit, bool slept, uint64_t now_ns)
{
    uint32_t rest = unit->hard_affinity & pool->cpus;
    uint64_t low = floor_now(pool, (unsigned)__builtin_ctz(rest), now_ns);
    uint64_t high = low;

    for (rest &= rest - 1; rest != 0; rest &= rest - 1) {
        uint64_t floor = floor_now(pool, (unsigned)__builtin_ctz(rest), now_ns);

        if (vtime_ahead(low, floor) > 0) {
            low = floor;
        } else if (vtime_ahead(floor, high) > 0) {
            high = floor;
        }
    }
    low -= slept ? clock_span(unit, BONUS_NS) : clock_span_at(pool->policy[POOL_RATE], overrun_ns(pool));
    high += clock_span(unit, DEBT_NS);
    if (vtime_ahead(low, vtime_of(unit)) > 0) {
        unit->policy[UNIT_VTIME] = low;
    } else if (vtime_ahead(vtime_of(unit), high) > 0) {
        unit->policy[UNIT_VTIME] = high;
    }
}

static uint64_t wide_gap(const struct sched_pool *pool)
{
    return clock_span_at(pool->policy[POOL_RATE], 4 * overrun_ns(pool));
}

bool clock_apart(const struct sched_pool *pool, uint64_t a, uint64_t b)
{
    int64_t ahead = vtime_ahead(a, b);
    uint64_t distance = ahead < 0 ? 0 - (uint64_t)ahead : (uint64_t)ahead;

    return distance > wide_gap(pool) * pool->policy[POOL_GROUPS];
}

/* The pool's pCPUs by their floors, the lowest first. Returns how many. */
static unsigned sort_floors(const struct sched_pool *pool, unsigned cpus[CPU_MAX])
{
    unsigned count = 0;

    for (uint32_t rest = pool->cpus; rest != 0; rest &= rest - 1) {
        unsigned cpu = (unsigned)__builtin_ctz(rest), at = count++;

        while (at > 0 &&
               vtime_ahead(pool->policy[POOL_FLOOR + cpus[at - 1]], pool->policy[POOL_FLOOR + cpu]) > 0) {
            cpus[at] = cpus[at - 1];
            at--;
        }
        cpus[at] = cpu;
    }
    return count;
}

/* The floor of @cpu goes down by @moved with what is around it, and if there is a gap above @below, the last
 * unit under it, into what is left of that. */
static void move_floor(struct sched_pool *pool, unsigned cpu, uint64_t moved, const uint64_t *below)
{
    uint64_t *floor = &pool->policy[POOL_FLOOR + cpu];

    if (below != NULL && vtime_ahead(*floor, *below + wide_gap(pool)) > 0) {
        *floor = *below + wide_gap(pool);
    }
    *floor -= moved;
}

/* The queue holds all awake units but the parked, who go down when they are unparked: move each down by what
 * the gaps below it were too wide, and the floors with them. The order stays as it was, so the keys are
 * changed in place. */
static void close_gaps(struct sched_pool *pool)
{
    uint64_t wide = wide_gap(pool), moved = 0, last = 0;
    const uint64_t *below = NULL;
    unsigned cpus[CPU_MAX], floor_count = sort_floors(pool, cpus), next = 0;

    for (struct order_node *node = order_least(&pool->order[QUEUE]); node != NULL; node = order_next(node)) {
        uint64_t vtime = node->key;

        for (; next < floor_count && vtime_ahead(vtime, pool->policy[POOL_FLOOR + cpus[next]]) > 0; next++) {
            move_floor(pool, cpus[next], moved, below);
        }
        if (below != NULL && vtime - last > wide) {
            moved += vtime - last - wide;
        }
        node->key = queue_unit(node)->policy[UNIT_VTIME] = vtime - moved;
        last = vtime;
        below = &last;
    }
    for (; next < floor_count; next++) {
        move_floor(pool, cpus[next], moved, below);
    }
    pool->policy[POOL_LEVELLED] += moved;
}

void clock_level(struct sched_pool *pool, uint64_t now_ns)
{
    uint64_t pending[CPU_MAX] = {0};

    for (unsigned cpu = 0; cpu < CPU_MAX; cpu++) {
        if (pool->running[cpu] != NULL) {
            pending[cpu] = clock_running(pool, cpu, now_ns) - vtime_of(pool->running[cpu]);
            pool->running[cpu]->policy[UNIT_VTIME] += pending[cpu];
            queue_add(pool, pool->running[cpu]);
        }
        if (pool->assigned[cpu] != NULL) {
            queue_add(pool, pool->assigned[cpu]);
        }
    }
    close_gaps(pool);
    for (unsigned cpu = 0; cpu < CPU_MAX; cpu++) {
        if (pool->running[cpu] != NULL) {
            pool->running[cpu]->policy[UNIT_VTIME] -= pending[cpu];
            queue_remove(pool, pool->running[cpu]);
        }
        if (pool->assigned[cpu] != NULL) {
            queue_remove(pool, pool->assigned[cpu]);
        }
    }
}

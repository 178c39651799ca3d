/* SPDX-License-Identifier: Apache-2.0 */
/* credit2.c - proportional share by weight, work conserving, with caps, hard and soft affinity, on one queue
 * for the pool.
 *
 * Waiting units stand in one queue in order of virtual time (credit2_clock.c). A pCPU serves the first that
 * may run there; units within 1 ms of it go first when they ran here last, or prefer it. A unit alone on its
 * pCPU is never picked for again.
 *
 *            begins to wait                     its pCPU picks
 *     asleep ------+--> assigned to an idle pCPU ------------------> runs ---.
 *                  |                                                  ^      | awake, and another was chosen
 *                  '--> queued ---------------------------------------'      | (until saved: only for its own
 * pCPU)
 *                         ^--------------------------------------------------'
 *
 * "Assigned" is a reservation: that pCPU has been told, takes this unit and no other, and no other pCPU takes
 * it. So a wake-up into an idle machine touches no queue, disturbs nobody, and two wake-ups never rely on the
 * same idle pCPU.
 *
 * Invariant (work conservation): while an idle pCPU that has not been told to pick is in the hard affinity of
 * a queued unit, that unit is on_cpu elsewhere. For: a unit that begins to wait takes an unassigned idle pCPU
 * of its affinity if there is one; a pCPU becomes idle only when no queued unit may run there; a reservation
 * falls away only when its pCPU has been told.
 *
 * Who runs stays until it is 5 ms (of the heavier's running) ahead of the first who waits for its pCPU, or
 * just ahead when that one has not run since it woke, and at least for the ratelimit; a yield ends both. Who
 * waited for its cap's next period is like one who woke, and once in each period the ratelimit does not hold
 * it up: what it does not use of a period is lost, so it would lose up to the ratelimit of each.
 *
 * What runs also gives way when that lets a waiting unit in that could not run elsewhere, while what it moves
 * to is idle or runs a unit that is further ahead ("shift", found through any number of pCPUs, done one at a
 * time):
 *
 *     waits: d {1}      runs: a {0} on 0, far ahead; c {0,1} on 1, behind        c gives way to d, then takes
 * 0 from a
 *
 * Bounds (tests/host/test_sched_credit2.c; slice 10 ms, or the ratelimit if longer): CPU-bound units receive
 * their weighted max-min share within a few slices, over any length of time; no unit waits longer than
 * docs/scheduling.md says; no domain runs more than its cap (credit2_cap.c). Waiting units stand in a
 * balanced tree (order.c), so that no decision looks at more than O(log n) of them, but for clock_level(). */
#include "lib/panic.h"
#include "sched/credit2_cap.h"
#include "sched/credit2_place.h"
#include "sched/plain.h"
#include "sched/sched.h"

#define SLICE_MAX_NS (10 * NS_PER_MS)
#define SLICE_MIN_NS (NS_PER_MS / 2)
#define RESIST_NS NS_PER_MS /* Who waits may be passed over by this for one that fits the pCPU better. */
#define AT_ONCE 4u /* A pick parks and unparks no more than this; more are left to one right after it. */

_Static_assert(POOL_WORDS <= sizeof(((struct sched_pool *)NULL)->policy) / sizeof(uint64_t),
               "the pool's words");
_Static_assert(UNIT_CAPPED < sizeof(((struct sched_unit *)NULL)->policy) / sizeof(uint64_t),
               "a unit's words");

/* What a switch between two that share a pCPU does not need: kept out of credit2_pick(), which saves
 * registers for what is inlined. */
#define NOT_INLINED __attribute__((noinline))

/* Of those less than RESIST_NS of running behind @first in time, one that fits @cpu better; else @first. */
NOT_INLINED static struct sched_unit *fitter(const struct sched_pool *pool, struct sched_unit *first,
                                             unsigned cpu)
{
    static const uint8_t kinds[] = {0, MARK_LAST, MARK_PREFERS, MARK_BOTH};

    for (unsigned fits = 3; fits > fitness(first, cpu); fits--) {
        struct sched_unit *unit = queue_unit(order_first(&pool->order[QUEUE], BIT64(kinds[fits] + cpu)));

        if (unit != NULL && vtime_ahead(vtime_of(unit), vtime_of(first)) <
                                (int64_t)clock_span_least(unit, first, RESIST_NS)) {
            return unit;
        }
    }
    return first;
}

/* The queued unit that @cpu should take; NULL: none. Those whose domain has run all it may are parked, a few
 * at a time. */
static struct sched_unit *candidate(struct sched_pool *pool, unsigned cpu, uint64_t now_ns)
{
    for (unsigned i = 0; i < AT_ONCE; i++) {
        struct sched_unit *unit = queue_first(pool, cpu);

        if (unit != NULL && order_only(&pool->order[QUEUE]) == NULL) {
            unit = fitter(pool, unit, cpu);
        }
        if (unit == NULL || !cap_has(unit) || !cap_spent(pool, unit, now_ns)) {
            return unit;
        }
        queue_remove(pool, unit);
        cap_park(pool, unit, cpu);
    }
    return NULL;
}

/* Nobody else wants @cpu: should @prev, which runs there, leave it for one that it prefers and that is free?
 */
static bool goes_home(const struct sched_pool *pool, const struct sched_unit *prev, unsigned cpu)
{
    uint32_t prefers = preferred(pool, prev);

    return (prefers & BIT32(cpu)) == 0 && (prefers & (uint32_t)pool->policy[POOL_IDLE]) != 0;
}

/* Does @next take @cpu from @prev, which would go on? */
NOT_INLINED static bool takes_over(struct sched_pool *pool, const struct sched_unit *prev,
                                   const struct sched_unit *next, unsigned cpu, uint64_t now_ns)
{
    if (next->policy[UNIT_WOKEN] == WOKEN_DUE) {
        if ((pool->policy[POOL_PREEMPT] & next->hard_affinity) != 0) {
            return false; /* One was told where more is to be had. */
        }
    } else if (now_ns < place_held_until_ns(pool, next, cpu)) {
        return false;
    }
    if (clock_apart(pool, vtime_of(prev), vtime_of(next))) {
        clock_level(pool, now_ns);
    }
    return place_beats(pool, next, cpu, now_ns) || place_shift_ns(pool, next, cpu, now_ns) <= now_ns;
}

/* Which one runs on @cpu, where nothing is assigned. */
static struct sched_unit *choose(struct sched_pool *pool, unsigned cpu, uint64_t now_ns)
{
    struct sched_unit *prev = pool->running[cpu];
    struct sched_unit *next = candidate(pool, cpu, now_ns);

    if (prev == NULL || !prev->awake || (prev->hard_affinity & BIT32(cpu)) == 0 ||
        (cap_has(prev) && cap_spent(pool, prev, now_ns))) {
        return next;
    }
    if (next == NULL) {
        return goes_home(pool, prev, cpu) ? NULL : prev;
    }
    return prev->yielded || takes_over(pool, prev, next, cpu, now_ns) ? next : prev;
}

/* When @cpu picks again, if @unit runs there from now on; @other, if not NULL, is the first that waits to
 * take its place. */
NOT_INLINED static uint64_t slice_end_ns(const struct sched_pool *pool, const struct sched_unit *unit,
                                         const struct sched_unit *other, unsigned cpu, uint64_t now_ns)
{
    bool stays = unit == pool->running[cpu];
    uint64_t start_ns = stays ? unit->state_since_ns : now_ns;
    uint64_t end_ns = now_ns + SLICE_MAX_NS, hold_ns = pool->ratelimit_ns;
    int64_t lead;

    if (other != NULL) {
        lead = vtime_ahead(vtime_of(other) + clock_span_least(unit, other, stay_ns(other)), vtime_of(unit));
        end_ns = now_ns + (lead > 0 ? clock_ns(unit, (uint64_t)lead, SLICE_MAX_NS) : 0);
        end_ns = stays ? min_u64(end_ns, place_shift_ns(pool, other, cpu, now_ns)) : end_ns;
        hold_ns = place_hold_ns(pool, other, unit);
    }
    return max_u64(max_u64(end_ns, now_ns + SLICE_MIN_NS), start_ns + hold_ns);
}

/* @unit, out of the queue, goes on @cpu: the pool's words, and the terms. @yielded: what ran so far gave way
 * of its own accord. Those who do so often never see the end of a slice, so it is not worked out: @cpu picks
 * again early. */
static struct sched_choice run(struct sched_pool *pool, struct sched_unit *unit, unsigned cpu, bool yielded,
                               uint64_t now_ns)
{
    struct sched_choice choice = {.next = unit, .until_ns = TIME_NEVER, .alone = true};
    const struct sched_unit *other;

    if (unit == NULL) {
        pool->policy[POOL_IDLE] |= pool->cpus & BIT64(cpu);
        pool->policy[POOL_ALONE] &= ~BIT64(cpu);
        return choice;
    }
    unit->policy[UNIT_WOKEN] = WOKEN_NOT;
    pool->policy[POOL_IDLE] &= ~BIT64(cpu);
    other = queue_first(pool, cpu);
    clock_raise_floor(pool, cpu,
                      other != NULL && vtime_ahead(vtime_of(unit), vtime_of(other)) > 0 ? vtime_of(other)
                                                                                        : vtime_of(unit));
    if (!queue_waits(pool, cpu)) {
        pool->policy[POOL_ALONE] |= BIT64(cpu);
        return choice;
    }
    pool->policy[POOL_ALONE] &= ~BIT64(cpu);
    choice.alone = false;
    choice.until_ns = yielded ? now_ns + max_u64(SLICE_MIN_NS, pool->ratelimit_ns)
                              : slice_end_ns(pool, unit, other, cpu, now_ns);
    return choice;
}

/* What caps change about @choice of @cpu: it ends when what @choice->next took is used up, and when parked
 * units must be seen to. Who has a cap is not alone: its wfi is trapped, so that it does not pay for sleep.
 */
NOT_INLINED static void limit(struct sched_pool *pool, unsigned cpu, uint64_t now_ns,
                              struct sched_choice *choice)
{
    struct sched_unit *unit = choice->next;

    if (unit != NULL && cap_has(unit)) {
        cap_take(pool, unit, now_ns);
        choice->alone = false;
        pool->policy[POOL_ALONE] &= ~BIT64(cpu);
        choice->until_ns = min_u64(choice->until_ns, now_ns + max_u64(unit->policy[UNIT_TAKEN], 1));
    }
    if (unit == NULL && queue_first(pool, cpu) != NULL && (pool->cpus & BIT32(cpu)) != 0) {
        choice->until_ns = now_ns + 1; /* candidate() had more to park than it may. */
    }
    choice->until_ns = min_u64(choice->until_ns, cap_watch_ns(pool, cpu, now_ns));
    if ((pool->cpus & BIT32(cpu)) == 0) {
        choice->kick |=
            cap_cpus_changed(pool); /* @cpu leaves, and does not see to what it has just parked. */
    }
}

/* @unit, parked until now, waits on: where? */
static uint32_t enter(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns)
{
    clock_place(pool, unit, false, now_ns);
    return place_settle(pool, unit, pool->cpus, now_ns);
}

/* Before @cpu picks: parked units whose time has come, and what @prev, which ran, has not used of its part.
 */
NOT_INLINED static uint32_t settle_caps(struct sched_pool *pool, struct sched_unit *prev, unsigned cpu,
                                        uint64_t now_ns)
{
    uint32_t kick = 0;
    struct sched_unit *unit;

    if (prev != NULL && cap_has(prev)) {
        cap_give_back(pool, prev);
        unit = prev->awake ? NULL : cap_resume(pool, prev);
        kick |= unit != NULL ? enter(pool, unit, now_ns) : 0;
    }
    for (unsigned i = 0; i < AT_ONCE; i++) {
        unit = cap_due(pool, cpu, now_ns);
        if (unit == NULL) {
            break;
        }
        if (cap_has(unit) && cap_spent(pool, unit, now_ns)) {
            cap_park(pool, unit, cpu);
        } else {
            unit->policy[UNIT_WOKEN] = WOKEN_DUE;
            kick |= enter(pool, unit, now_ns);
        }
    }
    return kick & ~BIT32(cpu);
}

/* One other waits, which ran here last and may run where @cpu's may: the two change places, and marks, which
 * are as those of a unit that is saved. Of the pool's words only those of @cpu's state change. */
static struct sched_unit *credit2_hand_over(struct sched_pool *pool, unsigned cpu, uint64_t now_ns,
                                            uint64_t *until_ns)
{
    struct sched_unit *prev = pool->running[cpu];
    struct sched_unit *next = queue_unit(order_only(&pool->order[QUEUE]));
    uint64_t since_ns = pool->charged_ns[cpu], preempt, alone;
    uint32_t bit = BIT32(cpu);

    if (next == NULL || !prev->awake || pool->policy[POOL_CAPS] != 0 || next->cpu != cpu ||
        prev->affinities != next->affinities || (prev->hard_affinity & bit) == 0 || now_ns < since_ns) {
        return NULL;
    }
    ASSERT(pool->assigned[cpu] == NULL);
    next->policy[UNIT_WOKEN] = WOKEN_NOT;
    prev->policy[UNIT_VTIME] += clock_span(prev, now_ns - since_ns);
    order_replace_only(&pool->order[QUEUE], &next->node[QUEUE], &prev->node[QUEUE], vtime_of(prev),
                       next->node[QUEUE].marks);
    preempt = pool->policy[POOL_PREEMPT] & ~(uint64_t)bit;
    alone = pool->policy[POOL_ALONE] & ~(uint64_t)bit;
    pool->policy[POOL_PREEMPT] = preempt;
    pool->policy[POOL_ALONE] = alone;
    clock_raise_floor(pool, cpu,
                      vtime_ahead(vtime_of(next), vtime_of(prev)) > 0 ? vtime_of(prev) : vtime_of(next));
    *until_ns = now_ns + max_u64(SLICE_MIN_NS, pool->ratelimit_ns);
    return next;
}

/* Who runs on @cpu next, out of the queue. */
static struct sched_unit *take_next(struct sched_pool *pool, unsigned cpu, uint64_t now_ns)
{
    struct sched_unit *next = pool->assigned[cpu];

    if (next != NULL) {
        place_withdraw(pool, next);
        if (!cap_has(next) || !cap_spent(pool, next, now_ns)) {
            return next;
        }
        cap_park(pool, next, cpu);
    }
    if ((pool->cpus & BIT32(cpu)) == 0) {
        return NULL;
    }
    next = choose(pool, cpu, now_ns);
    if (next != NULL && next != pool->running[cpu]) {
        queue_remove(pool, next);
    }
    return next;
}

static struct sched_choice credit2_pick(struct sched_pool *pool, unsigned cpu, uint64_t now_ns)
{
    struct sched_unit *prev = pool->running[cpu], *next;
    bool caps = !order_empty(&pool->order[PARKED]) || (prev != NULL && cap_has(prev)), yielded = false;
    struct sched_choice choice;
    uint32_t kick = caps ? settle_caps(pool, prev, cpu, now_ns) : 0;

    pool->policy[POOL_PREEMPT] &= ~BIT64(cpu);
    next = take_next(pool, cpu, now_ns);
    if (prev != NULL && next != prev) {
        yielded = prev->yielded;
        if (prev->awake && cap_has(prev) && cap_spent(pool, prev, now_ns)) {
            cap_park(pool, prev, cpu);
        } else if (prev->awake) {
            queue_add(pool, prev);
        }
    }
    choice = run(pool, next, cpu, yielded, now_ns);
    choice.kick = kick;
    if (!order_empty(&pool->order[PARKED]) || (next != NULL && cap_has(next))) {
        limit(pool, cpu, now_ns, &choice);
    }
    return choice;
}

static void credit2_init(struct sched_pool *pool)
{
    pool->policy[POOL_IDLE] = pool->cpus;
    clock_init(pool);
}

static int credit2_admit(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns, uint32_t *kick)
{
    clock_set_weight(unit);
    clock_weights_changed(pool);
    unit->policy[UNIT_VTIME] = pool->policy[POOL_FLOOR + first_cpu(unit->hard_affinity & pool->cpus)];
    cap_join(pool, unit, now_ns);
    *kick = 0;
    return 0;
}

static uint32_t credit2_params_changed(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns)
{
    clock_set_weight(unit);
    clock_weights_changed(pool);
    cap_changed(pool, unit, now_ns);
    if (cap_parked(unit)) {
        cap_unpark(pool, unit);
        return enter(pool, unit, now_ns);
    }
    return unit->state == RUNSTATE_RUNNING ? BIT32(unit->cpu) : 0; /* Its slice ends at another time. */
}

static void credit2_remove(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns, uint32_t *kick)
{
    cap_leave(pool, unit);
    clock_weights_changed(pool);
    (void)now_ns;
    *kick = 0;
}

static uint32_t credit2_wake(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns)
{
    clock_place(pool, unit, true, now_ns);
    if (cap_has(unit) && cap_spent(pool, unit, now_ns)) {
        return cap_park_anywhere(pool, unit);
    }
    unit->policy[UNIT_WOKEN] = WOKEN_SLEPT;
    return place_settle(pool, unit, pool->cpus, now_ns);
}

static void credit2_sleep(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns)
{
    (void)now_ns;
    place_withdraw(pool, unit);
}

static void credit2_charge(struct sched_pool *pool, struct sched_unit *unit, uint64_t ran_ns)
{
    (void)pool;
    unit->policy[UNIT_VTIME] += clock_span(unit, ran_ns);
    if (cap_has(unit)) {
        unit->policy[UNIT_TAKEN] -= ran_ns;
    }
}

static uint32_t credit2_saved(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns)
{
    uint32_t free = (uint32_t)pool->policy[POOL_IDLE] & unit->hard_affinity;
    uint32_t others = pool->cpus & ~BIT32(unit->cpu); /* Its own pCPU has just preferred another to it. */

    if (unit->policy[UNIT_GIVEN] != 0) {
        return BIT32(unit->policy[UNIT_GIVEN] - 1);
    }
    if (cap_parked(unit)) {
        return 0;
    }
    if (free != 0) {
        unsigned cpu = place_best_free(pool, unit, free);

        queue_remove(pool, unit);
        place_assign(pool, unit, cpu);
        return BIT32(cpu);
    }
    queue_mark(unit);
    if (((others | pool->policy[POOL_ALONE]) & unit->hard_affinity) == 0) {
        return 0;
    }
    return place_contend(pool, unit, others, now_ns);
}

static uint32_t credit2_affinity_changed(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns)
{
    if (unit->state == RUNSTATE_RUNNING) {
        uint32_t better = preferred(pool, unit) & (uint32_t)pool->policy[POOL_IDLE];
        bool stays = (preferred(pool, unit) & BIT32(unit->cpu)) != 0 ||
                     ((unit->hard_affinity & BIT32(unit->cpu)) != 0 && better == 0);

        return stays ? 0 : BIT32(unit->cpu);
    }
    if (unit->state != RUNSTATE_RUNNABLE || cap_parked(unit)) {
        return 0;
    }
    place_withdraw(pool, unit);
    return place_settle(pool, unit, pool->cpus, now_ns);
}

/* Who runs on a pCPU that leaves is queued by its pick. */
static int credit2_cpus_changed(struct sched_pool *pool, unsigned cpu, uint64_t now_ns, uint32_t *kick)
{
    struct sched_unit *unit = pool->assigned[cpu];
    bool comes = (pool->cpus & BIT32(cpu)) != 0;

    if (unit != NULL) {
        place_withdraw(pool, unit);
    }
    pool->policy[POOL_IDLE] = (pool->policy[POOL_IDLE] & ~BIT64(cpu)) | (comes ? BIT64(cpu) : 0);
    pool->policy[POOL_ALONE] &= ~BIT64(cpu);
    clock_cpus_changed(pool, cpu);
    *kick = BIT32(cpu) | cap_cpus_changed(pool) |
            (unit != NULL ? place_settle(pool, unit, pool->cpus, now_ns) : 0);
    return 0;
}

const struct sched_ops sched_credit2 = {
    .name = "credit2",
    .abi_id = 6, /* XEN_SCHEDULER_CREDIT2, public/domctl.h. */
    .may_untrap_wfi = true,
    .init = credit2_init,
    .check = plain_check,
    .admit = credit2_admit,
    .remove = credit2_remove,
    .wake = credit2_wake,
    .sleep = credit2_sleep,
    .charge = credit2_charge,
    .pick = credit2_pick,
    .hand_over = credit2_hand_over,
    .saved = credit2_saved,
    .affinity_changed = credit2_affinity_changed,
    .params_changed = credit2_params_changed,
    .cpus_changed = credit2_cpus_changed,
};

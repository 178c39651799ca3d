/* SPDX-License-Identifier: Apache-2.0 */
/* sched.c - the scheduling core: the life of a unit, who runs where, and the accounting of its states.
 *
 *                     wake                  pick chooses it
 *     OFFLINE/BLOCKED -----> RUNNABLE ---------------------------> RUNNING
 *          ^  ^                |  ^                                  |  |
 *          |  '---- sleep -----'  '--- pick of another, awake -------'  |
 *          '----------------------- pick of another, asleep ------------'
 *
 * A policy decides; only this file changes a unit's state, pool->running, unit->cpu and unit->on_cpu. Sleep
 * and wake of a running unit only change unit->awake: its pCPU sees that when it picks, so both may cross
 * without harm.
 *
 * Invariants, at any time the lock is free:
 *   - running[c] == u  <=>  u is RUNNING with u->cpu == c; then u->on_cpu.
 *   - RUNNABLE => awake; BLOCKED or OFFLINE => not awake.
 *   - The sum of a unit's state times is the time since it was added.
 *
 * Locking: every public function takes the pool's lock and releases it. */
#include "sched/sched.h"

#include "lib/error.h"
#include "lib/lock_rank.h"
#include "lib/panic.h"
#include "lib/string.h"

#define RATELIMIT_DEFAULT_NS NS_PER_MS         /* As Xen's sched_ratelimit_us. */
#define CAP_PERIOD_DEFAULT_NS (10 * NS_PER_MS) /* As Xen's credit2_cap_period_ms. */
#define WEIGHT_MAX 65535u

const struct sched_ops *sched_policy(unsigned index)
{
    const struct sched_ops *const all[] = {
        CONFIG_SCHED_CREDIT2 ? &sched_credit2 : NULL,
        CONFIG_SCHED_NULL ? &sched_null : NULL,
        CONFIG_SCHED_RTDS ? &sched_rtds : NULL,
        CONFIG_SCHED_ARINC653 ? &sched_arinc653 : NULL,
    };

    for (unsigned i = 0; i < ARRAY_COUNT(all); i++) {
        if (all[i] != NULL && index-- == 0) {
            return all[i];
        }
    }
    return NULL;
}

const struct sched_ops *sched_find(const char *name)
{
    const struct sched_ops *ops;

    for (unsigned i = 0; (ops = sched_policy(i)) != NULL; i++) {
        if (strcmp(ops->name, name) == 0) {
            return ops;
        }
    }
    return NULL;
}

void sched_pool_init(struct sched_pool *pool, const struct sched_ops *ops, uint32_t cpus)
{
    spin_init(&pool->lock, LOCK_RANK_SCHED);
    sched_pool_reset(pool, ops, cpus);
}

void sched_pool_reset(struct sched_pool *pool, const struct sched_ops *ops, uint32_t cpus)
{
    spin_lock(&pool->lock);
    memset((char *)pool + sizeof(pool->lock), 0, sizeof(*pool) - sizeof(pool->lock));
    pool->ops = ops;
    pool->cpus = cpus & (BIT32(CPU_MAX) - 1);
    pool->ratelimit_ns = RATELIMIT_DEFAULT_NS;
    pool->cap_period_ns = CAP_PERIOD_DEFAULT_NS;
    list_init(&pool->units);
    ops->init(pool);
    spin_unlock(&pool->lock);
}

void sched_set_ratelimit(struct sched_pool *pool, uint64_t ratelimit_ns)
{
    spin_lock(&pool->lock);
    pool->ratelimit_ns = ratelimit_ns;
    spin_unlock(&pool->lock);
}

/* Add the time since @unit entered its state to @time_ns. What it slept in place while it counted as running
 * was blocked. */
static void add_span(uint64_t time_ns[4], const struct sched_unit *unit, uint64_t now_ns)
{
    uint64_t span = now_ns - unit->state_since_ns;
    uint64_t asleep = min_u64(unit->asleep_ns, span);

    time_ns[unit->state] += span - asleep;
    time_ns[RUNSTATE_BLOCKED] += asleep;
}

static void unit_set_state(struct sched_unit *unit, enum runstate state, uint64_t now_ns)
{
    ASSERT(state != RUNSTATE_RUNNING || unit->state == RUNSTATE_RUNNABLE);
    if (state == unit->state) {
        return;
    }
    if (now_ns > unit->state_since_ns) {
        add_span(unit->state_ns, unit, now_ns);
        unit->state_since_ns = now_ns;
        unit->asleep_ns = 0;
    }
    unit->state = state;
}

static bool unit_runs(const struct sched_unit *unit)
{
    return unit->state == RUNSTATE_RUNNING;
}

static int check_params(const struct sched_params *params)
{
    bool weighs = params->weight != 0 && params->weight <= WEIGHT_MAX && params->cap <= SCHED_CAP_MAX;
    bool lasts = params->budget_ns >= SCHED_PERIOD_MIN_NS && params->budget_ns <= params->period_ns &&
                 params->period_ns <= SCHED_PERIOD_MAX_NS;

    return weighs && lasts ? 0 : -EINVAL;
}

static int check(const struct sched_pool *pool, const struct sched_unit *unit,
                 const struct sched_params *params, uint32_t hard)
{
    return (hard & pool->cpus) != 0 ? pool->ops->check(pool, unit, params, hard) : -EINVAL;
}

static void unit_init(struct sched_unit *unit, uint64_t now_ns)
{
    unit->state = RUNSTATE_OFFLINE;
    unit->sleep_state = RUNSTATE_OFFLINE;
    unit->state_since_ns = now_ns;
    memset(unit->state_ns, 0, sizeof(unit->state_ns));
    unit->asleep_ns = 0;
    unit->cpu = CPU_NONE;
    unit->on_cpu = false;
    unit->awake = false;
    memset(unit->policy, 0, sizeof(unit->policy));
    memset(unit->node, 0, sizeof(unit->node));
    list_init(&unit->group_link);
}

int sched_add(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns, uint32_t *kick)
{
    uint32_t kicked = 0;
    int error = check_params(&unit->params);

    if (error != 0) {
        return error;
    }
    unit->pool = NULL;
    unit_init(unit, now_ns);
    spin_lock(&pool->lock);
    error = check(pool, unit, &unit->params, unit->hard_affinity);
    if (error == 0) {
        unit->pool = pool;
        list_append(&pool->units, &unit->pool_link);
        error = pool->ops->admit(pool, unit, now_ns, &kicked);
    }
    spin_unlock(&pool->lock);
    if (error == 0) {
        *kick = kicked;
    }
    return error;
}

uint32_t sched_remove(struct sched_unit *unit, uint64_t now_ns)
{
    struct sched_pool *pool = unit->pool;
    uint32_t kick = 0;

    spin_lock(&pool->lock);
    ASSERT(!unit->on_cpu && !unit_runs(unit));
    if (unit->state == RUNSTATE_RUNNABLE) {
        pool->ops->sleep(pool, unit, now_ns);
        unit->awake = false;
        unit_set_state(unit, RUNSTATE_OFFLINE, now_ns);
    }
    list_remove(&unit->pool_link);
    pool->ops->remove(pool, unit, now_ns, &kick);
    unit->pool = NULL;
    spin_unlock(&pool->lock);
    return kick;
}

/* The unit may be moved meanwhile: then its pool is another one when that lock is held at last. */
static inline struct sched_pool *lock_pool_of(const struct sched_unit *unit) LOCK_UNCHECKED
{
    for (;;) {
        struct sched_pool *pool = __atomic_load_n(&unit->pool, __ATOMIC_RELAXED);

        spin_lock(&pool->lock);
        if (unit->pool == pool) {
            return pool;
        }
        spin_unlock(&pool->lock);
    }
}

static inline void unlock_pool(struct sched_pool *pool) LOCK_UNCHECKED
{
    spin_unlock(&pool->lock);
}

static uint32_t wake(struct sched_unit *unit, const struct sched_unit *by, bool offline_too, uint64_t now_ns)
{
    struct sched_pool *pool = lock_pool_of(unit);
    uint32_t kick = 0;

    if (!unit->awake && (offline_too || unit->sleep_state == RUNSTATE_BLOCKED)) {
        unit->awake = true;
        unit->woken_by = by;
        if (!unit_runs(unit)) {
            unit_set_state(unit, RUNSTATE_RUNNABLE, now_ns);
            kick = pool->ops->wake(pool, unit, now_ns);
        }
    }
    unlock_pool(pool);
    return kick;
}

uint32_t sched_wake(struct sched_unit *unit, uint64_t now_ns)
{
    return wake(unit, NULL, true, now_ns);
}

uint32_t sched_unblock(struct sched_unit *unit, const struct sched_unit *by, uint64_t now_ns)
{
    return wake(unit, by, false, now_ns);
}

uint32_t sched_sleep(struct sched_unit *unit, enum runstate state, uint64_t now_ns)
{
    struct sched_pool *pool = lock_pool_of(unit);
    uint32_t kick = 0;

    ASSERT(state == RUNSTATE_BLOCKED || state == RUNSTATE_OFFLINE);
    if (unit->awake || state == RUNSTATE_OFFLINE) {
        unit->sleep_state = state;
    }
    unit->awake = false;
    if (unit_runs(unit)) {
        kick = BIT32(unit->cpu);
    } else {
        if (unit->state == RUNSTATE_RUNNABLE) {
            pool->ops->sleep(pool, unit, now_ns);
        }
        unit_set_state(unit, unit->sleep_state, now_ns);
    }
    unlock_pool(pool);
    return kick;
}

static void charge(struct sched_pool *pool, unsigned cpu, uint64_t now_ns)
{
    if (now_ns > pool->charged_ns[cpu]) {
        if (pool->running[cpu] != NULL) {
            pool->ops->charge(pool, pool->running[cpu], now_ns - pool->charged_ns[cpu]);
        } else {
            pool->idle_ns[cpu] += now_ns - pool->charged_ns[cpu];
        }
        pool->charged_ns[cpu] = now_ns;
    }
}

int sched_set_affinity(struct sched_unit *unit, uint32_t hard, uint32_t soft, uint64_t now_ns, uint32_t *kick)
{
    struct sched_pool *pool = unit->pool;
    int error;

    spin_lock(&pool->lock);
    error = check(pool, unit, &unit->params, hard);
    if (error == 0) {
        unit->hard_affinity = hard;
        unit->soft_affinity = soft;
        *kick = pool->ops->affinity_changed(pool, unit, now_ns);
    }
    spin_unlock(&pool->lock);
    return error;
}

int sched_set_params(struct sched_unit *unit, const struct sched_params *params, uint64_t now_ns,
                     uint32_t *kick)
{
    struct sched_pool *pool = unit->pool;
    int error = check_params(params);

    if (error != 0) {
        return error;
    }
    spin_lock(&pool->lock);
    error = check(pool, unit, params, unit->hard_affinity);
    if (error == 0) {
        if (unit_runs(unit)) {
            charge(pool, unit->cpu, now_ns); /* By what it had. */
        }
        unit->params = *params;
        *kick = pool->ops->params_changed(pool, unit, now_ns);
    }
    spin_unlock(&pool->lock);
    return error;
}

void sched_get_params(struct sched_unit *unit, struct sched_params *params)
{
    struct sched_pool *pool = lock_pool_of(unit);

    *params = unit->params;
    unlock_pool(pool);
}

/* @unit is RUNNABLE or asleep and its registers are in memory: others may have it. Lock held. */
static uint32_t let_go(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns)
{
    unit->on_cpu = false;
    return unit->state == RUNSTATE_RUNNABLE ? pool->ops->saved(pool, unit, now_ns) : 0;
}

/* Both kinds of pick. @saved: sched_pick_saved()'s. */
static void pick(struct sched_pool *pool, unsigned cpu, uint64_t now_ns, bool saved,
                 struct sched_choice *choice)
{
    struct sched_unit *prev, *next;

    spin_lock(&pool->lock);
    charge(pool, cpu, now_ns);
    *choice = pool->ops->pick(pool, cpu, now_ns);
    prev = pool->running[cpu];
    next = choice->next;
    if (prev != NULL) {
        prev->yielded = false;
    }
    if (next != prev) {
        if (prev != NULL) {
            unit_set_state(prev, prev->awake ? RUNSTATE_RUNNABLE : prev->sleep_state, now_ns);
        }
        pool->running[cpu] = next;
        if (next != NULL) {
            ASSERT(next->awake && (!next->on_cpu || next->cpu == cpu));
            ASSERT((next->hard_affinity & BIT32(cpu)) != 0);
            unit_set_state(next, RUNSTATE_RUNNING, now_ns);
            next->cpu = cpu;
            next->on_cpu = true;
        }
        if (saved && prev != NULL) {
            choice->kick |= let_go(pool, prev, now_ns);
        }
    }
    spin_unlock(&pool->lock);
}

struct sched_choice sched_pick(struct sched_pool *pool, unsigned cpu, uint64_t now_ns)
{
    struct sched_choice choice;

    pick(pool, cpu, now_ns, false, &choice);
    return choice;
}

/* What @unit slept in place of its time in this state so far goes to BLOCKED. */
__attribute__((noinline)) static void slept_in_place(struct sched_unit *unit, uint64_t now_ns)
{
    if (now_ns > unit->state_since_ns) {
        add_span(unit->state_ns, unit, now_ns);
        unit->state_since_ns = now_ns;
        unit->asleep_ns = 0;
    }
}

/* As unit_set_state(), for a change that comes with every switch. */
static inline void count_state(struct sched_unit *unit, enum runstate from, enum runstate to, uint64_t now_ns)
{
    ASSERT(unit->state == from && unit->awake);
    if (unit->asleep_ns != 0) {
        slept_in_place(unit, now_ns);
    }
    if (now_ns > unit->state_since_ns) {
        unit->state_ns[from] += now_ns - unit->state_since_ns;
        unit->state_since_ns = now_ns;
    }
    unit->state = to;
}

void sched_pick_saved(struct sched_pool *pool, unsigned cpu, uint64_t now_ns, struct sched_choice *choice)
{
    struct sched_unit *prev, *next;

    spin_lock(&pool->lock);
    prev = pool->running[cpu];
    next = pool->ops->hand_over(pool, cpu, now_ns, &choice->until_ns);
    if (next == NULL) {
        spin_unlock(&pool->lock);
        pick(pool, cpu, now_ns, true, choice);
        return;
    }
    choice->next = next;
    choice->alone = false;
    choice->kick = 0;
    prev->yielded = false;
    count_state(prev, RUNSTATE_RUNNING, RUNSTATE_RUNNABLE, now_ns);
    count_state(next, RUNSTATE_RUNNABLE, RUNSTATE_RUNNING, now_ns);
    pool->charged_ns[cpu] = now_ns;
    pool->running[cpu] = next;
    next->cpu = cpu;
    next->on_cpu = true;
    prev->on_cpu = false;
    if ((prev->hard_affinity & pool->cpus & ~BIT32(cpu)) != 0) {
        choice->kick = pool->ops->saved(pool, prev, now_ns);
    }
    spin_unlock(&pool->lock);
}

uint32_t sched_saved(struct sched_unit *unit, uint64_t now_ns)
{
    struct sched_pool *pool = unit->pool;
    uint32_t kick;

    spin_lock(&pool->lock);
    ASSERT(unit->on_cpu && !unit_runs(unit));
    kick = let_go(pool, unit, now_ns);
    spin_unlock(&pool->lock);
    return kick;
}

uint64_t sched_idle_ns(struct sched_pool *pool, unsigned cpu, uint64_t now_ns)
{
    uint64_t idle_ns;

    spin_lock(&pool->lock);
    idle_ns = pool->idle_ns[cpu];
    if (pool->running[cpu] == NULL && now_ns > pool->charged_ns[cpu]) {
        idle_ns += now_ns - pool->charged_ns[cpu];
    }
    spin_unlock(&pool->lock);
    return idle_ns;
}

void sched_runstate(struct sched_unit *unit, uint64_t now_ns, enum runstate *state, uint64_t *since_ns,
                    uint64_t time_ns[4])
{
    struct sched_pool *pool = lock_pool_of(unit);

    *state = unit->state;
    *since_ns = unit->state_since_ns;
    memcpy(time_ns, unit->state_ns, sizeof(unit->state_ns));
    if (now_ns > unit->state_since_ns) {
        add_span(time_ns, unit, now_ns);
    }
    unlock_pool(pool);
}

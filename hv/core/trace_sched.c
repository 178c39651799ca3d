/* SPDX-License-Identifier: Apache-2.0 */
/* trace_sched.c - records of who runs, waits and sleeps: TRC_SCHED_* of xen/trace.h, as Xen writes them.
 *
 * The scheduling core tells its policy of every change of a unit's state, through the policy's table. While
 * somebody wants records each pool has another table, a copy of its policy's in which those functions record
 * first or after and call the real one. So nothing is tested, nor anything slower, while nobody does. The
 * pool's lock is held, which puts the records in order.
 *
 *     wake       asleep -> runnable
 *     sleep      runnable -> asleep
 *     pick, hand_over    prev: running -> runnable or asleep;  next: runnable -> running
 *
 * "Idle" is a vCPU of TRACE_IDLE_DOMAIN, always runnable, as readers expect of Xen. */
#include "arch/cpu.h"
#include "core/pcpu.h"
#include "core/sched_setup.h"
#include "core/trace.h"
#include "lib/panic.h"
#include "sched/pool.h"

#define POLICY_MAX 4u

struct watched {
    struct sched_ops ops;
    const struct sched_ops *real; /* NULL: not made yet. */
};

static struct watched tables[POLICY_MAX];
static bool watching;

static const struct sched_ops *real_ops(const struct sched_pool *pool)
{
    for (unsigned i = 0; i < POLICY_MAX; i++) {
        if (pool->ops == &tables[i].ops) {
            return tables[i].real;
        }
    }
    panic("trace: a pool that is watched has the table of a policy");
}

/* A unit, or a pCPU's idle one. */
struct who {
    uint32_t domid, vcpu;
};

static struct who who_of(const struct sched_unit *unit, unsigned cpu)
{
    return unit != NULL ? (struct who){unit->domid, unit->vcpu_id} : (struct who){TRACE_IDLE_DOMAIN, cpu};
}

static void put_change(struct who who, enum runstate from, enum runstate to)
{
    uint32_t words[] = {who.vcpu | who.domid << 16};

    trace_put(TRC_SCHED_RUNSTATE_CHANGE | (uint32_t)from << 8 | (uint32_t)to << 4, words, 1);
}

static void put_unit(uint32_t event, const struct sched_unit *unit)
{
    uint32_t words[] = {unit->domid, unit->vcpu_id};

    trace_put(event, words, 2);
}

static uint32_t span(const struct sched_unit *unit, uint64_t now_ns)
{
    return unit != NULL && now_ns > unit->state_since_ns ? (uint32_t)(now_ns - unit->state_since_ns) : 0;
}

/* pCPU @cpu goes from @prev to @next; NULL: idle. @slice_ns: how long at most. */
static void put_switch(unsigned cpu, const struct sched_unit *prev, const struct sched_unit *next,
                       uint64_t now_ns, uint64_t slice_ns)
{
    struct who from = who_of(prev, cpu), to = who_of(next, cpu);
    uint32_t left[] = {from.domid, from.vcpu, span(prev, now_ns)};
    uint32_t entered[] = {to.domid, to.vcpu, span(next, now_ns), (uint32_t)slice_ns};
    uint32_t both[] = {from.domid, from.vcpu, to.domid, to.vcpu};

    if (prev != NULL && !prev->awake && prev->sleep_state == RUNSTATE_BLOCKED) {
        put_unit(TRC_SCHED_BLOCK, prev);
    } else if (prev != NULL && prev->yielded) {
        put_unit(TRC_SCHED_YIELD, prev);
    }
    trace_put(TRC_SCHED_SWITCH_INFPREV, left, 3);
    trace_put(TRC_SCHED_SWITCH_INFNEXT, entered, 4);
    trace_put(TRC_SCHED_SWITCH, both, 4);
    put_change(from, RUNSTATE_RUNNING, prev == NULL || prev->awake ? RUNSTATE_RUNNABLE : prev->sleep_state);
    put_change(to, RUNSTATE_RUNNABLE, RUNSTATE_RUNNING);
}

static uint64_t slice_of(uint64_t until_ns, uint64_t now_ns)
{
    return until_ns == TIME_NEVER || until_ns < now_ns ? 0 : min_u64(until_ns - now_ns, UINT32_MAX);
}

static uint32_t watched_wake(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns)
{
    put_change(who_of(unit, 0), unit->sleep_state, RUNSTATE_RUNNABLE);
    put_unit(TRC_SCHED_WAKE, unit);
    return real_ops(pool)->wake(pool, unit, now_ns);
}

static void watched_sleep(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns)
{
    put_change(who_of(unit, 0), RUNSTATE_RUNNABLE, unit->sleep_state);
    put_unit(TRC_SCHED_SLEEP, unit);
    real_ops(pool)->sleep(pool, unit, now_ns);
}

static struct sched_choice watched_pick(struct sched_pool *pool, unsigned cpu, uint64_t now_ns)
{
    struct sched_choice choice = real_ops(pool)->pick(pool, cpu, now_ns);
    const struct sched_unit *prev = pool->running[cpu];
    struct who who = who_of(prev, cpu);

    if (choice.next != prev) {
        put_switch(cpu, prev, choice.next, now_ns, slice_of(choice.until_ns, now_ns));
    } else {
        trace_put(TRC_SCHED_CONTINUE_RUNNING, (uint32_t[]){who.vcpu | who.domid << 16}, 1);
    }
    return choice;
}

static struct sched_unit *watched_hand_over(struct sched_pool *pool, unsigned cpu, uint64_t now_ns,
                                            uint64_t *until_ns)
{
    struct sched_unit *next = real_ops(pool)->hand_over(pool, cpu, now_ns, until_ns);

    if (next != NULL) {
        put_switch(cpu, pool->running[cpu], next, now_ns, slice_of(*until_ns, now_ns));
    }
    return next;
}

/* The table that stands for @ops while it is watched. */
static const struct sched_ops *watched_ops(const struct sched_ops *ops)
{
    unsigned i = 0;

    while (i < POLICY_MAX - 1 && tables[i].real != NULL && tables[i].real != ops) {
        i++;
    }
    if (tables[i].real == NULL) {
        tables[i].ops = *ops;
        tables[i].ops.wake = watched_wake;
        tables[i].ops.sleep = watched_sleep;
        tables[i].ops.pick = watched_pick;
        tables[i].ops.hand_over = watched_hand_over;
        tables[i].real = ops;
    }
    ASSERT(tables[i].real == ops); /* As many tables as there are policies. */
    return &tables[i].ops;
}

void trace_sched_add(struct sched_pool *pool)
{
    if (watching) {
        sched_pool_set_ops(pool, watched_ops(pool->ops));
    }
}

void trace_sched_watch(bool on)
{
    struct sched_pool *pool;

    if (on == watching) {
        return;
    }
    for (unsigned i = 0; (pool = sched_pool_at(i)) != NULL; i++) {
        sched_pool_set_ops(pool, on ? watched_ops(pool->ops) : real_ops(pool));
    }
    watching = on;
}

void trace_sched_doze(const struct sched_unit *unit, bool begins)
{
    struct who idle = who_of(NULL, cpu_id()), who = who_of(unit, 0);

    if (begins) {
        put_change(who, RUNSTATE_RUNNING, RUNSTATE_BLOCKED);
        put_change(idle, RUNSTATE_RUNNABLE, RUNSTATE_RUNNING);
    } else {
        put_change(who, RUNSTATE_BLOCKED, RUNSTATE_RUNNABLE);
        put_change(idle, RUNSTATE_RUNNING, RUNSTATE_RUNNABLE);
        put_change(who, RUNSTATE_RUNNABLE, RUNSTATE_RUNNING);
    }
}

void trace_sched_offline(const struct sched_unit *unit)
{
    if (unit->state == RUNSTATE_BLOCKED) { /* Without the pool's lock: it is told, not acted on. */
        put_change(who_of(unit, 0), RUNSTATE_BLOCKED, RUNSTATE_OFFLINE);
    }
}

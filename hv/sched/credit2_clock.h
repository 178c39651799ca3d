/* SPDX-License-Identifier: Apache-2.0 */
/* credit2_clock.h - credit2's virtual time: what a unit has been given for its weight, and how far any two
 * may drift apart. All with the pool's lock held. */
#ifndef SCHED_CREDIT2_CLOCK_H
#define SCHED_CREDIT2_CLOCK_H

#include "sched/sched.h"

enum unit_word {
    UNIT_VTIME,    /* Virtual time; compare with vtime_ahead() only. */
    UNIT_RATE,     /* Virtual time per nanosecond, 2^-20ths: 2^32 / weight. */
    UNIT_GIVEN,    /* pCPU + 1 whose assigned[] names it; 0: none. */
    UNIT_WOKEN,    /* Since when it waits, and has not run yet: enum unit_woken. */
    UNIT_TAKEN,    /* With a cap: what it may still run of what it took for itself, in ns; signed. */
    UNIT_LEVELLED, /* POOL_LEVELLED when it was parked. */
    UNIT_CAPPED,   /* Counted in POOL_CAPS. */
};

enum unit_woken {
    WOKEN_NOT,   /* It ran last. */
    WOKEN_SLEPT, /* It woke. */
    WOKEN_DUE,   /* The period began for which it waited: its domain's cap. */
};

/* pool->order[], and a unit's node[]. */
enum pool_order {
    QUEUE,  /* Who waits: credit2_queue.h. */
    PARKED, /* Whose domain has run all its cap lets it: credit2_cap.h. */
};

enum pool_word {
    POOL_IDLE,     /* Mask: idle, and not assigned to a unit that comes. */
    POOL_ALONE,    /* Mask: the last pick there said alone. */
    POOL_PREEMPT,  /* Mask: told to preempt, has not picked since. */
    POOL_RATE,     /* The highest UNIT_RATE of the pool. */
    POOL_CAPS,     /* Units that have a cap. */
    POOL_GROUPS,   /* Groups there can be that do not compete: one a pCPU, and one that only waits. */
    POOL_LEVELLED, /* By how much levelling has moved the uppermost down so far, as virtual time. */
    POOL_FLOOR,    /* One a pCPU: the lowest virtual time that competed there, never going back. */
    POOL_WORDS = POOL_FLOOR + CPU_MAX,
};

static inline uint64_t vtime_of(const struct sched_unit *unit)
{
    return unit->policy[UNIT_VTIME];
}

/* How far @a is ahead of @b; right as long as they are less than 2^63 apart, so they may wrap. */
static inline int64_t vtime_ahead(uint64_t a, uint64_t b)
{
    return (int64_t)(a - b);
}

#define CLOCK_RATE_SHIFT 20
#define CLOCK_SPAN_MAX_NS NS_PER_S /* Times the highest rate, 2^32, this still fits. */

static inline uint64_t clock_span_at(uint64_t rate, uint64_t ns)
{
    return (min_u64(ns, CLOCK_SPAN_MAX_NS) * rate + (BIT64(CLOCK_RATE_SHIFT) - 1)) >> CLOCK_RATE_SHIFT;
}

/* @ns of @unit's running as virtual time; more than a second counts as one. */
static inline uint64_t clock_span(const struct sched_unit *unit, uint64_t ns)
{
    return clock_span_at(unit->policy[UNIT_RATE], ns);
}

/* Virtual time @vtime of @unit as nanoseconds, at most @limit_ns (up to a second). */
uint64_t clock_ns(const struct sched_unit *unit, uint64_t vtime, uint64_t limit_ns);
/* @ns of the heavier of two as virtual time. */
static inline uint64_t clock_span_least(const struct sched_unit *a, const struct sched_unit *b, uint64_t ns)
{
    return clock_span_at(min_u64(a->policy[UNIT_RATE], b->policy[UNIT_RATE]), ns);
}
/* Virtual time of what runs on @cpu, which is not idle, by @now_ns. */
uint64_t clock_running(const struct sched_pool *pool, unsigned cpu, uint64_t now_ns);

void clock_init(struct sched_pool *pool);
/* @cpu joined the pool, or left it. */
void clock_cpus_changed(struct sched_pool *pool, unsigned cpu);
void clock_set_weight(struct sched_unit *unit);
/* Units came or went. */
void clock_weights_changed(struct sched_pool *pool);
/* @unit, in no queue, begins to wait after it slept, or was parked: bound what it saved up and what it owes.
 */
void clock_place(struct sched_pool *pool, struct sched_unit *unit, bool slept, uint64_t now_ns);
/* @vtime is the lowest that competes for @cpu. */
static inline void clock_raise_floor(struct sched_pool *pool, unsigned cpu, uint64_t vtime)
{
    if (vtime_ahead(vtime, pool->policy[POOL_FLOOR + cpu]) > 0) {
        pool->policy[POOL_FLOOR + cpu] = vtime;
    }
}

/* Two that compete are so far apart that clock_level() is due. */
bool clock_apart(const struct sched_pool *pool, uint64_t a, uint64_t b);
/* Close the gaps between the virtual times of awake units that are wider than any fair history explains. */
void clock_level(struct sched_pool *pool, uint64_t now_ns);

#endif

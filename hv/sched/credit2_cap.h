/* SPDX-License-Identifier: Apache-2.0 */
/* credit2_cap.h - credit2: what a domain may run at most, however idle the machine is. All with the pool's
 * lock held. */
#ifndef SCHED_CREDIT2_CAP_H
#define SCHED_CREDIT2_CAP_H

#include "sched/credit2_clock.h"

static inline bool cap_has(const struct sched_unit *unit)
{
    return unit->params.cap != 0;
}

static inline bool cap_parked(const struct sched_unit *unit)
{
    return unit->node[PARKED].height != 0;
}

/* @unit joins its domain's units in @pool, or leaves them. */
void cap_join(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns);
void cap_leave(struct sched_pool *pool, struct sched_unit *unit);
/* It has another cap than before. */
void cap_changed(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns);
/* Has its domain run all that it may up to the end of the period? For a unit with a cap. */
bool cap_spent(const struct sched_pool *pool, const struct sched_unit *unit, uint64_t now_ns);
/* @unit, whose domain has something left, begins to run or goes on: its part. */
void cap_take(const struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns);
/* It does not run now: what it has not used of its part is its domain's again. */
void cap_give_back(const struct sched_pool *pool, struct sched_unit *unit);
/* @unit waits, and its domain has nothing left: until that changes. @cpu will see to it. */
void cap_park(struct sched_pool *pool, struct sched_unit *unit, unsigned cpu);
/* The same from a pCPU that may be another: which one sees to it, as a mask of pCPUs to be told. */
uint32_t cap_park_anywhere(struct sched_pool *pool, struct sched_unit *unit);
/* No longer; nothing when it was not parked. */
void cap_unpark(struct sched_pool *pool, struct sched_unit *unit);
/* One that @cpu has to see to, taken out; NULL: none is due. */
struct sched_unit *cap_due(struct sched_pool *pool, unsigned cpu, uint64_t now_ns);
/* One of @unit's domain that can go on, taken out, now that something was given back; NULL: none. */
struct sched_unit *cap_resume(struct sched_pool *pool, const struct sched_unit *unit);
/* When @cpu has to see to the next; TIME_NEVER: to none. */
uint64_t cap_watch_ns(const struct sched_pool *pool, unsigned cpu, uint64_t now_ns);
/* A pCPU joined the pool, or left it: who sees to what it had is in the mask. */
uint32_t cap_cpus_changed(const struct sched_pool *pool);

#endif

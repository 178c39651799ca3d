/* SPDX-License-Identifier: Apache-2.0 */
/* credit2_place.h - credit2: where a unit that waits may go, who gives way to it, who must be told. All with
 * the pool's lock held. */
#ifndef SCHED_CREDIT2_PLACE_H
#define SCHED_CREDIT2_PLACE_H

#include "sched/credit2_queue.h"

#define STAY_NS (5 * NS_PER_MS) /* What runs may get ahead of who waits by this. */

/* The same for @unit, which waits. One that woke goes first as soon as it is behind what runs. */
static inline uint64_t stay_ns(const struct sched_unit *unit)
{
    return unit->policy[UNIT_WOKEN] != 0 ? 0 : STAY_NS;
}

static inline unsigned first_cpu(uint64_t mask)
{
    return (unsigned)__builtin_ctzll(mask);
}

/* What runs on @cpu has had so much more than @unit, which waits, that it should give way. */
bool place_beats(const struct sched_pool *pool, const struct sched_unit *unit, unsigned cpu, uint64_t now_ns);
/* How long @running has its pCPU at least when @unit waits for it: the ratelimit, and twice that for who woke
 * @unit by an event, since more will come of the same and fewer switches carry it. */
static inline uint64_t place_hold_ns(const struct sched_pool *pool, const struct sched_unit *unit,
                                     const struct sched_unit *running)
{
    bool waker = unit->policy[UNIT_WOKEN] == WOKEN_SLEPT && unit->woken_by == running;

    return waker ? max_u64(pool->ratelimit_ns, min_u64(2 * pool->ratelimit_ns, STAY_NS)) : pool->ratelimit_ns;
}
/* Until when what runs on @cpu, which is not idle, may not be preempted by @unit. */
uint64_t place_held_until_ns(const struct sched_pool *pool, const struct sched_unit *unit, unsigned cpu);
/* From when on what runs on @cpu will find room, by way of any pCPUs where @unit may not run, so that @unit
 * could have @cpu; TIME_NEVER: not as things are. */
uint64_t place_shift_ns(const struct sched_pool *pool, const struct sched_unit *unit, unsigned cpu,
                        uint64_t now_ns);
/* @unit, in no queue, is going to run on idle @cpu, which is kept for it. */
void place_assign(struct sched_pool *pool, struct sched_unit *unit, unsigned cpu);
/* @unit leaves the queue, or is no longer parked, or leaves the pCPU it was assigned to, which then looks for
 * another by itself. */
void place_withdraw(struct sched_pool *pool, struct sched_unit *unit);
/* @unit is queued, and no pCPU it may use is free: who must know? Of those that run another, one of @cpus may
 * be told to take it. */
uint32_t place_contend(struct sched_pool *pool, struct sched_unit *unit, uint32_t cpus, uint64_t now_ns);
/* Of the pCPUs of @free, not empty, the one that suits @unit best. */
unsigned place_best_free(const struct sched_pool *pool, const struct sched_unit *unit, uint32_t free);
/* @unit, in no queue, waits from now on: find it a pCPU, or queue it. @cpus: see place_contend(). */
uint32_t place_settle(struct sched_pool *pool, struct sched_unit *unit, uint32_t cpus, uint64_t now_ns);

#endif

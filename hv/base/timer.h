/* SPDX-License-Identifier: Apache-2.0 */
/* timer.h - software timers: one sorted queue a pCPU. The caller owns clock, lock and hardware. */
#ifndef BASE_TIMER_H
#define BASE_TIMER_H

#include "lib/list.h"
#include "lib/types.h"

struct timer;
typedef void (*timer_function)(struct timer *timer);

struct timer {
    struct list_node node; /* In a queue while armed. */
    uint64_t deadline;     /* Counter ticks. */
    timer_function expired;
};

struct timer_queue {
    struct list_node timers; /* Earliest first; equal deadlines in order of arming. */
};

void timer_queue_init(struct timer_queue *queue);
void timer_init(struct timer *timer, timer_function expired);
bool timer_armed(const struct timer *timer);

/* Arm for @deadline; one that is armed, in this queue or another whose lock is held too, is taken out first.
 * Returns true when it is now the earliest: the hardware must be told. (It may return false when the earliest
 * moved back behind another: then the hardware fires early, timer_pop_expired() finds nothing, and the caller
 * programs timer_next().) */
bool timer_arm(struct timer_queue *queue, struct timer *timer, uint64_t deadline);

/* Disarm; nothing when not armed. */
void timer_disarm(struct timer *timer);

/* Earliest deadline, TIME_NEVER when empty. */
uint64_t timer_next(const struct timer_queue *queue);

/* Take the earliest timer off the queue when its deadline is at or before @now, else NULL. The caller runs it
 * without the lock; it may arm itself again. */
struct timer *timer_pop_expired(struct timer_queue *queue, uint64_t now);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* timer.c - software timers in a sorted list, earliest first; equal deadlines in order of arming.
 *
 * A queue holds a few timers per vCPU of one pCPU, and a new one is mostly the latest: arming looks for its
 * place from the end. */
#include "base/timer.h"

static struct timer *timer_of(struct list_node *node)
{
    return CONTAINER_OF(node, struct timer, node);
}

static const struct timer *first_of(const struct timer_queue *queue)
{
    return timer_of(queue->timers.next);
}

void timer_queue_init(struct timer_queue *queue)
{
    list_init(&queue->timers);
}

void timer_init(struct timer *timer, timer_function expired)
{
    list_init(&timer->node);
    timer->deadline = TIME_NEVER;
    timer->expired = expired;
}

bool timer_armed(const struct timer *timer)
{
    return !list_empty(&timer->node);
}

bool timer_arm(struct timer_queue *queue, struct timer *timer, uint64_t deadline)
{
    struct list_node *before;

    list_remove(&timer->node);
    before = queue->timers.prev;
    while (before != &queue->timers && timer_of(before)->deadline > deadline) {
        before = before->prev;
    }
    timer->deadline = deadline;
    list_insert_before(before->next, &timer->node);
    return before == &queue->timers;
}

void timer_disarm(struct timer *timer)
{
    list_remove(&timer->node);
}

uint64_t timer_next(const struct timer_queue *queue)
{
    return list_empty(&queue->timers) ? TIME_NEVER : first_of(queue)->deadline;
}

struct timer *timer_pop_expired(struct timer_queue *queue, uint64_t now)
{
    struct timer *timer;

    if (list_empty(&queue->timers)) {
        return NULL;
    }
    timer = timer_of(queue->timers.next);
    if (timer->deadline > now) {
        return NULL;
    }
    list_remove(&timer->node);
    return timer;
}

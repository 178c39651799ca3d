/* SPDX-License-Identifier: Apache-2.0 */
/* test_timer.c - software timers against an array that is searched anew each time. */
#include "base/timer.h"

#include "test.h"

#define TIMERS 12u

static void never_called(struct timer *timer)
{
    (void)timer;
    CHECK(false); /* The queue only hands timers out. */
}

TEST(empty_queue)
{
    struct timer_queue queue;

    timer_queue_init(&queue);
    CHECK_EQ(timer_next(&queue), TIME_NEVER);
    CHECK_PTR_EQ(timer_pop_expired(&queue, TIME_NEVER), NULL);
}

TEST(life_of_one_timer)
{
    struct timer_queue queue;
    struct timer timer;

    timer_queue_init(&queue);
    timer_init(&timer, never_called);
    CHECK(!timer_armed(&timer));
    timer_disarm(&timer);
    CHECK(timer_arm(&queue, &timer, 100));
    CHECK(timer_armed(&timer));
    CHECK_EQ(timer_next(&queue), 100);
    CHECK_PTR_EQ(timer_pop_expired(&queue, 99), NULL);
    CHECK(timer_armed(&timer));
    CHECK_PTR_EQ(timer_pop_expired(&queue, 100), &timer);
    CHECK(!timer_armed(&timer));
    CHECK_EQ(timer_next(&queue), TIME_NEVER);
    CHECK(timer_arm(&queue, &timer, 7));
    CHECK(timer_arm(&queue, &timer, 9));
    CHECK_EQ(timer_next(&queue), 9);
    timer_disarm(&timer);
    timer_disarm(&timer);
    CHECK(!timer_armed(&timer));
    CHECK_PTR_EQ(timer_pop_expired(&queue, 1000), NULL);
}

TEST(a_timer_moves_between_queues)
{
    struct timer_queue a, b;
    struct timer timer;

    timer_queue_init(&a);
    timer_queue_init(&b);
    timer_init(&timer, never_called);
    CHECK(timer_arm(&a, &timer, 5));
    CHECK(timer_arm(&b, &timer, 6));
    CHECK_EQ(timer_next(&a), TIME_NEVER);
    CHECK_EQ(timer_next(&b), 6);
}

/* The model: when each timer is due, and in what order they were armed. */
static struct {
    bool armed;
    uint64_t deadline, armed_at;
} model[TIMERS];

static unsigned model_first(void)
{
    unsigned first = TIMERS;

    for (unsigned i = 0; i < TIMERS; i++) {
        if (model[i].armed &&
            (first == TIMERS || model[i].deadline < model[first].deadline ||
             (model[i].deadline == model[first].deadline && model[i].armed_at < model[first].armed_at))) {
            first = i;
        }
    }
    return first;
}

static void check_pop(struct timer_queue *queue, struct timer *timers, uint64_t now)
{
    unsigned first = model_first();
    struct timer *popped = timer_pop_expired(queue, now);

    if (first == TIMERS || model[first].deadline > now) {
        CHECK_PTR_EQ(popped, NULL);
    } else {
        CHECK_PTR_EQ(popped, &timers[first]);
        model[first].armed = false;
    }
}

TEST(random_against_model)
{
    struct timer_queue queue;
    struct timer timers[TIMERS];

    timer_queue_init(&queue);
    for (unsigned i = 0; i < TIMERS; i++) {
        timer_init(&timers[i], never_called);
        model[i].armed = false;
    }
    for (uint64_t step = 0; step < 200000; step++) {
        unsigned i = (unsigned)test_random_below(TIMERS);
        uint64_t deadline =
            test_random_below(50) == 0 ? TIME_NEVER : test_random_below(20); /* Often equal. */

        switch (test_random_below(4)) {
        case 0:
        case 1:
            model[i].armed = true;
            model[i].deadline = deadline;
            model[i].armed_at = step;
            CHECK_EQ(timer_arm(&queue, &timers[i], deadline), model_first() == i);
            break;
        case 2:
            model[i].armed = false;
            timer_disarm(&timers[i]);
            break;
        default:
            check_pop(&queue, timers, test_random_below(20));
            break;
        }
        CHECK_EQ(timer_armed(&timers[i]), model[i].armed);
        CHECK_EQ(timer_next(&queue), model_first() == TIMERS ? TIME_NEVER : model[model_first()].deadline);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_sched.c - the scheduling core by hand, step by step, under every policy. */
#include <string.h>

#include "lib/error.h"
#include "sched/sched.h"
#include "test.h"

static struct sched_pool pool;
static struct sched_unit a, b;

static void add(struct sched_unit *unit, uint32_t hard)
{
    uint32_t kick = 99;

    *unit = (struct sched_unit){.hard_affinity = hard, .params = SCHED_PARAMS_DEFAULT};
    CHECK_EQ(sched_add(&pool, unit, 1000, &kick), 0);
    CHECK_EQ(kick, 0);
}

/* arinc653 makes all pCPUs pick when its first frame starts. */
static void check_kick(uint32_t kick, uint32_t wanted)
{
    CHECK_EQ(kick & wanted, wanted);
    CHECK(kick == wanted || pool.ops == &sched_arinc653);
}

static void check_state(struct sched_unit *unit, uint64_t now_ns, enum runstate state, uint64_t since_ns)
{
    enum runstate got;
    uint64_t got_since_ns, times_ns[4];

    sched_runstate(unit, now_ns, &got, &got_since_ns, times_ns);
    CHECK_EQ(got, state);
    CHECK_EQ(got_since_ns, since_ns);
    CHECK_EQ(times_ns[0] + times_ns[1] + times_ns[2] + times_ns[3], now_ns - 1000);
}

TEST(policies_are_found_by_name)
{
    CHECK_PTR_EQ(sched_find("null"), &sched_null);
    CHECK_PTR_EQ(sched_find("credit2"), &sched_credit2);
    CHECK_PTR_EQ(sched_find("credit"), NULL);
    CHECK_PTR_EQ(sched_find(""), NULL);
    CHECK_PTR_EQ(sched_find("rtds"), &sched_rtds);
    CHECK_PTR_EQ(sched_find("arinc653"), &sched_arinc653);
    CHECK_PTR_EQ(sched_policy(0), &sched_credit2);
    CHECK_PTR_EQ(sched_policy(1), &sched_null);
    CHECK_PTR_EQ(sched_policy(2), &sched_rtds);
    CHECK_PTR_EQ(sched_policy(3), &sched_arinc653);
    CHECK_PTR_EQ(sched_policy(4), NULL);
}

/* All time is idle time or somebody's running time. */
TEST(idle_time_is_counted)
{
    for (unsigned i = 0; sched_policy(i) != NULL; i++) {
        sched_pool_init(&pool, sched_policy(i), 0x1);
        add(&a, 0x1);
        CHECK_EQ(sched_idle_ns(&pool, 0, 4000), 4000);
        (void)sched_wake(&a, 4000);
        CHECK_PTR_EQ(sched_pick(&pool, 0, 5000).next, &a);
        CHECK_EQ(sched_idle_ns(&pool, 0, 9000), 5000);
        (void)sched_sleep(&a, RUNSTATE_BLOCKED, 9000);
        CHECK_PTR_EQ(sched_pick(&pool, 0, 10000).next, NULL);
        CHECK_EQ(sched_idle_ns(&pool, 0, 10000), 5000);
        CHECK_EQ(sched_idle_ns(&pool, 0, 12000), 7000);
        CHECK_EQ(sched_idle_ns(&pool, 0, 9000), 5000); /* By a clock that was read a little ago. */
    }
}

TEST(unit_lives_through_all_states)
{
    for (unsigned i = 0; sched_policy(i) != NULL; i++) {
        struct sched_choice choice;
        uint64_t times_ns[4], since_ns;
        enum runstate state;

        sched_pool_init(&pool, sched_policy(i), 0x3);
        add(&a, 0x2);
        CHECK_EQ(a.cpu, CPU_NONE);
        check_state(&a, 1500, RUNSTATE_OFFLINE, 1000);
        check_kick(sched_wake(&a, 2000), 0x2);
        check_kick(sched_wake(&a, 2100), 0);
        check_state(&a, 2200, RUNSTATE_RUNNABLE, 2000);
        choice = sched_pick(&pool, 0, 2300);
        CHECK_PTR_EQ(choice.next, NULL);
        choice = sched_pick(&pool, 1, 3000);
        CHECK_PTR_EQ(choice.next, &a);
        CHECK((choice.until_ns == TIME_NEVER) ==
              (sched_policy(i) == &sched_null || sched_policy(i) == &sched_credit2));
        CHECK(choice.alone == (sched_policy(i) != &sched_rtds));
        CHECK(a.on_cpu && a.cpu == 1);
        check_state(&a, 3100, RUNSTATE_RUNNING, 3000);
        CHECK_EQ(sched_sleep(&a, RUNSTATE_BLOCKED, 4000), 0x2);
        check_state(&a, 4100, RUNSTATE_RUNNING, 3000); /* Until its pCPU picks. */
        CHECK_PTR_EQ(sched_pick(&pool, 1, 5000).next, NULL);
        check_state(&a, 5100, RUNSTATE_BLOCKED, 5000);
        CHECK(a.on_cpu);
        CHECK_EQ(sched_saved(&a, 5200), 0);
        CHECK_EQ(sched_sleep(&a, RUNSTATE_OFFLINE, 6000), 0);
        sched_runstate(&a, 7000, &state, &since_ns, times_ns);
        CHECK_EQ(times_ns[RUNSTATE_OFFLINE], 2000);
        CHECK_EQ(times_ns[RUNSTATE_RUNNABLE], 1000);
        CHECK_EQ(times_ns[RUNSTATE_RUNNING], 2000);
        CHECK_EQ(times_ns[RUNSTATE_BLOCKED], 1000);
        check_kick(sched_remove(&a, 8000), 0);
    }
}

TEST(offline_is_left_by_a_wake_alone)
{
    for (unsigned i = 0; sched_policy(i) != NULL; i++) {
        sched_pool_init(&pool, sched_policy(i), 0x1);
        add(&a, 0x1);
        CHECK_EQ(sched_unblock(&a, NULL, 1500), 0); /* It was never switched on. */
        check_state(&a, 1600, RUNSTATE_OFFLINE, 1000);
        check_kick(sched_wake(&a, 2000), 0x1);
        CHECK_PTR_EQ(sched_pick(&pool, 0, 3000).next, &a);
        CHECK_EQ(sched_sleep(&a, RUNSTATE_OFFLINE, 4000), 0x1); /* From elsewhere, ... */
        CHECK_EQ(sched_sleep(&a, RUNSTATE_BLOCKED, 4100), 0x1); /* ...and its own wfi, ... */
        CHECK_EQ(sched_unblock(&a, NULL, 4200), 0); /* ...and an interrupt, before its pCPU hears of it. */
        CHECK(!a.awake);
        CHECK_PTR_EQ(sched_pick(&pool, 0, 5000).next, NULL);
        check_state(&a, 5100, RUNSTATE_OFFLINE, 5000);
        sched_saved(&a, 5200);
        CHECK_EQ(sched_sleep(&a, RUNSTATE_BLOCKED, 6000), 0);
        check_state(&a, 6100, RUNSTATE_OFFLINE, 5000);
        check_kick(sched_wake(&a, 7000), 0x1);
        CHECK_PTR_EQ(sched_pick(&pool, 0, 7100).next, &a);
        CHECK_EQ(sched_sleep(&a, RUNSTATE_BLOCKED, 8000), 0x1);
        CHECK_PTR_EQ(sched_pick(&pool, 0, 8100).next, NULL);
        CHECK_EQ(sched_unblock(&a, NULL, 8200), 0x1);
        check_state(&a, 8300, RUNSTATE_RUNNABLE, 8200);
    }
}

TEST(wake_that_crosses_a_sleep_changes_nothing)
{
    for (unsigned i = 0; sched_policy(i) != NULL; i++) {
        sched_pool_init(&pool, sched_policy(i), 0x1);
        add(&a, 0x1);
        sched_wake(&a, 2000);
        sched_pick(&pool, 0, 2000);
        CHECK_EQ(sched_sleep(&a, RUNSTATE_BLOCKED, 3000), 1);
        check_kick(sched_wake(&a, 3100), 0);
        CHECK_PTR_EQ(sched_pick(&pool, 0, 3200).next, &a);
        check_state(&a, 3300, RUNSTATE_RUNNING, 2000);
    }
}

TEST(idle_in_place_resumes_on_its_cpu_alone)
{
    for (unsigned i = 0; sched_policy(i) != NULL; i++) {
        sched_pool_init(&pool, sched_policy(i), 0x3);
        add(&a, 0x3);
        sched_wake(&a, 2000);
        CHECK_PTR_EQ(sched_pick(&pool, 0, 2000).next, &a);
        sched_sleep(&a, RUNSTATE_BLOCKED, 3000);
        CHECK_PTR_EQ(sched_pick(&pool, 0, 3000).next, NULL); /* Not saved: stays loaded on 0. */
        check_kick(sched_wake(&a, 4000), 0x1);
        CHECK_PTR_EQ(sched_pick(&pool, 1, 4000).next, NULL);
        CHECK_PTR_EQ(sched_pick(&pool, 0, 4000).next, &a);
    }
}

/* (Under arinc653 it waits for its slot there.) */
TEST(idle_in_place_is_saved_when_wanted_elsewhere)
{
    for (unsigned i = 0; sched_policy(i) != &sched_arinc653; i++) {
        uint32_t kick = 0;

        sched_pool_init(&pool, sched_policy(i), 0x3);
        add(&a, 0x3);
        sched_wake(&a, 2000);
        CHECK_PTR_EQ(sched_pick(&pool, 0, 2000).next, &a);
        sched_sleep(&a, RUNSTATE_BLOCKED, 3000);
        CHECK_PTR_EQ(sched_pick(&pool, 0, 3000).next, NULL);
        CHECK_EQ(sched_set_affinity(&a, 0x2, 0, 3100, &kick), 0);
        CHECK((sched_wake(&a, 4000) & 0x1) != 0); /* 0 must let go of it. */
        CHECK_PTR_EQ(sched_pick(&pool, 1, 4000).next, NULL);
        CHECK_PTR_EQ(sched_pick(&pool, 0, 4100).next, NULL);
        CHECK_EQ(sched_saved(&a, 4200), 0x2);
        CHECK_PTR_EQ(sched_pick(&pool, 1, 4300).next, &a);
    }
}

/* (Under arinc653 it waits for its slot there.) */
TEST(affinity_that_excludes_the_cpu_moves_a_running_unit)
{
    for (unsigned i = 0; sched_policy(i) != &sched_arinc653; i++) {
        uint32_t kick = 0;

        sched_pool_init(&pool, sched_policy(i), 0x3);
        add(&a, 0x1);
        sched_wake(&a, 2000);
        CHECK_PTR_EQ(sched_pick(&pool, 0, 2000).next, &a);
        CHECK_EQ(sched_set_affinity(&a, 0x4, 0, 2500, &kick), -EINVAL);
        CHECK_EQ(kick, 0);
        CHECK_EQ(sched_set_affinity(&a, 0x2, 0, 3000, &kick), 0);
        CHECK((kick & 0x1) != 0);
        CHECK_PTR_EQ(sched_pick(&pool, 1, 3000).next, NULL);
        CHECK_PTR_EQ(sched_pick(&pool, 0, 3000).next, NULL);
        CHECK_EQ(sched_saved(&a, 3000), 0x2);
        CHECK_PTR_EQ(sched_pick(&pool, 1, 3000).next, &a);
    }
}

/* Another pCPU's clock reading may be a little older than the last one seen. */
TEST(time_that_goes_back_is_no_time)
{
    for (unsigned i = 0; sched_policy(i) != NULL; i++) {
        sched_pool_init(&pool, sched_policy(i), 0x1);
        add(&a, 0x1);
        sched_wake(&a, 5000);
        CHECK_PTR_EQ(sched_pick(&pool, 0, 4990).next, &a);
        sched_sleep(&a, RUNSTATE_BLOCKED, 6000);
        sched_pick(&pool, 0, 5980);
        check_state(&a, 6000, RUNSTATE_BLOCKED, 5980);
    }
}

TEST(second_unit_takes_turns_under_credit2_only)
{
    uint32_t kick = 0;
    struct sched_choice choice;
    uint64_t end_ns;

    sched_pool_init(&pool, &sched_null, 0x1);
    add(&a, 0x1);
    b = (struct sched_unit){.hard_affinity = 1, .params = SCHED_PARAMS_DEFAULT};
    CHECK_EQ(sched_add(&pool, &b, 1000, &kick), -ENOSPC);
    CHECK_EQ(sched_wake(&b, 2000), 0);
    CHECK_PTR_EQ(sched_pick(&pool, 0, 3000).next, NULL);
    CHECK_EQ(sched_remove(&a, 4000), 0x1); /* b gets its place. */
    CHECK_PTR_EQ(sched_pick(&pool, 0, 5000).next, &b);

    sched_pool_init(&pool, &sched_credit2, 0x1);
    add(&a, 0x1);
    add(&b, 0x1);
    check_kick(sched_wake(&a, 2000), 0x1);
    CHECK_PTR_EQ(sched_pick(&pool, 0, 2000).next, &a);
    CHECK_EQ(sched_wake(&b, 3000), 0x1); /* a is no longer alone. */
    choice = sched_pick(&pool, 0, 3000);
    CHECK_PTR_EQ(choice.next, &a);
    CHECK(!choice.alone && choice.until_ns > 3000 && choice.until_ns <= 3000 + 10 * NS_PER_MS);
    end_ns = choice.until_ns;
    choice = sched_pick(&pool, 0, end_ns);
    CHECK_PTR_EQ(choice.next, &b);
    CHECK(!choice.alone && choice.until_ns > end_ns);
    CHECK_EQ(sched_saved(&a, end_ns + 1000), 0);
}

static void remove_running(void *argument)
{
    (void)argument;
    sched_remove(&a, 3000);
}

TEST(removing_a_running_unit_is_our_mistake)
{
    sched_pool_init(&pool, &sched_credit2, 0x1);
    add(&a, 0x1);
    sched_wake(&a, 2000);
    sched_pick(&pool, 0, 2000);
    CHECK(test_panics(remove_running, NULL));
}

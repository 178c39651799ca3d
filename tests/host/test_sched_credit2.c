/* SPDX-License-Identifier: Apache-2.0 */
/* test_sched_credit2.c - credit2 on a simulated machine: rules under random life, shares against a model,
 * bounds. */
#include "lib/error.h"
#include "sched/credit2_clock.h"
#include "test.h"

#include "sched_shares.h"

/* docs/scheduling.md: with equal weights, (units - 1) * (pCPUs + 2) * four times 10 ms or the ratelimit. */
static uint64_t wait_bound_ns(void)
{
    uint64_t wide_ns = 4 * (m.pool.ratelimit_ns > 10 * NS_PER_MS ? m.pool.ratelimit_ns : 10 * NS_PER_MS);

    return (MACHINE_UNITS - 1) * (m.cpu_count + 2) * wide_ns;
}

/* A million steps: wakes, sleeps, yields, affinity changes, units that come and go, kicks and saves that take
 * their time. */
TEST(credit2_keeps_the_rules_under_random_life)
{
    static const unsigned cpu_counts[] = {1, 2, 3, 4, 8};

    for (unsigned round = 0; round < 50 * scale(); round++) {
        machine_init(&m, &sched_credit2, cpu_counts[round % 5]);
        m.stale_ns = round % 3 == 0 ? 2000 : 0;
        m.kick_delay_ns = round % 4 == 0 ? 500000 : 20000;
        m.one_weight = round % 2 == 0;
        m.pool.ratelimit_ns = round % 7 == 0 ? 0 : round % 7 == 1 ? 15 * NS_PER_MS : NS_PER_MS;
        m.wait_bound_ns = m.one_weight ? wait_bound_ns() : 0;
        live_at_random(20000);
    }
}

/* What busy units get differs from their fair share by a few slices, however long it goes on; where weights
 * and affinities both differ, by up to 2 per cent of the time on top (units entitled to a whole pCPU are
 * moved for others). */
static void check_shares(unsigned cpu_count, bool any_weight, bool any_affinity)
{
    uint64_t before[MACHINE_UNITS], span_ns = 0;

    machine_init(&m, &sched_credit2, cpu_count);
    add_busy_units(any_weight, any_affinity);
    snapshot(before);
    for (unsigned i = 0; i < 3; i++) {
        double drift = any_weight && any_affinity ? 0.02 : 0;

        machine_run(&m, (i + 1) * NS_PER_S, false);
        span_ns += (i + 1) * NS_PER_S;
        CHECK(worst_error(span_ns, before) <= 25.0 * (double)NS_PER_MS + drift * (double)span_ns);
    }
}

TEST(credit2_shares_are_fair)
{
    for (unsigned round = 0; round < 80 * scale(); round++) {
        check_shares(1u << (round % 4), (round & 4) != 0, (round & 8) != 0);
    }
}

/* Two worlds: first some life with any affinity for long, then one affinity for all. Nobody collects or pays
 * old accounts for more than the gaps that credit2_clock.c leaves: after half a second all get equal
 * parts. */
TEST(credit2_forgets_what_was_before_units_met)
{
    for (unsigned round = 0; round < 20 * scale(); round++) {
        uint64_t before[MACHINE_UNITS];

        machine_init(&m, &sched_credit2, 2 + (unsigned)test_random_below(3));
        add_busy_units(false, true);
        machine_run(&m, 20 * NS_PER_S, false);
        for (unsigned i = 0; i < MACHINE_UNITS; i++) {
            if (m.units[i].present) {
                machine_set_affinity(&m, i, 0xff, 0);
            }
        }
        machine_run(&m, NS_PER_S / 2, false);
        snapshot(before);
        machine_run(&m, NS_PER_S, false);
        CHECK(worst_error(NS_PER_S, before) <= 25.0 * (double)NS_PER_MS);
    }
}

TEST(credit2_unit_alone_is_left_alone_and_owes_nothing)
{
    uint64_t ran_ns;

    machine_init(&m, &sched_credit2, 1);
    CHECK_EQ(machine_add(&m, 0, 1, 0, 256), 0);
    CHECK_EQ(machine_add(&m, 1, 1, 0, 256), 0);
    machine_wake(&m, 0);
    machine_run(&m, 3600 * NS_PER_S, true);
    CHECK_EQ(m.cpus[0].pick_count, 1);
    CHECK(m.cpus[0].alone);
    machine_wake(&m, 1);
    machine_run(&m, 100000, true);
    ran_ns = m.units[0].ran_ns;
    machine_run(&m, NS_PER_S, true);
    ran_ns = m.units[0].ran_ns - ran_ns;
    CHECK(ran_ns > 475 * NS_PER_MS && ran_ns < 525 * NS_PER_MS);
    machine_sleep(&m, 1, RUNSTATE_BLOCKED);
    machine_run(&m, 20 * NS_PER_MS, true);
    CHECK(m.cpus[0].alone);
}

TEST(credit2_wake_into_an_idle_machine_disturbs_nobody)
{
    uint64_t picks[4];

    machine_init(&m, &sched_credit2, 4);
    for (unsigned i = 0; i < 4; i++) {
        CHECK_EQ(machine_add(&m, i, 0xf, 0, 256), 0);
        machine_wake(&m, i);
        machine_run(&m, NS_PER_MS, true);
    }
    for (unsigned round = 0; round < 1000; round++) {
        unsigned index = (unsigned)test_random_below(4), other = (index + 1) % 4;

        machine_sleep(&m, other, RUNSTATE_BLOCKED);
        machine_sleep(&m, index, RUNSTATE_BLOCKED);
        machine_run(&m, 100000 + test_random_below(NS_PER_MS), true);
        for (unsigned i = 0; i < 4; i++) {
            picks[i] = m.cpus[i].pick_count;
        }
        machine_wake(&m, index);
        machine_run(&m, NS_PER_MS, true);
        for (unsigned i = 0; i < 4; i++) {
            CHECK_EQ(m.cpus[i].pick_count - picks[i], i == m.units[index].unit.cpu ? 1 : 0);
        }
        machine_wake(&m, other);
        machine_run(&m, NS_PER_MS, true);
    }
    for (unsigned i = 0; i < 4; i++) {
        CHECK_EQ(m.units[i].move_count, 0);
    }
}

TEST(credit2_unit_returns_to_its_last_cpu)
{
    machine_init(&m, &sched_credit2, 2);
    for (unsigned i = 0; i < 2; i++) {
        CHECK_EQ(machine_add(&m, i, 2, 0, 256), 0);
        machine_wake(&m, i);
        machine_run(&m, NS_PER_MS, true);
        machine_sleep(&m, i, RUNSTATE_BLOCKED);
        machine_run(&m, NS_PER_MS, true);
    }
    machine_set_affinity(&m, 0, 3, 0);
    machine_wake(&m, 0);
    machine_run(&m, NS_PER_MS, true);
    CHECK(m.cpus[1].current == &m.units[0].unit);
}

/* Units @first to @last each run for @run_ns, then sleep for @sleep_ns, for @span_ns, while the others do
 * what they do. */
static void run_and_sleep(unsigned first, unsigned last, uint64_t run_ns, uint64_t sleep_ns, uint64_t span_ns)
{
    uint64_t end_ns = m.now_ns + span_ns, wake_ns[MACHINE_UNITS] = {0}, sleep_at_ns[MACHINE_UNITS] = {0};

    while (m.now_ns < end_ns) {
        for (unsigned i = first; i <= last; i++) {
            if (m.units[i].awake && m.units[i].ran_ns >= sleep_at_ns[i]) {
                machine_sleep(&m, i, RUNSTATE_BLOCKED);
                wake_ns[i] = m.now_ns + sleep_ns;
            } else if (!m.units[i].awake && m.now_ns >= wake_ns[i]) {
                machine_wake(&m, i);
                sleep_at_ns[i] = m.units[i].ran_ns + run_ns;
            }
        }
        machine_run(&m, 50000, false);
    }
}

TEST(credit2_who_sleeps_much_is_served_at_once)
{
    machine_init(&m, &sched_credit2, 1);
    for (unsigned i = 0; i < 3; i++) {
        CHECK_EQ(machine_add(&m, i, 1, 0, 256), 0);
    }
    machine_wake(&m, 0);
    machine_wake(&m, 1);
    machine_run(&m, NS_PER_S, true);
    run_and_sleep(2, 2, NS_PER_MS, 20 * NS_PER_MS, 5 * NS_PER_S);
    CHECK(m.units[2].longest_wait_ns <= m.pool.ratelimit_ns + 100000);
    CHECK(m.units[2].ran_ns > 200 * NS_PER_MS);
}

/* Who wakes goes as soon as it is behind what runs, also when both have only begun: no slice is waited for.
 */
TEST(credit2_who_wakes_goes_before_who_computes)
{
    machine_init(&m, &sched_credit2, 1);
    CHECK_EQ(machine_add(&m, 0, 1, 0, 256), 0);
    CHECK_EQ(machine_add(&m, 1, 1, 0, 256), 0);
    machine_wake(&m, 0);
    machine_run(&m, 500000, true);
    machine_sleep(&m, 0, RUNSTATE_BLOCKED);
    machine_wake(&m, 1);
    machine_run(&m, 1600000, true); /* Now 1.1 ms ahead, and past the ratelimit. */
    machine_wake(&m, 0);
    machine_run(&m, 100000, true);
    CHECK(m.cpus[0].current == &m.units[0].unit);
    machine_run(&m, 4 * NS_PER_MS, true); /* The other did not wake: it waits for its turn. */
    CHECK(m.cpus[0].current == &m.units[0].unit);
    CHECK(m.units[0].longest_wait_ns <= 100000);
}

TEST(credit2_sleepers_do_not_starve_who_does_not_sleep)
{
    uint64_t ran_ns;

    machine_init(&m, &sched_credit2, 1);
    for (unsigned i = 0; i < 6; i++) {
        CHECK_EQ(machine_add(&m, i, 1, 0, 256), 0);
    }
    machine_wake(&m, 0);
    machine_run(&m, NS_PER_S, false);
    ran_ns = m.units[0].ran_ns;
    run_and_sleep(1, 5, 3 * NS_PER_MS, 50000, 6 * NS_PER_S);
    CHECK(m.units[0].ran_ns - ran_ns > 950 * NS_PER_MS); /* A sixth, all but. */
    CHECK(m.units[0].longest_wait_ns < 200 * NS_PER_MS);
}

/* They slept long and wake one behind the other: each starts 10 ms behind the same floor, not behind the one
 * before. */
TEST(credit2_sleepers_do_not_dig_deeper_for_each_other)
{
    machine_init(&m, &sched_credit2, 1);
    for (unsigned i = 0; i < MACHINE_UNITS; i++) {
        CHECK_EQ(machine_add(&m, i, 1, 0, 256), 0);
    }
    machine_wake(&m, 0);
    machine_run(&m, NS_PER_S, false);
    for (unsigned i = 1; i < MACHINE_UNITS; i++) {
        machine_wake(&m, i);
        machine_run(&m, 2 * NS_PER_MS, true);
    }
    machine_run(&m, NS_PER_S, true);
    CHECK(m.units[0].ran_ns > 1020 * NS_PER_MS);
    CHECK(m.units[0].longest_wait_ns < MACHINE_UNITS * 25 * NS_PER_MS);
}

/* c, entitled to a whole pCPU, must change between both so that a and d each get half of one. */
TEST(credit2_heavy_unit_makes_room)
{
    static const uint32_t hard[] = {3, 1, 2}, weight[] = {4096, 1, 1};
    uint64_t before[MACHINE_UNITS];

    machine_init(&m, &sched_credit2, 2);
    for (unsigned i = 0; i < 3; i++) {
        CHECK_EQ(machine_add(&m, i, hard[i], 0, weight[i]), 0);
        machine_wake(&m, i);
    }
    snapshot(before);
    machine_run(&m, 10 * NS_PER_S, true);
    CHECK(worst_error(10 * NS_PER_S, before) < 100.0 * (double)NS_PER_MS);
}

TEST(credit2_yield_lets_the_other_go_at_once)
{
    machine_init(&m, &sched_credit2, 1);
    CHECK_EQ(machine_add(&m, 0, 1, 0, 256), 0);
    CHECK_EQ(machine_add(&m, 1, 1, 0, 256), 0);
    machine_wake(&m, 0);
    machine_run(&m, NS_PER_MS, true);
    machine_wake(&m, 1);
    machine_run(&m, 100000, true);
    for (unsigned i = 0; i < 100; i++) {
        struct sched_unit *was = m.cpus[0].current;

        machine_yield(&m, was->domid);
        machine_run(&m, 100000, true);
        CHECK(m.cpus[0].current != NULL && m.cpus[0].current != was);
    }
}

/* Who yields is charged for what it ran, the other from then on, and both for the time in each state. */
TEST(credit2_yield_hands_over_with_the_accounts_in_order)
{
    static struct sched_pool pool;
    struct sched_unit a = {.domid = 1,
                           .hard_affinity = 1,
                           .soft_affinity = 1,
                           .params = SCHED_PARAMS_DEFAULT},
                      b = a;
    const uint64_t per_ns = 4096 / 256;
    struct sched_choice choice;
    enum runstate state;
    uint64_t since_ns, time_ns[4];
    uint32_t kick;

    sched_pool_init(&pool, &sched_credit2, 1);
    CHECK_EQ(sched_add(&pool, &a, 0, &kick), 0);
    CHECK_EQ(sched_add(&pool, &b, 0, &kick), 0);
    sched_wake(&a, 0);
    CHECK_PTR_EQ(sched_pick(&pool, 0, 0).next, &a);
    CHECK_EQ(pool.policy[POOL_ALONE], 1);
    CHECK_EQ(sched_wake(&b, 1000), 1);
    sched_yield(&a);
    sched_pick_saved(&pool, 0, 3000, &choice);
    CHECK_EQ(choice.kick, 0);
    CHECK_PTR_EQ(choice.next, &b);
    CHECK(!choice.alone && choice.until_ns > 3000);
    CHECK_EQ(pool.policy[POOL_ALONE], 0);
    CHECK_EQ(vtime_of(&a), 3000 * per_ns);
    CHECK(!a.on_cpu && b.on_cpu && pool.running[0] == &b);
    sched_yield(&b);
    sched_pick_saved(&pool, 0, 4000, &choice);
    CHECK_PTR_EQ(choice.next, &a);
    CHECK_EQ(vtime_of(&b), 1000 * per_ns);
    sched_runstate(&a, 5000, &state, &since_ns, time_ns);
    CHECK_EQ(state, RUNSTATE_RUNNING);
    CHECK_EQ(time_ns[RUNSTATE_RUNNING], 4000);
    CHECK_EQ(time_ns[RUNSTATE_RUNNABLE], 1000);
    sched_runstate(&b, 5000, &state, &since_ns, time_ns);
    CHECK_EQ(time_ns[RUNSTATE_RUNNABLE], 2000 + 1000);
}

/* How long 0 goes on when 1 wakes 0.3 ms after it began; 1 has slept for long. */
static uint64_t held_for_ns(const struct sched_unit *by, uint64_t ratelimit_ns)
{
    uint64_t began_ns;

    machine_init(&m, &sched_credit2, 1);
    m.pool.ratelimit_ns = ratelimit_ns;
    CHECK_EQ(machine_add(&m, 0, 1, 1, 256), 0);
    CHECK_EQ(machine_add(&m, 1, 1, 1, 256), 0);
    machine_wake(&m, 0);
    machine_run(&m, 300 * NS_PER_MS, true);
    machine_sleep(&m, 0, RUNSTATE_BLOCKED);
    machine_wake(&m, 1);
    machine_run(&m, NS_PER_MS, true);
    machine_sleep(&m, 1, RUNSTATE_BLOCKED);
    machine_run(&m, 50 * NS_PER_MS, true);
    machine_wake(&m, 0);
    began_ns = m.now_ns;
    machine_run(&m, 300000, true);
    CHECK(m.cpus[0].current == &m.units[0].unit);
    machine_wake_from(&m, 1, by);
    while (m.cpus[0].current == &m.units[0].unit && m.now_ns < began_ns + 100 * NS_PER_MS) {
        machine_run(&m, 10000, true);
    }
    return m.now_ns - began_ns;
}

static void check_near(uint64_t ns, uint64_t expected_ns)
{
    CHECK(ns >= expected_ns && ns < expected_ns + 50000);
}

TEST(credit2_who_wakes_another_has_twice_the_ratelimit)
{
    const struct sched_unit *waker = &m.units[0].unit, *another = &m.units[2].unit;

    check_near(held_for_ns(NULL, NS_PER_MS), NS_PER_MS);
    check_near(held_for_ns(another, NS_PER_MS), NS_PER_MS);
    check_near(held_for_ns(waker, NS_PER_MS), 2 * NS_PER_MS);
    check_near(held_for_ns(waker, 4 * NS_PER_MS), 5 * NS_PER_MS);
    check_near(held_for_ns(waker, 7 * NS_PER_MS), 7 * NS_PER_MS);
    check_near(held_for_ns(waker, 0), 300000);
}

TEST(credit2_ratelimit_bounds_the_switches)
{
    for (unsigned round = 0; round < 3; round++) {
        static const uint64_t limits_ns[] = {NS_PER_MS, 5 * NS_PER_MS, 50 * NS_PER_MS};

        machine_init(&m, &sched_credit2, 2);
        m.pool.ratelimit_ns = limits_ns[round];
        add_busy_units(false, false);
        machine_run(&m, 2 * NS_PER_S, true);
        CHECK(m.cpus[0].switch_count <= 2 * NS_PER_S / limits_ns[round] + 1);
        CHECK(m.cpus[1].switch_count <= 2 * NS_PER_S / limits_ns[round] + 1);
    }
}

TEST(credit2_soft_affinity_is_followed_when_there_is_room)
{
    machine_init(&m, &sched_credit2, 4);
    CHECK_EQ(machine_add(&m, 0, 0xf, 0x4, 256), 0);
    machine_wake(&m, 0);
    machine_run(&m, NS_PER_MS, true);
    CHECK(m.cpus[2].current == &m.units[0].unit);
    machine_set_affinity(&m, 0, 0xf, 0x8);
    machine_run(&m, NS_PER_MS, true);
    CHECK(m.cpus[3].current == &m.units[0].unit);
    machine_set_affinity(&m, 0, 0x3, 0x8); /* A preference outside the hard affinity is none. */
    machine_run(&m, NS_PER_MS, true);
    CHECK(m.cpus[0].current == &m.units[0].unit || m.cpus[1].current == &m.units[0].unit);
    CHECK_EQ(machine_add(&m, 1, 0x1, 0, 256), 0);
    CHECK_EQ(machine_add(&m, 2, 0x3, 0x1, 256), 0);
    machine_wake(&m, 1);
    machine_wake(&m, 2); /* Prefers 0, where 1 must be: work is conserved all the same. */
    machine_run(&m, 50 * NS_PER_MS, true);
    CHECK(m.cpus[0].current != NULL && m.cpus[1].current != NULL);
}

TEST(credit2_refuses_what_it_cannot_do)
{
    struct sched_unit unit = {.hard_affinity = 1, .params = SCHED_PARAMS_DEFAULT};
    uint32_t kick = 77;

    unit.params.cap = SCHED_CAP_MAX + 1;
    machine_init(&m, &sched_credit2, 1);
    CHECK_EQ(sched_add(&m.pool, &unit, 0, &kick), -EINVAL);
    unit.params.cap = 0;
    unit.params.weight = 0;
    CHECK_EQ(sched_add(&m.pool, &unit, 0, &kick), -EINVAL);
    unit.params.weight = 65536;
    CHECK_EQ(sched_add(&m.pool, &unit, 0, &kick), -EINVAL);
    unit.params.weight = 65535;
    unit.hard_affinity = 2;
    CHECK_EQ(sched_add(&m.pool, &unit, 0, &kick), -EINVAL);
    CHECK_EQ(kick, 77);
    unit.hard_affinity = 3;
    CHECK_EQ(sched_add(&m.pool, &unit, 0, &kick), 0);
    CHECK_EQ(kick, 0);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_sched_rtds.c - rtds on a simulated machine: rules under random life, EDF against a sort, budgets, and
 * no deadline missed below the bound. */
#include "lib/error.h"
#include "test.h"

#define MACHINE_CHECK(condition) CHECK(condition)
#define machine_random(limit) test_random_below(limit)
#include "sched_machine.h"

static struct machine m;

static unsigned scale(void)
{
    return test_long() || getenv("TEST_LONG") != NULL ? 25 : 1;
}

/* A unit that was awake for a whole period has had its budget by the deadline, or it is a miss. */
struct watched {
    uint64_t deadline_ns, base_ns;
    bool awake_since; /* Since its release. */
};

static struct watched w[MACHINE_UNITS];
static unsigned misses, periods;

/* Before and after anything changes. */
static void look(void)
{
    for (unsigned i = 0; i < MACHINE_UNITS; i++) {
        const struct machine_unit *u = &m.units[i];

        if (!u->present) {
            continue;
        }
        if (u->unit.policy[0] != w[i].deadline_ns) {
            bool ended = w[i].deadline_ns <= m.now_ns; /* Else it was begun anew by a wake-up. */

            if (w[i].awake_since && ended) {
                periods++;
                misses += u->ran_ns - w[i].base_ns < u->unit.params.budget_ns ? 1 : 0;
            }
            w[i] = (struct watched){u->unit.policy[0], u->ran_ns, u->awake};
        }
        w[i].awake_since = w[i].awake_since && u->awake;
    }
}

/* rtds, and each choice compared with a scan of all units. */
static struct sched_ops compared;

static struct sched_choice compared_pick(struct sched_pool *pool, unsigned cpu, uint64_t now_ns)
{
    struct sched_unit *prev = pool->running[cpu];
    struct sched_choice choice;
    uint64_t chosen;

    look();
    choice = sched_rtds.pick(pool, cpu, now_ns);
    look();
    chosen = choice.next != NULL ? machine_rtds_urgency(choice.next) : UINT64_MAX;

    for (unsigned i = 0; i < MACHINE_UNITS; i++) {
        const struct sched_unit *unit = &m.units[i].unit;
        bool waits = unit->state == RUNSTATE_RUNNABLE || unit == prev;
        bool free = !unit->on_cpu || unit->cpu == cpu;

        if (m.units[i].present && waits && unit->awake && free && machine_rtds_left(unit) != 0 &&
            (unit->hard_affinity & pool->cpus & BIT32(cpu)) != 0) {
            CHECK(chosen <= machine_rtds_urgency(unit));
        }
    }
    return choice;
}

static void start(unsigned cpu_count)
{
    compared = sched_rtds;
    compared.pick = compared_pick;
    memset(w, 0, sizeof(w));
    machine_init(&m, &compared, cpu_count);
}

TEST(rtds_keeps_the_rules_under_random_life)
{
    static const unsigned cpu_counts[] = {1, 2, 3, 4, 8};

    for (unsigned round = 0; round < 20 * scale(); round++) {
        start(cpu_counts[round % 5]);
        m.pool.overcommit = round % 2 == 0;
        m.stale_ns = round % 3 == 0 ? 2000 : 0;
        m.kick_delay_ns = round % 4 == 0 ? 500000 : 20000;
        for (unsigned step = 0; step < 20000; step++) {
            machine_random_act(&m);
            machine_check(&m);
            machine_run(&m, test_random_below(test_random_below(8) == 0 ? 1 * NS_PER_MS : 30000), true);
        }
    }
}

/* Units of a total of @parts / 1000 of the bound on @cpu_count pCPUs. Returns the number of units. */
static unsigned add_set(unsigned cpu_count, unsigned parts)
{
    uint64_t highest = 50 + test_random_below(400), left, part;
    unsigned count = 0;

    highest = highest > parts ? parts : highest;
    left = (cpu_count * 1000 - (cpu_count - 1) * highest) * parts / 1000;
    for (; left >= 10 && count < MACHINE_UNITS; count++, left -= part) {
        uint64_t period_ns = (4 + test_random_below(40)) * 500000;
        struct sched_params params = SCHED_PARAMS_DEFAULT;

        part = count + 1 == MACHINE_UNITS || left < highest ? left : 10 + test_random_below(highest - 9);
        part = part > highest ? highest : part;
        params.period_ns = period_ns;
        params.budget_ns = period_ns / 1000 * part;
        params.extratime = test_random_below(3) == 0;
        CHECK_EQ(machine_add_with(&m, count, 0xff, 0, &params), 0);
    }
    return count;
}

/* Units that sleep do so at any time, or, the worst they can do, keep a whole budget until there is just time
 * for it. */
static void sleep_or_wake(unsigned i)
{
    const struct sched_unit *unit = &m.units[i].unit;
    uint64_t left_ns = unit->policy[0] > m.now_ns ? unit->policy[0] - m.now_ns : 0;
    bool late = i % 2 == 0;

    if (m.units[i].awake) {
        bool keeps =
            machine_rtds_left(unit) > unit->params.budget_ns * 3 / 4 && left_ns > unit->params.budget_ns * 2;

        if (late ? keeps : test_random_below(8) == 0) {
            machine_sleep(&m, i, RUNSTATE_BLOCKED);
        }
    } else if (late ? left_ns < unit->params.budget_ns * 5 / 4 : test_random_below(8) == 0) {
        machine_wake(&m, i);
    }
    look();
}

static void run_set(unsigned cpu_count, unsigned parts, bool sleepers)
{
    unsigned count;

    start(cpu_count);
    m.kick_delay_ns = m.save_time_ns = 0;
    count = add_set(cpu_count, parts);
    for (unsigned i = 0; i < count; i++) {
        machine_run(&m, test_random_below(500000), false);
        machine_wake(&m, i);
    }
    for (unsigned step = 0; step < 4000; step++) {
        unsigned i = count / 2 + (unsigned)test_random_below(count - count / 2);

        look();
        machine_run(&m, test_random_below(100000), false);
        look();
        if (sleepers) {
            sleep_or_wake(i);
        }
    }
}

/* Sets of units that are always awake, or sleep and wake at any time, from a tenth of the bound to all of it.
 * No switch takes time here, so that the bound is exact. */
TEST(rtds_misses_no_deadline_below_the_bound)
{
    misses = periods = 0;
    for (unsigned round = 0; round < 160 * scale(); round++) {
        run_set(1u << (round % 4), 100 * (1 + round / 4 % 10), round % 3 != 0);
        CHECK_EQ(misses, 0);
    }
    CHECK(periods > 10000);
}

/* The first sleeps for half its period, then wants its budget and the next one in a row; without the wake-up
 * rule the second would miss. */
TEST(rtds_sleeper_takes_no_more_than_its_share)
{
    struct sched_params half = SCHED_PARAMS_DEFAULT, quick = SCHED_PARAMS_DEFAULT;

    start(1);
    m.kick_delay_ns = m.save_time_ns = 0;
    misses = periods = 0;
    half.budget_ns = 5 * NS_PER_MS;
    half.extratime = quick.extratime = false;
    quick.period_ns = 5 * NS_PER_MS;
    quick.budget_ns = 2500000;
    CHECK_EQ(machine_add_with(&m, 0, 1, 0, &half), 0);
    CHECK_EQ(machine_add_with(&m, 1, 1, 0, &quick), 0);
    machine_wake(&m, 0);
    machine_run(&m, 100000, true);
    machine_sleep(&m, 0, RUNSTATE_BLOCKED);
    machine_wake(&m, 1);
    machine_run(&m, 4900000, true);
    machine_wake(&m, 0);
    look();
    machine_run(&m, 100 * NS_PER_MS, true);
    CHECK(periods >= 25);
    CHECK_EQ(misses, 0);
}

static void check_units(uint64_t first_ns, uint64_t second_ns, uint64_t slack_ns)
{
    CHECK(m.units[0].ran_ns + slack_ns >= first_ns && m.units[0].ran_ns <= first_ns + slack_ns);
    CHECK(m.units[1].ran_ns + slack_ns >= second_ns && m.units[1].ran_ns <= second_ns + slack_ns);
}

TEST(rtds_budget_is_all_a_unit_gets)
{
    struct sched_params params = SCHED_PARAMS_DEFAULT;

    start(1);
    params.extratime = false;
    CHECK_EQ(machine_add_with(&m, 0, 1, 0, &params), 0);
    machine_wake(&m, 0);
    machine_run(&m, NS_PER_S, true);
    CHECK(m.units[0].ran_ns >= 400 * NS_PER_MS && m.units[0].ran_ns <= 401 * NS_PER_MS);
}

/* What nobody was promised goes to those with extratime, by level: in proportion to their budgets. */
TEST(rtds_extra_time_is_shared)
{
    struct sched_params params = SCHED_PARAMS_DEFAULT;

    start(1);
    params.budget_ns = 2 * NS_PER_MS;
    CHECK_EQ(machine_add_with(&m, 0, 1, 0, &params), 0);
    params.budget_ns = NS_PER_MS;
    CHECK_EQ(machine_add_with(&m, 1, 1, 0, &params), 0);
    machine_wake(&m, 0);
    machine_wake(&m, 1);
    machine_run(&m, NS_PER_S, true);
    CHECK_EQ(m.units[0].ran_ns + m.units[1].ran_ns > 999 * NS_PER_MS, true);
    check_units(660 * NS_PER_MS, 340 * NS_PER_MS, 60 * NS_PER_MS);
}

TEST(rtds_refuses_more_than_there_is)
{
    struct sched_params params = SCHED_PARAMS_DEFAULT;
    uint32_t kick;

    start(2);
    params.budget_ns = 6 * NS_PER_MS;
    CHECK_EQ(machine_add_with(&m, 0, 1, 0, &params), 0);
    CHECK_EQ(machine_add_with(&m, 1, 1, 0, &params), -EOVERFLOW); /* 1.2 of CPU 0. */
    CHECK(!m.units[1].present);
    CHECK_EQ(machine_add_with(&m, 1, 3, 0, &params), 0);
    CHECK_EQ(machine_add_with(&m, 2, 3, 0, &params), 0);
    CHECK_EQ(machine_add_with(&m, 3, 3, 0, &params), -EOVERFLOW); /* 2.4 of both. */
    params.budget_ns = 2 * NS_PER_MS;
    CHECK_EQ(machine_add_with(&m, 3, 2, 0, &params), 0); /* 2.0 of both. */
    CHECK_EQ(sched_set_affinity(&m.units[1].unit, 1, 0, m.now_ns, &kick), -EOVERFLOW);
    CHECK_EQ(m.units[1].unit.hard_affinity, 3);
    CHECK_EQ(sched_set_affinity(&m.units[1].unit, 2, 0, m.now_ns, &kick), 0);
    params.budget_ns = 3 * NS_PER_MS;
    CHECK_EQ(sched_set_params(&m.units[3].unit, &params, m.now_ns, &kick), -EOVERFLOW);
    machine_remove(&m, 1);
    CHECK_EQ(sched_set_params(&m.units[3].unit, &params, m.now_ns, &kick), 0);
    sched_get_params(&m.units[3].unit, &params);
    CHECK_EQ(params.budget_ns, 3 * NS_PER_MS);
    m.pool.overcommit = true;
    CHECK_EQ(machine_add_with(&m, 1, 1, 0, &params), 0);
    params.budget_ns = params.period_ns + 1;
    CHECK_EQ(machine_add_with(&m, 4, 1, 0, &params), -EINVAL);
    params.budget_ns = 9999;
    CHECK_EQ(machine_add_with(&m, 4, 1, 0, &params), -EINVAL);
}

/* Many that are due at one time are renewed a few at a time. */
TEST(rtds_renews_many_at_once)
{
    struct sched_params params = SCHED_PARAMS_DEFAULT;
    uint64_t picks;

    start(1);
    m.kick_delay_ns = m.save_time_ns = 0;
    params.budget_ns = 600000;
    params.extratime = false;
    for (unsigned i = 0; i < MACHINE_UNITS; i++) {
        CHECK_EQ(machine_add_with(&m, i, 1, 0, &params), 0);
        machine_wake(&m, i);
    }
    machine_run(&m, 99 * NS_PER_MS, true);
    for (unsigned i = 0; i < MACHINE_UNITS; i++) {
        CHECK(m.units[i].ran_ns >= 5400000 - 1000);
    }
    picks = m.cpus[0].pick_count;
    machine_run(&m, 10 * NS_PER_MS, true);
    CHECK(m.cpus[0].pick_count - picks <= 24);
}

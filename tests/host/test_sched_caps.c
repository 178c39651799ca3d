/* SPDX-License-Identifier: Apache-2.0 */
/* test_sched_caps.c - credit2's caps on a simulated machine: never exceeded under random life, all of it
 * given, one for a domain. */
#include "sched_shares.h"

/* The same with caps that come, change and go, of domains of several units. */
TEST(credit2_keeps_the_rules_with_caps)
{
    static const unsigned cpu_counts[] = {1, 2, 3, 4, 8}, domain_counts[] = {1, 3, MACHINE_UNITS};

    for (unsigned round = 0; round < 30 * scale(); round++) {
        machine_init(&m, &sched_credit2, cpu_counts[round % 5]);
        m.caps = true;
        m.domain_count = domain_counts[round / 5 % 3];
        m.stale_ns = round % 4 == 3 ? 2000 : 0;
        m.kick_delay_ns = round % 4 == 0 ? 500000 : 20000;
        m.pool.ratelimit_ns = round % 7 == 0 ? 0 : round % 7 == 1 ? 15 * NS_PER_MS : NS_PER_MS;
        m.pool.cap_period_ns = round % 6 == 0 ? NS_PER_MS : 10 * NS_PER_MS;
        live_at_random(20000);
    }
}

/* A cap for some, each a domain of its own. */
static void add_caps(void)
{
    for (unsigned i = 0; i < MACHINE_UNITS; i++) {
        if (m.units[i].present && test_random_below(2) == 0) {
            machine_set_cap(&m, i, 1 + (uint32_t)test_random_below(110));
        }
    }
}

/* Each unit got its cap since @before, or as much as any other. */
static void check_level(const uint64_t before[MACHINE_UNITS], uint64_t span_ns)
{
    uint64_t most_ns = 0;

    for (unsigned i = 0; i < MACHINE_UNITS; i++) {
        most_ns = m.units[i].ran_ns - before[i] > most_ns ? m.units[i].ran_ns - before[i] : most_ns;
    }
    for (unsigned i = 0; i < MACHINE_UNITS; i++) {
        uint64_t got_ns = m.units[i].ran_ns - before[i],
                 cap_ns = m.units[i].unit.params.cap * (span_ns / 100);

        if (m.units[i].present) {
            CHECK(cap_ns == 0 || got_ns <= cap_ns + NS_PER_MS);
            CHECK((cap_ns != 0 && got_ns + 5 * NS_PER_MS >= cap_ns) || got_ns + 25 * NS_PER_MS >= most_ns);
        }
    }
}

/* Who has a cap below its fair share gets that, and the others the rest by weight: within 25 ms, after any
 * time. On several pCPUs, units that begin a period together may leave a pCPU idle at its end, which no fluid
 * share knows of: there each has its cap or as much as any other. */
static void check_shares_below_caps(void)
{
    uint64_t before[MACHINE_UNITS];

    machine_run(&m, 50 * NS_PER_MS, true);
    snapshot(before);
    for (unsigned i = 1; i <= 40; i++) {
        machine_run(&m, 100 * NS_PER_MS, false);
        if (m.cpu_count == 1) {
            CHECK(worst_error(i * 100 * NS_PER_MS, before) <= 25.0 * (double)NS_PER_MS);
        } else {
            check_level(before, i * 100 * NS_PER_MS);
        }
    }
}

TEST(credit2_shares_are_fair_below_caps)
{
    for (unsigned round = 0; round < 200 * scale(); round++) {
        machine_init(&m, &sched_credit2, 1u << round % 4);
        m.caps = true;
        add_busy_units(round % 4 == 0, false);
        add_caps();
        check_shares_below_caps();
    }
}

/* Caps about as high as what their units would have without: little is left of a period for others, who must
 * not keep a unit from its part of the next, and who fall behind and go ahead by turns. */
TEST(credit2_shares_are_fair_at_caps)
{
    for (unsigned round = 0; round < 200 * scale(); round++) {
        double share[MACHINE_UNITS];

        machine_init(&m, &sched_credit2, 1);
        m.caps = true;
        add_busy_units(true, false);
        fair_shares(&m, share);
        for (unsigned i = 0; i < MACHINE_UNITS; i++) {
            if (m.units[i].present && test_random_below(3) != 0) {
                machine_set_cap(&m, i, 1 + (uint32_t)(share[i] * 100) + (uint32_t)test_random_below(3));
                machine_run(&m, round % 2 * test_random_below(12 * NS_PER_MS), false);
            }
        }
        check_shares_below_caps();
    }
}

/* Units whose caps are far below their share fall behind until virtual times are levelled, again and again:
 * that costs one that waits for its next period just then nothing. */
TEST(credit2_shares_last_below_caps)
{
    static const uint32_t caps[] = {39, 96, 0, 56, 1, 0};

    for (unsigned round = 0; round < 3 * scale(); round++) {
        uint64_t before[MACHINE_UNITS];

        machine_init(&m, &sched_credit2, 4);
        m.caps = true;
        for (unsigned i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
            CHECK_EQ(machine_add(&m, i, 0xff, 0, 256), 0);
            machine_wake(&m, i);
        }
        for (unsigned i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
            machine_set_cap(&m, i, caps[i]);
        }
        machine_run(&m, 50 * NS_PER_MS, true);
        snapshot(before);
        for (unsigned i = 1; i <= 8; i++) {
            machine_run(&m, 4 * NS_PER_S, false);
            check_level(before, i * 4 * NS_PER_S);
        }
    }
}

/* Four units of one domain on four pCPUs: 150 per cent among them, however many of them are awake. */
TEST(credit2_cap_is_a_domains)
{
    uint64_t before[MACHINE_UNITS];

    machine_init(&m, &sched_credit2, 4);
    m.caps = true;
    m.domain_count = 1;
    for (unsigned i = 0; i < 4; i++) {
        CHECK_EQ(machine_add(&m, i, 0xf, 0, 256), 0);
    }
    machine_set_cap(&m, 0, 150);
    for (unsigned awake = 1; awake <= 4; awake++) {
        uint64_t sum_ns = 0, wanted_ns = awake == 1 ? 1000 * NS_PER_MS : 1500 * NS_PER_MS;

        machine_wake(&m, awake - 1);
        machine_run(&m, 20 * NS_PER_MS, true);
        snapshot(before);
        machine_run(&m, NS_PER_S, true);
        for (unsigned i = 0; i < 4; i++) {
            sum_ns += m.units[i].ran_ns - before[i];
        }
        CHECK(sum_ns <= wanted_ns + NS_PER_MS && sum_ns + NS_PER_MS >= wanted_ns);
    }
}

/* The least cap; one that is taken away; one that comes while its unit runs; a pCPU that leaves while it has
 * to see to a parked unit. */
TEST(credit2_caps_come_and_go)
{
    uint64_t ran_ns;

    machine_init(&m, &sched_credit2, 2);
    m.caps = true;
    CHECK_EQ(machine_add(&m, 0, 3, 0, 256), 0);
    machine_wake(&m, 0);
    machine_run(&m, 5 * NS_PER_MS, true);
    CHECK(m.cpus[0].alone);
    machine_set_cap(&m, 0, 1);
    machine_run(&m, 20 * NS_PER_MS, true);
    ran_ns = m.units[0].ran_ns;
    machine_run(&m, NS_PER_S, true);
    ran_ns = m.units[0].ran_ns - ran_ns;
    CHECK(ran_ns >= 99 * NS_PER_MS / 10 && ran_ns <= 102 * NS_PER_MS / 10);
    CHECK(machine_parked(&m, &m.units[0].unit));
    for (unsigned cpu = 0; cpu < 2; cpu++) {
        uint32_t kick = 0;

        CHECK_EQ(sched_pool_remove_cpu(&m.pool, cpu, m.now_ns, &kick), 0);
        machine_kick(&m, kick);
        ran_ns = m.units[0].ran_ns;
        machine_run(&m, 100 * NS_PER_MS, true);
        CHECK(m.units[0].ran_ns - ran_ns >= 900000);
        CHECK_EQ(sched_pool_add_cpu(&m.pool, cpu, m.now_ns, &kick), 0);
        machine_kick(&m, kick);
    }
    machine_set_cap(&m, 0, 0);
    machine_run(&m, NS_PER_MS, true);
    ran_ns = m.units[0].ran_ns;
    machine_run(&m, NS_PER_S, true);
    CHECK_EQ(m.units[0].ran_ns - ran_ns, NS_PER_S);
    CHECK(m.cpus[0].alone || m.cpus[1].alone);
}

/* A unit that has run all it may just when its pCPU leaves the pool: another sees to it, for that one does
 * not pick there any more. */
TEST(credit2_sees_to_who_is_parked_by_a_pcpu_that_leaves)
{
    machine_init(&m, &sched_credit2, 2);
    m.caps = true;
    m.kick_delay_ns = 600000;
    CHECK_EQ(machine_add(&m, 0, 3, 0, 256), 0);
    machine_set_cap(&m, 0, 10);
    machine_wake(&m, 0);
    for (unsigned round = 0; round < 100; round++) {
        uint32_t kick = 0;
        unsigned cpu;

        machine_run(&m, 20 * NS_PER_MS, true);
        while (m.units[0].unit.state != RUNSTATE_RUNNING) {
            machine_run(&m, 10000, true);
        }
        machine_run(&m, 800000, true);
        cpu = m.units[0].unit.cpu;
        CHECK_EQ(sched_pool_remove_cpu(&m.pool, cpu, m.now_ns, &kick), 0);
        machine_kick(&m, kick);
        machine_run(&m, 20 * NS_PER_MS, true);
        CHECK_EQ(sched_pool_add_cpu(&m.pool, cpu, m.now_ns, &kick), 0);
        machine_kick(&m, kick);
    }
}

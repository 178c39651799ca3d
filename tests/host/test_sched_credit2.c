/* SPDX-License-Identifier: Apache-2.0 */
/* test_sched_credit2.c - credit2 on a simulated machine: rules under random life, shares against a model,
 * bounds. */
#include "lib/error.h"
#include "test.h"

#define MACHINE_CHECK(condition) CHECK(condition)
#define machine_random(limit) test_random_below(limit)
#include "sched_machine.h"

static struct machine m;

static unsigned scale(void)
{
    return test_long() || getenv("TEST_LONG") != NULL ? 10 : 1;
}

TEST(credit2_keeps_the_rules_under_random_life)
{
    static const unsigned cpu_counts[] = {1, 2, 3, 4, 8};

    for (unsigned round = 0; round < 50 * scale(); round++) {
        machine_init(&m, &sched_credit2, cpu_counts[round % 5]);
        m.stale_ns = round % 3 == 0 ? 2000 : 0;
        m.kick_delay_ns = round % 4 == 0 ? 500000 : 20000;
        for (unsigned step = 0; step < 20000; step++) {
            machine_random_act(&m, false);
            machine_check(&m);
            machine_run(&m, machine_random(machine_random(8) == 0 ? 3 * NS_PER_MS : 30000), true);
        }
    }
}

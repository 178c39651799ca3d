/* SPDX-License-Identifier: Apache-2.0 */
/* sched_shares.h - what tests of credit2 share: the simulated machine, and the fair shares by a slow model.
 */
#ifndef TESTS_HOST_SCHED_SHARES_H
#define TESTS_HOST_SCHED_SHARES_H

#include "test.h"

#define MACHINE_CHECK(condition) CHECK(condition)
#define machine_random(limit) test_random_below(limit)
#include "sched_machine.h"

static struct machine m;

static inline unsigned scale(void)
{
    return test_long() || getenv("TEST_LONG") != NULL ? 10 : 1;
}

static inline void live_at_random(unsigned steps)
{
    for (unsigned step = 0; step < steps; step++) {
        machine_random_act(&m);
        machine_check(&m);
        machine_run(&m, test_random_below(test_random_below(8) == 0 ? 3 * NS_PER_MS : 30000), true);
    }
}

/* The shares every unit should get, in units of a pCPU: weighted max-min fair. The level rises for all at
 * once; at each step the tightest set of pCPUs (the units that may run nowhere else fill it) or a unit that
 * has a whole pCPU, or its cap, stops rising. */
static inline void fair_shares(const struct machine *machine, double share[MACHINE_UNITS])
{
    bool frozen[MACHINE_UNITS];
    double most[MACHINE_UNITS]; /* One pCPU, or the cap. */

    for (unsigned i = 0; i < MACHINE_UNITS; i++) {
        frozen[i] = !machine->units[i].present || !machine->units[i].awake;
        share[i] = 0;
        most[i] = machine->units[i].unit.params.cap;
        most[i] = most[i] > 0 && most[i] < 100 ? most[i] / 100 : 1;
    }
    for (;;) {
        double level = 1e300;
        uint32_t tightest = 0;
        unsigned full = MACHINE_UNITS;

        for (uint32_t set = 1; set <= machine->pool.cpus; set++) {
            double room = __builtin_popcount(set), weight = 0;

            for (unsigned i = 0; i < MACHINE_UNITS; i++) {
                const struct sched_unit *unit = &machine->units[i].unit;

                if (machine->units[i].present && (unit->hard_affinity & machine->pool.cpus & ~set) == 0) {
                    room -= share[i];
                    weight += frozen[i] ? 0 : unit->params.weight;
                }
            }
            if (weight > 0 && room / weight < level) {
                level = room / weight;
                tightest = set;
            }
        }
        if (tightest == 0) {
            return;
        }
        for (unsigned i = 0; i < MACHINE_UNITS; i++) {
            if (!frozen[i] && most[i] / machine->units[i].unit.params.weight < level) {
                level = most[i] / machine->units[i].unit.params.weight;
                full = i;
            }
        }
        for (unsigned i = 0; i < MACHINE_UNITS; i++) {
            const struct sched_unit *unit = &machine->units[i].unit;
            bool in_set =
                full == MACHINE_UNITS && (unit->hard_affinity & machine->pool.cpus & ~tightest) == 0;

            if (!frozen[i] && (i == full || in_set)) {
                share[i] = level * unit->params.weight;
                frozen[i] = true;
            }
        }
    }
}

/* The largest difference, in ns, between what a unit got since @before and its fair share of @span_ns. */
static inline double worst_error(uint64_t span_ns, const uint64_t before[MACHINE_UNITS])
{
    double share[MACHINE_UNITS], worst = 0;

    fair_shares(&m, share);
    for (unsigned i = 0; i < MACHINE_UNITS; i++) {
        double got = (double)(m.units[i].ran_ns - before[i]);
        double error = got - share[i] * (double)span_ns;

        error = error < 0 ? -error : error;
        worst = error > worst ? error : worst;
    }
    return worst;
}

static inline void snapshot(uint64_t before[MACHINE_UNITS])
{
    for (unsigned i = 0; i < MACHINE_UNITS; i++) {
        before[i] = m.units[i].ran_ns;
    }
}

/* Awake units at random: kinds of weight and affinity as the two flags say. */
static inline void add_busy_units(bool any_weight, bool any_affinity)
{
    unsigned count = 2 + (unsigned)test_random_below(MACHINE_UNITS - 2);

    for (unsigned i = 0; i < count; i++) {
        CHECK_EQ(machine_add(&m, i, any_affinity ? machine_random_mask(&m) : 0xff, 0,
                             any_weight ? 64u << test_random_below(5) : 256),
                 0);
        machine_wake(&m, i);
    }
}

#endif

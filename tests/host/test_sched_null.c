/* SPDX-License-Identifier: Apache-2.0 */
/* test_sched_null.c - null places every unit it can, moves none, and never sets a slice timer. */
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

/* Can every present unit have a pCPU of its own? Hall's condition: no set of pCPUs is all that too many units
 * may use. */
static bool all_fit(void)
{
    for (uint32_t set = 0; set <= m.pool.cpus; set++) {
        int room = __builtin_popcount(set);

        for (unsigned i = 0; i < MACHINE_UNITS; i++) {
            uint32_t hard = m.units[i].unit.hard_affinity & m.pool.cpus;

            room -= m.units[i].present && (hard & ~set) == 0 ? 1 : 0;
        }
        if (room < 0) {
            return false;
        }
    }
    return true;
}

static unsigned place_of(const struct sched_unit *unit)
{
    for (unsigned cpu = 0; cpu < m.cpu_count; cpu++) {
        if (m.pool.assigned[cpu] == unit) {
            return cpu;
        }
    }
    return CPU_NONE;
}

TEST(null_finds_a_placement_whenever_there_is_one)
{
    for (unsigned round = 0; round < 20000 * scale(); round++) {
        machine_init(&m, &sched_null, 1 + (unsigned)test_random_below(8));
        for (unsigned i = 0; i < m.cpu_count + 1; i++) {
            int error = machine_add(&m, i, machine_random_mask(&m) & machine_random_mask(&m), 0, 256);

            if (error == -EINVAL) {
                continue;
            }
            CHECK_EQ(error == 0, all_fit());
            if (error != 0) {
                machine_remove(&m, i);
            }
        }
        for (unsigned i = 0; i < MACHINE_UNITS; i++) {
            CHECK_EQ(m.units[i].present, place_of(&m.units[i].unit) != CPU_NONE);
        }
    }
}

/* Every rule of sched.h, and: once it ran, a unit is where it was until its affinity excludes that; places
 * are in the affinity; nobody waits for a place while one in its affinity is free. */
static void check_places(unsigned places[MACHINE_UNITS])
{
    for (unsigned i = 0; i < MACHINE_UNITS; i++) {
        const struct sched_unit *unit = &m.units[i].unit;
        unsigned place = m.units[i].present ? place_of(unit) : CPU_NONE;

        if (!m.units[i].present) {
            places[i] = CPU_NONE;
            continue;
        }
        CHECK(place == CPU_NONE || (unit->hard_affinity & BIT32(place)) != 0);
        CHECK(places[i] == CPU_NONE || place == places[i]);
        for (unsigned cpu = 0; cpu < m.cpu_count && place == CPU_NONE; cpu++) {
            CHECK((unit->hard_affinity & m.pool.cpus & BIT32(cpu)) == 0 || m.pool.assigned[cpu] != NULL);
        }
        places[i] = m.units[i].ran_on != CPU_NONE ? place : CPU_NONE;
    }
}

TEST(null_keeps_the_rules_under_random_life)
{
    for (unsigned round = 0; round < 40 * scale(); round++) {
        unsigned places[MACHINE_UNITS];
        uint32_t hard[MACHINE_UNITS] = {0};

        memset(places, 0xff, sizeof(places));
        machine_init(&m, &sched_null, 1 + round % 8);
        m.one_weight = true;
        m.stale_ns = round % 3 == 0 ? 2000 : 0;
        for (unsigned step = 0; step < 10000; step++) {
            machine_random_act(&m);
            machine_check(&m);
            for (unsigned i = 0; i < MACHINE_UNITS; i++) {
                uint32_t now = m.units[i].present ? m.units[i].unit.hard_affinity & m.pool.cpus : 0;

                if (now != hard[i] && places[i] != CPU_NONE && (now & BIT32(places[i])) == 0) {
                    places[i] = CPU_NONE; /* Excluded: it may go. */
                }
                hard[i] = now;
            }
            check_places(places);
            machine_run(&m, test_random_below(50000), true);
            check_places(places);
            for (unsigned cpu = 0; cpu < m.cpu_count; cpu++) {
                CHECK(m.cpus[cpu].timer_ns == TIME_NEVER &&
                      (m.cpus[cpu].current == NULL || m.cpus[cpu].alone));
            }
        }
    }
}

TEST(null_places_by_soft_affinity_when_it_can)
{
    machine_init(&m, &sched_null, 4);
    CHECK_EQ(machine_add(&m, 0, 0xf, 0x4, 256), 0);
    CHECK_EQ(machine_add(&m, 1, 0xf, 0x4, 256), 0);
    CHECK_EQ(place_of(&m.units[0].unit), 2);
    CHECK_EQ(place_of(&m.units[1].unit), 0);
}

TEST(null_waiting_unit_gets_the_place_that_falls_free)
{
    machine_init(&m, &sched_null, 2);
    CHECK_EQ(machine_add(&m, 0, 3, 0, 256), 0);
    CHECK_EQ(machine_add(&m, 1, 3, 0, 256), 0);
    CHECK_EQ(machine_add(&m, 2, 3, 0, 256), -ENOSPC);
    CHECK_EQ(machine_add(&m, 3, 3, 0, 256), -ENOSPC);
    for (unsigned i = 0; i < 4; i++) {
        machine_wake(&m, i);
    }
    machine_run(&m, NS_PER_MS, true);
    machine_remove(&m, 1);
    machine_run(&m, NS_PER_MS, true);
    CHECK(!m.units[1].present);
    CHECK(m.cpus[1].current == &m.units[2].unit); /* The one that waited longest. */
    CHECK(m.cpus[0].current == &m.units[0].unit);
    CHECK_EQ(m.units[3].ran_ns, 0);
}

TEST(null_says_who_lost_its_place)
{
    machine_init(&m, &sched_null, 2);
    CHECK_EQ(machine_add(&m, 0, 1, 0, 256), 0);
    CHECK_EQ(machine_add(&m, 1, 2, 0, 256), 0);
    machine_wake(&m, 0);
    machine_wake(&m, 1);
    machine_run(&m, NS_PER_MS, true);
    machine_set_affinity(&m, 1, 1, 0);
    CHECK(test_log_contains("d1v0 has no free pCPU in its hard affinity 0x1"));
    machine_run(&m, NS_PER_MS, true);
    CHECK(m.cpus[1].current == NULL);
    machine_set_affinity(&m, 0, 2, 0); /* Both may now have what the other had. */
    machine_run(&m, NS_PER_MS, true);
    CHECK(m.cpus[0].current == &m.units[1].unit);
    CHECK(m.cpus[1].current == &m.units[0].unit);
}

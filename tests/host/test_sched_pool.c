/* SPDX-License-Identifier: Apache-2.0 */
/* test_sched_pool.c - pools while they are in use: pCPUs that come and go, units that move. (Under random
 * life: the tests of each policy.) */
#include "sched/pool.h"

#include <string.h>

#include "lib/error.h"
#include "test.h"

static struct sched_pool one, other;
static struct sched_unit a, b;

static void add(struct sched_pool *pool, struct sched_unit *unit, uint32_t hard)
{
    uint32_t kick;

    *unit = (struct sched_unit){.hard_affinity = hard, .params = SCHED_PARAMS_DEFAULT};
    CHECK_EQ(sched_add(pool, unit, 1000, &kick), 0);
}

/* @cpu gives up what it runs, as a pCPU does that was told. */
static void leave(struct sched_pool *pool, unsigned cpu, uint64_t now_ns)
{
    struct sched_unit *unit = pool->running[cpu];

    CHECK(!sched_pool_cpu_left(pool, cpu));
    CHECK_PTR_EQ(sched_pick(pool, cpu, now_ns).next, NULL);
    CHECK(!sched_pool_cpu_left(pool, cpu)); /* It holds the registers. */
    sched_saved(unit, now_ns);
    CHECK(sched_pool_cpu_left(pool, cpu));
}

TEST(cpu_leaves_and_joins)
{
    for (unsigned i = 0; sched_policy(i) != NULL; i++) {
        uint32_t kick = 0;

        sched_pool_init(&one, sched_policy(i), 0x3);
        add(&one, &a, 0x3);
        sched_wake(&a, 2000);
        CHECK_PTR_EQ(sched_pick(&one, 0, 2000).next, &a);
        CHECK_PTR_EQ(sched_pick(&one, 1, 2000).next, NULL);
        CHECK_EQ(sched_pool_remove_cpu(&one, 2, 3000, &kick), -ENOENT);
        CHECK_EQ(sched_pool_remove_cpu(&one, CPU_MAX, 3000, &kick), -ENOENT);
        CHECK_EQ(sched_pool_add_cpu(&one, 1, 3000, &kick), -EEXIST);
        CHECK_EQ(sched_pool_remove_cpu(&one, 0, 3000, &kick), 0);
        CHECK((kick & 1) != 0);
        leave(&one, 0, 4000);
        CHECK_EQ(one.cpus, 0x2);
        CHECK_EQ(sched_pool_remove_cpu(&one, 1, 5000, &kick), -EBUSY); /* The last one. */
        CHECK_EQ(one.cpus, 0x2);
        if (sched_policy(i) != &sched_arinc653) { /* It has its slot there from the next frame on. */
            CHECK_PTR_EQ(sched_pick(&one, 1, 6000).next, &a);
        }
        sched_pool_init(&other, sched_policy(0), 0);
        CHECK(sched_pool_empty(&other));
        CHECK_EQ(sched_pool_add_cpu(&other, 0, 7000, &kick), 0);
        CHECK_EQ(kick & 1, 1);
        CHECK(!sched_pool_empty(&other) && !sched_pool_empty(&one));
    }
}

TEST(cpu_that_a_unit_needs_stays)
{
    for (unsigned i = 0; sched_policy(i) != NULL; i++) {
        uint32_t kick = 0;

        sched_pool_init(&one, sched_policy(i), 0x3);
        add(&one, &a, 0x2);
        CHECK_EQ(sched_pool_remove_cpu(&one, 1, 3000, &kick), -EBUSY);
        CHECK_EQ(sched_pool_remove_cpu(&one, 0, 3000, &kick), 0);
        CHECK(sched_pool_cpu_left(&one, 0));
    }
}

/* rtds keeps its promises: what two pCPUs hold one does not. */
TEST(cpu_that_is_promised_stays)
{
    struct sched_params half = SCHED_PARAMS_DEFAULT;
    uint32_t kick;

    half.budget_ns = 6 * NS_PER_MS;
    sched_pool_init(&one, &sched_rtds, 0x3);
    add(&one, &a, 0x3);
    add(&one, &b, 0x3);
    CHECK_EQ(sched_set_params(&a, &half, 1000, &kick), 0);
    CHECK_EQ(sched_set_params(&b, &half, 1000, &kick), 0);
    CHECK_EQ(sched_pool_remove_cpu(&one, 1, 3000, &kick), -EOVERFLOW);
    CHECK_EQ(one.cpus, 0x3);
    CHECK_EQ(sched_set_affinity(&a, 0x1, 0, 3000, &kick), 0); /* The books are as they were. */
    CHECK_EQ(sched_set_affinity(&b, 0x1, 0, 3000, &kick), -EOVERFLOW);
    one.overcommit = true;
    CHECK_EQ(sched_pool_remove_cpu(&one, 1, 3000, &kick), 0);
}

/* A schedule's slots hold a pCPU. */
TEST(cpu_with_slots_stays)
{
    struct arinc_table table = {.frame_ns = 1000000, .slot_count = 1};
    struct arinc_fault fault;
    uint32_t kick;

    sched_pool_init(&one, &sched_arinc653, 0x3);
    add(&one, &a, 0x3);
    table.slots[0] = (struct arinc_slot){0, 500000, &a, false, 1};
    CHECK_EQ(arinc_set_table(&one, &table, 2000, &kick, &fault), 0);
    CHECK_EQ(sched_pool_remove_cpu(&one, 1, 3000, &kick), -EBUSY);
    CHECK_EQ(sched_pool_remove_cpu(&one, 0, 3000, &kick), 0);
}

/* From each policy to each, with its run states. */
TEST(unit_moves)
{
    for (unsigned i = 0; sched_policy(i) != NULL; i++) {
        for (unsigned j = 0; sched_policy(j) != NULL; j++) {
            enum runstate state;
            uint64_t since_ns, times_ns[4];
            uint32_t kick = 0;

            sched_pool_init(&one, sched_policy(i), 0x1);
            sched_pool_init(&other, sched_policy(j), 0x2);
            add(&one, &a, 0x1);
            sched_wake(&a, 2000);
            CHECK_PTR_EQ(sched_pick(&one, 0, 2000).next, &a);
            CHECK_EQ(sched_move(&a, &other, 2500, &kick), -EBUSY);
            sched_sleep(&a, RUNSTATE_OFFLINE, 3000);
            CHECK_PTR_EQ(sched_pick(&one, 0, 3000).next, NULL);
            CHECK_EQ(sched_move(&a, &other, 3500, &kick), -EBUSY); /* Its registers are still there. */
            sched_saved(&a, 3500);
            CHECK_EQ(sched_move(&a, &one, 4000, &kick), 0);
            CHECK_EQ(sched_move(&a, &other, 4000, &kick), 0);
            CHECK_PTR_EQ(a.pool, &other);
            CHECK_EQ(a.hard_affinity, UINT32_MAX); /* It had none of the new pCPUs. */
            CHECK(list_empty(&one.units));
            CHECK_EQ(sched_unblock(&a, NULL, 4500), 0);
            CHECK_EQ(sched_wake(&a, 5000), 0x2);
            CHECK_PTR_EQ(sched_pick(&one, 0, 5000).next, NULL);
            CHECK_PTR_EQ(sched_pick(&other, 1, 6000).next, &a);
            sched_runstate(&a, 7000, &state, &since_ns, times_ns);
            CHECK_EQ(times_ns[RUNSTATE_RUNNING], 1000 + 1000);
            CHECK_EQ(times_ns[RUNSTATE_RUNNABLE], 1000);
            CHECK_EQ(times_ns[RUNSTATE_OFFLINE], 1000 + 2000);
        }
    }
}

TEST(unit_stays_where_it_is_not_wanted)
{
    uint32_t kick = 0;

    sched_pool_init(&one, &sched_credit2, 0x1);
    sched_pool_init(&other, &sched_rtds, 0);
    add(&one, &a, 0x1);
    CHECK_EQ(sched_move(&a, &other, 2000, &kick), -EINVAL);
    CHECK_EQ(sched_pool_add_cpu(&other, 1, 2000, &kick), 0);
    add(&other, &b, 0x2);
    b.params.budget_ns = b.params.period_ns;
    CHECK_EQ(sched_set_params(&b, &b.params, 2000, &kick), 0);
    CHECK_EQ(sched_move(&a, &other, 2000, &kick), -EOVERFLOW);
    CHECK_PTR_EQ(a.pool, &one);
    CHECK_EQ(a.hard_affinity, 0x1);
    sched_wake(&a, 3000);
    CHECK_PTR_EQ(sched_pick(&one, 0, 3000).next, &a);
    sched_pool_init(&other, &sched_null, 0x2);
    add(&other, &b, 0x2);
    sched_sleep(&a, RUNSTATE_OFFLINE, 4000);
    sched_pick(&one, 0, 4000);
    sched_saved(&a, 4000);
    CHECK_EQ(sched_move(&a, &other, 5000, &kick), -ENOSPC); /* Moved, and waits. */
    CHECK_PTR_EQ(a.pool, &other);
    sched_wake(&a, 6000);
    CHECK_EQ(sched_remove(&b, 7000), 0x2);
    CHECK_PTR_EQ(sched_pick(&other, 1, 8000).next, &a);
}

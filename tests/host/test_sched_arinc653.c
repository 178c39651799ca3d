/* SPDX-License-Identifier: Apache-2.0 */
/* test_sched_arinc653.c - arinc653 against a scan of the table, to the nanosecond; its tables, what is wrong
 * with some, and the change from one to another. */
#include "lib/error.h"
#include "test.h"

#define MACHINE_CHECK(condition) CHECK(condition)
#define machine_random(limit) test_random_below(limit)
#include "sched_machine.h"

#define UNITS 16

static struct machine m;
static struct sched_pool pool;
static struct sched_unit units[UNITS];
static struct arinc_table table;
static struct arinc_fault fault;

static unsigned scale(void)
{
    return test_long() || getenv("TEST_LONG") != NULL ? 25 : 1;
}

/* A pool of @cpu_count pCPUs with @count units, all awake. */
static void start(unsigned cpu_count, unsigned count)
{
    uint32_t kick;

    sched_pool_init(&pool, &sched_arinc653, BIT32(cpu_count) - 1);
    for (unsigned i = 0; i < count; i++) {
        units[i] = (struct sched_unit){
            .domid = (uint16_t)(i + 1), .hard_affinity = UINT32_MAX, .params = SCHED_PARAMS_DEFAULT};
        CHECK_EQ(sched_add(&pool, &units[i], 1000, &kick), 0);
        sched_wake(&units[i], 1000);
    }
}

static struct arinc_slot *add_slot(unsigned cpu, uint64_t start_ns, uint64_t length_ns,
                                   struct sched_unit *unit)
{
    struct arinc_slot *slot = &table.slots[table.slot_count++];

    *slot = (struct arinc_slot){start_ns, length_ns, unit, unit == NULL, cpu};
    return slot;
}

static int set_table(uint64_t now_ns)
{
    uint32_t kick = 0;
    int error = arinc_set_table(&pool, &table, now_ns, &kick, &fault);

    CHECK_EQ(kick, error == 0 ? pool.cpus : 0);
    return error;
}

/* Random slots: unit i has its slots on pCPU i % @cpu_count, so that none is on two at once. */
static void random_table(unsigned cpu_count, unsigned count)
{
    table = (struct arinc_table){.frame_ns = 0};
    for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
        uint64_t at_ns = 0;

        for (unsigned i = (unsigned)test_random_below(8); i != 0; i--) {
            unsigned who = cpu + cpu_count * (unsigned)test_random_below(1 + (count - 1 - cpu) / cpu_count);
            uint64_t length_ns = ARINC_SLOT_MIN_NS + test_random_below(100000);

            at_ns += test_random_below(2) * test_random_below(100000);
            add_slot(cpu, at_ns, length_ns, test_random_below(5) == 0 ? NULL : &units[who]);
            at_ns += length_ns;
        }
        table.frame_ns = at_ns > table.frame_ns ? at_ns : table.frame_ns;
    }
    table.frame_ns += ARINC_SLOT_MIN_NS + test_random_below(2) * test_random_below(100000);
}

/* What @cpu does at @offset_ns of the frame, the slow way, and when that ends. */
static struct sched_unit *scan(unsigned cpu, uint64_t offset_ns, uint64_t *end_ns)
{
    *end_ns = table.frame_ns;
    for (unsigned i = 0; i < table.slot_count; i++) {
        const struct arinc_slot *slot = &table.slots[i];

        if (slot->cpu == cpu && slot->start_ns <= offset_ns && offset_ns < slot->start_ns + slot->length_ns) {
            *end_ns = slot->start_ns + slot->length_ns;
            return slot->unit;
        }
        if (slot->cpu == cpu && slot->start_ns > offset_ns && slot->start_ns < *end_ns) {
            *end_ns = slot->start_ns;
        }
    }
    return NULL;
}

static bool has_slots(unsigned cpu)
{
    for (unsigned i = 0; i < table.slot_count; i++) {
        if (table.slots[i].cpu == cpu) {
            return true;
        }
    }
    return false;
}

/* @cpu picks at @now_ns; frames start at @zero_ns. */
static void check_pick(unsigned cpu, uint64_t zero_ns, uint64_t now_ns)
{
    struct sched_unit *prev = pool.running[cpu], *wanted;
    uint64_t offset_ns = (now_ns - zero_ns) % table.frame_ns, end_ns;
    struct sched_choice choice = sched_pick(&pool, cpu, now_ns);

    wanted = scan(cpu, offset_ns, &end_ns);
    CHECK_PTR_EQ(choice.next, wanted);
    CHECK_EQ(choice.until_ns, has_slots(cpu) ? now_ns - offset_ns + end_ns : TIME_NEVER);
    if (prev != NULL && prev != choice.next) {
        sched_saved(prev, now_ns);
    }
}

/* At the nanoseconds around every edge, of frames that may be far apart. */
TEST(arinc653_choice_equals_a_scan)
{
    for (unsigned round = 0; round < 300 * scale(); round++) {
        unsigned cpu_count = 1 + round % 8;
        uint64_t zero_ns = 1000000 + test_random_below(1000), frame_ns;

        frame_ns = zero_ns;
        start(cpu_count, UNITS);
        random_table(cpu_count, UNITS);
        CHECK_EQ(set_table(1000), 0);
        check_pick(0, zero_ns, zero_ns);
        for (unsigned frame = 0; frame < 10; frame++) {
            frame_ns += table.frame_ns * (1 + (test_random_below(3) == 0 ? test_random_below(1000000) : 0));
            for (unsigned i = 0; i < table.slot_count; i++) {
                /* All edges in order of time are those of one pCPU: take each pCPU in a frame of its own. */
                const struct arinc_slot *slot = &table.slots[i];

                if (i != 0 && slot->cpu != table.slots[i - 1].cpu) {
                    frame_ns += table.frame_ns;
                }
                for (uint64_t edge = 0; edge < 2; edge++) {
                    uint64_t at_ns = frame_ns + slot->start_ns + edge * slot->length_ns;

                    check_pick(slot->cpu, zero_ns, at_ns - (edge != 0 ? 1 : 0));
                    check_pick(slot->cpu, zero_ns, at_ns);
                    check_pick(slot->cpu, zero_ns, at_ns + 1);
                }
            }
        }
    }
}

/* 10,000 frames, each edge noticed late by any time: the ends stay where the first frame puts them. */
TEST(arinc653_never_drifts)
{
    uint64_t zero_ns = 12345, now_ns = zero_ns;
    unsigned picks = 0;

    start(1, 3);
    table = (struct arinc_table){.frame_ns = 1000003};
    add_slot(0, 0, 300001, &units[0]);
    add_slot(0, 300001, 200000, &units[1]);
    add_slot(0, 600000, 400003, &units[2]);
    CHECK_EQ(set_table(1000), 0);
    while (now_ns < zero_ns + 10000 * table.frame_ns * scale()) {
        struct sched_unit *prev = pool.running[0];
        struct sched_choice choice = sched_pick(&pool, 0, now_ns);
        uint64_t end_ns = (choice.until_ns - zero_ns) % table.frame_ns;

        CHECK(choice.until_ns > now_ns && choice.until_ns <= now_ns + 400003);
        CHECK(end_ns == 300001 || end_ns == 500001 || end_ns == 600000 || end_ns == 0);
        if (prev != NULL && prev != choice.next) {
            sched_saved(prev, now_ns);
        }
        now_ns = choice.until_ns + test_random_below(10000);
        picks++;
    }
    CHECK(picks >= 30000);
}

TEST(arinc653_changes_over_at_the_end_of_a_frame)
{
    struct arinc_table got;
    struct sched_choice choice;

    start(2, 2);
    table = (struct arinc_table){.frame_ns = 1000000};
    add_slot(0, 0, 1000000, &units[0]);
    CHECK_EQ(set_table(1000), 0);
    CHECK_PTR_EQ(sched_pick(&pool, 0, 10000).next, &units[0]);
    choice = sched_pick(&pool, 1, 10000);
    CHECK_PTR_EQ(choice.next, NULL);
    CHECK_EQ(choice.until_ns, TIME_NEVER); /* No slots: it is not disturbed. */
    table = (struct arinc_table){.frame_ns = 300000};
    add_slot(1, 100000, 200000, &units[1]);
    add_slot(0, 0, 50000, &units[0]);
    CHECK_EQ(set_table(5500000), 0);
    CHECK_EQ(arinc_get_table(&pool, &got), 0);
    CHECK_EQ(got.frame_ns, 300000);
    CHECK_EQ(got.slots[1].start_ns, 100000); /* By pCPU. */
    choice = sched_pick(&pool, 1, 5500100);
    CHECK_EQ(choice.until_ns, 6010000);
    choice = sched_pick(&pool, 0, 6009999);
    CHECK_PTR_EQ(choice.next, &units[0]);
    CHECK_EQ(choice.until_ns, 6010000);
    choice = sched_pick(&pool, 1, 6010000); /* For both, and frames start here. */
    CHECK_EQ(choice.until_ns, 6110000);
    choice = sched_pick(&pool, 0, 6010000 + 2 * 300000 + 49999);
    CHECK_PTR_EQ(choice.next, &units[0]);
    CHECK_EQ(choice.until_ns, 6010000 + 2 * 300000 + 50000);
    /* Several frames later and not looked at before: the change was at the end of the first. */
    table.frame_ns = 400000;
    CHECK_EQ(set_table(6700000), 0);
    choice = sched_pick(&pool, 0, 6910000 + 10 * 400000 + 5);
    CHECK_PTR_EQ(choice.next, &units[0]);
    CHECK_EQ(choice.until_ns, 6910000 + 10 * 400000 + 50000);
}

static void check_refused(enum arinc_reason reason, unsigned slot)
{
    struct arinc_table before, after;

    CHECK_EQ(arinc_get_table(&pool, &before), 0);
    CHECK_EQ(set_table(2000), -EINVAL);
    CHECK_EQ(fault.reason, reason);
    CHECK_EQ(fault.slot, slot);
    CHECK(arinc_reason_text(reason) != NULL);
    CHECK_EQ(arinc_get_table(&pool, &after), 0);
    CHECK_EQ(memcmp(&before, &after, sizeof(before)), 0);
}

static void good_table(void)
{
    table = (struct arinc_table){.frame_ns = 1000000};
    add_slot(0, 0, 200000, &units[0]);
    add_slot(1, 0, 200000, &units[1]);
    add_slot(0, 300000, 200000, &units[1]);
    add_slot(1, 500000, 500000, NULL);
}

TEST(arinc653_says_which_slot_is_wrong)
{
    struct sched_unit stranger = {.domid = 99, .hard_affinity = 3};

    start(2, 3);
    good_table();
    CHECK_EQ(set_table(1500), 0);
    units[2].hard_affinity = 1;
    table.frame_ns = 49999;
    check_refused(ARINC_FRAME, 0);
    table.frame_ns = 999999;
    check_refused(ARINC_EXCEEDS, 3);
    good_table();
    table.slots[3].start_ns = UINT64_MAX - 1;
    check_refused(ARINC_EXCEEDS, 3);
    good_table();
    table.slots[2].start_ns = 199999;
    check_refused(ARINC_OVERLAP, 2);
    good_table();
    table.slots[2].start_ns = 200000 - 1;
    table.slots[2].cpu = 1;
    check_refused(ARINC_OVERLAP, 2);
    good_table();
    table.slots[1].cpu = 2;
    check_refused(ARINC_CPU, 1);
    table.slots[1].cpu = UINT32_MAX;
    check_refused(ARINC_CPU, 1);
    good_table();
    table.slots[0].length_ns = 49999;
    check_refused(ARINC_SHORT, 0);
    good_table();
    table.slots[2].unit = &stranger;
    check_refused(ARINC_UNKNOWN, 2);
    table.slots[2].unit = NULL;
    check_refused(ARINC_UNKNOWN, 2);
    good_table();
    table.slots[1].unit = &units[2];
    check_refused(ARINC_AFFINITY, 1);
    good_table();
    table.slots[1].length_ns = 300001;
    check_refused(ARINC_TWICE, 2);
    good_table();
    table.slot_count = ARINC_SLOT_MAX + 1;
    check_refused(ARINC_COUNT, 0);
    sched_pool_init(&pool, &sched_rtds, 1);
    CHECK_EQ(arinc_set_table(&pool, &table, 2000, &(uint32_t){0}, &fault), -EOPNOTSUPP);
    CHECK_EQ(arinc_get_table(&pool, &table), -EOPNOTSUPP);
}

/* Of each unit of the domain, the start of its only slot; UINT64_MAX: it has none. */
static uint64_t equal_start(const struct sched_unit *unit)
{
    struct arinc_table got;
    uint64_t start_ns = UINT64_MAX;

    CHECK_EQ(arinc_get_table(&pool, &got), 0);
    for (unsigned i = 0; i < got.slot_count; i++) {
        if (got.slots[i].unit == unit) {
            CHECK_EQ(start_ns, UINT64_MAX);
            CHECK_EQ(got.slots[i].length_ns, 10 * NS_PER_MS);
            CHECK((unit->hard_affinity & BIT32(got.slots[i].cpu)) != 0);
            start_ns = got.slots[i].start_ns;
        }
    }
    return start_ns;
}

/* Without a table: one slot for each, at the same time for those of one domain when they can. */
TEST(arinc653_gives_equal_slots)
{
    uint32_t kick;

    sched_pool_init(&pool, &sched_arinc653, 0xf);
    CHECK(test_log_contains("without a schedule every vCPU has a slot of 10 ms"));
    for (unsigned i = 0; i < 9; i++) { /* Domains 1, 2, 3 of two, three and four. */
        units[i] = (struct sched_unit){.domid = i < 2   ? 1
                                                : i < 5 ? 2
                                                        : 3,
                                       .hard_affinity = 0xf,
                                       .params = SCHED_PARAMS_DEFAULT};
        CHECK_EQ(sched_add(&pool, &units[i], 1000, &kick), 0);
    }
    for (unsigned i = 0; i < 9; i++) {
        CHECK_EQ(equal_start(&units[i]), (i < 2 ? 0u : i < 5 ? 1u : 2u) * 10 * NS_PER_MS);
    }
    CHECK_EQ(sched_set_affinity(&units[0], 1, 0, 2000, &kick), 0);
    CHECK_EQ(sched_set_affinity(&units[1], 1, 0, 2000, &kick), 0); /* They cannot run at once. */
    CHECK(equal_start(&units[0]) != equal_start(&units[1]));
    sched_remove(&units[3], 3000);
    CHECK_EQ(equal_start(&units[3]), UINT64_MAX);
    for (unsigned i = 0; i < 9; i++) {
        CHECK(i == 3 || equal_start(&units[i]) != UINT64_MAX);
    }
}

TEST(arinc653_keeps_slots_and_affinity_together)
{
    uint32_t kick;

    start(2, 2);
    good_table();
    CHECK_EQ(set_table(1500), 0);
    CHECK_EQ(sched_set_affinity(&units[1], 2, 0, 2000, &kick), -EBUSY);
    sched_remove(&units[0], 3000);
    table.slots[2].unit = NULL;
    check_refused(ARINC_UNKNOWN, 0);
    CHECK_PTR_EQ(sched_pick(&pool, 0, 4000).next, NULL); /* Its slot is nobody's. */
    units[2] = units[1];
    units[2].domid = 3;
    CHECK_EQ(sched_add(&pool, &units[2], 5000, &kick), 0);
    CHECK(test_log_contains("d3v0 has no slot in the schedule and waits"));
}

TEST(arinc653_wakes_within_the_slot_alone)
{
    start(1, 2);
    table = (struct arinc_table){.frame_ns = 1000000};
    add_slot(0, 0, 500000, &units[0]);
    add_slot(0, 500000, 500000, &units[1]);
    CHECK_EQ(set_table(1500), 0);
    sched_pick(&pool, 0, 10000);
    CHECK_EQ(sched_sleep(&units[0], RUNSTATE_BLOCKED, 20000), 1);
    CHECK_EQ(sched_sleep(&units[1], RUNSTATE_BLOCKED, 20000), 0);
    CHECK_PTR_EQ(sched_pick(&pool, 0, 30000).next, NULL);
    CHECK_EQ(sched_saved(&units[0], 30000), 0);
    CHECK_EQ(sched_wake(&units[1], 40000), 0);
    CHECK_EQ(sched_wake(&units[0], 50000), 1);
    CHECK_PTR_EQ(sched_pick(&pool, 0, 60000).next, &units[0]);
    CHECK_PTR_EQ(sched_pick(&pool, 0, 510000).next, &units[1]);
}

/* A slot of the schedule that runs, on a pCPU that its unit may not use for a while: once it may, it runs. */
TEST(arinc653_unit_that_may_use_its_slot_again_has_it)
{
    uint32_t kick = 0;

    start(2, 1);
    CHECK_PTR_EQ(sched_pick(&pool, 0, 1000).next, &units[0]);
    CHECK_EQ(sched_set_affinity(&units[0], 2, 0, 2000, &kick), 0);
    CHECK_PTR_EQ(sched_pick(&pool, 0, 3000).next, NULL);
    CHECK_EQ(sched_saved(&units[0], 3000) & 2, 0);
    table = (struct arinc_table){.frame_ns = 10 * NS_PER_MS};
    add_slot(1, 0, NS_PER_MS, &units[0]);
    CHECK_EQ(set_table(4000), 0);
    kick = 0;
    CHECK_EQ(sched_set_affinity(&units[0], 3, 0, 5000, &kick), 0);
    CHECK_EQ(kick & 1, 1);
    CHECK_PTR_EQ(sched_pick(&pool, 0, 6000).next, &units[0]);
}

/* Tables that come at any time, too. */
TEST(arinc653_keeps_the_rules_under_random_life)
{
    for (unsigned round = 0; round < 20 * scale(); round++) {
        machine_init(&m, &sched_arinc653, 1 + round % 8);
        m.stale_ns = round % 3 == 0 ? 2000 : 0;
        for (unsigned step = 0; step < 20000; step++) {
            machine_random_act(&m);
            machine_check(&m);
            machine_run(&m, test_random_below(test_random_below(8) == 0 ? 5 * NS_PER_MS : 30000), true);
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* stays.c - the longest of what a control domain may ask of a pool, each a part of one stay in EL2: 128 units
 * of 16 domains, on two pCPUs and on as many as there may be, awake and asleep, pinned and not. */
#include "print.h"
#include "sched/pool.h"
#include "schedcost.h"
#include "string.h"

#define UNITS 128
#define DOMAINS 16

static struct sched_pool pool, other;
static struct sched_unit units[UNITS], guest;
static struct sched_group groups[DOMAINS + 1];
static struct arinc_table table;
static const struct sched_ops *ops;
static uint64_t now_ns;

/* What pCPUs do when they are told, and as time passes; not measured. */
static void let_pass(uint32_t cpus, uint64_t span_ns)
{
    for (uint64_t end_ns = now_ns + span_ns; now_ns < end_ns; now_ns += NS_PER_MS) {
        for (uint32_t rest = cpus; rest != 0; rest &= rest - 1) {
            unsigned cpu = (unsigned)__builtin_ctz(rest);
            struct sched_unit *prev = pool.running[cpu];
            const struct sched_unit *next = sched_pick(&pool, cpu, now_ns).next;

            if (prev != NULL && prev != next) {
                (void)sched_saved(prev, now_ns);
            }
        }
    }
}

static uint32_t pinned(unsigned index, unsigned cpu_count, bool pin)
{
    /* Two on the first, all others on the last one. */
    return pin ? BIT32(index < 2 ? 0 : cpu_count - 1) : BIT32(cpu_count) - 1;
}

static void set_up(unsigned cpu_count, bool pin, bool awake)
{
    struct sched_params params = SCHED_PARAMS_DEFAULT;
    uint32_t kick;

    now_ns = NS_PER_MS;
    params.budget_ns = params.period_ns / UNITS;
    params.cap = 7;
    sched_pool_init(&pool, ops, BIT32(cpu_count) - 1);
    sched_pool_init(&other, ops, 1);
    memset(groups, 0, sizeof(groups));
    for (unsigned i = 0; i <= UNITS; i++) {
        struct sched_unit *unit = i < UNITS ? &units[i] : &guest;

        *unit = (struct sched_unit){.domid = (uint16_t)(i / 8),
                                    .hard_affinity = pinned(i, cpu_count, pin),
                                    .soft_affinity = 1,
                                    .params = params,
                                    .group = &groups[i / 8]};
        if (i < UNITS) {
            (void)sched_add(&pool, unit, now_ns, &kick);
        }
    }
    for (unsigned i = 0; awake && i < UNITS; i++) {
        if (units[i].pool != NULL) {
            sched_wake(&units[i], now_ns);
        }
    }
    let_pass(awake ? pool.cpus : 0, 20 * NS_PER_MS);
}

struct stay {
    const char *name;
    uint64_t most;
};

static void one(struct stay *stay, uint64_t since)
{
    uint64_t took = cost_since(since);

    stay->most = took > stay->most ? took : stay->most;
}

static struct stay stays[] = {{"add", 0},        {"remove", 0},      {"parameters", 0}, {"affinity", 0},
                              {"CPU leaves", 0}, {"has it left", 0}, {"CPU comes", 0},  {"moves away", 0},
                              {"set table", 0},  {"levelling", 0}};

static void come_and_go(void)
{
    struct sched_params params = guest.params;
    uint32_t kick = 0;
    uint64_t since = cost_begin();

    if (sched_add(&pool, &guest, now_ns, &kick) == 0 || guest.pool == &pool) {
        one(&stays[0], since);
        since = cost_begin();
        (void)sched_move(&guest, &other, now_ns, &kick);
        one(&stays[7], since);
        if (guest.pool == &other) {
            since = cost_begin();
            (void)sched_move(&guest, &pool, now_ns, &kick);
            one(&stays[7], since);
        }
        since = cost_begin();
        (void)sched_remove(&guest, now_ns);
        one(&stays[1], since);
    }
    params.weight = 77;
    since = cost_begin();
    (void)sched_set_params(&units[UNITS / 2], &params, now_ns, &kick);
    one(&stays[2], since);
    since = cost_begin();
    (void)sched_set_affinity(&units[UNITS / 2], 1, 1, now_ns, &kick);
    one(&stays[3], since);
    since = cost_begin();
    (void)sched_set_affinity(&units[UNITS / 2], pool.cpus, 1, now_ns, &kick);
    one(&stays[3], since);
}

static void change_cpus(unsigned cpu)
{
    uint32_t kick = 0;
    uint64_t since = cost_begin();
    int error = sched_pool_remove_cpu(&pool, cpu, now_ns, &kick);

    one(&stays[4], since);
    if (error == 0) {
        let_pass(kick, NS_PER_MS);
        since = cost_begin();
        (void)sched_pool_cpu_left(&pool, cpu);
        one(&stays[5], since);
        since = cost_begin();
        (void)sched_pool_add_cpu(&pool, cpu, now_ns, &kick);
        one(&stays[6], since);
    }
}

/* 64 slots, one pCPU after the other. */
static void set_table(unsigned cpu_count)
{
    struct arinc_fault fault;
    uint32_t kick;
    uint64_t since;

    table.frame_ns = 100 * NS_PER_MS;
    table.slot_count = ARINC_SLOT_MAX;
    for (unsigned i = 0; i < ARINC_SLOT_MAX; i++) {
        table.slots[i] =
            (struct arinc_slot){i / cpu_count * NS_PER_MS, NS_PER_MS, &units[i], false, i % cpu_count};
    }
    since = cost_begin();
    (void)arinc_set_table(&pool, &table, now_ns, &kick, &fault);
    one(&stays[8], since);
}

/* Two groups that did not compete meet: who could run on one of two pCPUs alone may run on both. */
static void meet(unsigned cpu_count)
{
    uint32_t kick = 0;

    set_up(cpu_count, true, true);
    for (unsigned i = 0; i < UNITS; i++) {
        units[i].params.cap = 0;
        (void)sched_set_params(&units[i], &units[i].params, now_ns, &kick);
    }
    let_pass(pool.cpus, 20 * NS_PER_S);
    for (unsigned i = 0; i < 4; i++) {
        uint64_t since = cost_begin();

        (void)sched_set_affinity(&units[i], pool.cpus, 1, now_ns, &kick);
        one(&stays[9], since);
        for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
            struct sched_unit *prev = pool.running[cpu];
            const struct sched_unit *next;

            now_ns += 10 * NS_PER_MS;
            since = cost_begin();
            next = sched_pick(&pool, cpu, now_ns).next;
            if (prev != NULL && prev != next) {
                (void)sched_saved(prev, now_ns);
            }
            one(&stays[9], since);
        }
    }
}

void measure_stays(const struct sched_ops *of)
{
    static const unsigned cpu_counts[] = {2, CPU_MAX};

    ops = of;
    for (unsigned i = 0; i < sizeof(stays) / sizeof(stays[0]); i++) {
        stays[i].most = 0;
    }
    for (unsigned i = 0; i < 8; i++) {
        unsigned cpu_count = cpu_counts[i & 1];

        set_up(cpu_count, (i & 2) != 0, (i & 4) != 0);
        come_and_go();
        change_cpus(cpu_count - 1);
        change_cpus(1);
        if (ops == &sched_arinc653) {
            set_table(cpu_count);
            come_and_go();
            change_cpus(1);
        }
    }
    if (ops == &sched_credit2) {
        meet(2);
        meet(CPU_MAX);
    }
    for (unsigned i = 0; i < sizeof(stays) / sizeof(stays[0]); i++) {
        if (stays[i].most == 0) {
            continue;
        }
        print("STAY %s %lu %s\n", ops->name, stays[i].most, stays[i].name);
    }
}

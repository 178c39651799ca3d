/* SPDX-License-Identifier: Apache-2.0 */
/* schedcost.c - what a decision costs: hv/sched itself, linked in and run bare at EL1 on simulated time, with
 * 2, 8, 32 and 128 units that are awake on one pCPU. Under -icount a tick of the counter is an instruction.
 *
 * A turn is what a pCPU does of the scheduler's at the end of a slice: sched_pick(), and sched_saved() for
 * who gave way. A wake is sched_wake() of one that slept, and the pick it asks for, if any. */
#include "schedcost.h"
#include "call.h"
#include "print.h"
#include "sched/sched.h"
#include "string.h"
#include "timer.h"

#define UNITS 128
#define TURNS 4000
#define FRAME_NS (10 * NS_PER_MS)

/* What hv/sched calls of the hypervisor. */
void log_line(int level, const char *format, ...);
void panic(const char *format, ...);
void spin_wait(void);
unsigned guest_main(void);

struct cost {
    uint64_t most, sum, count;
};

static struct sched_pool pool;
static struct sched_unit units[UNITS];
static struct arinc_table table;
static uint64_t overhead;

void log_line(int level, const char *format, ...)
{
    (void)level;
    (void)format;
}

void panic(const char *format, ...)
{
    print("schedcost: panic: %s\n", format);
    guest_exit(1);
}

void spin_wait(void)
{
    panic("a lock is held");
}

uint64_t cost_begin(void)
{
    return timer_now(TIMER_PHYS);
}

uint64_t cost_since(uint64_t since)
{
    return timer_now(TIMER_PHYS) - since - overhead;
}

static void count(struct cost *cost, uint64_t since)
{
    uint64_t took = cost_since(since);

    cost->most = took > cost->most ? took : cost->most;
    cost->sum += took;
    cost->count++;
}

/* Equal parts of all the time, under each policy. */
static struct sched_params params_for(unsigned count)
{
    struct sched_params params = SCHED_PARAMS_DEFAULT;

    params.period_ns = FRAME_NS;
    params.budget_ns = FRAME_NS / count / 1000 * 1000;
    return params;
}

/* The schedule of arinc653 for the units that it can have, once they are there; nothing under others. */
static void set_table(unsigned count)
{
    uint64_t length_ns = FRAME_NS / count;
    struct arinc_fault fault;
    uint32_t kick;

    table.frame_ns = FRAME_NS;
    table.slot_count = count;
    for (unsigned i = 0; i < count; i++) {
        table.slots[i] = (struct arinc_slot){i * length_ns, length_ns, &units[i], false, 0};
    }
    (void)arinc_set_table(&pool, &table, 0, &kick, &fault);
}

static void add_units(const struct sched_ops *ops, unsigned count)
{
    unsigned slots = count < ARINC_SLOT_MAX ? count : ARINC_SLOT_MAX;
    uint32_t kick;

    sched_pool_init(&pool, ops, 1);
    pool.ratelimit_ns = 0;
    for (unsigned i = 0; i < count; i++) {
        units[i] = (struct sched_unit){
            .domid = (uint16_t)i, .hard_affinity = 1, .soft_affinity = 1, .params = params_for(count)};
        /* null has a place for the first alone: the others wait. */
        (void)sched_add(&pool, &units[i], 0, &kick);
        if (i == slots - 1) {
            set_table(slots);
        }
    }
    for (unsigned i = 0; i < count; i++) {
        sched_wake(&units[i], 0);
    }
}

static uint64_t turn(uint64_t now_ns, struct cost *cost)
{
    struct sched_unit *prev = pool.running[0];
    uint64_t since = cost_begin();
    struct sched_choice choice = sched_pick(&pool, 0, now_ns);

    if (prev != NULL && prev != choice.next) {
        (void)sched_saved(prev, now_ns);
    }
    count(cost, since);
    return choice.until_ns;
}

/* A unit other than what runs sleeps for a moment, and wakes. */
static void nap(unsigned index, uint64_t now_ns, struct cost *cost)
{
    struct sched_unit *prev, *unit = &units[index];
    uint64_t since;

    if (unit->state != RUNSTATE_RUNNABLE) {
        return;
    }
    (void)sched_sleep(unit, RUNSTATE_BLOCKED, now_ns);
    prev = pool.running[0];
    since = cost_begin();
    if (sched_wake(unit, now_ns) != 0) {
        const struct sched_unit *next = sched_pick(&pool, 0, now_ns).next;

        if (prev != NULL && prev != next) {
            (void)sched_saved(prev, now_ns);
        }
    }
    count(cost, since);
}

static void measure(const struct sched_ops *ops, unsigned count)
{
    struct cost turns = {0}, wakes = {0}, warm = {0};
    uint64_t now_ns = 1000;
    uint32_t seed = 1;

    add_units(ops, count);
    for (unsigned i = 0; i < TURNS; i++) {
        uint64_t until_ns = turn(now_ns, i < count ? &warm : &turns);

        seed = seed * 1664525 + 1013904223;
        now_ns += 1 + (seed >> 8) % 1000; /* A little later ... */
        nap((seed >> 20) % count, now_ns, i < count ? &warm : &wakes);
        if (until_ns != TIME_NEVER && until_ns > now_ns) {
            now_ns = until_ns;
        }
    }
    print("COST %s %u turn %lu %lu wake %lu %lu\n", ops->name, count, turns.sum / turns.count, turns.most,
          wakes.count != 0 ? wakes.sum / wakes.count : 0, wakes.most);
}

unsigned guest_main(void)
{
    static const unsigned counts[] = {2, 8, 32, 128};
    struct cost none = {0};

    for (unsigned i = 0; i < 10; i++) {
        count(&none, cost_begin());
    }
    overhead = none.most;
    for (unsigned i = 0; sched_policy(i) != NULL; i++) {
        for (unsigned n = 0; n < sizeof(counts) / sizeof(counts[0]); n++) {
            measure(sched_policy(i), counts[n]);
        }
        measure_stays(sched_policy(i));
    }
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_sched_pool_random.c - pools that change while units run in them, at random: pCPUs that leave, are free
 * and join, domains of two units that are paused, move and go on, and pools that are emptied and used again.
 *
 * The model is of what the rest of the hypervisor does (core/vcpu_switch.c, cpupool.c, cpupool_move.c): a
 * pCPU that was kicked picks, saves what it holds when that goes, or must, and loads. What must hold is
 * looked for after every step; what must come about, whenever all kicks have been heard. */
#include <string.h>

#include "lib/error.h"
#include "sched/pool.h"
#include "test.h"

#define POOLS 3
#define CPUS 4
#define DOMAINS 4
#define UNITS (2 * DOMAINS)
#define FREE POOLS

struct cpu {
    struct sched_unit *loaded, *current;
    unsigned pool; /* Where it picks; FREE. */
    bool kicked, leaving;
};

static struct sched_pool pools[POOLS + 1]; /* The last: where free pCPUs pick. */
static struct sched_unit units[UNITS];
static struct cpu cpus[CPUS];
static bool paused[DOMAINS], wants[UNITS]; /* The toolstack's word, and the guest's. */
static unsigned home[DOMAINS];
static uint64_t now_ns;

static void kick(uint32_t mask)
{
    CHECK_EQ(mask >> CPUS, 0);
    for (unsigned i = 0; i < CPUS; i++) {
        cpus[i].kicked = cpus[i].kicked || (mask & BIT32(i)) != 0;
    }
}

static bool may_use(const struct sched_unit *unit, unsigned cpu)
{
    return (unit->hard_affinity & unit->pool->cpus & BIT32(cpu)) != 0;
}

/* As vcpu_schedule(). */
static void pick(unsigned id)
{
    struct cpu *cpu = &cpus[id];
    struct sched_choice choice;
    struct sched_unit *held = cpu->loaded;

    cpu->kicked = false;
    choice = sched_pick(&pools[cpu->pool], id, now_ns);
    if (held != NULL && held != choice.next &&
        (choice.next != NULL || held->awake || paused[held->domid] || !may_use(held, id))) {
        choice.kick |= sched_saved(held, now_ns);
        cpu->loaded = NULL;
    }
    if (choice.next != NULL) {
        CHECK(may_use(choice.next, id));
        for (unsigned i = 0; i < CPUS; i++) {
            CHECK(i == id || cpus[i].loaded != choice.next);
        }
        cpu->loaded = choice.next;
    }
    cpu->current = choice.next;
    kick(choice.kick);
}

static void hear_all(void)
{
    bool heard = true;

    for (unsigned rounds = 0; heard; rounds++) {
        heard = false;
        for (unsigned i = 0; i < CPUS; i++) {
            if (cpus[i].kicked) {
                now_ns += 1000;
                pick(i);
                heard = true;
            }
        }
        CHECK(rounds < 1000);
    }
}

static void try_free(unsigned id)
{
    struct cpu *cpu = &cpus[id];

    if (cpu->leaving && sched_pool_cpu_left(&pools[cpu->pool], id)) {
        CHECK_PTR_EQ(cpu->loaded, NULL);
        sched_pool_pass_idle(&pools[cpu->pool], &pools[FREE], id, now_ns);
        cpu->pool = FREE;
        cpu->leaving = false;
    }
}

static void remove_cpu(unsigned id)
{
    struct cpu *cpu = &cpus[id];
    uint32_t mask = 0;

    if (cpu->pool != FREE && !cpu->leaving &&
        sched_pool_remove_cpu(&pools[cpu->pool], id, now_ns, &mask) == 0) {
        cpu->leaving = true;
        kick(mask | BIT32(id));
    }
}

static void add_cpu(unsigned id, unsigned pool)
{
    uint32_t mask = 0;

    try_free(id);
    if (cpus[id].pool == FREE) {
        sched_pool_pass_idle(&pools[FREE], &pools[pool], id, now_ns);
        CHECK_EQ(sched_pool_add_cpu(&pools[pool], id, now_ns, &mask), 0);
        cpus[id].pool = pool;
        kick(mask | BIT32(id));
    }
}

static void pause(unsigned domain)
{
    paused[domain] = true;
    for (unsigned i = 2 * domain; i < 2 * domain + 2; i++) {
        kick(sched_sleep(&units[i], RUNSTATE_OFFLINE, now_ns));
        for (unsigned id = 0; id < CPUS; id++) {
            cpus[id].kicked = cpus[id].kicked || cpus[id].loaded == &units[i];
        }
    }
}

static void go_on(unsigned domain)
{
    paused[domain] = false;
    for (unsigned i = 2 * domain; i < 2 * domain + 2; i++) {
        wants[i] = true; /* For all it knows what it slept for has come. */
        kick(sched_wake(&units[i], now_ns));
    }
}

/* Wakes that cross the move find the unit wherever it is. */
static void move(unsigned domain, unsigned to)
{
    unsigned done = 2 * domain;
    uint32_t hard[2] = {units[done].hard_affinity, units[done + 1].hard_affinity};
    int error = 0;

    pause(domain);
    hear_all();
    for (; done < 2 * domain + 2 && error == 0; done++) {
        uint32_t mask = 0;

        CHECK(!units[done].on_cpu);
        error = sched_move(&units[done], &pools[to], now_ns, &mask);
        error = error == -ENOSPC ? 0 : error;
        kick(mask | sched_unblock(&units[done], NULL, now_ns));
    }
    CHECK(error == 0 || error == -EINVAL || error == -EOVERFLOW || error == -EBUSY);
    if (error == 0) {
        home[domain] = to;
    }
    for (unsigned i = 2 * domain; error != 0 && i < done; i++) {
        uint32_t mask = 0;

        if (units[i].pool != &pools[home[domain]]) {
            int back = sched_move_back(&units[i], &pools[home[domain]], hard[i % 2], now_ns, &mask);

            CHECK(back == 0 || back == -ENOSPC);
            CHECK_EQ(units[i].hard_affinity, hard[i % 2]);
        }
        kick(mask);
    }
    go_on(domain);
}

/* An empty pool becomes another one. */
static void renew(unsigned pool)
{
    for (unsigned i = 0; i < CPUS; i++) {
        try_free(i);
        if (cpus[i].pool == pool) {
            return;
        }
    }
    if (sched_pool_empty(&pools[pool])) {
        sched_pool_reset(&pools[pool], sched_policy((unsigned)test_random_below(4)), 0);
    }
}

static void check_always(void)
{
    uint32_t all = 0;

    for (unsigned p = 0; p <= POOLS; p++) {
        unsigned count = 0;

        CHECK_EQ(all & pools[p].cpus, 0);
        all |= pools[p].cpus;
        for (struct list_node *node = pools[p].units.next; node != &pools[p].units; node = node->next) {
            CHECK_PTR_EQ(CONTAINER_OF(node, struct sched_unit, pool_link)->pool, &pools[p]);
            count++;
        }
        for (unsigned i = 0; i < UNITS; i++) {
            count -= units[i].pool == &pools[p] ? 1 : 0;
        }
        CHECK_EQ(count, 0);
    }
    for (unsigned i = 0; i < CPUS; i++) {
        CHECK_EQ((all & BIT32(i)) != 0, cpus[i].pool != FREE && !cpus[i].leaving);
        CHECK(cpus[i].loaded == NULL || (cpus[i].loaded->on_cpu && cpus[i].loaded->cpu == i));
    }
    for (unsigned i = 0; i < UNITS; i++) {
        CHECK_PTR_EQ(units[i].pool, &pools[home[i / 2]]);
    }
}

/* All kicks were heard: who left has left, and under credit2 nobody waits beside an idle pCPU. */
static void check_settled(void)
{
    for (unsigned id = 0; id < CPUS; id++) {
        try_free(id);
        CHECK(!cpus[id].leaving);
        for (unsigned i = 0; i < UNITS; i++) {
            bool idle = cpus[id].current == NULL && cpus[id].pool != FREE;

            CHECK(!(idle && pools[cpus[id].pool].ops == &sched_credit2 &&
                    units[i].pool == &pools[cpus[id].pool] && units[i].state == RUNSTATE_RUNNABLE &&
                    may_use(&units[i], id)));
        }
    }
    for (unsigned i = 0; i < UNITS; i++) {
        enum runstate state;
        uint64_t since_ns, times_ns[4];

        CHECK_EQ(units[i].awake, wants[i] && !paused[i / 2]);
        sched_runstate(&units[i], now_ns, &state, &since_ns, times_ns);
        CHECK_EQ(times_ns[0] + times_ns[1] + times_ns[2] + times_ns[3], now_ns - 1000);
    }
}

static void set_up(void)
{
    uint32_t mask = 0;

    now_ns = 1000;
    memset(cpus, 0, sizeof(cpus));
    for (unsigned p = 0; p <= POOLS; p++) {
        sched_pool_init(&pools[p], sched_policy((unsigned)test_random_below(4)),
                        p == 0 ? BIT32(CPUS) - 1 : 0);
    }
    for (unsigned i = 0; i < UNITS; i++) {
        units[i] = (struct sched_unit){.domid = (uint16_t)(i / 2),
                                       .vcpu_id = (uint16_t)(i % 2),
                                       .hard_affinity = UINT32_MAX,
                                       .soft_affinity = UINT32_MAX,
                                       .params = SCHED_PARAMS_DEFAULT};
        units[i].params.budget_ns = NS_PER_MS * (1 + test_random_below(4));
        int error = sched_add(&pools[0], &units[i], now_ns, &mask);
        CHECK(error == 0 || error == -ENOSPC);
        wants[i] = false;
        home[i / 2] = 0;
        paused[i / 2] = false;
    }
}

static void random_step(void)
{
    unsigned unit = (unsigned)test_random_below(UNITS), id = (unsigned)test_random_below(CPUS);

    now_ns += test_random_below(3 * NS_PER_MS);
    switch (test_random_below(12)) {
    case 0:
        remove_cpu(id);
        break;
    case 1:
    case 2:
        add_cpu(id, (unsigned)test_random_below(POOLS));
        break;
    case 3:
        move(unit / 2, (unsigned)test_random_below(POOLS));
        break;
    case 4:
        renew((unsigned)test_random_below(POOLS));
        break;
    case 5:
    case 6:
        wants[unit] = true;
        kick(sched_unblock(&units[unit], NULL, now_ns) | sched_wake(&units[unit], now_ns));
        break;
    case 7:
        wants[unit] = false;
        kick(sched_sleep(&units[unit], RUNSTATE_BLOCKED, now_ns));
        break;
    case 8:
        hear_all();
        check_settled();
        break;
    default:
        pick(id);
        break;
    }
}

TEST(pools_change_at_random)
{
    for (unsigned game = 0; game < (test_long() ? 400u : 40u); game++) {
        set_up();
        for (unsigned step = 0; step < 2000; step++) {
            random_step();
            check_always();
        }
        hear_all();
        check_settled();
    }
}

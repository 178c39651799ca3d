/* SPDX-License-Identifier: Apache-2.0 */
/* rtds.c - real time: each unit gets its budget in each of its periods, in the order of deadlines.
 *
 * Terms. A unit is a server with a period P and a budget B. What is left of the budget is used up as the unit
 * runs, kept while it sleeps, and lost at the deadline, when the next period begins:
 *
 *     budget  B |--.      .--.         |--.___  '--' runs     |
 *               |   '----'    '--      |      '''''-----...   |       '---' sleeps or waits, and keeps it
 *             release                deadline = next release
 *
 * (a deferrable server; S. Xi et al., RT-Xen: towards real-time hypervisor scheduling in Xen, EMSOFT 2011,
 * compare it with others for vCPUs.) A unit is "ready" when it waits and has budget. The pool's pCPUs run the
 * ready units with the earliest deadlines, each where its affinity lets it: global earliest deadline first,
 * as in S. Xi et al., Real-time multi-core virtual machine scheduling in Xen, EMSOFT 2014, which finds that
 * combination best.
 *
 * With extratime, a unit whose budget is used up gets another, one "level" lower, up to the deadline: any
 * unit of a lower number of levels goes first. So extra time never costs another unit its budget.
 *
 * Sleep. A unit that wakes with more budget than its share of the time up to the deadline, or after that,
 * begins a period then and there:
 *
 *     left / (deadline - now) > B / P   or   now >= deadline   ==>   deadline = now + P, left = B
 *
 * (the wake-up rule of the constant bandwidth server; L. Abeni, G. Buttazzo, Integrating multimedia
 * applications in hard real-time systems, RTSS 1998.) Without it, a unit that sleeps up to the end of its
 * period and wakes for two budgets in a row takes more than B / P of a pCPU, and others miss their deadlines.
 *
 * What is promised: a unit that is awake for a whole period has had its budget at its end, whatever other
 * units do, if
 *
 *     sum of B / P  <=  m - (m - 1) * the highest B / P          m pCPUs, which every unit may use
 *
 * (J. Goossens, S. Funk, S. Baruah, Priority-driven scheduling of periodic task systems on multiprocessors,
 * Real-Time Systems 25, 2003; for servers that sleep: S. Baruah, J. Goossens, G. Lipari, Implementing
 * constant-bandwidth servers upon multiprocessor platforms, RTAS 2002). On one pCPU that is a sum of 1. Units
 * pinned to one pCPU each are m such pools. With any other affinities there is no such bound, and a unit may
 * wait while another that could make room by moving does not (A. Gujarati, F. Cerqueira, B. Brandenburg,
 * Schedulability analysis of the Linux push and pull scheduler with arbitrary processor affinities, ECRTS
 * 2013). Admission (rtds_demand.c) refuses what cannot hold at all, unless pool->overcommit. Switches and
 * kicks take time that belongs into the budgets.
 *
 * Mechanism. Waiting units stand in one order, by deadline. The marks of a ready one are the pCPUs that may
 * take it, a set for each level, so the most urgent for a pCPU is the first with the mark of that pCPU and of
 * the lowest level that anybody has. A pCPU whose running unit has used up its budget or reached its deadline
 * picks. Of the waiting, the next deadline must be seen by somebody:
 *
 * Invariants, at any time the lock is free:
 *   - Watch: some pCPU has a timer at or before the first deadline of the order, or was told to pick.
 *   - EDF: a ready unit that may be taken by a pCPU that was not told to pick is no more urgent than what
 * runs there; or it "claims" a pCPU that was told for it.
 *
 * A pick renews at most RENEW_MAX units. When more are due it asks to be called again at once, so that no
 * stay in EL2 is long. */
#include "lib/error.h"
#include "sched/plain.h"
#include "sched/rtds_demand.h"
#include "sched/sched.h"

#define LEVEL_SHIFT 59 /* Deadlines are below: 18 years. And all are less than 2^63 apart. */
#define LEVEL_MAX 7u   /* All above count as this one. */
#define RENEW_MAX 4u

_Static_assert((LEVEL_MAX + 1) * CPU_MAX <= 64, "marks are a word");

enum unit_word {
    UNIT_DEADLINE,
    UNIT_LEFT,  /* Of the budget, in ns. */
    UNIT_LEVEL, /* Budgets used up in this period, with extratime. */
    UNIT_CLAIM, /* pCPU + 1 whose assigned[] names it; 0: none. */
};

enum pool_word {
    POOL_TOLD,  /* Mask: told to pick, has not since. */
    POOL_ARMED, /* One a pCPU: when its timer fires. */
};

enum {
    WAITING, /* pool->order[], and a unit's node[]. */
};

static unsigned first_cpu(uint32_t mask)
{
    return (unsigned)__builtin_ctz(mask);
}

/* Lower is more urgent. */
static uint64_t urgency(const struct sched_unit *unit)
{
    return unit->policy[UNIT_LEVEL] << LEVEL_SHIFT | unit->policy[UNIT_DEADLINE];
}

/* The pCPUs that may take @unit, which waits, when they are in its pool. */
static uint32_t takers(const struct sched_unit *unit)
{
    return unit->hard_affinity & (unit->on_cpu ? BIT32(unit->cpu) : BIT32(CPU_MAX) - 1);
}

static void begin_period(struct sched_unit *unit, uint64_t deadline_ns)
{
    unit->policy[UNIT_DEADLINE] = deadline_ns;
    unit->policy[UNIT_LEFT] = unit->params.budget_ns;
    unit->policy[UNIT_LEVEL] = 0;
}

/* The deadline of @unit, which is awake, has passed: its next period began there, or whole periods later. */
static void renew(struct sched_unit *unit, uint64_t now_ns)
{
    uint64_t from_ns = unit->policy[UNIT_DEADLINE], period_ns = unit->params.period_ns;

    if (now_ns - from_ns >= period_ns) {
        from_ns += (now_ns - from_ns) / period_ns * period_ns;
    }
    begin_period(unit, from_ns + period_ns);
}

static void use_extra_time(struct sched_unit *unit)
{
    if (unit->policy[UNIT_LEFT] == 0 && unit->params.extratime) {
        unit->policy[UNIT_LEFT] = unit->params.budget_ns;
        unit->policy[UNIT_LEVEL] = min_u64(unit->policy[UNIT_LEVEL] + 1, LEVEL_MAX);
    }
}

/* They do not know the pool's pCPUs, so that none need be changed when those do. */
static uint64_t marks_of(const struct sched_unit *unit)
{
    return unit->policy[UNIT_LEFT] != 0 ? (uint64_t)takers(unit) << (unit->policy[UNIT_LEVEL] * CPU_MAX) : 0;
}

/* @unit, which is awake, waits. */
static void enqueue(struct sched_pool *pool, struct sched_unit *unit)
{
    order_insert(&pool->order[WAITING], &unit->node[WAITING], unit->policy[UNIT_DEADLINE], marks_of(unit));
}

/* The ready unit that @cpu should take; NULL: none. */
static struct sched_unit *first_ready(const struct sched_pool *pool, unsigned cpu)
{
    const struct order *order = &pool->order[WAITING];
    uint64_t every_level = (~UINT64_C(0) / (BIT64(CPU_MAX) - 1)) << cpu;
    bool takes = order->root != NULL && (pool->cpus & BIT32(cpu)) != 0;
    uint64_t found = takes ? order->root->below & every_level : 0;

    return found != 0
               ? CONTAINER_OF(order_first(order, found & (0 - found)), struct sched_unit, node[WAITING])
               : NULL;
}

static void release_claim(struct sched_pool *pool, struct sched_unit *unit)
{
    if (unit->policy[UNIT_CLAIM] != 0) {
        pool->assigned[unit->policy[UNIT_CLAIM] - 1] = NULL;
        unit->policy[UNIT_CLAIM] = 0;
    }
}

static void dequeue(struct sched_pool *pool, struct sched_unit *unit)
{
    order_remove(&pool->order[WAITING], &unit->node[WAITING]);
    release_claim(pool, unit);
}

/* 3: ran there last ... 0: nothing speaks for @cpu. */
static unsigned fitness(const struct sched_unit *unit, unsigned cpu)
{
    return (unit->cpu == cpu ? 2u : 0u) + ((unit->soft_affinity & BIT32(cpu)) != 0 ? 1u : 0u);
}

/* The pCPU of @cpus that should take @unit: an idle one, or what runs least urgently; CPU_NONE: all run more
 * urgent ones. */
static unsigned victim(const struct sched_pool *pool, const struct sched_unit *unit, uint32_t cpus)
{
    uint64_t worst = urgency(unit);
    unsigned found = CPU_NONE;

    for (uint32_t rest = cpus; rest != 0; rest &= rest - 1) {
        unsigned cpu = first_cpu(rest);
        uint64_t runs = pool->running[cpu] != NULL ? urgency(pool->running[cpu]) : UINT64_MAX;

        if (runs > worst ||
            (found != CPU_NONE && runs == worst && fitness(unit, cpu) > fitness(unit, found))) {
            worst = runs;
            found = cpu;
        }
    }
    return found;
}

/* @unit is ready and claims nothing: who shall take it? */
static uint32_t place(struct sched_pool *pool, struct sched_unit *unit)
{
    unsigned cpu = victim(pool, unit, takers(unit) & pool->cpus & ~(uint32_t)pool->policy[POOL_TOLD]);

    if (cpu == CPU_NONE) {
        return 0;
    }
    pool->assigned[cpu] = unit;
    unit->policy[UNIT_CLAIM] = cpu + 1;
    pool->policy[POOL_TOLD] |= BIT64(cpu);
    return BIT32(cpu);
}

static bool is_ready(const struct sched_unit *unit)
{
    return unit->node[WAITING].height != 0 && unit->policy[UNIT_LEFT] != 0;
}

static uint32_t place_if_ready(struct sched_pool *pool, struct sched_unit *unit)
{
    return is_ready(unit) && unit->policy[UNIT_CLAIM] == 0 ? place(pool, unit) : 0;
}

/* Does a pCPU other than @but have a timer at or before @at_ns? */
static bool watched(const struct sched_pool *pool, uint64_t at_ns, unsigned but)
{
    for (uint32_t rest = pool->cpus; rest != 0; rest &= rest - 1) {
        if (first_cpu(rest) != but && pool->policy[POOL_ARMED + first_cpu(rest)] <= at_ns) {
            return true;
        }
    }
    return false;
}

/* Somebody must watch for the next deadline. */
static uint32_t watch(struct sched_pool *pool)
{
    const struct order_node *next = order_least(&pool->order[WAITING]);
    uint32_t first = pool->cpus & (0 - pool->cpus);

    if (next == NULL || (pool->policy[POOL_TOLD] & pool->cpus) != 0 || watched(pool, next->key, CPU_NONE)) {
        return 0;
    }
    pool->policy[POOL_TOLD] |= first;
    return first;
}

/* Begin the next period of waiting units whose deadline has passed. Returns how many are in @renewed. */
static unsigned renew_due(struct sched_pool *pool, uint64_t now_ns, struct sched_unit *renewed[RENEW_MAX])
{
    unsigned count = 0;

    while (count < RENEW_MAX) {
        struct order_node *first = order_least(&pool->order[WAITING]);
        struct sched_unit *unit;

        if (first == NULL || first->key > now_ns) {
            break;
        }
        unit = CONTAINER_OF(first, struct sched_unit, node[WAITING]);
        dequeue(pool, unit);
        renew(unit, now_ns);
        enqueue(pool, unit);
        renewed[count++] = unit;
    }
    return count;
}

/* Who runs on @cpu from now on, taken out of the orders; what ran is put into them. */
static struct sched_unit *choose(struct sched_pool *pool, unsigned cpu, uint64_t now_ns)
{
    struct sched_unit *next = first_ready(pool, cpu);
    struct sched_unit *prev = pool->running[cpu];

    if (prev != NULL && prev->awake) {
        if (now_ns >= prev->policy[UNIT_DEADLINE]) {
            renew(prev, now_ns);
        } else {
            use_extra_time(prev);
        }
        if ((takers(prev) & pool->cpus & BIT32(cpu)) != 0 && prev->policy[UNIT_LEFT] != 0 &&
            (next == NULL || urgency(prev) <= urgency(next))) {
            return prev;
        }
        enqueue(pool, prev);
    }
    if (next != NULL) {
        dequeue(pool, next);
    }
    return next;
}

/* When @cpu, where @next runs, picks again. */
static uint64_t timer_ns(const struct sched_pool *pool, const struct sched_unit *next, unsigned cpu,
                         uint64_t now_ns)
{
    const struct order_node *first = order_least(&pool->order[WAITING]);
    uint64_t end_ns = TIME_NEVER;

    if (next != NULL) {
        end_ns = min_u64(now_ns + next->policy[UNIT_LEFT], next->policy[UNIT_DEADLINE]);
    }
    if (first != NULL && first->key < end_ns && (pool->cpus & BIT32(cpu)) != 0 &&
        !watched(pool, first->key, cpu)) {
        end_ns = first->key;
    }
    return max_u64(end_ns, now_ns + 1);
}

static struct sched_choice rtds_pick(struct sched_pool *pool, unsigned cpu, uint64_t now_ns)
{
    struct sched_choice choice = {.alone = false};
    struct sched_unit *renewed[RENEW_MAX];
    unsigned renewed_count = renew_due(pool, now_ns, renewed);
    struct sched_unit *claimed = pool->assigned[cpu];

    if (claimed != NULL) {
        release_claim(pool, claimed);
    }
    choice.next = choose(pool, cpu, now_ns);
    /* Who could have had this pCPU is less urgent than what it runs: others, then. */
    pool->policy[POOL_TOLD] |= BIT64(cpu);
    for (unsigned i = 0; i < renewed_count; i++) {
        choice.kick |= place_if_ready(pool, renewed[i]);
    }
    if (claimed != NULL) {
        choice.kick |= place_if_ready(pool, claimed);
    }
    pool->policy[POOL_TOLD] &= ~BIT64(cpu);
    choice.until_ns = timer_ns(pool, choice.next, cpu, now_ns);
    pool->policy[POOL_ARMED + cpu] = choice.until_ns;
    choice.kick |= watch(pool);
    return choice;
}

static void rtds_init(struct sched_pool *pool)
{
    for (unsigned cpu = 0; cpu < CPU_MAX; cpu++) {
        pool->policy[POOL_ARMED + cpu] = TIME_NEVER;
    }
}

static int rtds_check(const struct sched_pool *pool, const struct sched_unit *unit,
                      const struct sched_params *params, uint32_t hard)
{
    return pool->overcommit || demand_fits(pool, unit, demand_of(params), hard) ? 0 : -EOVERFLOW;
}

static int rtds_admit(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns, uint32_t *kick)
{
    demand_set(pool, unit, demand_of(&unit->params), unit->hard_affinity);
    (void)now_ns;
    *kick = 0;
    return 0;
}

static void rtds_remove(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns, uint32_t *kick)
{
    demand_set(pool, unit, 0, 0);
    (void)now_ns;
    *kick = 0;
}

/* @unit, in the orders, waits: who must pick? One that idles with its registers in place lets go of it. */
static uint32_t settle(struct sched_pool *pool, struct sched_unit *unit)
{
    uint32_t kick = place_if_ready(pool, unit);

    if (unit->on_cpu && pool->running[unit->cpu] == NULL) {
        kick |= BIT32(unit->cpu);
    }
    return kick | watch(pool);
}

static uint32_t rtds_wake(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns)
{
    uint64_t deadline_ns = unit->policy[UNIT_DEADLINE], period_ns = unit->params.period_ns;

    if (now_ns >= deadline_ns || (unsigned __int128)unit->policy[UNIT_LEFT] * period_ns >
                                     (unsigned __int128)(deadline_ns - now_ns) * unit->params.budget_ns) {
        begin_period(unit, now_ns + period_ns);
    }
    enqueue(pool, unit);
    return settle(pool, unit);
}

static void rtds_sleep(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns)
{
    (void)now_ns;
    dequeue(pool, unit);
}

static void rtds_charge(struct sched_pool *pool, struct sched_unit *unit, uint64_t ran_ns)
{
    (void)pool;
    unit->policy[UNIT_LEFT] -= min_u64(ran_ns, unit->policy[UNIT_LEFT]);
}

static uint32_t rtds_saved(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns)
{
    (void)now_ns;
    if (!is_ready(unit)) {
        return 0;
    }
    order_set_marks(&unit->node[WAITING], marks_of(unit));
    return place_if_ready(pool, unit);
}

static uint32_t rtds_affinity_changed(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns)
{
    (void)now_ns;
    demand_set(pool, unit, (uint32_t)demand_of(&unit->params), unit->hard_affinity);
    if (unit->state == RUNSTATE_RUNNING) {
        return (unit->hard_affinity & BIT32(unit->cpu)) == 0 ? BIT32(unit->cpu) : 0;
    }
    if (unit->state != RUNSTATE_RUNNABLE) {
        return 0;
    }
    dequeue(pool, unit);
    enqueue(pool, unit);
    return settle(pool, unit);
}

static uint32_t rtds_params_changed(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns)
{
    (void)now_ns;
    demand_set(pool, unit, demand_of(&unit->params), unit->hard_affinity);
    return 0; /* From its next period on. */
}

static int rtds_cpus_changed(struct sched_pool *pool, unsigned cpu, uint64_t now_ns, uint32_t *kick)
{
    struct sched_unit *claimed = pool->assigned[cpu];

    (void)now_ns;
    if ((pool->cpus & BIT32(cpu)) == 0 && !pool->overcommit && !demand_holds(pool)) {
        return -EOVERFLOW; /* One more never makes it too much. */
    }
    *kick = BIT32(cpu);
    if (claimed != NULL) {
        release_claim(pool, claimed);
    }
    pool->policy[POOL_ARMED + cpu] = TIME_NEVER;
    pool->policy[POOL_TOLD] |= BIT64(cpu);
    if (claimed != NULL) {
        *kick |= place_if_ready(pool, claimed);
    }
    *kick |= watch(pool);
    return 0;
}

const struct sched_ops sched_rtds = {
    .name = "rtds",
    .abi_id = 8,             /* XEN_SCHEDULER_RTDS, public/domctl.h. */
    .may_untrap_wfi = false, /* A unit that sleeps must be seen to: it keeps its budget. */
    .init = rtds_init,
    .check = rtds_check,
    .admit = rtds_admit,
    .remove = rtds_remove,
    .wake = rtds_wake,
    .sleep = rtds_sleep,
    .charge = rtds_charge,
    .pick = rtds_pick,
    .hand_over = plain_no_hand_over,
    .saved = rtds_saved,
    .affinity_changed = rtds_affinity_changed,
    .params_changed = rtds_params_changed,
    .cpus_changed = rtds_cpus_changed,
};

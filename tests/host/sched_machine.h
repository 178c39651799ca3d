/* SPDX-License-Identifier: Apache-2.0 */
/* sched_machine.h - a simulated machine around hv/sched: pCPUs that pick, save late, idle in place and hear
 * kicks late, and after every step the rules of hv/sched/sched.h checked the slow and obvious way.
 *
 *     kick  ~~~ up to kick_delay ~~~> pick --- up to save_time ---> saved, loaded, runs ...
 *
 * The includer defines MACHINE_CHECK(condition) and machine_random(limit) (0 to limit - 1). */
#ifndef TESTS_HOST_SCHED_MACHINE_H
#define TESTS_HOST_SCHED_MACHINE_H

#include <string.h>

#include "lib/error.h"
#include "sched/pool.h"
#include "sched/sched.h"

#define MACHINE_UNITS 16

struct machine_cpu {
    struct sched_unit *loaded, *current; /* Whose registers it holds; who runs. */
    struct sched_unit *saving, *coming;  /* Mid-switch: to be saved by busy_until_ns, then loaded. */
    uint64_t busy_until_ns;              /* TIME_NEVER: not in a switch. */
    uint64_t kick_ns, timer_ns; /* When the next kick arrives and the slice ends; TIME_NEVER: none. */
    bool alone;
    uint64_t pick_count, switch_count;
};

struct machine_unit {
    struct sched_unit unit;
    bool present, unplaced, awake;
    bool yielded; /* Since the last pick. */
    bool doomed;  /* To be removed as soon as it is saved. */
    bool parked;  /* It was, since it last ran: it waited for its domain's next period. */
    uint64_t added_ns, waits_since_ns, longest_wait_ns;
    uint64_t ran_ns;     /* Counted here, apart from the scheduler's own books. */
    unsigned ran_on;     /* CPU_NONE: never ran. */
    uint64_t move_count; /* Times it ran on another pCPU than before. */
    uint64_t rtds_deadline_ns, rtds_before_ns, rtds_budget_ns; /* Of its period: see sched_rules.h. */
};

/* What a domain with a cap ran: see sched_rules.h. */
struct machine_domain {
    struct sched_group group;
    uint32_t cap;
    uint64_t ran_ns, before_ns, end_ns, debt_ns;
    unsigned periods; /* Since its cap changed. */
};

struct machine {
    struct sched_pool pool;
    unsigned domain_count; /* Units with caps: unit i is domain i % this one's. */
    bool caps;             /* Random domains have one. */
    struct machine_domain domains[MACHINE_UNITS];
    unsigned cpu_count;
    uint64_t now_ns;
    uint64_t kick_delay_ns, save_time_ns,
        stale_ns;           /* At most; stale: how old a time given to the scheduler may be. */
    uint64_t wait_bound_ns; /* 0: not checked. */
    bool one_weight;        /* Random units weigh the same. */
    struct machine_cpu cpus[CPU_MAX];
    struct machine_unit units[MACHINE_UNITS];
};

static inline struct machine_domain *machine_domain_of(struct machine *m, unsigned index)
{
    return &m->domains[index % m->domain_count];
}

static inline struct machine_unit *machine_unit_of(struct sched_unit *unit)
{
    return CONTAINER_OF(unit, struct machine_unit, unit);
}

#include "sched_rules.h"

static inline void machine_init(struct machine *m, const struct sched_ops *ops, unsigned cpu_count)
{
    memset(m, 0, sizeof(*m));
    m->cpu_count = cpu_count;
    m->domain_count = MACHINE_UNITS;
    m->now_ns = 1000 * NS_PER_MS;
    m->kick_delay_ns = 20000;
    m->save_time_ns = 5000;
    sched_pool_init(&m->pool, ops, BIT32(cpu_count) - 1);
    for (unsigned i = 0; i < CPU_MAX; i++) {
        m->cpus[i].busy_until_ns = m->cpus[i].kick_ns = m->cpus[i].timer_ns = TIME_NEVER;
    }
}

/* The time as a pCPU read it, maybe a little ago. */
static inline uint64_t machine_time(struct machine *m)
{
    return m->now_ns - (m->stale_ns != 0 ? machine_random(m->stale_ns) : 0);
}

static inline void machine_kick(struct machine *m, uint32_t mask)
{
    MACHINE_CHECK(mask >> m->cpu_count == 0); /* One that left the pool may be told, too. */
    for (unsigned i = 0; i < m->cpu_count; i++) {
        if ((mask & BIT32(i)) != 0) {
            uint64_t at_ns = m->now_ns + machine_random(m->kick_delay_ns + 1);

            m->cpus[i].kick_ns = m->cpus[i].kick_ns < at_ns ? m->cpus[i].kick_ns : at_ns;
        }
    }
}

static inline int machine_add_with(struct machine *m, unsigned index, uint32_t hard, uint32_t soft,
                                   const struct sched_params *params)
{
    struct machine_unit *u = &m->units[index];
    uint32_t kick = 0;
    int error;

    memset(u, 0, sizeof(*u));
    u->unit = (struct sched_unit){.domid = (uint16_t)index,
                                  .hard_affinity = hard,
                                  .soft_affinity = soft,
                                  .params = *params,
                                  .group = &machine_domain_of(m, index)->group};
    u->unit.params.cap = machine_domain_of(m, index)->cap;
    u->ran_on = CPU_NONE;
    u->added_ns = u->waits_since_ns = m->now_ns;
    error = sched_add(&m->pool, &u->unit, m->now_ns, &kick);
    u->present = error == 0 || error == -ENOSPC;
    machine_kick(m, kick);
    return error;
}

static inline int machine_add(struct machine *m, unsigned index, uint32_t hard, uint32_t soft,
                              uint32_t weight)
{
    struct sched_params params = SCHED_PARAMS_DEFAULT;

    params.weight = weight;
    return machine_add_with(m, index, hard, soft, &params);
}

/* @by: whose event it is that comes to one who is blocked, or NULL. */
static inline void machine_wake_from(struct machine *m, unsigned index, const struct sched_unit *by)
{
    struct machine_unit *u = &m->units[index];

    if (u->unit.state != RUNSTATE_RUNNING && !u->awake) {
        u->waits_since_ns = m->now_ns;
    }
    u->awake = true;
    machine_kick(m, sched_unblock(&u->unit, by, machine_time(m)));
    machine_kick(m, sched_wake(&u->unit, machine_time(m)));
}

static inline void machine_wake(struct machine *m, unsigned index)
{
    machine_wake_from(m, index, NULL);
}

static inline void machine_sleep(struct machine *m, unsigned index, enum runstate state)
{
    m->units[index].awake = false;
    machine_kick(m, sched_sleep(&m->units[index].unit, state, machine_time(m)));
}

static inline void machine_yield(struct machine *m, unsigned index)
{
    struct sched_unit *unit = &m->units[index].unit;

    if (unit->state == RUNSTATE_RUNNING) {
        sched_yield(unit);
        m->units[index].yielded = true;
        machine_kick(m, BIT32(unit->cpu));
    }
}

static inline void machine_set_affinity(struct machine *m, unsigned index, uint32_t hard, uint32_t soft)
{
    uint32_t kick = 0;

    int error;

    m->units[index].waits_since_ns = m->now_ns; /* Its wait is for other pCPUs from now on. */
    error = sched_set_affinity(&m->units[index].unit, hard, soft, machine_time(m), &kick);
    MACHINE_CHECK(error == 0 || hard != UINT32_MAX); /* Who may run anywhere is never refused. */
    if (error == 0) {
        machine_kick(m, kick);
    }
}

/* Asleep first; a unit that some pCPU still holds is removed once that lets go of it, which the pick ahead
 * brings about. */
static inline void machine_try_remove(struct machine *m, unsigned index)
{
    struct machine_unit *u = &m->units[index];

    if (machine_holds(m, &u->unit)) {
        return;
    }
    machine_kick(m, sched_remove(&u->unit, machine_time(m)));
    u->present = u->doomed = false;
}

static inline void machine_remove(struct machine *m, unsigned index)
{
    machine_sleep(m, index, RUNSTATE_OFFLINE);
    m->units[index].doomed = true;
    for (unsigned i = 0; i < m->cpu_count; i++) {
        struct machine_cpu *cpu = &m->cpus[i];

        if (cpu->loaded == &m->units[index].unit && cpu->current == NULL &&
            cpu->busy_until_ns == TIME_NEVER) {
            cpu->loaded = NULL; /* Idle in place: unloaded on demand. */
            machine_kick(m, sched_saved(&m->units[index].unit, machine_time(m)));
        }
    }
    machine_try_remove(m, index);
}

/* The end of a switch: the old registers are saved, the new ones loaded. */
static inline void machine_switched(struct machine *m, unsigned id)
{
    struct machine_cpu *cpu = &m->cpus[id];
    struct sched_unit *saved = cpu->saving;

    cpu->busy_until_ns = TIME_NEVER;
    cpu->saving = NULL;
    cpu->loaded = cpu->coming;
    cpu->current = cpu->coming;
    cpu->coming = NULL;
    if (cpu->current != NULL) {
        struct machine_unit *u = machine_unit_of(cpu->current);

        u->move_count += u->ran_on != CPU_NONE && u->ran_on != id ? 1 : 0;
        u->ran_on = id;
    }
    if (saved != NULL) {
        machine_kick(m, sched_saved(saved, machine_time(m)));
        if (machine_unit_of(saved)->doomed) {
            machine_try_remove(m, saved->domid);
        }
    }
}

/* sched_pick(), or for one that yields sometimes sched_pick_saved(), its registers put away before. */
static inline struct sched_choice machine_choose(struct machine *m, unsigned id, uint64_t now_ns)
{
    struct machine_cpu *cpu = &m->cpus[id];
    struct sched_unit *was = cpu->current;
    struct sched_choice choice;

    if (was == NULL || cpu->loaded != was || !machine_unit_of(was)->yielded || machine_random(2) == 0) {
        return sched_pick(&m->pool, id, now_ns);
    }
    sched_pick_saved(&m->pool, id, now_ns, &choice);
    if (choice.next != was) {
        MACHINE_CHECK(!was->on_cpu && was->state != RUNSTATE_RUNNING);
        cpu->loaded = NULL;
        if (machine_unit_of(was)->doomed) {
            machine_try_remove(m, was->domid);
        }
    }
    return choice;
}

static inline void machine_pick(struct machine *m, unsigned id)
{
    struct machine_cpu *cpu = &m->cpus[id];
    struct sched_unit *was = cpu->current;
    uint64_t read_ns = machine_time(m);
    /* Whose timer has fired does not read an older time. */
    uint64_t now_ns = cpu->timer_ns <= m->now_ns && cpu->timer_ns > read_ns ? cpu->timer_ns : read_ns;
    uint64_t ran_ns = was != NULL && now_ns > was->state_since_ns ? now_ns - was->state_since_ns : 0;
    struct sched_choice choice;

    cpu->kick_ns = TIME_NEVER; /* What is asked for from here on is asked of the next pick. */
    for (unsigned i = 0; i < MACHINE_UNITS && machine_has(m, &sched_credit2); i++) {
        m->units[i].parked = m->units[i].parked || machine_parked(m, &m->units[i].unit);
    }
    choice = machine_choose(m, id, now_ns);
    machine_kick(m, choice.kick);
    if (was != NULL && choice.next != NULL && choice.next != was && machine_has(m, &sched_credit2)) {
        bool leaves = !was->awake || machine_unit_of(was)->yielded || (was->hard_affinity & BIT32(id)) == 0 ||
                      machine_parked(m, was);

        MACHINE_CHECK(leaves || machine_unit_of(choice.next)->parked || ran_ns >= m->pool.ratelimit_ns);
    }
    if (was != NULL) {
        machine_unit_of(was)->yielded = false;
    }
    machine_check_choice(m, id, &choice, now_ns);
    cpu->pick_count++;
    cpu->timer_ns = choice.until_ns;
    cpu->alone = choice.alone;
    if (was != NULL && was != choice.next) {
        machine_unit_of(was)->waits_since_ns = m->now_ns;
    }
    if (choice.next == cpu->loaded) {
        cpu->current = choice.next;
    } else if (choice.next == NULL && cpu->loaded != NULL && !cpu->loaded->awake &&
               !machine_unit_of(cpu->loaded)->doomed && (m->pool.cpus & BIT32(id)) != 0) {
        cpu->current = NULL; /* Idle in place. */
    } else {
        cpu->switch_count++;
        cpu->current = NULL;
        cpu->saving = cpu->loaded;
        cpu->loaded = NULL;
        cpu->coming = choice.next;
        cpu->busy_until_ns = m->now_ns + machine_random(m->save_time_ns + 1);
    }
    if (choice.next != NULL && choice.next != was) {
        struct machine_unit *u = machine_unit_of(choice.next);
        uint64_t waited_ns = m->now_ns - u->waits_since_ns;

        u->longest_wait_ns = waited_ns > u->longest_wait_ns ? waited_ns : u->longest_wait_ns;
        u->parked = false;
    }
}

/* When @cpu has something to do next. A kick that comes in a switch is heard after it. */
static inline uint64_t machine_next_event(const struct machine_cpu *cpu)
{
    if (cpu->busy_until_ns != TIME_NEVER) {
        return cpu->busy_until_ns;
    }
    return cpu->kick_ns < cpu->timer_ns ? cpu->kick_ns : cpu->timer_ns;
}

static inline void machine_pass(struct machine *m, uint64_t until_ns)
{
    for (unsigned i = 0; i < m->cpu_count; i++) {
        const struct machine_cpu *cpu = &m->cpus[i];

        struct sched_unit *runs = cpu->current != NULL ? cpu->current : cpu->coming;

        if (runs != NULL) {
            machine_unit_of(runs)->ran_ns += until_ns - m->now_ns;
            machine_domain_of(m, runs->domid)->ran_ns += until_ns - m->now_ns;
        }
    }
    m->now_ns = until_ns;
}

/* Let @span_ns pass, with everything that falls due. @check: the rules, after each event. */
static inline void machine_run(struct machine *m, uint64_t span_ns, bool check)
{
    uint64_t end_ns = m->now_ns + span_ns;

    for (;;) {
        unsigned next = 0;

        for (unsigned i = 1; i < m->cpu_count; i++) {
            if (machine_next_event(&m->cpus[i]) < machine_next_event(&m->cpus[next])) {
                next = i;
            }
        }
        if (machine_next_event(&m->cpus[next]) > end_ns) {
            break;
        }
        machine_pass(m, machine_next_event(&m->cpus[next]) > m->now_ns ? machine_next_event(&m->cpus[next])
                                                                       : m->now_ns);
        if (m->cpus[next].busy_until_ns != TIME_NEVER) {
            machine_switched(m, next);
        } else {
            machine_pick(m, next);
        }
        if (check) {
            machine_check(m);
        }
    }
    machine_pass(m, end_ns);
}

#include "sched_random.h"

#endif

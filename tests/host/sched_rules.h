/* SPDX-License-Identifier: Apache-2.0 */
/* sched_rules.h - the rules of hv/sched/sched.h and of each policy, checked the slow and obvious way on the
 * simulated machine of sched_machine.h, which includes this. */
#ifndef TESTS_HOST_SCHED_RULES_H
#define TESTS_HOST_SCHED_RULES_H

/* Is @ops its policy? A test may have put a table of its own around it. */
static inline bool machine_has(const struct machine *m, const struct sched_ops *ops)
{
    return m->pool.ops->abi_id == ops->abi_id;
}

static inline bool machine_holds(const struct machine *m, const struct sched_unit *unit)
{
    for (unsigned i = 0; i < m->cpu_count; i++) {
        if (m->cpus[i].loaded == unit || m->cpus[i].saving == unit || m->cpus[i].coming == unit) {
            return true;
        }
    }
    return false;
}

static inline void machine_check_choice(struct machine *m, unsigned id, const struct sched_choice *choice,
                                        uint64_t now_ns)
{
    struct sched_unit *next = choice->next;
    uint64_t longest_ns = m->pool.ratelimit_ns > 10 * NS_PER_MS ? m->pool.ratelimit_ns : 10 * NS_PER_MS;

    if (machine_has(m, &sched_rtds)) {
        MACHINE_CHECK(choice->until_ns > now_ns && !choice->alone);
    } else if (machine_has(m, &sched_arinc653)) {
        MACHINE_CHECK(choice->until_ns > now_ns && choice->alone);
    } else if (next == NULL || choice->alone) {
        MACHINE_CHECK(choice->until_ns == TIME_NEVER || (m->caps && choice->until_ns > now_ns));
    } else {
        MACHINE_CHECK(choice->until_ns > now_ns && choice->until_ns <= now_ns + longest_ns + m->stale_ns);
    }
    if (next == NULL) {
        return;
    }
    MACHINE_CHECK(machine_unit_of(next)->present && machine_unit_of(next)->awake);
    MACHINE_CHECK((next->hard_affinity & BIT32(id)) != 0);
    for (unsigned i = 0; i < m->cpu_count; i++) {
        const struct machine_cpu *cpu = &m->cpus[i];

        MACHINE_CHECK(i == id || (cpu->loaded != next && cpu->saving != next && cpu->coming != next));
    }
}

/* Does @unit wait because its domain has run all that its cap lets it? */
static inline bool machine_parked(const struct machine *m, const struct sched_unit *unit)
{
    return machine_has(m, &sched_credit2) && unit->node[1].height != 0;
}

/* Some pCPU in @unit's affinity has been told and is on its way to pick: one that is idle, unless @busy_too.
 */
static inline bool machine_help_comes(const struct machine *m, const struct sched_unit *unit, bool busy_too)
{
    for (unsigned i = 0; i < m->cpu_count; i++) {
        const struct machine_cpu *cpu = &m->cpus[i];
        bool picks = cpu->kick_ns != TIME_NEVER || cpu->timer_ns <= m->now_ns + (m->caps ? 1 : 0);

        if ((unit->hard_affinity & BIT32(i)) != 0 && (busy_too || m->pool.running[i] == NULL) && picks) {
            return true;
        }
    }
    return false;
}

/* rtds.c's words of a unit. */
static inline uint64_t machine_rtds_left(const struct sched_unit *unit)
{
    return unit->policy[1];
}

static inline uint64_t machine_rtds_urgency(const struct sched_unit *unit)
{
    return unit->policy[2] << 59 | unit->policy[0];
}

/* The unit whose slot it is on pCPU @id at this time, as a look at all slots says; NULL: nobody's. A change
 * that is due is a timer that is due. */
static inline struct sched_unit *machine_slot_unit(const struct machine *m, unsigned id)
{
    const struct arinc_table *table = &m->pool.schedule[m->pool.policy[2]].table;
    uint64_t offset_ns = (m->now_ns - m->pool.policy[0]) % table->frame_ns;

    for (unsigned i = 0; m->pool.policy[1] != 0 && i < table->slot_count; i++) {
        const struct arinc_slot *slot = &table->slots[i];

        if (slot->cpu == id && offset_ns >= slot->start_ns && offset_ns - slot->start_ns < slot->length_ns) {
            return slot->idle ? NULL : slot->unit;
        }
    }
    return NULL;
}

/* Is the place of @unit, which waits, on pCPU @id, if that idles? */
static inline bool machine_may_run(const struct machine *m, unsigned id, const struct sched_unit *unit)
{
    if (machine_has(m, &sched_null)) {
        return m->pool.assigned[id] == unit;
    }
    if (machine_has(m, &sched_arinc653)) {
        return machine_slot_unit(m, id) == unit && (unit->hard_affinity & BIT32(id)) != 0;
    }
    return (unit->hard_affinity & BIT32(id)) != 0 && !machine_parked(m, unit) &&
           (!machine_has(m, &sched_rtds) || machine_rtds_left(unit) != 0);
}

/* A budget is never exceeded and never lost: what is left is what has not been run of it since its period
 * began. */
static inline void machine_check_budget(struct machine *m, struct machine_unit *u)
{
    const struct sched_unit *unit = &u->unit;
    uint64_t ran_ns;

    if (unit->policy[0] != u->rtds_deadline_ns) {
        u->rtds_deadline_ns = unit->policy[0];
        u->rtds_before_ns = u->ran_ns;
        u->rtds_budget_ns = unit->params.budget_ns;
    }
    ran_ns = u->ran_ns - u->rtds_before_ns;
    if (unit->policy[2] != 0 || m->stale_ns != 0) {
        return; /* Extra time; or the scheduler's times are a little old. */
    }
    MACHINE_CHECK(ran_ns <= u->rtds_budget_ns + m->save_time_ns);
    if (unit->state != RUNSTATE_RUNNING) {
        MACHINE_CHECK(machine_rtds_left(unit) ==
                      (ran_ns < u->rtds_budget_ns ? u->rtds_budget_ns - ran_ns : 0));
    }
}

/* Will somebody see to a unit that waits at @at_ns? A pCPU that has left the pool does not. */
static inline bool machine_watches(const struct machine *m, uint64_t at_ns)
{
    for (unsigned i = 0; i < m->cpu_count; i++) {
        const struct machine_cpu *cpu = &m->cpus[i];
        bool left = (m->pool.cpus & BIT32(i)) == 0 && m->pool.running[i] == NULL && cpu->loaded == NULL &&
                    cpu->busy_until_ns == TIME_NEVER;

        if (left) {
            continue;
        }
        if (cpu->kick_ns != TIME_NEVER || cpu->timer_ns <= m->now_ns + 1 || cpu->timer_ns <= at_ns) {
            return true;
        }
    }
    return false;
}

/* pCPU @id, which has no pick ahead of it, against one unit that waits. */
static inline void machine_check_pair(const struct machine *m, unsigned id, const struct sched_unit *unit)
{
    const struct machine_cpu *cpu = &m->cpus[id];
    bool busy_too = machine_has(m, &sched_rtds) || machine_has(m, &sched_arinc653);

    if (!machine_may_run(m, id, unit)) {
        return;
    }
    if (unit->on_cpu) {
        /* It holds the registers, may run it, and does not. */
        MACHINE_CHECK(unit->cpu != id || m->pool.running[id] != NULL);
        return;
    }
    if (m->pool.running[id] == NULL) {
        MACHINE_CHECK(machine_help_comes(m, unit, busy_too)); /* Else it idles. */
    } else if (cpu->alone) {
        MACHINE_CHECK(machine_help_comes(m, unit, busy_too)); /* Else "alone" is not true. */
    } else if (machine_has(m, &sched_rtds) &&
               machine_rtds_urgency(unit) < machine_rtds_urgency(m->pool.running[id])) {
        MACHINE_CHECK(machine_help_comes(m, unit, true)); /* Else what runs is less urgent. */
    }
}

static inline void machine_check_unit(struct machine *m, struct machine_unit *u)
{
    struct sched_unit *unit = &u->unit;
    uint64_t since_ns, times_ns[4], sum_ns = 0;
    unsigned runs_on = CPU_NONE;
    enum runstate state;

    for (unsigned i = 0; i < m->cpu_count; i++) {
        if (m->pool.running[i] == unit) {
            MACHINE_CHECK(runs_on == CPU_NONE);
            runs_on = i;
        }
    }
    MACHINE_CHECK((runs_on != CPU_NONE) == (unit->state == RUNSTATE_RUNNING));
    MACHINE_CHECK(runs_on == CPU_NONE || (unit->on_cpu && unit->cpu == runs_on));
    MACHINE_CHECK(unit->awake == u->awake);
    MACHINE_CHECK(unit->state == RUNSTATE_RUNNING || unit->awake == (unit->state == RUNSTATE_RUNNABLE));
    MACHINE_CHECK(unit->on_cpu == machine_holds(m, unit));
    sched_runstate(unit, m->now_ns, &state, &since_ns, times_ns);
    for (unsigned i = 0; i < 4; i++) {
        sum_ns += times_ns[i];
    }
    MACHINE_CHECK(state == unit->state && sum_ns == m->now_ns - u->added_ns);
    MACHINE_CHECK(m->stale_ns != 0 || times_ns[RUNSTATE_RUNNING] == u->ran_ns);
    if (machine_has(m, &sched_rtds)) {
        machine_check_budget(m, u);
        MACHINE_CHECK(unit->state != RUNSTATE_RUNNABLE || machine_watches(m, unit->policy[0]));
    }
    if (machine_parked(m, unit)) {
        MACHINE_CHECK(unit->state == RUNSTATE_RUNNABLE && unit->params.cap != 0 && unit->node[0].height == 0);
        MACHINE_CHECK(machine_watches(m, unit->node[1].key));
    }
    if (m->wait_bound_ns != 0 && unit->state == RUNSTATE_RUNNABLE) {
        MACHINE_CHECK(m->now_ns - u->waits_since_ns <= m->wait_bound_ns);
    }
}

/* In no period does a domain run more than its cap is of it, but for what a pCPU is late in a switch; and
 * what it once ran too much comes off what it has next. The periods are the scheduler's. */
static inline void machine_check_cap(struct machine *m, struct machine_domain *d)
{
    uint64_t budget_ns = d->cap * m->pool.cap_period_ns / 100, ran_ns = d->ran_ns - d->before_ns + d->debt_ns;
    uint64_t late_ns = 2 * m->cpu_count * m->save_time_ns, periods;

    if (d->group.unit_count == 0 || d->cap == 0 || m->stale_ns != 0) {
        d->end_ns = 0;
    } else if (d->end_ns == 0) { /* Before this one and the next, somebody may run by the cap that was. */
        d->end_ns = d->group.end_ns;
        d->periods = 0;
    } else if (d->end_ns > m->now_ns) {
        MACHINE_CHECK(d->periods < 2 || ran_ns <= budget_ns + late_ns);
    } else {
        MACHINE_CHECK(d->periods < 2 || ran_ns <= budget_ns + late_ns);
        d->debt_ns = d->periods >= 2 && ran_ns > budget_ns ? ran_ns - budget_ns : 0;
        periods = (m->now_ns - d->end_ns) / m->pool.cap_period_ns;
        d->debt_ns -= d->debt_ns < periods * budget_ns ? d->debt_ns : periods * budget_ns;
        d->end_ns += (periods + 1) * m->pool.cap_period_ns;
        d->before_ns = d->ran_ns;
        d->periods++;
    }
}

static inline void machine_check(struct machine *m)
{
    for (unsigned i = 0; i < m->domain_count && machine_has(m, &sched_credit2); i++) {
        machine_check_cap(m, &m->domains[i]);
    }
    for (unsigned i = 0; i < MACHINE_UNITS; i++) {
        if (m->units[i].present) {
            machine_check_unit(m, &m->units[i]);
        }
    }
    for (unsigned id = 0; id < m->cpu_count; id++) {
        const struct machine_cpu *cpu = &m->cpus[id];

        if (cpu->kick_ns != TIME_NEVER || cpu->busy_until_ns != TIME_NEVER) {
            continue;
        }
        MACHINE_CHECK((m->pool.cpus & BIT32(id)) != 0 || cpu->loaded == NULL);
        if ((m->pool.cpus & BIT32(id)) == 0) {
            continue;
        }
        MACHINE_CHECK(cpu->current == m->pool.running[id]);
        if (machine_has(m, &sched_arinc653) && cpu->timer_ns > m->now_ns) {
            /* Nobody runs in the slot of another. */
            MACHINE_CHECK(cpu->current == NULL || cpu->current == machine_slot_unit(m, id));
        }
        MACHINE_CHECK(cpu->current == NULL || (cpu->current->hard_affinity & BIT32(id)) != 0);
        for (unsigned i = 0; i < MACHINE_UNITS; i++) {
            if (m->units[i].present && m->units[i].unit.state == RUNSTATE_RUNNABLE) {
                machine_check_pair(m, id, &m->units[i].unit);
            }
        }
    }
}

#endif

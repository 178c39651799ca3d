/* SPDX-License-Identifier: Apache-2.0 */
/* sched_random.h - what guests and a toolstack might do at any time to the simulated machine of
 * sched_machine.h, which includes this. */
#ifndef TESTS_HOST_SCHED_RANDOM_H
#define TESTS_HOST_SCHED_RANDOM_H

/* A mask of pCPUs with at least one of the pool's. */
static inline uint32_t machine_random_mask(struct machine *m)
{
    uint32_t mask = (uint32_t)machine_random(BIT32(m->cpu_count));

    return mask != 0 ? mask : BIT32(machine_random(m->cpu_count));
}

static inline struct sched_params machine_random_params(const struct machine *m)
{
    static const uint32_t weights[] = {1, 64, 128, 256, 256, 256, 512, 1024, 65535};
    static const uint64_t periods_ns[] = {50000, 300000, 1000000, 3000000, 10000000};
    uint64_t period_ns = periods_ns[machine_random(5)];

    return (struct sched_params){
        .weight = weights[m->one_weight ? 3 : machine_random(sizeof(weights) / sizeof(weights[0]))],
        .period_ns = period_ns,
        .budget_ns = SCHED_PERIOD_MIN_NS + machine_random(period_ns - SCHED_PERIOD_MIN_NS + 1),
        .extratime = machine_random(2) == 0,
    };
}

static inline void machine_set_params(struct machine *m, unsigned index, const struct sched_params *params)
{
    struct sched_params wanted = *params;
    uint32_t kick = 0;

    wanted.cap = machine_domain_of(m, index)->cap;
    if (sched_set_params(&m->units[index].unit, &wanted, machine_time(m), &kick) == 0) {
        machine_kick(m, kick);
    }
}

/* Another cap, for all units of a domain, one by one. */
static inline void machine_set_cap(struct machine *m, unsigned domain, uint32_t cap)
{
    m->domains[domain].cap = cap;
    m->domains[domain].end_ns = 0; /* This period is not measured. */
    for (unsigned i = domain; i < MACHINE_UNITS; i += m->domain_count) {
        if (m->units[i].present) {
            machine_set_params(m, i, &m->units[i].unit.params);
        }
    }
}

static inline void machine_random_cap(struct machine *m)
{
    static const uint32_t caps[] = {0, 1, 7, 30, 80, 100, 130, 400};

    if (m->caps) {
        machine_set_cap(m, (unsigned)machine_random(m->domain_count), caps[machine_random(8)]);
    }
}

/* A new schedule, which may be refused. */
static inline void machine_random_table(struct machine *m)
{
    struct arinc_table table = {.frame_ns = 100000 + machine_random(3000000)};
    struct arinc_fault fault;
    uint32_t kick = 0;

    for (unsigned cpu = 0; cpu < m->cpu_count; cpu++) {
        uint64_t at_ns = 0;

        for (unsigned i = (unsigned)machine_random(6); i != 0; i--) {
            struct machine_unit *u = &m->units[machine_random(MACHINE_UNITS)];
            struct arinc_slot slot = {at_ns + machine_random(100000), 40000 + machine_random(400000),
                                      &u->unit, !u->present || u->doomed || machine_random(4) == 0, cpu};

            slot.idle = slot.idle || (u->unit.hard_affinity & BIT32(cpu)) == 0;
            at_ns = slot.start_ns + slot.length_ns;
            table.slots[table.slot_count++] = slot;
        }
    }
    if (arinc_set_table(&m->pool, &table, m->now_ns, &kick, &fault) == 0) {
        machine_kick(m, kick);
    }
}

/* Any number a toolstack might pass on: the extremes, what is about right, and all else. */
static inline uint64_t machine_wild(void)
{
    static const uint64_t extremes[] = {0, 1, 9999, 65535, 65536, UINT32_MAX, UINT64_C(1) << 63, UINT64_MAX};

    switch (machine_random(4)) {
    case 0:
        return extremes[machine_random(sizeof(extremes) / sizeof(extremes[0]))];
    case 1:
        return UINT64_MAX - machine_random(10000000);
    default:
        return machine_random(10000000);
    }
}

/* Parameters and affinities that must be refused, and change nothing. */
static inline void machine_wild_params(struct machine *m, unsigned index)
{
    struct sched_unit *unit = &m->units[index].unit;
    uint32_t hard = unit->hard_affinity, soft = unit->soft_affinity, kick = 0;
    struct sched_params before, after;
    struct sched_params wild = {.weight = (uint32_t)machine_wild(),
                                .cap = (uint32_t)machine_wild(),
                                .period_ns = machine_wild(),
                                .budget_ns = machine_wild()};
    bool good = wild.weight >= 1 && wild.weight <= 65535 && wild.cap <= SCHED_CAP_MAX &&
                wild.budget_ns >= SCHED_PERIOD_MIN_NS && wild.budget_ns <= wild.period_ns &&
                wild.period_ns <= SCHED_PERIOD_MAX_NS;

    if (good) {
        return; /* By chance; machine_set_params() has those. */
    }
    sched_get_params(unit, &before);
    MACHINE_CHECK(sched_set_params(unit, &wild, machine_time(m), &kick) == -EINVAL);
    sched_get_params(unit, &after);
    MACHINE_CHECK(memcmp(&before, &after, sizeof(before)) == 0);
    MACHINE_CHECK(sched_set_affinity(unit, ~m->pool.cpus & (uint32_t)machine_wild(), (uint32_t)machine_wild(),
                                     machine_time(m), &kick) == -EINVAL);
    MACHINE_CHECK(unit->hard_affinity == hard && unit->soft_affinity == soft && kick == 0);
}

/* A schedule of any numbers at all. One that is refused names a slot of it, and changes nothing. */
static inline void machine_wild_table(struct machine *m)
{
    static struct arinc_table before, after;
    struct arinc_table table = {.frame_ns = machine_wild(),
                                .slot_count = (unsigned)machine_random(ARINC_SLOT_MAX + 1)};
    struct arinc_fault fault = {ARINC_FRAME, UINT32_MAX};
    uint32_t kick = 0;
    int error;

    for (unsigned i = 0; i < table.slot_count; i++) {
        struct machine_unit *u = &m->units[machine_random(MACHINE_UNITS)];
        bool named = u->present && !u->doomed && machine_random(2) == 0;

        table.slots[i] = (struct arinc_slot){machine_wild(), machine_wild(), named ? &u->unit : NULL,
                                             !named && machine_random(8) != 0, (unsigned)machine_wild()};
        table.slots[i].cpu %= machine_random(2) == 0 ? CPU_MAX : UINT32_MAX;
    }
    if (arinc_get_table(&m->pool, &before) != 0) {
        MACHINE_CHECK(arinc_set_table(&m->pool, &table, m->now_ns, &kick, &fault) == -EOPNOTSUPP);
        return;
    }
    error = arinc_set_table(&m->pool, &table, m->now_ns, &kick, &fault);
    if (error == 0) {
        machine_kick(m, kick);
        return;
    }
    (void)arinc_get_table(&m->pool, &after);
    MACHINE_CHECK(error == -EINVAL && kick == 0 && arinc_reason_text(fault.reason) != NULL);
    MACHINE_CHECK(fault.slot == 0 || fault.slot < table.slot_count);
    MACHINE_CHECK(memcmp(&before, &after, sizeof(before)) == 0);
}

/* A pCPU leaves the pool, or comes back. */
static inline void machine_random_cpu(struct machine *m)
{
    unsigned id = (unsigned)machine_random(m->cpu_count);
    uint32_t kick = 0;

    if ((m->pool.cpus & BIT32(id)) != 0) {
        if (sched_pool_remove_cpu(&m->pool, id, m->now_ns, &kick) == 0) {
            MACHINE_CHECK((kick & BIT32(id)) != 0);
            machine_kick(m, kick);
        }
    } else if (sched_pool_cpu_left(&m->pool, id)) {
        MACHINE_CHECK(m->cpus[id].loaded == NULL && m->cpus[id].busy_until_ns == TIME_NEVER);
        MACHINE_CHECK(sched_pool_add_cpu(&m->pool, id, m->now_ns, &kick) == 0);
        machine_kick(m, kick);
    }
}

/* One thing that a guest or a toolstack might do, to a random unit. */
static inline void machine_random_act(struct machine *m)
{
    unsigned index = (unsigned)machine_random(MACHINE_UNITS);
    struct machine_unit *u = &m->units[index];
    struct sched_params params;

    if (!u->present) {
        if (machine_random(4) == 0) {
            params = machine_random_params(m);
            (void)machine_add_with(m, index, machine_random_mask(m),
                                   (uint32_t)machine_random(BIT32(m->cpu_count)), &params);
        }
        return;
    }
    if (u->doomed) {
        return;
    }
    params = machine_random_params(m);
    switch (machine_random(32)) {
    case 0:
        machine_set_affinity(m, index, machine_random(4) == 0 ? UINT32_MAX : machine_random_mask(m),
                             (uint32_t)machine_random(BIT32(m->cpu_count)));
        break;
    case 1:
        machine_remove(m, index);
        break;
    case 2:
    case 3:
        machine_yield(m, index);
        break;
    case 4:
        machine_kick(m, machine_random_mask(m)); /* A pick that nobody asked for is harmless. */
        break;
    case 5:
        machine_sleep(m, index, RUNSTATE_OFFLINE);
        break;
    case 6:
        machine_set_params(m, index, &params);
        machine_random_cap(m);
        if (machine_random(8) == 0) {
            machine_random_table(m);
        }
        break;
    case 7:
        if (machine_random(4) == 0) {
            machine_random_cpu(m);
        }
        break;
    case 8:
        machine_wild_params(m, index);
        if (machine_random(8) == 0) {
            machine_wild_table(m);
        }
        break;
    default:
        if (u->awake) {
            machine_sleep(m, index, RUNSTATE_BLOCKED);
        } else {
            machine_wake_from(m, index, m->cpus[machine_random(m->cpu_count)].current);
        }
        break;
    }
}

#endif

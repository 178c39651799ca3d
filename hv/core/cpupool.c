/* SPDX-License-Identifier: Apache-2.0 */
/* cpupool.c - the machine's pools of pCPUs by number, and how pCPUs get from one to another.
 *
 *     pCPU:   in a pool --remove--> leaving --it has let go of all--> free --add--> in a pool
 *
 * A pCPU that leaves is in pool->cpus no more, so that nobody is given it, and picks there until it has
 * nothing left. Free ones pick in a pool of their own, which has no units and counts their idle time. A pCPU
 * reads where it is to pick without a lock: late by one pick it picks nothing where it was, and the kick that
 * follows the change makes it pick again.
 *
 * A pool's memory stays a pool's for good: who wants its lock because a unit was in it a moment ago may come
 * late (lock_pool_of() in sched/sched.c). So the first one of its place is allocated when it is needed, and
 * used again.
 *
 * The table and the mask below are changed at boot and by the toolstack's calls, of which one is carried out
 * at a time. */
#include "core/cpupool.h"

#include "core/pcpu.h"
#include "core/sched_setup.h"
#include "core/trace.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/panic.h"

#define POOL_COUNT_MAX (2 * CPU_MAX)
#define NAME_MAX 12 /* Ten digits. */

/* In the order of their numbers. */
static struct {
    uint32_t id;
    char name[NAME_MAX]; /* The same as text. */
    struct sched_pool *pool;
} table[POOL_COUNT_MAX];
static unsigned count;

static struct sched_pool *spare[POOL_COUNT_MAX]; /* Were in use, and are not. */
static unsigned spare_count;

static struct sched_pool free_pool; /* Where free pCPUs pick. */
static uint32_t leaving;
static enum wfi_policy wfi_policy;

static struct {
    uint64_t ratelimit_ns, cap_period_ns;
    bool overcommit;
} defaults;

/* What of HCR_EL2 traps wfi and wfe while somebody else waits for the pCPU, or nobody does (@alone). */
static uint64_t wfi_hcr(const struct sched_ops *ops, bool alone)
{
    bool trap =
        wfi_policy == WFI_POLICY_TRAP || (wfi_policy == WFI_POLICY_AUTO && !(alone && ops->may_untrap_wfi));

    return trap ? HCR_TWI | HCR_TWE : 0;
}

/* @cpu, which holds nobody, picks in @pool from now on. */
static void send_to(unsigned cpu, struct sched_pool *pool)
{
    struct pcpu *p = pcpu_get(cpu);

    p->wfi_hcr[false] = wfi_hcr(pool->ops, false);
    p->wfi_hcr[true] = wfi_hcr(pool->ops, true);
    __atomic_store_n(&p->pool, pool, __ATOMIC_RELEASE);
}

/* A pool that is in no table yet; NULL. */
static struct sched_pool *take_memory(const struct sched_ops *ops, uint32_t cpus)
{
    struct sched_pool *pool;

    if (spare_count != 0) {
        pool = spare[--spare_count];
        sched_pool_reset(pool, ops, cpus);
        return pool;
    }
    pool = hv_alloc(sizeof(*pool));
    if (pool != NULL) {
        sched_pool_init(pool, ops, cpus);
    }
    return pool;
}

/* Make room at @index and put it there. */
static void insert(unsigned index, uint32_t id, struct sched_pool *pool)
{
    for (unsigned i = count; i > index; i--) {
        table[i] = table[i - 1];
    }
    table[index].id = id;
    (void)format_text(table[index].name, NAME_MAX, "%u", id);
    table[index].pool = pool;
    count++;
    trace_sched_add(pool);
}

struct sched_pool *sched_setup(const struct sched_ops *ops, uint32_t cpus, enum wfi_policy policy)
{
    struct sched_pool *pool = take_memory(ops, cpus);

    if (pool == NULL) {
        panic("no memory for a pool of CPUs");
    }
    if (count == 0) {
        sched_pool_init(&free_pool, sched_policy(0), 0);
    }
    ASSERT(count < CPU_MAX + 1);
    wfi_policy = policy;
    for (uint32_t rest = cpus; rest != 0; rest &= rest - 1) {
        send_to((unsigned)__builtin_ctz(rest), pool);
    }
    insert(count, count, pool);
    return pool;
}

struct sched_pool *sched_pool_at(unsigned index)
{
    return index < count ? table[index].pool : NULL;
}

void cpupool_set_defaults(const struct sched_pool *pool)
{
    defaults.ratelimit_ns = pool->ratelimit_ns;
    defaults.cap_period_ns = pool->cap_period_ns;
    defaults.overcommit = pool->overcommit;
}

__attribute__((noinline)) static unsigned domains_in(const struct sched_pool *pool)
{
    unsigned in_it = 0;

    for (unsigned i = 0; i < DOMAIN_MAX; i++) {
        const struct domain *domain = domain_at(i);

        in_it += domain != NULL && (domain->pool == pool || domain->move.from == pool) ? 1 : 0;
    }
    return in_it;
}

/* Index of the first one with a number from @id on; count: there is none. */
static unsigned search(uint32_t id)
{
    unsigned i = 0;

    while (i < count && table[i].id < id) {
        i++;
    }
    return i;
}

bool cpupool_next(uint32_t id, struct cpupool *out)
{
    unsigned i = search(id);

    if (i < count) {
        *out = (struct cpupool){table[i].id, table[i].pool, domains_in(table[i].pool)};
    }
    return i < count;
}

struct sched_pool *cpupool_find(uint32_t id)
{
    unsigned i = search(id);

    return i < count && table[i].id == id ? table[i].pool : NULL;
}

uint32_t cpupool_id(const struct sched_pool *pool)
{
    for (unsigned i = 0; i < count; i++) {
        if (table[i].pool == pool) {
            return table[i].id;
        }
    }
    return CPUPOOL_ID_NONE;
}

const char *cpupool_name_at(unsigned index)
{
    return index < count ? table[index].name : NULL;
}

/* The number behind the highest; when that is the last there is, the lowest that is free. */
static uint32_t free_id(void)
{
    uint32_t id = table[count - 1].id + 1;

    if (id == CPUPOOL_ID_NONE) {
        for (id = 0; cpupool_find(id) != NULL; id++) {
        }
    }
    return id;
}

static const struct sched_ops *policy_of(uint32_t sched_id)
{
    const struct sched_ops *ops;

    for (unsigned i = 0; (ops = sched_policy(i)) != NULL; i++) {
        if (ops->abi_id == sched_id) {
            return ops;
        }
    }
    return NULL;
}

static unsigned cpu_id_count(void)
{
    return 32 - (unsigned)__builtin_clz(pcpu_online_mask());
}

int cpupool_create(uint32_t *id, uint32_t sched_id)
{
    const struct sched_ops *ops = policy_of(sched_id);
    uint32_t wanted = *id == CPUPOOL_ID_NONE ? free_id() : *id;
    struct sched_pool *pool;

    if (count >= 2 * cpu_id_count()) {
        return -ENOSPC;
    }
    if (cpupool_find(wanted) != NULL) {
        return -EEXIST;
    }
    if (ops == NULL) {
        return -ENOENT;
    }
    pool = take_memory(ops, 0);
    if (pool == NULL) {
        return -ENOMEM;
    }
    pool->ratelimit_ns = defaults.ratelimit_ns;
    pool->cap_period_ns = defaults.cap_period_ns;
    pool->overcommit = defaults.overcommit;
    insert(search(wanted), wanted, pool);
    *id = wanted;
    return 0;
}

int cpupool_destroy(uint32_t id)
{
    unsigned index = search(id);
    struct sched_pool *pool = cpupool_find(id);

    if (pool == NULL) {
        return -ENOENT;
    }
    (void)cpupool_free_cpus(); /* One that has left is there no more. */
    for (unsigned cpu = 0; cpu < CPU_MAX; cpu++) {
        if ((leaving & BIT32(cpu)) != 0 && pcpu_get(cpu)->pool == pool) {
            return -EBUSY;
        }
    }
    if (domains_in(pool) != 0 || !sched_pool_empty(pool)) {
        return -EBUSY;
    }
    count--;
    for (unsigned i = index; i < count; i++) {
        table[i] = table[i + 1];
    }
    spare[spare_count++] = pool;
    return 0;
}

/* Has @cpu, which is leaving its pool, left it? Then it is free. */
static bool try_free(unsigned cpu)
{
    struct sched_pool *pool = pcpu_get(cpu)->pool;

    if (!sched_pool_cpu_left(pool, cpu)) {
        return false;
    }
    sched_pool_pass_idle(pool, &free_pool, cpu, time_now_ns());
    send_to(cpu, &free_pool);
    leaving &= ~BIT32(cpu);
    return true;
}

uint32_t cpupool_free_cpus(void)
{
    uint32_t taken = 0;

    for (uint32_t rest = leaving; rest != 0; rest &= rest - 1) {
        (void)try_free((unsigned)__builtin_ctz(rest));
    }
    for (unsigned i = 0; i < count; i++) {
        taken |= table[i].pool->cpus;
    }
    return pcpu_online_mask() & ~taken & ~leaving;
}

int cpupool_add_cpu(uint32_t id, unsigned cpu)
{
    struct sched_pool *pool = cpupool_find(id);
    uint32_t free = cpupool_free_cpus(), kick = 0;
    uint64_t now_ns = time_now_ns();
    int error;

    if (pool == NULL) {
        return -ENOENT;
    }
    if (cpu == CPU_NONE) {
        if (free == 0) {
            return -ENODEV;
        }
        cpu = (unsigned)__builtin_ctz(free);
    }
    if (cpu >= cpu_id_count()) {
        return -EINVAL;
    }
    if ((free & BIT32(cpu)) == 0) {
        return (leaving & BIT32(cpu)) != 0 ? -EADDRNOTAVAIL : -ENODEV;
    }
    sched_pool_pass_idle(&free_pool, pool, cpu, now_ns);
    error = sched_pool_add_cpu(pool, cpu, now_ns, &kick);
    ASSERT(error == 0);
    send_to(cpu, pool);
    pcpu_ask_rare(BIT32(cpu)); /* What trace_wants_traps() says may change. */
    pcpu_reschedule(kick | BIT32(cpu));
    return error;
}

/* Some vCPU may run on @cpu alone: let one run anywhere. CPUPOOL_AGAIN: done, there may be more. -EBUSY:
 * there is none. Another error: its scheduler refuses it. */
static int widen_one(const struct sched_pool *pool, unsigned cpu)
{
    for (unsigned place = 0; place < DOMAIN_MAX; place++) {
        struct domain *domain = domain_at(place);

        for (unsigned i = 0; domain != NULL && i < domain->vcpu_count; i++) {
            struct sched_unit *unit = &domain->vcpu[i]->unit;
            uint32_t kick = 0;
            int error;

            if (unit->pool != pool || (unit->hard_affinity & pool->cpus & ~BIT32(cpu)) != 0) {
                continue;
            }
            error = sched_set_affinity(unit, UINT32_MAX, unit->soft_affinity, time_now_ns(), &kick);
            if (error != 0) {
                return error;
            }
            log_debug("d%uv%u was pinned to CPU %u, which leaves its pool: it may use all", domain->id, i,
                      cpu);
            pcpu_reschedule(kick);
            return CPUPOOL_AGAIN;
        }
    }
    return -EBUSY;
}

static int begin_to_leave(struct sched_pool *pool, unsigned cpu)
{
    uint32_t kick = 0;
    int error;

    if (pool->cpus == BIT32(cpu) && domains_in(pool) != 0) {
        return -EBUSY;
    }
    error = sched_pool_remove_cpu(pool, cpu, time_now_ns(), &kick);
    if (error == 0) {
        leaving |= BIT32(cpu);
        pcpu_reschedule(kick | BIT32(cpu));
        return CPUPOOL_AGAIN;
    }
    return error == -EBUSY ? widen_one(pool, cpu) : error;
}

int cpupool_remove_cpu(uint32_t id, unsigned *cpu)
{
    struct sched_pool *pool = cpupool_find(id);

    if (pool == NULL) {
        return -ENOENT;
    }
    if (*cpu == CPU_NONE && pool->cpus != 0) {
        *cpu = 31 - (unsigned)__builtin_clz(pool->cpus);
    }
    if (*cpu >= cpu_id_count() || (pcpu_online_mask() & BIT32(*cpu)) == 0 || (id == 0 && *cpu == 0)) {
        return -EINVAL;
    }
    if ((pool->cpus & BIT32(*cpu)) != 0) {
        return begin_to_leave(pool, *cpu);
    }
    if ((leaving & BIT32(*cpu)) == 0 || pcpu_get(*cpu)->pool != pool) {
        return -EADDRNOTAVAIL;
    }
    if (try_free(*cpu)) {
        return 0;
    }
    pcpu_reschedule(BIT32(*cpu));
    return CPUPOOL_AGAIN;
}

uint64_t cpupool_idle_ns(unsigned cpu)
{
    const struct pcpu *p = pcpu_get(cpu);
    const struct vcpu *current = __atomic_load_n(&p->current, __ATOMIC_RELAXED);
    uint64_t doze_ns = __atomic_load_n(&p->dozed_ns, __ATOMIC_RELAXED);

    doze_ns += current != NULL ? vcpu_doze_ns(current) : 0;
    return doze_ns + (p->pool != NULL ? sched_idle_ns(p->pool, cpu, time_now_ns()) : 0);
}

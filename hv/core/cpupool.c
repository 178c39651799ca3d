/* SPDX-License-Identifier: Apache-2.0 */
/* cpupool.c - the machine's pools of pCPUs by number.
 *
 * The table is written at boot and by the toolstack's calls, of which one is carried out at a time. */
#include "core/cpupool.h"

#include "core/pcpu.h"
#include "core/sched_setup.h"
#include "lib/panic.h"

static struct sched_pool boot_pools[CPU_MAX + 1];

/* In the order of their numbers. */
static struct {
    uint32_t id;
    struct sched_pool *pool;
} table[CPUPOOL_MAX];
static unsigned count;

/* What of HCR_EL2 traps wfi and wfe while somebody else waits for the pCPU, or nobody does (@alone). */
static uint64_t wfi_hcr(const struct sched_ops *ops, enum wfi_policy policy, bool alone)
{
    bool trap = policy == WFI_POLICY_TRAP || (policy == WFI_POLICY_AUTO && !(alone && ops->may_untrap_wfi));

    return trap ? HCR_TWI | HCR_TWE : 0;
}

struct sched_pool *sched_setup(const struct sched_ops *ops, uint32_t cpus, enum wfi_policy policy)
{
    struct sched_pool *pool = &boot_pools[count];

    ASSERT(count < CPU_MAX + 1);
    sched_pool_init(pool, ops, cpus);
    for (uint32_t rest = cpus; rest != 0; rest &= rest - 1) {
        struct pcpu *cpu = pcpu_get((unsigned)__builtin_ctz(rest));

        cpu->pool = pool;
        cpu->wfi_hcr[false] = wfi_hcr(ops, policy, false);
        cpu->wfi_hcr[true] = wfi_hcr(ops, policy, true);
    }
    table[count].id = count;
    table[count].pool = pool;
    count++;
    return pool;
}

struct sched_pool *sched_pool_at(unsigned index)
{
    return table[index].pool;
}

static unsigned domains_in(const struct sched_pool *pool)
{
    unsigned in_it = 0;

    for (const struct domain *domain = domain_next(0); domain != NULL;
         domain = domain_next(domain->id + 1u)) {
        in_it += domain->pool == pool ? 1 : 0;
    }
    return in_it;
}

bool cpupool_next(uint32_t id, struct cpupool *out)
{
    for (unsigned i = 0; i < count; i++) {
        if (table[i].id >= id) {
            *out = (struct cpupool){table[i].id, table[i].pool, domains_in(table[i].pool)};
            return true;
        }
    }
    return false;
}

struct sched_pool *cpupool_find(uint32_t id)
{
    for (unsigned i = 0; i < count; i++) {
        if (table[i].id == id) {
            return table[i].pool;
        }
    }
    return NULL;
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

uint64_t cpupool_idle_ns(unsigned cpu)
{
    const struct pcpu *p = pcpu_get(cpu);
    const struct vcpu *current = __atomic_load_n(&p->current, __ATOMIC_RELAXED);
    uint64_t doze_ns = __atomic_load_n(&p->dozed_ns, __ATOMIC_RELAXED);

    doze_ns += current != NULL ? vcpu_doze_ns(current) : 0;
    return doze_ns + (p->pool != NULL ? sched_idle_ns(p->pool, cpu, time_now_ns()) : 0);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* sysctl_reports.c - what debug keys report, a line at a time (hcall/sysctl_keys.h): for a person who looks
 * for what is wrong. What changes meanwhile may be told as it was before or after. */
#include "base/page_alloc.h"
#include "core/cpupool.h"
#include "core/pcpu.h"
#include "hcall/domain_info.h"
#include "hcall/sysctl_keys.h"
#include "lib/error.h"
#include "lib/log.h"

#define VCPU_BITS 4     /* Of a cursor: the domain's own line, then its vCPUs. */
#define CPU_BITS 4      /* The pool's own line, then the pCPUs. */
#define PORT_BITS 12    /* Ports from 4096 on are not told. */
#define PORTS_A_STAY 32 /* Looked at without finding one to tell of. */

_Static_assert(VCPU_MAX < (1 << VCPU_BITS) && CPU_MAX < (1 << CPU_BITS), "a number and one line more");

static unsigned long ms_of(uint64_t ns)
{
    return (unsigned long)(ns / NS_PER_MS);
}

static void tell_domain(struct domain *domain)
{
    struct xen_domctl_getdomaininfo info;

    domain_info_fill(domain, &info);
    log_info("d%u %s: %u of %u vCPUs online, %lu pages of %lu, pool %u%s%s%s, ran %lu ms", domain->id,
             domain->name, info.nr_online_vcpus, domain->vcpu_count, (unsigned long)info.tot_pages,
             (unsigned long)info.max_pages, info.cpupool,
             (info.flags & XEN_DOMINF_paused) != 0 ? ", paused" : "",
             (info.flags & XEN_DOMINF_shutdown) != 0 ? ", shut down" : "",
             (info.flags & XEN_DOMINF_dying) != 0 ? ", dying" : "", ms_of(info.cpu_time));
}

static void tell_vcpu(struct vcpu *vcpu)
{
    struct xen_domctl_getvcpuinfo info;
    const char *state = "waits for a CPU";

    domain_info_vcpu(vcpu, &info);
    if (!info.online) {
        state = "is off";
    } else if (info.running) {
        state = "runs";
    } else if (info.blocked) {
        state = "sleeps";
    }
    log_info("  d%uv%u %s: CPU %u, may use 0x%x, prefers 0x%x, upcall %s, ran %lu ms", vcpu->domain->id,
             vcpu->id, state, info.cpu, vcpu->unit.hard_affinity, vcpu->unit.soft_affinity,
             evtchn_upcall_pending(&vcpu->events) ? "pending" : "not pending", ms_of(info.cpu_time));
}

uint32_t report_domains(uint32_t cursor)
{
    struct domain *domain = domain_next(cursor >> VCPU_BITS);
    uint32_t item = cursor & ((1 << VCPU_BITS) - 1);

    if (domain == NULL) {
        return REPORT_END;
    }
    if (domain->id != cursor >> VCPU_BITS || item == 0) {
        item = 0;
        tell_domain(domain);
    } else if (item <= domain->vcpu_count) {
        tell_vcpu(domain->vcpu[item - 1]);
    }
    return item < domain->vcpu_count ? (uint32_t)domain->id << VCPU_BITS | (item + 1)
                                     : (domain->id + 1u) << VCPU_BITS;
}

static bool pool_at(uint32_t index, struct cpupool *pool)
{
    uint32_t id = 0;

    while (cpupool_next(id, pool)) {
        if (index == 0) {
            return true;
        }
        index--;
        id = pool->id + 1;
    }
    return false;
}

static void tell_pool(const struct cpupool *pool)
{
    log_info("pool %u: scheduler %s, CPUs 0x%x, %u domain%s; now %lu ms", pool->id, pool->sched->ops->name,
             pool->sched->cpus, pool->domain_count, pool->domain_count == 1 ? "" : "s", ms_of(time_now_ns()));
}

static void tell_cpu(unsigned cpu)
{
    const struct vcpu *vcpu = __atomic_load_n(&pcpu_get(cpu)->current, __ATOMIC_RELAXED);
    unsigned long idle_ms = ms_of(cpupool_idle_ns(cpu));

    if (vcpu != NULL) {
        log_info("  CPU %u: d%uv%u%s, idle for %lu ms", cpu, vcpu->unit.domid, vcpu->id,
                 pcpu_get(cpu)->alone ? " alone" : "", idle_ms);
    } else {
        log_info("  CPU %u: nobody, idle for %lu ms", cpu, idle_ms);
    }
}

uint32_t report_run_queues(uint32_t cursor)
{
    uint32_t index = cursor >> CPU_BITS, item = cursor & ((1 << CPU_BITS) - 1), rest;
    struct cpupool pool;

    if (!pool_at(index, &pool)) {
        return REPORT_END;
    }
    if (item == 0) {
        tell_pool(&pool);
    } else if (item <= CPU_MAX && (pool.sched->cpus & BIT32(item - 1)) != 0) {
        tell_cpu(item - 1);
    }
    rest = item < CPU_MAX ? pool.sched->cpus >> item : 0;
    return rest != 0 ? index << CPU_BITS | (item + 1 + (uint32_t)__builtin_ctz(rest))
                     : (index + 1) << CPU_BITS;
}

static unsigned long pages_of(struct domain *domain)
{
    return (unsigned long)atomic_load(&domain->physmap.page_count);
}

/* But for the root. */
static unsigned long tables_of(const struct domain *domain)
{
    return (unsigned long)__atomic_load_n(&domain->physmap.stage2.table_count, __ATOMIC_RELAXED);
}

/* Pages by owner. What nobody else has is the hypervisor's own: grant tables, event channels, buffers. */
static void tell_all_memory(void)
{
    uint64_t total = page_total_bytes() >> PAGE_SHIFT, free = page_free_bytes() >> PAGE_SHIFT,
             kept = total - free;

    for (unsigned i = 0; i < DOMAIN_MAX; i++) {
        struct domain *domain = domain_at(i);

        kept -= domain != NULL ? pages_of(domain) + tables_of(domain) : 0;
    }
    log_info("memory: %lu pages, %lu free, %lu the hypervisor's", (unsigned long)total, (unsigned long)free,
             (unsigned long)kept);
}

/* The cursor is 0 for the whole, else the number of a domain and 1 more. */
uint32_t report_memory(uint32_t cursor)
{
    struct domain *domain;

    if (cursor == 0) {
        tell_all_memory();
        return 1;
    }
    domain = domain_next(cursor - 1);
    if (domain == NULL) {
        return REPORT_END;
    }
    log_info("  d%u: %lu pages, %lu tables", domain->id, pages_of(domain), tables_of(domain));
    return domain->id + 2u;
}

static void tell_channel(unsigned domid, uint32_t port, const struct evtchn_status *status)
{
    switch (status->status) {
    case EVTCHNSTAT_unbound:
        log_info("  d%u port %u: for d%u", domid, port, status->u.unbound.dom);
        break;
    case EVTCHNSTAT_interdomain:
        log_info("  d%u port %u: to port %u of d%u, vCPU %u", domid, port, status->u.interdomain.port,
                 status->u.interdomain.dom, status->vcpu);
        break;
    case EVTCHNSTAT_virq:
        log_info("  d%u port %u: virtual interrupt %u, vCPU %u", domid, port, status->u.virq, status->vcpu);
        break;
    default:
        log_info("  d%u port %u: between vCPUs, vCPU %u", domid, port, status->vcpu);
        break;
    }
}

uint32_t report_channels(uint32_t cursor)
{
    struct domain *domain = domain_next(cursor >> PORT_BITS);
    uint32_t port = cursor & ((1 << PORT_BITS) - 1), end;

    if (domain == NULL) {
        return REPORT_END;
    }
    port = domain->id == cursor >> PORT_BITS ? port : 0;
    end = port + PORTS_A_STAY;
    for (; port < end; port++) {
        struct evtchn_status status;
        int error = port < 1 << PORT_BITS ? evtchn_status(&domain->events, port, &status) : -EINVAL;

        if (error == -EACCES) {
            log_info("  d%u port %u: the hypervisor's", domain->id, port);
            end = port + 1;
        } else if (error != 0) {
            return (domain->id + 1u) << PORT_BITS;
        } else if (status.status != EVTCHNSTAT_closed) {
            tell_channel(domain->id, port, &status);
            end = port + 1;
        }
    }
    return port < 1 << PORT_BITS ? (uint32_t)domain->id << PORT_BITS | port : (domain->id + 1u) << PORT_BITS;
}

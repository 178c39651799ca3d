/* SPDX-License-Identifier: Apache-2.0 */
/* domain_info.c - what the toolstack is told of a domain and of its vCPUs, in Xen's terms:
 *
 *     online   switched on by PSCI
 *     blocked  asleep, be it in place; a domain is when all that are online are
 *     running  on a pCPU, and neither asleep there nor told to leave it; a domain is when one of its vCPUs is
 *
 * A vCPU whose wfi is not trapped counts as running while it waits, as in Xen under vwfi=native. */
#include "hcall/domain_info.h"

#include "core/cpupool.h"
#include "core/pcpu.h"
#include "lib/string.h"

#define NO_SHUTDOWN_CODE UINT32_MAX /* What Xen has there until the domain says why it stops. */

/* Where @unit ran last, or, if it may not any more or never ran, where it may. */
static unsigned place_of(const struct sched_unit *unit)
{
    uint32_t cpus = unit->hard_affinity & unit->pool->cpus;

    if (unit->cpu != CPU_NONE && (cpus & BIT32(unit->cpu)) != 0) {
        return unit->cpu;
    }
    return cpus != 0 ? (unsigned)__builtin_ctz(cpus) : 0;
}

void domain_info_vcpu(struct vcpu *vcpu, struct xen_domctl_getvcpuinfo *info)
{
    uint64_t since_ns, time_ns[4], doze_ns = vcpu_doze_ns(vcpu);
    enum runstate state;

    if (vcpu->unit.pool == NULL) { /* Of a domain that dies. */
        memset(info, 0, sizeof(*info));
        return;
    }
    sched_runstate(&vcpu->unit, time_now_ns(), &state, &since_ns, time_ns);
    info->online = vcpu->powered;
    info->blocked = state == RUNSTATE_BLOCKED || doze_ns != 0 || (!vcpu->may_run && vcpu->waited);
    info->running = state == RUNSTATE_RUNNING && doze_ns == 0 && vcpu->may_run;
    info->cpu_time = time_ns[RUNSTATE_RUNNING] - min_u64(doze_ns, time_ns[RUNSTATE_RUNNING]);
    info->cpu = place_of(&vcpu->unit);
}

static uint32_t flags_of(const struct domain *domain)
{
    bool stopped = atomic_load(&domain->stopped);
    uint32_t code = stopped || domain->shutdown_named ? (uint32_t)domain->reason : NO_SHUTDOWN_CODE;
    uint32_t flags = XEN_DOMINF_hvm_guest | XEN_DOMINF_hap;

    flags |= atomic_load(&domain->dying) != DOMAIN_ALIVE ? XEN_DOMINF_dying : 0;
    flags |= domain->toolstack_pauses != 0 ? XEN_DOMINF_paused : 0;
    return flags | (stopped ? XEN_DOMINF_shutdown : 0) | code << XEN_DOMINF_shutdownshift;
}

void domain_info_fill(struct domain *domain, struct xen_domctl_getdomaininfo *info)
{
    uint32_t state = XEN_DOMINF_blocked;

    memset(info, 0, sizeof(*info));
    info->domain = domain->id;
    info->max_vcpu_id = XEN_INVALID_MAX_VCPU_ID;
    for (unsigned i = 0; i < domain->vcpu_made; i++) {
        struct xen_domctl_getvcpuinfo vcpu;

        if (domain->vcpu[i] == NULL) {
            continue;
        }
        domain_info_vcpu(domain->vcpu[i], &vcpu);
        info->max_vcpu_id = i;
        info->cpu_time += vcpu.cpu_time;
        if (vcpu.online) {
            info->nr_online_vcpus++;
            state &= vcpu.blocked ? UINT32_MAX : ~XEN_DOMINF_blocked;
            state |= vcpu.running ? XEN_DOMINF_running : 0;
        }
    }
    info->flags = (info->nr_online_vcpus != 0 ? state : 0) | flags_of(domain);
    info->tot_pages = atomic_load(&domain->physmap.page_count);
    info->max_pages = domain->physmap.page_limit;
    info->shared_info_frame = atomic_load(&domain->shared_info_gfn);
    info->ssidref = domain->ssidref;
    memcpy(info->handle, domain->handle, sizeof(info->handle));
    info->arch_config.gic_version =
        domain->gic_version == 2 ? XEN_DOMCTL_CONFIG_GIC_V2 : XEN_DOMCTL_CONFIG_GIC_V3;
    info->arch_config.nr_spis = domain->spi_limit - GIC_SPI_FIRST;
    info->cpupool = cpupool_id(domain->pool);
    info->gpaddr_bits = (uint8_t)stage2_ipa_bits();
}

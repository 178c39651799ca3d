/* SPDX-License-Identifier: Apache-2.0 */
/* domain.c - making a domain, stopping it, crashing it alone. */
#include "core/domain.h"

#include "arch/cache.h"
#include "arch/mmu.h"
#include "base/page_alloc.h"
#include "core/events.h"
#include "core/grant_table.h"
#include "core/irq.h"
#include "core/pcpu.h"
#include "core/sched_setup.h"
#include "core/wall_clock.h"
#include "lib/abi.h"
#include "lib/error.h"
#include "lib/lock_rank.h"
#include "lib/log.h"
#include "lib/string.h"

#define END_SLICE_NS                                                                                         \
    (NS_PER_MS / 4) /* Between slices of what is left to do of a domain that has stopped.                    \
                     */

/* Id 0 is the ABI's control domain; the others' start at 1. */
static struct domain *domains[DOMAIN_MAX];
static uint16_t domain_next_id = 1;
static _Atomic unsigned running_count;

struct domain *domain_get(uint16_t id)
{
    return id < DOMAIN_MAX ? domains[id] : NULL;
}

struct physmap *physmap_of(uint16_t owner)
{
    struct domain *domain = domain_get(owner);

    return domain != NULL ? &domain->physmap : NULL;
}

void *hv_alloc(size_t size_bytes)
{
    unsigned order = 0;
    pa_t addr;

    while ((PAGE_SIZE << order) < size_bytes) {
        order++;
    }
    if (page_alloc(order, DOMID_HV, &addr) != 0) {
        return NULL;
    }
    cache_zero_pages(mmu_direct(addr), PAGE_SIZE << order);
    return mmu_direct(addr);
}

int domain_add_ram(struct domain *domain, ipa_t addr, unsigned order)
{
    pa_t ram;
    int error = page_alloc(order, domain->id, &ram);

    if (error != 0) {
        return error;
    }
    /* A domain never sees what was there before, with its caches on or off. */
    cache_zero_publish(mmu_direct(ram), PAGE_SIZE << order);
    spin_lock(&domain->physmap.lock);
    error = stage2_map(&domain->physmap.stage2, addr, ram, PAGE_SIZE << order, STAGE2_RAM);
    spin_unlock(&domain->physmap.lock);
    if (error != 0) {
        page_free(ram, order, domain->id);
        return error;
    }
    physmap_add_built(&domain->physmap, (addr.v >> PAGE_SHIFT) + BIT64(order) - 1, BIT64(order));
    return 0;
}

static void timer_expired(struct timer *timer)
{
    vcpu_notice(CONTAINER_OF(timer, struct vcpu, timer));
}

static void poll_expired(struct timer *timer)
{
    vcpu_notice(CONTAINER_OF(timer, struct vcpu, poll_timer));
}

static int create_vcpu(struct domain *domain, unsigned id, uint32_t hard_affinity,
                       const struct sched_params *params, struct sched_pool *pool)
{
    struct vcpu *vcpu = hv_alloc(sizeof(*vcpu));
    uint32_t kick;
    int error;

    if (vcpu == NULL) {
        return -ENOMEM;
    }
    vcpu->domain = domain;
    vcpu->id = id;
    vcpu->stale = vgic_stale_flag(domain->vgic, id);
    vcpu->vgic = vgic_of_vcpu(domain->vgic, id);
    vcpu->vmpidr = BIT64(31) | id; /* Xen's numbering of up to sixteen: Aff0. */
    atomic_init(&vcpu->loaded_cpu, CPU_NONE);
    vcpu->last_cpu = CPU_NONE;
    vcpu->timer_cpu = CPU_NONE;
    timer_init(&vcpu->timer, timer_expired);
    timer_init(&vcpu->poll_timer, poll_expired);
    vcpu->unit.domid = domain->id;
    vcpu->unit.vcpu_id = (uint16_t)id;
    vcpu->unit.group = &domain->sched_group;
    vcpu->unit.hard_affinity = hard_affinity != 0 ? hard_affinity : UINT32_MAX;
    vcpu->unit.soft_affinity = UINT32_MAX;
    vcpu->unit.params = params->weight != 0 ? *params : SCHED_PARAMS_DEFAULT;
    domain->vcpu[id] = vcpu;
    error = sched_add(pool, &vcpu->unit, time_now_ns(), &kick);
    if (error == -ENOSPC) {
        log_warn("%s: vCPU %u has no pCPU under sched=%s (one vCPU each, %u pCPUs): it waits until one is "
                 "free. Give fewer vCPUs or "
                 "write sched=credit2",
                 domain->name, id, pool->ops->name, (unsigned)__builtin_popcount(pool->cpus));
        return 0;
    }
    if (error == -EOVERFLOW) {
        log_error("%s: vCPU %u: sched=%s has no room for it: less budget for this one or others, other CPUs "
                  "in hard-affinity, or under rtds sched_overcommit",
                  domain->name, id, pool->ops->name);
    }
    return error;
}

static int create_vgic(struct domain *domain, const struct domain_params *params)
{
    struct vgic_config config = {
        .version = params->gic_version,
        .vcpu_count = params->vcpu_count,
        .spi_limit = params->spi_limit,
        .lr_count = gic()->lr_count(),
        .lr_empty = gic()->lr_empty,
    };

    for (unsigned i = 0; i < params->vcpu_count; i++) {
        config.vcpu_mpidr[i] = i;
    }
    domain->vgic = hv_alloc(vgic_bytes(&config));
    if (domain->vgic == NULL) {
        return -ENOMEM;
    }
    return vgic_init(domain->vgic, &config);
}

struct grant_table *grant_table_of(uint16_t owner)
{
    struct domain *domain = domain_get(owner);

    return domain != NULL ? domain->grants : NULL;
}

/* A stopped domain lets go what it has of others, a little at a time; its own memory stays. */
static void end_slice(struct timer *timer)
{
    struct domain *domain = CONTAINER_OF(timer, struct domain, end_timer);

    if (!grant_unmap_some(&domain->grant_maps) || !physmap_drop_foreign(&domain->physmap)) {
        pcpu_timer_arm(&domain->end_timer, cpu_count_ticks() + ticks_from_ns(END_SLICE_NS));
    }
}

static int create_grants(struct domain *domain)
{
    atomic_init(&domain->shared_info_gfn, UINT64_MAX);
    grant_maps_init(&domain->grant_maps, &domain->physmap);
    timer_init(&domain->end_timer, end_slice);
    domain->grants = hv_alloc(sizeof(*domain->grants));
    return domain->grants != NULL ? grant_table_init(domain->grants, &domain->physmap) : -ENOMEM;
}

/* Of a domain that never ran: its vCPUs' places in the scheduler and all its memory. */
static void give_back(struct domain *domain)
{
    for (unsigned i = 0; i < domain->vcpu_count; i++) {
        struct vcpu *vcpu = domain->vcpu[i];

        if (vcpu != NULL && vcpu->unit.pool != NULL) {
            pcpu_reschedule(sched_remove(&vcpu->unit, time_now_ns()));
        }
    }
    page_free_owned(domain->id);
    page_free_owned(table_owner(domain->id));
}

int domain_create(const struct domain_params *params, struct domain **out)
{
    uint16_t id = params->privileged ? 0 : domain_next_id;
    struct domain *domain;
    int error;

    if (id >= DOMAIN_MAX) {
        return -ENOSPC;
    }
    if (domains[id] != NULL) {
        return -EBUSY;
    }
    if (params->vcpu_count == 0 || params->vcpu_count > VCPU_MAX) {
        return -EINVAL;
    }
    domain = hv_alloc(sizeof(*domain));
    if (domain == NULL) {
        return -ENOMEM;
    }
    domain->id = id;
    domain->privileged = params->privileged;
    domain->direct_map = params->direct_map;
    domain->pool = params->pool != NULL ? params->pool : sched_pool_at(0);
    (void)string_copy(domain->name, sizeof(domain->name), params->name);
    domain->vcpu_count = params->vcpu_count;
    domain->gic_version = params->gic_version;
    domain->spi_limit = params->spi_limit;
    domain->gicd_base = params->gicd_base;
    domain->gicd_bytes = params->gic_version == 2 ? PAGE_SIZE : GUEST_GICV3_GICD_SIZE;
    domain->gicr_base = params->gicr_base;
    domain->evtchn_ppi = GUEST_EVTCHN_PPI;
    domain->count_offset = cpu_count_ticks();
    spin_init(&domain->power_lock, LOCK_RANK_DOMAIN);
    domain->shared_info = hv_alloc(PAGE_SIZE);
    if (domain->shared_info == NULL) {
        return -ENOMEM;
    }
    /* VMIDs are 1 to 255: DOMAIN_MAX is below. */
    error = physmap_init(&domain->physmap, id, (uint16_t)(id + 1), params->direct_map);
    if (error == 0) {
        error = create_grants(domain);
    }
    if (error == 0) {
        domain->vttbr = domain->physmap.stage2.table.root.v | (uint64_t)domain->physmap.stage2.vmid << 48;
        error = create_vgic(domain, params);
    }
    for (unsigned i = 0; error == 0 && i < params->vcpu_count; i++) {
        error = create_vcpu(domain, i, params->vcpu_hard_affinity[i], &params->vcpu_params[i], domain->pool);
    }
    if (error != 0) {
        give_back(domain);
        return error;
    }
    events_domain_init(domain);
    watchdog_init(domain);
    wall_clock_tell(domain);
    domains[id] = domain;
    domain_next_id = (uint16_t)(domain_next_id + (params->privileged ? 0 : 1));
    atomic_fetch_add(&running_count, 1);
    *out = domain;
    return 0;
}

void domain_discard(struct domain *domain)
{
    for (unsigned next = irq_release(domain, 0); next != 0;) {
        next = irq_release(domain, next);
    }
    events_domain_forget(domain);
    give_back(domain);
    domains[domain->id] = NULL;
    (void)domain_count_out(); /* Nobody has stopped: the machine stays on. */
}

unsigned domain_count_out(void)
{
    return atomic_fetch_sub(&running_count, 1) - 1;
}

/* Returns whether it ran until now. */
static bool stop(struct domain *domain, enum shutdown_reason reason)
{
    bool first;

    /* No vCPU is being switched on meanwhile: PSCI looks at "stopped" under it. */
    spin_lock(&domain->power_lock);
    first = !atomic_exchange(&domain->stopped, true);
    for (unsigned i = 0; first && i < domain->vcpu_count; i++) {
        vcpu_stop(domain->vcpu[i]);
    }
    spin_unlock(&domain->power_lock);
    if (first && !domain->shutdown_named) {
        domain->reason = reason;
    }
    if (first) {
        grant_maps_close(&domain->grant_maps);
        pcpu_timer_arm(&domain->end_timer, cpu_count_ticks());
        events_domain_stop(domain);
    }
    return first;
}

void domain_shutdown(struct domain *domain, enum shutdown_reason reason)
{
    if (stop(domain, reason)) {
        domain_end(domain);
    }
}

int domain_name_shutdown(struct domain *domain, enum shutdown_reason reason)
{
    int error = 0;

    spin_lock(&domain->power_lock);
    if (domain->shutdown_named || atomic_load(&domain->stopped)) {
        error = -EBUSY;
    } else {
        domain->shutdown_named = true;
        domain->reason = reason;
    }
    spin_unlock(&domain->power_lock);
    return error;
}

void domain_crash(struct vcpu *vcpu, const char *why)
{
    struct domain *domain = vcpu->domain;

    if (stop(domain, SHUTDOWN_CRASH)) {
        domain->end.why = why;
        vcpu_dump_take(vcpu, &domain->end.crash);
        domain_end(domain);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* domain_create.c - making a domain, in pieces that a stay in EL2 each has room for.
 *
 *     domain_begin: structure, address space, shared_info, grants, event channels  ->  it can be found
 *     domain_grow:  virtual GIC, some of its interrupts at a time -> platform -> one vCPU -> ... -> the last:
 * event channels can be bound
 *
 * "vcpu_count" is 0 until the last vCPU is there, so that whoever looks at vCPUs finds all or none. */
#include "arch/cache.h"
#include "core/domain.h"
#include "core/domain_list.h"
#include "core/events.h"
#include "core/grant_table.h"
#include "core/pcpu.h"
#include "core/sched_setup.h"
#include "core/trace.h"
#include "core/wall_clock.h"
#include "drivers/gic.h"
#include "lib/abi.h"
#include "lib/error.h"
#include "lib/lock_rank.h"
#include "lib/log.h"
#include "lib/string.h"

static const struct domain_params nothing_special;

static void timer_expired(struct timer *timer)
{
    vcpu_notice(CONTAINER_OF(timer, struct vcpu, timer));
}

static void poll_expired(struct timer *timer)
{
    vcpu_notice(CONTAINER_OF(timer, struct vcpu, poll_timer));
}

/* What the scheduler said to a new vCPU, for whom it may concern. */
static int placed(const struct domain *domain, unsigned id, int error)
{
    const struct sched_pool *pool = domain->pool;

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

static int add_vcpu(struct domain *domain, const struct domain_params *params)
{
    struct vcpu *vcpu = hv_alloc(sizeof(*vcpu));
    unsigned id = domain->vcpu_made;
    uint32_t hard = params->vcpu_hard_affinity[id];
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
    vcpu->irq_cpu = CPU_NONE;
    vcpu->timer_cpu = CPU_NONE;
    timer_init(&vcpu->timer, timer_expired);
    timer_init(&vcpu->poll_timer, poll_expired);
    vcpu->unit.domid = domain->id;
    vcpu->unit.vcpu_id = (uint16_t)id;
    vcpu->unit.group = &domain->sched_group;
    vcpu->unit.hard_affinity = hard != 0 ? hard : UINT32_MAX;
    vcpu->unit.soft_affinity = UINT32_MAX;
    vcpu->unit.params = params->vcpu_params[id].weight != 0 ? params->vcpu_params[id] : SCHED_PARAMS_DEFAULT;
    error = placed(domain, id, sched_add(domain->pool, &vcpu->unit, time_now_ns(), &kick));
    if (error != 0) {
        hv_free(vcpu, sizeof(*vcpu));
        return error;
    }
    spin_lock(&domain->power_lock); /* It may be stopped meanwhile. */
    domain->vcpu[id] = vcpu;
    domain->vcpu_made++;
    spin_unlock(&domain->power_lock);
    return 0;
}

static int add_vgic(struct domain *domain)
{
    struct vgic_config config = {
        .version = domain->gic_version,
        .vcpu_count = domain->vcpu_max,
        .spi_limit = domain->spi_limit,
        .lr_count = gic()->lr_count(),
        .lr_empty = gic()->lr_empty,
    };
    struct vgic *vgic;
    int error;

    for (unsigned i = 0; i < domain->vcpu_max; i++) {
        config.vcpu_mpidr[i] = i;
    }
    vgic = hv_alloc(vgic_bytes(&config));
    if (vgic == NULL) {
        return -ENOMEM;
    }
    error = vgic_begin(vgic, &config);
    if (error != 0) {
        hv_free(vgic, vgic_bytes(&config));
        return error;
    }
    domain->vgic_bytes = vgic_bytes(&config);
    __atomic_store_n(&domain->vgic, vgic, __ATOMIC_RELEASE); /* Its end may look: irq_release(). */
    return 0;
}

/* The guest platform's fixed parts (xen/arch-arm.h), unless the domain has the machine's. */
static int add_platform(struct domain *domain)
{
    struct stage2 *stage2 = &domain->physmap.stage2;
    pa_t pages[2];
    int error;

    if (domain->direct_map) {
        return 0;
    }
    vgic_link(domain->vgic, GUEST_TIMER_VIRT_PPI, false);
    vgic_link(domain->vgic, GUEST_TIMER_PHYS_NS_PPI, false);
    if (domain->gic_version != 2) {
        return 0;
    }
    gicv2_gicv_pages(pages);
    spin_lock(&domain->physmap.lock);
    error = stage2_map(stage2, ipa(GUEST_GICC_BASE), pages[0], PAGE_SIZE, STAGE2_DEVICE);
    if (error == 0) {
        error = stage2_map(stage2, ipa(GUEST_GICC_BASE + PAGE_SIZE), pages[1], PAGE_SIZE, STAGE2_DEVICE);
    }
    spin_unlock(&domain->physmap.lock);
    return error;
}

int domain_grow(struct domain *domain, const struct domain_params *params)
{
    int error;

    if (domain->vgic == NULL) {
        error = add_vgic(domain);
        return error != 0 ? error : DOMAIN_GROWS;
    }
    if (!domain->has_platform) {
        if (!vgic_make_some(domain->vgic)) {
            return DOMAIN_GROWS;
        }
        domain->has_platform = true;
        error = add_platform(domain);
        return error != 0 ? error : DOMAIN_GROWS;
    }
    if (domain->vcpu_made < domain->vcpu_max) {
        error = add_vcpu(domain, params != NULL ? params : &nothing_special);
        return error != 0 ? error : DOMAIN_GROWS;
    }
    if (domain->vcpu_count == 0) {
        events_vcpus_made(domain);
        domain->vcpu_count = domain->vcpu_max;
    }
    return 0;
}

/* What can fail of domain_begin(). */
static int add_parts(struct domain *domain, bool direct_map)
{
    int error;

    domain->shared_info = hv_alloc(PAGE_SIZE);
    if (domain->shared_info == NULL) {
        return -ENOMEM;
    }
    error = physmap_init(&domain->physmap, domain->id, domain_vmid(domain->id), direct_map);
    if (error != 0) {
        return error;
    }
    domain->vttbr = domain->physmap.stage2.table.root.v | (uint64_t)domain->physmap.stage2.vmid << 48;
    domain->grants = hv_alloc(sizeof(*domain->grants));
    return domain->grants != NULL ? grant_table_init(domain->grants, &domain->physmap) : -ENOMEM;
}

static void set_up(struct domain *domain, const struct domain_params *params)
{
    domain->privileged = params->privileged;
    domain->direct_map = params->direct_map;
    (void)string_copy(domain->name, sizeof(domain->name), params->name);
    domain->vcpu_max = params->vcpu_count;
    domain->pool = params->pool != NULL ? params->pool : sched_pool_at(0);
    domain->gic_version = params->gic_version;
    domain->spi_limit = params->spi_limit;
    domain->gicd_base = params->gicd_base;
    domain->gicd_bytes = params->gic_version == 2 ? PAGE_SIZE : GUEST_GICV3_GICD_SIZE;
    domain->gicr_base = params->gicr_base;
    domain->evtchn_ppi = GUEST_EVTCHN_PPI;
    domain->count_offset = cpu_count_ticks();
    spin_init(&domain->power_lock, LOCK_RANK_DOMAIN);
    list_init(&domain->dead_link);
    list_init(&domain->end.link);
    atomic_init(&domain->shared_info_gfn, UINT64_MAX);
    grant_maps_init(&domain->grant_maps, &domain->physmap);
    domain_let_go_init(domain);
}

int domain_begin(const struct domain_params *params, struct domain **out)
{
    struct domain *domain;
    uint16_t id;
    int error = domain_choose_id(params->id, params->privileged, &id);

    if (error != 0) {
        return error;
    }
    if (params->vcpu_count == 0 || params->vcpu_count > VCPU_MAX) {
        return -EINVAL;
    }
    domain = hv_alloc(sizeof(*domain));
    if (domain == NULL) {
        return -ENOMEM;
    }
    domain->id = id;
    domain->handle[14] = (uint8_t)(id >> 8); /* Until the toolstack gives it another: Dom0's is 0. */
    domain->handle[15] = (uint8_t)id;
    set_up(domain, params);
    error = add_parts(domain, params->direct_map);
    if (error != 0) {
        domain_free(domain);
        return error;
    }
    events_domain_init(domain);
    watchdog_init(domain);
    wall_clock_tell(domain);
    domain_list_add(domain);
    trace_put(TRC_DOM0_DOM_ADD, (uint32_t[]){domain->id}, 1);
    trace_put(TRC_SCHED_DOM_ADD, (uint32_t[]){domain->id}, 1);
    *out = domain;
    return 0;
}

int domain_create(const struct domain_params *params, struct domain **out)
{
    struct domain *domain;
    int error = domain_begin(params, &domain);

    if (error != 0) {
        return error;
    }
    do {
        error = domain_grow(domain, params);
    } while (error == DOMAIN_GROWS);
    if (error != 0) {
        domain_discard(domain);
        return error;
    }
    *out = domain;
    return 0;
}

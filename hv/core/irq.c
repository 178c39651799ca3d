/* SPDX-License-Identifier: Apache-2.0 */
/* irq.c - where physical interrupts go, and how the virtual GIC's wishes reach the physical one.
 *
 * List registers and model (vgic/vgic.h) change places at a price of some hundred instructions. A vCPU that
 * leaves its pCPU with all list registers empty and no PPI active does not pay it: it is "parked", the model
 * still thinks it loaded, and when nothing has made it stale it is taken up again as it was, its bound
 * interrupts published anew. Whoever needs the model to be the truth unparks it first: a fold of empty list
 * registers.
 *
 * The flag is a token, no lock: who swaps it from true to false takes the vCPU up, or folds it. Its pCPU sets
 * it, with release, when the list registers are left; a fold is made under the vGIC's lock, which who comes
 * second and finds the flag gone has to take before it fills. */
#include "core/irq.h"

#include "arch/barrier.h"
#include "core/events.h"
#include "core/vcpu.h"
#include "drivers/gic.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/panic.h"

#define OWN_HANDLER_MAX 8
#define RELEASE_SLICE 16u /* SPIs given back in one stay in EL2. */

static struct {
    unsigned intid;
    void (*handler)(void);
} own[OWN_HANDLER_MAX];
static unsigned own_count;

static struct domain *spi_owner[GIC_INTID_MAX];

void irq_set_handler(unsigned intid, void (*handler)(void))
{
    if (own_count == OWN_HANDLER_MAX) {
        panic("irq: no room for a handler of INTID %u", intid);
    }
    own[own_count].intid = intid;
    own[own_count].handler = handler;
    own_count++;
}

void irq_enable_own(unsigned intid)
{
    const struct gic_driver *g = gic();

    g->set_priority(intid, GIC_PRIORITY_DEFAULT);
    if (intid >= GIC_SPI_FIRST) {
        g->set_route(intid, cpu_id());
    }
    g->enable(intid, true);
}

static bool dispatch_own(uint32_t intid)
{
    for (unsigned i = 0; i < own_count; i++) {
        if (own[i].intid == intid) {
            own[i].handler();
            return true;
        }
    }
    return false;
}

/* Linked SPI @intid was acknowledged on another pCPU than the one that its vCPU is, or will be, loaded on: if
 * it is active it must not fire there again. QEMU's GICv2 keeps an SPI's active state per CPU, but one that
 * is written applies to all. With the vGIC's lock. */
static void spi_moved(struct domain *domain, unsigned intid)
{
    if (vgic_moved(domain->vgic, intid)) {
        gic()->set_active(intid, true);
    }
}

/* IRQ PATH 5/7: not bound, so the model finds out for which vCPU it is. */
static void arrived(struct pcpu *cpu, struct domain *domain, unsigned intid)
{
    struct spinlock *lock = vgic_lock(domain->vgic);
    const struct vcpu *for_vcpu = cpu->loaded;
    uint32_t notice = 0;
    int target;

    spin_lock(lock);
    if (intid < GIC_SPI_FIRST) {
        cpu->ppi_unknown = true; /* It may not be deliverable: then no list register tells of it. */
    } else {
        for_vcpu = domain->vcpu[vgic_target(domain->vgic, intid)];
        notice = irq_unpark(domain->vcpu[for_vcpu->id]);
    }
    target = vgic_hw_arrived(domain->vgic, for_vcpu->id, intid);
    if (intid >= GIC_SPI_FIRST && for_vcpu->last_cpu != cpu->base.id) {
        spi_moved(domain, intid);
    }
    spin_unlock(lock);
    irq_notice(domain, target >= 0 ? notice | BIT32(target) : notice);
}

/* Whose interrupt is it? NULL: nobody's. */
static struct domain *owner(const struct pcpu *cpu, uint32_t intid)
{
    if (intid < GIC_SPI_FIRST) {
        return cpu->loaded != NULL ? cpu->loaded->domain : NULL;
    }
    return intid < GIC_INTID_MAX ? spi_owner[intid] : NULL;
}

bool irq_dispatch(struct pcpu *cpu, uint32_t intid)
{
    struct vcpu *loaded = cpu->loaded;
    struct domain *domain;

    /* IRQ PATH 4/7: bound: its list register is empty. */
    if (intid < BOUND_INTID_COUNT && cpu->bound_slot[intid] != 0) {
        unsigned slot = cpu->bound_slot[intid] - 1u;

        gic()->lr_write(slot, cpu->bound[slot].value);
        if (cpu->current != loaded) {
            vcpu_notice(loaded);
        } else {
            vcpu_end_doze(cpu);
        }
        return false;
    }
    if (intid < GIC_SGI_COUNT) { /* A kick: trap_exit() looks at what is to be done. */
        barrier_dmb_ish();       /* Not before the acknowledge: pairs with the barrier in send_sgi. */
        vcpu_end_doze(cpu);
        return true;
    }
    if (dispatch_own(intid)) {
        return true;
    }
    domain = owner(cpu, intid);
    if (domain == NULL) {
        log_debug("irq: INTID %u belongs to nobody: disabled", intid);
        gic()->enable(intid, false);
        if (intid <
            GIC_SPI_FIRST) { /* A timer's that was stopped too late: the next vCPU enables it again. */
            cpu->ppi_enabled &= (uint16_t)~BIT32(intid - GIC_PPI_FIRST);
        }
        return true;
    }
    arrived(cpu, domain, intid);
    return false;
}

static bool is_own(unsigned intid)
{
    for (unsigned i = 0; i < own_count; i++) {
        if (own[i].intid == intid) {
            return true;
        }
    }
    return false;
}

int irq_assign(struct domain *domain, unsigned intid, bool edge)
{
    const struct gic_driver *g = gic();

    if (intid < GIC_SPI_FIRST || intid >= g->spi_limit() || intid >= domain->spi_limit) {
        return -EINVAL;
    }
    if (spi_owner[intid] != NULL || is_own(intid)) {
        return -EBUSY;
    }
    spi_owner[intid] = domain;
    vgic_link(domain->vgic, intid, edge);
    g->set_edge(intid, edge);
    g->set_priority(intid, GIC_PRIORITY_DEFAULT);
    return 0;
}

/* Call @act for each SPI of @mask. */
static void each_spi(unsigned first, uint32_t mask, void (*act)(unsigned intid, bool on), bool on)
{
    for (; mask != 0; mask &= mask - 1) {
        act(first + (unsigned)__builtin_ctz(mask), on);
    }
}

/* The vCPU it is for may be moving: irq_follow() comes after loaded_cpu has changed and takes the lock too,
 * so the last of both has it right. One that is off its pCPU most likely comes back to the same. */
static void route_spi(struct domain *domain, unsigned intid)
{
    const struct vcpu *target = domain->vcpu[vgic_target(domain->vgic, intid)];
    unsigned cpu = atomic_load(&target->loaded_cpu);

    if (cpu == CPU_NONE) {
        cpu = atomic_load(&target->irq_cpu);
    }
    if (cpu != CPU_NONE) {
        spi_moved(domain, intid);
        gic()->set_route(intid, cpu);
    }
}

void irq_notice(struct domain *domain, uint32_t notice)
{
    for (; notice != 0; notice &= notice - 1) {
        vcpu_notice(domain->vcpu[__builtin_ctz(notice)]);
    }
}

void irq_apply(struct domain *domain, const struct vgic_work *work)
{
    const struct gic_driver *g = gic();

    if ((work->hardware & VGIC_WORK_LIST) != 0) {
        irq_list(&work->list);
    }
    if ((work->hardware & VGIC_WORK_PHYSICAL) == 0) {
        return;
    }
    each_spi(work->first, work->disable, g->enable, false);
    each_spi(work->first, work->set_edge, g->set_edge, true);
    each_spi(work->first, work->set_level, g->set_edge, false);
    each_spi(work->first, work->clear_pending, g->set_pending, false);
    each_spi(work->first, work->clear_active, g->set_active, false);
    for (uint32_t rest = work->route; rest != 0; rest &= rest - 1) {
        route_spi(domain, work->first + (unsigned)__builtin_ctz(rest));
    }
    if (!atomic_load(
            &domain->stopped)) { /* irq_release() has been here, or will be: nothing is enabled behind it. */
        each_spi(work->first, work->enable, g->enable, true);
    }
}

void irq_bound_clear(struct pcpu *cpu)
{
    for (uint32_t rest = cpu->bound_slots; rest != 0; rest &= rest - 1) {
        cpu->bound_slot[cpu->bound_intid[__builtin_ctz(rest)]] = 0;
    }
    cpu->bound_slots = 0;
}

void irq_bound_publish(struct pcpu *cpu, const struct vcpu *vcpu)
{
    for (uint32_t rest = vcpu->bound_slots; rest != 0; rest &= rest - 1) {
        unsigned slot = (unsigned)__builtin_ctz(rest);

        cpu->bound_intid[slot] = vcpu->bound_intid[slot];
        cpu->bound[slot].value = vcpu->bound_value[slot];
        cpu->bound_slot[vcpu->bound_intid[slot]] = (uint8_t)(slot + 1);
    }
    cpu->bound_slots = vcpu->bound_slots;
}

/* The model takes over from list registers that hold @lr. */
static uint32_t fold(struct vcpu *vcpu, const struct gic_lr *lr)
{
    struct vgic *vgic = vcpu->domain->vgic;
    uint32_t notice = vgic_fold(vgic, vcpu->id, lr);

    for (unsigned intid = vgic_next_release(vgic, vcpu->id); intid != 0;
         intid = vgic_next_release(vgic, vcpu->id)) {
        gic()->set_active(intid, false);
    }
    return notice;
}

uint32_t irq_fold(struct pcpu *cpu, struct vcpu *vcpu)
{
    const struct gic_driver *g = gic();
    struct gic_lr lr[GIC_LR_MAX];
    unsigned count = g->lr_count();
    uint32_t notice;

    for (unsigned slot = 0; slot < count; slot++) {
        g->lr_decode(g->lr_read(slot), &lr[slot]);
    }
    irq_bound_clear(cpu);
    notice = fold(vcpu, lr);
    events_reassert(vcpu);
    return notice;
}

uint32_t irq_unpark(struct vcpu *vcpu)
{
    static const struct gic_lr empty[GIC_LR_MAX];

    return atomic_load_explicit(&vcpu->parked, memory_order_relaxed) && irq_take_parked(vcpu)
               ? fold(vcpu, empty)
               : 0;
}

void irq_ppi_enables(struct pcpu *cpu, uint16_t enable)
{
    for (uint32_t rest = (uint32_t)(cpu->ppi_enabled ^ enable); rest != 0; rest &= rest - 1) {
        unsigned ppi = (unsigned)__builtin_ctz(rest);

        gic()->enable(GIC_PPI_FIRST + ppi, (enable & BIT32(ppi)) != 0);
    }
    cpu->ppi_enabled = enable;
}

/* Linked PPIs: enabled and active exactly as the loaded vCPU has them. */
static void apply_ppis(struct pcpu *cpu, const struct domain *domain, const struct vgic_fill *fill)
{
    for (uint32_t rest = vgic_linked_ppis(domain->vgic); rest != 0; rest &= rest - 1) {
        unsigned ppi = (unsigned)__builtin_ctz(rest);

        gic()->set_active(GIC_PPI_FIRST + ppi, (fill->ppi_active & BIT32(ppi)) != 0);
    }
    irq_ppi_enables(cpu, fill->ppi_enable);
    cpu->ppi_unknown = fill->ppi_active != 0;
}

void irq_fill(struct pcpu *cpu, struct vcpu *vcpu)
{
    const struct gic_driver *g = gic();
    unsigned count = g->lr_count();
    struct vgic_fill fill;

    vgic_fill(vcpu->domain->vgic, vcpu->id, &fill);
    vcpu->ppi_enable = fill.ppi_enable;
    vcpu->bound_slots = 0;
    /* Active bits first, then list registers: an interrupt that is listed must not be able to fire. */
    apply_ppis(cpu, vcpu->domain, &fill);
    for (unsigned slot = 0; slot < count; slot++) {
        g->lr_write(slot, fill.lr[slot].state != 0 ? g->lr_encode(&fill.lr[slot]) : 0);
        if (fill.bound_intid[slot] != 0) {
            vcpu->bound_slots |= BIT32(slot);
            vcpu->bound_intid[slot] = fill.bound_intid[slot];
            vcpu->bound_value[slot] = g->lr_encode(&fill.bound_lr[slot]);
        }
    }
    irq_bound_publish(cpu, vcpu);
    if (cpu->vif_none_pending != fill.none_pending_irq) {
        cpu->vif_none_pending = fill.none_pending_irq;
        g->vif_set(fill.none_pending_irq);
    }
}

void irq_refresh(struct pcpu *cpu, struct vcpu *vcpu)
{
    struct spinlock *lock = vgic_lock(vcpu->domain->vgic);
    uint32_t notice;

    spin_lock(lock);
    notice = irq_fold(cpu, vcpu);
    irq_fill(cpu, vcpu);
    spin_unlock(lock);
    irq_notice(vcpu->domain, notice);
}

void irq_update(struct pcpu *cpu, struct vcpu *vcpu)
{
    const struct gic_driver *g = gic();
    struct vgic *vgic = vcpu->domain->vgic;
    struct vgic_fill fill;
    bool stale;

    spin_lock(vgic_lock(vgic));
    for (uint32_t rest = vgic_add(vgic, vcpu->id, g->lr_empty(), &fill); rest != 0; rest &= rest - 1) {
        unsigned slot = (unsigned)__builtin_ctz(rest);

        g->lr_write(slot, g->lr_encode(&fill.lr[slot]));
    }
    stale = vgic_stale(vgic, vcpu->id);
    spin_unlock(vgic_lock(vgic));
    if (stale) {
        irq_refresh(cpu, vcpu);
    }
}

void irq_vcpu_fold_off(struct pcpu *cpu, struct vcpu *vcpu)
{
    const struct gic_driver *g = gic();
    struct spinlock *lock = vgic_lock(vcpu->domain->vgic);
    uint32_t notice;

    spin_lock(lock);
    notice = irq_fold(cpu, vcpu);
    spin_unlock(lock);
    for (unsigned slot = 0; slot < g->lr_count(); slot++) {
        g->lr_write(slot, 0);
    }
    cpu->vif_none_pending = false;
    g->vif_set(false);
    cpu->ppi_unknown =
        true; /* An active one stays so until the next fill. Its timer is stopped: nothing can fire. */
    irq_notice(vcpu->domain, notice);
}

void irq_vcpu_fill_on(struct pcpu *cpu, struct vcpu *vcpu)
{
    struct spinlock *lock = vgic_lock(vcpu->domain->vgic);
    uint32_t notice;

    spin_lock(lock);
    notice = irq_unpark(vcpu);
    events_reassert(vcpu);
    irq_fill(cpu, vcpu);
    spin_unlock(lock);
    irq_notice(vcpu->domain, notice);
}

/* With the vGIC's lock. */
static void route_all(struct vcpu *vcpu, unsigned cpu)
{
    struct domain *domain = vcpu->domain;
    unsigned intid = vgic_next_linked_spi(domain->vgic, vcpu->id, GIC_SPI_FIRST);

    atomic_store(&vcpu->irq_cpu, cpu);
    while (intid != 0) {
        spi_moved(domain, intid);
        gic()->set_route(intid, cpu);
        intid = vgic_next_linked_spi(domain->vgic, vcpu->id, intid + 1);
    }
}

void irq_follow(struct pcpu *cpu, struct vcpu *vcpu)
{
    struct spinlock *lock = vgic_lock(vcpu->domain->vgic);

    spin_lock(lock);
    route_all(vcpu, (unsigned)cpu->base.id);
    spin_unlock(lock);
}

/* It may be loaded just now: who loads it tells where (loaded_cpu) and looks then whether its interrupts are
 * there (last_cpu); here it is the other way round, so that one of the two sees the other. */
void irq_send_to(struct vcpu *vcpu, unsigned cpu)
{
    struct spinlock *lock = vgic_lock(vcpu->domain->vgic);
    unsigned loaded;

    spin_lock(lock);
    atomic_store(&vcpu->last_cpu, CPU_NONE);
    loaded = atomic_load(&vcpu->loaded_cpu);
    route_all(vcpu, loaded != CPU_NONE ? loaded : cpu);
    spin_unlock(lock);
}

unsigned irq_release(struct domain *domain, unsigned from)
{
    const struct gic_driver *g = gic();
    struct vgic *vgic = __atomic_load_n(&domain->vgic, __ATOMIC_ACQUIRE);
    unsigned intid;

    if (vgic == NULL) { /* It ends before it was made. */
        return 0;
    }
    spin_lock(vgic_lock(vgic));
    intid = vgic_next_linked(vgic, from);
    for (unsigned count = 0; intid != 0 && count < RELEASE_SLICE; count++) {
        g->enable(intid, false);
        g->set_pending(intid, false);
        g->set_active(intid, false);
        spi_owner[intid] = NULL;
        intid = vgic_next_linked(vgic, intid + 1);
    }
    spin_unlock(vgic_lock(vgic));
    return intid;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* vgic_virq.c - what happens to one virtual interrupt when its state or configuration is changed or read.
 *
 * Each function takes an interrupt that may be listed in another vCPU's list registers. What is set is added
 * to the model and meets the list register's state in the fold; what is cleared is taken from the model, and
 * the list register's claim to it (VIRQ_LR_*) is struck out, so that the fold drops it. Either way that vCPU
 * is told. */
#include "vgic/vgic_state.h"

static void work_add(struct vgic_work *work, const struct virq *virq, uint32_t *mask)
{
    if ((work->hardware & VGIC_WORK_PHYSICAL) == 0) {
        *work = (struct vgic_work){.notice = work->notice,
                                   .hardware = work->hardware | VGIC_WORK_PHYSICAL,
                                   .first = virq->intid & ~31u,
                                   .list = work->list};
    }
    *mask |= BIT32(virq->intid % 32u);
}

static bool is_linked_spi(const struct virq *virq)
{
    return (virq->flags & VIRQ_LINKED) != 0 && virq->intid >= GIC_SPI_FIRST;
}

/* The queue @virq belongs in, and whose (invariant V3). */
static enum virq_queue_id virq_wants(const struct virq *virq, unsigned *vcpu)
{
    if (virq_listed(virq)) {
        return VIRQ_QUEUE_NONE;
    }
    if ((virq->flags & VIRQ_ACTIVE) != 0) {
        *vcpu = virq->holder;
        return VIRQ_QUEUE_ACTIVE;
    }
    if ((virq->flags & VIRQ_ENABLED) != 0 && virq->target != VIRQ_NO_TARGET && virq_pending(virq)) {
        *vcpu = virq->target;
        return (virq->flags & VIRQ_GROUP1) != 0 ? VIRQ_QUEUE_GROUP1 : VIRQ_QUEUE_GROUP0;
    }
    return VIRQ_QUEUE_NONE;
}

void virq_requeue(struct vgic *vgic, struct virq *virq)
{
    unsigned vcpu = 0;
    enum virq_queue_id wanted = virq_wants(virq, &vcpu);

    if (wanted == virq->queue && (wanted == VIRQ_QUEUE_NONE || vcpu == virq->queue_vcpu)) {
        return;
    }
    virq_queue_remove(vgic, virq);
    if (wanted != VIRQ_QUEUE_NONE) {
        virq_queue_insert(vgic, virq, vcpu, wanted);
    }
}

/* As virq_changed(); @how: VGIC_ADDED or VGIC_STALE. */
static uint32_t tell(struct vgic *vgic, struct virq *virq, enum vgic_stale how)
{
    struct vgic_vcpu *v;
    unsigned vcpu;

    virq_requeue(vgic, virq);
    if (virq_listed(virq)) {
        vcpu = virq->holder;
        vgic->vcpu[vcpu].again |= BIT32(virq->slot);
    } else if (virq->queue == VIRQ_QUEUE_ACTIVE ||
               (virq->queue != VIRQ_QUEUE_NONE && vgic_group_on(vgic, virq))) {
        vcpu = virq->queue_vcpu;
    } else {
        return 0;
    }
    v = &vgic->vcpu[vcpu];
    if (how == VGIC_STALE || atomic_load_explicit(&v->stale, memory_order_relaxed) == VGIC_FRESH) {
        atomic_store_explicit(&v->stale, (uint8_t)how, memory_order_relaxed);
    }
    return BIT32(vcpu);
}

uint32_t virq_changed(struct vgic *vgic, struct virq *virq)
{
    return tell(vgic, virq, VGIC_STALE);
}

uint32_t virq_added(struct vgic *vgic, struct virq *virq)
{
    return tell(vgic, virq, VGIC_ADDED);
}

/* Give an enabled linked interrupt a list register of its own on its target, while two stay shared. */
static void bind(struct vgic *vgic, const struct virq *virq)
{
    const uint32_t needed = VIRQ_LINKED | VIRQ_ENABLED;
    struct vgic_vcpu *v;

    if ((virq->flags & needed) != needed || virq->target == VIRQ_NO_TARGET) {
        return;
    }
    v = &vgic->vcpu[virq->target];
    for (unsigned slot = 0; slot + 2 < vgic->config.lr_count; slot++) {
        if ((v->bound_slots & BIT32(slot)) == 0) {
            v->bound_slots |= BIT32(slot);
            v->bound[slot] = virq->intid;
            vgic_mark_stale(vgic, virq->target);
            return;
        }
    }
}

static void unbind(struct vgic *vgic, const struct virq *virq)
{
    struct vgic_vcpu *v;

    if ((virq->flags & VIRQ_LINKED) == 0 || virq->target == VIRQ_NO_TARGET) {
        return;
    }
    v = &vgic->vcpu[virq->target];
    for (uint32_t rest = v->bound_slots; rest != 0; rest &= rest - 1) {
        unsigned slot = (unsigned)__builtin_ctz(rest);

        if (v->bound[slot] == virq->intid) {
            v->bound_slots &= ~BIT32(slot);
            vgic_mark_stale(vgic, virq->target);
        }
    }
}

void virq_set_enabled(struct vgic *vgic, struct virq *virq, bool on, struct vgic_work *work)
{
    if (on == ((virq->flags & VIRQ_ENABLED) != 0)) {
        return;
    }
    unbind(vgic, virq);
    virq->flags ^= VIRQ_ENABLED;
    *vgic_enabled_word(vgic, virq->target, virq->intid / 32u) ^= BIT32(virq->intid % 32u);
    bind(vgic, virq);
    if (is_linked_spi(virq)) {
        work_add(work, virq, on ? &work->enable : &work->disable);
    } else if ((virq->flags & VIRQ_LINKED) != 0) { /* A PPI: the physical one is switched by the fill. */
        vgic_mark_stale(vgic, virq->target);
        work->notice |= BIT32(virq->target);
    }
    work->notice |= virq_changed(vgic, virq);
}

/* The physical interrupt of a linked one that is neither pending nor active any more has to be deactivated.
 * For one that is listed the fold does it, when nobody can end it under us. */
static void end_physical(struct vgic *vgic, struct virq *virq, struct vgic_work *work)
{
    if (virq_listed(virq) || (virq->flags & (VIRQ_HW_ACTIVE | VIRQ_LATCH | VIRQ_ACTIVE)) != VIRQ_HW_ACTIVE) {
        return;
    }
    virq->flags &= ~(VIRQ_HW_ACTIVE | VIRQ_MOVED);
    if (is_linked_spi(virq)) {
        work_add(work, virq, &work->clear_active);
    } else { /* A PPI's active bit follows with the fill. */
        vgic_mark_stale(vgic, virq->target);
        work->notice |= BIT32(virq->target);
    }
}

void virq_set_pending(struct vgic *vgic, struct virq *virq, struct vgic_work *work)
{
    virq->flags |= VIRQ_LATCH;
    work->notice |= virq_added(vgic, virq);
}

void virq_clear_pending(struct vgic *vgic, struct virq *virq, struct vgic_work *work)
{
    virq->flags &= ~VIRQ_LATCH;
    if (virq_listed(virq)) {
        uint8_t *state = &vgic->vcpu[virq->holder].listed_state[virq->slot];

        /* An idle bound one may fire at any moment: what arrives after this must not be lost, so its claim
         * stays. */
        if ((*state & GIC_LR_PENDING) != 0) {
            virq->flags &= ~VIRQ_LR_LATCHED;
            *state &= (uint8_t)~GIC_LR_PENDING;
        }
    }
    if (is_linked_spi(virq)) {
        work_add(work, virq, &work->clear_pending);
    }
    end_physical(vgic, virq, work);
    work->notice |= virq_changed(vgic, virq);
}

void virq_set_active(struct vgic *vgic, struct virq *virq, struct vgic_work *work)
{
    if (!virq_listed(virq) && (virq->flags & VIRQ_ACTIVE) == 0) {
        virq->holder = virq->target != VIRQ_NO_TARGET ? virq->target : 0;
        virq->active_source = 0;
    }
    virq->flags |= VIRQ_ACTIVE;
    work->notice |= virq_changed(vgic, virq);
}

void virq_clear_active(struct vgic *vgic, struct virq *virq, struct vgic_work *work)
{
    virq->flags &= ~VIRQ_ACTIVE;
    if (virq_listed(virq)) {
        virq->flags &= ~VIRQ_LR_ACTIVE;
        vgic->vcpu[virq->holder].listed_state[virq->slot] &= (uint8_t)~GIC_LR_ACTIVE;
    }
    end_physical(vgic, virq, work);
    work->notice |= virq_changed(vgic, virq);
}

void virq_set_priority(struct vgic *vgic, struct virq *virq, uint8_t priority, struct vgic_work *work)
{
    priority &= VGIC_PRIORITY_MASK;
    if (priority != virq->priority) {
        virq_queue_remove(vgic, virq); /* Queues find their members by priority. */
        virq->priority = priority;
        work->notice |= virq_changed(vgic, virq);
    }
}

void virq_set_group(struct vgic *vgic, struct virq *virq, bool group1, struct vgic_work *work)
{
    if (group1 != ((virq->flags & VIRQ_GROUP1) != 0)) {
        virq->flags ^= VIRQ_GROUP1;
        work->notice |= virq_changed(vgic, virq);
    }
}

void virq_set_edge(struct vgic *vgic, struct virq *virq, bool edge, struct vgic_work *work)
{
    if (edge == ((virq->flags & VIRQ_EDGE) != 0)) {
        return;
    }
    virq->flags ^= VIRQ_EDGE;
    if (is_linked_spi(virq)) {
        work_add(work, virq, edge ? &work->set_edge : &work->set_level);
    }
    work->notice |= virq_changed(vgic, virq);
}

/* GICv2 delivers an SPI with several targets to one of them: ours is the lowest. GICv3's IRM allows any:
 * again the lowest. */
static unsigned route_target(const struct vgic *vgic, const struct virq *virq)
{
    const struct vgic_config *config = &vgic->config;

    if (config->version == 2) {
        return virq->route != 0 ? (unsigned)__builtin_ctz(virq->route) : VIRQ_NO_TARGET;
    }
    if ((virq->flags & VIRQ_ANY_CPU) != 0) {
        return 0;
    }
    for (unsigned vcpu = 0; vcpu < config->vcpu_count; vcpu++) {
        if (virq->route == vgic_pack_affinity(config->vcpu_mpidr[vcpu])) {
            return vcpu;
        }
    }
    return VIRQ_NO_TARGET;
}

void virq_set_route(struct vgic *vgic, struct virq *virq, uint32_t route, bool any_cpu,
                    struct vgic_work *work)
{
    unsigned target;

    virq->route = route;
    virq->flags = any_cpu ? virq->flags | VIRQ_ANY_CPU : virq->flags & ~VIRQ_ANY_CPU;
    target = route_target(vgic, virq);
    if (target == virq->target) {
        return;
    }
    unbind(vgic, virq);
    virq->target = (uint8_t)target;
    bind(vgic, virq);
    if (is_linked_spi(virq)) {
        work_add(work, virq, &work->route);
    }
    work->notice |= virq_changed(vgic, virq);
}

void virq_add_sources(struct vgic *vgic, struct virq *virq, uint8_t sources, struct vgic_work *work)
{
    virq->sources |= sources;
    work->notice |= virq_added(vgic, virq);
}

void virq_drop_sources(struct vgic *vgic, struct virq *virq, uint8_t sources, struct vgic_work *work)
{
    virq->sources &= (uint8_t)~sources;
    work->notice |= virq_changed(vgic, virq);
}

void vgic_set_groups(struct vgic *vgic, uint32_t group_enable, struct vgic_work *work)
{
    if (vgic->group_enable == group_enable) {
        return;
    }
    vgic->group_enable = group_enable;
    for (unsigned vcpu = 0; vcpu < vgic->config.vcpu_count; vcpu++) {
        vgic_mark_stale(vgic, vcpu);
        work->notice |= BIT32(vcpu);
    }
}

static uint8_t listed_state(struct vgic *vgic, const struct virq *virq, struct vgic_work *work)
{
    if (!virq_listed(virq)) {
        return 0;
    }
    vgic_mark_stale(vgic, virq->holder);
    work->notice |= BIT32(virq->holder);
    return vgic->vcpu[virq->holder].listed_state[virq->slot];
}

bool virq_reads_pending(struct vgic *vgic, const struct virq *virq, struct vgic_work *work)
{
    uint8_t listed = listed_state(vgic, virq, work);

    if (virq_pending(virq) || ((listed & GIC_LR_PENDING) != 0 && (virq->flags & VIRQ_LR_LATCHED) != 0)) {
        return true;
    }
    if ((virq->flags & VIRQ_LINKED) != 0) {
        work_add(work, virq, &work->query_pending);
    }
    return false;
}

bool virq_reads_active(struct vgic *vgic, const struct virq *virq, struct vgic_work *work)
{
    uint8_t listed = listed_state(vgic, virq, work);

    return (virq->flags & VIRQ_ACTIVE) != 0 || (listed & GIC_LR_ACTIVE) != 0;
}

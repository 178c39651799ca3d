/* SPDX-License-Identifier: Apache-2.0 */
/* vgic_lr.c - list registers: fold reads them into the model, fill writes them from it.
 *
 *     slot   0      1     ...   b-1  |   b     ...   n-1
 *          bound  bound         free |  shared, at least 2
 *
 * A fill lists, in this order, as long as there is room:
 *   1. active bound interrupts, each in its own slot;
 *   2. other active interrupts, in shared slots, then in idle bound ones: the guest can only end what is
 * listed. Acknowledged interrupts always fit, for each came out of a list register;
 *   3. bound interrupts that are pending or idle, in their own slots; an idle one leaves the slot empty and
 * ready;
 *   4. pending ones in shared slots, best priority first. When step 2 has left no shared slot, step 4 comes
 * before step 3 and uses the idle bound ones: a handler that waits for a better interrupt must get it. Such a
 * bound interrupt comes by the full path.
 *
 * What is pending and found no room must be listed soon after a shared slot becomes free. Each of them then
 * asks for a maintenance interrupt at its end (GIC_LR_EOI). That excludes GIC_LR_HW: a linked interrupt is
 * ended by software in the fold that follows. The hardware's underflow interrupt would not do: it waits for
 * all but one to be empty, and a guest may keep two active for ever. A guest may also acknowledge all that is
 * listed and end none of it (EOImode 1): the interrupt for "none pending" then brings the next, as long as
 * there is a slot. A guest that leaves as many active as there are list registers waits until it ends one.
 *
 * One list register cannot say everything the model can: a level interrupt whose line is up again while it is
 * active, a GICv2 SGI from two sources, a linked interrupt with two lives. The part that cannot be said stays
 * in the model, and GIC_LR_EOI brings us back. */
#include "lib/panic.h"
#include "vgic/vgic_state.h"

static void fold_one(struct vgic *vgic, struct virq *virq, const struct gic_lr *lr)
{
    ASSERT(lr->state == 0 || lr->vintid == virq->intid);
    if ((virq->flags & VIRQ_LR_ENDS_HW) != 0) {
        virq->flags = lr->state != 0 ? virq->flags | VIRQ_HW_ACTIVE : virq->flags & ~VIRQ_HW_ACTIVE;
    }
    if ((lr->state & GIC_LR_PENDING) != 0 && (virq->flags & VIRQ_LR_LATCHED) != 0) {
        if (virq_has_sources(vgic, virq)) {
            virq->sources |= (uint8_t)BIT32(lr->source % VCPU_MAX);
        } else {
            virq->flags |= VIRQ_LATCH;
        }
    }
    if ((lr->state & GIC_LR_ACTIVE) != 0 && (virq->flags & VIRQ_LR_ACTIVE) != 0) {
        virq->flags |= VIRQ_ACTIVE;
        virq->active_source = lr->source;
    }
    virq->flags &= ~VIRQ_LR_ALL;
    virq->slot = VIRQ_NO_SLOT;
}

/* Invariant V4: a physical interrupt that belongs to no life of the virtual one is ended now. A PPI's by the
 * next fill. */
static void release_physical(struct vgic_vcpu *v, struct virq *virq)
{
    if ((virq->flags & (VIRQ_HW_ACTIVE | VIRQ_LATCH | VIRQ_ACTIVE)) != VIRQ_HW_ACTIVE) {
        return;
    }
    virq->flags &= ~(VIRQ_HW_ACTIVE | VIRQ_MOVED);
    if (virq->intid >= GIC_SPI_FIRST) {
        ASSERT(v->release_count < GIC_LR_MAX);
        v->release[v->release_count++] = virq->intid;
    }
}

uint32_t vgic_fold(struct vgic *vgic, unsigned vcpu, const struct gic_lr *lr)
{
    struct vgic_vcpu *v = &vgic->vcpu[vcpu];
    uint32_t notice = 0;

    if (!v->loaded) {
        return 0;
    }
    v->loaded = false;
    for (; v->listed_slots != 0; v->listed_slots &= v->listed_slots - 1) {
        unsigned slot = (unsigned)__builtin_ctz(v->listed_slots);
        struct virq *virq = vgic_virq(vgic, vcpu, v->listed[slot]);

        fold_one(vgic, virq, &lr[slot]);
        release_physical(v, virq);
        if (virq->target == vcpu || virq->target == VIRQ_NO_TARGET) {
            virq_requeue(vgic, virq);
        } else {
            if ((virq->flags & (VIRQ_HW_ACTIVE | VIRQ_ACTIVE)) == VIRQ_HW_ACTIVE) {
                virq->flags |= VIRQ_MOVED; /* Acknowledged here, to be ended on another pCPU. */
            }
            notice |= virq_changed(vgic, virq) & ~BIT32(vcpu);
            vgic_mark_stale(vgic, virq->target); /* A list register bound there can be used now. */
        }
    }
    return notice;
}

unsigned vgic_next_release(struct vgic *vgic, unsigned vcpu)
{
    struct vgic_vcpu *v = &vgic->vcpu[vcpu];

    return v->release_count != 0 ? v->release[--v->release_count] : 0;
}

/* Say in @lr what can be said of @virq, and move it out of the model: until the fold the list register is the
 * truth of it. Active and pending are never said together: what is pending would be next, whatever better
 * waits by then. */
static void compose(const struct vgic *vgic, struct virq *virq, struct gic_lr *lr)
{
    bool active = (virq->flags & VIRQ_ACTIVE) != 0, second_life = active && (virq->flags & VIRQ_LATCH) != 0;
    bool deliverable = (virq->flags & VIRQ_ENABLED) != 0 && vgic_group_on(vgic, virq);

    lr->vintid = virq->intid;
    lr->pintid = virq->intid;
    lr->priority = virq->priority;
    lr->flags = (uint8_t)((virq->flags & VIRQ_GROUP1) != 0 ? GIC_LR_GROUP1 : 0);
    lr->state = active ? GIC_LR_ACTIVE : GIC_LR_PENDING;
    lr->source = active ? virq->active_source : 0;
    virq->flags = (virq->flags & ~VIRQ_ACTIVE) | VIRQ_LR_ACTIVE;
    if (!active && virq->sources != 0) {
        lr->source = (uint8_t)__builtin_ctz(virq->sources);
        virq->sources &= (uint8_t)~BIT32(lr->source);
        virq->flags |= VIRQ_LR_LATCHED;
    } else if (!active && (virq->flags & VIRQ_LATCH) != 0) {
        virq->flags = (virq->flags & ~VIRQ_LATCH) | VIRQ_LR_LATCHED;
    }
    if ((virq->flags & (VIRQ_HW_ACTIVE | VIRQ_MOVED)) == VIRQ_HW_ACTIVE && !second_life) {
        lr->flags |= (uint8_t)GIC_LR_HW;
        virq->flags |= VIRQ_LR_ENDS_HW;
    } else if ((virq->flags & VIRQ_MOVED) != 0 || (deliverable && virq_pending(virq))) {
        /* Something is left that can be delivered, or software ends it: come back at its end. */
        lr->flags |= (uint8_t)GIC_LR_EOI;
    }
}

static void list_in_slot(struct vgic *vgic, unsigned vcpu, struct virq *virq, unsigned slot, unsigned state)
{
    struct vgic_vcpu *v = &vgic->vcpu[vcpu];

    v->listed_slots |= BIT32(slot);
    v->listed[slot] = virq->intid;
    v->listed_state[slot] = (uint8_t)state;
    virq->slot = (uint8_t)slot;
    virq->holder = (uint8_t)vcpu;
    virq_queue_remove(vgic, virq);
}

/* Let linked @virq be injected into its own slot without us, should it fire. */
static void publish(const struct vgic *vgic, const struct virq *virq, unsigned slot, struct vgic_fill *out)
{
    uint32_t flags = GIC_LR_HW | ((virq->flags & VIRQ_GROUP1) != 0 ? GIC_LR_GROUP1 : 0);

    if ((virq->flags & VIRQ_LR_ENDS_HW) == 0 || !vgic_group_on(vgic, virq)) {
        return;
    }
    out->bound_intid[slot] = virq->intid;
    out->bound_lr[slot] = (struct gic_lr){.vintid = virq->intid,
                                          .pintid = virq->intid,
                                          .priority = virq->priority,
                                          .state = GIC_LR_PENDING,
                                          .flags = (uint8_t)flags};
}

/* Step 1 (@active) and step 3 of a fill. Returns the slots of @free still free. */
static uint32_t fill_bound(struct vgic *vgic, unsigned vcpu, bool active, uint32_t free,
                           struct vgic_fill *out)
{
    const uint32_t busy = VIRQ_LATCH | VIRQ_ACTIVE | VIRQ_HW_ACTIVE;
    struct vgic_vcpu *v = &vgic->vcpu[vcpu];

    for (uint32_t rest = v->bound_slots & free; rest != 0; rest &= rest - 1) {
        unsigned slot = (unsigned)__builtin_ctz(rest);
        struct virq *virq = vgic_virq(vgic, vcpu, v->bound[slot]);
        bool here = virq->queue != VIRQ_QUEUE_NONE && virq->queue_vcpu == vcpu;

        if (here && (active ? virq->queue == VIRQ_QUEUE_ACTIVE : vgic_group_on(vgic, virq))) {
            compose(vgic, virq, &out->lr[slot]);
            virq->flags |= VIRQ_LR_LATCHED; /* The slot may be emptied and filled again without us. */
        } else if (!active && !virq_listed(virq) && (virq->flags & busy) == 0) {
            virq->flags |= VIRQ_LR_ALL; /* Idle: whatever is found in the slot at the fold fired meanwhile. */
        } else {
            continue;
        }
        list_in_slot(vgic, vcpu, virq, slot, out->lr[slot].state);
        publish(vgic, virq, slot, out);
        free &= ~BIT32(slot);
    }
    return free;
}

/* The best pending interrupt of the groups that are on; NULL when there is none. */
static struct virq *next_pending(struct vgic *vgic, unsigned vcpu)
{
    struct virq *best = NULL;

    for (unsigned group = 0; group < 2; group++) {
        const struct virq_queue *queue = &vgic->vcpu[vcpu].queue[VIRQ_QUEUE_GROUP0 + group];
        struct virq *virq;

        if ((vgic->group_enable & BIT32(group)) == 0 || virq_queue_empty(queue)) {
            continue;
        }
        virq = vgic_virq(vgic, vcpu, virq_queue_first(vgic, queue));
        if (best == NULL || virq->priority < best->priority ||
            (virq->priority == best->priority && virq->intid < best->intid)) {
            best = virq;
        }
    }
    return best;
}

/* Step 2: the other active interrupts. Returns the slots of @free still free. */
static uint32_t fill_active(struct vgic *vgic, unsigned vcpu, uint32_t free, struct vgic_fill *out)
{
    const struct vgic_vcpu *v = &vgic->vcpu[vcpu];
    const struct virq_queue *active = &v->queue[VIRQ_QUEUE_ACTIVE];

    while (free != 0 && !virq_queue_empty(active)) {
        uint32_t shared = free & ~v->bound_slots;
        unsigned slot = (unsigned)__builtin_ctz(shared != 0 ? shared : free);
        struct virq *virq = vgic_virq(vgic, vcpu, virq_queue_first(vgic, active));

        compose(vgic, virq, &out->lr[slot]);
        list_in_slot(vgic, vcpu, virq, slot, out->lr[slot].state);
        free &= ~BIT32(slot);
    }
    return free;
}

/* Step 4: what is pending, into the slots of @free. Returns whether something had to wait. */
static bool fill_pending(struct vgic *vgic, unsigned vcpu, uint32_t free, struct vgic_fill *out)
{
    struct virq *virq;

    for (; (virq = next_pending(vgic, vcpu)) != NULL; free &= free - 1) {
        unsigned slot;

        if (free == 0) {
            return true;
        }
        slot = (unsigned)__builtin_ctz(free);
        compose(vgic, virq, &out->lr[slot]);
        list_in_slot(vgic, vcpu, virq, slot, out->lr[slot].state);
    }
    return false;
}

/* More waits than fits: make each list register come back at its end, but those of bound interrupts in their
 * own slots. A function of its own, whose calls tests count (tools/insncount). */
__attribute__((noinline)) static void announce_ends(struct vgic *vgic, unsigned vcpu, struct vgic_fill *out)
{
    const struct vgic_vcpu *v = &vgic->vcpu[vcpu];

    for (uint32_t rest = v->listed_slots; rest != 0; rest &= rest - 1) {
        unsigned slot = (unsigned)__builtin_ctz(rest);

        if ((v->bound_slots & BIT32(slot)) == 0 || v->bound[slot] != v->listed[slot]) {
            vgic_virq(vgic, vcpu, v->listed[slot])->flags &= ~VIRQ_LR_ENDS_HW;
            out->lr[slot].flags = (uint8_t)((out->lr[slot].flags & ~GIC_LR_HW) | GIC_LR_EOI);
        }
    }
}

/* Is anything listed that the guest has yet to acknowledge? */
static bool any_pending(const struct vgic_vcpu *v, const struct vgic_fill *out)
{
    for (uint32_t rest = v->listed_slots; rest != 0; rest &= rest - 1) {
        if ((out->lr[__builtin_ctz(rest)].state & GIC_LR_PENDING) != 0) {
            return true;
        }
    }
    return false;
}

/* After listing: which linked PPIs are enabled, and which are acknowledged and waiting for the guest. */
static void fill_ppis(const struct vgic *vgic, const struct vgic_vcpu *v, struct vgic_fill *out)
{
    uint32_t enable = 0, active = 0;

    for (uint32_t rest = vgic->linked_ppis; rest != 0; rest &= rest - 1) {
        unsigned ppi = (unsigned)__builtin_ctz(rest);
        uint32_t flags = v->local[GIC_PPI_FIRST + ppi].flags;

        enable |= (flags & VIRQ_ENABLED) != 0 ? BIT32(ppi) : 0;
        active |= (flags & VIRQ_HW_ACTIVE) != 0 ? BIT32(ppi) : 0;
    }
    out->ppi_enable = (uint16_t)enable;
    out->ppi_active = (uint16_t)active;
}

void vgic_fill(struct vgic *vgic, unsigned vcpu, struct vgic_fill *out)
{
    struct vgic_vcpu *v = &vgic->vcpu[vcpu];
    const struct virq_queue *active = &v->queue[VIRQ_QUEUE_ACTIVE];
    uint32_t free = vgic->slots;
    bool waits;

    ASSERT(!v->loaded && v->release_count == 0);
    for (unsigned slot = 0; slot < vgic->config.lr_count; slot++) {
        out->lr[slot].state = 0;
        out->bound_intid[slot] = 0;
    }
    if (!virq_queue_empty(active)) {
        free = fill_bound(vgic, vcpu, true, free, out);
        free = fill_active(vgic, vcpu, free, out);
    }
    if ((free & ~v->bound_slots) != 0) {
        free = fill_bound(vgic, vcpu, false, free, out);
        waits = fill_pending(vgic, vcpu, free & ~v->bound_slots, out);
    } else { /* What is active took the shared slots: the best of what waits must be able to preempt it. */
        waits = fill_pending(vgic, vcpu, free, out);
        (void)fill_bound(vgic, vcpu, false, free & ~v->listed_slots, out);
    }
    out->none_pending_irq = false;
    if (waits || !virq_queue_empty(active)) {
        announce_ends(vgic, vcpu, out);
        out->none_pending_irq = any_pending(v, out);
    }
    fill_ppis(vgic, v, out);
    v->loaded = true;
    v->waits = waits || !virq_queue_empty(active);
    v->again = 0;
    atomic_store_explicit(&v->stale, VGIC_FRESH, memory_order_relaxed);
}

/* Shared slots whose interrupt the guest has ended. Those of linked ones are left to the fold: their end
 * concerns the physical interrupt. */
static uint32_t ended_slots(struct vgic *vgic, unsigned vcpu, uint32_t empty)
{
    const struct vgic_vcpu *v = &vgic->vcpu[vcpu];
    uint32_t ended = v->listed_slots & ~v->bound_slots & empty;

    for (uint32_t rest = ended; rest != 0; rest &= rest - 1) {
        const struct virq *virq = vgic_virq(vgic, vcpu, v->listed[__builtin_ctz(rest)]);

        if ((virq->flags & VIRQ_LINKED) != 0 || virq->target != vcpu) {
            ended &= ~BIT32(virq->slot);
        }
    }
    return ended;
}

/* The guest has ended what was listed in @ended: model and list registers agree that nothing is. */
static void take_back(struct vgic *vgic, unsigned vcpu, uint32_t ended)
{
    static const struct gic_lr nothing;
    struct vgic_vcpu *v = &vgic->vcpu[vcpu];

    v->listed_slots &= ~ended;
    for (uint32_t rest = ended; rest != 0; rest &= rest - 1) {
        struct virq *virq = vgic_virq(vgic, vcpu, v->listed[__builtin_ctz(rest)]);

        fold_one(vgic, virq, &nothing);
        (void)virq_added(vgic, virq); /* Its line may be up again. It is here: vgic_stale() tells it. */
    }
}

void vgic_take_back_ended(struct vgic *vgic, unsigned vcpu)
{
    struct vgic_vcpu *v = &vgic->vcpu[vcpu];

    if (v->loaded && vgic->config.lr_empty != NULL &&
        atomic_load_explicit(&v->stale, memory_order_relaxed) == VGIC_FRESH) {
        take_back(vgic, vcpu, ended_slots(vgic, vcpu, vgic->config.lr_empty()));
    }
}

/* The shared list register that is @virq's since it was listed last, or else one that is nobody's;
 * VIRQ_NO_SLOT. */
static unsigned slot_for(const struct vgic *vgic, unsigned vcpu, const struct virq *virq)
{
    const struct vgic_vcpu *v = &vgic->vcpu[vcpu];
    uint32_t free = vgic->slots & ~v->bound_slots;

    if (virq_listed(virq)) {
        free &= virq->holder == vcpu ? BIT32(virq->slot) & vgic->config.lr_empty() : 0;
    } else {
        free &= ~v->listed_slots;
    }
    return free != 0 ? (unsigned)__builtin_ctz(free) : VIRQ_NO_SLOT;
}

bool vgic_list_now(struct vgic *vgic, unsigned vcpu, struct virq *virq, unsigned source,
                   struct vgic_list *list)
{
    const uint32_t busy = VIRQ_LINKED | VIRQ_LINE | VIRQ_LATCH | VIRQ_ACTIVE;
    struct vgic_vcpu *v = &vgic->vcpu[vcpu];
    uint32_t flags = virq->flags;
    unsigned slot;

    if ((flags & (busy | VIRQ_ENABLED)) != VIRQ_ENABLED || virq->sources != 0 || virq->target != vcpu ||
        atomic_load_explicit(&v->stale, memory_order_relaxed) != VGIC_FRESH || v->waits || !v->loaded ||
        !vgic_group_on(vgic, virq) || vgic->config.lr_empty == NULL) {
        return false;
    }
    slot = slot_for(vgic, vcpu, virq);
    if (slot == VIRQ_NO_SLOT) {
        return false;
    }
    v->listed_slots |= BIT32(slot);
    v->listed[slot] = virq->intid;
    v->listed_state[slot] = GIC_LR_PENDING;
    virq->slot = (uint8_t)slot;
    virq->holder = (uint8_t)vcpu;
    virq->flags = flags | VIRQ_LR_LATCHED | VIRQ_LR_ACTIVE;
    list->slot = slot;
    list->lr = (struct gic_lr){.vintid = virq->intid,
                               .priority = virq->priority,
                               .state = GIC_LR_PENDING,
                               .source = (uint8_t)(virq_has_sources(vgic, virq) ? source : 0),
                               .flags = (uint8_t)((flags & VIRQ_GROUP1) != 0 ? GIC_LR_GROUP1 : 0)};
    return true;
}

bool vgic_work_list(struct vgic *vgic, unsigned vcpu, struct virq *virq, struct vgic_work *work)
{
    if ((work->hardware & VGIC_WORK_LIST) != 0 || !vgic_list_now(vgic, vcpu, virq, vcpu, &work->list)) {
        return false;
    }
    work->hardware |= VGIC_WORK_LIST;
    return true;
}

uint32_t vgic_add(struct vgic *vgic, unsigned vcpu, uint32_t empty, struct vgic_fill *out)
{
    struct vgic_vcpu *v = &vgic->vcpu[vcpu];
    uint32_t ended, free;

    if (atomic_load_explicit(&v->stale, memory_order_relaxed) != VGIC_ADDED || !v->loaded || v->waits) {
        return 0;
    }
    ended = ended_slots(vgic, vcpu, empty);
    if ((v->again & ~ended) != 0) { /* Pending once more while the first time is not over. */
        vgic_mark_stale(vgic, vcpu);
        return 0;
    }
    take_back(vgic, vcpu, ended);
    free = vgic->slots & ~v->bound_slots & ~v->listed_slots;
    v->again = 0;
    atomic_store_explicit(&v->stale, fill_pending(vgic, vcpu, free, out) ? VGIC_STALE : VGIC_FRESH,
                          memory_order_relaxed);
    return v->listed_slots & free;
}

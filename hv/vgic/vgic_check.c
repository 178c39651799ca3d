/* SPDX-License-Identifier: Apache-2.0 */
/* vgic_check.c - the invariant of the interrupt fast path, asked of the model: for DEBUG builds, which assert
 * it before each return to a guest, and for the tests on the host.
 *
 * The fast path writes list register n, unseen, when INTID i fires. So, of a vCPU that is not stale: n is in
 * the table for i exactly while i is linked, enabled, its group on, its target this vCPU, and n its own list
 * register, not lent to another. (One that was lent its own, as the best of what waited, is not in the table
 * until the next fill.) And n is empty or holds i, with the physical interrupt active as long as it does, for
 * then it cannot fire again before the guest has ended it. */
#include "vgic/vgic_state.h"

/* Why slot @slot must not be in the table for @virq; NULL: it may. */
static const char *forbidden(const struct vgic *vgic, unsigned vcpu, const struct virq *virq, unsigned slot)
{
    const struct vgic_vcpu *v = &vgic->vcpu[vcpu];

    if (!v->loaded) {
        return "its vCPU is folded";
    }
    if ((v->bound_slots & BIT32(slot)) == 0 || v->bound[slot] != virq->intid) {
        return "the list register is not its own";
    }
    if ((virq->flags & VIRQ_LINKED) == 0) {
        return "it is not linked";
    }
    if ((virq->flags & VIRQ_ENABLED) == 0 || !vgic_group_on(vgic, virq)) {
        return "it is not enabled, or its group is off";
    }
    if (virq->target != vcpu) {
        return "its target is another vCPU";
    }
    if (virq->slot != slot || virq->holder != vcpu || (virq->flags & VIRQ_LR_ENDS_HW) == 0) {
        return "its list register is lent, or its end is software's";
    }
    return NULL;
}

/* What the list register holds, and what would be written there. */
static const char *contents_wrong(const struct virq *virq, const struct vgic_fast_slot *slot)
{
    uint8_t flags = (uint8_t)(GIC_LR_HW | ((virq->flags & VIRQ_GROUP1) != 0 ? GIC_LR_GROUP1 : 0));
    const struct gic_lr *lr = &slot->lr, *next = &slot->next;

    if (lr->state != 0 &&
        (lr->vintid != virq->intid || lr->pintid != virq->intid || (lr->flags & GIC_LR_HW) == 0)) {
        return "the list register holds another";
    }
    if (slot->active_known && slot->active != (lr->state != 0)) {
        return slot->active ? "it is active and nobody can end it" : "it is listed and can fire again";
    }
    if (next->vintid != virq->intid || next->pintid != virq->intid || next->state != GIC_LR_PENDING ||
        next->priority != virq->priority || next->flags != flags) {
        return "what would be written is not it";
    }
    return NULL;
}

const char *vgic_fast_wrong(const struct vgic *vgic, unsigned vcpu, unsigned slot,
                            const struct vgic_fast_slot *now)
{
    const struct vgic_vcpu *v = &vgic->vcpu[vcpu];
    const struct virq *virq;
    const char *why;

    if (now->intid != 0) {
        virq = vgic_virq_const(vgic, vcpu, now->intid);
        why = forbidden(vgic, vcpu, virq, slot);
        return why != NULL ? why : contents_wrong(virq, now);
    }
    if ((v->bound_slots & BIT32(slot)) != 0 && (v->listed_state[slot] & GIC_LR_PENDING) == 0 &&
        forbidden(vgic, vcpu, vgic_virq_const(vgic, vcpu, v->bound[slot]), slot) == NULL) {
        return "the owner of the list register would have to be in the table";
    }
    return NULL;
}

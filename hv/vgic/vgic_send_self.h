/* SPDX-License-Identifier: Apache-2.0 */
/* vgic_send_self.h - an SGI that a GICv2 guest's vCPU sends to itself: the one change of the model that is
 * compiled into its caller, so that it takes some twenty instructions. */
#ifndef VGIC_VGIC_SEND_SELF_H
#define VGIC_VGIC_SEND_SELF_H

#include "vgic/vgic_state.h"

/* As vgic_list_now(), for SGI @sgi of @vcpu, which is @v, to itself: it is nobody else's, always enabled, and
 * has no line.
 * @empty: list registers of this pCPU that hold nothing. Returns whether @list is to be written; else nothing
 * was done. */
static inline bool vgic_send_self(struct vgic *vgic, struct vgic_vcpu *v, unsigned vcpu, unsigned sgi,
                                  uint32_t empty, struct vgic_list *list)
{
    struct virq *virq = &v->local[sgi];
    unsigned slot = virq->slot;

    if ((virq->flags & (VIRQ_LATCH | VIRQ_ACTIVE)) != 0 || virq->sources != 0 || v->waits ||
        atomic_load_explicit(&v->stale, memory_order_relaxed) != VGIC_FRESH || !vgic_group_on(vgic, virq)) {
        return false;
    }
    if (slot == VIRQ_NO_SLOT) {
        uint32_t free = vgic->slots & empty & ~(v->bound_slots | v->listed_slots);

        if (free == 0) {
            return false;
        }
        slot = (unsigned)__builtin_ctz(free);
        v->listed_slots |= BIT32(slot);
        v->listed[slot] = (uint16_t)sgi;
        virq->slot = (uint8_t)slot;
        virq->holder = (uint8_t)vcpu;
    } else if ((empty & BIT32(slot)) == 0) {
        return false;
    }
    v->listed_state[slot] = GIC_LR_PENDING;
    virq->flags |= VIRQ_LR_LATCHED | VIRQ_LR_ACTIVE;
    list->slot = slot;
    list->lr.vintid = (uint16_t)sgi;
    list->lr.pintid = 0;
    list->lr.priority = virq->priority;
    list->lr.state = GIC_LR_PENDING;
    list->lr.source = (uint8_t)vcpu;
    list->lr.flags = (uint8_t)((virq->flags & VIRQ_GROUP1) != 0 ? GIC_LR_GROUP1 : 0);
    return true;
}

#endif

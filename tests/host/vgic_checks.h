/* SPDX-License-Identifier: Apache-2.0 */
/* vgic_checks.h - the invariants of vgic_state.h, checked by walking everything, and those of a fill and of
 * the interrupt fast path. */
#ifndef TESTS_HOST_VGIC_CHECKS_H
#define TESTS_HOST_VGIC_CHECKS_H

#include "vgic_hardware.h"

static inline void check_queue(const struct virq *virq)
{
    bool listed = virq->slot != VIRQ_NO_SLOT;
    bool held = (virq->flags & VIRQ_ACTIVE) != 0;
    bool ready = (virq->flags & VIRQ_ENABLED) != 0 && virq->target != VIRQ_NO_TARGET && virq_pending(virq);

    if (listed || (!held && !ready)) {
        CHECK_EQ(virq->queue, VIRQ_QUEUE_NONE); /* V3 */
    } else if (held) {
        CHECK_EQ(virq->queue, VIRQ_QUEUE_ACTIVE);
        CHECK_EQ(virq->queue_vcpu, virq->holder);
    } else {
        CHECK_EQ(virq->queue, (virq->flags & VIRQ_GROUP1) != 0 ? VIRQ_QUEUE_GROUP1 : VIRQ_QUEUE_GROUP0);
        CHECK_EQ(virq->queue_vcpu, virq->target);
    }
}

static inline void check_virq(const struct virq *virq)
{
    const struct vgic *vgic = machine.vgic;
    bool idle = (virq->flags & (VIRQ_LATCH | VIRQ_ACTIVE)) == 0;

    check_queue(virq);
    if (virq->slot != VIRQ_NO_SLOT) { /* V1 */
        CHECK(vgic->vcpu[virq->holder].loaded);
        CHECK_EQ(vgic->vcpu[virq->holder].listed[virq->slot], virq->intid);
    } else {
        CHECK_EQ(virq->flags & VIRQ_LR_ALL, 0);
        CHECK(!idle || (virq->flags & VIRQ_HW_ACTIVE) == 0); /* V4 */
    }
    CHECK((virq->flags & VIRQ_LINKED) != 0 || (virq->flags & VIRQ_HW_ACTIVE) == 0);
    CHECK_EQ((virq->flags & VIRQ_ENABLED) != 0, /* V8 */
             (*vgic_enabled_word(machine.vgic, virq->target, virq->intid / 32) & BIT32(virq->intid % 32)) !=
                 0);
}

static inline unsigned queue_members(const struct virq_queue *queue)
{
    unsigned count = 0;

    for (unsigned level = 0; level < VGIC_LEVEL_COUNT; level++) {
        CHECK_EQ((queue->levels & BIT32(level)) != 0, queue->words[level] != 0);
        for (unsigned word = 0; word < machine.vgic->word_count; word++) {
            uint32_t bits = queue->bits[level * machine.vgic->word_count + word];

            CHECK_EQ((queue->words[level] & BIT32(word)) != 0, bits != 0);
            count += (unsigned)__builtin_popcount(bits);
        }
    }
    return count;
}

/* The fast path may write what it would, whenever it would. Of a stale vCPU nothing is said: its kick comes.
 */
static inline void check_fast_path(void)
{
    for (unsigned vcpu = 0; vcpu < machine.config.vcpu_count; vcpu++) {
        const struct vgic_fill *fill = &machine.cpu[vcpu].fill;

        for (unsigned slot = 0; slot < machine.config.lr_count; slot++) {
            struct vgic_fast_slot now = {.intid = fill->bound_intid[slot],
                                         .lr = machine.cpu[vcpu].lr[slot],
                                         .next = fill->bound_lr[slot],
                                         .active_known = true};

            if (!machine.cpu[vcpu].loaded || vgic_stale(machine.vgic, vcpu)) {
                continue;
            }
            now.active = now.intid != 0 && machine_physical(vcpu, now.intid)->active;
            CHECK_STR_EQ(vgic_fast_wrong(machine.vgic, vcpu, slot, &now) ?: "right", "right");
        }
    }
}

/* All of V1 to V6, and V8, of vgic_state.h, and the fast path's. */
static inline void check_invariants(void)
{
    const struct vgic *vgic = machine.vgic;
    unsigned listed = 0, slots = 0, queued = 0, members = 0;

    for (unsigned vcpu = 0; vcpu < vgic->config.vcpu_count; vcpu++) {
        const struct vgic_vcpu *v = &vgic->vcpu[vcpu];

        for (unsigned intid = vcpu == 0 ? 0 : vgic->config.spi_limit; intid < vgic->config.spi_limit;
             intid++) {
            const struct virq *virq = virq_of(0, intid);

            if (intid >= GIC_SPI_FIRST) {
                check_virq(virq);
                listed += virq->slot != VIRQ_NO_SLOT;
                queued += virq->queue != VIRQ_QUEUE_NONE;
            }
        }
        for (unsigned intid = 0; intid < GIC_SPI_FIRST; intid++) {
            check_virq(&v->local[intid]);
            listed += v->local[intid].slot != VIRQ_NO_SLOT;
            queued += v->local[intid].queue != VIRQ_QUEUE_NONE;
        }
        for (unsigned queue = 0; queue < VIRQ_QUEUE_COUNT; queue++) {
            members += queue_members(&v->queue[queue]);
        }
        for (unsigned slot = 0; slot < vgic->config.lr_count; slot++) {
            slots +=
                v->loaded && (v->listed_slots & BIT32(slot)) != 0; /* V2: as many slots as listed ones. */
            if ((v->bound_slots & BIT32(slot)) != 0) {             /* V6 */
                const struct virq *virq = virq_of(vcpu, v->bound[slot]);

                CHECK(slot + 2 < vgic->config.lr_count);
                CHECK_EQ(virq->flags & (VIRQ_LINKED | VIRQ_ENABLED), VIRQ_LINKED | VIRQ_ENABLED);
                CHECK_EQ(virq->target, vcpu);
            }
        }
    }
    CHECK_EQ(listed, slots);
    CHECK_EQ(queued, members);
    check_fast_path();
}

/* V5 and what a fill promises of bound list registers. */
static inline void check_fill(unsigned vcpu)
{
    const struct vgic_fill *fill = &machine.cpu[vcpu].fill;

    for (unsigned slot = 0; slot < machine.config.lr_count; slot++) {
        const struct gic_lr *lr = &fill->lr[slot], *bound = &fill->bound_lr[slot];

        if (lr->state != 0 && (lr->flags & GIC_LR_HW) != 0) {
            CHECK(lr->state != (GIC_LR_PENDING | GIC_LR_ACTIVE) && (lr->flags & GIC_LR_EOI) == 0);
            CHECK(machine_physical(vcpu, lr->pintid)->active);
        }
        if (fill->bound_intid[slot] != 0) {
            const struct virq *virq = virq_of(vcpu, fill->bound_intid[slot]);

            CHECK((virq->flags & VIRQ_LINKED) != 0 && (virq->flags & VIRQ_ENABLED) != 0);
            CHECK(vgic_group_on(machine.vgic, virq));
            CHECK_EQ(virq->target, vcpu);
            CHECK(lr->state == 0 || (lr->vintid == virq->intid && (lr->flags & GIC_LR_HW) != 0));
            CHECK_EQ(bound->vintid, virq->intid);
            CHECK_EQ(bound->pintid, virq->intid);
            CHECK_EQ(bound->state, GIC_LR_PENDING);
            CHECK_EQ(bound->priority, virq->priority);
            CHECK_EQ(bound->flags, GIC_LR_HW | ((virq->flags & VIRQ_GROUP1) != 0 ? GIC_LR_GROUP1 : 0));
        }
    }
}

#endif

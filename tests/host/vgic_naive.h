/* SPDX-License-Identifier: Apache-2.0 */
/* vgic_naive.h - a GIC without list registers and without queues, to hold the vGIC against: an array of
 * interrupts with their bits, each rule written the long way. */
#ifndef TESTS_HOST_VGIC_NAIVE_H
#define TESTS_HOST_VGIC_NAIVE_H

#include "vgic_machine.h"

#define LIMIT 96u
#define NO_TARGET 99u
#define LINKED_PPI_A 27u
#define LINKED_PPI_B 30u

struct naive {
    bool enabled, group1, edge, line, latch, linked, active, any;
    unsigned sources, active_on, active_source, priority;
    uint64_t route; /* ITARGETSR byte or IROUTER affinity. */
};

static struct naive local[VCPU_MAX][GIC_SPI_FIRST], shared[LIMIT];
static unsigned groups;

static inline struct naive *naive_of(unsigned vcpu, unsigned intid)
{
    return intid < GIC_SPI_FIRST ? &local[vcpu][intid] : &shared[intid];
}

static inline unsigned target_of(unsigned vcpu, unsigned intid)
{
    const struct naive *n = naive_of(vcpu, intid);

    if (intid < GIC_SPI_FIRST) {
        return vcpu;
    }
    for (unsigned i = 0; i < machine.config.vcpu_count; i++) {
        if (machine.config.version == 2 ? (n->route >> i & 1) != 0
                                        : n->any || n->route == machine.config.vcpu_mpidr[i]) {
            return i;
        }
    }
    return NO_TARGET;
}

static inline bool pending_of(const struct naive *n)
{
    return n->latch || n->sources != 0 || (n->line && !n->edge);
}

/* Could be given to its target now, did that look. */
static inline bool deliverable_to(unsigned vcpu, unsigned intid)
{
    const struct naive *n = naive_of(vcpu, intid);

    return n->enabled && (groups >> n->group1 & 1) != 0 && pending_of(n) && !n->active &&
           target_of(vcpu, intid) == vcpu;
}

static inline void naive_reset_local(unsigned vcpu)
{
    for (unsigned intid = 0; intid < GIC_SPI_FIRST; intid++) {
        struct naive *n = &local[vcpu][intid], old = *n;

        *n = (struct naive){.line = old.line, .linked = old.linked, .edge = old.edge};
        n->enabled = machine.config.version == 2 && intid < GIC_SGI_COUNT;
        n->group1 = machine.config.version == 3;
    }
}

static inline void naive_start(unsigned version, unsigned vcpus, unsigned lrs)
{
    machine_start(version, vcpus, lrs, LIMIT);
    memset(local, 0, sizeof(local));
    memset(shared, 0, sizeof(shared));
    groups = 0;
    for (unsigned intid = GIC_SPI_FIRST; intid < LIMIT; intid++) {
        shared[intid].group1 = version == 3;
        shared[intid].route = version == 2 ? 1 : 0;
        if (intid % 3 == 0) {
            shared[intid].edge = intid % 2 == 0;
            shared[intid].linked = true;
            machine_link(intid, shared[intid].edge);
        }
    }
    machine_link(LINKED_PPI_A, false);
    machine_link(LINKED_PPI_B, true);
    for (unsigned vcpu = 0; vcpu < vcpus; vcpu++) {
        local[vcpu][LINKED_PPI_A].linked = local[vcpu][LINKED_PPI_B].linked = true;
        local[vcpu][LINKED_PPI_B].edge = true;
        for (unsigned intid = 0; intid < GIC_SGI_COUNT; intid++) {
            local[vcpu][intid].edge = true;
        }
        naive_reset_local(vcpu);
        machine_fill(vcpu);
    }
}

static inline bool is_v2_sgi(unsigned intid)
{
    return machine.config.version == 2 && intid < GIC_SGI_COUNT;
}

static inline bool better(unsigned vcpu, unsigned a, unsigned b)
{
    unsigned pa = naive_of(vcpu, a)->priority, pb = naive_of(vcpu, b)->priority;

    return pa != pb ? pa < pb : a < b;
}

/* The list registers of @vcpu say nothing the naive GIC does not. */
static inline void check_listed(unsigned vcpu)
{
    for (unsigned slot = 0; slot < machine.config.lr_count; slot++) {
        const struct gic_lr *lr = &machine.cpu[vcpu].lr[slot];
        const struct naive *n;

        if (lr->state == 0) {
            continue;
        }
        n = naive_of(vcpu, lr->vintid);
        for (unsigned other = 0; other < machine.config.vcpu_count;
             other++) { /* One list register an interrupt. */
            for (unsigned i = 0; i < machine.config.lr_count; i++) {
                CHECK((other == vcpu && i == slot) || machine.cpu[other].lr[i].state == 0 ||
                      !machine.cpu[other].loaded || (other != vcpu && lr->vintid < GIC_SPI_FIRST) ||
                      machine.cpu[other].lr[i].vintid != lr->vintid);
            }
        }
        CHECK_EQ(lr->priority, n->priority);
        CHECK_EQ((lr->flags & GIC_LR_GROUP1) != 0, n->group1);
        CHECK_EQ((lr->state & GIC_LR_ACTIVE) != 0, n->active);
        if (n->active) {
            CHECK_EQ(n->active_on, vcpu);
            CHECK(!is_v2_sgi(lr->vintid) || lr->source == n->active_source);
            if (pending_of(n) && n->enabled && (groups >> n->group1 & 1) != 0) {
                CHECK((lr->state & GIC_LR_PENDING) != 0 || (lr->flags & GIC_LR_EOI) != 0);
            }
        } else {
            CHECK(deliverable_to(vcpu, lr->vintid));
            CHECK(!is_v2_sgi(lr->vintid) || (n->sources >> lr->source & 1) != 0);
        }
        if ((lr->flags & GIC_LR_HW) != 0) {
            CHECK(n->linked && machine_physical(vcpu, lr->vintid)->active);
        } else if (!n->active && pending_of(n) && (n->sources & (n->sources - 1)) != 0) {
            CHECK((lr->flags & GIC_LR_EOI) != 0); /* The other sources come after it. */
        }
    }
}

/* What is deliverable and not listed found all shared list registers taken by better ones, and each will come
 * back at its end. */
static inline void check_best_is_listed(unsigned vcpu)
{
    int best = -1;

    for (unsigned intid = 0; intid < LIMIT; intid++) {
        if (deliverable_to(vcpu, intid) && machine_slot(vcpu, intid) < 0 &&
            (best < 0 || better(vcpu, intid, (unsigned)best))) {
            best = (int)intid;
        }
    }
    for (unsigned slot = 0; best >= 0 && slot < machine.config.lr_count; slot++) {
        const struct gic_lr *lr = &machine.cpu[vcpu].lr[slot];

        if ((machine.cpu[vcpu].shared & BIT32(slot)) != 0) {
            CHECK(lr->state != 0);
            CHECK((lr->state & GIC_LR_ACTIVE) != 0 || better(vcpu, lr->vintid, (unsigned)best));
            CHECK((lr->flags & GIC_LR_EOI) != 0 && (lr->flags & GIC_LR_HW) == 0);
        }
    }
}

/* An active interrupt is listed where it was acknowledged, but when software made more of them active than
 * there are list registers: then all shared ones hold active ones and will come back at their end. */
static inline void check_active_is_listed(unsigned vcpu)
{
    bool missing = false;

    for (unsigned intid = 0; intid < LIMIT; intid++) {
        const struct naive *n = naive_of(vcpu, intid);

        missing = missing || (n->active && n->active_on == vcpu && machine_slot(vcpu, intid) < 0);
    }
    for (unsigned slot = 0; missing && slot < machine.config.lr_count; slot++) {
        const struct gic_lr *lr = &machine.cpu[vcpu].lr[slot];

        if ((machine.cpu[vcpu].shared & BIT32(slot)) != 0) {
            CHECK((lr->state & GIC_LR_ACTIVE) != 0 && (lr->flags & GIC_LR_EOI) != 0);
        }
    }
}

static inline void check_unloaded(unsigned vcpu)
{
    bool any = false;

    for (unsigned intid = 0; intid < LIMIT; intid++) {
        any = any || deliverable_to(vcpu, intid);
    }
    CHECK_EQ(vgic_deliverable(machine.vgic, vcpu), any);
}

/* A physical interrupt is acknowledged only as long as a life of the virtual one needs it. */
static inline void check_physical(unsigned vcpu, unsigned intid)
{
    const struct naive *n = naive_of(vcpu, intid);
    const struct physical *physical = machine_physical(vcpu, intid);

    if (physical->active) {
        CHECK(n->linked && (n->latch || n->active));
    }
    if (n->linked && (intid >= GIC_SPI_FIRST || machine.cpu[vcpu].loaded)) {
        CHECK_EQ(physical->enabled, n->enabled);
    }
}

static inline void naive_check(void)
{
    for (unsigned vcpu = 0; vcpu < machine.config.vcpu_count; vcpu++) {
        for (unsigned intid = 0; intid < (vcpu == 0 ? LIMIT : GIC_SPI_FIRST); intid++) {
            check_physical(vcpu, intid);
        }
        if (!machine.cpu[vcpu].loaded) {
            check_unloaded(vcpu);
            continue;
        }
        /* Whoever was noticed has filled; what is merely stale may still list a line that fell, but lacks
         * nothing. */
        check_best_is_listed(vcpu);
        machine_exit(vcpu);
        check_listed(vcpu);
        check_best_is_listed(vcpu);
        check_active_is_listed(vcpu);
    }
    check_invariants();
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* vgic_machine.h - a machine around a vgic for its tests: what core/irq.c does between the model and the
 * hardware. vgic_hardware.h has its parts, vgic_checks.h what must hold. */
#ifndef TESTS_HOST_VGIC_MACHINE_H
#define TESTS_HOST_VGIC_MACHINE_H

#include "vgic_checks.h"

static inline void machine_fill(unsigned vcpu)
{
    struct vgic_fill *fill = &machine.cpu[vcpu].fill;

    memset(fill, 0xa5, sizeof(*fill));
    vgic_fill(machine.vgic, vcpu, fill);
    for (unsigned intid = GIC_PPI_FIRST; intid < GIC_SPI_FIRST; intid++) {
        struct physical *ppi = &machine.cpu[vcpu].ppi[intid];

        ppi->active = (fill->ppi_active & BIT32(intid - GIC_PPI_FIRST)) != 0;
        ppi->enabled = (fill->ppi_enable & BIT32(intid - GIC_PPI_FIRST)) != 0;
    }
    memcpy(machine.cpu[vcpu].lr, fill->lr, sizeof(fill->lr));
    machine.cpu[vcpu].loaded = true;
    machine.cpu[vcpu].shared = ~machine.vgic->vcpu[vcpu].bound_slots;
    CHECK(!vgic_stale(machine.vgic, vcpu));
    check_fill(vcpu);
}

/* Returns whom else the fold concerns. */
static inline uint32_t machine_fold(unsigned vcpu)
{
    uint32_t notice = vgic_fold(machine.vgic, vcpu, machine.cpu[vcpu].lr);
    unsigned intid;

    machine.folds++;
    machine.cpu[vcpu].loaded = false;
    while ((intid = vgic_next_release(machine.vgic, vcpu)) != 0) {
        CHECK(machine.spi[intid].active);
        machine.spi[intid].active = false;
    }
    for (intid = GIC_PPI_FIRST; intid < GIC_SPI_FIRST; intid++) {
        machine.cpu[vcpu].ppi[intid].active = false;
        machine.cpu[vcpu].ppi[intid].enabled = false;
    }
    return notice;
}

/* What a stale vCPU's pCPU does. Returns whom else that concerns. */
static inline uint32_t machine_update(unsigned vcpu)
{
    struct vgic_fill *fill = &machine.cpu[vcpu].fill;
    uint32_t empty = 0, added, notice = 0;

    for (unsigned slot = 0; slot < machine.config.lr_count; slot++) {
        empty |= machine.cpu[vcpu].lr[slot].state == 0 ? BIT32(slot) : 0;
    }
    added = vgic_add(machine.vgic, vcpu, empty, fill);
    CHECK_EQ(added & ~(empty & machine.cpu[vcpu].shared), 0);
    for (uint32_t rest = added; rest != 0; rest &= rest - 1) {
        machine.cpu[vcpu].lr[__builtin_ctz(rest)] = fill->lr[__builtin_ctz(rest)];
    }
    if (vgic_stale(machine.vgic, vcpu)) {
        notice = machine_fold(vcpu);
        machine_fill(vcpu);
    }
    return notice;
}

/* Update the loaded vCPUs of @notice, and whom that concerns; when kicks are late, only take note of
 * them. */
static inline void machine_notice(uint32_t notice)
{
    for (unsigned limit = 0; notice != 0 && !machine.kicks_are_late; limit++) {
        unsigned vcpu = (unsigned)__builtin_ctz(notice);

        CHECK(limit < 100);
        notice &= notice - 1;
        if (machine.cpu[vcpu].loaded) {
            CHECK(vgic_stale(machine.vgic, vcpu));
            notice |= machine_update(vcpu);
        }
    }
    machine.kicked |= notice;
}

static inline void machine_notice_one(int vcpu)
{
    machine_notice(vcpu >= 0 ? BIT32(vcpu) : 0);
}

/* What a vCPU does on its way out of EL2. */
static inline void machine_exit(unsigned vcpu)
{
    if (machine.cpu[vcpu].loaded && vgic_stale(machine.vgic, vcpu)) {
        machine_notice(machine_update(vcpu));
    }
}

static inline void machine_unload(unsigned vcpu)
{
    machine_notice(machine_fold(vcpu));
}

static inline void machine_do_work(const struct vgic_work *work)
{
    if ((work->hardware & VGIC_WORK_LIST) != 0) {
        machine_list(&work->list);
    }
    for (unsigned bit = 0; bit < 32; bit++) {
        struct physical *physical = &machine.spi[(work->first + bit) % GIC_INTID_MAX];
        uint32_t mask = BIT32(bit);
        uint32_t any = work->enable | work->disable | work->clear_active | work->clear_pending |
                       work->set_edge | work->set_level | work->route;

        CHECK((any & mask) == 0 ||
              (work->first >= GIC_SPI_FIRST && vgic_linked(machine.vgic, work->first + bit)));
        physical->enabled = (physical->enabled && (work->disable & mask) == 0) || (work->enable & mask) != 0;
        physical->latch = physical->latch && (work->clear_pending & mask) == 0;
        physical->active = physical->active && (work->clear_active & mask) == 0;
        physical->edge = (physical->edge && (work->set_level & mask) == 0) || (work->set_edge & mask) != 0;
    }
    machine_notice(work->notice);
}

static inline enum vgic_answer machine_ask(unsigned vcpu, int redist, uint32_t offset, unsigned size,
                                           bool write, bool folded, uint64_t *value)
{
    struct vgic_access access = {.vgic = machine.vgic,
                                 .work = &machine.work,
                                 .vcpu = vcpu,
                                 .frame = redist >= 0 ? (unsigned)redist : VGIC_DISTRIBUTOR,
                                 .offset = offset,
                                 .size = size,
                                 .write = write,
                                 .folded = folded,
                                 .value = *value};
    enum vgic_answer answer = vgic_access(&access);

    *value = access.value;
    return answer;
}

/* GICv3: a write of ICC_SGI1R_EL1, or of group 0's. */
static inline void machine_sgi(unsigned vcpu, uint64_t value, unsigned group)
{
    machine.accessing = vcpu;
    vgic_sgi_write(machine.vgic, vcpu, value, group, &machine.work);
    machine_do_work(&machine.work);
    machine_exit(vcpu);
}

/* One guest access by loaded @vcpu, with all core/ does around it; @redist: vCPU whose redistributor, or
 * -1. */
static inline bool machine_access(unsigned vcpu, int redist, uint32_t offset, unsigned size, bool write,
                                  uint64_t *value)
{
    bool loaded = machine.cpu[vcpu].loaded;
    enum vgic_answer answer;
    uint32_t notice = 0;

    machine.accessing = vcpu;
    answer = machine_ask(vcpu, redist, offset, size, write, false, value);
    if (answer == VGIC_FOLD_FIRST) {
        notice = loaded ? machine_fold(vcpu) : 0;
        answer = machine_ask(vcpu, redist, offset, size, write, true, value);
        CHECK(answer != VGIC_FOLD_FIRST);
        CHECK_EQ(machine.work.notice & BIT32(vcpu), 0);
        if (loaded) {
            machine_fill(vcpu);
        }
    }
    CHECK_EQ(machine.work.notice & BIT32(vcpu), 0);
    machine_notice(notice);
    machine_do_work(&machine.work);
    machine_exit(vcpu);
    return answer == VGIC_DONE;
}

/* 32-bit accesses of the distributor that must succeed. */
static inline uint32_t dist_read(unsigned vcpu, uint32_t offset)
{
    uint64_t value = ~UINT64_C(0);

    CHECK(machine_access(vcpu, -1, offset, 4, false, &value));
    CHECK_EQ(value >> 32, 0);
    return (uint32_t)value;
}

static inline void dist_write(unsigned vcpu, uint32_t offset, uint32_t value)
{
    uint64_t wide = value;

    CHECK(machine_access(vcpu, -1, offset, 4, true, &wide));
}

/* Linked @intid fires, if it can: returns whether it did. @fast: through its bound list register, where there
 * is one. */
static inline bool machine_fire(unsigned vcpu, unsigned intid, bool fast)
{
    struct physical *physical = machine_physical(vcpu, intid);
    unsigned target = intid < GIC_SPI_FIRST ? vcpu : vgic_target(machine.vgic, intid);

    if (!physical->enabled || physical->active || !physical_pending(physical) ||
        (intid < GIC_SPI_FIRST && !machine.cpu[vcpu].loaded)) {
        return false;
    }
    physical->active = true;
    physical->latch = false;
    for (unsigned slot = 0; fast && machine.cpu[target].loaded && slot < machine.config.lr_count; slot++) {
        if (machine.cpu[target].fill.bound_intid[slot] == intid) {
            CHECK_EQ(machine.cpu[target].lr[slot].state, 0); /* What makes the fast path legal. */
            machine.cpu[target].lr[slot] = machine.cpu[target].fill.bound_lr[slot];
            return true;
        }
    }
    machine_notice_one(vgic_hw_arrived(machine.vgic, vcpu, intid));
    return true;
}

/* The slot @intid is in, or -1. */
static inline int machine_slot(unsigned vcpu, unsigned intid)
{
    for (unsigned slot = 0; slot < machine.config.lr_count; slot++) {
        if (machine.cpu[vcpu].lr[slot].state != 0 && machine.cpu[vcpu].lr[slot].vintid == intid) {
            return (int)slot;
        }
    }
    return -1;
}

/* The guest acknowledges: the best pending list register, -1 when there is none. Both pending and active: not
 * until it is ended. */
static inline int machine_ack(unsigned vcpu)
{
    struct gic_lr *best = NULL;

    for (unsigned slot = 0; slot < machine.config.lr_count; slot++) {
        struct gic_lr *lr = &machine.cpu[vcpu].lr[slot];

        if (lr->state == GIC_LR_PENDING && (best == NULL || lr->priority < best->priority ||
                                            (lr->priority == best->priority && lr->vintid < best->vintid))) {
            best = lr;
        }
    }
    if (best == NULL) {
        return -1;
    }
    best->state = GIC_LR_ACTIVE;
    return (int)(best - machine.cpu[vcpu].lr);
}

/* The guest ends (EOI and deactivate) what is active in @slot. */
static inline void machine_end(unsigned vcpu, unsigned slot)
{
    struct gic_lr *lr = &machine.cpu[vcpu].lr[slot];

    CHECK((lr->state & GIC_LR_ACTIVE) != 0);
    lr->state &= (uint8_t)~GIC_LR_ACTIVE;
    if ((lr->flags & GIC_LR_HW) != 0) {
        CHECK(machine_physical(vcpu, lr->pintid)->active);
        machine_physical(vcpu, lr->pintid)->active = false;
    } else if (lr->state == 0 && (lr->flags & GIC_LR_EOI) != 0) { /* Maintenance interrupt: fold and fill. */
        uint32_t notice = machine_fold(vcpu);

        machine_fill(vcpu);
        machine_notice(notice);
    }
}

#endif

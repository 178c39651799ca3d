/* SPDX-License-Identifier: Apache-2.0 */
/* vgic_machine.h - a machine around a vgic for its tests: list registers, physical interrupts, and what
 * core/irq.c does between them. Also the invariants of vgic_state.h, checked by walking everything. */
#ifndef TESTS_HOST_VGIC_MACHINE_H
#define TESTS_HOST_VGIC_MACHINE_H

#include <string.h>

#include "test.h"
#include "vgic/vgic.h"
#include "vgic/vgic_state.h"

struct physical {
    bool edge, line, latch, enabled, active;
};

static struct {
    struct vgic *vgic;
    struct vgic_config config;
    struct {
        bool loaded;
        struct gic_lr lr[GIC_LR_MAX];
        struct vgic_fill fill;
        uint32_t shared; /* Slots that were bound to nothing when last filled. */
        struct physical ppi[GIC_SPI_FIRST];
    } cpu[VCPU_MAX]; /* vCPU n runs on CPU n, or is off it. */
    struct physical spi[GIC_INTID_MAX];
    struct vgic_work work; /* Of the last access. */
    unsigned accessing;    /* The vCPU that accesses, or did last. */
    unsigned folds;
    unsigned sent_to_self; /* SGIs that took the short way. */
    unsigned pended_now;   /* And edges. */
    bool kicks_are_late;
    uint32_t kicked; /* Late kicks: vCPUs that have not passed EL2 since they were to be noticed. */
} machine;

static inline struct physical *machine_physical(unsigned vcpu, unsigned intid)
{
    return intid < GIC_SPI_FIRST ? &machine.cpu[vcpu].ppi[intid] : &machine.spi[intid];
}

static inline bool physical_pending(const struct physical *physical)
{
    return physical->edge ? physical->latch : physical->line;
}

static inline struct virq *virq_of(unsigned vcpu, unsigned intid)
{
    return vgic_virq(machine.vgic, vcpu, intid);
}

static inline uint32_t machine_lr_empty(void)
{
    uint32_t empty = 0;

    for (unsigned slot = 0; slot < machine.config.lr_count; slot++) {
        empty |= machine.cpu[machine.accessing].lr[slot].state == 0 ? BIT32(slot) : 0;
    }
    return empty;
}

/* What an access asks for at once. */
static inline void machine_list(const struct vgic_list *list)
{
    unsigned vcpu = machine.accessing;

    CHECK(machine.cpu[vcpu].loaded);
    CHECK((machine_lr_empty() & machine.cpu[vcpu].shared & BIT32(list->slot)) != 0);
    machine.cpu[vcpu].lr[list->slot] = list->lr;
}

static inline void machine_start(unsigned version, unsigned vcpu_count, unsigned lr_count, unsigned spi_limit)
{
    free(machine.vgic);
    memset(&machine, 0, sizeof(machine));
    machine.config = (struct vgic_config){
        .version = version,
        .vcpu_count = vcpu_count,
        .spi_limit = spi_limit,
        .lr_count = lr_count,
        .lr_empty = machine_lr_empty,
    };
    for (unsigned i = 0; i < vcpu_count; i++) {
        machine.config.vcpu_mpidr[i] =
            i; /* As a GICv2 guest numbers them; GICv3 tests may change it before use. */
    }
    machine.vgic = calloc(1, vgic_bytes(&machine.config));
    CHECK_EQ(vgic_init(machine.vgic, &machine.config), 0);
}

static inline void machine_link(unsigned intid, bool edge)
{
    vgic_link(machine.vgic, intid, edge);
    for (unsigned vcpu = 0; vcpu < machine.config.vcpu_count; vcpu++) {
        machine_physical(vcpu, intid)->edge = edge;
    }
}

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

/* All of V1 to V6, and V8, of vgic_state.h. */
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

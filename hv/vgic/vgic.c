/* SPDX-License-Identifier: Apache-2.0 */
/* vgic.c - the virtual interrupts of a domain: how they are made, arrive and are given to a vCPU. What
 * registers do to them: vgic_virq.c; how they reach the hardware: vgic_lr.c. The life of one and the
 * invariants: vgic_state.h. */
#include "vgic/vgic.h"

#include "lib/error.h"
#include "lib/lock_rank.h"
#include "lib/panic.h"
#include "vgic/vgic_regs.h"

#define MAKE_SOME 24u /* Interrupts made in one stay in EL2. */

static unsigned spi_count(const struct vgic_config *config)
{
    return config->spi_limit - GIC_SPI_FIRST;
}

static unsigned word_count(const struct vgic_config *config)
{
    return (config->spi_limit + 31u) / 32u;
}

static bool config_valid(const struct vgic_config *config)
{
    return (config->version == 2 || config->version == 3) && config->vcpu_count >= 1 &&
           config->vcpu_count <= VCPU_MAX && config->spi_limit >= GIC_SPI_FIRST &&
           config->spi_limit <= GIC_INTID_MAX &&
           (config->spi_limit % 32u == 0 || config->spi_limit == GIC_INTID_MAX) && config->lr_count >= 1 &&
           config->lr_count <= GIC_LR_MAX;
}

size_t vgic_bytes(const struct vgic_config *config)
{
    if (!config_valid(config)) {
        return sizeof(struct vgic);
    }
    return sizeof(struct vgic) + spi_count(config) * sizeof(struct virq) +
           (size_t)config->vcpu_count * VIRQ_QUEUE_COUNT * VGIC_LEVEL_COUNT * word_count(config) *
               sizeof(uint32_t);
}

/* Reset state but for what is built in: VIRQ_LINKED, VIRQ_EDGE and the input's level stay. */
static void virq_reset(struct vgic *vgic, struct virq *virq)
{
    uint32_t *enabled = vgic_enabled_word(vgic, virq->target, virq->intid / 32u);

    virq->flags &= VIRQ_LINKED | VIRQ_EDGE | VIRQ_LINE;
    *enabled &= ~BIT32(virq->intid % 32u);
    if (vgic->config.version == 3) {
        virq->flags |= VIRQ_GROUP1;
    } else if (virq_is_sgi(virq)) {
        virq->flags |= VIRQ_ENABLED; /* GICv2's SGIs cannot be disabled, as in GIC-400. */
        *enabled |= BIT32(virq->intid);
    }
    virq->priority = 0;
    virq->sources = 0;
    virq->active_source = 0;
}

static void virq_init(struct vgic *vgic, struct virq *virq, unsigned intid, unsigned target)
{
    virq->intid = (uint16_t)intid;
    virq->target = (uint8_t)target;
    virq->slot = VIRQ_NO_SLOT;
    virq->queue = VIRQ_QUEUE_NONE;
    virq->flags = intid < GIC_SGI_COUNT ? VIRQ_EDGE : 0;
    virq->route =
        vgic->config.version == 2 ? BIT32(target) : vgic_pack_affinity(vgic->config.vcpu_mpidr[target]);
    virq_reset(vgic, virq);
}

int vgic_begin(struct vgic *vgic, const struct vgic_config *config)
{
    uint32_t *bits;

    if (!config_valid(config)) {
        return -EINVAL;
    }
    spin_init(&vgic->lock, LOCK_RANK_VGIC);
    vgic->config = *config;
    vgic->slots = BIT32(config->lr_count) - 1;
    vgic->dist = config->version == 2 ? &vgic_v2_dist : &vgic_v3_dist;
    vgic->word_count = word_count(config);
    vgic->spi = (struct virq *)(vgic + 1);
    bits = (uint32_t *)(vgic->spi + spi_count(config));
    for (unsigned vcpu = 0; vcpu < config->vcpu_count; vcpu++) {
        struct vgic_vcpu *v = &vgic->vcpu[vcpu];

        v->asleep = true;
        for (unsigned queue = 0; queue < VIRQ_QUEUE_COUNT; queue++) {
            v->queue[queue].bits = bits;
            bits += VGIC_LEVEL_COUNT * vgic->word_count;
        }
    }
    return 0;
}

bool vgic_make_some(struct vgic *vgic)
{
    unsigned local = vgic->config.vcpu_count * GIC_SPI_FIRST;
    unsigned all = local + spi_count(&vgic->config);

    for (unsigned i = 0; i < MAKE_SOME && vgic->made < all; i++, vgic->made++) {
        if (vgic->made < local) {
            unsigned vcpu = vgic->made / GIC_SPI_FIRST, intid = vgic->made % GIC_SPI_FIRST;

            virq_init(vgic, &vgic->vcpu[vcpu].local[intid], intid, vcpu);
        } else {
            virq_init(vgic, &vgic->spi[vgic->made - local], GIC_SPI_FIRST + vgic->made - local, 0);
        }
    }
    return vgic->made == all;
}

int vgic_init(struct vgic *vgic, const struct vgic_config *config)
{
    int error = vgic_begin(vgic, config);

    while (error == 0 && !vgic_make_some(vgic)) {
    }
    return error;
}

_Static_assert(offsetof(struct vgic, lock) == 0, "vgic_lock()");

static void link_one(struct virq *virq, bool edge)
{
    virq->flags |= VIRQ_LINKED | (edge ? VIRQ_EDGE : 0);
}

void vgic_link(struct vgic *vgic, unsigned intid, bool edge)
{
    ASSERT(intid >= GIC_PPI_FIRST);
    if (intid >= GIC_SPI_FIRST) {
        link_one(vgic_virq(vgic, 0, intid), edge);
        vgic->linked[intid / 32] |= BIT32(intid % 32);
        return;
    }
    for (unsigned vcpu = 0; vcpu < vgic->config.vcpu_count; vcpu++) {
        link_one(vgic_virq(vgic, vcpu, intid), edge);
    }
    vgic->linked_ppis |= (uint16_t)BIT32(intid - GIC_PPI_FIRST);
}

bool vgic_linked(const struct vgic *vgic, unsigned intid)
{
    return intid < vgic->config.spi_limit && (vgic_virq_const(vgic, 0, intid)->flags & VIRQ_LINKED) != 0;
}

uint16_t vgic_linked_ppis(const struct vgic *vgic)
{
    return (uint16_t)vgic->linked_ppis;
}

static int notice_index(uint32_t notice)
{
    return notice != 0 ? __builtin_ctz(notice) : -1;
}

int vgic_hw_arrived(struct vgic *vgic, unsigned vcpu, unsigned intid)
{
    struct virq *virq = vgic_virq(vgic, vcpu, intid);
    /* One that moved and is not ended cannot fire, but where the active state is kept per CPU: software still
     * has to end it. */
    uint32_t moved = (virq->flags & VIRQ_HW_ACTIVE) != 0 ? 0 : VIRQ_MOVED;

    ASSERT((virq->flags & VIRQ_LINKED) != 0);
    /* If it is listed with GIC_LR_HW, the guest has ended it (else the physical interrupt could not have
     * fired), and the empty list register must not be taken for the end of this one. */
    virq->flags = (virq->flags | VIRQ_LATCH | VIRQ_HW_ACTIVE) & ~(VIRQ_LR_ENDS_HW | moved);
    return notice_index(virq_added(vgic, virq));
}

bool vgic_moved(struct vgic *vgic, unsigned intid)
{
    struct virq *virq = vgic_virq(vgic, 0, intid);

    ASSERT(intid >= GIC_SPI_FIRST);
    if ((virq->flags & VIRQ_HW_ACTIVE) == 0 || virq_listed(virq)) {
        return false; /* Listed: the guest may have ended it already. The fold tells. */
    }
    virq->flags |= VIRQ_MOVED;
    return true;
}

int vgic_pend(struct vgic *vgic, unsigned vcpu, unsigned intid, unsigned source)
{
    struct virq *virq = vgic_virq(vgic, vcpu, intid);

    ASSERT(source < VCPU_MAX);
    if (virq_has_sources(vgic, virq)) {
        virq->sources |= (uint8_t)BIT32(source);
    } else {
        virq->flags |= VIRQ_LATCH;
    }
    return notice_index(virq_added(vgic, virq));
}

bool vgic_pend_now(struct vgic *vgic, unsigned vcpu, unsigned intid, struct vgic_list *list)
{
    struct virq *virq = vgic_virq(vgic, vcpu, intid);

    if (!virq_listed(virq)) { /* It needs a list register: one that has been ended may be free. */
        vgic_take_back_ended(vgic, vcpu);
    }
    return vgic_list_now(vgic, vcpu, virq, vcpu, list);
}

int vgic_set_level(struct vgic *vgic, unsigned vcpu, unsigned intid, bool level)
{
    struct virq *virq = vgic_virq(vgic, vcpu, intid);

    ASSERT((virq->flags & VIRQ_LINKED) == 0 && !virq_is_sgi(virq));
    if (level == ((virq->flags & VIRQ_LINE) != 0)) {
        return -1;
    }
    virq->flags ^= VIRQ_LINE;
    if (level) {
        virq->flags |= (virq->flags & VIRQ_EDGE) != 0 ? VIRQ_LATCH : 0;
        return notice_index(virq_added(vgic, virq));
    }
    /* A list register may still hold it as pending: its vCPU takes it back when it next passes, and is not
     * disturbed for it. A level interrupt that was withdrawn may be seen once more (IHI 0048B 3.2.4:
     * spurious). */
    virq_changed(vgic, virq);
    return -1;
}

bool vgic_deliverable(const struct vgic *vgic, unsigned vcpu)
{
    const struct vgic_vcpu *v = &vgic->vcpu[vcpu];

    return ((vgic->group_enable & BIT32(0)) != 0 && !virq_queue_empty(&v->queue[VIRQ_QUEUE_GROUP0])) ||
           ((vgic->group_enable & BIT32(1)) != 0 && !virq_queue_empty(&v->queue[VIRQ_QUEUE_GROUP1]));
}

bool vgic_stale(const struct vgic *vgic, unsigned vcpu)
{
    /* Relaxed: who sets it sends an interrupt afterwards; what it stands for is read under the lock. */
    return atomic_load_explicit(&vgic->vcpu[vcpu].stale, memory_order_relaxed) != VGIC_FRESH;
}

const _Atomic uint8_t *vgic_stale_flag(const struct vgic *vgic, unsigned vcpu)
{
    return &vgic->vcpu[vcpu].stale;
}

struct vgic_vcpu *vgic_of_vcpu(struct vgic *vgic, unsigned vcpu)
{
    return &vgic->vcpu[vcpu];
}

void vgic_mark_stale(struct vgic *vgic, unsigned vcpu)
{
    atomic_store_explicit(&vgic->vcpu[vcpu].stale, VGIC_STALE, memory_order_relaxed);
}

unsigned vgic_target(const struct vgic *vgic, unsigned intid)
{
    unsigned target = vgic_virq_const(vgic, 0, intid)->target;

    return target != VIRQ_NO_TARGET ? target : 0;
}

unsigned vgic_next_linked(const struct vgic *vgic, unsigned from)
{
    for (unsigned word = from / 32; word < vgic->word_count; word++) {
        uint32_t linked = vgic->linked[word];

        if (word == from / 32) {
            linked &= ~UINT32_C(0) << (from % 32);
        }
        if (linked != 0) {
            return word * 32 + (unsigned)__builtin_ctz(linked);
        }
    }
    return 0;
}

unsigned vgic_next_linked_spi(const struct vgic *vgic, unsigned vcpu, unsigned from)
{
    unsigned intid = vgic_next_linked(vgic, from);

    while (intid != 0 && vgic_target(vgic, intid) != vcpu) {
        intid = vgic_next_linked(vgic, intid + 1);
    }
    return intid;
}

void vgic_vcpu_reset(struct vgic *vgic, unsigned vcpu)
{
    struct vgic_vcpu *v = &vgic->vcpu[vcpu];

    ASSERT(!v->loaded);
    v->asleep = true;
    for (uint32_t rest = v->bound_slots; rest != 0; rest &= rest - 1) {
        unsigned slot = (unsigned)__builtin_ctz(rest);

        v->bound_slots &= v->bound[slot] < GIC_SPI_FIRST ? ~BIT32(slot) : ~UINT32_C(0);
    }
    /* None is listed: V1. Others may have made them pending while it was off, so they may be queued, and no
     * queue wants them after: only a line that is up stays pending, and what has a line is disabled. */
    for (unsigned queue = 0; queue < VIRQ_QUEUE_COUNT; queue++) {
        virq_queue_drop_private(vgic, &v->queue[queue]);
    }
    for (unsigned intid = 0; intid < GIC_SPI_FIRST; intid++) {
        v->local[intid].queue = VIRQ_QUEUE_NONE;
        virq_reset(vgic, &v->local[intid]);
    }
    vgic_mark_stale(vgic, vcpu);
}

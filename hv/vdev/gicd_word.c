/* SPDX-License-Identifier: Apache-2.0 */
/* gicd_word.c - the short way of a guest's 32-bit access to its distributor, which is what nearly all of them
 * are.
 *
 * ELR and SPSR have stayed in the CPU, and of the frame only the accessed register is looked at or written.
 * What cannot be done at once takes the way of mmio.c from its start: nothing was done then.
 *
 * An SGI that a GICv2 guest sends to itself is shorter still: no row of the table, no queue, but straight
 * into a list register (vgic_send_self()), which is this pCPU's alone. */
#include "vdev/gicd_word.h"

#include "arch/sysreg.h"
#include "core/domain.h"
#include "core/irq.h"
#include "core/pcpu.h"
#include "drivers/gicv2_lr.h"
#include "vdev/mmio_decode.h"
#include "vgic/vgic_regs.h"
#include "vgic/vgic_send_self.h"

/* A load or store of one 32-bit word, zero-extended, that the syndrome describes. */
#define ISS_WORD_MASK (ESR_IL | ISS_ISV | ISS_SAS | ISS_SSE | ISS_CM | ISS_S1PTW)
#define ISS_WORD (ESR_IL | ISS_ISV | ISS_SAS_WORD)

#define GICD_SGIR 0xf00u /* IHI 0048B 4.3.15 */
#define SGIR_FILTER_SELF 2u
#define SGIR_SGI_MASK 0xfu

/* Does @value, written to SGIR by vCPU @id, send to that vCPU alone? */
static bool sends_to_self(uint32_t value, unsigned id)
{
    uint64_t filter_and_targets = bits_get(value, 25, 16);

    return filter_and_targets == BIT32(id) || filter_and_targets >> 8 == SGIR_FILTER_SELF;
}

/* After a change: may the guest go on at once? (Who else has something for this pCPU to do sends it a kick,
 * which is taken as soon as the guest is back.) */
static uint32_t way_back(const struct vcpu *vcpu)
{
    bool nothing_to_do = atomic_load_explicit(&this_cpu()->work, memory_order_relaxed) == 0 &&
                         atomic_load_explicit(vcpu->stale, memory_order_relaxed) == 0;

    return nothing_to_do ? GICD_WORD_RETURN : GICD_WORD_EXIT;
}

/* SGI @sgi of the vCPU to itself. */
static uint32_t send_to_self(struct vcpu *vcpu, struct vgic *vgic, unsigned sgi)
{
    uint32_t empty = gicv2_lr_empty();
    struct vgic_list list;
    bool listed;

    spin_lock(vgic_lock(vgic));
    listed = vgic_send_self(vgic, vcpu->vgic, vcpu->id, sgi, empty, &list);
    spin_unlock(vgic_lock(vgic));
    if (!listed) {
        return GICD_WORD_NOT;
    }
    gicv2_lr_write(list.slot, gicv2_lr_encode(list.lr));
    return GICD_WORD_RETURN;
}

/* The fields that rows of the distributor look at in an access of @vcpu. */
static inline void describe(struct vgic_access *access, struct vgic *vgic, struct vgic_work *work,
                            unsigned vcpu, uint32_t offset)
{
    access->vgic = vgic;
    access->work = work;
    access->vcpu = vcpu;
    access->frame = VGIC_DISTRIBUTOR;
    access->offset = offset;
    access->size = 4;
    work->notice = 0;
    work->hardware = 0;
}

/* Reads of the state that list registers may hold are left to mmio.c. */
__attribute__((noinline)) static uint32_t read_word(struct vcpu *vcpu, struct vgic *vgic, uint32_t offset,
                                                    unsigned x)
{
    const struct vgic_reg *reg = vgic_table_find(vgic->dist, offset);
    struct vgic_access access;
    struct vgic_work work;
    uint64_t value;

    if (reg == NULL || (reg->widths & W32) == 0 || reg->folds != NO_FOLD) {
        return GICD_WORD_NOT;
    }
    describe(&access, vgic, &work, vcpu->id, offset - reg->first);
    spin_lock(vgic_lock(vgic));
    value = reg->read(&access); /* What does not fold leaves no work. */
    spin_unlock(vgic_lock(vgic));
    vcpu_set_x(vcpu, x, value);
    return x > 18 && x < 29 ? GICD_WORD_EXIT : GICD_WORD_RETURN;
}

__attribute__((noinline)) static uint32_t write_word(struct vcpu *vcpu, struct vgic *vgic, uint32_t offset,
                                                     uint32_t value)
{
    const struct vgic_reg *reg = vgic_table_find(vgic->dist, offset);
    struct vgic_access access;
    struct vgic_work work;

    if (reg == NULL || (reg->widths & W32) == 0) {
        return GICD_WORD_NOT;
    }
    describe(&access, vgic, &work, vcpu->id, offset - reg->first);
    spin_lock(vgic_lock(vgic));
    if (reg->folds != NO_FOLD && vgic_must_fold(&access, reg)) {
        spin_unlock(vgic_lock(vgic));
        return GICD_WORD_NOT;
    }
    reg->write(&access, value);
    if (work.hardware != 0) {
        irq_apply(vcpu->domain, &work);
    }
    spin_unlock(vgic_lock(vgic));
    if (work.notice != 0) {
        irq_notice(vcpu->domain, work.notice & ~BIT32(vcpu->id)); /* Itself is here: way_back() sees. */
    }
    return way_back(vcpu);
}

uint32_t gicd_word(struct vcpu *vcpu, uint64_t esr)
{
    const struct domain *domain = vcpu->domain;
    uint64_t page = bits_get(sysreg_read(hpfar_el2), 43, 4) << PAGE_SHIFT;
    uint64_t offset = (page | (sysreg_read(far_el2) & PAGE_MASK)) - domain->gicd_base;
    unsigned x = (unsigned)bits_get(esr, 20, 16);
    uint32_t value;

    if (offset >= domain->gicd_bytes || (esr & ISS_WORD_MASK) != ISS_WORD || (offset & 3) != 0) {
        return GICD_WORD_NOT;
    }
    if ((esr & ISS_WNR) == 0) {
        return read_word(vcpu, domain->vgic, (uint32_t)offset, x);
    }
    value = (uint32_t)vcpu_x(vcpu, x);
    if (offset == GICD_SGIR && domain->gic_version == 2 && sends_to_self(value, vcpu->id)) {
        return send_to_self(vcpu, domain->vgic, value & SGIR_SGI_MASK);
    }
    return write_word(vcpu, domain->vgic, (uint32_t)offset, value);
}

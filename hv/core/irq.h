/* SPDX-License-Identifier: Apache-2.0 */
/* irq.h - where physical interrupts go, and how the virtual GIC's wishes reach the physical one. */
#ifndef CORE_IRQ_H
#define CORE_IRQ_H

#include "core/domain.h"
#include "core/pcpu.h"
#include "drivers/gic.h"
#include "drivers/gicv2_lr.h"

#define IRQ_SGI_KICK 0u /* Pass trap_exit(). */

/* A physical interrupt, acknowledged. Returns true when it is done with (deactivate it); false: the guest
 * will. */
bool irq_dispatch(struct pcpu *cpu, uint32_t intid);

/* The hypervisor's own interrupts. @handler runs on the pCPU that took it, no lock held. SPIs go to the boot
 * CPU. */
void irq_set_handler(unsigned intid, void (*handler)(void));
void irq_enable_own(unsigned intid);

/* Hand SPI @intid to @domain, hardware-linked. Returns 0, -EINVAL (no such SPI), -EBUSY (taken). */
int irq_assign(struct domain *domain, unsigned intid, bool edge);

/* @domain has stopped: its SPIs may not bother a pCPU any more. Some of them, from INTID @from (0: the first)
 * on; returns where to go on, 0 when that was all. */
unsigned irq_release(struct domain *domain, unsigned from);

/* Do in the physical GIC what a change of @domain's vGIC asks for. With the vGIC's lock still held from the
 * change, so that model and hardware cannot part. What concerns other vCPUs is left:
 * irq_notice(work->notice), without the lock. */
void irq_apply(struct domain *domain, const struct vgic_work *work);

/* Write the list register that a change by the running vCPU asks for, before it goes on. Lock held. */
static inline void irq_list(const struct vgic_list *list)
{
    gic()->lr_write(list->slot, gic()->lr_encode(&list->lr));
}

/* vcpu_notice() for each vCPU of @domain in the mask. Lock not held. */
void irq_notice(struct domain *domain, uint32_t vcpus);

/* List registers of the vCPU loaded on this pCPU into the model, and back. With the vgic's lock held.
 * irq_fold() returns the vCPUs to notice once it is released. */
uint32_t irq_fold(struct pcpu *cpu, struct vcpu *vcpu);
void irq_fill(struct pcpu *cpu, struct vcpu *vcpu);
/* A vCPU that is off its pCPU with the model still thinking it loaded: make the model the truth. Lock held;
 * returns as irq_fold(). */
uint32_t irq_unpark(struct vcpu *vcpu);
/* Both, taking the lock. */
void irq_refresh(struct pcpu *cpu, struct vcpu *vcpu);
/* What a stale vCPU needs: what has come is added to its list registers when that is all, else both. */
void irq_update(struct pcpu *cpu, struct vcpu *vcpu);

/* The fast path must not inject any more; it may inject what the last fill of @vcpu bound. */
void irq_bound_clear(struct pcpu *cpu);
void irq_bound_publish(struct pcpu *cpu, const struct vcpu *vcpu);
/* Linked PPIs (bit 0 = INTID 16): enabled on this pCPU are those of the mask. */
void irq_ppi_enables(struct pcpu *cpu, uint16_t enable);

/* Take @vcpu's token: true when it was parked, which it is no more. */
static inline bool irq_take_parked(struct vcpu *vcpu)
{
    return atomic_exchange_explicit(&vcpu->parked, false, memory_order_acquire);
}

/* The physical side of loading and unloading a vCPU: PPIs' enables and active bits, list registers, the bound
 * table. The long ways of the two below. */
void irq_vcpu_fold_off(struct pcpu *cpu, struct vcpu *vcpu);
void irq_vcpu_fill_on(struct pcpu *cpu, struct vcpu *vcpu);

/* The virtual interface's registers but for the list registers. A switch cannot afford the driver's table on
 * a GICv2, where each is a word. vif_save() returns whether the list registers hold nothing. */
static inline bool vif_save(struct vcpu *vcpu, uint32_t lr_mask)
{
    if (gic() == &gicv2_driver) {
        gicv2_vcpu_save(&vcpu->gic);
        return (gicv2_lr_empty() & lr_mask) == lr_mask;
    }
    gic()->vcpu_save(&vcpu->gic);
    return gic()->lr_empty() == lr_mask;
}

static inline void vif_load(const struct vcpu *vcpu)
{
    if (gic() == &gicv2_driver) {
        gicv2_vcpu_load(&vcpu->gic);
    } else {
        gic()->vcpu_load(&vcpu->gic);
    }
}

/* It is parked if it may be. Not what may not run: it cannot be asked to unpark for an interrupt that is
 * another vCPU's by now. Nor what wants the maintenance interrupt: more of it waits in the model, and left on
 * it would fire for ever. */
static inline void irq_vcpu_unload(struct pcpu *cpu, struct vcpu *vcpu)
{
    if (!vif_save(vcpu, cpu->lr_mask) || !vcpu->may_run || cpu->ppi_unknown || cpu->vif_none_pending) {
        irq_vcpu_fold_off(cpu, vcpu);
        return;
    }
    if (cpu->bound_slots != 0) {
        irq_bound_clear(cpu);
    }
    atomic_store_explicit(&vcpu->parked, true, memory_order_release);
}

static inline void irq_vcpu_load(struct pcpu *cpu, struct vcpu *vcpu)
{
    vif_load(vcpu);
    if (cpu->ppi_unknown || atomic_load_explicit(vcpu->stale, memory_order_relaxed) != 0 ||
        !irq_take_parked(vcpu)) {
        irq_vcpu_fill_on(cpu, vcpu);
        return;
    }
    if (cpu->ppi_enabled != vcpu->ppi_enable) {
        irq_ppi_enables(cpu, vcpu->ppi_enable);
    }
    if (vcpu->bound_slots != 0) {
        irq_bound_publish(cpu, vcpu);
    }
}

/* @vcpu runs here now and ran elsewhere before: its linked SPIs come here too. */
void irq_follow(struct pcpu *cpu, struct vcpu *vcpu);

/* @vcpu, which is loaded nowhere, will not come back to where it was: its linked SPIs go to @cpu until it is
 * loaded again. Lock not held. */
void irq_send_to(struct vcpu *vcpu, unsigned cpu);

/* For DEBUG builds: panics unless what the fast path may do on this pCPU is right for @vcpu, which goes on
 * now.
 * @all: look through the whole table too. */
void irq_check_fast_path(const struct pcpu *cpu, const struct vcpu *vcpu, bool all);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* irq.h - where physical interrupts go, and how the virtual GIC's wishes reach the physical one. */
#ifndef CORE_IRQ_H
#define CORE_IRQ_H

#include "core/domain.h"
#include "core/pcpu.h"
#include "drivers/gic.h"

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

/* The physical side of loading and unloading a vCPU: PPIs' enables and active bits, the bound table. */
void irq_vcpu_unload(struct pcpu *cpu, struct vcpu *vcpu);
void irq_vcpu_load(struct pcpu *cpu, struct vcpu *vcpu);

/* @vcpu runs here now and ran elsewhere before: its linked SPIs come here too. */
void irq_follow(struct pcpu *cpu, struct vcpu *vcpu);

/* Software interrupts into a domain. Any CPU, no lock of rank LOCK_RANK_VGIC or above held. */
void irq_set_level(struct domain *domain, unsigned vcpu, unsigned intid, bool level);

/* For DEBUG builds: panics unless what the fast path may do on this pCPU is right for @vcpu, which goes on
 * now.
 * @all: look through the whole table too. */
void irq_check_fast_path(const struct pcpu *cpu, const struct vcpu *vcpu, bool all);

#endif

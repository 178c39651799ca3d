/* SPDX-License-Identifier: Apache-2.0 */
/* gicv3_vif.h - the functions of gicv3_driver that concern the virtual CPU interface (contracts:
 * drivers/gic.h). */
#ifndef DRIVERS_GICV3_VIF_H
#define DRIVERS_GICV3_VIF_H

#include "drivers/gic.h"

#define ICC_SRE_SRE BIT64(0) /* System register interface on. */
#define ICC_SRE_DFB BIT64(1) /* No FIQ bypass. */
#define ICC_SRE_DIB BIT64(2) /* No IRQ bypass. */
#define ICC_SRE_ON (ICC_SRE_SRE | ICC_SRE_DFB | ICC_SRE_DIB)

/* How many AP<n>R registers a group has with that many bits of preemption: 1, 2 or 4. */
unsigned gicv3_apr_count(uint64_t preemption_bits);

/* Every CPU, itself: list registers empty, state as after reset, interface on. */
void gicv3_vif_init(void);

unsigned gicv3_lr_count(void);
uint64_t gicv3_lr_encode(const struct gic_lr *lr);
void gicv3_lr_decode(uint64_t raw, struct gic_lr *lr);
void gicv3_lr_write(unsigned slot, uint64_t raw);
uint64_t gicv3_lr_read(unsigned slot);
uint32_t gicv3_lr_empty(void);
void gicv3_vif_set(bool none_pending_irq);
void gicv3_vcpu_save(struct gic_vcpu_state *state);
void gicv3_vcpu_load(const struct gic_vcpu_state *state);
void gicv3_vcpu_reset(struct gic_vcpu_state *state);

#endif

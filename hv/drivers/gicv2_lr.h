/* SPDX-License-Identifier: Apache-2.0 */
/* gicv2_lr.h - GICv2's list registers and a vCPU's other state, for the driver and for who knows that it is a
 * GICv2 and cannot afford the driver's table. Source: Arm IHI 0048B 5.3.8, GICH_LR; 5.3.6, GICH_ELSR. */
#ifndef DRIVERS_GICV2_LR_H
#define DRIVERS_GICV2_LR_H

#include "arch/mmio.h"
#include "drivers/gic.h"
#include "lib/gic.h"

#define GICH_VMCR 0x008u
#define GICH_ELRSR0 0x030u
#define GICH_APR 0x0f0u
#define GICH_LR 0x100u

#define LR_PINTID_SHIFT 10
#define LR_CPUID_SHIFT 10 /* Without HW: source of an SGI. */
#define LR_EOI BIT32(19)  /* Without HW. */
#define LR_PRIORITY_SHIFT 23
#define LR_STATE_SHIFT 28
#define LR_GROUP1 BIT32(30)
#define LR_HW BIT32(31)
#define LR_INTID_MASK 0x3ffu

static inline uint32_t gicv2_lr_encode(struct gic_lr lr)
{
    uint32_t raw =
        lr.vintid | (uint32_t)(lr.priority >> 3) << LR_PRIORITY_SHIFT | (uint32_t)lr.state << LR_STATE_SHIFT;

    if ((lr.flags & GIC_LR_HW) != 0) {
        raw |= LR_HW | (uint32_t)lr.pintid << LR_PINTID_SHIFT;
    } else {
        raw |= (uint32_t)lr.source << LR_CPUID_SHIFT | ((lr.flags & GIC_LR_EOI) != 0 ? LR_EOI : 0);
    }
    return raw | ((lr.flags & GIC_LR_GROUP1) != 0 ? LR_GROUP1 : 0);
}

/* The virtual interface control registers of this CPU. */
extern va_t gicv2_gich;

/* Bit per list register that holds nothing; beyond their number: not said. */
static inline uint32_t gicv2_lr_empty(void)
{
    return mmio_read32(gicv2_gich, GICH_ELRSR0);
}

static inline void gicv2_lr_write(unsigned slot, uint32_t raw)
{
    mmio_write32(gicv2_gich, GICH_LR + slot * 4, raw);
}

static inline void gicv2_vcpu_save(struct gic_vcpu_state *state)
{
    state->vmcr = mmio_read32(gicv2_gich, GICH_VMCR);
    state->apr[0] = mmio_read32(gicv2_gich, GICH_APR);
}

static inline void gicv2_vcpu_load(const struct gic_vcpu_state *state)
{
    mmio_write32(gicv2_gich, GICH_VMCR, (uint32_t)state->vmcr);
    mmio_write32(gicv2_gich, GICH_APR, (uint32_t)state->apr[0]);
}

#endif

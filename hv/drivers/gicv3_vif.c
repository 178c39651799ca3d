/* SPDX-License-Identifier: Apache-2.0 */
/* gicv3_vif.c - GICv3's virtual CPU interface: list registers, and what a vCPU's interface keeps while it is
 * off its pCPU. Source: Arm IHI 0069, 12.4. Virtual interrupts of a GICv3 guest are Group 1; a GICv2 guest is
 * not served. */
#include "drivers/gicv3_vif.h"

#include "arch/barrier.h"
#include "arch/gic_sysreg.h"

#define ICH_HCR_EN BIT64(0)
#define ICH_HCR_NPIE BIT64(3)

#define VMCR_PMR_SHIFT 24
#define VMCR_PMR_OPEN UINT64_C(0xff)
#define VMCR_BPR0_SHIFT 21
#define VMCR_BPR1_SHIFT 18

/* ICH_LR<n>_EL2. */
#define LR_PINTID_SHIFT 32
#define LR_EOI BIT64(41) /* Without HW. */
#define LR_PRIORITY_SHIFT 48
#define LR_GROUP1 BIT64(60)
#define LR_HW BIT64(61)
#define LR_STATE_SHIFT 62

static unsigned list_count;
static unsigned
    apr_count; /* AP<n>R registers of each group: 1, 2 or 4; the others are undefined instructions. */
static uint64_t vmcr_reset;

/* 5 bits of preemption take one register of 32 bits, 6 take two, 7 four. */
unsigned gicv3_apr_count(uint64_t preemption_bits)
{
    return preemption_bits <= 5 ? 1 : preemption_bits == 6 ? 2 : 4;
}

void gicv3_vcpu_reset(struct gic_vcpu_state *state)
{
    *state = (struct gic_vcpu_state){.vmcr = vmcr_reset};
}

void gicv3_vcpu_save(struct gic_vcpu_state *state)
{
    state->vmcr = gic_sysreg_read(ICH_VMCR_EL2);
    state->apr[0] = gic_sysreg_read(ICH_AP0R0_EL2);
    state->apr[4] = gic_sysreg_read(ICH_AP1R0_EL2);
    if (apr_count > 1) {
        state->apr[1] = gic_sysreg_read(ICH_AP0R1_EL2);
        state->apr[5] = gic_sysreg_read(ICH_AP1R1_EL2);
    }
    if (apr_count > 2) {
        state->apr[2] = gic_sysreg_read(ICH_AP0R2_EL2);
        state->apr[3] = gic_sysreg_read(ICH_AP0R3_EL2);
        state->apr[6] = gic_sysreg_read(ICH_AP1R2_EL2);
        state->apr[7] = gic_sysreg_read(ICH_AP1R3_EL2);
    }
}

void gicv3_vcpu_load(const struct gic_vcpu_state *state)
{
    gic_sysreg_write(ICC_SRE_EL1, ICC_SRE_ON); /* The guest before may have written it. */
    gic_sysreg_write(ICH_VMCR_EL2, state->vmcr);
    gic_sysreg_write(ICH_AP0R0_EL2, state->apr[0]);
    gic_sysreg_write(ICH_AP1R0_EL2, state->apr[4]);
    if (apr_count > 1) {
        gic_sysreg_write(ICH_AP0R1_EL2, state->apr[1]);
        gic_sysreg_write(ICH_AP1R1_EL2, state->apr[5]);
    }
    if (apr_count > 2) {
        gic_sysreg_write(ICH_AP0R2_EL2, state->apr[2]);
        gic_sysreg_write(ICH_AP0R3_EL2, state->apr[3]);
        gic_sysreg_write(ICH_AP1R2_EL2, state->apr[6]);
        gic_sysreg_write(ICH_AP1R3_EL2, state->apr[7]);
    }
}

/* ICH_LR<n>_EL2 has its number in the instruction: one instruction for each. */
void gicv3_lr_write(unsigned slot, uint64_t raw)
{
    switch (slot) {
    case 0:
        gic_sysreg_write(ICH_LR0_EL2, raw);
        break;
    case 1:
        gic_sysreg_write(ICH_LR1_EL2, raw);
        break;
    case 2:
        gic_sysreg_write(ICH_LR2_EL2, raw);
        break;
    case 3:
        gic_sysreg_write(ICH_LR3_EL2, raw);
        break;
    case 4:
        gic_sysreg_write(ICH_LR4_EL2, raw);
        break;
    case 5:
        gic_sysreg_write(ICH_LR5_EL2, raw);
        break;
    case 6:
        gic_sysreg_write(ICH_LR6_EL2, raw);
        break;
    case 7:
        gic_sysreg_write(ICH_LR7_EL2, raw);
        break;
    case 8:
        gic_sysreg_write(ICH_LR8_EL2, raw);
        break;
    case 9:
        gic_sysreg_write(ICH_LR9_EL2, raw);
        break;
    case 10:
        gic_sysreg_write(ICH_LR10_EL2, raw);
        break;
    case 11:
        gic_sysreg_write(ICH_LR11_EL2, raw);
        break;
    case 12:
        gic_sysreg_write(ICH_LR12_EL2, raw);
        break;
    case 13:
        gic_sysreg_write(ICH_LR13_EL2, raw);
        break;
    case 14:
        gic_sysreg_write(ICH_LR14_EL2, raw);
        break;
    default:
        gic_sysreg_write(ICH_LR15_EL2, raw);
        break;
    }
}

uint64_t gicv3_lr_read(unsigned slot)
{
    switch (slot) {
    case 0:
        return gic_sysreg_read(ICH_LR0_EL2);
    case 1:
        return gic_sysreg_read(ICH_LR1_EL2);
    case 2:
        return gic_sysreg_read(ICH_LR2_EL2);
    case 3:
        return gic_sysreg_read(ICH_LR3_EL2);
    case 4:
        return gic_sysreg_read(ICH_LR4_EL2);
    case 5:
        return gic_sysreg_read(ICH_LR5_EL2);
    case 6:
        return gic_sysreg_read(ICH_LR6_EL2);
    case 7:
        return gic_sysreg_read(ICH_LR7_EL2);
    case 8:
        return gic_sysreg_read(ICH_LR8_EL2);
    case 9:
        return gic_sysreg_read(ICH_LR9_EL2);
    case 10:
        return gic_sysreg_read(ICH_LR10_EL2);
    case 11:
        return gic_sysreg_read(ICH_LR11_EL2);
    case 12:
        return gic_sysreg_read(ICH_LR12_EL2);
    case 13:
        return gic_sysreg_read(ICH_LR13_EL2);
    case 14:
        return gic_sysreg_read(ICH_LR14_EL2);
    default:
        return gic_sysreg_read(ICH_LR15_EL2);
    }
}

void gicv3_vif_init(void)
{
    uint64_t vtr = gic_sysreg_read(ICH_VTR_EL2);
    uint64_t preemption_bits = bits_get(vtr, 28, 26) + 1;
    uint64_t least_bpr = 7 - preemption_bits; /* Group 0's; Group 1's is one more. */
    struct gic_vcpu_state reset;

    list_count = (unsigned)min_u64(bits_get(vtr, 4, 0) + 1, GIC_LR_MAX);
    apr_count = gicv3_apr_count(preemption_bits);
    vmcr_reset =
        VMCR_PMR_OPEN << VMCR_PMR_SHIFT | least_bpr << VMCR_BPR0_SHIFT | (least_bpr + 1) << VMCR_BPR1_SHIFT;
    gic_sysreg_write(ICH_HCR_EL2, 0);
    for (unsigned slot = 0; slot < list_count; slot++) {
        gicv3_lr_write(slot, 0);
    }
    gicv3_vcpu_reset(&reset);
    gicv3_vcpu_load(&reset);
    gic_sysreg_write(ICH_HCR_EL2, ICH_HCR_EN);
    barrier_isb();
}

unsigned gicv3_lr_count(void)
{
    return list_count;
}

uint64_t gicv3_lr_encode(const struct gic_lr *lr)
{
    uint64_t raw =
        lr->vintid | (uint64_t)lr->priority << LR_PRIORITY_SHIFT | (uint64_t)lr->state << LR_STATE_SHIFT;

    if ((lr->flags & GIC_LR_HW) != 0) {
        raw |= LR_HW | (uint64_t)lr->pintid << LR_PINTID_SHIFT;
    } else {
        raw |= (lr->flags & GIC_LR_EOI) != 0 ? LR_EOI : 0;
    }
    return raw | ((lr->flags & GIC_LR_GROUP1) != 0 ? LR_GROUP1 : 0);
}

void gicv3_lr_decode(uint64_t raw, struct gic_lr *lr)
{
    *lr = (struct gic_lr){
        .vintid = (uint16_t)bits_get(raw, 15, 0),
        .priority = (uint8_t)bits_get(raw, 55, 48),
        .state = (uint8_t)bits_get(raw, 63, 62),
        .flags = (raw & LR_GROUP1) != 0 ? GIC_LR_GROUP1 : 0,
    };
    if ((raw & LR_HW) != 0) {
        lr->flags |= GIC_LR_HW;
        lr->pintid = (uint16_t)bits_get(raw, 44, 32);
    } else {
        lr->flags |= (raw & LR_EOI) != 0 ? GIC_LR_EOI : 0;
    }
}

uint32_t gicv3_lr_empty(void)
{
    return (uint32_t)(gic_sysreg_read(ICH_ELRSR_EL2) & MASK64(list_count - 1, 0));
}

void gicv3_vif_set(bool none_pending_irq)
{
    gic_sysreg_write(ICH_HCR_EL2, ICH_HCR_EN | (none_pending_irq ? ICH_HCR_NPIE : 0));
}

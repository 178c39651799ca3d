/* SPDX-License-Identifier: Apache-2.0 */
/* gic_sysreg.h - host build: GICv3's CPU interface registers are an array, and every write is recorded in
 * order. */
#ifndef ARCH_GIC_SYSREG_H
#define ARCH_GIC_SYSREG_H

#include "lib/types.h"

enum gic_sysreg {
    ICC_PMR_EL1,
    ICC_AP0R0_EL1,
    ICC_AP0R1_EL1,
    ICC_AP0R2_EL1,
    ICC_AP0R3_EL1,
    ICC_AP1R0_EL1,
    ICC_AP1R1_EL1,
    ICC_AP1R2_EL1,
    ICC_AP1R3_EL1,
    ICC_DIR_EL1,
    ICC_SGI1R_EL1,
    ICC_IAR1_EL1,
    ICC_EOIR1_EL1,
    ICC_BPR1_EL1,
    ICC_CTLR_EL1,
    ICC_SRE_EL1,
    ICC_IGRPEN1_EL1,
    ICC_SRE_EL2,
    ICH_AP0R0_EL2,
    ICH_AP0R1_EL2,
    ICH_AP0R2_EL2,
    ICH_AP0R3_EL2,
    ICH_AP1R0_EL2,
    ICH_AP1R1_EL2,
    ICH_AP1R2_EL2,
    ICH_AP1R3_EL2,
    ICH_HCR_EL2,
    ICH_VTR_EL2,
    ICH_ELRSR_EL2,
    ICH_VMCR_EL2,
    ICH_LR0_EL2,
    ICH_LR1_EL2,
    ICH_LR2_EL2,
    ICH_LR3_EL2,
    ICH_LR4_EL2,
    ICH_LR5_EL2,
    ICH_LR6_EL2,
    ICH_LR7_EL2,
    ICH_LR8_EL2,
    ICH_LR9_EL2,
    ICH_LR10_EL2,
    ICH_LR11_EL2,
    ICH_LR12_EL2,
    ICH_LR13_EL2,
    ICH_LR14_EL2,
    ICH_LR15_EL2,
    ID_AA64PFR0_EL1,
    GIC_SYSREG_COUNT,
};

#define GIC_SYSREG_LOG 256

/* What a read returns and a write sets. */
extern uint64_t host_gic_sysreg[GIC_SYSREG_COUNT];

/* The writes since the count was last set to 0, oldest first; those that do not fit are not kept. */
extern struct gic_sysreg_write {
    enum gic_sysreg reg;
    uint64_t value;
} host_gic_sysreg_log[GIC_SYSREG_LOG];
extern unsigned host_gic_sysreg_log_count;

uint64_t gic_sysreg_read(enum gic_sysreg reg);
void gic_sysreg_write(enum gic_sysreg reg, uint64_t value);

#endif

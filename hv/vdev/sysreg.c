/* SPDX-License-Identifier: Apache-2.0 */
/* sysreg.c - system registers that trap. ID registers show what a guest may use; debug, performance monitor
 * and auxiliary registers read as zero and ignore writes; GICv3's SGI registers send. Anything else is
 * undefined for the guest. Source: Arm ARM D12.3 (encodings), D13.2 (registers). */
#include "vdev/sysreg.h"

#include "arch/sysreg.h"
#include "core/domain.h"
#include "core/guest_log.h"
#include "core/irq.h"

/* op0, op1, CRn, CRm, op2 as they stand in the ISS, without direction and register. */
#define ENCODE(op0, op1, crn, crm, op2)                                                                      \
    (((uint32_t)(op0) << 20) | ((uint32_t)(op2) << 17) | ((uint32_t)(op1) << 14) | ((uint32_t)(crn) << 10) | \
     ((uint32_t)(crm) << 1))
#define ISS_REGISTER_MASK 0x3ffc1eu
#define ISS_READ BIT32(0)

/* Fields of ID registers that a guest must not see: the feature is not its own, or not saved for it. Four
 * bits each. */
#define PFR0_EL2 MASK64(11, 8)
#define PFR0_EL3 MASK64(15, 12)
#define PFR0_GIC MASK64(27, 24)
#define PFR0_RAS_UP MASK64(63, 28) /* RAS, SVE, SEL2, MPAM, AMU, DIT, CSV: none of them is handled. */
#define DFR0_PMU MASK64(11, 8)
#define DFR0_TRACE MASK64(7, 4)
#define DFR0_UP MASK64(63, 32) /* SPE and later. */

static uint64_t id_aa64pfr0(const struct domain *domain)
{
    uint64_t value = sysreg_read(id_aa64pfr0_el1) & ~(PFR0_EL2 | PFR0_EL3 | PFR0_GIC | PFR0_RAS_UP);

    return domain->gic_version == 3 ? value | BIT64(24) : value;
}

/* ID registers of AArch64: read, filtered. Those that this program does not know read as zero, as the
 * architecture asks of unallocated ones. Feature registers beyond the base architecture that need state of
 * their own are hidden by that too. */
static bool id_register(const struct domain *domain, uint32_t reg, uint64_t *value)
{
    switch (reg) {
    case ENCODE(3, 0, 0, 4, 0):
        *value = id_aa64pfr0(domain);
        return true;
    case ENCODE(3, 0, 0, 5, 0):
        *value = sysreg_read(id_aa64dfr0_el1) & ~(DFR0_PMU | DFR0_TRACE | DFR0_UP);
        return true;
    case ENCODE(3, 0, 0, 6, 0): /* No pointer authentication is seen: its keys are in ISAR1. */
        *value = sysreg_read(id_aa64isar0_el1);
        return true;
    case ENCODE(3, 0, 0, 7, 0):
        *value = sysreg_read(id_aa64mmfr0_el1);
        return true;
    case ENCODE(3, 0, 0, 7, 1):
        *value = sysreg_read(id_aa64mmfr1_el1) & MASK64(27, 0);
        return true;
    default:
        /* The rest of the identification space: CRn 0, CRm 1 to 7. */
        *value = 0;
        return (reg & ENCODE(3, 7, 0xf, 0, 0)) == ENCODE(3, 0, 0, 0, 0);
    }
}

/* AArch32's ID registers, for its programs at EL0. */
static bool id_register32(uint32_t reg, uint64_t *value)
{
    switch (reg) {
    case ENCODE(3, 0, 0, 1, 0):
        *value = sysreg_read(id_pfr0_el1);
        return true;
    case ENCODE(3, 0, 0, 1, 1):
        *value = sysreg_read(id_pfr1_el1) &
                 ~(MASK64(15, 12) | MASK64(31, 28)); /* No virtualization, no GIC registers. */
        return true;
    case ENCODE(3, 0, 0, 1, 4):
        *value = sysreg_read(id_mmfr0_el1);
        return true;
    case ENCODE(3, 0, 0, 1, 5):
        *value = sysreg_read(id_mmfr1_el1);
        return true;
    case ENCODE(3, 0, 0, 1, 6):
        *value = sysreg_read(id_mmfr2_el1);
        return true;
    case ENCODE(3, 0, 0, 1, 7):
        *value = sysreg_read(id_mmfr3_el1);
        return true;
    case ENCODE(3, 0, 0, 2, 0):
        *value = sysreg_read(id_isar0_el1);
        return true;
    case ENCODE(3, 0, 0, 2, 1):
        *value = sysreg_read(id_isar1_el1);
        return true;
    case ENCODE(3, 0, 0, 2, 2):
        *value = sysreg_read(id_isar2_el1);
        return true;
    case ENCODE(3, 0, 0, 2, 3):
        *value = sysreg_read(id_isar3_el1);
        return true;
    case ENCODE(3, 0, 0, 2, 4):
        *value = sysreg_read(id_isar4_el1);
        return true;
    case ENCODE(3, 0, 0, 2, 5):
        *value = sysreg_read(id_isar5_el1);
        return true;
    case ENCODE(3, 0, 0, 3, 0):
        *value = sysreg_read(mvfr0_el1);
        return true;
    case ENCODE(3, 0, 0, 3, 1):
        *value = sysreg_read(mvfr1_el1);
        return true;
    case ENCODE(3, 0, 0, 3, 2):
        *value = sysreg_read(mvfr2_el1);
        return true;
    default:
        return false;
    }
}

/* Registers that read as zero and ignore writes. */
static bool is_raz_wi(uint32_t reg)
{
    unsigned op0 = (unsigned)bits_get(reg, 21, 20);
    unsigned op1 = (unsigned)bits_get(reg, 16, 14);
    unsigned crn = (unsigned)bits_get(reg, 13, 10);
    unsigned crm = (unsigned)bits_get(reg, 4, 1);

    if (op0 == 2) { /* Debug: self-hosted debugging is not offered. */
        return true;
    }
    /* Performance monitors: hidden in DFR0. */
    if (op0 == 3 && crn == 9 && (op1 == 0 || op1 == 3) && crm >= 12) {
        return true;
    }
    if (op0 == 3 && crn == 14 && op1 == 3 && crm >= 8) { /* Their event counters. */
        return true;
    }
    return reg == ENCODE(3, 0, 1, 0, 1); /* ACTLR_EL1 */
}

/* ICC_SGI1R_EL1, ICC_ASGI1R_EL1, ICC_SGI0R_EL1: op2 5, 6, 7. */
static bool send_sgi(struct vcpu *vcpu, uint32_t reg, uint64_t value)
{
    struct domain *domain = vcpu->domain;
    struct vgic_work work = {0};
    unsigned group = reg == ENCODE(3, 0, 12, 11, 5) ? 1 : 0;

    if (domain->gic_version != 3 || (reg != ENCODE(3, 0, 12, 11, 5) && reg != ENCODE(3, 0, 12, 11, 6) &&
                                     reg != ENCODE(3, 0, 12, 11, 7))) {
        return false;
    }
    spin_lock(vgic_lock(domain->vgic));
    vgic_sgi_write(domain->vgic, vcpu->id, value, group, &work);
    irq_apply(domain, &work);
    spin_unlock(vgic_lock(domain->vgic));
    irq_notice(domain, work.notice);
    return true;
}

void vsysreg_access(struct vcpu *vcpu, uint32_t iss)
{
    uint32_t reg = iss & ISS_REGISTER_MASK;
    unsigned rt = (unsigned)bits_get(iss, 9, 5);
    bool read = (iss & ISS_READ) != 0;
    uint64_t value = 0;
    bool known;

    if (read) {
        known = id_register32(reg, &value) || is_raz_wi(reg) || id_register(vcpu->domain, reg, &value);
    } else {
        known = send_sgi(vcpu, reg, vcpu_x(vcpu, rt)) || is_raz_wi(reg);
    }
    if (!known) {
        guest_log(vcpu, "%s of system register op0 %u op1 %u CRn %u CRm %u op2 %u at 0x%lx: undefined here",
                  read ? "read" : "write", (unsigned)bits_get(reg, 21, 20), (unsigned)bits_get(reg, 16, 14),
                  (unsigned)bits_get(reg, 13, 10), (unsigned)bits_get(reg, 4, 1),
                  (unsigned)bits_get(reg, 19, 17), (unsigned long)vcpu->frame.pc);
        vcpu_inject_undefined(vcpu);
        return;
    }
    if (read) {
        vcpu_set_x(vcpu, rt, value);
    }
    vcpu_skip(vcpu);
}

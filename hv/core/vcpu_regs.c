/* SPDX-License-Identifier: Apache-2.0 */
/* vcpu_regs.c - a vCPU's registers: reset, FP on first use, exceptions put into the guest. */
#include "arch/barrier.h"
#include "arch/fp.h"
#include "arch/sysreg.h"
#include "core/domain.h"
#include "core/irq.h"
#include "core/layout.h"
#include "core/pcpu.h"
#include "core/vcpu.h"
#include "lib/log.h"
#include "lib/panic.h"
#include "lib/string.h"

_Static_assert(offsetof(struct vcpu, frame.x) == FRAME_X(0), "core/layout.h");
_Static_assert(offsetof(struct vcpu, frame.pc) == FRAME_PC, "core/layout.h");
_Static_assert(offsetof(struct vcpu, frame.pstate) == FRAME_PSTATE, "core/layout.h");
_Static_assert(sizeof(struct vcpu_sysregs) == EL1_REGS_BYTES, "core/el1_regs.S");
_Static_assert(sizeof(struct vcpu) <= PAGE_SIZE, "a vCPU fits a page");

#define FAULT_EXTERNAL_ABORT 0x10u /* ESR_ELx.xFSC: synchronous external abort, not on a walk. */

void vcpu_reset(struct vcpu *vcpu, uint64_t entry, uint64_t context)
{
    memset(&vcpu->frame, 0, sizeof(vcpu->frame));
    memset(&vcpu->sysregs, 0, sizeof(vcpu->sysregs));
    memset(&vcpu->fp, 0, sizeof(vcpu->fp));
    vcpu->frame.x[0] = context;
    vcpu->frame.pc = entry;
    vcpu->frame.pstate = SPSR_EL1H | SPSR_DAIF;
    vcpu->sysregs.sctlr = SCTLR_EL1_RESET;
    vcpu->cntv_ctl = 0;
    vcpu->cntv_cval = 0;
    vcpu->cntp_ctl = 0;
    vcpu->cntp_cval = 0;
    vcpu->fp_used = false;
    vcpu->last_cpu = CPU_NONE; /* FP registers that some pCPU may still hold for it are old ones. */
    vcpu->hcr = HCR_VM | HCR_SWIO | HCR_PTW | HCR_FMO | HCR_IMO | HCR_AMO | HCR_FB | HCR_BSU_IS | HCR_TID3 |
                HCR_TSC | HCR_TIDCP | HCR_TACR | HCR_RW | HCR_TLOR | HCR_TERR;
    gic()->vcpu_reset(&vcpu->gic);
    spin_lock(vgic_lock(vcpu->domain->vgic));
    (void)irq_unpark(vcpu); /* What waited for it here is reset with it. */
    vgic_vcpu_reset(vcpu->domain->vgic, vcpu->id);
    spin_unlock(vgic_lock(vcpu->domain->vgic));
}

void vcpu_use_fp(struct pcpu *cpu, struct vcpu *vcpu)
{
    sysreg_write(cptr_el2, CPTR_ALWAYS);
    barrier_isb(); /* FP instructions below do not trap. */
    if (cpu->fp_owner != vcpu) {
        fp_load(&vcpu->fp);
        cpu->fp_owner = vcpu;
    }
    vcpu->fp_used = true;
    vcpu->keeps = true;
}

static bool has_pan(void)
{
    return bits_get(sysreg_read(id_aa64mmfr1_el1), 23, 20) != 0;
}

/* Enter EL1's vector (Arm ARM D1.10.2) with @esr as syndrome. A vector that faults itself would go on for
 * ever: the domain has crashed. */
static void enter_el1(struct vcpu *vcpu, uint64_t esr)
{
    uint64_t mode = vcpu->frame.pstate & 0xf;
    bool aarch32 = (vcpu->frame.pstate & SPSR_AARCH32) != 0;
    uint64_t offset = aarch32 ? 0x600 : mode == 0 ? 0x400 : mode == SPSR_EL1H ? 0x200 : 0;
    uint64_t target = sysreg_read(vbar_el1) + offset;

    if (vcpu->frame.pc == target && ESR_EC(esr) != EC_DABT_SAME) {
        domain_crash(vcpu, "its exception vector cannot be executed");
        return;
    }
    sysreg_write(elr_el1, vcpu->frame.pc);
    sysreg_write(spsr_el1, vcpu->frame.pstate);
    sysreg_write(esr_el1, esr);
    vcpu->frame.pc = target;
    vcpu->frame.pstate = SPSR_EL1H | SPSR_DAIF | (vcpu->frame.pstate & SPSR_PAN);
    if (has_pan() && (sysreg_read(sctlr_el1) & SCTLR_SPAN) == 0) {
        vcpu->frame.pstate |= SPSR_PAN;
    }
}

void vcpu_inject_undefined(struct vcpu *vcpu)
{
    enter_el1(vcpu, ((uint64_t)EC_UNKNOWN << 26) | ESR_IL);
}

void vcpu_inject_abort(struct vcpu *vcpu, uint64_t addr, bool instruction)
{
    bool from_el0 =
        (vcpu->frame.pstate & (SPSR_AARCH32 | 0xf)) == 0 || (vcpu->frame.pstate & SPSR_AARCH32) != 0;
    uint64_t class;

    if (instruction) {
        class = from_el0 ? EC_IABT_LOWER : EC_IABT_SAME;
    } else {
        class = from_el0 ? EC_DABT_LOWER : EC_DABT_SAME;
    }
    sysreg_write(far_el1, addr);
    enter_el1(vcpu, (class << 26) | ESR_IL | FAULT_EXTERNAL_ABORT);
}

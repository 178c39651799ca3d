/* SPDX-License-Identifier: Apache-2.0 */
/* vcpu_regs.c - a vCPU's registers: reset, load, unload, FP on first use, exceptions put into the guest.
 *
 * A vCPU is loaded on at most one pCPU. It stays loaded while it sleeps there and nobody else runs. Order of
 * unloading: timers stopped, isb, interrupts folded, so that no timer fires for a vCPU that is gone. Order of
 * loading: interrupts, then timers. */
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
_Static_assert(sizeof(struct vcpu) <= PAGE_SIZE, "a vCPU fits a page");

/* GUEST_TIMER_VIRT_PPI and GUEST_TIMER_PHYS_NS_PPI of xen/arch-arm.h. */
#define PPI_VIRT_TIMER BIT32(27 - 16)
#define PPI_PHYS_TIMER BIT32(30 - 16)

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

static void save_sysregs(struct vcpu_sysregs *s)
{
    s->sctlr = sysreg_read(sctlr_el1);
    s->ttbr0 = sysreg_read(ttbr0_el1);
    s->ttbr1 = sysreg_read(ttbr1_el1);
    s->tcr = sysreg_read(tcr_el1);
    s->mair = sysreg_read(mair_el1);
    s->amair = sysreg_read(amair_el1);
    s->vbar = sysreg_read(vbar_el1);
    s->esr = sysreg_read(esr_el1);
    s->far = sysreg_read(far_el1);
    s->afsr0 = sysreg_read(afsr0_el1);
    s->afsr1 = sysreg_read(afsr1_el1);
    s->elr = sysreg_read(elr_el1);
    s->spsr = sysreg_read(spsr_el1);
    s->sp_el0 = sysreg_read(sp_el0);
    s->sp_el1 = sysreg_read(sp_el1);
    s->tpidr_el0 = sysreg_read(tpidr_el0);
    s->tpidrro_el0 = sysreg_read(tpidrro_el0);
    s->tpidr_el1 = sysreg_read(tpidr_el1);
    s->contextidr = sysreg_read(contextidr_el1);
    s->cpacr = sysreg_read(cpacr_el1);
    s->cntkctl = sysreg_read(cntkctl_el1);
    s->csselr = sysreg_read(csselr_el1);
    s->par = sysreg_read(par_el1);
}

static void load_sysregs(const struct vcpu_sysregs *s)
{
    sysreg_write(sctlr_el1, s->sctlr);
    sysreg_write(ttbr0_el1, s->ttbr0);
    sysreg_write(ttbr1_el1, s->ttbr1);
    sysreg_write(tcr_el1, s->tcr);
    sysreg_write(mair_el1, s->mair);
    sysreg_write(amair_el1, s->amair);
    sysreg_write(vbar_el1, s->vbar);
    sysreg_write(esr_el1, s->esr);
    sysreg_write(far_el1, s->far);
    sysreg_write(afsr0_el1, s->afsr0);
    sysreg_write(afsr1_el1, s->afsr1);
    sysreg_write(elr_el1, s->elr);
    sysreg_write(spsr_el1, s->spsr);
    sysreg_write(sp_el0, s->sp_el0);
    sysreg_write(sp_el1, s->sp_el1);
    sysreg_write(tpidr_el0, s->tpidr_el0);
    sysreg_write(tpidrro_el0, s->tpidrro_el0);
    sysreg_write(tpidr_el1, s->tpidr_el1);
    sysreg_write(contextidr_el1, s->contextidr);
    sysreg_write(cpacr_el1, s->cpacr);
    sysreg_write(cntkctl_el1, s->cntkctl);
    sysreg_write(csselr_el1, s->csselr);
    sysreg_write(par_el1, s->par);
}

/* When @ctl and @cval make a timer fire, in physical ticks; TIME_NEVER when they do not: the counter does not
 * come round. */
static uint64_t timer_deadline(uint64_t ctl, uint64_t cval, uint64_t offset)
{
    bool armed = (ctl & (CNT_CTL_ENABLE | CNT_CTL_IMASK)) == CNT_CTL_ENABLE;

    return armed && cval < TIME_NEVER - offset ? cval + offset : TIME_NEVER;
}

static void timers_unload(struct vcpu *vcpu)
{
    uint64_t deadline = TIME_NEVER;

    vcpu->cntv_ctl = sysreg_read(cntv_ctl_el0) & (CNT_CTL_ENABLE | CNT_CTL_IMASK);
    vcpu->cntv_cval = sysreg_read(cntv_cval_el0);
    vcpu->cntp_ctl = sysreg_read(cntp_ctl_el0) & (CNT_CTL_ENABLE | CNT_CTL_IMASK);
    vcpu->cntp_cval = sysreg_read(cntp_cval_el0);
    sysreg_write(cntv_ctl_el0, 0);
    sysreg_write(cntp_ctl_el0, 0);
    barrier_isb(); /* Both lines are low before their PPIs' state is touched. */
    if (vcpu->ppi_enable & PPI_VIRT_TIMER) {
        deadline = timer_deadline(vcpu->cntv_ctl, vcpu->cntv_cval, vcpu->domain->count_offset);
    }
    if (vcpu->ppi_enable & PPI_PHYS_TIMER) {
        deadline = min_u64(deadline, timer_deadline(vcpu->cntp_ctl, vcpu->cntp_cval, 0));
    }
    if (deadline != TIME_NEVER) {
        vcpu->timer_cpu = cpu_id();
        pcpu_timer_arm(&vcpu->timer, deadline);
    }
}

static void timers_load(struct vcpu *vcpu)
{
    pcpu_timer_disarm(vcpu->timer_cpu, &vcpu->timer);
    sysreg_write(cntvoff_el2, vcpu->domain->count_offset);
    sysreg_write(cntv_cval_el0, vcpu->cntv_cval);
    sysreg_write(cntp_cval_el0, vcpu->cntp_cval);
    sysreg_write(cntv_ctl_el0, vcpu->cntv_ctl);
    sysreg_write(cntp_ctl_el0, vcpu->cntp_ctl);
}

void vcpu_unload(struct pcpu *cpu)
{
    struct vcpu *vcpu = cpu->loaded;

    if (vcpu == NULL) {
        return;
    }
    if (vcpu->runstate.first != NULL) {
        runstate_area_update(vcpu);
    }
    timers_unload(vcpu);
    irq_vcpu_unload(cpu, vcpu);
    save_sysregs(&vcpu->sysregs);
    vcpu->hcr |= sysreg_read(hcr_el2) & HCR_VSE;
    if (vcpu->fp_used) {
        fp_save(&vcpu->fp);
        vcpu->fp_used = false; /* Saved, and still in the CPU: fp_owner remembers. */
    }
    cpu->loaded = NULL;
    atomic_store_explicit(&vcpu->loaded_cpu, CPU_NONE, memory_order_release);
    pcpu_reschedule(sched_saved(&vcpu->unit, time_now_ns()));
}

void vcpu_load(struct pcpu *cpu, struct vcpu *next)
{
    struct domain *domain = next->domain;
    unsigned id = (unsigned)cpu->base.id;

    ASSERT(cpu->loaded == NULL);
    cpu->loaded = next;
    /* Before the fill below: whoever changes the model after it finds where to send the kick (pairs with
     * vcpu_notice). */
    atomic_store(&next->loaded_cpu, id);
    sysreg_write(vttbr_el2,
                 domain->physmap.stage2.table.root.v | ((uint64_t)domain->physmap.stage2.vmid << 48));
    sysreg_write(vmpidr_el2, next->vmpidr);
    sysreg_write(vpidr_el2, sysreg_read(midr_el1));
    load_sysregs(&next->sysregs);
    /* A virtual SError that is still to be taken goes from the vCPU into the register, and nobody else's
     * stays. */
    sysreg_write(hcr_el2, next->hcr);
    next->hcr &= ~HCR_VSE;
    sysreg_write(cptr_el2, CPTR_ALWAYS | CPTR_TFP);
    if (domain->last_on[id] != next || next->last_cpu == CPU_NONE) {
        /* Another vCPU of this VMID has run here since, or this one was reset: what the TLB has of the VMID
         * is not this one's. What it changed while it was elsewhere is gone already: its invalidations are
         * broadcast. */
        barrier_isb(); /* VTTBR_EL2 first: the invalidation is for its VMID. */
        __asm__ volatile("tlbi vmalle1\n\tdsb nsh" ::: "memory");
        domain->last_on[id] = next;
    }
    if (next->last_cpu != id) {
        irq_follow(cpu, next);
        if (cpu->fp_owner == next) {
            cpu->fp_owner = NULL; /* What it left here long ago is not what it has now. */
        }
        next->last_cpu = id;
    }
    irq_vcpu_load(cpu, next);
    timers_load(next);
    if (next->runstate.first != NULL) {
        runstate_area_update(next);
    }
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

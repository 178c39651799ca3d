/* SPDX-License-Identifier: Apache-2.0 */
/* vcpu_switch.c - from the scheduler's choice to the registers: one vCPU's out, another's in.
 *
 * A vCPU is loaded on at most one pCPU. It stays loaded while it sleeps there and nobody else runs. Order of
 * unloading: timers stopped, isb, interrupts folded or parked, so that no timer fires for a vCPU that is
 * gone. Order of loading: interrupts, then timers. All of it is one function in the end, inlined into
 * vcpu_schedule(): a switch is counted in instructions (docs/measuring.md), and each call would add those
 * that save registers. */
#include "arch/barrier.h"
#include "arch/fp.h"
#include "arch/sysreg.h"
#include "core/domain.h"
#include "core/irq.h"
#include "core/pcpu.h"
#include "core/runstate_area.h"
#include "core/sched_setup.h"
#include "core/vcpu.h"
#include "lib/panic.h"

/* GUEST_TIMER_VIRT_PPI and GUEST_TIMER_PHYS_NS_PPI of xen/arch-arm.h. */
#define PPI_VIRT_TIMER BIT32(27 - 16)
#define PPI_PHYS_TIMER BIT32(30 - 16)

#define VMID_NOBODY 255u /* Domains have lower ones. */

#define INLINED __attribute__((always_inline))

/* When @ctl and @cval make a timer fire, in physical ticks; TIME_NEVER when they do not: the counter does not
 * come round. */
static uint64_t timer_deadline(uint64_t ctl, uint64_t cval, uint64_t offset)
{
    bool armed = (ctl & (CNT_CTL_ENABLE | CNT_CTL_IMASK)) == CNT_CTL_ENABLE;

    return armed && cval < TIME_NEVER - offset ? cval + offset : TIME_NEVER;
}

/* VTTBR_EL2 of a pCPU that has nobody's registers: an address space without anything in it. */
static uint64_t vttbr_nobody;

int vcpu_setup(void)
{
    static struct stage2 nobody;
    int error = stage2_init(&nobody, DOMID_HV, VMID_NOBODY);

    vttbr_nobody = nobody.table.root.v | (uint64_t)nobody.vmid << 48;
    return error;
}

/* Off its pCPU a software timer stands in for the earlier of both. */
__attribute__((noinline)) static void stand_in(struct vcpu *vcpu)
{
    uint64_t deadline = TIME_NEVER;

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

INLINED static inline void timers_unload(struct vcpu *vcpu)
{
    uint64_t cntv_ctl = sysreg_read(cntv_ctl_el0) & (CNT_CTL_ENABLE | CNT_CTL_IMASK);
    uint64_t cntv_cval = sysreg_read(cntv_cval_el0);
    uint64_t cntp_ctl = sysreg_read(cntp_ctl_el0) & (CNT_CTL_ENABLE | CNT_CTL_IMASK);
    uint64_t cntp_cval = sysreg_read(cntp_cval_el0);

    sysreg_write(cntv_ctl_el0, 0);
    sysreg_write(cntp_ctl_el0, 0);
    barrier_isb(); /* Both lines are low before their PPIs' state is touched. */
    vcpu->cntv_ctl = cntv_ctl;
    vcpu->cntv_cval = cntv_cval;
    vcpu->cntp_ctl = cntp_ctl;
    vcpu->cntp_cval = cntp_cval;
    vcpu->timer_cpu = CPU_NONE;
    if (((cntv_ctl | cntp_ctl) & CNT_CTL_ENABLE) != 0) {
        stand_in(vcpu);
    }
}

INLINED static inline void timers_load(struct vcpu *vcpu, const struct domain *domain)
{
    uint64_t cntv_ctl = vcpu->cntv_ctl, cntv_cval = vcpu->cntv_cval;
    uint64_t cntp_ctl = vcpu->cntp_ctl, cntp_cval = vcpu->cntp_cval;

    if (vcpu->timer_cpu != CPU_NONE) {
        pcpu_timer_disarm(vcpu->timer_cpu, &vcpu->timer);
    }
    sysreg_write(cntvoff_el2, domain->count_offset);
    sysreg_write(cntv_cval_el0, cntv_cval);
    sysreg_write(cntp_cval_el0, cntp_cval);
    sysreg_write(cntv_ctl_el0, cntv_ctl);
    sysreg_write(cntp_ctl_el0, cntp_ctl);
}

/* What not every vCPU that leaves has in the CPU. */
__attribute__((noinline)) static void keep(struct vcpu *vcpu)
{
    if (vcpu->fp_used) {
        fp_save(&vcpu->fp);
        vcpu->fp_used = false; /* Saved, and still in the CPU: fp_owner remembers. */
    }
    /* The CPU clears it when the guest takes its virtual SError. */
    vcpu->hcr = (vcpu->hcr & ~HCR_VSE) | (sysreg_read(hcr_el2) & HCR_VSE);
    vcpu->keeps = (vcpu->hcr & HCR_VSE) != 0;
}

/* Take the loaded vCPU's registers off this pCPU. It stays on_cpu for the scheduler. */
INLINED static inline void unload(struct pcpu *cpu, struct vcpu *vcpu)
{
    timers_unload(vcpu);
    irq_vcpu_unload(cpu, vcpu);
    el1_save(&vcpu->sysregs);
    if (vcpu->keeps) {
        keep(vcpu);
    }
    cpu->loaded = NULL;
    atomic_store_explicit(&vcpu->loaded_cpu, CPU_NONE, memory_order_release);
}

/* @next ran elsewhere since it ran here, or was reset. */
__attribute__((noinline)) static void arrive(struct pcpu *cpu, struct vcpu *next)
{
    irq_follow(cpu, next);
    if (cpu->fp_owner == next) {
        cpu->fp_owner = NULL; /* What it left here long ago is not what it has now. */
    }
    next->last_cpu = (unsigned)cpu->base.id;
}

/* Put @next's registers into this pCPU, which holds nobody's; HCR_EL2 is left to set_hcr(). */
INLINED static inline void load(struct pcpu *cpu, struct vcpu *next)
{
    struct domain *domain = next->domain;
    unsigned id = (unsigned)cpu->base.id, last;

    ASSERT(cpu->loaded == NULL);
    cpu->loaded = next;
    /* Before the fill below: whoever changes the model after it finds where to send the kick (pairs with
     * vcpu_notice). */
    atomic_store(&next->loaded_cpu, id);
    last = atomic_load(&next->last_cpu); /* After that: irq_send_to(). */
    sysreg_write(vttbr_el2, domain->vttbr);
    sysreg_write(vmpidr_el2, next->vmpidr);
    el1_load(&next->sysregs);
    sysreg_write(cptr_el2, CPTR_ALWAYS | CPTR_TFP);
    if (domain->last_on[id] != next || last == CPU_NONE) {
        /* Another vCPU of this VMID has run here since, or this one was reset: what the TLB has of the VMID
         * is not this one's. What it changed while it was elsewhere is gone already: its invalidations are
         * broadcast. */
        barrier_isb(); /* VTTBR_EL2 first: the invalidation is for its VMID. */
        __asm__ volatile("tlbi vmalle1\n\tdsb nsh" ::: "memory");
        domain->last_on[id] = next;
    }
    if (last != id) {
        arrive(cpu, next);
    }
    irq_vcpu_load(cpu, next);
    timers_load(next, domain);
    if (next->runstate.first != NULL) {
        runstate_area_update(next);
    }
}

/* HCR_EL2 of the loaded vCPU. A virtual SError that is still to be taken is in vcpu->hcr when it was just
 * loaded, else in the register. */
static void set_hcr(const struct pcpu *cpu, const struct vcpu *vcpu, bool alone, bool loaded)
{
    uint64_t hcr = loaded ? vcpu->hcr : (vcpu->hcr & ~HCR_VSE) | (sysreg_read(hcr_el2) & HCR_VSE);

    sysreg_write(hcr_el2, hcr | cpu->wfi_hcr[alone]);
}

/* May @vcpu not stay loaded on @cpu, which is idle? It is wanted elsewhere, or may not run: PSCI and the
 * toolstack wait for its registers; or it may not use @cpu any more. */
static bool must_unload(const struct pcpu *cpu, const struct vcpu *vcpu)
{
    uint32_t cpus = vcpu->unit.hard_affinity & vcpu->unit.pool->cpus;

    return vcpu->unit.awake || !vcpu->may_run || (cpus & BIT32(cpu->base.id)) == 0;
}

/* @choice is who runs here now; @loaded is nobody, or the same, or one that sleeps. */
INLINED static inline bool enact(struct pcpu *cpu, const struct vcpu *loaded,
                                 const struct sched_choice *choice)
{
    struct vcpu *next = choice->next != NULL ? vcpu_of_unit(choice->next) : NULL;
    bool loads = next != NULL && loaded == NULL;

    if (loads) {
        load(cpu, next);
    }
    cpu->current = next;
    cpu->alone = choice->alone;
    if (next != NULL) {
        set_hcr(cpu, next, choice->alone, loads);
    } else if (cpu->loaded == NULL) { /* A CPU may walk tables ahead: none that may be freed. */
        sysreg_write(vttbr_el2, vttbr_nobody);
    }
    /* At the slice's end or after it, never before. */
    pcpu_set_slice(cpu, choice->until_ns != TIME_NEVER ? ticks_from_ns(choice->until_ns) + 1 : TIME_NEVER);
    if (choice->kick != 0) {
        pcpu_reschedule(choice->kick);
    }
    return loads;
}

/* That it goes is as good as certain. With its registers put away first, choosing and letting go of it are
 * one visit to the scheduler. */
bool vcpu_give_way(struct pcpu *cpu)
{
    struct vcpu *vcpu = cpu->loaded;
    struct sched_choice choice;

    cpu->pauses = 0;                    /* It does not doze. */
    if (vcpu->runstate.first != NULL) { /* Its area is told of the choice before it is let go. */
        return vcpu_schedule(cpu);
    }
    unload(cpu, vcpu);
    sched_pick_saved(cpu->pool, (unsigned)cpu->base.id, time_now_ns(), &choice);
    return enact(cpu, NULL, &choice);
}

bool vcpu_schedule(struct pcpu *cpu)
{
    struct vcpu *loaded = cpu->loaded;
    struct sched_choice choice;
    const struct vcpu *next;
    uint64_t now_ns;

    vcpu_end_doze(cpu);
    now_ns = time_now_ns();
    choice = sched_pick(__atomic_load_n(&cpu->pool, __ATOMIC_RELAXED), (unsigned)cpu->base.id, now_ns);
    next = choice.next != NULL ? vcpu_of_unit(choice.next) : NULL;
    if (loaded != NULL && next != loaded && (next != NULL || must_unload(cpu, loaded))) {
        if (loaded->runstate.first != NULL) {
            runstate_area_update(loaded);
        }
        unload(cpu, loaded);
        choice.kick |= sched_saved(&loaded->unit, now_ns);
        loaded = NULL;
    }
    return enact(cpu, loaded, &choice);
}

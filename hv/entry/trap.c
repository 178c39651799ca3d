/* SPDX-License-Identifier: Apache-2.0 */
/* trap.c - what brings a guest to EL2, and trap_exit(), the only way back. Called by vectors.S on this pCPU's
 * stack with the guest's registers in its frame; what is returned is the vCPU to run. */
#include "entry/trap.h"

#include "arch/cpu.h"
#include "arch/mmu.h"
#include "arch/sysreg.h"
#include "boot/guests.h"
#include "core/domain.h"
#include "core/events.h"
#include "core/guest_log.h"
#include "core/irq.h"
#include "core/pcpu.h"
#include "core/trace.h"
#include "drivers/gic.h"
#include "entry/traced.h"
#include "hcall/hypercall.h"
#include "lib/log.h"
#include "lib/panic.h"
#include "vdev/mmio.h"
#include "vdev/sysreg.h"
#include "vdev/vpsci.h"

#define HVC_DEBUG_FIRST 0xff00u

#define INLINED __attribute__((always_inline))

/* Carry out an acknowledged interrupt. More may wait: while a guest runs the next one follows at once, so
 * that nobody's storm holds EL2. */
static void take_interrupt(struct pcpu *cpu, uint32_t iar)
{
    const struct gic_driver *g = gic();
    uint32_t intid = iar & g->intid_mask;
    bool done;

    if (intid >= GIC_INTID_MAX) {
        /* An LPI that firmware left on: nobody's, and it knows no active state. */
        if (intid > GIC_INTID_NONE) {
            g->eoi(iar);
        }
        return;
    }
    done = irq_dispatch(cpu, intid); /* IRQ PATH 3/7: to its owner. */
    /* IRQ PATH 6/7: drop the priority; the guest's own end deactivates it. */
    g->eoi(iar);
    if (done) {
        g->deactivate(iar);
    }
}

struct vcpu *trap_irq_acknowledged(struct vcpu *vcpu, uint32_t iar)
{
    (void)vcpu;
    take_interrupt(this_cpu(), iar);
    return trap_exit();
}

void trap_take(uint32_t iar)
{
    take_interrupt(this_cpu(), iar);
}

struct vcpu *trap_irq(struct vcpu *vcpu)
{
    return trap_irq_acknowledged(vcpu, gic()->ack()); /* IRQ PATH 2/7: what is it? */
}

/* Nobody to run: sleep until an interrupt is pending, take it. Interrupts stay masked: a pending one ends the
 * wfi all the same. A wish of this pCPU's own comes with none. */
INLINED static inline void idle(struct pcpu *cpu, bool traced)
{
    if (atomic_load_explicit(&cpu->work, memory_order_relaxed) == 0) {
        if (traced && cpu->current != NULL) {
            trace_sched_doze(&cpu->current->unit, true);
            cpu_wait_for_interrupt();
            trace_sched_doze(&cpu->current->unit, false);
        } else {
            cpu_wait_for_interrupt();
        }
    }
    if (traced) {
        traced_interrupt();
    } else {
        take_interrupt(cpu, gic()->ack());
    }
}

static bool is_stale(const struct vcpu *vcpu)
{
    return atomic_load_explicit(vcpu->stale, memory_order_relaxed);
}

__attribute__((noinline, cold)) static void rare_work(struct pcpu *cpu)
{
    if (pcpu_must_halt()) {
        pcpu_halt();
    }
    trace_notify();
    traced_set_vectors(cpu, trace_wants_traps(cpu));
}

/* There is something to do before a guest may run, or nobody to run. @loaded: whether a vCPU was loaded, then
 * or now.
 *
 * A choice that finds somebody to run ends the stay, however soon another is asked for, so that a stay has
 * one switch at most. Invariant: when a guest runs here with work asked for, a kick is pending or on its way.
 * For another pCPU asks first and kicks after (pcpu_reschedule), and no interrupt is taken here between the
 * choice, which takes all that was asked for, and the guest; for what this pCPU asked of itself meanwhile it
 * kicks itself. Nor do kicks keep a guest from running for ever: who runs stays for the scheduler's
 * ratelimit. */
INLINED static inline struct vcpu *exit_loop(struct pcpu *cpu, bool *loaded, bool traced)
{
    bool changed = *loaded;
    struct vcpu *vcpu;

    for (;;) {
        if (atomic_load_explicit(&cpu->work, memory_order_relaxed) != 0) {
            uint32_t work = atomic_exchange(&cpu->work, 0);

            if (work & PCPU_RARE) {
                rare_work(cpu);
            }
            if (work & PCPU_LOGGED) {
                events_raise_global(VIRQ_CON_RING);
                changed = true; /* Whom that wakes is seen to below. */
            }
            if (work & PCPU_RESCHEDULE) {
                *loaded = vcpu_schedule(cpu) || *loaded;
                changed = true;
            }
        }
        vcpu = cpu->current;
        if (vcpu != NULL && cpu->pauses == 0) {
            break;
        }
        idle(cpu, traced);
    }
    if (is_stale(vcpu)) {
        irq_update(cpu, vcpu);
        changed = true;
    }
    if (CONFIG_DEBUG) {
        irq_check_fast_path(cpu, vcpu, changed);
    }
    if (!changed) {
        *loaded = false; /* It is: who loads changes something. So the compiler knows. */
        return vcpu;
    }
    if (atomic_load_explicit(&cpu->work, memory_order_relaxed) != 0) {
        pcpu_kick_self();
    }
    return vcpu;
}

/* (Not inlined: trap_exit() needs no frame.) */
__attribute__((noinline)) static struct vcpu *exit_with_work(struct pcpu *cpu, bool loaded)
{
    struct vcpu *vcpu = exit_loop(cpu, &loaded, false);

    if (loaded) {
        guest_return(vcpu); /* Nothing of the CPU is its own, though it may have been the last to run here. */
    }
    return vcpu;
}

/* The running vCPU yields: to another, as a rule, with nothing else to do. */
__attribute__((noinline)) static struct vcpu *exit_by_yield(struct pcpu *cpu)
{
    if (!vcpu_give_way(cpu) || CONFIG_DEBUG || atomic_load_explicit(&cpu->work, memory_order_relaxed) != 0) {
        return exit_with_work(cpu, true);
    }
    guest_return(cpu->current); /* Just loaded, so not stale: who makes it so sends a kick. */
}

struct vcpu *trap_exit(void)
{
    struct pcpu *cpu = this_cpu();
    struct vcpu *vcpu = cpu->current;

    if (atomic_load_explicit(&cpu->work, memory_order_relaxed) != 0 || vcpu == NULL || cpu->pauses != 0 ||
        is_stale(vcpu)) {
        return cpu->pauses == PCPU_YIELDS ? exit_by_yield(cpu) : exit_with_work(cpu, false);
    }
    if (CONFIG_DEBUG) {
        irq_check_fast_path(cpu, vcpu, false);
    }
    return vcpu;
}

struct vcpu *trap_exit_traced(void)
{
    struct pcpu *cpu = this_cpu();
    bool loaded = false;

    if (cpu->pauses == PCPU_YIELDS) {
        (void)vcpu_give_way(cpu);
        loaded = true;
    }
    return exit_loop(cpu, &loaded, true);
}

void trap_hvc(struct vcpu *vcpu, uint64_t esr)
{
    uint32_t immediate = (uint32_t)esr & 0xffff;

    /* ELR is behind the instruction already. */
    if (immediate == HVC_XEN) {
        hypercall(vcpu);
    } else if (immediate == 0) {
        vpsci_call(vcpu);
    } else if (CONFIG_DEBUG && immediate >= HVC_DEBUG_FIRST) {
        hypercall_debug_trap(vcpu, immediate);
    } else {
        vcpu->frame.pc -= 4; /* An undefined instruction is returned to, not stepped over. */
        vcpu_inject_undefined(vcpu);
    }
}

static void trap_smc(struct vcpu *vcpu, uint64_t esr)
{
    (void)esr;
    vcpu_skip(vcpu); /* Trapped before it is carried out: ELR is still at the instruction. */
    vpsci_call(vcpu);
}

static void trap_wfx(struct vcpu *vcpu, uint64_t esr)
{
    vcpu_skip(vcpu);
    if (esr & BIT64(0)) { /* WFE: a spinning guest; let others of equal standing go first. */
        vcpu_yield(vcpu);
    } else {
        vcpu_wait(vcpu);
    }
}

static void trap_fp(struct vcpu *vcpu, uint64_t esr)
{
    (void)esr;
    vcpu_use_fp(this_cpu(), vcpu);
}

static void trap_sysreg(struct vcpu *vcpu, uint64_t esr)
{
    vsysreg_access(vcpu, (uint32_t)ESR_ISS(esr));
}

/* What no architecture we enable can do: AArch32 traps, SVE, an illegal return. */
static void trap_other(struct vcpu *vcpu, uint64_t esr)
{
    guest_log(vcpu, "trap with syndrome 0x%lx at 0x%lx", (unsigned long)esr, (unsigned long)vcpu->frame.pc);
    vcpu_inject_undefined(vcpu);
}

/* By exception class. (The compiler makes a table of it.) */
static void (*find_trap(uint64_t class))(struct vcpu *vcpu, uint64_t esr)
{
    switch (class) {
    case EC_SMC64:
        return trap_smc;
    case EC_WFX:
        return trap_wfx;
    case EC_FP:
        return trap_fp;
    case EC_SYSREG:
        return trap_sysreg;
    case EC_DABT_LOWER:
    case EC_IABT_LOWER:
        return vmmio_fault;
    default:
        return trap_other;
    }
}

void trap_sync(struct vcpu *vcpu, uint64_t esr)
{
    find_trap(ESR_EC(esr))(vcpu, esr);
}

struct vcpu *trap_serror(struct vcpu *vcpu, uint64_t esr)
{
    guest_log(vcpu, "SError, syndrome 0x%lx: passed on to it", (unsigned long)esr);
    vcpu->keeps = true;
    sysreg_write(hcr_el2, sysreg_read(hcr_el2) | HCR_VSE);
    return trap_exit();
}

/* Is @sp in the unmapped part below a pCPU's stack? */
static bool below_stack(uint64_t sp)
{
    return sp - STACK_BASE < CPU_MAX * STACK_STRIDE &&
           sp % STACK_STRIDE < STACK_STRIDE - PAGE_SIZE - STACK_BYTES;
}

_Noreturn void trap_own_fault(unsigned vector, uint64_t sp, uint64_t lr)
{
    static const char *const names[] = {"synchronous, SP_EL0", "IRQ, SP_EL0", "FIQ, SP_EL0", "SError, SP_EL0",
                                        "synchronous",         "IRQ",         "FIQ",         "SError"};
    const char *what = vector < ARRAY_COUNT(names) ? names[vector] : "unknown";

    panic("EL2 exception (%s): esr 0x%lx elr 0x%lx far 0x%lx sp 0x%lx lr 0x%lx%s", what,
          (unsigned long)sysreg_read(esr_el2), (unsigned long)sysreg_read(elr_el2),
          (unsigned long)sysreg_read(far_el2), (unsigned long)sp, (unsigned long)lr,
          vector == 4 && below_stack(sp) ? " (stack overflow)" : "");
}

_Noreturn void guests_run(void)
{
    struct pcpu *cpu = this_cpu();

    if (cpu->pool == NULL) { /* Came too late, after it had been given up. */
        cpu_halt();
    }
    atomic_fetch_or(&cpu->work, PCPU_RESCHEDULE);
    guest_return(trap_exit());
}

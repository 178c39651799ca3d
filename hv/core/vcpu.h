/* SPDX-License-Identifier: Apache-2.0 */
/* vcpu.h - a virtual CPU: its registers while it is not on a pCPU, and what puts them there. */
#ifndef CORE_VCPU_H
#define CORE_VCPU_H

#include <stdatomic.h>

#include "arch/sysreg.h"
#include "base/timer.h"
#include "core/evtchn.h"
#include "core/runstate_area.h"
#include "drivers/gic.h"
#include "lib/types.h"
#include "sched/sched.h"

struct domain;
struct pcpu;
struct vgic_vcpu;

/* General registers. Saved by every trap; core/layout.h has the offsets. */
struct frame {
    uint64_t x[31];
    uint64_t pc, pstate;
    uint64_t unused;
};

/* EL1 and EL0 system registers that belong to the guest; they stay in the CPU until another vCPU is
 * loaded. core/el1_regs.S moves them and knows their order. */
struct vcpu_sysregs {
    uint64_t sctlr, ttbr0, ttbr1, tcr, mair, amair, vbar, esr, far, afsr0, afsr1, elr, spsr;
    uint64_t sp_el0, sp_el1, tpidr_el0, tpidrro_el0, tpidr_el1, contextidr, cpacr, cntkctl, csselr, par;
};

void el1_save(struct vcpu_sysregs *to);
void el1_load(const struct vcpu_sysregs *from);

struct vcpu_fp {
    uint8_t q[32][16];
    uint64_t fpcr, fpsr;
} __attribute__((aligned(16)));

struct vcpu {
    struct frame frame; /* First: core/layout.h. */
    struct domain *domain;
    const _Atomic uint8_t *stale; /* vgic_stale_flag() of this vCPU. */
    struct vgic_vcpu *vgic;       /* vgic_of_vcpu() */
    unsigned id;
    uint64_t hcr, vmpidr;
    uint64_t cntv_ctl, cntv_cval, cntp_ctl, cntp_cval;
    bool keeps; /* Its FP registers or a virtual SError may be in the CPU, and are kept when it leaves. */
    struct sched_unit unit;
    _Atomic unsigned loaded_cpu; /* pCPU whose registers hold it; CPU_NONE. */
    _Atomic unsigned
        last_cpu; /* Where it was loaded last; CPU_NONE: nowhere, or it will not come back there. */
    bool powered; /* PSCI: on. Guarded by the domain's power lock, as is */
    bool may_run; /* Powered, and its domain is neither paused nor stopped. */
    bool waited;  /* When it might run last, it was asleep: to be told, not acted on. */
    _Atomic unsigned
        irq_cpu; /* Where its linked SPIs go; CPU_NONE: nowhere yet. Changed with the vGIC's lock. */
    struct vcpu_sysregs sysregs;
    struct timer timer; /* Stands in for both while it is off its pCPU. */
    unsigned timer_cpu; /* Where it was armed when it last left its pCPU; CPU_NONE: it was not. */
    struct gic_vcpu_state gic;
    _Atomic bool parked; /* Off its pCPU, list registers empty, the last fill still good: core/irq.c. */
    uint16_t
        ppi_enable; /* Of the last fill: linked PPIs that the guest enabled, and the bound list registers. */
    uint32_t bound_slots;
    uint16_t bound_intid[GIC_LR_MAX];
    uint64_t bound_value[GIC_LR_MAX];
    struct vcpu_fp fp;
    bool fp_used;            /* The FP registers in the CPU are newer than fp. */
    struct timer poll_timer; /* SCHEDOP_poll's end. */
    unsigned poll_cpu;
    struct evtchn_vcpu events;
    struct runstate_area runstate;
} __attribute__((aligned(16)));

static inline struct vcpu *vcpu_of_unit(struct sched_unit *unit)
{
    return CONTAINER_OF(unit, struct vcpu, unit);
}

/* Registers of a CPU that PSCI switches on: EL1, MMU off, pc at @entry, x0 = @context. The vCPU is not
 * loaded. */
void vcpu_reset(struct vcpu *vcpu, uint64_t entry, uint64_t context);

/* Boot CPU, once, before any vCPU. 0 or -ENOMEM. */
int vcpu_setup(void);

/* First use of FP since it was loaded: make its registers the ones in the CPU. */
void vcpu_use_fp(struct pcpu *cpu, struct vcpu *vcpu);

/* Something has come for @vcpu: wake it, and make the pCPU that holds it look. Any CPU, no lock held. */
void vcpu_notice(struct vcpu *vcpu);
/* The same, of an event that the running vCPU @by sends. */
void vcpu_notice_from(struct vcpu *vcpu, const struct vcpu *by);

/* Choose who runs on this pCPU and load it. Returns whether it was not loaded before: its general registers
 * are in its frame alone. */
bool vcpu_schedule(struct pcpu *cpu);

/* The same when the running vCPU yields (PCPU_YIELDS), and others wait. */
bool vcpu_give_way(struct pcpu *cpu);

/* The running vCPU waits for an interrupt, or its timer, and does not go on before (SCHEDOP_block, poll,
 * CPU_SUSPEND). */
void vcpu_block(struct vcpu *vcpu);

/* It waits by wfi, which may end for no reason: cheaper while nobody else wants the pCPU. */
void vcpu_wait(struct vcpu *vcpu);

/* The running vCPU sleeps in place, and something came: it goes on. */
void vcpu_wake_from_doze(struct pcpu *cpu);

/* Where @vcpu may run has changed: make it leave a pCPU that it may not use any more, and its physical
 * interrupts too. Returns whether that is done; it soon is. Any CPU, no lock held. */
bool vcpu_settle(struct vcpu *vcpu);

/* For how long @vcpu has slept in place by now; 0: it does not. Any CPU; for reports, for it may have ended.
 */
uint64_t vcpu_doze_ns(const struct vcpu *vcpu);

/* Switch @vcpu off or, powered on by vcpu_reset() before, on. With its domain's power lock, or while it
 * cannot run. */
void vcpu_stop(struct vcpu *vcpu);
void vcpu_start(struct vcpu *vcpu);

/* Its domain is paused or has stopped: it runs no further, and what comes for it waits. Or it goes on: what
 * it slept for may not have come, which it must expect. With the domain's power lock. */
void vcpu_hold(struct vcpu *vcpu);
void vcpu_go_on(struct vcpu *vcpu);

/* Does it run nowhere, its registers in memory? */
static inline bool vcpu_is_off(const struct vcpu *vcpu)
{
    return !vcpu->may_run && !vcpu->unit.on_cpu && atomic_load(&vcpu->loaded_cpu) == CPU_NONE;
}

/* Inject an exception into the running vCPU (Arm ARM D1.10): undefined instruction, or abort on @addr. */
void vcpu_inject_undefined(struct vcpu *vcpu);
void vcpu_inject_abort(struct vcpu *vcpu, uint64_t addr, bool instruction);

/* Step over the trapped instruction, which ESR_EL2 tells of: a program at EL0 may be AArch32 and have short
 * ones. */
static inline void vcpu_skip(struct vcpu *vcpu)
{
    vcpu->frame.pc += (sysreg_read(esr_el2) & ESR_IL) != 0 ? 4 : 2;
}

/* Register @n of the frame as an operand: 31 is the zero register. */
static inline uint64_t vcpu_x(const struct vcpu *vcpu, unsigned n)
{
    return n < 31 ? vcpu->frame.x[n] : 0;
}

static inline void vcpu_set_x(struct vcpu *vcpu, unsigned n, uint64_t value)
{
    if (n < 31) {
        vcpu->frame.x[n] = value;
    }
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* pcpu.h - what each physical CPU keeps: which vCPU is loaded, what it must do before it returns to a guest,
 * its timers, and which interrupts the fast path may inject. */
#ifndef CORE_PCPU_H
#define CORE_PCPU_H

#include <stdatomic.h>

#include "arch/cpu.h"
#include "arch/spinlock.h"
#include "base/timer.h"
#include "core/vcpu.h"
#include "lib/gic.h"

struct sched_pool;

/* GICv2's IAR is masked to ten bits: every index it can give is in the table. */
#define BOUND_INTID_COUNT 1024

/* Reasons for trap_exit() to do more than return. Set by any CPU, taken by the own one. */
#define PCPU_RESCHEDULE BIT32(0)
#define PCPU_RARE BIT32(1) /* What is seldom asked for: pcpu_must_halt(), core/trace.h. */
#define PCPU_QUIET                                                                                           \
    BIT32(2) /* Nothing: that it is taken shows that a stay has ended (core/domain_destroy.c). */

#define PCPU_LOGGED BIT32(3) /* The log has a new line: the control domain may want to know. */

/* A bound list register: what to write when its interrupt fires, and where: entry/fast_irq.S. */
struct bound_lr {
    uint64_t value;
    uint64_t place;
};

/* Sleeps in place, since doze_since; lets others go first, who wait. Its pCPU's own words. */
#define PCPU_DOZES BIT32(0)
#define PCPU_YIELDS BIT32(1)

struct pcpu {
    struct cpu_base base; /* First: arch/cpu.h. */
    uint64_t stack_top;
    uint64_t gicc_base; /* GICv2: the CPU interface, for the fast path. */
    uint64_t unused;
    /* Bound list registers (vgic/vgic.h, struct vgic_fill): INTID -> slot + 1, 0: take the full path. */
    struct bound_lr bound[GIC_LR_MAX];
    uint8_t bound_slot[BOUND_INTID_COUNT];
    uint32_t bound_slots; /* Those with an entry, and which. */
    uint16_t bound_intid[GIC_LR_MAX];

    /* Whose registers are in the CPU: it runs, or sleeps here with nobody else to run. */
    struct vcpu *loaded;
    struct vcpu *current;  /* Who runs; NULL: idle. */
    struct vcpu *fp_owner; /* Whose FP registers are in the CPU, if that vCPU says so too. */
    bool alone;            /* Nobody else waits for this pCPU: sched_pick()'s word. */
    uint32_t pauses;       /* PCPU_DOZES, PCPU_YIELDS: why the running vCPU does not simply go on. */
    uint64_t wfi_hcr[2];   /* Bits of HCR_EL2 that trap wfi and wfe, by that word. */
    /* The running vCPU sleeps in place since then (ticks): see core/vcpu_run.c. */
    uint64_t doze_since;
    uint64_t dozed_ns; /* How long its vCPUs have slept in place, up to that. */
    _Atomic uint32_t work;
    uint32_t lr_mask;      /* Bit per list register of the hardware. */
    uint16_t ppi_enabled;  /* Linked PPIs that are enabled in the physical GIC. */
    bool vif_none_pending; /* What gic()->vif_set() was told last. */
    bool ppi_unknown;      /* One may be active that no list register tells of. */
    _Atomic bool online;
    struct sched_pool *pool;
    struct spinlock timer_lock; /* LOCK_RANK_TIMER: guards timers. */
    struct timer_queue timers;
    /* Ticks; its own words, no lock. The hardware fires at the earliest of slice and timers, or before. */
    uint64_t slice_end;       /* TIME_NEVER: none. */
    uint64_t timer_deadline;  /* What the hardware was told; TIME_NEVER: nothing. */
    _Atomic uint32_t copying; /* Of whose memory something is being copied: core/guest_mem.c. */
};

static inline struct pcpu *this_cpu(void)
{
    return (struct pcpu *)(void *)cpu_base();
}

/* Any pCPU by index. */
struct pcpu *pcpu_get(unsigned cpu);

/* Make index @cpu's structure ready. Boot CPU, for each CPU before it starts. */
void pcpu_init(unsigned cpu, uint64_t stack_top);

/* Mask of pCPUs that take part. */
uint32_t pcpu_online_mask(void);
void pcpu_set_online(unsigned cpu);

/* Ask every pCPU in @cpus to choose again whom it runs. Any CPU, no lock of rank above LOCK_RANK_SCHED
 * held. */
void pcpu_reschedule(uint32_t cpus);

/* Make @cpu leave its guest and pass trap_exit() soon; nothing when it is this one, which is there
 * already. */
void pcpu_kick(unsigned cpu);

/* Come back to EL2 as soon as a guest runs on this pCPU: there is more to do than one stay should. */
void pcpu_kick_self(void);

/* Ask the pCPUs of the mask, this one perhaps among them, to see what PCPU_RARE may mean. Any CPU. */
void pcpu_ask_rare(uint32_t cpus);

/* Does another pCPU panic? */
bool pcpu_must_halt(void);

/* Make all others halt, and wait a moment for it: one that waits for a lock does not come. Any CPU, in a
 * panic. */
void pcpu_halt_others(void);

/* The own part of it: this pCPU is gone. */
_Noreturn void pcpu_halt(void);

/* Let the hypervisor's timer fire at @deadline; TIME_NEVER: not at all. */
void pcpu_timer_program(struct pcpu *cpu, uint64_t deadline);

/* Arm @timer on this pCPU for @deadline (physical counter ticks); disarm one armed on @cpu. */
void pcpu_timer_arm(struct timer *timer, uint64_t deadline);
void pcpu_timer_disarm(unsigned cpu, struct timer *timer);

/* This pCPU chooses again whom it runs at @deadline (ticks); TIME_NEVER: not for that reason. One that moves
 * back does not touch the hardware, which then fires for nothing once: slices are made much more often than
 * they end. */
static inline void pcpu_set_slice(struct pcpu *cpu, uint64_t deadline)
{
    cpu->slice_end = deadline;
    if (deadline < cpu->timer_deadline) {
        pcpu_timer_program(cpu, deadline);
    }
}

/* The hypervisor timer's interrupt: run what has expired. */
void pcpu_timer_interrupt(void);

/* 32.32 fixed point, exact to a part in 2^32. time_init() sets it, and nobody else. */
extern struct time_scale {
    uint64_t ns_per_tick, ticks_per_ns;
} time_scale;

static inline uint64_t ns_from_ticks(uint64_t ticks)
{
    return (uint64_t)(((unsigned __int128)ticks * time_scale.ns_per_tick) >> 32);
}

static inline uint64_t ticks_from_ns(uint64_t ns)
{
    return (uint64_t)(((unsigned __int128)ns * time_scale.ticks_per_ns) >> 32);
}

/* Nanoseconds since boot, on the physical counter. */
static inline uint64_t time_now_ns(void)
{
    return ns_from_ticks(cpu_count_ticks());
}

/* Fix the counter's frequency, and what the tree says it is (0: it does not). Boot CPU, first. */
void time_init(uint32_t frequency_hz, uint32_t tree_hz);
/* What the tree says, for guests' trees: CNTFRQ_EL0 may be wrong then. */
uint32_t time_tree_hz(void);

/* Something came: if the running vCPU slept in place, it goes on. */
static inline void vcpu_end_doze(struct pcpu *cpu)
{
    if ((cpu->pauses & PCPU_DOZES) != 0) {
        vcpu_wake_from_doze(cpu);
    }
}

/* The running vCPU lets others of equal standing go first. Nothing when there are none: when there are, the
 * scheduler says so. */
static inline void vcpu_yield(struct vcpu *vcpu)
{
    struct pcpu *cpu = this_cpu();

    if (!cpu->alone) {
        sched_yield(&vcpu->unit);
        cpu->pauses |= PCPU_YIELDS;
    }
}

#endif

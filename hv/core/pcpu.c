/* SPDX-License-Identifier: Apache-2.0 */
/* pcpu.c - physical CPUs: their structures, how they call each other, their timers, the clock. */
#include "core/pcpu.h"

#include "arch/barrier.h"
#include "arch/sysreg.h"
#include "core/irq.h"
#include "core/layout.h"
#include "drivers/gic.h"
#include "lib/lock_rank.h"
#include "lib/panic.h"

_Static_assert(offsetof(struct pcpu, stack_top) == PCPU_STACK_TOP, "core/layout.h");
_Static_assert(offsetof(struct pcpu, gicc_base) == PCPU_GICC, "core/layout.h");
_Static_assert(offsetof(struct pcpu, bound) == PCPU_BOUND, "core/layout.h");
_Static_assert(sizeof(struct bound_lr) == 16, "entry/fast_irq.S shifts by four");
_Static_assert(offsetof(struct pcpu, bound_slot) == PCPU_BOUND_SLOT, "core/layout.h");

#define HALT_WAIT_MS 10
#define TIMERS_A_STAY 4u /* Each may wake a vCPU, some 500 instructions. */

static struct pcpu pcpus[CPU_MAX] __attribute__((aligned(64)));
static _Atomic uint32_t online_mask;
static _Atomic uint32_t halting; /* pCPUs that shall halt. */

struct time_scale time_scale;
static uint32_t tree_frequency_hz;

struct pcpu *pcpu_get(unsigned cpu)
{
    ASSERT(cpu < CPU_MAX);
    return &pcpus[cpu];
}

void pcpu_init(unsigned cpu, uint64_t stack_top)
{
    struct pcpu *p = pcpu_get(cpu);

    p->base.id = cpu;
    p->stack_top = stack_top;
    spin_init(&p->timer_lock, LOCK_RANK_TIMER);
    timer_queue_init(&p->timers);
    p->slice_end = TIME_NEVER;
    p->timer_deadline = TIME_NEVER;
}

uint32_t pcpu_online_mask(void)
{
    return atomic_load_explicit(&online_mask, memory_order_acquire);
}

void pcpu_set_online(unsigned cpu)
{
    atomic_fetch_or(&online_mask, BIT32(cpu));
}

void pcpu_kick(unsigned cpu)
{
    if (cpu != cpu_id()) {
        gic()->send_sgi(IRQ_SGI_KICK, cpu);
    }
}

void pcpu_kick_self(void)
{
    gic()->send_sgi(IRQ_SGI_KICK, cpu_id());
}

void pcpu_reschedule(uint32_t cpus)
{
    for (uint32_t rest = cpus & pcpu_online_mask(); rest != 0; rest &= rest - 1) {
        unsigned cpu = (unsigned)__builtin_ctz(rest);

        /* Before the kick, which orders it: the pCPU tests it on its way out. */
        atomic_fetch_or(&pcpus[cpu].work, PCPU_RESCHEDULE);
        pcpu_kick(cpu);
    }
}

void pcpu_ask_rare(uint32_t cpus)
{
    for (uint32_t rest = cpus & pcpu_online_mask(); rest != 0; rest &= rest - 1) {
        unsigned cpu = (unsigned)__builtin_ctz(rest);

        atomic_fetch_or(&pcpus[cpu].work, PCPU_RARE);
        pcpu_kick(cpu);
    }
}

bool pcpu_must_halt(void)
{
    return (atomic_load(&halting) & BIT32(cpu_id())) != 0;
}

void pcpu_halt_others(void)
{
    uint32_t others = pcpu_online_mask();
    uint64_t limit;

    if (others == 0) { /* So early that this pCPU does not know itself. */
        return;
    }
    others &= ~BIT32(cpu_id());
    for (uint32_t rest = others; rest != 0; rest &= rest - 1) {
        unsigned cpu = (unsigned)__builtin_ctz(rest);

        atomic_fetch_or(&halting, BIT32(cpu));
        atomic_fetch_or(&pcpus[cpu].work, PCPU_RARE);
        pcpu_kick(cpu);
    }
    limit = cpu_count_ticks() + ticks_from_ns(HALT_WAIT_MS * NS_PER_MS);
    while ((pcpu_online_mask() & others) != 0 && cpu_count_ticks() < limit) {
        cpu_relax();
    }
}

_Noreturn void pcpu_halt(void)
{
    atomic_fetch_and(&online_mask, ~BIT32(cpu_id()));
    cpu_halt();
}

void pcpu_timer_program(struct pcpu *cpu, uint64_t deadline)
{
    cpu->timer_deadline = deadline;
    if (deadline == TIME_NEVER) {
        sysreg_write(cnthp_ctl_el2, 0);
        return;
    }
    sysreg_write(cnthp_cval_el2, deadline);
    sysreg_write(cnthp_ctl_el2, CNT_CTL_ENABLE);
}

void pcpu_timer_arm(struct timer *timer, uint64_t deadline)
{
    struct pcpu *cpu = this_cpu();

    spin_lock(&cpu->timer_lock);
    if (timer_arm(&cpu->timers, timer, deadline) && deadline < cpu->timer_deadline) {
        pcpu_timer_program(cpu, deadline);
    }
    spin_unlock(&cpu->timer_lock);
}

void pcpu_timer_disarm(unsigned cpu, struct timer *timer)
{
    struct pcpu *p = pcpu_get(cpu);

    /* The hardware may fire for nothing once; cheaper than a call to the other pCPU. */
    spin_lock(&p->timer_lock);
    timer_disarm(timer);
    spin_unlock(&p->timer_lock);
}

void pcpu_timer_interrupt(void)
{
    struct pcpu *cpu = this_cpu();
    uint64_t now = cpu_count_ticks(); /* One that is armed anew for at once is the next stay's. */
    struct timer *timer;
    unsigned count = 0;
    uint64_t next;

    if (cpu->slice_end <= now) {
        cpu->slice_end = TIME_NEVER;
        atomic_fetch_or(&cpu->work, PCPU_RESCHEDULE);
    }
    do {
        spin_lock(&cpu->timer_lock);
        timer = count < TIMERS_A_STAY ? timer_pop_expired(&cpu->timers, now) : NULL;
        next = timer_next(&cpu->timers);
        spin_unlock(&cpu->timer_lock);
        if (timer != NULL) {
            timer->expired(timer);
            count++;
        }
    } while (timer != NULL);
    /* In the past already, if more have expired: the interrupt comes again. */
    pcpu_timer_program(cpu, min_u64(next, cpu->slice_end));
}

uint32_t time_tree_hz(void)
{
    return tree_frequency_hz;
}

void time_init(uint32_t frequency_hz, uint32_t tree_hz)
{
    tree_frequency_hz = tree_hz;
    time_scale.ns_per_tick = (NS_PER_S << 32) / frequency_hz; /* Both fit: neither is 2^32. */
    time_scale.ticks_per_ns = ((uint64_t)frequency_hz << 32) / NS_PER_S;
}

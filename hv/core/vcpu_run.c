/* SPDX-License-Identifier: Apache-2.0 */
/* vcpu_run.c - which vCPU runs: between the scheduler's choice and the registers; sleeping, waking, stopping.
 *
 *     asleep --vcpu_notice--> awake --vcpu_schedule--> loaded and current --vcpu_block--> asleep, still
 * loaded
 *
 * A vCPU that waits while nobody else wants its pCPU does not bother the scheduler: it "dozes", current and
 * loaded, and trap_exit() sleeps in its place until an interrupt, a kick or a reschedule ends that. A guest
 * may see its wfi end for no reason, which the architecture allows. The time is put down as blocked all the
 * same.
 *
 * No wake-up is lost: a sleeper publishes "asleep" first and looks for interrupts after; whoever brings an
 * interrupt changes the vGIC first and looks for sleepers after. Both go through the vGIC's lock, so one of
 * them sees the other. */
#include "arch/barrier.h"
#include "arch/sysreg.h"
#include "core/domain.h"
#include "core/irq.h"
#include "core/pcpu.h"
#include "core/sched_setup.h"
#include "core/vcpu.h"

static struct sched_pool pools[CPU_MAX + 1];
static unsigned pool_count;

/* What of HCR_EL2 traps wfi and wfe while somebody else waits for the pCPU, or nobody does (@alone). */
static uint64_t wfi_hcr(const struct sched_ops *ops, enum wfi_policy policy, bool alone)
{
    bool trap = policy == WFI_POLICY_TRAP || (policy == WFI_POLICY_AUTO && !(alone && ops->may_untrap_wfi));

    return trap ? HCR_TWI | HCR_TWE : 0;
}

struct sched_pool *sched_setup(const struct sched_ops *ops, uint32_t cpus, enum wfi_policy policy)
{
    struct sched_pool *pool = &pools[pool_count++];

    sched_pool_init(pool, ops, cpus);
    for (uint32_t rest = cpus; rest != 0; rest &= rest - 1) {
        struct pcpu *cpu = pcpu_get((unsigned)__builtin_ctz(rest));

        cpu->pool = pool;
        cpu->wfi_hcr[false] = wfi_hcr(ops, policy, false);
        cpu->wfi_hcr[true] = wfi_hcr(ops, policy, true);
    }
    return pool;
}

struct sched_pool *sched_pool_at(unsigned index)
{
    return &pools[index];
}

void vcpu_notice(struct vcpu *vcpu)
{
    unsigned cpu;

    if (!vcpu->powered) {
        return; /* What came stays pending in the model. */
    }
    if (!vcpu->unit.awake) {
        pcpu_reschedule(sched_unblock(&vcpu->unit, time_now_ns()));
    }
    cpu = atomic_load(&vcpu->loaded_cpu);
    if (cpu == CPU_NONE) {
        return; /* vcpu_load() will fill its list registers. */
    }
    if (cpu == cpu_id()) {
        if (this_cpu()->current != vcpu) {
            atomic_fetch_or(&this_cpu()->work, PCPU_RESCHEDULE);
        } else {
            vcpu_end_doze(this_cpu());
        }
    } else if (pcpu_get(cpu)->current != vcpu) {
        pcpu_reschedule(BIT32(cpu));
    } else {
        pcpu_kick(cpu);
    }
}

/* Do interrupts wait that would end a wfi of the running vCPU? */
static bool interrupts_wait(struct pcpu *cpu, struct vcpu *vcpu)
{
    struct spinlock *lock = vgic_lock(vcpu->domain->vgic);
    uint32_t notice;
    bool wait;

    spin_lock(lock);
    notice = irq_fold(cpu, vcpu);
    wait = vgic_deliverable(vcpu->domain->vgic, vcpu->id);
    irq_fill(cpu, vcpu);
    spin_unlock(lock);
    irq_notice(vcpu->domain, notice);
    return wait;
}

void vcpu_block(struct vcpu *vcpu)
{
    struct pcpu *cpu = this_cpu();

    pcpu_reschedule(sched_sleep(&vcpu->unit, RUNSTATE_BLOCKED, time_now_ns()) | BIT32(cpu->base.id));
    if (interrupts_wait(cpu, vcpu)) {
        pcpu_reschedule(sched_unblock(&vcpu->unit, time_now_ns()) | BIT32(cpu->base.id));
    }
}

void vcpu_wait(struct vcpu *vcpu)
{
    struct pcpu *cpu = this_cpu();

    if (!cpu->alone) {
        vcpu_block(vcpu);
    } else if (!interrupts_wait(cpu, vcpu)) {
        cpu->doze_since = cpu_count_ticks();
        cpu->pauses |= PCPU_DOZES;
    }
}

void vcpu_wake_from_doze(struct pcpu *cpu)
{
    cpu->current->unit.asleep_ns += ns_from_ticks(cpu_count_ticks() - cpu->doze_since);
    cpu->pauses &= ~PCPU_DOZES;
}

void vcpu_stop(struct vcpu *vcpu)
{
    vcpu->powered = false;
    pcpu_reschedule(sched_sleep(&vcpu->unit, RUNSTATE_OFFLINE, time_now_ns()));
}

void vcpu_start(struct vcpu *vcpu)
{
    vcpu->powered = true;
    pcpu_reschedule(sched_wake(&vcpu->unit, time_now_ns()));
}

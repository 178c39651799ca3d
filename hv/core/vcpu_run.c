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
#include "core/trace.h"
#include "core/vcpu.h"

void vcpu_notice_from(struct vcpu *vcpu, const struct vcpu *by)
{
    unsigned cpu;

    if (!vcpu->may_run) {
        return; /* What came stays pending in the model. */
    }
    if (!vcpu->unit.awake) {
        pcpu_reschedule(sched_unblock(&vcpu->unit, by != NULL ? &by->unit : NULL, time_now_ns()));
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

void vcpu_notice(struct vcpu *vcpu)
{
    vcpu_notice_from(vcpu, NULL);
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
        pcpu_reschedule(sched_unblock(&vcpu->unit, NULL, time_now_ns()) | BIT32(cpu->base.id));
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
    uint64_t asleep_ns = ns_from_ticks(cpu_count_ticks() - cpu->doze_since);

    cpu->current->unit.asleep_ns += asleep_ns;
    cpu->dozed_ns += asleep_ns;
    cpu->pauses &= ~PCPU_DOZES;
}

bool vcpu_settle(struct vcpu *vcpu)
{
    uint32_t cpus = vcpu->unit.hard_affinity & vcpu->unit.pool->cpus;
    unsigned loaded = atomic_load(&vcpu->loaded_cpu), at = atomic_load(&vcpu->irq_cpu);
    bool left = at == CPU_NONE || (cpus & BIT32(at)) != 0;

    if (loaded != CPU_NONE) {
        if ((cpus & BIT32(loaded)) == 0) {
            pcpu_reschedule(BIT32(loaded));
            return false;
        }
        return left; /* Else @loaded is about to take its interrupts: irq_follow(). */
    }
    if (!left && cpus != 0) {
        irq_send_to(vcpu, (unsigned)__builtin_ctz(cpus));
    }
    return true;
}

uint64_t vcpu_doze_ns(const struct vcpu *vcpu)
{
    unsigned id = atomic_load_explicit(&vcpu->loaded_cpu, memory_order_relaxed);
    const struct pcpu *cpu = id != CPU_NONE ? pcpu_get(id) : NULL;
    uint64_t since, now = cpu_count_ticks();

    if (cpu == NULL || __atomic_load_n(&cpu->current, __ATOMIC_RELAXED) != vcpu ||
        (__atomic_load_n(&cpu->pauses, __ATOMIC_RELAXED) & PCPU_DOZES) == 0) {
        return 0;
    }
    since = __atomic_load_n(&cpu->doze_since, __ATOMIC_RELAXED);
    return since < now ? ns_from_ticks(now - since) : 0;
}

void vcpu_hold(struct vcpu *vcpu)
{
    uint32_t cpus;
    unsigned cpu;

    if (vcpu->may_run) { /* Without the pool's lock. */
        vcpu->waited = vcpu->unit.state == RUNSTATE_BLOCKED || vcpu_doze_ns(vcpu) != 0;
        vcpu->may_run = false;
    }
    if (vcpu->unit.pool == NULL) { /* Of a domain that dies: it has left the scheduler. */
        return;
    }
    trace_sched_offline(&vcpu->unit);
    cpus = sched_sleep(&vcpu->unit, RUNSTATE_OFFLINE, time_now_ns());
    cpu = atomic_load(&vcpu->loaded_cpu); /* It may sleep there, its registers still in the CPU. */
    pcpu_reschedule(cpus | (cpu != CPU_NONE ? BIT32(cpu) : 0));
}

void vcpu_go_on(struct vcpu *vcpu)
{
    if (vcpu->powered && vcpu->domain->pause_count == 0 && !atomic_load(&vcpu->domain->stopped)) {
        vcpu->may_run = true;
        pcpu_reschedule(sched_wake(&vcpu->unit, time_now_ns()));
    }
}

void vcpu_stop(struct vcpu *vcpu)
{
    vcpu->powered = false;
    vcpu_hold(vcpu);
}

void vcpu_start(struct vcpu *vcpu)
{
    vcpu->powered = true;
    vcpu_go_on(vcpu);
}

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
static enum wfi_policy wfi_policy;

struct sched_pool *sched_setup(const struct sched_ops *ops, uint32_t cpus, enum wfi_policy policy)
{
    struct sched_pool *pool = &pools[pool_count++];

    wfi_policy = policy;
    sched_pool_init(pool, ops, cpus);
    for (uint32_t rest = cpus; rest != 0; rest &= rest - 1) {
        pcpu_get((unsigned)__builtin_ctz(rest))->pool = pool;
    }
    return pool;
}

struct sched_pool *sched_pool_at(unsigned index)
{
    return &pools[index];
}

/* Trap wfi and wfe of the loaded vCPU? Not while nobody else waits for this pCPU, unless the user wants
 * it. */
static void set_wfi_trap(const struct pcpu *cpu, bool alone)
{
    bool trap = wfi_policy == WFI_POLICY_TRAP ||
                (wfi_policy == WFI_POLICY_AUTO && !(alone && cpu->pool->ops->may_untrap_wfi));
    uint64_t hcr = cpu->loaded->hcr | (sysreg_read(hcr_el2) & HCR_VSE);

    sysreg_write(hcr_el2, trap ? hcr | HCR_TWI | HCR_TWE : hcr);
}

static void set_slice(struct pcpu *cpu, uint64_t until_ns)
{
    if (until_ns != TIME_NEVER) {
        pcpu_timer_arm(&cpu->slice, ticks_from_ns(until_ns) + 1); /* At it or after it, never before. */
    } else if (timer_armed(&cpu->slice)) {
        pcpu_timer_disarm((unsigned)cpu->base.id, &cpu->slice);
    }
}

/* May @vcpu not stay loaded on its idle pCPU? It is wanted elsewhere, or switched off: PSCI waits for its
 * registers. */
static bool must_unload(const struct vcpu *vcpu)
{
    return vcpu->unit.awake || !vcpu->powered;
}

bool vcpu_schedule(struct pcpu *cpu)
{
    struct sched_choice choice;
    struct vcpu *next;
    bool loads;

    vcpu_end_doze(cpu);
    choice = sched_pick(cpu->pool, (unsigned)cpu->base.id, time_now_ns());
    next = choice.next != NULL ? vcpu_of_unit(choice.next) : NULL;
    if (cpu->loaded != NULL && next != cpu->loaded && (next != NULL || must_unload(cpu->loaded))) {
        vcpu_unload(cpu);
    }
    loads = next != NULL && cpu->loaded == NULL;
    if (loads) {
        vcpu_load(cpu, next);
    }
    cpu->current = next;
    cpu->alone = choice.alone;
    if (next != NULL) {
        set_wfi_trap(cpu, choice.alone);
    }
    set_slice(cpu, choice.until_ns);
    if (choice.kick != 0) {
        pcpu_reschedule(choice.kick);
    }
    return loads;
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
    }
}

void vcpu_yield(struct vcpu *vcpu)
{
    struct pcpu *cpu = this_cpu();

    if (cpu->alone) {
        return; /* There are no others, and when there are the scheduler says so. */
    }
    sched_yield(&vcpu->unit, time_now_ns());
    atomic_fetch_or(&cpu->work, PCPU_RESCHEDULE);
}

void vcpu_end_doze(struct pcpu *cpu)
{
    if (cpu->doze_since != 0) {
        cpu->current->unit.asleep_ns += ns_from_ticks(cpu_count_ticks() - cpu->doze_since);
        cpu->doze_since = 0;
    }
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

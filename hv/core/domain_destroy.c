/* SPDX-License-Identifier: Apache-2.0 */
/* domain_destroy.c - a domain goes without a trace, a piece a stay in EL2.
 *
 * What the toolstack's call does, again and again until it is through:
 *
 *     alive -> stopping -> releasing -> letting go -> unscheduling -> freeing -> dead
 *              vCPUs leave  its SPIs     channels,     its units       its RAM,
 *              their pCPUs               others' pages                 tables
 *
 * Others may still use pages of a dead domain: those it had granted, those the control domain maps. It stays
 * in the list until the last one is let go (in Xen too a "zombie" is seen so long). The rest is a timer's, on
 * the pCPU where the first of them died:
 *
 *     dead --no page is left--> unlisted --all pCPUs have been here--> remains --piece by piece--> gone
 *
 * Freeing what others may look at. A pointer to a domain, or to anything of it, is got from the list or from
 * what the list leads to, and is kept no longer than the stay in EL2 in which it was got; what keeps one
 * longer (timers, units of the scheduler, owners of interrupts, the console's queue) is undone before. So
 * when each pCPU has ended a stay after the domain left the list, nobody has one. PCPU_QUIET asks for that: a
 * pCPU takes it, with its other work, where a stay ends. The same is asked before the vCPUs leave the
 * scheduler: who wakes one looks first whether it may run, and a stay that began before they stopped may have
 * seen that. */
#include <stdatomic.h>

#include "arch/mmu.h"
#include "base/page_alloc.h"
#include "core/console.h"
#include "core/domain.h"
#include "core/domain_list.h"
#include "core/events.h"
#include "core/grant_table.h"
#include "core/irq.h"
#include "core/pcpu.h"
#include "core/trace.h"
#include "lib/abi.h"
#include "lib/lock_rank.h"
#include "lib/panic.h"

#define LET_GO_PAUSE_US 50 /* Between pieces, so that others come first; */
#define REMAINS_PAUSE_US 100
#define USED_PAUSE_US 10000 /* between looks at a dead domain whose pages are in use. */

static void remains_due(struct timer *timer);

static struct spinlock dead_lock = SPINLOCK_INIT(LOCK_RANK_DOMAIN_END);
static struct list_node dead = {.next = &dead, .prev = &dead};
static bool remains_armed; /* The timer is in some pCPU's queue, or being carried out. */
static struct timer remains_timer = {.node = {.next = &remains_timer.node, .prev = &remains_timer.node},
                                     .deadline = TIME_NEVER,
                                     .expired = remains_due};

static void arm_us(struct timer *timer, uint64_t us)
{
    pcpu_timer_arm(timer, cpu_count_ticks() + ticks_from_ns(us * NS_PER_MS / 1000));
}

/* --- What it has of others
 * ------------------------------------------------------------------------------------------- */

bool domain_let_go_some(struct domain *domain)
{
    grant_maps_close(&domain->grant_maps);
    return events_let_go_some(domain) && grant_unmap_some(&domain->grant_maps) &&
           physmap_drop_foreign(&domain->physmap);
}

static void let_go_due(struct timer *timer)
{
    if (!domain_let_go_some(CONTAINER_OF(timer, struct domain, let_go_timer))) {
        arm_us(timer, LET_GO_PAUSE_US);
    }
}

void domain_let_go_init(struct domain *domain)
{
    timer_init(&domain->let_go_timer, let_go_due);
}

void domain_let_go(struct domain *domain)
{
    arm_us(&domain->let_go_timer, 0);
}

/* --- The remains: what the hypervisor has for it
 * ----------------------------------------------------------------------- */

bool domain_free_some(struct domain *domain)
{
    if (domain->vcpu_made != 0) {
        domain->vcpu_made--;
        hv_free(domain->vcpu[domain->vcpu_made], sizeof(struct vcpu));
        return false;
    }
    if (domain->vgic != NULL) {
        hv_free(domain->vgic, domain->vgic_bytes);
        domain->vgic = NULL;
        return false;
    }
    if ((domain->grants != NULL && !grant_table_free_some(domain->grants)) ||
        !grant_maps_free_some(&domain->grant_maps)) {
        return false;
    }
    hv_free(domain->vpl011, domain->vpl011_bytes);
    hv_free(domain->grants, sizeof(*domain->grants));
    physmap_free(&domain->physmap);
    if (domain->shared_info != NULL) {
        (void)page_give_back(mmu_direct_pa(domain->shared_info), DOMID_HV);
    }
    hv_free(domain, sizeof(*domain));
    return true;
}

void domain_free(struct domain *domain)
{
    while (!domain_free_some(domain)) {
    }
}

static void unschedule(struct vcpu *vcpu)
{
    if (vcpu->unit.pool != NULL) {
        pcpu_reschedule(sched_remove(&vcpu->unit, time_now_ns()));
    }
}

void domain_discard(struct domain *domain)
{
    for (unsigned next = irq_release(domain, 0); next != 0;) {
        next = irq_release(domain, next);
    }
    for (unsigned i = 0; i < domain->vcpu_made; i++) {
        unschedule(domain->vcpu[i]);
    }
    while (!physmap_end_some(&domain->physmap)) {
    }
    events_domain_forget(domain);
    domain_list_remove(domain);
    (void)domain_count_out(); /* Nobody has stopped: the machine stays on. */
    domain_free(domain);
}

/* --- Destroying
 * ------------------------------------------------------------------------------------------------------- */

static void go_to(struct domain *domain, enum domain_dying state)
{
    ASSERT((unsigned)state == atomic_load(&domain->dying) + 1u);
    domain->remains_next = 0;
    atomic_store(&domain->dying, (uint8_t)state);
}

static void begin(struct domain *domain)
{
    if (domain_stop(domain, SHUTDOWN_POWEROFF)) {
        (void)domain_count_out();
        domain->end.done = true; /* There is nothing to be said. */
    }
    go_to(domain, DOMAIN_STOPPING);
}

static void become_dead(struct domain *domain)
{
    go_to(domain, DOMAIN_DEAD);
    console_unregister(domain->id);
    spin_lock(&dead_lock);
    if (!remains_armed) {
        remains_armed = true;
        arm_us(&remains_timer, REMAINS_PAUSE_US);
    }
    list_append(&dead, &domain->dead_link);
    spin_unlock(&dead_lock);
    trace_put(TRC_SCHED_DOM_REM, (uint32_t[]){domain->id}, 1);
    trace_put(TRC_DOM0_DOM_REM, (uint32_t[]){domain->id}, 1);
    events_raise_global(VIRQ_DOM_EXC);
}

/* One vCPU's: nothing of it is left with the scheduler or in a timer queue. */
static void retire(struct vcpu *vcpu)
{
    unschedule(vcpu);
    pcpu_timer_disarm(vcpu->timer_cpu != CPU_NONE ? vcpu->timer_cpu : 0, &vcpu->timer);
    pcpu_timer_disarm(vcpu->poll_cpu, &vcpu->poll_timer);
}

/* Ask all pCPUs to end a stay; have they? */
static void ask_for_quiet(void)
{
    for (uint32_t rest = pcpu_online_mask(); rest != 0; rest &= rest - 1) {
        unsigned cpu = (unsigned)__builtin_ctz(rest);

        atomic_fetch_or(&pcpu_get(cpu)->work, PCPU_QUIET);
        pcpu_kick(cpu);
    }
}

static bool all_were_quiet(void)
{
    bool quiet = true;

    for (uint32_t rest = pcpu_online_mask(); rest != 0; rest &= rest - 1) {
        quiet = quiet && (atomic_load(&pcpu_get((unsigned)__builtin_ctz(rest))->work) & PCPU_QUIET) == 0;
    }
    return quiet;
}

int domain_destroy_some(struct domain *domain)
{
    switch ((enum domain_dying)atomic_load(&domain->dying)) {
    case DOMAIN_ALIVE:
        begin(domain);
        break;
    case DOMAIN_STOPPING:
        if (domain_is_off(domain) && atomic_load(&domain->end.done)) {
            watchdog_end(domain);
            go_to(domain, DOMAIN_RELEASING);
        }
        break;
    case DOMAIN_RELEASING:
        domain->remains_next = irq_release(domain, domain->remains_next);
        if (domain->remains_next == 0) {
            go_to(domain, DOMAIN_LETTING_GO);
        }
        break;
    case DOMAIN_LETTING_GO:
        if (domain_let_go_some(domain)) {
            go_to(domain, DOMAIN_UNSCHEDULING);
            ask_for_quiet(); /* Who had something for a vCPU when it stopped has told it by then. */
        }
        break;
    case DOMAIN_UNSCHEDULING:
        if (domain->remains_next == 0 && !all_were_quiet()) {
            break;
        }
        if (domain->remains_next < domain->vcpu_made) {
            retire(domain->vcpu[domain->remains_next++]);
        } else {
            go_to(domain, DOMAIN_FREEING);
        }
        break;
    case DOMAIN_FREEING:
        if (physmap_end_some(&domain->physmap)) {
            become_dead(domain);
            return 0;
        }
        break;
    case DOMAIN_DEAD:
    case DOMAIN_UNLISTED:
    case DOMAIN_REMAINS:
        return 0;
    }
    return DOMAIN_GROWS;
}

/* A piece of a dead domain's end. Returns when to come again, in us; 0: it is gone. */
static uint64_t do_piece(struct domain *domain)
{
    switch ((enum domain_dying)atomic_load(&domain->dying)) {
    case DOMAIN_DEAD:
        if (atomic_load(&domain->physmap.page_count) != 0) {
            return USED_PAUSE_US;
        }
        events_domain_forget(domain);
        domain_list_remove(domain);
        go_to(domain, DOMAIN_UNLISTED);
        ask_for_quiet();
        return REMAINS_PAUSE_US;
    case DOMAIN_UNLISTED:
        if (all_were_quiet()) {
            go_to(domain, DOMAIN_REMAINS);
        }
        return REMAINS_PAUSE_US;
    default:
        return domain_free_some(domain) ? 0 : REMAINS_PAUSE_US;
    }
}

/* One of them after the other. Only this timer takes from the list. */
static void remains_due(struct timer *timer)
{
    struct domain *domain = CONTAINER_OF(dead.next, struct domain, dead_link);
    uint64_t pause_us;

    spin_lock(&dead_lock);
    list_remove(&domain->dead_link);
    spin_unlock(&dead_lock);
    pause_us = do_piece(domain);
    spin_lock(&dead_lock);
    if (pause_us != 0) {
        list_append(&dead, &domain->dead_link);
    }
    remains_armed = !list_empty(&dead);
    if (remains_armed) {
        arm_us(timer, pause_us != 0 ? pause_us : REMAINS_PAUSE_US);
    }
    spin_unlock(&dead_lock);
}

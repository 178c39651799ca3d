/* SPDX-License-Identifier: Apache-2.0 */
/* events.c - events on their way to a vCPU.
 *
 * The upcall is a PPI of the guest (domain.evtchn_ppi). Its line is evtchn_upcall_pending, a byte that the
 * guest clears without telling, so EL2 cannot follow the line; it makes the interrupt pending as if by an
 * edge, on two occasions: when EL2 itself sets the byte, and when list registers are folded while the byte is
 * set.
 *
 * Invariant: whenever the byte is set and the guest is yet to look, the interrupt is pending or active in the
 * vGIC, or EL2 is about to make it so before it lets go of the CPU. So no wake-up is lost:
 *   - The byte goes from 0 to 1 under the domain's event lock. Who set it calls vgic_pend() before it returns
 *     to its guest, and vcpu_notice() after. vcpu_notice() finds the sleeper, or the sleeper finds the
 *     interrupt: core/vcpu_run.c.
 *   - A guest takes the interrupt, clears the byte, then looks for events. What EL2 sets from then on is a
 *     new 0 to 1. What it set before is found: core/evtchn_signal.c.
 *   - A vCPU that was reset lost its pending interrupts with its vGIC state, not its byte: its next load
 *     reasserts.
 * A guest that ends the interrupt and leaves the byte set is interrupted again when its list registers are
 * next folded, for whatever reason, and not by an exit made for it: no exit loop, however long it does so. */
#include "core/events.h"

#include "arch/mmu.h"
#include "base/page_alloc.h"
#include "core/guest_mem.h"
#include "core/irq.h"
#include "core/pcpu.h"
#include "core/runstate_area.h"
#include "core/vcpu.h"
#include "lib/log_ring.h"
#include "lib/panic.h"

static void *page_take(void)
{
    return hv_alloc(PAGE_SIZE);
}

static void page_give(void *page)
{
    page_free(mmu_direct_pa(page), 0, DOMID_HV);
}

static void unpin(struct evtchn_domain *events, void *page)
{
    guest_unpin(CONTAINER_OF(events, struct domain, events), page);
}

/* It may hold locks, who logs: the control domain is told on the way out of EL2. */
static void line_logged(void)
{
    atomic_fetch_or(&this_cpu()->work, PCPU_LOGGED);
}

void events_setup(void)
{
    static const struct evtchn_machine machine = {
        .page_alloc = page_take,
        .page_free = page_give,
        .guest_unpin = unpin,
    };

    evtchn_setup(&machine);
    log_set_watcher(line_logged);
}

bool events_let_go_some(struct domain *domain)
{
    bool done = evtchn_close_domain(&domain->events) == 0;

    for (unsigned i = 0; i < domain->vcpu_count; i++) {
        struct vcpu *vcpu = domain->vcpu[i];

        if (atomic_load(&vcpu->loaded_cpu) == CPU_NONE) {
            runstate_area_drop(vcpu);
        } else {
            done = false;
        }
    }
    return done;
}

void events_domain_init(struct domain *domain)
{
    struct evtchn_domain *events = &domain->events;

    events->domid = domain->id;
    events->privileged = domain->privileged;
    events->shared = domain->shared_info;
    evtchn_domain_init(events);
}

void events_vcpus_made(struct domain *domain)
{
    struct evtchn_vcpu *vcpu[VCPU_MAX];

    for (unsigned i = 0; i < domain->vcpu_max; i++) {
        vcpu[i] = &domain->vcpu[i]->events;
    }
    evtchn_domain_set_vcpus(&domain->events, vcpu, domain->vcpu_max);
}

void events_domain_forget(struct domain *domain)
{
    evtchn_domain_forget(&domain->events);
}

static void upcall(struct vcpu *vcpu, const struct vcpu *by)
{
    const struct pcpu *cpu = this_cpu();
    struct vgic *vgic = vcpu->domain->vgic;
    unsigned intid = vcpu->domain->evtchn_ppi;
    struct vgic_list list;
    int notice = -1;

    spin_lock(vgic_lock(vgic));
    if (cpu->current == vcpu && cpu->loaded == vcpu && vgic_pend_now(vgic, vcpu->id, intid, &list)) {
        irq_list(&list); /* It signalled itself: its list registers are here. */
    } else {
        notice = vgic_pend(vgic, vcpu->id, intid, 0);
    }
    spin_unlock(vgic_lock(vgic));
    if (notice >= 0) {
        vcpu_notice_from(vcpu, by);
    }
}

void events_apply_from(const struct evtchn_work *work, const struct vcpu *by)
{
    struct evtchn_work answer;

    while ((work->upcall | work->wake) != 0) { /* Once, and once more for an answer. */
        struct evtchn_domain *events = work->domain;
        const struct domain *domain = CONTAINER_OF(events, struct domain, events);

        for (uint32_t rest = work->upcall; rest != 0; rest &= rest - 1) {
            upcall(domain->vcpu[__builtin_ctz(rest)], by);
        }
        if ((work->wake & EVTCHN_WAKE_HV) == 0) {
            for (uint32_t rest = work->wake; rest != 0; rest &= rest - 1) {
                vcpu_notice_from(domain->vcpu[__builtin_ctz(rest)], by);
            }
            return;
        }
        answer = (struct evtchn_work){0};
        events->hv_ops->heard(events, &answer);
        work = &answer; /* vCPUs alone: the far end is a domain's. */
    }
}

void events_apply(const struct evtchn_work *work)
{
    events_apply_from(work, NULL);
}

void events_raise_global(unsigned virq)
{
    struct domain *domain = domain_get(0);
    struct evtchn_work work = {0};

    ASSERT(evtchn_virq_is_global(virq));
    if (domain != NULL) {
        evtchn_raise_virq(&domain->events, virq, 0, &work);
        events_apply(&work);
    }
}

void events_reassert(struct vcpu *vcpu)
{
    if (evtchn_upcall_pending(&vcpu->events)) {
        (void)vgic_pend(vcpu->domain->vgic, vcpu->id, vcpu->domain->evtchn_ppi, 0);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* evtchn_signal.c - an event becomes pending: the 2-level layout, the upcall, who polls.
 *
 * 2-level: three steps from the event to the guest, each taken only when the one before went from 0 to 1, and
 * undone by the guest in the other order:
 *
 *     EL2:    evtchn_pending bit  ->  bit in the vCPU's evtchn_pending_sel  ->  evtchn_upcall_pending  -> PPI
 *     guest:  evtchn_upcall_pending = 0,  sel = exchange(0),  pending bits, each cleared before its handler
 *
 * So no event is lost: what EL2 sets behind the guest's clearing of a step makes the next step go from 0 to 1
 * again, and what it sets before is found by the guest, which clears first and looks after.
 *
 * evtchn_upcall_pending is read and then written, not exchanged: only the guest clears it, and an upcall that
 * EL2 finds set has not been cleared yet, so the guest still has all its looking before it. */
#include "core/evtchn_state.h"
#include "core/guest_atomic.h"
#include "lib/error.h"

/* The guest's words are plain in the ABI's structures. */
static _Atomic uint64_t *shared_word(xen_ulong_t *word)
{
    return (_Atomic uint64_t *)(void *)word;
}

static struct vcpu_info *info_of(const struct evtchn_domain *domain, unsigned vcpu)
{
    return atomic_load_explicit(&domain->vcpu[vcpu]->info, memory_order_relaxed);
}

void evtchn_mark_upcall(struct evtchn_domain *domain, unsigned vcpu, struct evtchn_work *work)
{
    _Atomic uint8_t *pending = (_Atomic uint8_t *)&info_of(domain, vcpu)->evtchn_upcall_pending;

    work->domain = domain;
    if (atomic_load(pending) == 0) {
        atomic_store(pending, 1);
        work->upcall |= BIT32(vcpu);
    }
}

/* End the polls that wait for @port. */
static void wake_pollers(struct evtchn_domain *domain, uint32_t port, struct evtchn_work *work)
{
    for (uint32_t rest = atomic_load(&domain->polling); rest != 0; rest &= rest - 1) {
        unsigned vcpu = (unsigned)__builtin_ctz(rest);
        uint32_t wanted = domain->vcpu[vcpu]->poll_port;

        if (wanted == 0 || wanted == port) {
            atomic_fetch_and(&domain->polling, ~BIT32(vcpu));
            work->domain = domain;
            work->wake |= BIT32(vcpu);
        }
    }
}

/* @port is pending and not masked: its vCPU's selector, and the upcall. */
static void select_port(struct evtchn_domain *domain, uint32_t port, struct evtchn_work *work)
{
    unsigned vcpu = evtchn_port_find(domain, port)->vcpu;
    uint64_t bit = BIT64(port / 64), before;

    if (guest_change64(shared_word(&info_of(domain, vcpu)->evtchn_pending_sel), bit, 0, &before) &&
        (before & bit) == 0) {
        evtchn_mark_upcall(domain, vcpu, work);
    }
}

/* Returns whether it was not pending before. */
static bool signal_2l(struct evtchn_domain *domain, uint32_t port, struct evtchn_work *work)
{
    uint64_t bit = BIT64(port % 64), before;

    if (!guest_change64(shared_word(&domain->shared->evtchn_pending[port / 64]), bit, 0, &before) ||
        (before & bit) != 0) {
        return false;
    }
    if ((atomic_load(shared_word(&domain->shared->evtchn_mask[port / 64])) & bit) == 0) {
        select_port(domain, port, work);
    }
    return true;
}

void evtchn_signal(struct evtchn_domain *domain, uint32_t port, struct evtchn_work *work)
{
    bool first;

    if (domain->closed) {
        return;
    }
    first = domain->fifo ? evtchn_fifo_signal(domain, port, work) : signal_2l(domain, port, work);
    if (first && atomic_load_explicit(&domain->polling, memory_order_relaxed) != 0) {
        wake_pollers(domain, port, work);
    }
}

void evtchn_unmask_word(struct evtchn_domain *domain, uint32_t port, struct evtchn_work *work)
{
    uint64_t bit = BIT64(port % 64), before;
    _Atomic uint32_t *word;
    uint32_t before_word;

    if (domain->fifo) {
        word = evtchn_fifo_word(domain, port);
        if (word != NULL && guest_change32(word, 0, BIT32(EVTCHN_FIFO_MASKED), &before_word) &&
            (before_word & BIT32(EVTCHN_FIFO_PENDING)) != 0) {
            (void)evtchn_fifo_signal(domain, port, work);
        }
        return;
    }
    if (guest_change64(shared_word(&domain->shared->evtchn_mask[port / 64]), 0, bit, &before) &&
        (before & bit) != 0 &&
        (atomic_load(shared_word(&domain->shared->evtchn_pending[port / 64])) & bit) != 0) {
        select_port(domain, port, work);
    }
}

void evtchn_clear_pending(struct evtchn_domain *domain, uint32_t port)
{
    uint64_t before;
    _Atomic uint32_t *word;
    uint32_t before_word;

    if (!domain->fifo) {
        (void)guest_change64(shared_word(&domain->shared->evtchn_pending[port / 64]), 0, BIT64(port % 64),
                             &before);
        return;
    }
    word = evtchn_fifo_word(domain, port);
    if (word != NULL) {
        (void)guest_change32(word, 0, BIT32(EVTCHN_FIFO_PENDING), &before_word);
    }
}

bool evtchn_is_pending(struct evtchn_domain *domain, uint32_t port)
{
    _Atomic uint32_t *word;

    if (!domain->fifo) {
        return (atomic_load(shared_word(&domain->shared->evtchn_pending[port / 64])) & BIT64(port % 64)) != 0;
    }
    word = evtchn_fifo_word(domain, port);
    return word != NULL && (atomic_load(word) & BIT32(EVTCHN_FIFO_PENDING)) != 0;
}

int evtchn_poll_begin(struct evtchn_domain *domain, unsigned vcpu, const uint32_t *ports, unsigned count)
{
    int found = 0;

    spin_lock(&domain->lock);
    for (unsigned i = 0; i < count && found == 0; i++) {
        if (ports[i] >= evtchn_port_limit(domain)) {
            found = -EINVAL;
        } else {
            found = evtchn_is_pending(domain, ports[i]) ? 1 : 0;
        }
    }
    if (found == 0) {
        domain->vcpu[vcpu]->poll_port = count == 1 ? ports[0] : 0;
        if (count != 0) {
            atomic_fetch_or(&domain->polling, BIT32(vcpu));
        }
    }
    spin_unlock(&domain->lock);
    return found;
}

/* Under the lock: who signals ends the poll under it and looks for the sleeper after. */
bool evtchn_poll_over(struct evtchn_domain *domain, unsigned vcpu)
{
    bool polling;

    spin_lock(&domain->lock);
    polling = (atomic_load(&domain->polling) & BIT32(vcpu)) != 0;
    spin_unlock(&domain->lock);
    return !polling;
}

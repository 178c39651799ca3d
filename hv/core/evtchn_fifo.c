/* SPDX-License-Identifier: Apache-2.0 */
/* evtchn_fifo.c - the FIFO layout: each event a word, pending ones linked into a queue for each vCPU and
 * priority.
 *
 *     control block                         event words, in pages that the guest gives one by one
 *     | ready: bit per queue |               P pending   M masked   L linked   B busy   link (next port)
 *     | head[0] ... head[15] |
 *          |
 *          `--> port 5 [P L link 9] --> port 9 [P L link 2] --> port 2 [P L link 0]   <-- tail, known to EL2
 * alone
 *
 * EL2 appends, the guest consumes: it takes the head, clears L and the link in one step, goes on with the
 * link that was there, and when that is 0 with head[] again. A queue is empty for EL2 when its tail's L is
 * clear.
 *
 * So to append behind a tail is to write its link while its L is still set, in one step. The guest may change
 * the same word meanwhile (mask, unmask, clear P); B keeps it from unmasking until EL2 is through, and what
 * else it may do is bounded, so few tries suffice; one that keeps writing all the same loses that event. When
 * L is clear the event becomes the head, and the ready bit makes the guest look.
 *
 * An event that is linked already is not linked again: the guest finds P when it comes to it. When its queue
 * is another by then (the vCPU or the priority were changed) it is linked into that one the next time, and if
 * it is still the old queue's tail, the old queue forgets it: its word will be part of another queue.
 *
 * A guest's words can say anything. They are never used as an index here: what EL2 walks are its own tails.
 */
#include "core/evtchn_state.h"
#include "core/guest_atomic.h"
#include "lib/error.h"
#include "lib/panic.h"
#include "lib/string.h"

#define WORDS_PER_PAGE ((uint32_t)(PAGE_SIZE / sizeof(event_word_t)))
#define PENDING BIT32(EVTCHN_FIFO_PENDING)
#define MASKED BIT32(EVTCHN_FIFO_MASKED)
#define LINKED BIT32(EVTCHN_FIFO_LINKED)
#define BUSY BIT32(EVTCHN_FIFO_BUSY)
#define LINK ((uint32_t)EVTCHN_FIFO_LINK_MASK)

_Static_assert(EVTCHN_ARRAY_PAGE_MAX * sizeof(event_word_t *) <= PAGE_SIZE,
               "the array's pointers are a page");

_Atomic uint32_t *evtchn_fifo_word(const struct evtchn_domain *domain, uint32_t port)
{
    if (port / WORDS_PER_PAGE >= domain->array_count) {
        return NULL;
    }
    return (_Atomic uint32_t *)(domain->array[port / WORDS_PER_PAGE] + port % WORDS_PER_PAGE);
}

/* Make @port the link of @tail, if that is still linked. false: the queue is empty. */
static bool link_behind(_Atomic uint32_t *tail, uint32_t port)
{
    uint32_t word = atomic_load(tail), before;
    bool busy = false;

    for (unsigned i = 0; i < GUEST_ATOMIC_TRIES && (word & LINKED) != 0; i++) {
        if (atomic_compare_exchange_weak(tail, &word, (word & ~(BUSY | LINK)) | port)) {
            return true;
        }
        if (!busy) {
            busy = guest_change32(tail, BUSY, 0, &before);
            word = atomic_load(tail);
        }
    }
    if (busy) {
        (void)guest_change32(tail, 0, BUSY, &before);
    }
    return (word & LINKED) != 0; /* Kept busy by its guest: this event is not seen in its queue. */
}

static void set_undelivered(struct evtchn_domain *domain, uint32_t port, bool on)
{
    struct evtchn_slab *slab = evtchn_slab_of(domain, port);
    unsigned index = port % EVTCHN_SLAB_PORTS;
    uint64_t bit = BIT64(index % 64);

    slab->undelivered[index / 64] =
        on ? slab->undelivered[index / 64] | bit : slab->undelivered[index / 64] & ~bit;
}

/* Append @port, whose L has just been set. */
static void append(struct evtchn_domain *domain, uint32_t port, struct evtchn_work *work)
{
    struct evtchn *channel = evtchn_port_find(domain, port);
    struct evtchn_vcpu *vcpu = domain->vcpu[channel->vcpu];
    uint32_t *old_tail = &domain->vcpu[channel->last_vcpu]->tail[channel->last_priority];
    uint32_t *tail = &vcpu->tail[channel->priority];
    uint32_t before;

    if (*old_tail == port) {
        *old_tail = 0;
    }
    channel->last_vcpu = channel->vcpu;
    channel->last_priority = channel->priority;
    if (*tail != 0 && link_behind(evtchn_fifo_word(domain, *tail), port)) {
        *tail = port;
        return;
    }
    atomic_store((_Atomic uint32_t *)&vcpu->control->head[channel->priority], port);
    *tail = port;
    if (guest_change32((_Atomic uint32_t *)&vcpu->control->ready, BIT32(channel->priority), 0, &before) &&
        (before & BIT32(channel->priority)) == 0) {
        evtchn_mark_upcall(domain, channel->vcpu, work);
    }
}

bool evtchn_fifo_signal(struct evtchn_domain *domain, uint32_t port, struct evtchn_work *work)
{
    const struct evtchn *channel = evtchn_port_find(domain, port);
    _Atomic uint32_t *word = evtchn_fifo_word(domain, port);
    uint32_t before, link_before;

    if (word == NULL) {
        set_undelivered(domain, port, true);
        return false;
    }
    if (!guest_change32(word, PENDING, 0, &before)) {
        return false;
    }
    /* Without a control block the guest has not unmasked anything yet, if it keeps to the ABI. */
    if ((before & (MASKED | LINKED)) == 0 && domain->vcpu[channel->vcpu]->control != NULL &&
        guest_change32(word, LINKED, 0, &link_before) && (link_before & LINKED) == 0) {
        append(domain, port, work);
    }
    return (before & PENDING) == 0;
}

bool evtchn_fifo_has_tail(const struct evtchn_domain *domain, uint32_t first, uint32_t count)
{
    for (unsigned vcpu = 0; domain->fifo && vcpu < domain->vcpu_count; vcpu++) {
        for (unsigned queue = 0; queue < EVTCHN_FIFO_MAX_QUEUES; queue++) {
            if (domain->vcpu[vcpu]->tail[queue] - first < count) {
                return true;
            }
        }
    }
    return false;
}

/* The layout changes: what is pending in the bitmaps is delivered when its word comes. */
static void take_over_pending(struct evtchn_domain *domain)
{
    for (uint32_t port = 0; port < EVTCHN_2L_NR_CHANNELS; port += 64) {
        struct evtchn_slab *slab = evtchn_slab_of(domain, port);

        if (slab != NULL) {
            unsigned word = port % EVTCHN_SLAB_PORTS / 64;
            uint64_t open = slab->used[word] & ~(port == 0 ? UINT64_C(1) : 0);

            slab->undelivered[word] =
                open & atomic_load((_Atomic uint64_t *)(void *)&domain->shared->evtchn_pending[port / 64]);
        }
    }
}

int evtchn_init_control(struct evtchn_domain *domain, uint32_t vcpu,
                        struct evtchn_fifo_control_block *control)
{
    int error = 0;

    if (vcpu >= domain->vcpu_count) {
        return -ENOENT;
    }
    spin_lock(&domain->lock);
    if (domain->vcpu[vcpu]->control != NULL || domain->closed) {
        error = -EINVAL;
    } else if (!domain->fifo) {
        domain->array = evtchn_machine->page_alloc();
        error = domain->array != NULL ? 0 : -ENOMEM;
        if (error == 0) {
            take_over_pending(domain);
            domain->fifo = true;
            domain->array_count = 0;
        }
    }
    if (error == 0) {
        domain->vcpu[vcpu]->control = control;
    }
    spin_unlock(&domain->lock);
    return error;
}

/* Deliver what waited for the array's last page, some of it. Returns whether that was all. */
static bool deliver_page(struct evtchn_domain *domain, struct evtchn_work *work)
{
    uint32_t first = (domain->array_count - 1) * WORDS_PER_PAGE, done = 0;

    for (uint32_t port = first; port < first + WORDS_PER_PAGE; port += 64) {
        const struct evtchn_slab *slab = evtchn_slab_of(domain, port);
        uint64_t waits = slab != NULL ? slab->undelivered[port % EVTCHN_SLAB_PORTS / 64] : 0;

        for (; waits != 0; waits &= waits - 1) {
            uint32_t which = port + (uint32_t)__builtin_ctzll(waits);

            if (done++ == EVTCHN_SLICE_PORTS) {
                return false;
            }
            set_undelivered(domain, which, false);
            evtchn_signal(domain, which, work);
        }
    }
    return true;
}

/* A page that is the array's last already: the rest of a delivery in slices. */
int evtchn_expand_array(struct evtchn_domain *domain, event_word_t *page, bool *kept,
                        struct evtchn_work *work)
{
    int result = 0;

    *kept = false;
    spin_lock(&domain->lock);
    if (!domain->fifo || domain->closed) {
        result = -EOPNOTSUPP;
    } else if (domain->array_count == 0 || domain->array[domain->array_count - 1] != page) {
        if (domain->array_count == EVTCHN_ARRAY_PAGE_MAX ||
            domain->array_count * WORDS_PER_PAGE >= evtchn_port_limit(domain)) {
            result = -ENOSPC;
        } else {
            domain->array[domain->array_count++] = page;
            *kept = true;
        }
    }
    if (result == 0 && !deliver_page(domain, work)) {
        result = EVTCHN_AGAIN;
    }
    spin_unlock(&domain->lock);
    return result;
}

void evtchn_fifo_drop(struct evtchn_domain *domain)
{
    for (unsigned i = 0; i < domain->array_count; i++) {
        evtchn_machine->guest_unpin(domain, domain->array[i]);
    }
    for (unsigned i = 0; i < domain->vcpu_count; i++) {
        struct evtchn_vcpu *vcpu = domain->vcpu[i];

        if (vcpu->control != NULL) {
            evtchn_machine->guest_unpin(domain, vcpu->control);
            vcpu->control = NULL;
        }
        memset(vcpu->tail, 0, sizeof(vcpu->tail));
    }
    if (domain->array != NULL) {
        evtchn_machine->page_free(domain->array);
    }
    domain->array = NULL;
    domain->array_count = 0;
    domain->fifo = false;
}

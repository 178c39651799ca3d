/* SPDX-License-Identifier: Apache-2.0 */
/* evtchn_state.h - a channel as the files evtchn*.c share it; for them alone. */
#ifndef CORE_EVTCHN_STATE_H
#define CORE_EVTCHN_STATE_H

#include "core/evtchn.h"

/* The ABI's EVTCHNSTAT_*, and more: being bound, the far end does not know yet; and the hypervisor's port. */
enum evtchn_state {
    EVTCHN_FREE = EVTCHNSTAT_closed,
    EVTCHN_UNBOUND = EVTCHNSTAT_unbound,
    EVTCHN_INTERDOMAIN = EVTCHNSTAT_interdomain,
    EVTCHN_VIRQ = EVTCHNSTAT_virq,
    EVTCHN_IPI = EVTCHNSTAT_ipi,
    EVTCHN_BINDING,
    EVTCHN_HV_UNBOUND,
    EVTCHN_HV_INTERDOMAIN,
};

struct evtchn {
    uint8_t state; /* enum evtchn_state */
    uint8_t vcpu;  /* Whom it notifies. */
    uint8_t priority;
    uint8_t last_vcpu,
        last_priority; /* FIFO: the queue it was linked into last. Outlives its being closed. */
    uint8_t virq;
    uint16_t remote_domid; /* UNBOUND, INTERDOMAIN, and the same of the hypervisor's. */
    uint32_t remote_port;  /* INTERDOMAIN. */
};

static inline bool evtchn_is_hv(const struct evtchn *channel)
{
    return channel->state == EVTCHN_HV_UNBOUND || channel->state == EVTCHN_HV_INTERDOMAIN;
}

#define EVTCHN_SLAB_WORDS (EVTCHN_SLAB_PORTS / 64)

struct evtchn_slab {
    uint64_t used[EVTCHN_SLAB_WORDS];        /* Bit per port. */
    uint64_t undelivered[EVTCHN_SLAB_WORDS]; /* FIFO: signalled before the guest gave the port's word. */
    unsigned used_count;
    struct evtchn channel[EVTCHN_SLAB_PORTS];
};

extern const struct evtchn_machine *evtchn_machine;

/* All of these with the domain's lock held. */

/* evtchn_port.c. The open channel of @port; NULL. A free port, its channel with vCPU 0, default priority:
 * 0, -ENOSPC, -ENOMEM. Free it again. Free all memory but what the hypervisor's port needs: no other is open.
 * The first open port at or behind @from, 0: none. */
struct evtchn *evtchn_port_find(const struct evtchn_domain *domain, uint32_t port);
int evtchn_port_take(struct evtchn_domain *domain, enum evtchn_state state, uint32_t *port);
void evtchn_port_free(struct evtchn_domain *domain, uint32_t port);
void evtchn_port_free_all(struct evtchn_domain *domain);
uint32_t evtchn_port_next(const struct evtchn_domain *domain, uint32_t from);
/* First port that the layout in use cannot have. */
uint32_t evtchn_port_limit(const struct evtchn_domain *domain);

static inline struct evtchn_slab *evtchn_slab_of(const struct evtchn_domain *domain, uint32_t port)
{
    return domain->slabs != NULL ? domain->slabs[port / EVTCHN_SLAB_PORTS] : NULL;
}

/* evtchn_signal.c: @port's event is pending from now on. */
void evtchn_signal(struct evtchn_domain *domain, uint32_t port, struct evtchn_work *work);
void evtchn_unmask_word(struct evtchn_domain *domain, uint32_t port, struct evtchn_work *work);
void evtchn_clear_pending(struct evtchn_domain *domain, uint32_t port);
bool evtchn_is_pending(struct evtchn_domain *domain, uint32_t port);
void evtchn_mark_upcall(struct evtchn_domain *domain, unsigned vcpu, struct evtchn_work *work);

/* evtchn_fifo.c. The word of @port; NULL: the guest has not given it. */
_Atomic uint32_t *evtchn_fifo_word(const struct evtchn_domain *domain, uint32_t port);
/* Returns whether it was not pending before. */
bool evtchn_fifo_signal(struct evtchn_domain *domain, uint32_t port, struct evtchn_work *work);
bool evtchn_fifo_has_tail(const struct evtchn_domain *domain, uint32_t first, uint32_t count);
void evtchn_fifo_drop(struct evtchn_domain *domain);

/* No lock held. Signal @port of @to, if its far end is @domid's @from. */
static inline void evtchn_signal_far_end(struct evtchn_domain *to, uint32_t port, uint16_t domid,
                                         uint32_t from, struct evtchn_work *work)
{
    const struct evtchn *channel;

    spin_lock(&to->lock);
    channel = evtchn_port_find(to, port);
    if (channel != NULL && channel->remote_domid == domid && channel->remote_port == from) {
        if (channel->state == EVTCHN_INTERDOMAIN) {
            evtchn_signal(to, port, work);
        } else if (channel->state == EVTCHN_HV_INTERDOMAIN) {
            *work = (struct evtchn_work){.domain = to, .wake = EVTCHN_WAKE_HV};
        }
    }
    spin_unlock(&to->lock);
}

#endif

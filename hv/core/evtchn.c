/* SPDX-License-Identifier: Apache-2.0 */
/* evtchn.c - the operations on event channels. Source: xen/event_channel.h, xen/xen.h (VIRQ_*).
 *
 *     free --alloc_unbound--> unbound --bind_interdomain by the far end--> interdomain --close--> free
 *      |                         ^---------------- the far end closes -------'
 *      +--bind_interdomain--> binding --> interdomain      +--bind_virq--> virq      +--bind_ipi--> ipi
 *
 * The hypervisor's port has the first line's states too, under other names (evtchn_hv.c): what a domain may
 * not do with it needs no check where it is fast.
 *
 * Invariant: an interdomain channel names a far end that is interdomain and names it, whenever nobody holds
 * the bind lock. Who holds it changes one end after the other, each under its domain's own lock; in between a
 * sender finds a far end that does not name it, and its event is dropped: to a channel that is being closed
 * nothing is owed, and one that is being bound is signalled when it is.
 *
 * A domain's structure is freed only when nobody can have its pointer (core/domain_destroy.c), so that is
 * good without a lock; "closed" is what says that nothing must be written to its memory any more. */
#include "core/evtchn.h"

#include "core/evtchn_state.h"
#include "lib/error.h"
#include "lib/lock_rank.h"
#include "lib/panic.h"
#include "lib/string.h"

const struct evtchn_machine *evtchn_machine;

static struct spinlock bind_lock = SPINLOCK_INIT(LOCK_RANK_EVTCHN_BIND);
static _Atomic(struct evtchn_domain *) domains[DOMAIN_MAX]; /* By domid modulo DOMAIN_MAX. */

void evtchn_setup(const struct evtchn_machine *machine)
{
    evtchn_machine = machine;
}

void evtchn_domain_init(struct evtchn_domain *domain)
{
    spin_init(&domain->lock, LOCK_RANK_EVTCHN);
    domain->port_limit = domain->privileged ? EVTCHN_PORT_LIMIT_PRIVILEGED : EVTCHN_PORT_LIMIT;
    domain->closed = true;
    atomic_store_explicit(&domains[domain->domid % DOMAIN_MAX], domain, memory_order_release);
}

void evtchn_domain_set_vcpus(struct evtchn_domain *domain, struct evtchn_vcpu *const *vcpus, unsigned count)
{
    spin_lock(&domain->lock);
    for (unsigned i = 0; i < count; i++) {
        atomic_init(&vcpus[i]->info,
                    i < XEN_LEGACY_MAX_VCPUS ? &domain->shared->vcpu_info[i] : &vcpus[i]->own_info);
        domain->vcpu[i] = vcpus[i];
    }
    domain->vcpu_count = count;
    domain->closed = false;
    spin_unlock(&domain->lock);
}

void evtchn_domain_forget(struct evtchn_domain *domain)
{
    atomic_store_explicit(&domains[domain->domid % DOMAIN_MAX], NULL, memory_order_relaxed);
}

struct evtchn_domain *evtchn_domain_of(uint16_t domid)
{
    struct evtchn_domain *domain = atomic_load_explicit(&domains[domid % DOMAIN_MAX], memory_order_acquire);

    return domain != NULL && domain->domid == domid ? domain : NULL;
}

/* Of an interdomain channel's far end: that domain is there as long as the channel is. */
static struct evtchn_domain *far_domain(uint16_t domid)
{
    return atomic_load_explicit(&domains[domid % DOMAIN_MAX], memory_order_acquire);
}

bool evtchn_virq_is_global(unsigned virq)
{
    switch (virq) {
    case VIRQ_TIMER:
    case VIRQ_DEBUG:
    case VIRQ_XENOPROF:
    case VIRQ_XENPMU:
        return false;
    default:
        return true;
    }
}

int evtchn_alloc_unbound(struct evtchn_domain *domain, uint16_t remote, uint32_t *port)
{
    int error;

    spin_lock(&domain->lock);
    error = evtchn_port_take(domain, EVTCHN_UNBOUND, port);
    if (error == 0) {
        evtchn_port_find(domain, *port)->remote_domid = remote;
    }
    spin_unlock(&domain->lock);
    return error;
}

/* Give @remote's unbound @remote_port the far end @domain, @port. */
static int connect_far_end(struct evtchn_domain *remote, uint32_t remote_port, uint16_t domid, uint32_t port)
{
    struct evtchn *channel;
    int error = -EINVAL;

    spin_lock(&remote->lock);
    channel = evtchn_port_find(remote, remote_port);
    if (channel != NULL && (channel->state == EVTCHN_UNBOUND || channel->state == EVTCHN_HV_UNBOUND) &&
        channel->remote_domid == domid) {
        channel->state =
            channel->state == EVTCHN_UNBOUND ? (uint8_t)EVTCHN_INTERDOMAIN : (uint8_t)EVTCHN_HV_INTERDOMAIN;
        channel->remote_port = port;
        error = 0;
    }
    spin_unlock(&remote->lock);
    return error;
}

int evtchn_bind_interdomain(struct evtchn_domain *domain, struct evtchn_domain *remote, uint32_t remote_port,
                            uint32_t *port, struct evtchn_work *work)
{
    uint32_t local = 0;
    int error;

    spin_lock(&bind_lock);
    spin_lock(&domain->lock);
    error = evtchn_port_take(domain, EVTCHN_BINDING, &local);
    spin_unlock(&domain->lock);
    if (error == 0) {
        error = connect_far_end(remote, remote_port, domain->domid, local);
        spin_lock(&domain->lock);
        if (error != 0) {
            evtchn_port_free(domain, local);
        } else {
            struct evtchn *channel = evtchn_port_find(domain, local);

            channel->state = EVTCHN_INTERDOMAIN;
            channel->remote_domid = remote->domid;
            channel->remote_port = remote_port;
            evtchn_signal(domain, local, work); /* It may have been signalled before it was there. */
            *port = local;
        }
        spin_unlock(&domain->lock);
    }
    spin_unlock(&bind_lock);
    return error;
}

int evtchn_bind_virq(struct evtchn_domain *domain, uint32_t virq, uint32_t vcpu, uint32_t *port)
{
    int error = 0;

    if (virq >= EVTCHN_VIRQ_COUNT || (evtchn_virq_is_global(virq) && vcpu != 0)) {
        return -EINVAL;
    }
    if (vcpu >= domain->vcpu_count) {
        return -ENOENT;
    }
    if (evtchn_virq_is_global(virq) && !domain->privileged) {
        return -EPERM;
    }
    spin_lock(&domain->lock);
    if (domain->vcpu[vcpu]->virq_port[virq] != 0) {
        error = -EEXIST;
    } else {
        error = evtchn_port_take(domain, EVTCHN_VIRQ, port);
    }
    if (error == 0) {
        struct evtchn *channel = evtchn_port_find(domain, *port);

        channel->virq = (uint8_t)virq;
        channel->vcpu = (uint8_t)vcpu;
        domain->vcpu[vcpu]->virq_port[virq] = *port;
    }
    spin_unlock(&domain->lock);
    return error;
}

int evtchn_bind_ipi(struct evtchn_domain *domain, uint32_t vcpu, uint32_t *port)
{
    int error;

    if (vcpu >= domain->vcpu_count) {
        return -ENOENT;
    }
    spin_lock(&domain->lock);
    error = evtchn_port_take(domain, EVTCHN_IPI, port);
    if (error == 0) {
        evtchn_port_find(domain, *port)->vcpu = (uint8_t)vcpu;
    }
    spin_unlock(&domain->lock);
    return error;
}

/* May the guest choose whom @channel notifies? */
static bool may_move(const struct evtchn *channel)
{
    return channel->state == EVTCHN_UNBOUND || channel->state == EVTCHN_INTERDOMAIN ||
           (channel->state == EVTCHN_VIRQ && evtchn_virq_is_global(channel->virq));
}

int evtchn_bind_vcpu(struct evtchn_domain *domain, uint32_t port, uint32_t vcpu)
{
    struct evtchn *channel;
    int error = -EINVAL;

    if (vcpu >= domain->vcpu_count) {
        return -ENOENT;
    }
    spin_lock(&domain->lock);
    channel = evtchn_port_find(domain, port);
    if (channel != NULL && may_move(channel)) {
        channel->vcpu = (uint8_t)vcpu;
        error = 0;
    }
    spin_unlock(&domain->lock);
    return error;
}

/* The far end of a channel that was closed waits for another. With the bind lock. */
static void disconnect_far_end(const struct evtchn *closed)
{
    struct evtchn_domain *remote = far_domain(closed->remote_domid);
    struct evtchn *channel;

    spin_lock(&remote->lock);
    channel = evtchn_port_find(remote, closed->remote_port);
    ASSERT(channel != NULL &&
           (channel->state == EVTCHN_INTERDOMAIN || channel->state == EVTCHN_HV_INTERDOMAIN));
    channel->state =
        channel->state == EVTCHN_INTERDOMAIN ? (uint8_t)EVTCHN_UNBOUND : (uint8_t)EVTCHN_HV_UNBOUND;
    spin_unlock(&remote->lock);
}

/* With the bind lock. The hypervisor's port goes with its domain alone. */
static int close_port(struct evtchn_domain *domain, uint32_t port)
{
    struct evtchn *channel, closed;

    spin_lock(&domain->lock);
    channel = evtchn_port_find(domain, port);
    if (channel == NULL || (evtchn_is_hv(channel) && !domain->closed)) {
        spin_unlock(&domain->lock);
        return -EINVAL;
    }
    closed = *channel;
    ASSERT(closed.state != EVTCHN_BINDING);
    if (closed.state == EVTCHN_VIRQ) {
        unsigned owner = evtchn_virq_is_global(closed.virq) ? 0 : closed.vcpu;

        domain->vcpu[owner]->virq_port[closed.virq] = 0;
    }
    if (!domain->closed) {
        evtchn_clear_pending(domain, port);
    }
    if (port == domain->hv_port) {
        domain->hv_port = 0;
    }
    evtchn_port_free(domain, port);
    spin_unlock(&domain->lock);
    if (closed.state == EVTCHN_INTERDOMAIN || closed.state == EVTCHN_HV_INTERDOMAIN) {
        disconnect_far_end(&closed);
    }
    return 0;
}

int evtchn_close(struct evtchn_domain *domain, uint32_t port)
{
    int error;

    spin_lock(&bind_lock);
    error = close_port(domain, port);
    spin_unlock(&bind_lock);
    return error;
}

int evtchn_send(struct evtchn_domain *domain, uint32_t port, struct evtchn_work *work)
{
    const struct evtchn *channel;
    struct evtchn_domain *to = NULL;
    uint32_t to_port = 0;
    int error = 0;

    spin_lock(&domain->lock);
    channel = evtchn_port_find(domain, port);
    switch (channel != NULL ? channel->state : EVTCHN_FREE) {
    case EVTCHN_INTERDOMAIN:
        to = far_domain(channel->remote_domid);
        to_port = channel->remote_port;
        break;
    case EVTCHN_IPI:
        evtchn_signal(domain, port, work);
        break;
    case EVTCHN_UNBOUND: /* Nobody is there to hear it. */
    case EVTCHN_BINDING:
        break;
    default:
        error = -EINVAL;
        break;
    }
    spin_unlock(&domain->lock);
    if (to != NULL) {
        evtchn_signal_far_end(to, to_port, domain->domid, port, work);
    }
    return error;
}

/* NULL: it is closed. */
static void tell(const struct evtchn *channel, struct evtchn_status *status)
{
    status->status = EVTCHNSTAT_closed;
    status->vcpu = 0;
    if (channel == NULL) {
        return;
    }
    status->status = channel->state == EVTCHN_BINDING ? (uint32_t)EVTCHNSTAT_unbound : channel->state;
    status->vcpu = channel->vcpu;
    if (channel->state == EVTCHN_UNBOUND) {
        status->u.unbound.dom = channel->remote_domid;
    } else if (channel->state == EVTCHN_INTERDOMAIN) {
        status->u.interdomain.dom = channel->remote_domid;
        status->u.interdomain.port = channel->remote_port;
    } else if (channel->state == EVTCHN_VIRQ) {
        status->u.virq = channel->virq;
    }
}

int evtchn_status(struct evtchn_domain *domain, uint32_t port, struct evtchn_status *status)
{
    const struct evtchn *channel;
    int error = 0;

    spin_lock(&domain->lock);
    channel = evtchn_port_find(domain, port);
    if (port >= evtchn_port_limit(domain)) {
        error = -EINVAL;
    } else if (channel != NULL && evtchn_is_hv(channel)) {
        error = -EACCES;
    } else {
        tell(channel, status);
    }
    spin_unlock(&domain->lock);
    return error;
}

int evtchn_unmask(struct evtchn_domain *domain, uint32_t port, struct evtchn_work *work)
{
    int error = -EINVAL;

    spin_lock(&domain->lock);
    if (evtchn_port_find(domain, port) != NULL) {
        evtchn_unmask_word(domain, port, work);
        error = 0;
    }
    spin_unlock(&domain->lock);
    return error;
}

int evtchn_set_priority(struct evtchn_domain *domain, uint32_t port, uint32_t priority)
{
    struct evtchn *channel;
    int error = -EINVAL;

    spin_lock(&domain->lock);
    channel = evtchn_port_find(domain, port);
    if (channel != NULL && !domain->fifo) {
        error = -ENOSYS;
    } else if (channel != NULL && priority <= EVTCHN_FIFO_PRIORITY_MIN) {
        channel->priority = (uint8_t)priority;
        error = 0;
    }
    spin_unlock(&domain->lock);
    return error;
}

void evtchn_raise_virq(struct evtchn_domain *domain, unsigned virq, unsigned vcpu, struct evtchn_work *work)
{
    uint32_t port;

    spin_lock(&domain->lock);
    port = domain->vcpu[vcpu]->virq_port[virq];
    if (port != 0) {
        evtchn_signal(domain, port, work);
    }
    spin_unlock(&domain->lock);
}

int evtchn_register_info(struct evtchn_domain *domain, uint32_t vcpu, struct vcpu_info *info,
                         struct evtchn_work *work)
{
    struct evtchn_vcpu *v;

    if (vcpu >= domain->vcpu_count) {
        return -ENOENT;
    }
    v = domain->vcpu[vcpu];
    spin_lock(&domain->lock);
    if (v->info_page != NULL || domain->closed) {
        spin_unlock(&domain->lock);
        return -EINVAL;
    }
    memcpy(info, atomic_load_explicit(&v->info, memory_order_relaxed), sizeof(*info));
    info->evtchn_upcall_pending = 0;
    info->evtchn_pending_sel = ~(xen_ulong_t)0;
    v->info_page = info;
    atomic_store(&v->info, info);
    evtchn_mark_upcall(domain, vcpu, work);
    spin_unlock(&domain->lock);
    return 0;
}

/* The first port at or behind @from that a reset closes; 0: none. With the domain's lock. */
static uint32_t next_to_close(const struct evtchn_domain *domain, uint32_t from)
{
    uint32_t port = evtchn_port_next(domain, from);

    return port != 0 && port == domain->hv_port && !domain->closed ? evtchn_port_next(domain, port + 1)
                                                                   : port;
}

/* Close some ports. Returns whether none is left. */
static bool close_some(struct evtchn_domain *domain)
{
    uint32_t port = 1;

    spin_lock(&bind_lock);
    for (unsigned i = 0; i < EVTCHN_SLICE_PORTS && port != 0; i++) {
        spin_lock(&domain->lock);
        port = next_to_close(domain, port);
        spin_unlock(&domain->lock);
        if (port != 0) {
            (void)close_port(domain, port);
        }
    }
    spin_unlock(&bind_lock);
    return port == 0;
}

int evtchn_reset(struct evtchn_domain *domain)
{
    bool done;

    if (!close_some(domain)) {
        return EVTCHN_AGAIN;
    }
    spin_lock(&domain->lock);
    done = next_to_close(domain, 0) == 0; /* Another vCPU may have bound one again. */
    if (done) {
        evtchn_port_free_all(domain);
        evtchn_fifo_drop(domain);
    }
    spin_unlock(&domain->lock);
    return done ? 0 : EVTCHN_AGAIN;
}

int evtchn_close_domain(struct evtchn_domain *domain)
{
    spin_lock(&domain->lock);
    domain->closed = true;
    spin_unlock(&domain->lock);
    if (evtchn_reset(domain) != 0) {
        return EVTCHN_AGAIN;
    }
    spin_lock(&domain->lock);
    for (unsigned i = 0; i < domain->vcpu_count; i++) {
        struct evtchn_vcpu *vcpu = domain->vcpu[i];

        if (vcpu->info_page != NULL) {
            /* Nobody reads the page any more, then it is let go. */
            atomic_store(&vcpu->info, &vcpu->own_info);
            evtchn_machine->guest_unpin(domain, vcpu->info_page);
            vcpu->info_page = NULL;
        }
    }
    spin_unlock(&domain->lock);
    if (domain->hv_ops != NULL) {
        domain->hv_ops->closed(domain);
    }
    return 0;
}

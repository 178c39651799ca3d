/* SPDX-License-Identifier: Apache-2.0 */
/* evtchn_hv.c - the port of a domain that is the hypervisor's: one end of a channel between a device that it
 * models for the domain, and another domain that serves it, as the console daemon's.
 *
 *     free --open--> hv unbound --bind_interdomain by the far end--> hv interdomain --the domain ends--> free
 *                        ^--------------- the far end closes ------------'
 *
 * The number is one of the domain's, for the far end binds to a domain's port. But events that are sent to it
 * never reach the domain's words: the sender finds the state, and the device's handler is called when the
 * send is over, without a lock (EVTCHN_WAKE_HV, core/events.c). To the domain the port is one that it may not
 * use: closing, sending and binding to a vCPU are refused, a reset leaves it.
 *
 * A far end is always a port that its domain bound, never a hypervisor's: a signal that is answered is not
 * answered again.
 *
 * A reset goes back to the 2-level layout, which has fewer ports. So it is opened in that layout. */
#include "core/evtchn_state.h"
#include "lib/error.h"

int evtchn_hv_open(struct evtchn_domain *domain, uint16_t remote, const struct evtchn_hv_ops *ops,
                   uint32_t *port)
{
    int error = -EINVAL;

    spin_lock(&domain->lock);
    if (domain->hv_port == 0 && !domain->fifo) {
        error = evtchn_port_take(domain, EVTCHN_HV_UNBOUND, port);
    }
    if (error == 0) {
        evtchn_port_find(domain, *port)->remote_domid = remote;
        domain->hv_port = *port;
        domain->hv_ops = ops;
    }
    spin_unlock(&domain->lock);
    return error;
}

void evtchn_hv_send(struct evtchn_domain *domain, struct evtchn_work *work)
{
    const struct evtchn *channel;
    struct evtchn_domain *to = NULL;
    uint32_t from, to_port = 0;

    spin_lock(&domain->lock);
    from = domain->hv_port;
    channel = evtchn_port_find(domain, from);
    if (channel != NULL && channel->state == EVTCHN_HV_INTERDOMAIN) {
        to = evtchn_domain_of(channel->remote_domid);
        to_port = channel->remote_port;
    }
    spin_unlock(&domain->lock);
    if (to != NULL) {
        evtchn_signal_far_end(to, to_port, domain->domid, from, work);
    }
}

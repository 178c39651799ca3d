/* SPDX-License-Identifier: Apache-2.0 */
/* events.h - events on their way to a vCPU: the upcall interrupt, guests' pages that EL2 writes to, the end
 * of a domain's channels. What a channel is: core/evtchn.h. */
#ifndef CORE_EVENTS_H
#define CORE_EVENTS_H

#include "core/domain.h"

/* Boot CPU, once, before any domain. */
void events_setup(void);

/* @domain's shared_info exists. Then its vCPUs do too: channels can be made from now on. Undone when it goes.
 */
void events_domain_init(struct domain *domain);
void events_vcpus_made(struct domain *domain);
void events_domain_forget(struct domain *domain);

/* @domain has stopped: close some of its channels, and let go of pages that EL2 tells its vCPUs something in.
 * Returns whether all is done. */
bool events_let_go_some(struct domain *domain);

/* Carry out what a call of core/evtchn.h left: upcalls and wake-ups. Any CPU, no lock held. */
void events_apply(const struct evtchn_work *work);
/* The same, when it is an event of the running vCPU @by. */
void events_apply_from(const struct evtchn_work *work, const struct vcpu *by);

/* Raise global virtual interrupt @virq, if the control domain has bound it. Any CPU, no lock held. */
void events_raise_global(unsigned virq);

/* The upcall interrupt is level triggered by evtchn_upcall_pending. @vcpu's list registers are folded, and
 * will be filled: pending again, if the guest ended it with the flag still set. With the vGIC's lock. */
void events_reassert(struct vcpu *vcpu);

#endif

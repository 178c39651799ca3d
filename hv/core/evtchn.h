/* SPDX-License-Identifier: Apache-2.0 */
/* evtchn.h - event channels: who may signal whom, and the words in guest memory that say so.
 *
 * Pure. The caller translates guest addresses and domain numbers, and carries out what a call leaves in
 * struct evtchn_work: upcalls and wake-ups, after it, without a lock.
 *
 * A channel is a domain's port, 1 on. Its event is a bit in the domain's memory, in one of two layouts
 * (xen/event_channel.h): "2-level", bitmaps in shared_info, or "FIFO", a word a port in pages that the guest
 * gave, linked into a queue for each vCPU and priority.
 *
 * Locks: each domain's own, LOCK_RANK_EVTCHN, guards its channels and what EL2 writes to its words. No two of
 * them are ever held at once. Both ends of a channel change together only under the one lock of rank
 * LOCK_RANK_EVTCHN_BIND; who sends takes neither end for granted: it reads the far end's name under its own
 * lock and checks under the other's that the far end still names it.
 *
 * One port of a domain may be the hypervisor's: the near end of a channel between a device that it models for
 * the domain and another domain. The domain can neither use nor close it (evtchn_hv.c). */
#ifndef CORE_EVTCHN_H
#define CORE_EVTCHN_H

#include <stdatomic.h>

#include "arch/spinlock.h"
#include "lib/abi.h"
#include "lib/types.h"

#define EVTCHN_VIRQ_COUNT (VIRQ_ARCH_7 + 1)
#define EVTCHN_ARRAY_PAGE_MAX (EVTCHN_FIFO_NR_CHANNELS / (PAGE_SIZE / sizeof(event_word_t)))
#define EVTCHN_SLAB_PORTS 256u
#define EVTCHN_SLAB_MAX (EVTCHN_FIFO_NR_CHANNELS / EVTCHN_SLAB_PORTS)

/* Ports a call closes or delivers at most before it asks to be called again. */
#define EVTCHN_SLICE_PORTS 8u

/* Returned by what is not done yet: call it again, with the same arguments. */
#define EVTCHN_AGAIN 1

/* Most ports a domain may have: what the toolstack gives guests by default; the control domain is trusted
 * with all there can be. */
#define EVTCHN_PORT_LIMIT 1024u
#define EVTCHN_PORT_LIMIT_PRIVILEGED EVTCHN_FIFO_NR_CHANNELS

struct evtchn_slab;
struct evtchn_domain;
struct evtchn_work;

/* What the hypervisor does at its port of a domain. No lock is held; any CPU; until no CPU is in a stay that
 * began before "closed" was called, the other may still be called. */
struct evtchn_hv_ops {
    /* The far end has signalled it. Signals of its own in return go to @work. */
    void (*heard)(struct evtchn_domain *domain, struct evtchn_work *work);
    /* It is closed for good, with all other ports. Called again each time that is made sure of. */
    void (*closed)(struct evtchn_domain *domain);
};

/* What events need of a vCPU. */
struct evtchn_vcpu {
    /* Where its flags are: its own page, shared_info (vCPU 0), or own_info until it names a place. Read
     * without a lock, changed under the domain's. */
    _Atomic(struct vcpu_info *) info;
    struct vcpu_info own_info;
    void *info_page; /* The guest's page it lies in, to be unpinned; NULL: not the guest's. */
    uint32_t virq_port[EVTCHN_VIRQ_COUNT]; /* 0: not bound. Global ones: vCPU 0's. */
    uint32_t poll_port;                    /* SCHEDOP_poll waits for it; 0: for any. */
    /* FIFO: the control block, NULL: not given yet; the page it lies in; the last port of each queue, 0:
     * none. */
    struct evtchn_fifo_control_block *control;
    uint32_t tail[EVTCHN_FIFO_MAX_QUEUES];
};

struct evtchn_domain {
    struct spinlock lock;
    uint16_t domid;
    bool privileged; /* Gets the global virtual interrupts. */
    bool fifo;       /* Else 2-level. */
    bool closed;     /* Not yet or no more: nothing is bound or signalled. */
    unsigned vcpu_count;
    uint32_t port_limit; /* First port it may not have, in the FIFO layout. */
    struct shared_info *shared;
    struct evtchn_vcpu *vcpu[VCPU_MAX];
    _Atomic uint32_t polling;   /* vCPUs in SCHEDOP_poll. */
    struct evtchn_slab **slabs; /* A page of pointers, NULL where no port is open; NULL before the first. */
    unsigned room_slab;         /* No slab below it has room... */
    unsigned slab_end;          /* ...and none was made from this one on. */
    event_word_t **array;       /* FIFO: a page of pointers to the guest's pages. */
    unsigned array_count;
    uint32_t hv_port; /* The hypervisor's; 0: none. */
    const struct evtchn_hv_ops *hv_ops;
};

/* In "wake" of the work below: not a vCPU, the domain's port that is the hypervisor's was signalled. Then
 * there is nothing else. */
#define EVTCHN_WAKE_HV BIT32(31)

/* What is to be done for @domain when a call has returned. */
struct evtchn_work {
    struct evtchn_domain *domain;
    uint32_t upcall; /* vCPUs whose evtchn_upcall_pending went from 0 to 1. */
    uint32_t wake;   /* vCPUs whose poll has come to an end, or EVTCHN_WAKE_HV. */
};

/* What events need of the machine. */
struct evtchn_machine {
    void *(*page_alloc)(void); /* Zeroed; NULL. */
    void (*page_free)(void *page);
    void (*guest_unpin)(struct evtchn_domain *domain, void *page); /* Any address in it. */
};

/* Boot CPU, once, before any domain. */
void evtchn_setup(const struct evtchn_machine *machine);

/* @domain: all but domid, privileged and shared zero. It can be found by others from now on, and has no ports
 * until its
 * @count vCPUs, zero too, are told of. */
void evtchn_domain_init(struct evtchn_domain *domain);
void evtchn_domain_set_vcpus(struct evtchn_domain *domain, struct evtchn_vcpu *const *vcpus, unsigned count);
void evtchn_domain_forget(struct evtchn_domain *domain); /* No port is open. */

/* By number; NULL. */
struct evtchn_domain *evtchn_domain_of(uint16_t domid);

/* The operations of xen/event_channel.h. Any CPU, no lock held. 0 or -EINVAL (no such port, not in that
 * state), -ENOENT (no such vCPU), -ENOSPC (all ports in use), -ENOMEM, -EEXIST (bound already), -EPERM,
 * -ENOSYS, -EACCES (status of the hypervisor's port). */
int evtchn_alloc_unbound(struct evtchn_domain *domain, uint16_t remote, uint32_t *port);
int evtchn_bind_interdomain(struct evtchn_domain *domain, struct evtchn_domain *remote, uint32_t remote_port,
                            uint32_t *port, struct evtchn_work *work);
int evtchn_bind_virq(struct evtchn_domain *domain, uint32_t virq, uint32_t vcpu, uint32_t *port);
int evtchn_bind_ipi(struct evtchn_domain *domain, uint32_t vcpu, uint32_t *port);
int evtchn_bind_vcpu(struct evtchn_domain *domain, uint32_t port, uint32_t vcpu);
int evtchn_close(struct evtchn_domain *domain, uint32_t port);
int evtchn_send(struct evtchn_domain *domain, uint32_t port, struct evtchn_work *work);
int evtchn_status(struct evtchn_domain *domain, uint32_t port, struct evtchn_status *status);
int evtchn_unmask(struct evtchn_domain *domain, uint32_t port, struct evtchn_work *work);
int evtchn_set_priority(struct evtchn_domain *domain, uint32_t port, uint32_t priority);

/* Close all ports but the hypervisor's and go back to 2-level. EVTCHN_AGAIN while some are open. */
int evtchn_reset(struct evtchn_domain *domain);

/* The same for a domain that has stopped, for good, and with the hypervisor's: nothing can be bound again. */
int evtchn_close_domain(struct evtchn_domain *domain);

/* FIFO, evtchn_fifo.c. What is given is pinned: a control block is kept when 0 is returned, a page of the
 * array when @kept says so (not when a call is repeated). */
int evtchn_init_control(struct evtchn_domain *domain, uint32_t vcpu,
                        struct evtchn_fifo_control_block *control);
int evtchn_expand_array(struct evtchn_domain *domain, event_word_t *page, bool *kept,
                        struct evtchn_work *work);

/* evtchn_hv.c. Open the hypervisor's port of @domain, to which domain number @remote may bind. 0, -EINVAL (it
 * is open, or the layout is FIFO's already), -ENOSPC, -ENOMEM. Then: signal its far end, if there is one. */
int evtchn_hv_open(struct evtchn_domain *domain, uint16_t remote, const struct evtchn_hv_ops *ops,
                   uint32_t *port);
void evtchn_hv_send(struct evtchn_domain *domain, struct evtchn_work *work);

/* Virtual interrupt @virq for vCPU @vcpu (0 for a global one). Nothing when it is not bound. */
void evtchn_raise_virq(struct evtchn_domain *domain, unsigned virq, unsigned vcpu, struct evtchn_work *work);
bool evtchn_virq_is_global(unsigned virq);

/* @vcpu's flags are at @info, in @page that is pinned, from now on: 0, -EINVAL (it has such a place),
 * -ENOENT. Everything counts as pending there, so that nothing is lost. */
int evtchn_register_info(struct evtchn_domain *domain, uint32_t vcpu, struct vcpu_info *info,
                         struct evtchn_work *work);

/* SCHEDOP_poll by @vcpu on @count ports. evtchn_poll_begin() says whether one is pending already (then there
 * is nothing to wait for), -EINVAL for a bad port. After the vCPU has been put to sleep, evtchn_poll_over()
 * says whether that was in vain. */
int evtchn_poll_begin(struct evtchn_domain *domain, unsigned vcpu, const uint32_t *ports, unsigned count);
bool evtchn_poll_over(struct evtchn_domain *domain, unsigned vcpu);

/* Is @vcpu's upcall due? Any CPU, no lock. */
static inline bool evtchn_upcall_pending(struct evtchn_vcpu *vcpu)
{
    struct vcpu_info *info = atomic_load_explicit(&vcpu->info, memory_order_relaxed);

    return atomic_load_explicit((_Atomic uint8_t *)&info->evtchn_upcall_pending, memory_order_relaxed) != 0;
}

#endif

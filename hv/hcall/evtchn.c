/* SPDX-License-Identifier: Apache-2.0 */
/* evtchn.c - event_channel_op: arguments in and out; core/evtchn.h does it. Source: xen/event_channel.h. */
#include "core/events.h"
#include "core/guest_mem.h"
#include "hcall/hypercall.h"
#include "lib/abi.h"
#include "lib/error.h"

/* The largest is that of status. */
union arguments {
    struct evtchn_bind_interdomain bind_interdomain;
    struct evtchn_bind_virq bind_virq;
    struct evtchn_close close;
    struct evtchn_send send;
    struct evtchn_status status;
    struct evtchn_alloc_unbound alloc_unbound;
    struct evtchn_bind_ipi bind_ipi;
    struct evtchn_bind_vcpu bind_vcpu;
    struct evtchn_unmask unmask;
    struct evtchn_reset reset;
    struct evtchn_init_control init_control;
    struct evtchn_expand_array expand_array;
    struct evtchn_set_priority set_priority;
};

/* The running vCPU's call of an operation, with its arguments copied in; what is to be copied out is left
 * there. */
struct call {
    struct domain *domain;
    union arguments args;
    struct evtchn_domain
        *opened_in; /* Whose port it opened, to be closed again if its number cannot be told. */
    uint32_t opened;
    struct evtchn_work work;
};

/* Bytes of its arguments, and whether they are answered in place. By number of the operation; 0: there is
 * none. */
static const struct {
    uint8_t bytes;
    bool answers;
} operations[] = {
    [EVTCHNOP_bind_interdomain] = {sizeof(struct evtchn_bind_interdomain), true},
    [EVTCHNOP_bind_virq] = {sizeof(struct evtchn_bind_virq), true},
    [EVTCHNOP_close] = {sizeof(struct evtchn_close), false},
    [EVTCHNOP_status] = {sizeof(struct evtchn_status), true},
    [EVTCHNOP_alloc_unbound] = {sizeof(struct evtchn_alloc_unbound), true},
    [EVTCHNOP_bind_ipi] = {sizeof(struct evtchn_bind_ipi), true},
    [EVTCHNOP_bind_vcpu] = {sizeof(struct evtchn_bind_vcpu), false},
    [EVTCHNOP_unmask] = {sizeof(struct evtchn_unmask), false},
    [EVTCHNOP_reset] = {sizeof(struct evtchn_reset), false},
    [EVTCHNOP_init_control] = {sizeof(struct evtchn_init_control), true},
    [EVTCHNOP_expand_array] = {sizeof(struct evtchn_expand_array), false},
    [EVTCHNOP_set_priority] = {sizeof(struct evtchn_set_priority), false},
};

/* Whose channels the call is about: its own, or another's when it is privileged. */
static int subject(const struct call *call, domid_t domid, struct evtchn_domain **out)
{
    if (domid == DOMID_SELF || domid == call->domain->id) {
        *out = &call->domain->events;
        return 0;
    }
    if (!call->domain->privileged) {
        return -EPERM;
    }
    *out = evtchn_domain_of(domid);
    return *out != NULL ? 0 : -ESRCH;
}

/* An operation that opens @port in @in ends with @error. */
static int opened(struct call *call, struct evtchn_domain *in, int error, uint32_t port)
{
    if (error == 0) {
        call->opened_in = in;
        call->opened = port;
    }
    return error;
}

static int alloc_unbound(struct call *call)
{
    struct evtchn_alloc_unbound *a = &call->args.alloc_unbound;
    struct evtchn_domain *of;
    int error = subject(call, a->dom, &of);

    if (error != 0) {
        return error;
    }
    error =
        evtchn_alloc_unbound(of, a->remote_dom == DOMID_SELF ? call->domain->id : a->remote_dom, &a->port);
    return opened(call, of, error, a->port);
}

static int bind_interdomain(struct call *call)
{
    struct evtchn_bind_interdomain *a = &call->args.bind_interdomain;
    struct evtchn_domain *remote =
        evtchn_domain_of(a->remote_dom == DOMID_SELF ? call->domain->id : a->remote_dom);

    int error;

    if (remote == NULL) {
        return -ESRCH;
    }
    error =
        evtchn_bind_interdomain(&call->domain->events, remote, a->remote_port, &a->local_port, &call->work);
    return opened(call, &call->domain->events, error, a->local_port);
}

static int bind_virq(struct call *call)
{
    struct evtchn_bind_virq *a = &call->args.bind_virq;
    int error = evtchn_bind_virq(&call->domain->events, a->virq, a->vcpu, &a->port);

    return opened(call, &call->domain->events, error, a->port);
}

static int bind_ipi(struct call *call)
{
    struct evtchn_bind_ipi *a = &call->args.bind_ipi;
    int error = evtchn_bind_ipi(&call->domain->events, a->vcpu, &a->port);

    return opened(call, &call->domain->events, error, a->port);
}

static int status(struct call *call)
{
    struct evtchn_domain *of;
    int error = subject(call, call->args.status.dom, &of);

    return error != 0 ? error : evtchn_status(of, call->args.status.port, &call->args.status);
}

static int reset(struct call *call)
{
    struct evtchn_domain *of;
    int error = subject(call, call->args.reset.dom, &of);

    return error != 0 ? error : evtchn_reset(of);
}

static int init_control(struct call *call)
{
    struct evtchn_init_control *a = &call->args.init_control;
    void *page;
    int error;

    if (a->vcpu >= call->domain->vcpu_count) {
        return -ENOENT;
    }
    if (a->offset > PAGE_SIZE - sizeof(struct evtchn_fifo_control_block) || a->offset % 8 != 0 ||
        a->control_gfn > UINT64_MAX >> PAGE_SHIFT) {
        return -EINVAL;
    }
    error = guest_pin(call->domain, ipa((a->control_gfn << PAGE_SHIFT) + a->offset), &page);
    if (error != 0) {
        return error;
    }
    error = evtchn_init_control(&call->domain->events, a->vcpu, page);
    if (error != 0) {
        guest_unpin(call->domain, page);
    }
    a->link_bits = EVTCHN_FIFO_LINK_BITS;
    return error;
}

static int expand_array(struct call *call)
{
    const struct evtchn_expand_array *a = &call->args.expand_array;
    bool kept;
    void *page;
    int result;

    if (a->array_gfn > UINT64_MAX >> PAGE_SHIFT) {
        return -EINVAL;
    }
    result = guest_pin(call->domain, ipa(a->array_gfn << PAGE_SHIFT), &page);
    if (result != 0) {
        return result;
    }
    result = evtchn_expand_array(&call->domain->events, page, &kept, &call->work);
    if (!kept) {
        guest_unpin(call->domain, page);
    }
    return result;
}

static int act(uint32_t operation, struct call *call)
{
    struct evtchn_domain *own = &call->domain->events;
    const union arguments *a = &call->args;

    switch (operation) {
    case EVTCHNOP_bind_interdomain:
        return bind_interdomain(call);
    case EVTCHNOP_bind_virq: /* Global ones by the control domain. */
        return bind_virq(call);
    case EVTCHNOP_close:
        return evtchn_close(own, a->close.port);
    case EVTCHNOP_status: /* Of other domains by the control domain. */
        return status(call);
    case EVTCHNOP_alloc_unbound: /* In other domains by the control domain. */
        return alloc_unbound(call);
    case EVTCHNOP_bind_ipi:
        return bind_ipi(call);
    case EVTCHNOP_bind_vcpu:
        return evtchn_bind_vcpu(own, a->bind_vcpu.port, a->bind_vcpu.vcpu);
    case EVTCHNOP_unmask:
        return evtchn_unmask(own, a->unmask.port, &call->work);
    case EVTCHNOP_reset: /* Of other domains by the control domain; in slices. */
        return reset(call);
    case EVTCHNOP_init_control: /* The first one changes the layout to FIFO. */
        return init_control(call);
    case EVTCHNOP_expand_array: /* As many pages as the domain may have ports. */
        return expand_array(call);
    case EVTCHNOP_set_priority: /* FIFO. */
        return evtchn_set_priority(own, a->set_priority.port, a->set_priority.priority);
    default:
        return -ENOSYS;
    }
}

/* The operation most often called, by itself: it needs little. */
static int64_t send(struct vcpu *vcpu, uint64_t from)
{
    struct evtchn_work work = {0};
    struct evtchn_send a;
    int error;

    if (guest_copy_in(vcpu, &a, from, sizeof(a)) != 0) {
        return -EFAULT;
    }
    error = evtchn_send(&vcpu->domain->events, a.port, &work);
    events_apply_from(&work, vcpu);
    return error;
}

__attribute__((noinline)) static int64_t operate(struct vcpu *vcpu, uint32_t operation, uint64_t from)
{
    struct call call = {.domain = vcpu->domain};
    int result;

    if (operation >= ARRAY_COUNT(operations) || operations[operation].bytes == 0) {
        return -ENOSYS;
    }
    if (guest_copy_in(vcpu, &call.args, from, operations[operation].bytes) != 0) {
        return -EFAULT;
    }
    result = act(operation, &call);
    events_apply(&call.work);
    if (result == EVTCHN_AGAIN) { /* The HVC is executed again, x0 and x1 as they are. */
        return hypercall_again(vcpu, operation);
    }
    if (result == 0 && operations[operation].answers &&
        guest_copy_out(vcpu, from, &call.args, operations[operation].bytes) != 0) {
        if (call.opened_in != NULL) {
            (void)evtchn_close(call.opened_in, call.opened);
        }
        return -EFAULT;
    }
    return result;
}

int64_t hcall_event_channel_op(struct vcpu *vcpu, uint64_t args[5])
{
    if ((uint32_t)args[0] == EVTCHNOP_send) {
        return send(vcpu, args[1]);
    }
    return operate(vcpu, (uint32_t)args[0], args[1]);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* sched_op.c - a vCPU about its own running: yield, block, poll; a domain's end. Source: xen/sched.h. */
#include "core/domain.h"
#include "core/guest_mem.h"
#include "core/pcpu.h"
#include "hcall/hypercall.h"
#include "lib/abi.h"
#include "lib/error.h"

#define POLL_PORTS_MAX 128 /* As many as Xen takes. */

/* Wait until a time, an interrupt, or an event on one of some ports. */
__attribute__((noinline)) static int64_t poll(struct vcpu *vcpu, uint64_t from)
{
    struct evtchn_domain *events = &vcpu->domain->events;
    evtchn_port_t ports[POLL_PORTS_MAX];
    struct sched_poll wish;
    uint64_t deadline;
    int found;

    if (guest_copy_in(vcpu, &wish, from, sizeof(wish)) != 0) {
        return -EFAULT;
    }
    if (wish.nr_ports > POLL_PORTS_MAX) {
        return -EINVAL;
    }
    if (guest_copy_in(vcpu, ports, (uint64_t)wish.ports.p, wish.nr_ports * sizeof(ports[0])) != 0) {
        return -EFAULT;
    }
    found = evtchn_poll_begin(events, vcpu->id, ports, wish.nr_ports);
    if (found != 0) {
        return found < 0 ? found : 0;
    }
    if (wish.timeout != 0) {
        deadline = ticks_from_ns(wish.timeout);
        if (deadline <= cpu_count_ticks()) {
            return 0;
        }
        pcpu_timer_disarm(vcpu->poll_cpu, &vcpu->poll_timer);
        vcpu->poll_cpu = cpu_id();
        pcpu_timer_arm(&vcpu->poll_timer, deadline);
    }
    vcpu_block(vcpu);
    /* An event that came before the vCPU was asleep found nobody to wake. */
    if (wish.nr_ports != 0 && evtchn_poll_over(events, vcpu->id)) {
        vcpu_notice(vcpu);
    }
    return 0;
}

/* How @domain ends. */
static void shut_down(struct vcpu *vcpu, struct domain *domain, unsigned reason)
{
    if (reason == SHUTDOWN_CRASH && domain == vcpu->domain) {
        domain_crash(vcpu, "it says that it has crashed");
    } else {
        domain_shutdown(domain, (enum shutdown_reason)reason);
    }
}

static int64_t remote_shutdown(struct vcpu *vcpu, uint64_t from)
{
    struct sched_remote_shutdown wish;
    struct domain *domain;

    if (guest_copy_in(vcpu, &wish, from, sizeof(wish)) != 0) {
        return -EFAULT;
    }
    if (!vcpu->domain->privileged) {
        return -EPERM;
    }
    domain = domain_get(wish.domain_id);
    if (domain == NULL) {
        return -ESRCH;
    }
    if (wish.reason > SHUTDOWN_MAX) {
        return -EINVAL;
    }
    shut_down(vcpu, domain, wish.reason);
    return 0;
}

static int64_t watchdog(struct vcpu *vcpu, uint64_t from)
{
    struct sched_watchdog wish;

    if (guest_copy_in(vcpu, &wish, from, sizeof(wish)) != 0) {
        return -EFAULT;
    }
    return watchdog_set(vcpu->domain, wish.id, wish.timeout);
}

/* Shut down, or (SCHEDOP_shutdown_code) say for what the domain will. */
static int64_t shutdown(struct vcpu *vcpu, uint64_t from, bool later)
{
    struct sched_shutdown wish;

    if (guest_copy_in(vcpu, &wish, from, sizeof(wish)) != 0) {
        return -EFAULT;
    }
    if (wish.reason > SHUTDOWN_MAX) {
        return -EINVAL;
    }
    if (later) {
        return domain_name_shutdown(vcpu->domain, (enum shutdown_reason)wish.reason);
    }
    shut_down(vcpu, vcpu->domain, wish.reason);
    return 0;
}

__attribute__((noinline)) static int64_t other_sched_op(struct vcpu *vcpu, uint64_t args[5])
{
    switch ((uint32_t)args[0]) {
    case SCHEDOP_block:
        vcpu_block(vcpu);
        return 0;
    case SCHEDOP_poll: /* 128 ports at most; ends for an interrupt too. */
        return poll(vcpu, args[1]);
    case SCHEDOP_shutdown: /* For good: nothing restarts a domain yet. */
        return shutdown(vcpu, args[1], false);
    case SCHEDOP_remote_shutdown: /* By the control domain. */
        return remote_shutdown(vcpu, args[1]);
    case SCHEDOP_shutdown_code: /* Once. */
        return shutdown(vcpu, args[1], true);
    case SCHEDOP_watchdog: /* Two for each domain. */
        return watchdog(vcpu, args[1]);
    default:
        return -ENOSYS;
    }
}

int64_t hcall_sched_op(struct vcpu *vcpu, uint64_t args[5])
{
    /* The one that is called often: no frame for the others' sake. */
    if ((uint32_t)args[0] == SCHEDOP_yield) {
        vcpu_yield(vcpu);
        return 0;
    }
    return other_sched_op(vcpu, args);
}

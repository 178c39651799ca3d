/* SPDX-License-Identifier: Apache-2.0 */
/* events.c - event channels: from the instruction that sends an event until the upcall's vector. */
#include "channels/events.h"
#include "timed.h"
#include "ubench.h"

#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#include <xen/xen.h>

#include <xen/event_channel.h>

/* The counter right before the event is sent. */
static uint64_t send_stamped(uint32_t port)
{
    struct evtchn_send send = {.port = port};
    register uint64_t x0 __asm__("x0") = EVTCHNOP_send;
    register uint64_t x1 __asm__("x1") = (uint64_t)&send;
    register uint64_t x16 __asm__("x16") = __HYPERVISOR_event_channel_op;
    uint64_t begin;

    __asm__ volatile(TIMED_BEGIN "hvc #0xea1"
                     : [begin] "=&r"(begin), "+r"(x0), "+r"(x1), "+r"(x16)::"x2", "x3", "x4", "memory");
    return begin;
}

static uint64_t event_self(uint32_t port)
{
    uint32_t before = events_taken(port);
    uint64_t begin;

    irq_enable();
    begin = send_stamped(port);
    while (events_taken(port) == before) {
    }
    irq_disable();
    return events_stamp() - begin;
}

/* To a port that is masked: the call alone. */
static uint64_t event_masked(uint32_t port)
{
    uint64_t begin = send_stamped(port), end = timer_now(TIMER_VIRT);

    events_unmask(port); /* Takes it. */
    irq_enable();
    isb();
    irq_disable();
    events_mask(port);
    return end - begin;
}

static uint32_t answer_port;

static void answer(uint32_t port)
{
    if (port == answer_port) {
        events_send(port);
    }
}

/* Asleep until @port has had @count events. */
static void sleep_until(uint32_t port, uint32_t count)
{
    while (events_taken(port) < count) {
        irq_disable();
        if (events_taken(port) < count) {
            wfi();
        }
        irq_enable();
        isb();
    }
}

/* The domain that answers, for ever. */
static void play_second(void)
{
    struct evtchn_alloc_unbound open = {.dom = DOMID_SELF, .remote_dom = (domid_t)bootarg_number("peer", 1)};

    if (events_operate(EVTCHNOP_alloc_unbound, &open) != 0) {
        return;
    }
    answer_port = open.port;
    events_hook = answer;
    events_unmask(open.port);
    irq_enable();
    sleep_until(open.port, UINT32_MAX);
}

/* The domain that asks: from its sending until its own handler has the answer. */
static void play_first(uint64_t rounds)
{
    struct evtchn_bind_interdomain bind = {.remote_dom = (domid_t)bootarg_number("peer", 2),
                                           .remote_port = 1};
    struct figure round_trip = {0};

    while (events_operate(EVTCHNOP_bind_interdomain, &bind) != 0) { /* Until the other has opened it. */
        hypercall(HYPERCALL_SCHED_OP, 0, 0, 0, 0, 0);
    }
    irq_enable();
    events_unmask(bind.local_port);
    sleep_until(bind.local_port, 1); /* Binding is an event. */
    for (uint32_t round = 0; round < rounds + 10; round++) {
        uint64_t begin = send_stamped(bind.local_port);

        sleep_until(bind.local_port, round + 2);
        if (round >= 10) { /* Both sleep by then when nothing is there for them. */
            figure_add(&round_trip, events_stamp() - begin);
        }
    }
    figure_print("event_round_trip", &round_trip);
}

void measure_channel(uint64_t rounds)
{
    if (events_start(true) != 0) {
        print("ubench: no event channels\n");
    } else if (bootarg_is("role", "second")) {
        play_second();
    } else {
        play_first(rounds);
    }
}

void measure_events(uint64_t rounds)
{
    struct evtchn_bind_ipi bind = {.vcpu = 0};
    struct figure self = {0}, masked = {0};

    if (bootarg_number("hypercalls", 1) == 0) {
        return;
    }
    if (events_start(true) != 0 || events_operate(EVTCHNOP_bind_ipi, &bind) != 0) {
        print("ubench: no event channels\n");
        return;
    }
    events_unmask(bind.port);
    irq_enable(); /* Whatever registering left. */
    isb();
    irq_disable();
    for (uint64_t round = 0; round < rounds; round++) {
        figure_add(&self, event_self(bind.port));
    }
    events_mask(bind.port);
    for (uint64_t round = 0; round < rounds; round++) {
        figure_add(&masked, event_masked(bind.port));
    }
    figure_print("event_self", &self);
    figure_print("event_masked", &masked);
}

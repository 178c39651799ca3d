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

/* SPDX-License-Identifier: Apache-2.0 */
/* sys_channel.c - test guest: event channels between two domains, and how domains end. Boot arguments:
 * layout=fifo (else 2-level) role=first     opens port 1 for peer= and answers its events role=second binds
 * to the first's port 1, sends rounds= events, waits for each answer in wfi role=hammer    opens port 1 for
 * peer= and writes anything into the words of it for ever; role=sender sends to it role=watchdog  is stopped
 * by its watchdog; role=named stops for a reason that it has given before */
#include "channels/events.h"
#include "check.h"

#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#include <xen/xen.h>

#include <xen/event_channel.h>
#include <xen/sched.h>

#define E_BUSY (-16)
#define WAIT_SECONDS 20

static struct checks checks;
static bool fifo;

static int64_t sched_op(unsigned operation, void *argument)
{
    return hypercall(__HYPERVISOR_sched_op, operation, (uint64_t)argument, 0, 0, 0);
}

static uint32_t status_of(uint32_t port)
{
    struct evtchn_status status = {.dom = DOMID_SELF, .port = port};

    CHECK_EQ(events_operate(EVTCHNOP_status, &status), 0);
    return status.status;
}

static void play_first(void)
{
    struct evtchn_alloc_unbound open = {.dom = DOMID_SELF, .remote_dom = (domid_t)bootarg_number("peer", 2)};
    uint32_t rounds = (uint32_t)bootarg_number("rounds", 200);

    CHECK_EQ(events_start(fifo), 0);
    CHECK_EQ(events_operate(EVTCHNOP_alloc_unbound, &open), 0);
    CHECK_EQ(open.port, 1);
    events_unmask(1);
    irq_enable();
    for (uint32_t i = 1; i <= rounds; i++) {
        if (!CHECK(events_wait(1, i))) {
            return;
        }
        CHECK_EQ(events_send(1), 0);
    }
    /* The peer ends, and with it the channel. */
    for (uint64_t end = timer_now(TIMER_VIRT) + WAIT_SECONDS * timer_frequency();
         status_of(1) == EVTCHNSTAT_interdomain && timer_now(TIMER_VIRT) < end;) {
        sched_op(SCHEDOP_yield, NULL);
    }
    CHECK_EQ(status_of(1), EVTCHNSTAT_unbound);
    CHECK_EQ(events_send(1), 0);
}

static void play_second(void)
{
    struct evtchn_bind_interdomain bind = {.remote_dom = (domid_t)bootarg_number("peer", 1),
                                           .remote_port = 1};
    uint32_t rounds = (uint32_t)bootarg_number("rounds", 200);
    uint64_t end = timer_now(TIMER_VIRT) + WAIT_SECONDS * timer_frequency();
    int64_t error;

    CHECK_EQ(events_start(fifo), 0);
    do { /* Until the first has opened it. */
        error = events_operate(EVTCHNOP_bind_interdomain, &bind);
        sched_op(SCHEDOP_yield, NULL);
    } while (error != 0 && timer_now(TIMER_VIRT) < end);
    CHECK_EQ(error, 0);
    irq_enable();
    events_unmask(bind.local_port);
    CHECK(events_wait(bind.local_port, 1)); /* Binding is an event. */
    for (uint32_t i = 1; i <= rounds; i++) {
        CHECK_EQ(events_send(bind.local_port), 0);
        if (!CHECK(events_wait(bind.local_port, 1 + i))) {
            return;
        }
    }
}

/* All CPUs write into the words for ever, and take no interrupt. */
static void hammer(void *unused)
{
    uint32_t value = 1 + smp_index();

    (void)unused;
    for (;;) {
        value = value * 1664525 + 1013904223;
        events_scribble(1, value);
    }
}

static void play_hammer(void)
{
    struct evtchn_alloc_unbound open = {.dom = DOMID_SELF, .remote_dom = (domid_t)bootarg_number("peer", 2)};

    CHECK_EQ(events_start(fifo), 0);
    CHECK_EQ(events_operate(EVTCHNOP_alloc_unbound, &open), 0);
    for (unsigned cpu = 1; cpu < platform.cpu_count; cpu++) {
        CHECK_EQ(smp_start(cpu, hammer, NULL), 0);
    }
    hammer(NULL);
}

/* Sends to the hammer: each call ends, with success, and soon. */
static void play_sender(void)
{
    struct evtchn_bind_interdomain bind = {.remote_dom = (domid_t)bootarg_number("peer", 1),
                                           .remote_port = 1};
    uint64_t end = timer_now(TIMER_VIRT) + WAIT_SECONDS * timer_frequency();

    CHECK_EQ(events_start(fifo), 0);
    while (events_operate(EVTCHNOP_bind_interdomain, &bind) != 0 && timer_now(TIMER_VIRT) < end) {
        sched_op(SCHEDOP_yield, NULL);
    }
    for (unsigned i = 0; i < 20000; i++) {
        if (!CHECK_EQ(events_send(bind.local_port), 0)) {
            return;
        }
    }
    CHECK(timer_now(TIMER_VIRT) < end);
}

/* Never sets it anew. */
static void play_watchdog(void)
{
    struct sched_watchdog dog = {.id = 0, .timeout = 1};

    CHECK_EQ(sched_op(SCHEDOP_watchdog, &dog), 1);
    dog.id = 1;
    CHECK_EQ(sched_op(SCHEDOP_watchdog, &dog), 0);
    for (;;) {
        wfi();
    }
}

/* Says for what it will stop, and then powers off. */
static void play_named(void)
{
    struct sched_shutdown named = {.reason = SHUTDOWN_reboot};

    CHECK_EQ(sched_op(SCHEDOP_shutdown_code, &named), 0);
    CHECK_EQ(sched_op(SCHEDOP_shutdown_code, &named), E_BUSY);
}

unsigned guest_main(void)
{
    static const struct {
        const char *role;
        void (*play)(void);
    } roles[] = {{"first", play_first},   {"second", play_second},     {"hammer", play_hammer},
                 {"sender", play_sender}, {"watchdog", play_watchdog}, {"named", play_named}};

    fifo = bootarg_is("layout", "fifo");
    for (unsigned i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (bootarg_is("role", roles[i].role)) {
            roles[i].play();
        }
    }
    return checks_end(&checks);
}

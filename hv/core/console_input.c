/* SPDX-License-Identifier: Apache-2.0 */
/* console_input.c - who gets what is typed.
 *
 * The input goes round: hypervisor, then the domains in order of registration, then the hypervisor again. It
 * begins with the control domain, or, where there is none, with the first.
 * Ctrl-A three times in a row moves it on; fewer are passed on with the character that follows them.
 *
 *     UART -> [Ctrl-A counter] -> backlog -> receiver of the domain that has the input
 *
 * The backlog keeps what a receiver could not take; who types on into a full one is not heard. It is emptied
 * when the input moves.
 *
 * Locking: all of it under the console's lock (console.c). A receiver is called without it; "delivering"
 * keeps a second CPU from doing so at the same time, so that characters stay in order. That no wake-up is
 * lost: waiting_domid is set before the receiver is called, so who makes room after it refused sees it and
 * calls, and a call during a delivery makes that one go round again. */
#include <stdatomic.h>

#include "arch/cpu.h"
#include "core/console_state.h"
#include "core/console_tx.h"
#include "drivers/uart.h"
#include "lib/log.h"

#define CTRL_A '\x01'
#define CTRL_A_COUNT 3u
#define BACKLOG_MAX 128u
#define BATCH_MAX 256u /* Characters read in one call: more come with the next interrupt. */

struct receiver {
    uint16_t domid;
    console_receiver take;
};

static const struct uart_driver *uart;
static struct receiver receivers[DOMAIN_MAX];
static unsigned receiver_count;
static uint16_t focus = DOMID_HV;
static bool focus_chosen; /* A domain has had the input, or a person has moved it. */
static bool focus_moved;  /* A person has. */
static unsigned ctrl_a_count;
static uint64_t typing_until; /* Counter ticks. */

static char backlog[BACKLOG_MAX];
static unsigned backlog_head, backlog_count;
static unsigned backlog_epoch; /* Counts how often it was emptied. */
static bool delivering, deliver_again;
/* Whose receiver did not take a character; read without the lock. */
static _Atomic uint16_t waiting_domid = DOMID_NONE;

uint16_t console_input_focus(void)
{
    return focus;
}

bool console_input_typing(uint64_t now)
{
    return now < typing_until;
}

static void set_focus(uint16_t domid)
{
    focus = domid;
    backlog_count = 0;
    backlog_epoch++;
    atomic_store_explicit(&waiting_domid, DOMID_NONE, memory_order_relaxed);
}

void console_input_init(const struct uart_driver *driver)
{
    uart = driver;
    receiver_count = 0;
    focus_chosen = false;
    focus_moved = false;
    ctrl_a_count = 0;
    typing_until = 0;
    delivering = false;
    set_focus(DOMID_HV);
}

void console_use_irq(void)
{
    bool locked = console_enter();

    if (uart != NULL) {
        console_tx_use_irq();
        uart->enable_rx_irq();
    }
    console_leave(locked);
}

/* Index of @domid among the receivers; receiver_count when it is not there. */
static unsigned find(uint16_t domid)
{
    unsigned i = 0;

    while (i < receiver_count && receivers[i].domid != domid) {
        i++;
    }
    return i;
}

static void tell_focus(void)
{
    char text[96];

    if (focus == DOMID_HV) {
        console_say("*** Serial input to the hypervisor (type Ctrl-A three times to switch input)");
    } else {
        format_text(text, sizeof(text), "*** Serial input to d%u (type Ctrl-A three times to switch input)",
                    focus);
        console_say(text);
    }
}

static void focus_next(void)
{
    unsigned next = focus == DOMID_HV ? 0 : find(focus) + 1;

    set_focus(next < receiver_count ? receivers[next].domid : (uint16_t)DOMID_HV);
    focus_chosen = true;
    tell_focus();
    console_flush_locked(focus); /* Its prompt waited for this. */
}

void console_register(uint16_t domid, console_receiver receiver)
{
    bool locked = console_enter();
    unsigned i = find(domid);
    bool full = i == DOMAIN_MAX;

    if (!full) {
        receivers[i] = (struct receiver){.domid = domid, .take = receiver};
        receiver_count += i == receiver_count ? 1 : 0;
        if (!focus_chosen || (domid == DOMID_CONTROL && !focus_moved)) {
            focus_chosen = true;
            set_focus(domid);
            tell_focus();
        }
    }
    console_leave(locked);
    if (full) {
        log_warn("console: d%u cannot have input: %u domains have it already", domid, DOMAIN_MAX);
    }
}

void console_unregister(uint16_t domid)
{
    bool locked = console_enter();
    unsigned i = find(domid);

    if (i < receiver_count) {
        if (focus == domid) {
            focus_next();
        }
        receiver_count--;
        for (; i < receiver_count; i++) {
            receivers[i] = receivers[i + 1];
        }
    }
    console_flush_locked(domid);
    console_leave(locked);
}

static void keep(char c)
{
    if (backlog_count < BACKLOG_MAX) {
        backlog[(backlog_head + backlog_count) % BACKLOG_MAX] = c;
        backlog_count++;
    }
}

/* One character from the UART. */
static void typed(char c)
{
    if (c == CTRL_A) {
        ctrl_a_count++;
        if (ctrl_a_count == CTRL_A_COUNT) {
            ctrl_a_count = 0;
            focus_moved = true;
            focus_next();
        }
        return;
    }
    if (focus == DOMID_HV) {
        ctrl_a_count = 0;
        if (c == '\r' || c == '\n') {
            tell_focus();
        }
        return;
    }
    for (; ctrl_a_count != 0; ctrl_a_count--) {
        keep(CTRL_A);
    }
    keep(c);
    typing_until = cpu_count_ticks() + (uint64_t)cpu_tick_hz() * CONSOLE_TYPING_MS / 1000;
    console_flush_locked(focus); /* The prompt that is being answered. */
}

/* Pass on what the backlog holds, until a receiver takes no more. Lock not held. */
static void deliver(void)
{
    bool locked = console_enter(), took = true;

    deliver_again = true;
    if (delivering) {
        console_leave(locked);
        return;
    }
    delivering = true;
    while (backlog_count != 0 && (took || deliver_again)) {
        struct receiver to = receivers[find(focus)];
        char c = backlog[backlog_head];
        unsigned epoch = backlog_epoch;

        deliver_again = false;
        atomic_store_explicit(&waiting_domid, to.domid, memory_order_relaxed);
        console_leave(locked);
        took = to.take(to.domid, c);
        locked = console_enter();
        if (epoch != backlog_epoch) { /* The input moved meanwhile, and the backlog was emptied. */
            took = true;
        } else if (took) {
            backlog_head = (backlog_head + 1) % BACKLOG_MAX;
            backlog_count--;
        }
    }
    if (backlog_count == 0) {
        atomic_store_explicit(&waiting_domid, DOMID_NONE, memory_order_relaxed);
    }
    delivering = false;
    console_leave(locked);
}

bool console_input_waits(uint16_t domid)
{
    return atomic_load_explicit(&waiting_domid, memory_order_relaxed) == domid;
}

void console_input(void)
{
    bool locked = console_enter();

    if (uart == NULL) {
        console_leave(locked);
        return;
    }
    for (unsigned i = 0; i < BATCH_MAX; i++) {
        int c = uart->get();

        if (c < 0) {
            break;
        }
        typed((char)c);
    }
    console_tx_pump();
    console_leave(locked);
    deliver();
}

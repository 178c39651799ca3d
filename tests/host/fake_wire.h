/* SPDX-License-Identifier: Apache-2.0 */
/* fake_wire.h - a UART with a FIFO on a slow wire, and a domain that hears what is typed: for the console's
 * tests. */
#ifndef TESTS_HOST_FAKE_WIRE_H
#define TESTS_HOST_FAKE_WIRE_H

#include <string.h>

#include "arch/cpu.h"
#include "core/console.h"
#include "drivers/uart.h"
#include "lib/log_ring.h"
#include "test.h"

#define OUT_BYTES (1u << 20)

static struct {
    char out[OUT_BYTES]; /* What went out on the wire. */
    size_t out_length;
    unsigned fifo_depth, fifo_count;
    bool dead; /* Takes nothing, sends nothing. */
    uint64_t char_ticks, busy_until;
    char in[512];
    size_t in_at, in_length;
    bool rx_irq, tx_irq;
} wire;

static struct {
    char text[512];
    size_t length, room;
    uint16_t last_domid;
} heard;

/* The wire takes a character off the FIFO every char_ticks. */
static inline void wire_run(void)
{
    while (!wire.dead && wire.fifo_count != 0 && host_ticks >= wire.busy_until) {
        wire.fifo_count--;
        wire.busy_until += wire.char_ticks;
    }
    if (wire.fifo_count == 0 && wire.busy_until < host_ticks) {
        wire.busy_until = host_ticks;
    }
}

static inline void fake_init(uint64_t base)
{
    CHECK_EQ(base, 0x9000000);
}

static inline bool fake_try_put(char c)
{
    wire_run();
    if (wire.dead || wire.fifo_count == wire.fifo_depth) {
        return false;
    }
    CHECK(wire.out_length < OUT_BYTES - 1);
    wire.out[wire.out_length++] = c;
    wire.out[wire.out_length] = '\0';
    wire.fifo_count += wire.char_ticks != 0 ? 1 : 0;
    return true;
}

static inline size_t fake_put(const char *text, size_t length)
{
    size_t count = 0;

    while (count < length && fake_try_put(text[count])) {
        count++;
    }
    return count;
}

static inline int fake_get(void)
{
    return wire.in_at < wire.in_length ? (unsigned char)wire.in[wire.in_at++] : -1;
}

static inline void fake_rx_irq(void)
{
    wire.rx_irq = true;
}

static inline void fake_tx_irq(bool on)
{
    wire.tx_irq = on;
}

static inline bool fake_tx_done(void)
{
    wire_run();
    return wire.fifo_count == 0;
}

static const char *const fake_compatible[] = {"fake", NULL};
static const struct uart_driver fake_uart = {
    fake_compatible, fake_init, fake_put, fake_get, fake_rx_irq, fake_tx_irq, fake_tx_done,
};

static inline void start(void)
{
    memset(&wire, 0, sizeof(wire));
    memset(&heard, 0, sizeof(heard));
    wire.fifo_depth = 16;
    heard.room = sizeof(heard.text) - 1;
    host_ticks_step = 1;
    log_ring_set_threshold(LOG_INFO);
    console_init(&fake_uart, 0x9000000);
    wire.out_length = 0;
    wire.out[0] = '\0';
}

static inline void guest(uint16_t domid, const char *text)
{
    for (; *text != '\0'; text++) {
        console_guest_put(domid, *text);
    }
}

static inline void own(const char *text)
{
    log_ring_put(LOG_INFO, text, strlen(text));
}

static inline bool hear(uint16_t domid, char c)
{
    heard.last_domid = domid;
    if (heard.length >= heard.room) {
        return false;
    }
    heard.text[heard.length++] = c;
    heard.text[heard.length] = '\0';
    return true;
}

static inline void type(const char *text)
{
    size_t length = strlen(text);

    memcpy(wire.in, text, length);
    wire.in_at = 0;
    wire.in_length = length;
    console_input();
}

static inline void expect(const char *text)
{
    CHECK_STR_EQ(wire.out, text);
    wire.out_length = 0;
    wire.out[0] = '\0';
}

#endif

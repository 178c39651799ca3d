/* SPDX-License-Identifier: Apache-2.0 */
/* uart.h - the console's serial port. One file a device: pl011.c, cadence_uart.c; chosen by compatible
 * string. One UART at a time. The console's lock is held by every call but init. No call waits, but init for
 * a bounded time. */
#ifndef DRIVERS_UART_H
#define DRIVERS_UART_H

#include "lib/board.h"

struct uart_driver {
    const char *const *compatible; /* NULL-terminated. */
    void (*init)(uint64_t base);   /* Registers at EL2 address @base. Keeps the boot loader's baud rate. */
    /* Puts what fits into the transmit FIFO and returns how many characters that were; fewer than @length: it
     * is full. */
    size_t (*put)(const char *text, size_t length);
    int (*get)(void);            /* A character, or -1 when none waits. */
    void (*enable_rx_irq)(void); /* Interrupt when a character waits; reading all of them clears it. */
    void (*set_tx_irq)(bool on); /* On: interrupt once a transmit FIFO that is full now has drained. Off: it
                                    interrupts no more. */
    bool (*tx_done)(void);       /* The last character has left the shift register. */
};

/* Find the driver for @compatible; NULL when there is none. */
const struct uart_driver *uart_find(const char *compatible);

/* Names of all compatible strings, for the message that says what is supported. Index from 0, NULL at the
 * end. */
const char *uart_compatible(unsigned index);

extern const struct uart_driver pl011_driver, sbsa_uart_driver, cadence_uart_driver;

#endif

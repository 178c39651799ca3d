/* SPDX-License-Identifier: Apache-2.0 */
/* uart.h - the console's serial port. One file a device: pl011.c, cadence_uart.c; chosen by compatible string. */
#ifndef DRIVERS_UART_H
#define DRIVERS_UART_H

#include "lib/board.h"

struct uart_driver {
    const char *const *compatible;   /* NULL-terminated. */
    void (*init)(uint64_t base);     /* @base: EL2 virtual address of the registers. Keeps the boot loader's baud rate. */
    bool (*try_put)(char c);         /* false: the transmit FIFO is full. */
    int (*get)(void);                /* A character, or -1 when none waits. */
    void (*enable_rx_irq)(void);     /* Interrupt when a character waits; reading all of them clears it. */
};

/* Find the driver for @compatible; NULL when there is none. */
const struct uart_driver *uart_find(const char *compatible);

/* Names of all compatible strings, for the message that says what is supported. Index from 0, NULL at the end. */
const char *uart_compatible(unsigned index);

#endif

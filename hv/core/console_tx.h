/* SPDX-License-Identifier: Apache-2.0 */
/* console_tx.h - the console's way out: a ring of characters in front of the UART. Every call but
 * console_tx_crowded() with the console's lock held (or none, in panic mode). */
#ifndef CORE_CONSOLE_TX_H
#define CORE_CONSOLE_TX_H

#include "lib/types.h"

struct uart_driver;

/* NULL: there is no UART; what is written vanishes. Nothing is buffered after it. */
void console_tx_init(const struct uart_driver *driver);

/* From now on the UART's interrupt empties the ring, and console_tx_end() does not wait. */
void console_tx_use_irq(void);

/* Make room for @size bytes, waiting on the UART if there is too little. false: it is stuck, and the line has
 * been counted as lost. */
bool console_tx_begin(size_t size);

/* Add @length bytes, which console_tx_begin() has made room for. */
void console_tx_put(const char *text, size_t length);

/* The line is complete: send what the UART takes now; all of it as long as interrupts are not used. */
void console_tx_end(void);

/* Send what the UART takes now, without waiting. */
void console_tx_pump(void);

/* Wait until all has left the UART, as long as it makes progress. */
void console_tx_drain(void);

/* Is the ring so full that guests should try again later? Any CPU, no lock. Never while the UART is stuck or
 * there is none. */
bool console_tx_crowded(void);

/* Lines lost so far because the UART was stuck. */
uint64_t console_tx_lost(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* console.h - one serial line shared by the hypervisor and its domains.
 * Output: whole lines, a domain's prefixed "(d1) ", the hypervisor's "(BH) "; no line torn or lost. Input: goes to the hypervisor or to one domain, Ctrl-A
 * three times moves on to the next (and says to whom), as in Xen. Every wait on the UART is bounded. */
#ifndef CORE_CONSOLE_H
#define CORE_CONSOLE_H

#include "lib/types.h"

struct uart_driver;

/* Output before this call is kept in the ring and printed by it. NULL: no UART, ring only. Boot CPU. */
void console_init(const struct uart_driver *uart, uint64_t base);

/* One character from domain @domid's console. Lines are gathered per domain and printed whole; a line longer than the
 * buffer, or one not ended for long, is printed in pieces, each prefixed. Any CPU. */
void console_guest_put(uint16_t domid, char c);

/* Print what @domid has not ended yet (domain shut down, prompt waiting). */
void console_guest_flush(uint16_t domid);

/* One guest console's receiver of input, called by console_input() on the pCPU that took the interrupt, no lock held.
 * Returns false when it cannot take it now. */
typedef bool (*console_receiver)(uint16_t domid, char c);

/* Domain @domid can take input through @receiver from now on. The first one registered has the input at boot. */
void console_register(uint16_t domid, console_receiver receiver);
void console_unregister(uint16_t domid);

/* The UART's interrupt: read all that waits and pass it on. */
void console_input(void);

/* Write out what is still buffered, waiting on the UART as long as its bound allows: before power-off and panic. */
void console_drain(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* console.h - one serial line shared by the hypervisor and its domains.
 *
 * Output: whole lines, a domain's prefixed "(d1) ", the hypervisor's "(BH) "; none torn or lost. A line is
 * copied into a transmit ring that the UART's interrupt empties; only when the ring is full does its writer
 * wait, with the console's lock held, for at most one line's time on the wire, so another pCPU that prints
 * waits for whole lines too, and nobody else waits at all. Guests should be kept from ever filling it: before
 * a guest's character is taken, console_guest_may_put() says whether the guest should try again instead
 * (leave the trapped instruction unexecuted). A UART that takes nothing for 100 ms is stuck: lines are then
 * dropped without waiting, and counted; when it moves again a line says how many. Until console_use_irq(),
 * and in a panic, every line is written out before the call returns.
 *
 * What a guest may do to the terminal: the domain that has the input may send any character but NUL; escapes
 * and other control characters of the others are shown as ^[ and so on, so that they can neither repaint the
 * screen nor pass for another. Tab and newline are everybody's. A carriage return before a newline is
 * dropped; elsewhere, from a domain without the input, it ends the line.
 *
 * Input: goes to the hypervisor or to one domain, Ctrl-A three times moves on to the next (and says to whom),
 * as in Xen. */
#ifndef CORE_CONSOLE_H
#define CORE_CONSOLE_H

#include "lib/types.h"

struct uart_driver;

/* Output before this call is kept in the log ring and printed by it. NULL: no UART, ring only. Boot CPU. */
void console_init(const struct uart_driver *uart, uint64_t base);

/* From now on the UART's interrupt calls console_input(): switch it on for input, and for output while any
 * waits. Boot CPU, when interrupts are about to be taken. */
void console_use_irq(void);

/* One character from domain @domid's console. Lines are gathered per domain and printed whole; a line longer
 * than the buffer is printed in pieces, each prefixed. Any CPU. */
void console_guest_put(uint16_t domid, char c);

/* The same for @length characters, at least one. Stops behind the one that made it print a line, so that the
 * console's lock is held for a bounded time: returns how many were taken, at least one. */
size_t console_guest_write(uint16_t domid, const char *text, size_t length);

/* Is there room for what guests print? false: the guest should run on and try again. Any CPU, cheap, no lock
 * unless it says false. */
bool console_guest_may_put(void);

/* Print what @domid has not ended yet (domain shut down, prompt waiting). What it prints next goes on in the
 * same line, if nobody else has printed since. */
void console_guest_flush(uint16_t domid);

/* Print what the domain that has the input began, did not end, and added nothing to for a while: a prompt, or
 * the echo of what is typed. The while is CONSOLE_PIECE_MS, or, until CONSOLE_TYPING_MS after a key,
 * CONSOLE_ECHO_MS. Lines of the others wait for their end, so that none is torn; when the input moves, what
 * its new owner began is printed. Returns when there is something to do for the next call, in counter ticks;
 * TIME_NEVER: not before a guest prints again. For a timer: a prompt shows without it only when a key is
 * pressed or a flush is asked for. */
uint64_t console_poll(void);

#define CONSOLE_PIECE_MS 250u
#define CONSOLE_ECHO_MS 20u
#define CONSOLE_TYPING_MS 1000u

/* One guest console's receiver of input, called by console_input() on the pCPU that took the interrupt, no
 * lock held. Returns false when it cannot take it now. */
typedef bool (*console_receiver)(uint16_t domid, char c);

/* Domain @domid can take input through @receiver from now on. The first one registered has the input at
 * boot, or the control domain, 0, whenever it comes, unless a person has moved the input before. */
void console_register(uint16_t domid, console_receiver receiver);
void console_unregister(uint16_t domid);

/* The UART's interrupt: read all that waits and pass it on, and send on what waits to be sent. Any CPU may
 * call it. */
void console_input(void);

/* Does input for @domid wait because its receiver could not take it? Call console_input() then, when it can.
 * Any CPU, no lock. */
bool console_input_waits(uint16_t domid);

/* Write out what is still buffered, waiting on the UART as long as its bound allows: before power-off and
 * panic. */
void console_drain(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* console_state.h - what console.c and console_input.c share; for them alone. */
#ifndef CORE_CONSOLE_STATE_H
#define CORE_CONSOLE_STATE_H

#include "arch/spinlock.h"
#include "core/console.h"

/* Take the console's lock, but in panic mode; give what it returned to console_leave(). */
bool console_enter(void);
void console_leave(bool locked);

/* With the lock held: print a line of the hypervisor's, whatever the log's threshold; print what @domid has
 * not ended. */
void console_say(const char *text);
void console_flush_locked(uint16_t domid);

/* console_input.c: forget all receivers. NULL: there is no UART. */
void console_input_init(const struct uart_driver *driver);

/* With the lock held: the domain that has the input, DOMID_HV for the hypervisor. */
uint16_t console_input_focus(void);

/* Was something typed to a domain just now? */
bool console_input_typing(uint64_t now);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* power.h - the machine's end: by firmware call, or by standing still. */
#ifndef CORE_POWER_H
#define CORE_POWER_H

#include "lib/board.h"

/* Remember how to call the firmware, and whether the user wants to see the machine stay (noreboot). Boot
 * CPU. */
void power_init(enum psci_conduit conduit, bool noreboot);

/* A PSCI or SMCCC call to the firmware; -1 (NOT_SUPPORTED) without a conduit. */
int64_t firmware_call(uint64_t function, uint64_t x1, uint64_t x2, uint64_t x3);

/* Print what is buffered and switch the machine off; stand still when the firmware cannot. */
_Noreturn void power_off(void);

/* The same, but start it again. */
_Noreturn void power_reset(void);

/* Dom0 has stopped, whose end is the machine's: off, or another start, five seconds later after a crash so
 * that the last words can be read. With noreboot only a wish to power off is carried out: else it returns. */
void power_dom0_stopped(bool wants_off, bool crashed);

/* No domain is left that could ever run. */
void power_last_domain_stopped(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* guest.h - everything a guest needs. It defines guest_main(); returning ends the guest (guest_exit) with
 * that status. */
#ifndef GUEST_GUEST_H
#define GUEST_GUEST_H

#include "call.h"
#include "gic.h"
#include "platform.h"
#include "print.h"
#include "smp.h"
#include "string.h"
#include "sysreg.h"
#include "timer.h"
#include "trap.h"

/* On the boot CPU, at EL1, MMU and caches on, GIC initialised, interrupts masked. */
unsigned guest_main(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* smp.h - bringing up the CPUs: what each sets at EL2, and starting the others by PSCI. */
#ifndef BOOT_SMP_H
#define BOOT_SMP_H

#include "lib/board.h"

/* This CPU's EL2 controls and timers. Each CPU, itself. */
void smp_init_this_cpu(void);

/* Start every other CPU of @board, one after the other; one that does not come is reported and left out. Boot
 * CPU. */
void smp_start_others(const struct board *board);

/* Let the other CPUs take domains. */
void smp_release(void);

#endif

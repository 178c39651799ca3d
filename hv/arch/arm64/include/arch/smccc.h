/* SPDX-License-Identifier: Apache-2.0 */
/* smccc.h - calls to the firmware by Arm's calling convention (DEN 0028): function in x0, arguments behind,
 * result in x0. */
#ifndef ARCH_SMCCC_H
#define ARCH_SMCCC_H

#include "lib/types.h"

uint64_t smccc_smc(uint64_t function, uint64_t x1, uint64_t x2, uint64_t x3);
uint64_t smccc_hvc(uint64_t function, uint64_t x1, uint64_t x2, uint64_t x3);

/* The SMC that @x[0] to @x[7] say; its results come into @x[0] to @x[3]. */
void smccc_smc_pass(uint64_t x[8]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* fp.h - the FP and SIMD registers as one pattern. */
#ifndef IRQTEST_FP_H
#define IRQTEST_FP_H

#include <stdint.h>

/* Let EL1 use them. This CPU. */
void fp_allow(void);
/* Every half of v0 to v31 becomes one that @seed and its place determine; FPCR and FPSR take values of @seed
 * too. */
void fp_fill(uint64_t seed);
/* How many of them are not what fp_fill(@seed) left. */
uint64_t fp_differences(uint64_t seed);

#endif

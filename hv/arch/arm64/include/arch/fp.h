/* SPDX-License-Identifier: Apache-2.0 */
/* fp.h - the FP and SIMD registers, moved as a whole: 32 vectors of 16 bytes, then FPCR and FPSR. Traps must
 * be off. */
#ifndef ARCH_FP_H
#define ARCH_FP_H

void fp_save(void *state);
void fp_load(const void *state);

#endif

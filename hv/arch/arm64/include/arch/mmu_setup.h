/* SPDX-License-Identifier: Apache-2.0 */
/* mmu_setup.h - constants shared by the start-up assembly and mmu.c. Source: Arm ARM D13.2 (MAIR, TCR, SCTLR
 * of EL2). */
#ifndef ARCH_MMU_SETUP_H
#define ARCH_MMU_SETUP_H

#define MAIR_INDEX_NORMAL 0 /* Write-back, read and write allocate. */
#define MAIR_INDEX_DEVICE 1 /* Device-nGnRE. */
#define MAIR_INDEX_NONCACHEABLE 2
#define MAIR_VALUE 0x4404ff

/* T0SZ = 16 (48 bits), write-back inner-shareable walks, 4 KiB granule, RES1 bits 31 and 23; PS is added at
 * run time. */
#define TCR_EL2_VALUE 0x80803510
#define TCR_EL2_PS_SHIFT 16

/* RES1 bits, I, SA, C, M; and WXN, which makes every writable page non-executable. */
#define SCTLR_EL2_OFF 0x30c50830
#define SCTLR_EL2_ON 0x30c5183d
#define SCTLR_WXN 0x80000

#ifndef __ASSEMBLER__
#include <stdint.h>

/* Leave the MMU's present tables for those at @root through the identity map. @va_minus_pa: of the image. In
 * entry/boot.S. */
void mmu_switch(uint64_t root, uint64_t va_minus_pa);
#endif

#endif

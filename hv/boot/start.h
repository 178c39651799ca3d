/* SPDX-License-Identifier: Apache-2.0 */
/* start.h - what the start-up assembly and C agree on. */
#ifndef BOOT_START_H
#define BOOT_START_H

/* Top of the boot CPU's stack: STACK_BASE + STACK_STRIDE - one guard page. boot/main.c asserts it. */
#define START_STACK_TOP 0x01800000f000

/* Where boot_entered_at_el1() finds the devices: physical address plus this. */
#define BOOT_EL1_DEVICE 0x10000000000

/* Offsets in struct start_context. */
#define START_ROOT 0
#define START_TCR 8
#define START_MAIR 16
#define START_VBAR 24
#define START_STACK 32
#define START_TPIDR 40
#define START_MAIN 48

/* EL1's registers for the message of a start at EL1: 48 bits, write-back walks, TTBR1 off. */
#define TCR_EL1_VALUE 0x00803510
#define SCTLR_EL1_ON 0x30d0180d

#ifndef __ASSEMBLER__
#include "lib/types.h"

/* What a CPU started by PSCI needs before it has a stack. Read with its MMU off: cleaned to memory first. */
struct start_context {
    uint64_t root, tcr, mair, vbar, stack, tpidr, main, unused;
};

/* Physical entry of a CPU started by PSCI; in the identity map. */
extern char secondary_start[];
/* Vector tables: every interrupt through C; and with the fast path in the IRQ rows. */
extern char vectors[], vectors_fast_v2[], vectors_fast_v3[];
extern char fast_v3_stubs[];

/* Boot CPU, on its own stack, final page tables. */
_Noreturn void hv_main(uint64_t tree_pa, uint64_t image_pa);
_Noreturn void boot_entered_at_el1(uint64_t tree_pa);
#endif

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* start.S - from the arm64 Image header to C at EL1 with MMU and caches on, for the boot CPU and the
 * secondaries.
 *
 * Source of the header and of what holds at entry: Linux Documentation/arm64/booting.rst (x0 = device tree,
 * MMU off). The map is flat: 512 blocks of 1 GiB. The one that holds the image is normal memory, the rest
 * device memory until the device tree has said where RAM is (memory.c). */
#include "asm.h"

#define DESC_BLOCK_DEVICE 0x0060000000000401 /* AF, UXN, PXN, MAIR index 0 */
#define DESC_BLOCK_NORMAL 0x0040000000000705 /* AF, UXN, inner shareable, MAIR index 1 */
#define MAIR_VALUE 0xff04                    /* index 0: Device-nGnRE, index 1: normal, write-back */
/* T0SZ = 25 (39 bits: the walk begins at level 1), inner shareable write-back walks, TTBR1 off. IPS is added.
 * */
#define TCR_VALUE (25 | (1 << 8) | (1 << 10) | (3 << 12) | (1 << 23))
#define TCR_IPS_SHIFT 32
#define SCTLR_MMU_ON 0x30d0180d              /* RES1 bits, I, SA, C, M */

    .section .text.start, "ax"
    .globl _start
_start:
    mrs x19, cntpct_el0 /* The very first instruction: when was it? */
    b primary
    .quad 0                    /* text_offset */
    .quad __image_end - _start /* image_size */
    .quad 0xa                  /* flags: little-endian, 4 KiB pages, anywhere in RAM */
    .quad 0, 0, 0
    .ascii "ARM\x64"
    .long 0

primary:
    mov x20, x0
    bl to_el1
    bl make_map
    bl mmu_on
    bl clear_bss
    bl relocate
    adrp x0, boot_stack_top
    add x0, x0, :lo12:boot_stack_top
    mov sp, x0
    bl set_vectors
    msr tpidr_el1, xzr
    mov x0, x20
    mov x1, x19
    mov x29, xzr
    mov x30, xzr
    b guest_start

/* Entry of a CPU started by PSCI CPU_ON; x0 = its stack top, above which lie {index, function, argument}. */
    .globl secondary_entry
secondary_entry:
    mov x20, x0
    bl to_el1
    bl mmu_on
    mov sp, x20
    bl set_vectors
    ldp x0, x1, [x20]
    ldr x2, [x20, #16]
    msr tpidr_el1, x0
    mov x29, xzr
    mov x30, xzr
    b guest_secondary

/* Return at EL1 with interrupts masked, wherever we were entered. Clobbers x0-x2. */
to_el1:
    mrs x0, CurrentEL
    cmp x0, #(2 << 2)
    b.eq 1f
    msr daifset, #0xf
    ret
1:  mov x0, #(1 << 31) /* HCR_EL2.RW: EL1 is AArch64; nothing trapped */
    msr hcr_el2, x0
    mov x0, #3 /* CNTHCTL_EL2: EL1 uses physical counter and timer */
    msr cnthctl_el2, x0
    msr cntvoff_el2, xzr
    mov x0, #0x33ff /* CPTR_EL2: RES1 bits, no trap of FP and SIMD */
    msr cptr_el2, x0
    msr hstr_el2, xzr
    msr vttbr_el2, xzr
    mrs x0, midr_el1
    msr vpidr_el2, x0
    mrs x0, mpidr_el1
    msr vmpidr_el2, x0
    mrs x0, id_aa64pfr0_el1
    ubfx x0, x0, #24, #4 /* GIC system registers? */
    cbz x0, 2f
    mrs x0, S3_4_C12_C9_5 /* ICC_SRE_EL2 */
    mov x1, #9            /* SRE, and Enable: EL1 may use ICC_SRE_EL1 */
    orr x0, x0, x1
    msr S3_4_C12_C9_5, x0
    isb
    msr S3_4_C12_C11_0, xzr /* ICH_HCR_EL2 */
2:  mov x0, #0x0800
    movk x0, #0x30d0, lsl #16 /* SCTLR_EL1: RES1 bits only */
    msr sctlr_el1, x0
    mov x0, #0x3c5 /* SPSR_EL2: EL1h, DAIF masked */
    msr spsr_el2, x0
    msr elr_el2, x30
    isb
    eret

/* Fill the map. The MMU is off, so what is written goes past the caches; stale lines are dropped afterwards.
 * Clobbers x0-x6. */
make_map:
    adrp x0, guest_map
    mov x1, xzr
    ldr x2, =DESC_BLOCK_DEVICE
    ldr x3, =DESC_BLOCK_NORMAL
    lsr x4, x0, #30
1:  cmp x1, x4
    csel x5, x3, x2, eq
    orr x5, x5, x1, lsl #30
    str x5, [x0, x1, lsl #3]
    add x1, x1, #1
    cmp x1, #512
    b.ne 1b
    dsb sy
    mov x1, xzr
2:  add x5, x0, x1
    dc ivac, x5
    add x1, x1, #16
    cmp x1, #4096
    b.ne 2b
    dsb sy
    ret

/* Clobbers x0, x1. */
mmu_on:
    adrp x0, guest_map
    msr ttbr0_el1, x0
    ldr x0, =MAIR_VALUE
    msr mair_el1, x0
    ldr x0, =TCR_VALUE
    mrs x1, id_aa64mmfr0_el1
    and x1, x1, #7
    orr x0, x0, x1, lsl #TCR_IPS_SHIFT
    msr tcr_el1, x0
    tlbi vmalle1
    ic iallu
    dsb sy
    isb
    ldr x0, =SCTLR_MMU_ON
    msr sctlr_el1, x0
    isb
    ret

clear_bss:
    adrp x0, __bss_start
    add x0, x0, :lo12:__bss_start
    adrp x1, __bss_end
    add x1, x1, :lo12:__bss_end
1:  cmp x0, x1
    b.hs 2f
    stp xzr, xzr, [x0], #16
    b 1b
2:  ret

/* Every relocation is R_AARCH64_RELATIVE: *(base + offset) = base + addend. Clobbers x0-x5. */
relocate:
    adrp x0, __rela_start
    add x0, x0, :lo12:__rela_start
    adrp x1, __rela_end
    add x1, x1, :lo12:__rela_end
    adrp x2, _start
    add x2, x2, :lo12:_start
1:  cmp x0, x1
    b.hs 2f
    ldr x3, [x0]
    ldr x4, [x0, #16]
    add x4, x4, x2
    str x4, [x2, x3]
    add x0, x0, #24
    b 1b
2:  ret

set_vectors:
    adrp x0, vectors_virtual
    add x0, x0, :lo12:vectors_virtual
    msr vbar_el1, x0
    isb
    ret

    .ltorg

    .section .noinit, "aw", %nobits
    .balign 4096
    .globl guest_map
guest_map:
    .skip 4096
    .balign 16
    .skip GUEST_STACK_BYTES
boot_stack_top:
    .skip 32

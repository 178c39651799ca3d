/* SPDX-License-Identifier: Apache-2.0 */
/* boot.S - from reset at EL2 to C. The arm64 Image header, the way of the boot CPU and the way of the
 * others. On entry (Linux Documentation/arm64/booting.rst): MMU off, caches off for data, x0 = physical
 * address of the device tree. */
#include "arch/mmu_setup.h"
#include "boot/start.h"

#define IMAGE_BASE_L0_SHIFT 39

/* Block entry: normal memory, inner shareable, accessed. The boot tables are replaced by mmu_init() within
 * moments. */
#define BOOT_BLOCK 0x701
/* The same, as device memory, not executable. */
#define BOOT_BLOCK_DEVICE (0x405 | (1 << 54))
#define TABLE_ENTRY 3

    .section .head.text, "ax"
    .global _start
_start:
    b       boot_cpu
    .long   0
    .quad   0                          /* Offset from a 2 MiB boundary of RAM. */
    .quad   __image_end - _start       /* Memory the image takes, bss included. */
    .quad   0xa                        /* Little endian, 4 KiB pages, anywhere in memory. */
    .quad   0, 0, 0
    .ascii  "ARM\x64"
    .long   0

    .text
/* The boot CPU. x19 = device tree, x20 = physical address of the image. */
boot_cpu:
    msr     daifset, #0xf
    mov     x19, x0
    adrp    x20, _start
    mrs     x9, CurrentEL
    cmp     x9, #(2 << 2)
    b.ne    boot_not_el2
    bl      boot_tables
    mrs     x9, id_aa64mmfr0_el1
    and     x9, x9, #0xf               /* PARange -> TCR_EL2.PS, the same encoding up to 48 bits. */
    mov     x10, #5
    cmp     x9, x10
    csel    x9, x9, x10, ls
    ldr     x10, =TCR_EL2_VALUE
    orr     x10, x10, x9, lsl #TCR_EL2_PS_SHIFT
    msr     tcr_el2, x10
    ldr     x9, =MAIR_VALUE
    msr     mair_el2, x9
    adrp    x9, boot_l0
    msr     ttbr0_el2, x9
    tlbi    alle2
    ic      iallu
    dsb     nsh
    isb
    ldr     x9, =SCTLR_EL2_ON
    msr     sctlr_el2, x9
    isb
    ldr     x9, =boot_virtual
    br      x9

boot_virtual:                          /* At the link address from here on. */
    bl      boot_clear_bss
    ldr     x9, =vectors
    msr     vbar_el2, x9
    ldr     x9, =boot_stack_top
    mov     sp, x9
    msr     spsel, #1
    mov     sp, x9
    mov     x0, x20
    bl      mmu_init
    ldr     x9, =START_STACK_TOP       /* The boot CPU's guarded stack, mapped by mmu_init(). */
    mov     sp, x9
    mov     x29, xzr
    mov     x0, x19
    mov     x1, x20
    bl      hv_main
    b       .

/* Zero bss. Clobbers x9, x10. */
boot_clear_bss:
    ldr     x9, =__bss_start
    ldr     x10, =__bss_end
1:  cmp     x9, x10
    b.hs    2f
    stp     xzr, xzr, [x9], #16
    b       1b
2:  ret

/* Build the boot tables, MMU off: the gigabyte of the image at its physical address, and 8 MiB from the
 * image at its link address. x20 = image. Clobbers x9-x15. Memory written with the cache off: stale lines
 * are dropped, before and after. */
boot_tables:
    mov     x15, x30
    bl      boot_drop_lines
    adrp    x9, boot_l0
    mov     x10, #(4 * 4096)
1:  stp     xzr, xzr, [x9], #16
    subs    x10, x10, #16
    b.ne    1b
    adrp    x9, boot_l0
    add     x10, x9, #4096             /* Identity, level 1. */
    add     x11, x9, #(2 * 4096)       /* Image, level 1. */
    add     x12, x9, #(3 * 4096)       /* Image, level 2. */
    orr     x13, x10, #TABLE_ENTRY
    lsr     x14, x20, #39
    str     x13, [x9, x14, lsl #3]
    orr     x13, x11, #TABLE_ENTRY
    str     x13, [x9, #(1 << 3)]       /* IMAGE_BASE is entry 1 of level 0 and entry 0 of level 1. */
    orr     x13, x12, #TABLE_ENTRY
    str     x13, [x11]
    ubfx    x14, x20, #30, #9
    lsr     x13, x20, #30
    lsl     x13, x13, #30
    mov     x9, #BOOT_BLOCK
    orr     x13, x13, x9
    str     x13, [x10, x14, lsl #3]
    orr     x13, x20, x9
    mov     x10, #0
2:  str     x13, [x12, x10, lsl #3]
    add     x13, x13, #(2 << 20)
    add     x10, x10, #1
    cmp     x10, #4
    b.ne    2b
    bl      boot_drop_lines
    ret     x15

/* Invalidate the boot tables' cache lines. Clobbers x9-x12. */
boot_drop_lines:
    dsb     sy
    mrs     x9, ctr_el0
    ubfx    x9, x9, #16, #4            /* DminLine: log2 of words. */
    mov     x10, #4
    lsl     x10, x10, x9
    adrp    x11, boot_l0
    add     x12, x11, #(4 * 4096)
1:  dc      ivac, x11
    add     x11, x11, x10
    cmp     x11, x12
    b.lo    1b
    dsb     sy
    ret

/* Entered at EL1: there is no hypervisor to be had, but a person who waits for words. The whole lower 512
 * GiB is mapped twice: as memory at its address, to read the device tree; as device at BOOT_EL1_DEVICE, to
 * write to the UART. */
boot_not_el2:
    cmp     x9, #(1 << 2)
    b.ne    boot_dead
    bl      boot_tables
    adrp    x9, boot_l0
    add     x10, x9, #4096
    adrp    x11, boot_l1_device
    orr     x13, x11, #TABLE_ENTRY
    str     x13, [x9, #(2 << 3)]
    mov     x12, #0
    mov     x13, #BOOT_BLOCK
    ldr     x14, =BOOT_BLOCK_DEVICE
    mov     x9, #(1 << 30)
1:  str     x13, [x10, x12, lsl #3]
    str     x14, [x11, x12, lsl #3]
    add     x13, x13, x9
    add     x14, x14, x9
    add     x12, x12, #1
    cmp     x12, #512
    b.ne    1b
    bl      boot_drop_lines
    mrs     x9, id_aa64mmfr0_el1
    and     x9, x9, #0xf
    ldr     x10, =TCR_EL1_VALUE
    orr     x10, x10, x9, lsl #32
    msr     tcr_el1, x10
    ldr     x9, =MAIR_VALUE
    msr     mair_el1, x9
    adrp    x9, boot_l0
    msr     ttbr0_el1, x9
    tlbi    vmalle1
    ic      iallu
    dsb     nsh
    isb
    ldr     x9, =SCTLR_EL1_ON
    msr     sctlr_el1, x9
    isb
    ldr     x9, =1f
    br      x9
1:  bl      boot_clear_bss
    msr     spsel, #1
    ldr     x9, =boot_stack_top
    mov     sp, x9
    mov     x29, xzr
    mov     x0, x19
    bl      boot_entered_at_el1
boot_dead:
    wfi
    b       boot_dead

/* Code that runs while the MMU is switched on or off: mapped at its physical address too. */
    .section .idmap.text, "ax"
    .global __idmap_start, __idmap_end, secondary_start, mmu_switch
__idmap_start:

/* mmu_switch(root, va_minus_pa): leave the present tables. Touches no memory while the MMU is off.
 * Clobbers x2, x3, x30. */
mmu_switch:
    adr     x2, 1f
    sub     x2, x2, x1
    br      x2
1:  ldr     x3, =SCTLR_EL2_OFF
    ldr     x2, =(SCTLR_EL2_ON | SCTLR_WXN)
    msr     sctlr_el2, x3
    isb
    msr     ttbr0_el2, x0
    dsb     ish
    tlbi    alle2
    dsb     ish
    isb
    msr     sctlr_el2, x2
    isb
    ret                                /* To the caller's virtual address. */

/* A CPU started by PSCI: x0 = physical address of its struct start_context. */
secondary_start:
    msr     daifset, #0xf
    ldp     x1, x2, [x0, #START_ROOT]
    ldp     x3, x4, [x0, #START_MAIR]
    ldp     x5, x6, [x0, #START_STACK]
    ldp     x7, x8, [x0, #START_MAIN]
    msr     ttbr0_el2, x1
    msr     tcr_el2, x2
    msr     mair_el2, x3
    msr     vbar_el2, x4
    tlbi    alle2
    ic      iallu
    dsb     nsh
    isb
    ldr     x9, =(SCTLR_EL2_ON | SCTLR_WXN)
    msr     sctlr_el2, x9
    isb
    msr     spsel, #1
    mov     sp, x5
    msr     tpidr_el2, x6
    mov     x29, xzr
    blr     x7
    b       .
    .ltorg
__idmap_end:

    .section .early, "aw", %nobits
    .balign 4096
boot_l0:
    .skip   4 * 4096
boot_l1_device:
    .skip   4096

    .bss
    .balign 16
    .skip   8192
boot_stack_top:

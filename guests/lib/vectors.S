/* SPDX-License-Identifier: Apache-2.0 */
/* vectors.S - exceptions of a guest. An interrupt's time stamp is read here, in the vector, as soon as
 * registers are saved.
 *
 * There are two tables that differ in the counter that is read: vectors_virtual and vectors_physical. The
 * frame is struct trap_frame of trap.h. From the vector's first instruction to the stamp, both included, are
 * 21 instructions: it is the latency that a bare machine shows under QEMU's -icount shift=0, where each
 * instruction takes one tick. */
#include "asm.h"

/* All of x0-x30, ELR and SPSR; afterwards x0 and x1 are free. 20 instructions. */
    .macro save_frame
    sub sp, sp, #FRAME_BYTES
    stp x0, x1, [sp]
    stp x2, x3, [sp, #16]
    stp x4, x5, [sp, #32]
    stp x6, x7, [sp, #48]
    stp x8, x9, [sp, #64]
    stp x10, x11, [sp, #80]
    stp x12, x13, [sp, #96]
    stp x14, x15, [sp, #112]
    stp x16, x17, [sp, #128]
    stp x18, x19, [sp, #144]
    stp x20, x21, [sp, #160]
    stp x22, x23, [sp, #176]
    stp x24, x25, [sp, #192]
    stp x26, x27, [sp, #208]
    stp x28, x29, [sp, #224]
    mrs x0, elr_el1
    mrs x1, spsr_el1
    stp x30, x0, [sp, #240]
    str x1, [sp, #FRAME_SPSR]
    .endm

    .macro unexpected number
    .balign 128
    save_frame
    mov x1, #\number
    b unexpected_rest
    .endm

    .macro interrupt counter
    .balign 128
    save_frame
    mrs x2, \counter
    b interrupt_rest
    .endm

    .macro synchronous
    .balign 128
    save_frame
    b synchronous_rest
    .endm

    .macro table name, counter
    .balign 2048
    .globl \name
\name:
    unexpected 0 /* current EL, SP_EL0: synchronous, IRQ, FIQ, SError */
    unexpected 1
    unexpected 2
    unexpected 3
    synchronous /* current EL, SP_EL1 */
    interrupt \counter
    unexpected 6
    unexpected 7
    unexpected 8 /* from EL0, AArch64 */
    unexpected 9
    unexpected 10
    unexpected 11
    unexpected 12 /* from EL0, AArch32 */
    unexpected 13
    unexpected 14
    unexpected 15
    .endm

    .text
    table vectors_virtual, cntvct_el0
    table vectors_physical, cntpct_el0

interrupt_rest:
    str x2, [sp, #FRAME_STAMP]
    mov x0, sp
    bl trap_interrupt
    b restore

synchronous_rest:
    mov x0, sp
    bl trap_synchronous
restore:
    ldr x1, [sp, #FRAME_SPSR]
    ldp x30, x0, [sp, #240]
    msr elr_el1, x0
    msr spsr_el1, x1
    ldp x2, x3, [sp, #16]
    ldp x4, x5, [sp, #32]
    ldp x6, x7, [sp, #48]
    ldp x8, x9, [sp, #64]
    ldp x10, x11, [sp, #80]
    ldp x12, x13, [sp, #96]
    ldp x14, x15, [sp, #112]
    ldp x16, x17, [sp, #128]
    ldp x18, x19, [sp, #144]
    ldp x20, x21, [sp, #160]
    ldp x22, x23, [sp, #176]
    ldp x24, x25, [sp, #192]
    ldp x26, x27, [sp, #208]
    ldp x28, x29, [sp, #224]
    ldp x0, x1, [sp]
    add sp, sp, #FRAME_BYTES
    eret

unexpected_rest:
    mov x0, sp
    bl trap_unexpected
1:  wfi
    b 1b

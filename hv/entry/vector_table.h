/* SPDX-License-Identifier: Apache-2.0 */
/* vector_table.h - assembly: the sixteen vectors of EL2 as rows. Source: Arm ARM D1.10.2. */
#ifndef ENTRY_VECTOR_TABLE_H
#define ENTRY_VECTOR_TABLE_H

/* clang-format off */

    .macro vector name
    .balign 0x80
    b       \name
    .endm

/* A table whose IRQ rows of a lower exception level are the macro @irq, at most 32 instructions long; @sync
 * and @fiq are where those rows lead. */
    .macro vector_table table, irq, sync=guest_sync, fiq=guest_fiq
    .section .text.vectors, "ax"
    .balign 0x800
    .global \table
\table:
    vector  el2_sp0_sync               /* Current EL with SP_EL0: never used. */
    vector  el2_sp0_irq
    vector  el2_sp0_fiq
    vector  el2_sp0_serror
    vector  el2_sync                   /* Current EL with SP_EL2: a fault of our own. */
    vector  el2_irq                    /* Interrupts are masked in EL2. */
    vector  el2_fiq
    vector  el2_serror
    vector  \sync                      /* Lower EL, AArch64. */
    .balign 0x80
    \irq
    vector  \fiq
    vector  guest_serror
    vector  \sync                      /* Lower EL, AArch32: EL0 of a 64-bit guest. */
    .balign 0x80
    \irq
    vector  \fiq
    vector  guest_serror
    .balign 0x80
    .endm

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* vectors.S - the frame a trap saves, the ways from the vectors into C, and the only way back to a guest.
 * While a guest runs, SP_EL2 points at its struct vcpu, which starts with the frame; in C it points into
 * this pCPU's stack. */
#include "core/layout.h"
#include "entry/vector_table.h"
#include "vdev/gicd_word.h"

#define ESR_EC_HVC64 0x16 /* Arm ARM D13.2.37 */
#define ESR_EC_DABT_LOWER 0x24

    .macro irq_full_path
    b       guest_irq
    .endm

    vector_table vectors, irq_full_path

    .macro irq_traced
    b       guest_irq_traced
    .endm

    vector_table vectors_traced, irq_traced, guest_sync_traced, guest_irq_traced

    .text
/* Save the guest's general registers but x0-x3 in its frame; leaves x0 = vCPU, sp = this pCPU's stack, x1
 * clobbered. */
    .macro save_registers_rest
    stp     x4, x5, [sp, #FRAME_X(4)]
    stp     x6, x7, [sp, #FRAME_X(6)]
    stp     x8, x9, [sp, #FRAME_X(8)]
    stp     x10, x11, [sp, #FRAME_X(10)]
    stp     x12, x13, [sp, #FRAME_X(12)]
    stp     x14, x15, [sp, #FRAME_X(14)]
    stp     x16, x17, [sp, #FRAME_X(16)]
    stp     x18, x19, [sp, #FRAME_X(18)]
    stp     x20, x21, [sp, #FRAME_X(20)]
    stp     x22, x23, [sp, #FRAME_X(22)]
    stp     x24, x25, [sp, #FRAME_X(24)]
    stp     x26, x27, [sp, #FRAME_X(26)]
    stp     x28, x29, [sp, #FRAME_X(28)]
    str     x30, [sp, #FRAME_X(30)]
    mov     x0, sp
    mrs     x1, tpidr_el2
    ldr     x1, [x1, #PCPU_STACK_TOP]
    mov     sp, x1
    .endm

/* What of the frame they leave out, of vCPU @vcpu. Clobbers x3, x4. */
    .macro save_state vcpu
    mrs     x3, elr_el2
    mrs     x4, spsr_el2
    stp     x3, x4, [\vcpu, #FRAME_PC] /* FRAME_PSTATE follows. */
    .endm

    .macro save_registers
    stp     x0, x1, [sp, #FRAME_X(0)]
    stp     x2, x3, [sp, #FRAME_X(2)]
    save_registers_rest
    .endm

    .macro save_frame
    save_registers
    save_state x0
    .endm

    .global guest_sync, guest_irq, guest_fiq, guest_serror, irq_acknowledged
guest_sync:
    save_registers
    mrs     x1, esr_el2
    lsr     w2, w1, #26
    cmp     w2, #ESR_EC_HVC64          /* Hypercalls and PSCI: no table is asked. */
    b.eq    guest_hvc
    cmp     w2, #ESR_EC_DABT_LOWER     /* Nor accesses of emulated devices. */
    b.eq    guest_data_abort
    save_state x0
    bl      trap_sync
    bl      trap_exit
    b       guest_return

/* Acknowledged by the fast path: w2 = IAR, x0-x3 saved. */
irq_acknowledged:
    save_registers_rest
    save_state x0
    mov     x19, x0
    mov     w1, w2
    bl      trap_irq_acknowledged
    b       irq_return

guest_irq:
guest_fiq:                             /* Firmware may send what is ours as FIQ: the acknowledge tells. */
    save_frame
    mov     x19, x0
    bl      trap_irq
irq_return:
    cmp     x0, x19
    b.ne    guest_return
    /* IRQ PATH 7/7: the same vCPU goes on. It was never unloaded (trap_exit): what C preserves is still
     * there, but for x19 and x29 used here; nothing changed ELR and SPSR. */
    mov     sp, x0
    ldr     x19, [x0, #FRAME_X(19)]
    b       return_volatile

/* While traps are traced: entry/traced.c. */
    .global guest_sync_traced, guest_irq_traced
guest_sync_traced:
    save_frame
    mrs     x1, esr_el2
    bl      traced_sync
    b       guest_return
guest_irq_traced:
    save_frame
    bl      traced_irq
    b       guest_return

guest_serror:
    save_frame
    mrs     x1, esr_el2
    bl      trap_serror

guest_data_abort:
    mov     x19, x0
    bl      gicd_word
    cmp     w0, #GICD_WORD_RETURN
    b.ne    1f
    mrs     x1, elr_el2
    add     x1, x1, #4                 /* Behind the access: gicd_word() takes no short instructions. */
    msr     elr_el2, x1
    mov     sp, x19
    ldr     x19, [sp, #FRAME_X(19)]
    b       return_volatile
1:  save_state x19
    b.hi    2f
    mov     x0, x19
    mrs     x1, esr_el2
    bl      vmmio_fault
    bl      trap_exit
    b       guest_return
2:  add     x3, x3, #4
    str     x3, [x19, #FRAME_PC]
    bl      trap_exit
    b       guest_return

guest_hvc:
    save_state x0
    bl      trap_hvc
    bl      trap_exit

/* Return to the vCPU in x0, everything from its frame. */
    .global guest_return
guest_return:
    mov     sp, x0
    ldp     x1, x2, [sp, #FRAME_PC]
    msr     elr_el2, x1
    msr     spsr_el2, x2
    ldr     x19, [sp, #FRAME_X(19)]
    ldp     x20, x21, [sp, #FRAME_X(20)]
    ldp     x22, x23, [sp, #FRAME_X(22)]
    ldp     x24, x25, [sp, #FRAME_X(24)]
    ldp     x26, x27, [sp, #FRAME_X(26)]
    ldr     x28, [sp, #FRAME_X(28)]
return_volatile:
    ldp     x29, x30, [sp, #FRAME_X(29)]
    ldp     x2, x3, [sp, #FRAME_X(2)]
    ldp     x4, x5, [sp, #FRAME_X(4)]
    ldp     x6, x7, [sp, #FRAME_X(6)]
    ldp     x8, x9, [sp, #FRAME_X(8)]
    ldp     x10, x11, [sp, #FRAME_X(10)]
    ldp     x12, x13, [sp, #FRAME_X(12)]
    ldp     x14, x15, [sp, #FRAME_X(14)]
    ldp     x16, x17, [sp, #FRAME_X(16)]
    ldr     x18, [sp, #FRAME_X(18)]
    ldp     x0, x1, [sp, #FRAME_X(0)]
    eret

/* A fault of our own: report on this pCPU's emergency stack, since the fault may be the stack's end.
 * Number of the vector in x0. */
    .macro unexpected name, number
    .global \name
\name:
    mov     x0, #\number
    b       el2_report
    .endm
    unexpected el2_sp0_sync, 0
    unexpected el2_sp0_irq, 1
    unexpected el2_sp0_fiq, 2
    unexpected el2_sp0_serror, 3
    unexpected el2_sync, 4
    unexpected el2_irq, 5
    unexpected el2_fiq, 6
    unexpected el2_serror, 7

el2_report:
    msr     spsel, #1
    mov     x1, sp
    mov     x4, x30
    ldr     x2, =emergency_stacks
    mrs     x3, mpidr_el1
    and     x3, x3, #7                 /* Two pCPUs may share one by accident; both are lost anyway. */
    add     x3, x3, #1
    lsl     x3, x3, #12
    add     x2, x2, x3
    mov     sp, x2
    mov     x29, xzr
    mov     x2, x4
    bl      trap_own_fault
    .ltorg

    .bss
    .balign 16
emergency_stacks:
    .skip   8 * 4096

/* SPDX-License-Identifier: Apache-2.0 */
/* fast_irq.S - the interrupt fast path: from the vector to the guest and back without C, for an interrupt
 * that belongs to the vCPU which runs here.
 *
 *   acknowledge  ->  bound?  ->  write its list register  ->  drop the priority  ->  return
 *
 * Invariant (kept by core/irq.c, struct vgic_fill has the reasons): pcpu.bound_slot[INTID] is n + 1
 * exactly while the vCPU loaded on this pCPU has the hardware-linked INTID enabled and deliverable, with
 * list register n its own. Such an interrupt fires only after the guest has ended the one before, and that
 * emptied the list register: it is written blindly. pcpu.bound[n] has the value to write and where to
 * (GICv2: the register; GICv3, whose list registers have no address: the code that writes it).
 *
 * Nothing else is touched: no lock, no state of the vCPU, one register read and two written in the GIC.
 * Cache lines: the vector's (and on GICv3 the stub's) of code; the frame's first, the pCPU's first and the
 * slot's of data.
 *
 * What is not bound goes the full way, its INTID acknowledged already: x2 = IAR. With CONFIG_FAST_IRQ=n
 * the vectors of vectors.S are used instead, and everything goes the full way. */
#include "core/layout.h"
#include "entry/vector_table.h"

#define GICC_IAR 0x0c  /* IHI 0048B 4.4.4 */
#define GICC_EOIR 0x10 /* IHI 0048B 4.4.5 */
#define ICC_IAR1_EL1 S3_0_C12_C12_0
#define ICC_EOIR1_EL1 S3_0_C12_C12_1

/* IRQ PATH 1/7: the vector. */
    .macro fast_irq_v2
    stp     x0, x1, [sp, #FRAME_X(0)]
    stp     x2, x3, [sp, #FRAME_X(2)]
    mrs     x0, tpidr_el2
    ldr     x1, [x0, #PCPU_GICC]
    ldr     w2, [x1, #GICC_IAR]
    and     w3, w2, #0x3ff             /* An SGI's source CPU stands above. */
    add     x3, x0, x3
    ldrb    w3, [x3, #PCPU_BOUND_SLOT]
    cbz     w3, irq_acknowledged
    add     x0, x0, x3, lsl #4
    ldp     x3, x0, [x0, #(PCPU_BOUND - 16)]
    str     w3, [x0]
    str     w2, [x1, #GICC_EOIR]
    ldp     x2, x3, [sp, #FRAME_X(2)]
    ldp     x0, x1, [sp, #FRAME_X(0)]
    eret
    .endm

    .macro fast_irq_v3
    stp     x0, x1, [sp, #FRAME_X(0)]
    stp     x2, x3, [sp, #FRAME_X(2)]
    mrs     x2, ICC_IAR1_EL1
    mrs     x0, tpidr_el2
    cmp     w2, #1020                  /* 24 bits: special numbers and LPIs are not in the table. */
    b.hs    irq_acknowledged
    add     x3, x0, x2
    ldrb    w3, [x3, #PCPU_BOUND_SLOT]
    cbz     w3, irq_acknowledged
    add     x0, x0, x3, lsl #4
    ldp     x3, x0, [x0, #(PCPU_BOUND - 16)]
    br      x0                         /* To a fast_v3_stubs[] below. */
    .endm

    vector_table vectors_fast_v2, fast_irq_v2
    vector_table vectors_fast_v3, fast_irq_v3

/* One for each list register, FAST_V3_STUB_BYTES apart. ICH_LR<n>_EL2 is S3_4_C12_C12_n and
 * S3_4_C12_C13_(n - 8). */
    .macro fast_v3_stub register
    .balign FAST_V3_STUB_BYTES
    msr     \register, x3
    msr     ICC_EOIR1_EL1, x2
    ldp     x2, x3, [sp, #FRAME_X(2)]
    ldp     x0, x1, [sp, #FRAME_X(0)]
    eret
    .endm

    .global fast_v3_stubs
    .balign 64
fast_v3_stubs:
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7
    fast_v3_stub S3_4_C12_C12_\n
    .endr
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7
    fast_v3_stub S3_4_C12_C13_\n
    .endr

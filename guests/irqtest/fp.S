/* SPDX-License-Identifier: Apache-2.0 */
/* fp.S - fills and compares the FP and SIMD registers. C code of guests never touches them. */

#define FPCR_MASK 0x03c00000 /* AHP, DN, FZ... that every core has: bits 25 to 22. */
#define FPSR_MASK 0x0800009f /* QC and the cumulative exceptions. */
#define CPACR_FPEN 0x300000

    .arch_extension fp
    .arch_extension simd
    .text

    .globl fp_allow
fp_allow:
    mov x0, #CPACR_FPEN
    msr cpacr_el1, x0
    isb
    ret

/* x9 = what FPCR has for seed x0, x10 = FPSR. */
    .macro control_values
    ldr x9, =FPCR_MASK
    and x9, x9, x0, lsl #16
    ldr x10, =FPSR_MASK
    and x10, x10, x0, lsl #20
    orr x10, x10, #1
    .endm

/* x0 = seed. Lower half of v<n>: seed + 2n + 1; upper half: its complement. Clobbers x1, x2, x9, x10. */
    .globl fp_fill
fp_fill:
    control_values
    msr fpcr, x9
    msr fpsr, x10
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    add x1, x0, #(2 * \n + 1)
    mvn x2, x1
    fmov d\n, x1
    mov v\n\().d[1], x2
    .endr
    ret

/* x0 = seed. Returns the count. Clobbers x1 to x5, x9, x10. */
    .globl fp_differences
fp_differences:
    control_values
    mov x5, xzr
    mrs x3, fpcr
    cmp x3, x9
    cinc x5, x5, ne
    mrs x3, fpsr
    cmp x3, x10
    cinc x5, x5, ne
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    add x1, x0, #(2 * \n + 1)
    mvn x2, x1
    fmov x3, d\n
    mov x4, v\n\().d[1]
    cmp x1, x3
    ccmp x2, x4, #0, eq
    cinc x5, x5, ne
    .endr
    mov x0, x5
    ret
    .ltorg

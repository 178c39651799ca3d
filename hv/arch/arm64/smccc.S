/* SPDX-License-Identifier: Apache-2.0 */
/* smccc.S - firmware calls. Arguments and result already stand where the convention wants them. */

    .text
    .global smccc_smc
smccc_smc:
    smc     #0
    ret

    .global smccc_hvc
smccc_hvc:
    hvc     #0
    ret

/* x0: x[0] to x[7] of a frame, the function and its arguments; x[0] to x[3] get the results. The firmware may
 * change x4 to x17 (SMCCC 1.0), which are a callee's to change. */
    .global smccc_smc_pass
smccc_smc_pass:
    mov     x9, x0
    stp     x9, x30, [sp, #-16]!
    ldp     x0, x1, [x9]
    ldp     x2, x3, [x9, #16]
    ldp     x4, x5, [x9, #32]
    ldp     x6, x7, [x9, #48]
    smc     #0
    ldp     x9, x30, [sp], #16
    stp     x0, x1, [x9]
    stp     x2, x3, [x9, #16]
    ret

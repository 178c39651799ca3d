/* SPDX-License-Identifier: Apache-2.0 */
/* el1_regs.S - a guest's EL1 and EL0 system registers to memory and back. They stand in the order of struct
 * vcpu_sysregs (core/vcpu.h), two moved at a time, which a compiler does not do between volatile accesses.
 * x0 = struct vcpu_sysregs. Clobber x1, x2. */
#include "core/layout.h"

    .macro save_two word, first, second
    mrs     x1, \first
    mrs     x2, \second
    stp     x1, x2, [x0, #((\word) * 8)]
    .endm

    .macro load_two word, first, second
    ldp     x1, x2, [x0, #((\word) * 8)]
    msr     \first, x1
    msr     \second, x2
    .endm

    /* @two for each pair, and the last register by itself. */
    .macro for_each_two two
    \two 0, sctlr_el1, ttbr0_el1
    \two 2, ttbr1_el1, tcr_el1
    \two 4, mair_el1, amair_el1
    \two 6, vbar_el1, esr_el1
    \two 8, far_el1, afsr0_el1
    \two 10, afsr1_el1, elr_el1
    \two 12, spsr_el1, sp_el0
    \two 14, sp_el1, tpidr_el0
    \two 16, tpidrro_el0, tpidr_el1
    \two 18, contextidr_el1, cpacr_el1
    \two 20, cntkctl_el1, csselr_el1
    .endm

    .text
    .global el1_save, el1_load
el1_save:
    for_each_two save_two
    mrs     x1, par_el1
    str     x1, [x0, #(EL1_REGS_BYTES - 8)]
    ret

el1_load:
    for_each_two load_two
    ldr     x1, [x0, #(EL1_REGS_BYTES - 8)]
    msr     par_el1, x1
    ret

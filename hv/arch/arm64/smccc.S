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

/* SPDX-License-Identifier: Apache-2.0 */
/* gicd_word.h - the short way of a guest's 32-bit access to its distributor. Assembly includes it too. */
#ifndef VDEV_GICD_WORD_H
#define VDEV_GICD_WORD_H

#define GICD_WORD_NOT 0 /* Nothing was done: it is for vmmio_fault(). */
#define GICD_WORD_RETURN                                                                                     \
    1 /* Done: the guest goes on behind the instruction; at most x0 to x18 have changed. */
#define GICD_WORD_EXIT                                                                                       \
    2 /* Done, but trap_exit() comes first, and all registers are loaded from the frame.                     \
       */

#ifndef __ASSEMBLER__

#include "core/vcpu.h"

/* The running vCPU took a data abort with syndrome @esr. Its general registers are in the frame; ELR and SPSR
 * are in the CPU still. Returns one of the above. */
uint32_t gicd_word(struct vcpu *vcpu, uint64_t esr);

#endif
#endif

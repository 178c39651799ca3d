/* SPDX-License-Identifier: Apache-2.0 */
/* mmio.h - accesses of a guest that no RAM answers: emulated devices, or an abort for the guest. */
#ifndef VDEV_MMIO_H
#define VDEV_MMIO_H

#include "core/vcpu.h"

/* The running vCPU took a stage 2 fault with syndrome @esr. */
void vmmio_fault(struct vcpu *vcpu, uint64_t esr);

#endif

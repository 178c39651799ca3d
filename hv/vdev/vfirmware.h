/* SPDX-License-Identifier: Apache-2.0 */
/* vfirmware.h - calls of Dom0 to the firmware of the machine's maker. */
#ifndef VDEV_VFIRMWARE_H
#define VDEV_VFIRMWARE_H

#include "core/vcpu.h"
#include "lib/board.h"

/* Remember which firmware there is. Boot CPU. */
void vfirmware_init(const struct board *board);

/* The running vCPU made an SMCCC call. Returns false, with nothing done, when it is none to that firmware, or
 * no business of its domain. */
bool vfirmware_call(struct vcpu *vcpu);

#endif

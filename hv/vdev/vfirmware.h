/* SPDX-License-Identifier: Apache-2.0 */
/* vfirmware.h - calls of Dom0 to the firmware of the machine's maker. */
#ifndef VDEV_VFIRMWARE_H
#define VDEV_VFIRMWARE_H

#include "core/vcpu.h"
#include "lib/board.h"

/* Remember which firmware there is. Boot CPU. */
void vfirmware_init(const struct board *board);

/* Owner of an SMCCC function (Arm DEN 0028, 2.5): here the silicon's maker. */
#define SMCCC_OWNER_HIGH 29
#define SMCCC_OWNER_LOW 24
#define SMCCC_OWNER_SIP 2

bool vfirmware_sip_call(struct vcpu *vcpu);

/* The running vCPU made an SMCCC call. Returns false, with nothing done, when it is none to that firmware, or
 * no business of its domain. */
static inline bool vfirmware_call(struct vcpu *vcpu)
{
    return bits_get(vcpu->frame.x[0], SMCCC_OWNER_HIGH, SMCCC_OWNER_LOW) == SMCCC_OWNER_SIP &&
           vfirmware_sip_call(vcpu);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* sysreg.h - system registers that trap: what a guest reads there and what its writes do. */
#ifndef VDEV_SYSREG_H
#define VDEV_SYSREG_H

#include "core/vcpu.h"

/* The running vCPU's MSR, MRS or system instruction with @iss trapped. */
void vsysreg_access(struct vcpu *vcpu, uint32_t iss);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* vpsci.h - the firmware that a guest sees: PSCI 1.1 over SMCCC 1.1, by HVC #0 or SMC #0. Source: Arm DEN
 * 0022, DEN 0028. */
#ifndef VDEV_VPSCI_H
#define VDEV_VPSCI_H

#include "core/vcpu.h"

/* The running vCPU's call: function in x0, arguments behind, result to x0. */
void vpsci_call(struct vcpu *vcpu);

#endif

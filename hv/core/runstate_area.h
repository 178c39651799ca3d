/* SPDX-License-Identifier: Apache-2.0 */
/* runstate_area.h - a vCPU's run states, told in its own memory at each switch. Source: xen/vcpu.h. */
#ifndef CORE_RUNSTATE_AREA_H
#define CORE_RUNSTATE_AREA_H

#include "lib/types.h"

struct domain;
struct vcpu;

/* Two pages of the guest's at most; the area may lie across their border. */
struct runstate_area {
    char *first;  /* NULL: there is none. */
    char *second; /* Where it goes on: the page behind. */
    size_t first_bytes;
};

/* Tell @vcpu's states at virtual address @addr of its own from now on; 0: nowhere any more. By the running
 * vCPU for itself. 0, -EINVAL (not a multiple of 8), -EFAULT (not RAM of its domain). */
int runstate_area_register(struct vcpu *vcpu, uint64_t addr);

/* Tell it. Only by the pCPU that loads or unloads @vcpu, for one that has an area. */
void runstate_area_update(struct vcpu *vcpu);

/* @vcpu's domain has stopped and @vcpu is loaded nowhere. */
void runstate_area_drop(struct vcpu *vcpu);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* memory.h - memory_op's parts. Each takes the running vCPU and the call's arguments: x0 = operation and
 * where to go on, x1 = address of its structure. */
#ifndef HCALL_MEMORY_H
#define HCALL_MEMORY_H

#include "core/vcpu.h"

/* x0: the operation, then the first extent that is not done, and (ours) how many pages of that one are.
 * Whoever forges the last two skips work, nothing else. */
#define MEMORY_OP_MASK UINT64_C(0x3f)
#define MEMORY_EXTENT_LOW 6
#define MEMORY_EXTENT_HIGH 31
#define MEMORY_PAGES_LOW 32

int64_t memory_add_to_physmap(struct vcpu *vcpu, uint64_t args[5]);
int64_t memory_add_to_physmap_batch(struct vcpu *vcpu, uint64_t args[5]);
int64_t memory_acquire_resource(struct vcpu *vcpu, uint64_t args[5]);
int64_t memory_remove_from_physmap(struct vcpu *vcpu, uint64_t args[5]);
int64_t memory_adjust_reservation(struct vcpu *vcpu, uint64_t args[5]); /* Populate, decrease. */
int64_t memory_increase_reservation(struct vcpu *vcpu, uint64_t args[5]);
int64_t memory_exchange(struct vcpu *vcpu, uint64_t args[5]);

#endif

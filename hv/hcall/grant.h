/* SPDX-License-Identifier: Apache-2.0 */
/* grant.h - grant_table_op's parts: one structure of an array each. */
#ifndef HCALL_GRANT_H
#define HCALL_GRANT_H

#include "core/domain.h"

/* Carry out the structure at @at, whose answer it writes there. Returns 0, PHYSMAP_AGAIN or an error, with
 * which the whole call ends. */
typedef int (*grant_one)(struct vcpu *vcpu, uint64_t at);

int grant_one_map(struct vcpu *vcpu, uint64_t at);
int grant_one_unmap(struct vcpu *vcpu, uint64_t at);
int grant_one_copy(struct vcpu *vcpu, uint64_t at);
int grant_one_cache_flush(struct vcpu *vcpu, uint64_t at);
int grant_one_swap(struct vcpu *vcpu, uint64_t at);
int grant_one_unmap_and_replace(struct vcpu *vcpu, uint64_t at);

#endif

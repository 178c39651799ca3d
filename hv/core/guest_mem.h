/* SPDX-License-Identifier: Apache-2.0 */
/* guest_mem.h - the only way to a guest's memory: copies in and out through its own translation, each byte
 * checked to be RAM of its domain. What is copied in is private: check the copy, use the copy. */
#ifndef CORE_GUEST_MEM_H
#define CORE_GUEST_MEM_H

#include "core/vcpu.h"

/* Copy @size bytes at virtual address @addr of the running vCPU, as its EL1 sees it. 0, or -EFAULT with
 * nothing promised about @to. */
int guest_copy_in(struct vcpu *vcpu, void *to, uint64_t addr, size_t size);
int guest_copy_out(struct vcpu *vcpu, uint64_t addr, const void *from, size_t size);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* guest_mem.h - the only way to a guest's memory: copies in and out through its own translation, each byte
 * checked to be RAM of its domain. What is copied in is private: check the copy, use the copy. */
#ifndef CORE_GUEST_MEM_H
#define CORE_GUEST_MEM_H

#include "core/domain.h"

/* Copy @size bytes at virtual address @addr of the running vCPU, as its EL1 sees it. 0, or -EFAULT with
 * nothing promised about @to. No lock of rank LOCK_RANK_MEMORY or above held. */
int guest_copy_in(struct vcpu *vcpu, void *to, uint64_t addr, size_t size);
int guest_copy_out(struct vcpu *vcpu, uint64_t addr, const void *from, size_t size);

/* Find @addr, a guest physical address, in @domain's RAM, and keep its page from being given to anybody else
 * until guest_unpin(). 0 with where EL2 reaches it, or -EINVAL. Any CPU, no lock of rank LOCK_RANK_MEMORY or
 * above held. */
int guest_pin(struct domain *domain, ipa_t addr, void **at);
/* The same for virtual address @addr of the running vCPU, as its EL1 may write it. 0 or -EFAULT. */
int guest_pin_virtual(struct vcpu *vcpu, uint64_t addr, void **at);
/* @at is any address in the page. Any CPU. */
void guest_unpin(struct domain *domain, void *at);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* hypercall.h - Xen's hypercalls: hvc #0xea1, number in x16, arguments in x0-x4, result in x0
 * (xen/arch-arm.h). */
#ifndef HCALL_HYPERCALL_H
#define HCALL_HYPERCALL_H

#include "core/vcpu.h"

struct domain;

/* One hypercall of the running vCPU. @args are x0 to x4 of its frame, or of an entry of a multicall, when the
 * frame's registers mean something else. Returns what goes to x0. */
typedef int64_t (*hypercall_function)(struct vcpu *vcpu, uint64_t args[5]);

/* Part of the call is done: the same instruction is executed again, with @x0 and what the function has
 * written into its args. What a function returns then is the value of this. */
static inline int64_t hypercall_again(struct vcpu *vcpu, uint64_t x0)
{
    vcpu->frame.pc -= 4;
    return (int64_t)x0;
}

/* The domain that an argument names, if the caller may do with it what it does with itself: its own, or any
 * for a privileged one. Returns 0, -ESRCH, -EPERM. */
int hypercall_target(const struct vcpu *vcpu, uint16_t domid, struct domain **out);

/* What call @number is; never NULL. */
hypercall_function hypercall_find(uint64_t number);

/* Carry out the running vCPU's hypercall. */
void hypercall(struct vcpu *vcpu);

/* DEBUG builds: Xen's debug traps, hvc #0xff00 to #0xffff. */
void hypercall_debug_trap(struct vcpu *vcpu, uint32_t immediate);

int64_t hcall_xen_version(struct vcpu *vcpu, uint64_t args[5]);
int64_t hcall_console_io(struct vcpu *vcpu, uint64_t args[5]);
int64_t hcall_sched_op(struct vcpu *vcpu, uint64_t args[5]);
int64_t hcall_vcpu_op(struct vcpu *vcpu, uint64_t args[5]);
int64_t hcall_event_channel_op(struct vcpu *vcpu, uint64_t args[5]);
int64_t hcall_vm_assist(struct vcpu *vcpu, uint64_t args[5]);
int64_t hcall_platform_op(struct vcpu *vcpu, uint64_t args[5]);
int64_t hcall_hvm_op(struct vcpu *vcpu, uint64_t args[5]);
int64_t hcall_memory_op(struct vcpu *vcpu, uint64_t args[5]);
int64_t hcall_multicall(struct vcpu *vcpu, uint64_t args[5]);
int64_t hcall_domctl(struct vcpu *vcpu, uint64_t args[5]);
int64_t hcall_sysctl(struct vcpu *vcpu, uint64_t args[5]);
int64_t hcall_hypfs_op(struct vcpu *vcpu, uint64_t args[5]);
int64_t hcall_grant_table_op(struct vcpu *vcpu, uint64_t args[5]);

#endif

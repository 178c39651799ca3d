/* SPDX-License-Identifier: Apache-2.0 */
/* hypercall.h - Xen's hypercalls: hvc #0xea1, number in x16, arguments in x0-x4, result in x0
 * (xen/arch-arm.h). */
#ifndef HCALL_HYPERCALL_H
#define HCALL_HYPERCALL_H

#include "core/vcpu.h"

/* One hypercall of the running vCPU. @args are x0 to x4 of its frame. Returns what goes to x0. */
typedef int64_t (*hypercall_function)(struct vcpu *vcpu, const uint64_t args[5]);

/* Carry out the running vCPU's hypercall. */
void hypercall(struct vcpu *vcpu);

/* DEBUG builds: Xen's debug traps, hvc #0xff00 to #0xffff. */
void hypercall_debug_trap(struct vcpu *vcpu, uint32_t immediate);

int64_t hcall_xen_version(struct vcpu *vcpu, const uint64_t args[5]);
int64_t hcall_console_io(struct vcpu *vcpu, const uint64_t args[5]);
int64_t hcall_sched_op(struct vcpu *vcpu, const uint64_t args[5]);
int64_t hcall_vcpu_op(struct vcpu *vcpu, const uint64_t args[5]);
int64_t hcall_event_channel_op(struct vcpu *vcpu, const uint64_t args[5]);
int64_t hcall_vm_assist(struct vcpu *vcpu, const uint64_t args[5]);
int64_t hcall_platform_op(struct vcpu *vcpu, const uint64_t args[5]);
int64_t hcall_hvm_op(struct vcpu *vcpu, const uint64_t args[5]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* hypercall.c - number -> function. What is not in the table does not exist for a guest: -ENOSYS. */
#include "hcall/hypercall.h"

#include "core/domain.h"
#include "core/dump.h"
#include "core/guest_log.h"
#include "lib/abi.h"
#include "lib/error.h"
#include "vdev/vconsole.h"

static int64_t not_there(struct vcpu *vcpu, uint64_t args[5])
{
    (void)vcpu;
    (void)args;
    return -ENOSYS;
}

/* The security policy: who is not in it cannot be called. (The compiler makes a table of it.) */
hypercall_function hypercall_find(uint64_t number)
{
    switch (number) {
    case __HYPERVISOR_multicall: /* One entry in a stay in EL2; of any call but itself. */
        return hcall_multicall;
    case __HYPERVISOR_memory_op: /* Of the own domain, or any by the control domain. */
        return hcall_memory_op;
    case __HYPERVISOR_grant_table_op: /* Version 1: up to 64 frames of grants and 262,144 mappings. */
        return hcall_grant_table_op;
    case __HYPERVISOR_xen_version:
        return hcall_xen_version;
    case __HYPERVISOR_console_io:
        return hcall_console_io;
    case __HYPERVISOR_vcpu_op: /* Of the own domain's vCPUs. */
        return hcall_vcpu_op;
    case __HYPERVISOR_sched_op:
        return hcall_sched_op;
    case __HYPERVISOR_event_channel_op: /* 2-level and FIFO; 1023 ports, the control domain all there can be.
                                         */
        return hcall_event_channel_op;
    case __HYPERVISOR_platform_op: /* The control domain alone; others: -EPERM. */
        return hcall_platform_op;
    case __HYPERVISOR_domctl: /* The control domain alone; others: -EPERM. */
        return hcall_domctl;
    case __HYPERVISOR_sysctl: /* The control domain alone; others: -EPERM. */
        return hcall_sysctl;
    case __HYPERVISOR_hypfs_op: /* The control domain alone; others: -EPERM. /buildinfo, /params. */
        return hcall_hypfs_op;
    case __HYPERVISOR_vm_assist:
        return hcall_vm_assist;
    case __HYPERVISOR_hvm_op:
        return hcall_hvm_op;
    default:
        return not_there;
    }
}

int hypercall_target(const struct vcpu *vcpu, uint16_t domid, struct domain **out)
{
    struct domain *domain = domid == DOMID_SELF ? vcpu->domain : domain_get(domid);

    if (domain == NULL) {
        return -ESRCH;
    }
    if (domain != vcpu->domain && !vcpu->domain->privileged) {
        return -EPERM;
    }
    *out = domain;
    return 0;
}

void hypercall(struct vcpu *vcpu)
{
    vcpu->frame.x[0] = (uint64_t)hypercall_find(vcpu->frame.x[16])(vcpu, vcpu->frame.x);
}

/* Its lines in one go: debug traps are in DEBUG builds alone, which have no bar. */
static void dump(struct vcpu *vcpu)
{
    struct vcpu_dump registers;

    vcpu_dump_take(vcpu, &registers);
    for (unsigned i = 0; i < VCPU_DUMP_LINES; i++) {
        vcpu_dump_line(&registers, i);
    }
}

void hypercall_debug_trap(struct vcpu *vcpu, uint32_t immediate)
{
    switch (immediate) {
    case 0xffff: /* All registers. */
        if (guest_log_allowed(vcpu->domain, VCPU_DUMP_LINES)) {
            dump(vcpu);
        }
        break;
    case 0xfffe:
        if (vconsole_put(vcpu->domain, &(char){(char)vcpu->frame.x[0]}, 1) == 0) {
            vcpu->frame.pc -= 4; /* The console is full: again. */
        }
        break;
    case 0xfffd: /* A mark in the log. */
        guest_log(vcpu, "debug trap at 0x%lx", (unsigned long)vcpu->frame.pc);
        break;
    default: /* 0xff00 to 0xff1f: one register. */
        if (immediate <= 0xff1f) {
            unsigned n = immediate & 0x1f;

            guest_log(vcpu, "x%u = 0x%lx", n, (unsigned long)vcpu_x(vcpu, n));
        } else {
            guest_log(vcpu, "debug trap #0x%x means nothing", immediate);
        }
        break;
    }
}

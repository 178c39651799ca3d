/* SPDX-License-Identifier: Apache-2.0 */
/* multicall.c - several hypercalls by one: x0 = array of calls, x1 = count. Source: xen/xen.h.
 *
 * Each goes through the same table as a direct call, with the arguments of its entry in the place of
 * registers, and one in a stay in EL2: what a call may take it may take here. A call that is not done writes
 * how it goes on into its entry, as it would into registers. Calls of calls are refused. */
#include "core/domain.h"
#include "core/guest_mem.h"
#include "hcall/hypercall.h"
#include "lib/abi.h"
#include "lib/error.h"

int64_t hcall_multicall(struct vcpu *vcpu, uint64_t args[5])
{
    struct multicall_entry entry;
    uint64_t at = args[0];
    uint64_t count = (uint32_t)args[1];
    uint64_t pc = vcpu->frame.pc;

    if (count == 0) {
        return 0;
    }
    if (guest_copy_in(vcpu, &entry, at, sizeof(entry)) != 0) {
        return -EFAULT;
    }
    if (entry.op == __HYPERVISOR_multicall) {
        entry.result = (xen_ulong_t)-EINVAL;
    } else {
        entry.result = (xen_ulong_t)hypercall_find(entry.op)(vcpu, entry.args);
    }
    if (vcpu->frame.pc != pc) { /* Again: hypercall_again(). */
        entry.args[0] = entry.result;
        if (guest_copy_out(vcpu, at, &entry, sizeof(entry)) == 0) {
            return (int64_t)at;
        }
        vcpu->frame.pc = pc;
        return -EFAULT;
    }
    at += offsetof(struct multicall_entry, result);
    if (guest_copy_out(vcpu, at, &entry.result, sizeof(entry.result)) != 0) {
        return -EFAULT;
    }
    if (count == 1) {
        return 0;
    }
    args[1] = count - 1;
    return hypercall_again(vcpu, args[0] + sizeof(entry));
}

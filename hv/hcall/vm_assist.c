/* SPDX-License-Identifier: Apache-2.0 */
/* vm_assist.c - vm_assist: what a domain wants done a little differently. Source: xen/xen.h (VMASST_*). */
#include "core/domain.h"
#include "hcall/hypercall.h"
#include "lib/abi.h"
#include "lib/error.h"

int64_t hcall_vm_assist(struct vcpu *vcpu, uint64_t args[5])
{
    uint32_t command = (uint32_t)args[0];

    switch (args[1]) {
    case VMASST_TYPE_runstate_update_flag:
        if (command != VMASST_CMD_enable && command != VMASST_CMD_disable) {
            return -ENOSYS;
        }
        atomic_store(&vcpu->domain->runstate_flag, command == VMASST_CMD_enable);
        return 0;
    default: /* Of other architectures. */
        return -EINVAL;
    }
}

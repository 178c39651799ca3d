/* SPDX-License-Identifier: Apache-2.0 */
/* sysctl_trace.c - tbuf_op: trace buffers are made, switched on and off. Source: xen/sysctl.h; errors and
 * the order of things as in Xen 4.17's common/trace.c. */
#include "core/guest_mem.h"
#include "core/trace.h"
#include "hcall/sysctl.h"
#include "lib/error.h"

static int set_cpu_mask(struct vcpu *vcpu, const struct xenctl_bitmap *map)
{
    uint8_t bits[(CPU_MAX + 7) / 8] = {0};
    size_t bytes = (size_t)min_u64(((uint64_t)map->nr_bits + 7) / 8, sizeof(bits));
    uint32_t cpus = 0;

    if (bytes != 0 && guest_copy_in(vcpu, bits, (uint64_t)map->bitmap.p, bytes) != 0) {
        return -EFAULT;
    }
    for (unsigned cpu = 0; cpu < CPU_MAX && cpu < map->nr_bits; cpu++) {
        cpus |= (bits[cpu / 8] & BIT32(cpu % 8)) != 0 ? BIT32(cpu) : 0;
    }
    trace_set_cpus(cpus);
    return 0;
}

int64_t sysctl_tbuf_op(struct control_call *call, struct xen_sysctl_tbuf_op *op)
{
    int result = 0;

    switch (op->cmd) {
    case XEN_SYSCTL_TBUFOP_get_info:
        op->evt_mask = trace_events();
        trace_info(&op->buffer_mfn, &op->size);
        break;
    case XEN_SYSCTL_TBUFOP_set_cpu_mask:
        result = set_cpu_mask(call->vcpu, &op->cpu_mask);
        break;
    case XEN_SYSCTL_TBUFOP_set_evt_mask:
        trace_set_events(op->evt_mask);
        break;
    case XEN_SYSCTL_TBUFOP_set_size:
        result = trace_set_size(op->size);
        break;
    case XEN_SYSCTL_TBUFOP_enable:
        result = trace_enable();
        break;
    case XEN_SYSCTL_TBUFOP_disable:
        trace_disable();
        break;
    default:
        result = -EINVAL;
        break;
    }
    if (result == TRACE_AGAIN) {
        return CONTROL_AGAIN;
    }
    call->copy_back = result == 0;
    return result;
}

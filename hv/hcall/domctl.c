/* SPDX-License-Identifier: Apache-2.0 */
/* domctl.c - which operation of domctl is which function. Source: xen/domctl.h. */
#include "hcall/domctl.h"

#include "hcall/domctl_devices.h"
#include "hcall/domctl_info.h"
#include "hcall/domctl_life.h"
#include "hcall/domctl_memory.h"
#include "hcall/domctl_sched.h"
#include "hcall/domctl_vcpu.h"
#include "lib/error.h"

int64_t domctl_do(struct control_call *call, struct xen_domctl *op)
{
    switch (op->cmd) {
    case XEN_DOMCTL_getdomaininfo: /* Of this domain or the next one. */
        return domctl_get_domain_info(call, op);
    case XEN_DOMCTL_getvcpuinfo:
        return domctl_get_vcpu_info(call, op);
    case XEN_DOMCTL_createdomain: /* 8 vCPUs at most; paused, without vCPUs */
        return domctl_create(call, op);
    case XEN_DOMCTL_max_vcpus: /* As many as createdomain said */
        return domctl_max_vcpus(call, op);
    case XEN_DOMCTL_pausedomain:
        return domctl_pause(call);
    case XEN_DOMCTL_unpausedomain:
        return domctl_unpause(call);
    case XEN_DOMCTL_destroydomain: /* In pieces; it is listed as dying while others use its memory */
        return domctl_destroy(call);
    case XEN_DOMCTL_setdomainhandle:
        return domctl_set_handle(call, op);
    case XEN_DOMCTL_set_address_size: /* 64 */
        return domctl_set_address_size(call, op);
    case XEN_DOMCTL_settimeoffset:
        return domctl_set_time_offset(call, op);
    case XEN_DOMCTL_setvcpucontext:
        return domctl_set_vcpu_context(call, op);
    case XEN_DOMCTL_getvcpucontext: /* Without FP registers */
        return domctl_get_vcpu_context(call, op);
    case XEN_DOMCTL_max_mem:
        return domctl_max_mem(call, op);
    case XEN_DOMCTL_get_paging_mempool_size:
        return domctl_get_mempool(call, op);
    case XEN_DOMCTL_set_paging_mempool_size: /* How many pages its tables may take; none is taken before */
        return domctl_set_mempool(call, op);
    case XEN_DOMCTL_cacheflush:
        return domctl_cache_flush(call, op);
    case XEN_DOMCTL_setvcpuaffinity: /* In pieces, until it is off pCPUs that it may not use any more. */
        return domctl_set_affinity(call, op);
    case XEN_DOMCTL_getvcpuaffinity:
        return domctl_get_affinity(call, op);
    case XEN_DOMCTL_scheduler_op: /* Of the domain's pool; a vCPU in a stay in EL2. */
        return domctl_scheduler(call, op);
    case XEN_DOMCTL_iomem_permission: /* 8 ranges a domain */
        return domctl_iomem_permission(call, op);
    case XEN_DOMCTL_memory_mapping: /* Of devices that the caller reaches itself; 64 pages at most */
        return domctl_memory_mapping(call, op);
    case XEN_DOMCTL_irq_permission:
        return domctl_irq_permission(call, op);
    case XEN_DOMCTL_bind_pt_irq: /* An SPI that no domain has, before the domain runs; level triggered */
        return domctl_bind_irq(call, op);
    case XEN_DOMCTL_vuart_op: /* Init, while the domain is made, with its SPI and all its vCPUs there */
        return domctl_vuart(call, op);
    case XEN_DOMCTL_setnodeaffinity: /* There is node 0 */
        return domctl_set_node_affinity(call, op);
    case XEN_DOMCTL_getnodeaffinity:
        return domctl_get_node_affinity(call, op);
    default:
        return -ENOSYS;
    }
}

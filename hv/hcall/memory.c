/* SPDX-License-Identifier: Apache-2.0 */
/* memory.c - memory_op: which operations there are, and the questions among them. Source: xen/memory.h. */
#include "hcall/memory.h"

#include "base/page_alloc.h"
#include "core/domain.h"
#include "core/guest_mem.h"
#include "hcall/hypercall.h"
#include "lib/abi.h"
#include "lib/error.h"

/* How much memory has the domain, may it have, and where does it end? */
static int64_t ask_of_domain(struct vcpu *vcpu, uint64_t args[5])
{
    struct xen_memory_domain wish;
    struct domain *domain;
    int error;

    if (guest_copy_in(vcpu, &wish, args[1], sizeof(wish)) != 0) {
        return -EFAULT;
    }
    error = hypercall_target(vcpu, wish.domid, &domain);
    if (error != 0) {
        return error;
    }
    switch (args[0]) {
    case XENMEM_current_reservation:
        return (int64_t)atomic_load(&domain->physmap.page_count);
    case XENMEM_maximum_reservation:
        return (int64_t)domain->physmap.page_limit;
    default:
        return (int64_t)domain->physmap.top_gfn;
    }
}

int64_t hcall_memory_op(struct vcpu *vcpu, uint64_t args[5])
{
    switch (args[0] & MEMORY_OP_MASK) {
    case XENMEM_add_to_physmap: /* shared_info and grant_table; RAM that was there is given back */
        return memory_add_to_physmap(vcpu, args);
    case XENMEM_add_to_physmap_batch: /* The same, and gmfn_foreign by the control domain */
        return memory_add_to_physmap_batch(vcpu, args);
    case XENMEM_acquire_resource: /* Grant tables of other domains, by the control domain */
        return memory_acquire_resource(vcpu, args);
    case XENMEM_populate_physmap: /* 2 MiB extents at most, 1 GiB of the control domain; blocks where
                                   * the place is aligned and empty */
    case XENMEM_decrease_reservation:
        return memory_adjust_reservation(vcpu, args);
    case XENMEM_increase_reservation: /* 0 extents: nothing says where they would be */
        return memory_increase_reservation(vcpu, args);
    case XENMEM_exchange: /* Checked, then -EOPNOTSUPP, as on Arm */
        return memory_exchange(vcpu, args);
    case XENMEM_remove_from_physmap:
        return memory_remove_from_physmap(vcpu, args);
    default:
        break;
    }
    switch (args[0]) {
    case XENMEM_maximum_ram_page:
        return (int64_t)page_top_frame();
    case XENMEM_current_reservation:
    case XENMEM_maximum_reservation:
    case XENMEM_maximum_gpfn:
        return ask_of_domain(vcpu, args);
    case XENMEM_get_sharing_freed_pages:  /* 0: no page is shared by having the same content */
    case XENMEM_get_sharing_shared_pages: /* 0 */
        return 0;
    default:
        return -ENOSYS;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* domctl_memory.c - domctl: how much memory a domain may have, for itself and for its tables; and its caches.
 * Source: xen/domctl.h. */
#include "hcall/domctl_memory.h"

#include "lib/error.h"

#define KIB_PER_PAGE 4u
#define PAGES_MAX UINT32_MAX

int64_t domctl_max_mem(struct control_call *call, struct xen_domctl *op)
{
    physmap_set_limit(&call->domain->physmap, min_u64(op->u.max_mem.max_memkb / KIB_PER_PAGE, PAGES_MAX));
    return 0;
}

/* Xen takes these pages at once; here it is how many a domain's tables may be. */
int64_t domctl_get_mempool(struct control_call *call, struct xen_domctl *op)
{
    if (call->domain->direct_map) {
        return -ENOSYS; /* Its tables are not limited so. */
    }
    op->u.paging_mempool.size = call->domain->physmap.stage2.table_limit << PAGE_SHIFT;
    call->copy_back = true;
    return 0;
}

int64_t domctl_set_mempool(struct control_call *call, struct xen_domctl *op)
{
    uint64_t bytes = op->u.paging_mempool.size;

    if (call->domain->direct_map) {
        return -ENOSYS;
    }
    if ((bytes & PAGE_MASK) != 0 || bytes >> PAGE_SHIFT > PAGES_MAX) {
        return -EINVAL;
    }
    return physmap_set_table_pool(&call->domain->physmap, bytes >> PAGE_SHIFT);
}

int64_t domctl_cache_flush(struct control_call *call, struct xen_domctl *op)
{
    uint64_t first = op->u.cacheflush.start_pfn, count = op->u.cacheflush.nr_pfns;

    if (first + count < first) {
        return -EINVAL;
    }
    op->u.cacheflush.start_pfn = physmap_publish_some(&call->domain->physmap, first, first + count);
    op->u.cacheflush.nr_pfns = first + count - op->u.cacheflush.start_pfn;
    return op->u.cacheflush.nr_pfns != 0 ? CONTROL_AGAIN : 0;
}

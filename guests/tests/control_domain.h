/* SPDX-License-Identifier: Apache-2.0 */
/* control_domain.h - domains as the toolstack makes them, for test guests in the control domain's place. */
#ifndef GUEST_TESTS_CONTROL_DOMAIN_H
#define GUEST_TESTS_CONTROL_DOMAIN_H

#include "control.h"
#include "timer.h"

#define GFN(address) ((uint64_t)(address) >> 12)
#define LIMIT 2000000 /* Looks at something that is to happen. */
#define RAM_GFN (GUEST_RAM0_BASE >> 12)

static inline uint64_t free_pages(void)
{
    struct xen_sysctl op;

    return sysctl(&op, XEN_SYSCTL_physinfo) == 0 ? op.u.physinfo.free_pages : 0;
}

static inline struct xen_domctl_createdomain plain(unsigned vcpus)
{
    return (struct xen_domctl_createdomain){
        .handle = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
        .flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
        .max_vcpus = vcpus,
        .max_evtchn_port = 1023,
        .max_grant_frames = 4,
        .max_maptrack_frames = -1,
        .grant_opts = XEN_DOMCTL_GRANT_version(1),
        .arch.nr_spis = 40,
    };
}

static inline int64_t create(const struct xen_domctl_createdomain *config, domid_t wish, domid_t *domid)
{
    struct xen_domctl op = {.u.createdomain = *config};
    int64_t result = domctl(&op, XEN_DOMCTL_createdomain, wish);

    if (result == 0) {
        *domid = op.domain;
    }
    return result;
}

static inline int64_t simple(uint32_t cmd, domid_t domid)
{
    struct xen_domctl op = {0};

    return domctl(&op, cmd, domid);
}

static inline int64_t max_vcpus(domid_t domid, uint32_t max)
{
    struct xen_domctl op = {.u.max_vcpus.max = max};

    return domctl(&op, XEN_DOMCTL_max_vcpus, domid);
}

static inline int64_t max_mem(domid_t domid, uint64_t kib)
{
    struct xen_domctl op = {.u.max_mem.max_memkb = kib};

    return domctl(&op, XEN_DOMCTL_max_mem, domid);
}

static inline int64_t info(domid_t domid, struct xen_domctl_getdomaininfo *out)
{
    struct xen_domctl op = {0};
    int64_t result = domctl(&op, XEN_DOMCTL_getdomaininfo, domid);

    *out = op.u.getdomaininfo;
    return result != 0 || out->domain != domid ? E_SRCH : 0;
}

static inline uint32_t flags(domid_t domid)
{
    struct xen_domctl_getdomaininfo of;

    return info(domid, &of) == 0 ? of.flags : 0;
}

static inline int64_t populate(domid_t domid, uint64_t gfn, unsigned order)
{
    xen_pfn_t list[1] = {gfn};
    struct xen_memory_reservation wish = {.nr_extents = 1, .extent_order = order, .domid = domid};

    wish.extent_start.p = list;
    return memory_op(XENMEM_populate_physmap, &wish);
}

/* Put frame @from of @domid in the place of @page. */
static inline int64_t map_foreign(domid_t domid, uint64_t from, void *page)
{
    xen_ulong_t index[1] = {from};
    xen_pfn_t gfn[1] = {GFN(page)};
    int error[1] = {1};
    struct xen_add_to_physmap_batch wish = {
        .domid = DOMID_SELF, .space = XENMAPSPACE_gmfn_foreign, .size = 1, .u.foreign_domid = domid};
    int64_t result;

    wish.idxs.p = index;
    wish.gpfns.p = gfn;
    wish.errs.p = error;
    result = memory_op(XENMEM_add_to_physmap_batch, &wish);
    return result != 0 ? result : error[0];
}

/* Take what stands there away, and have a page of its own there again. */
static inline bool own_page(void *page)
{
    return remove_from_physmap(GFN(page)) == 0 && adjust_one(XENMEM_populate_physmap, GFN(page), 0) == 1;
}

static inline int64_t context(uint32_t cmd, domid_t domid, uint32_t vcpu, struct vcpu_guest_context *regs)
{
    struct xen_domctl op = {.u.vcpucontext.vcpu = vcpu};

    op.u.vcpucontext.ctxt.p = regs;
    return domctl(&op, cmd, domid);
}

/* What the hypervisor had for a domain goes soon after that has. */
static inline bool wait_free(uint64_t pages)
{
    for (unsigned i = 0; i < LIMIT; i++) {
        if (free_pages() == pages) {
            return true;
        }
    }
    print("... %lu free pages, not %lu\n", free_pages(), pages);
    return false;
}

/* How many are free when nothing goes any more: the hypervisor looks for what still goes every 10 ms. */
static inline uint64_t settled_pages(void)
{
    uint64_t pages = free_pages(), since = timer_now(TIMER_VIRT);

    while (timer_now(TIMER_VIRT) - since < timer_frequency() / 20) {
        uint64_t now = free_pages();

        since = now == pages ? since : timer_now(TIMER_VIRT);
        pages = now;
    }
    return pages;
}

#endif

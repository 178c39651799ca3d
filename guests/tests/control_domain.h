/* SPDX-License-Identifier: Apache-2.0 */
/* control_domain.h - domains as the toolstack makes them, for test guests in the control domain's place. */
#ifndef GUEST_TESTS_CONTROL_DOMAIN_H
#define GUEST_TESTS_CONTROL_DOMAIN_H

#include "control.h"

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

#endif

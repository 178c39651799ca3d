/* SPDX-License-Identifier: Apache-2.0 */
/* abi.h - the hypervisor's ABI for test guests: headers of libxen-dev, error numbers, calls about memory. */
#ifndef GUEST_TESTS_ABI_H
#define GUEST_TESTS_ABI_H

#include "guest.h"

#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#define __XEN_TOOLS__ 1
#include <xen/xen.h>

#include <xen/grant_table.h>
#include <xen/memory.h>

#define E_PERM (-1)
#define E_NOENT (-2)
#define E_SRCH (-3)
#define E_NOMEM (-12)
#define E_ACCES (-13)
#define E_FAULT (-14)
#define E_BUSY (-16)
#define E_INVAL (-22)
#define E_DOM (-33)
#define E_NOSYS (-38)
#define E_OPNOTSUPP (-95)

static inline int64_t memory_op(uint64_t op, const volatile void *argument)
{
    return hypercall(__HYPERVISOR_memory_op, op, (uint64_t)argument, 0, 0, 0);
}

static inline int64_t grant_op(uint64_t op, const volatile void *array, uint64_t count)
{
    return hypercall(__HYPERVISOR_grant_table_op, op, (uint64_t)array, count, 0, 0);
}

static inline int64_t add_to_physmap(unsigned space, uint64_t index, uint64_t gfn)
{
    struct xen_add_to_physmap wish = {
        .domid = DOMID_SELF, .size = 1, .space = space, .idx = index, .gpfn = gfn};

    return memory_op(XENMEM_add_to_physmap, &wish);
}

static inline int64_t remove_from_physmap(uint64_t gfn)
{
    struct xen_remove_from_physmap wish = {.domid = DOMID_SELF, .gpfn = gfn};

    return memory_op(XENMEM_remove_from_physmap, &wish);
}

/* Populate or decrease @count extents of 2^@order pages, whose frames are in @list. */
static inline int64_t adjust(unsigned op, const xen_pfn_t *list, uint64_t count, unsigned order)
{
    struct xen_memory_reservation wish = {.nr_extents = count, .extent_order = order, .domid = DOMID_SELF};

    wish.extent_start.p = (xen_pfn_t *)(uintptr_t)list;
    return memory_op(op, &wish);
}

static inline int64_t adjust_one(unsigned op, uint64_t gfn, unsigned order)
{
    xen_pfn_t list[1] = {gfn};

    return adjust(op, list, 1, order);
}

#endif

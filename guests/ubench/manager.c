/* SPDX-License-Identifier: Apache-2.0 */
/* manager.c - what the control domain pays for each page of a domain that it builds: the page is mapped at a
 * frame of its own, and taken away again. The frames are holes that it made in its RAM, as Linux does. */
#include "timed.h"
#include "ubench.h"

#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#define __XEN_TOOLS__ 1
#include <xen/xen.h>

#include <xen/memory.h>
#include <xen/sched.h>

#define OTHER 1U
#define OTHER_GFN 0x40800U /* 8 MiB into its RAM. */
#define HOLES 64U
#define YIELDS 100U
#define HOLES_AT (16UL << 20) /* From the start of the RAM. */

static uint64_t timed_memory_op(uint64_t op, const volatile void *argument, int64_t *result)
{
    register uint64_t x0 __asm__("x0") = op;
    register uint64_t x1 __asm__("x1") = (uint64_t)argument;
    register uint64_t x16 __asm__("x16") = __HYPERVISOR_memory_op;
    uint64_t begin, end;

    __asm__ volatile(TIMED_BEGIN "hvc #0xea1" TIMED_END
                     : [begin] "=&r"(begin), [end] "=r"(end), "+r"(x0), "+r"(x1), "+r"(x16)::"x2", "x3", "x4",
                       "memory");
    *result = (int64_t)x0;
    return end - begin;
}

static uint64_t first_hole(void)
{
    return (platform.memory[0].base + HOLES_AT) >> 12;
}

static bool make_holes(void)
{
    static xen_pfn_t list[HOLES];
    struct xen_memory_reservation wish = {.nr_extents = HOLES, .domid = DOMID_SELF};

    for (unsigned i = 0; i < HOLES; i++) {
        list[i] = first_hole() + i;
    }
    wish.extent_start.p = list;
    return hypercall(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, (uint64_t)&wish, 0, 0, 0) == HOLES;
}

/* One page: mapped and taken away. Returns whether both went well. */
static bool one_page(uint64_t round, struct figure *map, struct figure *take)
{
    xen_ulong_t from = OTHER_GFN + round;
    xen_pfn_t to = first_hole() + round % HOLES;
    int error = -1;
    int64_t mapped, taken;
    struct xen_add_to_physmap_batch batch = {
        .domid = DOMID_SELF, .space = XENMAPSPACE_gmfn_foreign, .size = 1, .u.foreign_domid = OTHER};
    struct xen_remove_from_physmap remove = {.domid = DOMID_SELF, .gpfn = to};

    batch.idxs.p = &from;
    batch.gpfns.p = &to;
    batch.errs.p = &error;
    figure_add(map, timed_memory_op(XENMEM_add_to_physmap_batch, &batch, &mapped) - timed_nothing());
    figure_add(take, timed_memory_op(XENMEM_remove_from_physmap, &remove, &taken) - timed_nothing());
    return mapped == 0 && error == 0 && taken == 0;
}

void measure_manager(uint64_t rounds)
{
    struct figure map = {0}, take = {0};

    if (bootarg_is("role", "second")) {
        while (true) {
            wfi();
        }
    }
    if (!make_holes()) {
        print("ubench: no holes\n");
        return;
    }
    for (unsigned i = 0; i < YIELDS; i++) { /* The other comes to its sleep first. */
        hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0, 0, 0);
    }
    for (uint64_t round = 0; round < rounds; round++) {
        if (!one_page(round, &map, &take)) {
            print("ubench: page %lu was not mapped\n", round);
            return;
        }
    }
    figure_print("foreign_map", &map);
    figure_print("foreign_unmap", &take);
}

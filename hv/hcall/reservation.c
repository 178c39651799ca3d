/* SPDX-License-Identifier: Apache-2.0 */
/* reservation.c - memory_op: a domain gets memory and gives it back, extent by extent. Source: xen/memory.h.
 *
 * An extent is 2^order pages at a gfn; x1 has a list of them. What is returned is how many are done, whatever
 * was wrong with the next. Where a call goes on is in its x0 (hcall/memory.h). */
#include "core/domain.h"
#include "core/guest_mem.h"
#include "hcall/hypercall.h"
#include "hcall/memory.h"
#include "lib/abi.h"
#include "lib/error.h"

/* The largest extents, as Xen has them: of a domain, and of one that builds others. */
#define ORDER_MAX 9u
#define ORDER_MAX_PRIVILEGED 18u

#define STEPS_PER_STAY 2u /* Pages or blocks in one stay in EL2. */

/* A call, read once, and where it is. */
struct request {
    struct xen_memory_reservation wish;
    struct domain *domain;
    uint64_t extent; /* The first that is not done, */
    uint64_t page;   /* and how much of it is. */
    uint64_t gfn;    /* Where it starts. */
};

static bool populates(unsigned op)
{
    return op == XENMEM_populate_physmap; /* Else it decreases. */
}

static bool read_extent(struct vcpu *vcpu, struct request *request)
{
    uint64_t from = (uint64_t)request->wish.extent_start.p + request->extent * sizeof(xen_pfn_t);

    return guest_copy_in(vcpu, &request->gfn, from, sizeof(request->gfn)) == 0;
}

static bool read_request(struct vcpu *vcpu, const uint64_t args[5], struct request *request)
{
    const struct xen_memory_reservation *wish = &request->wish;
    unsigned order_max = vcpu->domain->privileged ? ORDER_MAX_PRIVILEGED : ORDER_MAX;

    request->extent = bits_get(args[0], MEMORY_EXTENT_HIGH, MEMORY_EXTENT_LOW);
    request->page = args[0] >> MEMORY_PAGES_LOW;
    return guest_copy_in(vcpu, &request->wish, args[1], sizeof(request->wish)) == 0 &&
           wish->nr_extents <= MASK64(MEMORY_EXTENT_HIGH - MEMORY_EXTENT_LOW, 0) &&
           request->extent < wish->nr_extents && wish->extent_order <= order_max &&
           request->page < BIT64(wish->extent_order) &&
           hypercall_target(vcpu, wish->domid, &request->domain) == 0 && read_extent(vcpu, request);
}

/* An extent that cannot be had as a whole is not begun: who asked tries smaller ones at the same place. */
static int check_room(const struct request *request, unsigned op)
{
    bool begins = populates(op) && request->page == 0;

    return begins && !physmap_has_room(&request->domain->physmap, BIT64(request->wish.extent_order)) ? -ENOMEM
                                                                                                     : 0;
}

/* One page or block of the extent. Returns 0 and how many pages that was, PHYSMAP_AGAIN or an error. */
static int step(const struct request *request, unsigned op, uint64_t *done)
{
    struct physmap *map = &request->domain->physmap;
    uint64_t left = BIT64(request->wish.extent_order) - request->page;
    uint64_t gfn = request->gfn + request->page;

    if (gfn < request->gfn) { /* Around the end of the address space. */
        return -EINVAL;
    }
    if (populates(op)) {
        return physmap_populate(map, gfn, left, done);
    }
    *done = 1;
    return physmap_unmap(map, gfn, true);
}

int64_t memory_adjust_reservation(struct vcpu *vcpu, uint64_t args[5])
{
    unsigned op = (unsigned)(args[0] & MEMORY_OP_MASK);
    struct request request;
    int error = 0;

    if (!read_request(vcpu, args, &request) ||
        (populates(op) &&
         ((request.wish.mem_flags & XENMEMF_populate_on_demand) != 0 || request.domain->stopped))) {
        return (int64_t)bits_get(args[0], MEMORY_EXTENT_HIGH, MEMORY_EXTENT_LOW);
    }
    for (unsigned i = 0; i < STEPS_PER_STAY && error == 0; i++) {
        uint64_t done = 0;

        error = check_room(&request, op);
        if (error == 0) {
            error = step(&request, op, &done);
        }
        if (error != 0) {
            break;
        }
        request.page += done;
        if (request.page == BIT64(request.wish.extent_order)) {
            request.page = 0;
            request.extent++;
            if (request.extent == request.wish.nr_extents || !read_extent(vcpu, &request)) {
                return (int64_t)request.extent;
            }
        }
    }
    if (error < 0) {
        return (int64_t)request.extent;
    }
    return hypercall_again(vcpu, op | request.extent << MEMORY_EXTENT_LOW | request.page << MEMORY_PAGES_LOW);
}

/* A domain whose memory is translated for it has nowhere to put pages without saying where: there are none.
 */
int64_t memory_increase_reservation(struct vcpu *vcpu, uint64_t args[5])
{
    (void)vcpu;
    return (int64_t)bits_get(args[0], MEMORY_EXTENT_HIGH, MEMORY_EXTENT_LOW);
}

/* Xen on Arm checks an exchange and then refuses to take a page out of a domain. */
int64_t memory_exchange(struct vcpu *vcpu, uint64_t args[5])
{
    struct xen_memory_exchange wish;
    struct domain *domain;
    unsigned order_max = vcpu->domain->privileged ? ORDER_MAX_PRIVILEGED : ORDER_MAX;
    int64_t error;

    if (args[0] != XENMEM_exchange) {
        return -EINVAL;
    }
    if (guest_copy_in(vcpu, &wish, args[1], sizeof(wish)) != 0) {
        return -EFAULT;
    }
    if (wish.in.extent_order > order_max || wish.out.extent_order > order_max) {
        error = -EPERM;
    } else if (wish.nr_exchanged > wish.in.nr_extents || wish.in.domid != wish.out.domid ||
               UINT64_MAX >> wish.in.extent_order < wish.in.nr_extents ||
               UINT64_MAX >> wish.out.extent_order < wish.out.nr_extents ||
               wish.in.nr_extents << wish.in.extent_order != wish.out.nr_extents << wish.out.extent_order) {
        error = -EINVAL;
    } else if (wish.nr_exchanged == wish.in.nr_extents) {
        return 0;
    } else {
        error = hypercall_target(vcpu, wish.in.domid, &domain);
        error = error != 0 ? error : -EOPNOTSUPP;
    }
    return error;
}

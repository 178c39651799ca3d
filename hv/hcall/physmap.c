/* SPDX-License-Identifier: Apache-2.0 */
/* physmap.c - memory_op: single pages put at a domain's frames, and taken away. Source: xen/memory.h. */
#include "core/physmap.h"

#include "arch/mmu.h"
#include "base/page_alloc.h"
#include "core/domain.h"
#include "core/grant_table.h"
#include "core/guest_mem.h"
#include "core/trace.h"
#include "hcall/hypercall.h"
#include "hcall/memory.h"
#include "lib/abi.h"
#include "lib/error.h"

#define GFN_NONE UINT64_MAX
#define PAGES_PER_STAY 2u /* Of a list, in one stay in EL2. */

/* The page can be at one place only: who wants it elsewhere takes it away first. */
static int map_shared_info(struct domain *domain, uint64_t index, uint64_t gfn)
{
    pa_t page = mmu_direct_pa(domain->shared_info);
    uint64_t last = atomic_load(&domain->shared_info_gfn);
    int error;

    if (index != 0) {
        return -EINVAL;
    }
    if (last != gfn && physmap_has(&domain->physmap, last, page)) {
        return -EBUSY;
    }
    error = physmap_map(&domain->physmap, gfn, page, STAGE2_RAM);
    if (error == 0) {
        atomic_store(&domain->shared_info_gfn, gfn);
    }
    return error;
}

/* One page of @space. Returns 0, PHYSMAP_AGAIN or an error. */
static int add_page(struct domain *domain, unsigned space, uint64_t index, uint64_t gfn)
{
    switch (space) {
    case XENMAPSPACE_shared_info:
        return map_shared_info(domain, index, gfn);
    case XENMAPSPACE_grant_table: /* The status frames of version 2 are beyond any limit. */
        return grant_table_map_frame(domain->grants, index, gfn);
    default:
        return -ENOSYS;
    }
}

/* The spaces that a domain names for itself or, being privileged, for others. */
static int check_space(const struct vcpu *vcpu, const struct domain *domain, unsigned space)
{
    if (space == XENMAPSPACE_dev_mmio && (!vcpu->domain->privileged || domain != vcpu->domain)) {
        return -EACCES;
    }
    return 0;
}

int64_t memory_add_to_physmap(struct vcpu *vcpu, uint64_t args[5])
{
    struct xen_add_to_physmap wish;
    struct domain *domain;
    int error;

    if (args[0] >> MEMORY_EXTENT_LOW > UINT16_MAX) {
        return -EDOM;
    }
    if (guest_copy_in(vcpu, &wish, args[1], sizeof(wish)) != 0) {
        return -EFAULT;
    }
    if (wish.space == XENMAPSPACE_gmfn_foreign) {
        return -ENOSYS;
    }
    error = hypercall_target(vcpu, wish.domid, &domain);
    if (error == 0) {
        error = check_space(vcpu, domain, wish.space);
    }
    if (error == 0 && wish.gpfn == GFN_NONE) {
        error = -EINVAL;
    }
    if (error == 0) {
        error = add_page(domain, wish.space, wish.idx, wish.gpfn);
    }
    return error == PHYSMAP_AGAIN ? hypercall_again(vcpu, args[0]) : error;
}

/* --- Pages of other domains: of a privileged one that builds or serves them
 * ------------------------------- */

/* A domain that is not the caller. */
static int other_domain(const struct vcpu *vcpu, uint16_t domid, struct domain **out)
{
    struct domain *domain = domain_get(domid);

    if (domid == DOMID_SELF || domain == vcpu->domain) {
        return -EPERM;
    }
    if (domain == NULL) {
        return -ESRCH;
    }
    *out = domain;
    return 0;
}

/* A frame of the hypervisor's: of trace buffers alone. */
static int add_trace_frame(const struct vcpu *vcpu, struct domain *domain, uint64_t frame, uint64_t gfn)
{
    bool writable;
    pa_t page;
    int error;

    if (!vcpu->domain->privileged || !domain->privileged) {
        return -EPERM;
    }
    error = trace_use_frame(frame, &page, &writable);
    if (error != 0) {
        return error;
    }
    error = physmap_map(&domain->physmap, gfn, page, writable ? STAGE2_FOREIGN : STAGE2_FOREIGN_RO);
    if (error != 0) {
        physmap_put_page(page);
    }
    return error;
}

/* The way of building a domain: once for each of its pages. */
static int add_foreign(struct vcpu *vcpu, struct domain *domain, uint16_t domid, uint64_t from_gfn,
                       uint64_t gfn)
{
    struct domain *from;
    pa_t page;
    int error = other_domain(vcpu, domid, &from);

    if (error != 0) {
        return domid == DOMID_XEN ? add_trace_frame(vcpu, domain, from_gfn, gfn) : error;
    }
    if (from == domain) {
        return -EINVAL;
    }
    if (!domain->privileged) {
        return -EPERM;
    }
    error = physmap_use(&from->physmap, from_gfn, &page);
    if (error != 0) {
        return error;
    }
    error = physmap_map(&domain->physmap, gfn, page, STAGE2_FOREIGN);
    if (error != 0) {
        physmap_put_page(page);
    }
    return error;
}

/* Entry @i of the lists: its answer goes to the third, unless it is PHYSMAP_AGAIN. */
static int add_entry(struct vcpu *vcpu, struct domain *domain, const struct xen_add_to_physmap_batch *wish,
                     uint64_t i)
{
    uint64_t index, gfn;
    int32_t answer;

    if (guest_copy_in(vcpu, &index, (uint64_t)wish->idxs.p + i * sizeof(index), sizeof(index)) != 0 ||
        guest_copy_in(vcpu, &gfn, (uint64_t)wish->gpfns.p + i * sizeof(gfn), sizeof(gfn)) != 0) {
        return -EFAULT;
    }
    if (gfn == GFN_NONE) {
        return -EINVAL;
    }
    if (wish->space == XENMAPSPACE_gmfn_foreign) {
        answer = add_foreign(vcpu, domain, wish->u.foreign_domid, index, gfn);
    } else {
        answer = add_page(domain, wish->space, index, gfn);
    }
    if (answer == PHYSMAP_AGAIN) {
        return PHYSMAP_AGAIN;
    }
    return guest_copy_out(vcpu, (uint64_t)wish->errs.p + i * sizeof(answer), &answer, sizeof(answer));
}

int64_t memory_add_to_physmap_batch(struct vcpu *vcpu, uint64_t args[5])
{
    uint64_t at = args[0] >> MEMORY_EXTENT_LOW;
    struct xen_add_to_physmap_batch wish;
    struct domain *domain;
    int error;

    if (at > UINT16_MAX) {
        return -EDOM;
    }
    if (guest_copy_in(vcpu, &wish, args[1], sizeof(wish)) != 0) {
        return -EFAULT;
    }
    if (wish.space == XENMAPSPACE_gmfn_range) {
        return -EOPNOTSUPP;
    }
    error = hypercall_target(vcpu, wish.domid, &domain);
    if (error == 0) {
        error = check_space(vcpu, domain, wish.space);
    }
    if (error == 0 && at >= wish.size) {
        return at == 0 ? 0 : -EILSEQ;
    }
    for (unsigned i = 0; i < PAGES_PER_STAY && at < wish.size && error == 0; i++) {
        error = add_entry(vcpu, domain, &wish, at);
        at += error == 0 ? 1 : 0;
    }
    if (error < 0 || at == wish.size) {
        return error;
    }
    return hypercall_again(vcpu, XENMEM_add_to_physmap_batch | at << MEMORY_EXTENT_LOW);
}

/* Frame @frame of @from's grant table at a frame of the caller, as a foreign page. */
static int map_grant_frame(struct vcpu *vcpu, struct domain *from, uint64_t frame, uint64_t list)
{
    uint64_t gfn;
    pa_t page;
    int error;

    if (guest_copy_in(vcpu, &gfn, list, sizeof(gfn)) != 0) {
        return -EFAULT;
    }
    error = grant_table_frame(from->grants, frame, &page);
    if (error == 0) {
        error = page_get(page, DOMID_HV);
    }
    if (error != 0) {
        return error;
    }
    error = physmap_map(&vcpu->domain->physmap, gfn, page, STAGE2_FOREIGN);
    if (error != 0) {
        physmap_put_page(page);
    }
    return error;
}

/* How many frames the resource has, written into the caller's structure. */
static int64_t resource_size(struct vcpu *vcpu, const uint64_t args[5], struct xen_mem_acquire_resource *wish,
                             const struct domain *from)
{
    if (wish->nr_frames != 0 || args[0] != XENMEM_acquire_resource) {
        return -EINVAL;
    }
    wish->nr_frames = from->grants->frame_limit;
    return guest_copy_out(vcpu, args[1], wish, sizeof(*wish));
}

int64_t memory_acquire_resource(struct vcpu *vcpu, uint64_t args[5])
{
    uint64_t at = args[0] >> MEMORY_EXTENT_LOW;
    struct xen_mem_acquire_resource wish;
    struct domain *from;
    int error;

    if (guest_copy_in(vcpu, &wish, args[1], sizeof(wish)) != 0) {
        return -EFAULT;
    }
    if (wish.pad != 0 || wish.frame > UINT32_MAX || wish.frame + wish.nr_frames > UINT32_MAX) {
        return -EINVAL;
    }
    error = other_domain(vcpu, wish.domid, &from);
    if (error != 0) {
        return error;
    }
    if (!vcpu->domain->privileged) {
        return -EPERM;
    }
    if (wish.type != XENMEM_resource_grant_table || wish.id != XENMEM_resource_grant_table_id_shared) {
        return -EINVAL;
    }
    if (wish.frame_list.p == NULL) {
        return resource_size(vcpu, args, &wish, from);
    }
    if (at >= wish.nr_frames || wish.nr_frames > MASK64(MEMORY_EXTENT_HIGH - MEMORY_EXTENT_LOW, 0)) {
        return -EINVAL;
    }
    for (unsigned i = 0; i < PAGES_PER_STAY && at < wish.nr_frames && error == 0; i++) {
        error = map_grant_frame(vcpu, from, wish.frame + at,
                                (uint64_t)wish.frame_list.p + at * sizeof(xen_pfn_t));
        at += error == 0 ? 1 : 0;
    }
    if (error < 0 || at == wish.nr_frames) {
        return error;
    }
    return hypercall_again(vcpu, XENMEM_acquire_resource | at << MEMORY_EXTENT_LOW);
}

int64_t memory_remove_from_physmap(struct vcpu *vcpu, uint64_t args[5])
{
    struct xen_remove_from_physmap wish;
    struct domain *domain;
    int error;

    if (args[0] != XENMEM_remove_from_physmap) {
        return -EINVAL;
    }
    if (guest_copy_in(vcpu, &wish, args[1], sizeof(wish)) != 0) {
        return -EFAULT;
    }
    error = hypercall_target(vcpu, wish.domid, &domain);
    if (error == 0) {
        error = physmap_unmap(&domain->physmap, wish.gpfn, false);
    }
    return error == PHYSMAP_AGAIN ? hypercall_again(vcpu, args[0]) : error;
}

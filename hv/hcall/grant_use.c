/* SPDX-License-Identifier: Apache-2.0 */
/* grant_use.c - grant_table_op: pages of other domains mapped, unmapped, copied, and cleaned out of the
 * caches. Source: xen/grant_table.h. */
#include "arch/cache.h"
#include "arch/mmu.h"
#include "base/page_alloc.h"
#include "core/domain.h"
#include "core/grant_map.h"
#include "core/grant_pin.h"
#include "core/guest_mem.h"
#include "hcall/grant.h"
#include "lib/abi.h"
#include "lib/error.h"
#include "lib/string.h"

/* What concerns devices behind an IOMMU or entries of a guest's own tables is not there on Arm. */
static int16_t check_map_flags(uint32_t flags)
{
    if ((flags & (GNTMAP_device_map | GNTMAP_host_map)) == 0) {
        return GNTST_bad_gntref;
    }
    if ((flags & (GNTMAP_device_map | GNTMAP_application_map | GNTMAP_contains_pte)) != 0) {
        return GNTST_general_error;
    }
    return GNTST_okay;
}

int grant_one_map(struct vcpu *vcpu, uint64_t at)
{
    struct grant_maps *maps = &vcpu->domain->grant_maps;
    struct gnttab_map_grant_ref wish;
    pa_t page;

    if (guest_copy_in(vcpu, &wish, at, sizeof(wish)) != 0) {
        return -EFAULT;
    }
    wish.status = check_map_flags(wish.flags);
    if (wish.status == GNTST_okay) {
        wish.status = grant_map(maps, wish.dom, wish.ref, (wish.flags & GNTMAP_readonly) == 0,
                                wish.host_addr >> PAGE_SHIFT, &wish.handle, &page);
    }
    if (wish.status == PHYSMAP_AGAIN) {
        return PHYSMAP_AGAIN;
    }
    if (wish.status == GNTST_okay) {
        wish.dev_bus_addr = page.v; /* For DMA by a domain that devices are assigned to. */
    }
    if (guest_copy_out(vcpu, at, &wish, sizeof(wish)) == 0) {
        return 0;
    }
    if (wish.status == GNTST_okay) { /* Nobody would know its handle. */
        (void)grant_unmap(maps, wish.handle, wish.host_addr >> PAGE_SHIFT);
    }
    return -EFAULT;
}

int grant_one_unmap(struct vcpu *vcpu, uint64_t at)
{
    struct gnttab_unmap_grant_ref wish;

    if (guest_copy_in(vcpu, &wish, at, sizeof(wish)) != 0) {
        return -EFAULT;
    }
    wish.status = grant_unmap(&vcpu->domain->grant_maps, wish.handle, wish.host_addr >> PAGE_SHIFT);
    return guest_copy_out(vcpu, at, &wish, sizeof(wish));
}

/* A page is never put in the place of a mapping in one step on Arm. */
int grant_one_unmap_and_replace(struct vcpu *vcpu, uint64_t at)
{
    struct gnttab_unmap_and_replace wish;

    if (guest_copy_in(vcpu, &wish, at, sizeof(wish)) != 0) {
        return -EFAULT;
    }
    wish.status = GNTST_general_error;
    return guest_copy_out(vcpu, at, &wish, sizeof(wish));
}

/* --- Copies
 * --------------------------------------------------------------------------------------------------- */

/* One end of a copy, while it is in use. */
struct copy_end {
    struct grant_table *table; /* NULL: a frame of the caller's own. */
    uint32_t ref;
    bool write;
    pa_t page;
};

static int16_t begin_end(struct vcpu *vcpu, const struct gnttab_copy_ptr *wish, bool by_ref, bool write,
                         struct copy_end *end)
{
    struct domain *domain = wish->domid == DOMID_SELF ? vcpu->domain : domain_get(wish->domid);

    end->table = NULL;
    end->ref = wish->u.ref;
    end->write = write;
    if (!by_ref && wish->domid != DOMID_SELF) {
        return GNTST_permission_denied;
    }
    if (domain == NULL) {
        return GNTST_bad_domain;
    }
    if (by_ref) {
        end->table = domain->grants;
        return grant_pin(end->table, end->ref, vcpu->domain->id, write, &end->page);
    }
    return physmap_use(&domain->physmap, wish->u.gmfn, &end->page) == 0 ? GNTST_okay : GNTST_bad_page;
}

static void finish_end(const struct copy_end *end)
{
    if (end->table != NULL) {
        grant_unpin(end->table, end->ref, end->write);
    } else {
        physmap_put_page(end->page);
    }
}

static int16_t copy(struct vcpu *vcpu, const struct gnttab_copy *wish)
{
    struct copy_end source, dest;
    int16_t status;

    if ((uint32_t)wish->source.offset + wish->len > PAGE_SIZE ||
        (uint32_t)wish->dest.offset + wish->len > PAGE_SIZE) {
        return GNTST_bad_copy_arg;
    }
    status = begin_end(vcpu, &wish->source, (wish->flags & GNTCOPY_source_gref) != 0, false, &source);
    if (status != GNTST_okay) {
        return status;
    }
    status = begin_end(vcpu, &wish->dest, (wish->flags & GNTCOPY_dest_gref) != 0, true, &dest);
    if (status == GNTST_okay) {
        /* Both may be one page, and overlap. */
        memmove((char *)mmu_direct(dest.page) + wish->dest.offset,
                (const char *)mmu_direct(source.page) + wish->source.offset, wish->len);
        finish_end(&dest);
    }
    finish_end(&source);
    return status;
}

int grant_one_copy(struct vcpu *vcpu, uint64_t at)
{
    struct gnttab_copy wish;

    if (guest_copy_in(vcpu, &wish, at, sizeof(wish)) != 0) {
        return -EFAULT;
    }
    wish.status = copy(vcpu, &wish);
    return guest_copy_out(vcpu, at, &wish, sizeof(wish));
}

/* --- Others
 * --------------------------------------------------------------------------------------------------- */

/* Write a page of the caller's back, or one that it has mapped for DMA: the latter only of a direct-mapped
 * domain, whose devices may reach it. To invalidate alone could undo what others wrote: it is always cleaned
 * first, which no user of the page can tell from what caches do by themselves. */
int grant_one_cache_flush(struct vcpu *vcpu, uint64_t at)
{
    struct gnttab_cache_flush wish;
    uint16_t owner;
    pa_t page;

    if (guest_copy_in(vcpu, &wish, at, sizeof(wish)) != 0) {
        return -EFAULT;
    }
    if (wish.offset >= PAGE_SIZE || (uint32_t)wish.offset + wish.length > PAGE_SIZE ||
        (wish.op & ~(GNTTAB_CACHE_INVAL | GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_SOURCE_GREF)) != 0) {
        return -EINVAL;
    }
    if (wish.length == 0 || wish.op == 0) {
        return 0;
    }
    if ((wish.op & GNTTAB_CACHE_SOURCE_GREF) != 0) {
        return -EOPNOTSUPP;
    }
    page = pa(wish.a.dev_bus_addr & ~PAGE_MASK);
    owner = page_owner(page);
    if (owner != vcpu->domain->id && (!vcpu->domain->direct_map || domain_get(owner) == NULL)) {
        return owner == DOMID_NONE ? -EINVAL : -EPERM;
    }
    if (page_get(page, owner) != 0) { /* It is being given back. */
        return -EPERM;
    }
    cache_publish((const char *)mmu_direct(page) + wish.offset, wish.length);
    physmap_put_page(page);
    return 0;
}

int grant_one_swap(struct vcpu *vcpu, uint64_t at)
{
    struct gnttab_swap_grant_ref wish;

    if (guest_copy_in(vcpu, &wish, at, sizeof(wish)) != 0) {
        return -EFAULT;
    }
    wish.status = grant_swap(vcpu->domain->grants, wish.ref_a, wish.ref_b);
    return guest_copy_out(vcpu, at, &wish, sizeof(wish));
}

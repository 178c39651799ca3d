/* SPDX-License-Identifier: Apache-2.0 */
/* grant.c - grant_table_op: which operations there are, and those about a whole table. Source:
 * xen/grant_table.h. Version 1 alone, as Xen on Arm. */
#include "hcall/grant.h"
#include "core/domain.h"
#include "core/grant_table.h"
#include "core/guest_mem.h"
#include "hcall/hypercall.h"
#include "lib/abi.h"
#include "lib/error.h"

#define OPS_PER_STAY 2u /* Structures of an array in one stay in EL2. */

/* The domain of a structure's domid, as a status. */
static int16_t grant_target(struct vcpu *vcpu, uint16_t domid, struct domain **out)
{
    switch (hypercall_target(vcpu, domid, out)) {
    case 0:
        return GNTST_okay;
    case -EPERM:
        return GNTST_permission_denied;
    default:
        return GNTST_bad_domain;
    }
}

static int64_t query_size(struct vcpu *vcpu, uint64_t args[5])
{
    struct gnttab_query_size wish;
    struct domain *domain;

    if (args[2] != 1) {
        return -EINVAL;
    }
    if (guest_copy_in(vcpu, &wish, args[1], sizeof(wish)) != 0) {
        return -EFAULT;
    }
    wish.status = grant_target(vcpu, wish.dom, &domain);
    if (wish.status == GNTST_okay) {
        wish.nr_frames = grant_table_frame_count(domain->grants);
        wish.max_nr_frames = domain->grants->frame_limit;
    }
    return guest_copy_out(vcpu, args[1], &wish, sizeof(wish));
}

/* The only version is 1, of every domain. */
static int64_t set_version(struct vcpu *vcpu, uint64_t args[5])
{
    struct gnttab_set_version wish;
    uint32_t wanted;

    if (guest_copy_in(vcpu, &wish, args[1], sizeof(wish)) != 0) {
        return -EFAULT;
    }
    wanted = wish.version;
    wish.version = 1;
    if (guest_copy_out(vcpu, args[1], &wish, sizeof(wish)) != 0) {
        return -EFAULT;
    }
    return wanted == 1 ? 0 : wanted == 2 ? -ENOSYS : -EINVAL;
}

static int64_t get_version(struct vcpu *vcpu, uint64_t args[5])
{
    struct gnttab_get_version wish;
    struct domain *domain;
    int error;

    if (guest_copy_in(vcpu, &wish, args[1], sizeof(wish)) != 0) {
        return -EFAULT;
    }
    error = hypercall_target(vcpu, wish.dom, &domain);
    if (error != 0) {
        return error;
    }
    wish.version = 1;
    return guest_copy_out(vcpu, args[1], &wish, sizeof(wish));
}

/* Grow the table, and say where its frames are. */
static int64_t setup_table(struct vcpu *vcpu, uint64_t args[5])
{
    uint64_t gfns[GRANT_FRAMES_MAX];
    struct gnttab_setup_table wish;
    struct domain *domain;
    int error;

    if (args[2] != 1) {
        return -EINVAL;
    }
    if (guest_copy_in(vcpu, &wish, args[1], sizeof(wish)) != 0) {
        return -EFAULT;
    }
    wish.status = grant_target(vcpu, wish.dom, &domain);
    if (wish.status == GNTST_okay) {
        error = grant_table_grow(domain->grants, wish.nr_frames);
        if (error == PHYSMAP_AGAIN) {
            return hypercall_again(vcpu, args[0]);
        }
        wish.status = error == 0 ? GNTST_okay : GNTST_general_error;
    }
    if (wish.status == GNTST_okay) {
        for (unsigned i = 0; i < wish.nr_frames; i++) { /* At most GRANT_FRAMES_MAX. */
            gfns[i] = domain->grants->frames[i].gfn;
        }
        if (guest_copy_out(vcpu, (uint64_t)wish.frame_list.p, gfns, wish.nr_frames * sizeof(gfns[0])) != 0) {
            return -EFAULT;
        }
    }
    return guest_copy_out(vcpu, args[1], &wish, sizeof(wish));
}

/* Version 2's alone. */
static int64_t get_status_frames(struct vcpu *vcpu, uint64_t args[5])
{
    struct gnttab_get_status_frames wish;

    if (args[2] != 1) {
        return -EINVAL;
    }
    if (guest_copy_in(vcpu, &wish, args[1], sizeof(wish)) != 0) {
        return -EFAULT;
    }
    wish.status = GNTST_general_error;
    return guest_copy_out(vcpu, args[1], &wish, sizeof(wish));
}

/* x1 = array, x2 = count: one after the other, some in a stay; the registers say where the rest is. */
static int64_t each(struct vcpu *vcpu, uint64_t args[5], size_t size, grant_one one)
{
    uint32_t count = (uint32_t)args[2];
    int error = 0;

    if (count > INT32_MAX) {
        return -EINVAL;
    }
    for (unsigned i = 0; i < OPS_PER_STAY && count != 0 && error == 0; i++) {
        error = one(vcpu, args[1]);
        if (error == 0) {
            args[1] += size;
            count--;
        }
    }
    args[2] = count;
    if (error < 0 || count == 0) {
        return error;
    }
    return hypercall_again(vcpu, args[0]);
}

int64_t hcall_grant_table_op(struct vcpu *vcpu, uint64_t args[5])
{
    switch ((uint32_t)args[0]) {
    case GNTTABOP_map_grant_ref: /* host_map alone; it goes by unmap_grant_ref alone */
        return each(vcpu, args, sizeof(struct gnttab_map_grant_ref), grant_one_map);
    case GNTTABOP_unmap_grant_ref:
        return each(vcpu, args, sizeof(struct gnttab_unmap_grant_ref), grant_one_unmap);
    case GNTTABOP_copy: /* By reference, or to and from own frames */
        return each(vcpu, args, sizeof(struct gnttab_copy), grant_one_copy);
    case GNTTABOP_cache_flush: /* Cleans and invalidates; others' pages for a direct-mapped domain alone */
        return each(vcpu, args, sizeof(struct gnttab_cache_flush), grant_one_cache_flush);
    case GNTTABOP_swap_grant_ref:
        return each(vcpu, args, sizeof(struct gnttab_swap_grant_ref), grant_one_swap);
    case GNTTABOP_unmap_and_replace: /* Refused with status -1, as on Arm */
        return each(vcpu, args, sizeof(struct gnttab_unmap_and_replace), grant_one_unmap_and_replace);
    case GNTTABOP_transfer: /* -EOPNOTSUPP, as with gnttab=no-transfer: a domain's pages stay its own */
        return -EOPNOTSUPP;
    case GNTTABOP_setup_table: /* 64 frames at most */
        return setup_table(vcpu, args);
    case GNTTABOP_get_status_frames: /* Status -1: they are version 2's */
        return get_status_frames(vcpu, args);
    case GNTTABOP_query_size:
        return query_size(vcpu, args);
    case GNTTABOP_set_version: /* 1; -ENOSYS for 2, which Xen on Arm has not either */
        return set_version(vcpu, args);
    case GNTTABOP_get_version:
        return get_version(vcpu, args);
    default:
        return -ENOSYS;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* version.c - xen_version: what this hypervisor calls itself, and what it offers. Source: xen/version.h,
 * xen/features.h. */
#include <xen/features.h>

#include "core/domain.h"
#include "core/guest_mem.h"
#include "hcall/hypercall.h"
#include "hcall/version.h"
#include "lib/abi.h"
#include "lib/error.h"
#include "lib/panic.h"
#include "lib/string.h"

static char commandline[sizeof(xen_commandline_t)]; /* Written once, at boot. */

void version_set_commandline(const char *text)
{
    (void)string_copy(commandline, sizeof(commandline), text);
}

/* A fixed-size string field of the ABI, zero padded. */
__attribute__((noinline)) static int64_t give_text(struct vcpu *vcpu, uint64_t to, const char *text,
                                                   size_t size)
{
    char field[1024] = {0};

    (void)string_copy(field, size < sizeof(field) ? size : sizeof(field), text);
    return guest_copy_out(vcpu, to, field, size);
}

__attribute__((noinline)) static int64_t compile_info(struct vcpu *vcpu, uint64_t to)
{
    struct xen_compile_info info;

    memset(&info, 0, sizeof(info));
    (void)string_copy(info.compiler, sizeof(info.compiler), VERSION_COMPILER);
    (void)string_copy(info.compile_by, sizeof(info.compile_by), VERSION_COMPILE_BY);
    (void)string_copy(info.compile_domain, sizeof(info.compile_domain), VERSION_COMPILE_DOMAIN);
    (void)string_copy(info.compile_date, sizeof(info.compile_date), VERSION_COMPILE_DATE);
    return guest_copy_out(vcpu, to, &info, sizeof(info));
}

/* A domain's features: its memory is translated for it, and where it seems to be or not; firmware calls
 * follow SMCCC; the control domain is told that it is that. */
__attribute__((noinline)) static int64_t features(struct vcpu *vcpu, uint64_t to)
{
    const struct domain *domain = vcpu->domain;
    struct xen_feature_info info;

    if (guest_copy_in(vcpu, &info, to, sizeof(info)) != 0) {
        return -EFAULT;
    }
    switch (info.submap_idx) {
    case 0:
        info.submap = BIT32(XENFEAT_writable_page_tables) | BIT32(XENFEAT_auto_translated_physmap) |
                      BIT32(XENFEAT_memory_op_vnode_supported) | BIT32(XENFEAT_ARM_SMCCC_supported);
        info.submap |= domain->direct_map ? BIT32(XENFEAT_direct_mapped) : BIT32(XENFEAT_not_direct_mapped);
        info.submap |= domain->privileged ? BIT32(XENFEAT_dom0) : 0;
        break;
    default:
        info.submap = 0;
        break;
    }
    if (info.submap_idx >= XENFEAT_NR_SUBMAPS) {
        return -EINVAL;
    }
    return guest_copy_out(vcpu, to, &info, sizeof(info));
}

/* @size is at most that of the largest. */
__attribute__((noinline)) static int64_t give_zeroes(struct vcpu *vcpu, uint64_t to, size_t size)
{
    static const char zeroes[sizeof(xen_domain_handle_t)];

    ASSERT(size <= sizeof(zeroes));
    return guest_copy_out(vcpu, to, zeroes, size);
}

/* What needs a buffer stands in a function of its own, not inlined: the common calls need no frame on the
 * stack. */
int64_t hcall_xen_version(struct vcpu *vcpu, uint64_t args[5])
{
    uint64_t to = args[1];

    if ((uint32_t)args[0] == XENVER_version) { /* 4.17. Asked most often, so first. */
        return (VERSION_MAJOR << 16) | VERSION_MINOR;
    }
    switch ((uint32_t)args[0]) {
    case XENVER_extraversion: /* `.0-bulkhead`. */
        return give_text(vcpu, to, VERSION_EXTRA, sizeof(xen_extraversion_t));
    case XENVER_compile_info:
        return compile_info(vcpu, to);
    case XENVER_capabilities: /* `xen-3.0-aarch64 `. */
        return give_text(vcpu, to, "xen-3.0-aarch64 ", sizeof(xen_capabilities_info_t));
    case XENVER_changeset: /* Empty. */
        return give_text(vcpu, to, VERSION_CHANGESET, sizeof(xen_changeset_info_t));
    case XENVER_platform_parameters: /* Zero: nothing of the hypervisor is in a domain's address space. */
        return give_zeroes(vcpu, to, sizeof(struct xen_platform_parameters));
    case XENVER_get_features: /* See below. */
        return features(vcpu, to);
    case XENVER_pagesize: /* 4096. */
        return PAGE_SIZE;
    case XENVER_guest_handle:
        return guest_copy_out(vcpu, to, vcpu->domain->handle, sizeof(xen_domain_handle_t));
    case XENVER_commandline: /* Dom0 only; to others `<denied>`. */
        return give_text(vcpu, to, vcpu->domain->privileged ? commandline : "<denied>",
                         sizeof(xen_commandline_t));
    default:
        return -ENOSYS;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* guest_dt.h - writes a domain's device tree: Xen's guest platform (addresses from xen/arch-arm.h). Pure, on
 * libfdt. */
#ifndef BOOT_GUEST_DT_H
#define BOOT_GUEST_DT_H

#include "boot/domain_config.h"

#define GUEST_BANK_MAX 2

struct guest_dt_params {
    const struct domain_config *config;
    unsigned gic_version; /* 2: arm,gic-400 at GUEST_GICD/GICC_BASE; 3: GUEST_GICV3_*. */
    struct {
        ipa_t base;
        uint64_t size_bytes;
    } bank[GUEST_BANK_MAX];
    unsigned bank_count;
    ipa_t initrd;
    uint64_t initrd_bytes;       /* 0: none. */
    uint32_t timer_frequency_hz; /* 0: the register is right, write no property. */
    const void *partial_tree; /* The /passthrough and /aliases of a multiboot,device-tree module are copied;
                                 NULL: none. */
};

/* Write the tree into @buffer. Returns its size, or -ENOSPC, -EINVAL (partial tree not usable; logged). */
int64_t guest_dt_write(const struct guest_dt_params *params, void *buffer, size_t buffer_bytes);

#endif

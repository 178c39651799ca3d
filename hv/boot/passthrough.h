/* SPDX-License-Identifier: Apache-2.0 */
/* passthrough.h - devices that a domain's partial tree (multiboot,device-tree) assigns to it. Pure, on
 * libfdt. */
#ifndef BOOT_PASSTHROUGH_H
#define BOOT_PASSTHROUGH_H

#include "boot/domain_config.h"

/* What a device may not be taken from. */
struct passthrough_host {
    const void *fdt;
    const struct board *board;
    const struct boot_config *config; /* Domains read so far: a device has one owner. */
};

/* Fill mmio, irq and device_dma_uncontained of @domain from @partial, which holds @bytes. The rest of @domain
 * has been read. Returns 0, or -EINVAL with node, property and what to write instead logged. */
int passthrough_read(const struct passthrough_host *host, const void *partial, uint64_t bytes,
                     struct domain_config *domain);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* build_load.h - what a domain is started with, into its memory. */
#ifndef BOOT_BUILD_LOAD_H
#define BOOT_BUILD_LOAD_H

#include "boot/domain_config.h"
#include "boot/image.h"
#include "core/domain.h"

/* Copy @size_bytes to @addr of the domain's RAM, and out of the caches: the guest starts with its own off.
 * Returns 0 or -EFAULT. */
int load_bytes(struct domain *domain, ipa_t addr, const void *from, uint64_t size_bytes);

/* The kernel of @config, which stands at @kernel and is as image_probe() said, to @addr. A packed one is
 * unpacked. Returns 0 or an error whose reason is logged. */
int load_kernel(struct domain *domain, const struct domain_config *config, const void *kernel,
                const struct image_info *image, ipa_t addr);

#endif

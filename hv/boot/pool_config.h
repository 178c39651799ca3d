/* SPDX-License-Identifier: Apache-2.0 */
/* pool_config.h - the CPU pools that the device tree asks for, by Xen's bindings (docs/boot-interface.md). */
#ifndef BOOT_POOL_CONFIG_H
#define BOOT_POOL_CONFIG_H

#include "boot/domain_config.h"

/* All xen,cpupool nodes below @chosen (negative: there is none) into config->pools, and the CPUs that are
 * left into the first. A node that is wrong is named in an error and left out: its CPUs stay in the first. */
void pool_config_read(const void *fdt, int chosen, const struct board *board, const struct options *options,
                      struct boot_config *config);

/* domain-cpupool of @node into @domain: 0, or -EINVAL, logged, when it is no such pool, or has no CPU. */
int pool_config_domain(const void *fdt, int node, const struct boot_config *config,
                       struct domain_config *domain);

#endif

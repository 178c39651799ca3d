/* SPDX-License-Identifier: Apache-2.0 */
/* domain_props.h - the properties of an xen,domain node: which are used, which have no effect, which refuse
 * the domain. */
#ifndef BOOT_DOMAIN_PROPS_H
#define BOOT_DOMAIN_PROPS_H

#include "boot/domain_config.h"

/* Every property of @node (named @path in messages): 0, or -EINVAL when one of them asks for what is not
 * supported; each is named in an error. Those without effect, and unknown ones, are named in a warning. */
int domain_check_properties(const void *fdt, int node, const char *path);

/* Fill vcpu_count, memory_bytes, vpl011, enhanced and spi_count (as nr_spis says, 0 without) of @domain,
 * whose path is set. 0, or -EINVAL with every bad one logged. */
int domain_read_properties(const void *fdt, int node, struct domain_config *domain);

/* "0-2,3" as bits of CPUs below @cpu_count. 0, or -EINVAL (nothing logged). */
int domain_parse_cpu_list(const char *text, unsigned cpu_count, uint32_t *out);

#endif

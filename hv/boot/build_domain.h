/* SPDX-License-Identifier: Apache-2.0 */
/* build_domain.h - a domain from its description: memory, kernel, device tree, devices. */
#ifndef BOOT_BUILD_DOMAIN_H
#define BOOT_BUILD_DOMAIN_H

#include "boot/domain_config.h"
#include "core/domain.h"

/* Build it and leave vCPU 0 ready to be started. Returns 0 with @out, or an error whose reason is logged.
 * Boot CPU. */
int build_domain(const struct domain_config *config, const struct board *board, struct domain **out);

#endif

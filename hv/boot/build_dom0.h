/* SPDX-License-Identifier: Apache-2.0 */
/* build_dom0.h - Dom0 from its description and the machine's tree. */
#ifndef BOOT_BUILD_DOM0_H
#define BOOT_BUILD_DOM0_H

#include "boot/domain_config.h"
#include "core/domain.h"

/* Build it, before any other domain so that it finds memory, and leave vCPU 0 ready to be started. Returns 0
 * with
 * @out, or an error whose reason is logged. Boot CPU. */
int build_dom0(const void *fdt, const struct boot_config *config, const struct board *board,
               struct domain **out);

#endif

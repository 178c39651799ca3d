/* SPDX-License-Identifier: Apache-2.0 */
/* dom0_config.h - Dom0 as /chosen and the command line ask for it. Pure, on libfdt. */
#ifndef BOOT_DOM0_CONFIG_H
#define BOOT_DOM0_CONFIG_H

#include "boot/domain_config.h"

#define DOM0_MEM_DEFAULT MIB(512)   /* Xen's. */
#define GICR_BYTES_PER_CPU KIB(128) /* GICv3: two frames of 64 KiB. */

/* Fill config->dom0 from the modules right under @chosen; its kernel's size stays 0 when there is no Dom0.
 * After module_collect(). Returns 0, or -EINVAL with what is wrong, where, and what to write instead logged.
 */
int dom0_config_read(const void *fdt, int chosen, const struct board *board, const struct options *options,
                     struct boot_config *config);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* module.h - the modules (kernels, ramdisks, partial trees) that the boot loader put into memory. Pure, on
 * libfdt. */
#ifndef BOOT_MODULE_H
#define BOOT_MODULE_H

#include "boot/domain_config.h"
#include "boot/dt_read.h"

enum module_kind {
    MODULE_NONE,    /* The node is no module. */
    MODULE_UNKNOWN, /* A module that does not say what it is. */
    MODULE_KERNEL,
    MODULE_RAMDISK,
    MODULE_PARTIAL_TREE,
    MODULE_XSM_POLICY,
};

enum module_kind module_kind(const void *fdt, int node);

/* Put every module below /chosen that has a range into config->modules, each range once. */
void module_collect(const void *fdt, int chosen, struct boot_config *config);

/* The range of the module @place stands on. 0, or -EINVAL with the reason logged: no or a bad reg, outside
 * RAM, over another module or reserved memory. After module_collect(). */
int module_range(const struct dt_place *place, const struct board *board, const struct boot_config *config,
                 struct mem_range *out);

/* Take those modules out of config->modules that module_range() refuses: nobody will use them. */
void module_drop_unusable(const void *fdt, const struct board *board, struct boot_config *config);

#endif

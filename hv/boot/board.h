/* SPDX-License-Identifier: Apache-2.0 */
/* board.h - reads struct board from the flattened device tree. Pure, on libfdt. */
#ifndef BOOT_BOARD_H
#define BOOT_BOARD_H

#include "boot/cmdline.h"
#include "lib/board.h"

/* Check header, size (at most @max_bytes) and structure of the tree. Returns its size in bytes, or -EINVAL with the reason logged. */
int64_t board_check_tree(const void *fdt, uint64_t max_bytes);

/* The hypervisor's command line in @fdt: /chosen xen,xen-bootargs (or bootargs when there is neither a Dom0 kernel module nor
 * xen,dom0-bootargs, as Xen does); "" when none. */
const char *board_cmdline(const void *fdt);

/* Everything of struct board. @boot_mpidr: the affinity of the CPU that runs. Returns 0, or -EINVAL with what, where and what to
 * write instead logged as error. What can be left out (a CPU too many, a node with a bad reg) is left out with a warning. */
int board_read(const void *fdt, uint64_t boot_mpidr, const struct options *options, struct board *board);

#endif

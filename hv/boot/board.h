/* SPDX-License-Identifier: Apache-2.0 */
/* board.h - reads struct board from the flattened device tree. Pure, on libfdt. */
#ifndef BOOT_BOARD_H
#define BOOT_BOARD_H

#include "boot/cmdline.h"
#include "lib/board.h"

/* Check header, size (at most @max_bytes) and structure of the tree. Returns its size in bytes, or -EINVAL
 * with the reason logged. Only a tree that passed may be given to anything else here. */
int64_t board_check_tree(const void *fdt, uint64_t max_bytes);

/* The hypervisor's command line in @fdt: xen,xen-bootargs of /chosen; else bootargs, unless a Dom0 kernel
 * needs it (there is a kernel module under /chosen without bootargs, and no xen,dom0-bootargs); "" when
 * none. */
const char *board_cmdline(const void *fdt);

/* Everything of struct board. @boot_mpidr: the affinity of the CPU that runs. Returns 0, or -EINVAL with
 * what, where and what to write instead logged as error; board->uart is right even then, to show it. What can
 * be left out (a CPU too many, a node with a bad reg) is left out with a warning. uart.intid is 0 when it has
 * no interrupt at the GIC. */
int board_read(const void *fdt, uint64_t boot_mpidr, const struct options *options, struct board *board);

#endif

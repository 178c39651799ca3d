/* SPDX-License-Identifier: Apache-2.0 */
/* dom0_layout.h - which of the machine's free memory becomes Dom0's, and where in it what it is started with
 * goes. Pure. */
#ifndef BOOT_DOM0_LAYOUT_H
#define BOOT_DOM0_LAYOUT_H

#include "lib/board.h"

#define DOM0_BANK_MAX 16
#define DOM0_TREE_BYTES_MAX MIB(1)

struct dom0_wish {
    uint64_t memory_bytes, least_bytes; /* In whole 2 MiB. */
    uint64_t text_offset, kernel_bytes; /* With bss. */
    uint64_t ramdisk_bytes;             /* 0: none. */
};

struct dom0_layout {
    struct mem_range bank[DOM0_BANK_MAX]; /* 2 MiB aligned; the first holds kernel, ramdisk and tree. */
    unsigned bank_count;
    pa_t kernel, ramdisk, tree;
};

/* What the first bank has to hold. */
uint64_t dom0_first_bank_bytes(const struct dom0_wish *wish);

/* Choose among @runs, free memory in ascending order. Returns 0; -EINVAL: so much memory is not even a first
 * bank; -ENOMEM: the runs hold less than the least; -ENOSPC: none of them holds the first bank. */
int dom0_layout_plan(const struct dom0_wish *wish, const struct mem_range *runs, unsigned run_count,
                     struct dom0_layout *layout);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* dom0_dt.h - writes Dom0's device tree: the machine's, less what is not Dom0's, with its own CPUs and
 * memory. Pure, on libfdt. */
#ifndef BOOT_DOM0_DT_H
#define BOOT_DOM0_DT_H

#include "boot/dom0_layout.h"
#include "boot/dom0_nodes.h"

struct dom0_dt_params {
    const struct dom0_nodes *nodes;
    const char *bootargs;
    unsigned vcpu_count;
    struct mem_range bank[DOM0_BANK_MAX];
    unsigned bank_count;
    struct mem_range initrd;       /* Size 0: none. */
    struct mem_range grant_window; /* Guest addresses that nothing else has. */
    unsigned evtchn_ppi;           /* INTID. */
    uint64_t gicr_bytes;           /* GICv3: of its redistributors, from the machine's first region on. */
};

/* Write the tree into @buffer. Returns its size, -ENOSPC, or -EINVAL (logged). */
int64_t dom0_dt_write(const struct dom0_dt_params *params, void *buffer, size_t buffer_bytes);

#endif

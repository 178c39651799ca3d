/* SPDX-License-Identifier: Apache-2.0 */
/* dom0_nodes.h - which nodes of the machine's tree Dom0 gets. Pure. */
#ifndef BOOT_DOM0_NODES_H
#define BOOT_DOM0_NODES_H

#include "boot/domain_config.h"
#include "boot/dt_read.h"

#define DOM0_LOST_MAX 192u         /* Subtrees that Dom0 does not get. */
#define DOM0_LOST_PHANDLE_MAX 256u /* Phandles in them. */

/* What a node that Dom0 gets is written as. */
enum dom0_part {
    DOM0_AS_IT_IS,
    DOM0_GIC,     /* With the regions of the virtual one. */
    DOM0_TIMER,   /* With the interrupts a guest has. */
    DOM0_CHOSEN,  /* Dom0's own. */
    DOM0_ALIASES, /* Those of nodes that it gets. */
};

struct dom0_nodes {
    const void *fdt; /* Passed board_check_tree(). */
    const struct board *board;
    const struct boot_config *config; /* Whose devices other domains have. */
    int gic;
    struct {
        int start, end; /* Offsets of the first node and of what follows the last; ascending. */
    } lost[DOM0_LOST_MAX];
    unsigned lost_count;
    uint32_t lost_phandle[DOM0_LOST_PHANDLE_MAX];
    unsigned lost_phandle_count;
};

/* Walk the tree once. Returns 0, or -ENOSPC when too much of it is not Dom0's (logged). */
int dom0_nodes_find(struct dom0_nodes *nodes, const void *fdt, const struct board *board,
                    const struct boot_config *config);

/* Of a node that is not lost. */
enum dom0_part dom0_part(const struct dom0_nodes *nodes, const struct dt_place *place);

/* The next node in document order that Dom0 gets. Returns false at the end. */
bool dom0_next(const struct dom0_nodes *nodes, struct dt_place *place);

/* Is the node at offset @node lost, or below such a one? */
bool dom0_is_lost(const struct dom0_nodes *nodes, int node);

/* Does @phandle lead to a lost node? */
bool dom0_phandle_lost(const struct dom0_nodes *nodes, uint32_t phandle);

/* What of the machine's addresses the hypervisor or another domain has, by number; false: there are no more.
 */
bool dom0_range_taken(const struct dom0_nodes *nodes, unsigned index, struct mem_range *out);

#endif

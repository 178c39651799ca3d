/* SPDX-License-Identifier: Apache-2.0 */
/* dom0_refs.h - references to nodes that Dom0 does not get. Pure. */
#ifndef BOOT_DOM0_REFS_H
#define BOOT_DOM0_REFS_H

#include "boot/dom0_nodes.h"

/* Does property @name of the node, @length bytes at @value, refer to a lost node? Then Dom0 gets the node
 * without it. */
bool dom0_refers_to_lost(const struct dom0_nodes *nodes, const struct dt_place *place, const char *name,
                         const void *value, int length);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* fdt.h - a minimal reader of flattened device trees. Source: Devicetree Specification 0.4, chapter 5. Trees
 * are trusted. */
#ifndef GUEST_FDT_H
#define GUEST_FDT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FDT_DEPTH_MAX 16

/* A node as the walk meets it: when its properties are known, before its children. */
struct fdt_node {
    const void *fdt;
    const char *name[FDT_DEPTH_MAX]; /* name[0] is the root's, name[depth] the node's own. */
    unsigned depth;
    const uint32_t *properties;            /* First token after the name. */
    unsigned address_cells[FDT_DEPTH_MAX]; /* As each level says for its children. */
    unsigned size_cells[FDT_DEPTH_MAX];
};

bool fdt_valid(const void *fdt);
uint32_t fdt_size(const void *fdt);
uint32_t fdt_cell(const void *cell);

/* Call @visit for every node until it returns false. */
void fdt_walk(const void *fdt, bool (*visit)(const struct fdt_node *node, void *context), void *context);

/* A property's bytes, or NULL. */
const void *fdt_property(const struct fdt_node *node, const char *name, uint32_t *bytes);
bool fdt_compatible(const struct fdt_node *node, const char *what);
bool fdt_enabled(const struct fdt_node *node);
/* Entry @index of reg. */
bool fdt_reg(const struct fdt_node *node, unsigned index, uint64_t *base, uint64_t *size_bytes);
/* Interrupt @index in the GIC's three cells, as an INTID; 0 when there is none. */
unsigned fdt_interrupt(const struct fdt_node *node, unsigned index);
/* Is the node's full path the one that begins @path (up to ':')? */
bool fdt_path_is(const struct fdt_node *node, const char *path);

#endif

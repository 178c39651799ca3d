/* SPDX-License-Identifier: Apache-2.0 */
/* dt_read.h - walking a flattened tree with the way back to the root kept, and reading reg, ranges and
 * interrupts on the way.
 *
 * libfdt finds a node's parent by walking from the root again. A place keeps the ancestors of the node it
 * stands on, so that cell sizes, bus translation and interrupt parents cost a few steps, and a hostile tree
 * cannot make the work quadratic. The tree must have passed board_check_tree(). Pure. */
#ifndef BOOT_DT_READ_H
#define BOOT_DT_READ_H

#include "lib/board.h"

#define DT_DEPTH_MAX 16 /* Levels below the root; nodes deeper than that are passed over. */
#define DT_PATH_MAX 96

struct dt_place {
    const void *fdt;
    int node[DT_DEPTH_MAX + 1]; /* node[0] is the root, node[depth] the node itself. */
    int depth;
};

struct dt_irq {
    unsigned intid;
    bool edge;
};

/* Stand on the root. */
void dt_place_root(struct dt_place *place, const void *fdt);

/* Go to the next node in document order. Returns false, and does not move, at the end. */
bool dt_place_next(struct dt_place *place);

/* The same, within the subtree of the ancestor at @top_depth. */
bool dt_place_next_below(struct dt_place *place, int top_depth);

/* Stand on the node at offset @node. Returns false when there is no such node. */
bool dt_place_find(struct dt_place *place, const void *fdt, int node);

int dt_place_node(const struct dt_place *place);
const char *dt_place_name(const struct dt_place *place);
/* "/axi/serial@ff000000"; cut when longer than @size. */
void dt_place_path(const struct dt_place *place, char *out, size_t size);

/* The node after @node in document order; @depth goes along as in libfdt. -ENOENT at the end. */
int dt_next_node(const void *fdt, int node, int *depth);
const char *dt_name(const void *fdt, int node);

/* Node at @path, "/chosen"; a part without unit address finds the first node of that name. -ENOENT. */
int dt_find(const void *fdt, const char *path);
/* Node that the @length characters at @text name: a path, or an alias for one (never an alias of an alias).
 * -ENOENT. */
int dt_find_path(const void *fdt, const char *text, size_t length);

/* Value of a property, 4-byte aligned, @length bytes (may be NULL); NULL when absent. */
const void *dt_property(const void *fdt, int node, const char *name, int *length);
/* Does the list of terminated strings in @length bytes hold @string? */
bool dt_list_has(const char *list, int length, const char *string);
/* 0 when it has none. */
uint32_t dt_phandle(const void *fdt, int node);

/* Value of a property that is one string; NULL when absent or not terminated. */
const char *dt_string(const void *fdt, int node, const char *name);
bool dt_has(const void *fdt, int node, const char *name);
/* First cell of a property. Returns false when it is absent or shorter than a cell. */
bool dt_u32(const void *fdt, int node, const char *name, uint32_t *out);
/* "compatible" holds @name. */
bool dt_compatible(const void *fdt, int node, const char *name);
/* No status, "okay" or "ok". */
bool dt_enabled(const void *fdt, int node);
/* A number of @count cells, 1 or 2, 4-byte aligned. */
uint64_t dt_cells_value(const void *cells, unsigned count);

/* Cell sizes that the node at @depth gives its children: its own, else those of the nearest ancestor (as Xen
 * and Linux do), else 2 and 1. */
void dt_cell_sizes(const struct dt_place *place, int depth, unsigned *address_cells, unsigned *size_cells);

/* Entry @index of @property, as addresses of the node's parent. Returns 0, -ENOENT (no such entry), -EINVAL
 * (cell sizes, or the range wraps). */
int dt_reg_raw(const struct dt_place *place, const char *property, unsigned index, struct mem_range *out);
/* Entry @index of reg as the CPU sees it, through the ranges of every bus above. -EINVAL also when a bus does
 * not pass it on. */
int dt_reg(const struct dt_place *place, unsigned index, struct mem_range *out);

/* Entry @index of the node's ranges, a bus with up to three cells of address (PCI): what the CPU reaches
 * through it. Errors as dt_reg(). */
int dt_window(const struct dt_place *place, unsigned index, struct mem_range *out);

/* An interrupt specifier of the GIC's (type, number, flags). Returns 0 or -EINVAL (not an SPI or PPI). */
int dt_irq_decode(const void *cells, struct dt_irq *out);
/* Phandle of the controller that "interrupts" of the node go to; 0 when nothing says so. */
uint32_t dt_interrupt_parent(const struct dt_place *place);
/* Interrupt @index of the node, from interrupts or interrupts-extended. Returns 0, -ENOENT (no such entry),
 * -EINVAL, or -ENODEV when it goes to another controller than @gic_node. */
int dt_irq(const struct dt_place *place, int gic_node, unsigned index, struct dt_irq *out);
/* The entry of the node's interrupt-map @at bytes into it, which moves to the next. Returns 0 when it leads
 * to
 * @gic_node, -ENODEV when to another controller, both with the controller's @parent phandle; -ENOENT (no
 * more), -EINVAL (the rest cannot be read). */
int dt_irq_map(const struct dt_place *place, int gic_node, unsigned *at, uint32_t *parent,
               struct dt_irq *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* dt_read.c - places in a flattened tree; reg through ranges, and strings. Interrupts: see dt_irq.c; nodes:
 * dt_tree.c. */
#include "boot/dt_read.h"

#include "lib/error.h"
#include "lib/log.h"
#include "lib/string.h"

#define CELL_BYTES 4u

void dt_place_root(struct dt_place *place, const void *fdt)
{
    place->fdt = fdt;
    place->node[0] = 0;
    place->depth = 0;
}

bool dt_place_next_below(struct dt_place *place, int top_depth)
{
    int node = place->node[place->depth], depth = place->depth;

    for (;;) {
        node = dt_next_node(place->fdt, node, &depth);
        if (node < 0 || depth <= top_depth) {
            return false;
        }
        if (depth <= DT_DEPTH_MAX) {
            place->node[depth] = node;
            place->depth = depth;
            return true;
        }
    }
}

bool dt_place_next(struct dt_place *place)
{
    return dt_place_next_below(place, 0);
}

bool dt_place_find(struct dt_place *place, const void *fdt, int node)
{
    dt_place_root(place, fdt);
    while (dt_place_node(place) < node) {
        if (!dt_place_next(place)) {
            return false;
        }
    }
    return dt_place_node(place) == node;
}

int dt_place_node(const struct dt_place *place)
{
    return place->node[place->depth];
}

const char *dt_place_name(const struct dt_place *place)
{
    return dt_name(place->fdt, dt_place_node(place));
}

void dt_place_path(const struct dt_place *place, char *out, size_t size)
{
    size_t length = 0;

    (void)string_copy(out, size, "/");
    for (int i = 1; i <= place->depth && length < size; i++) {
        length += format_text(out + length, size - length, "/%s", dt_name(place->fdt, place->node[i]));
    }
}

const char *dt_string(const void *fdt, int node, const char *name)
{
    int length;
    const char *value = dt_property(fdt, node, name, &length);

    return value == NULL || length < 1 || value[length - 1] != '\0' ? NULL : value;
}

bool dt_has(const void *fdt, int node, const char *name)
{
    return dt_property(fdt, node, name, NULL) != NULL;
}

bool dt_u32(const void *fdt, int node, const char *name, uint32_t *out)
{
    int length;
    const void *value = dt_property(fdt, node, name, &length);

    if (value == NULL || length < (int)CELL_BYTES) {
        return false;
    }
    *out = (uint32_t)dt_cells_value(value, 1);
    return true;
}

bool dt_enabled(const void *fdt, int node)
{
    const char *status = dt_string(fdt, node, "status");

    return status == NULL || strcmp(status, "okay") == 0 || strcmp(status, "ok") == 0;
}

static unsigned cell_size(const struct dt_place *place, int depth, const char *name, unsigned otherwise)
{
    uint32_t cells;

    for (; depth >= 0; depth--) {
        if (dt_u32(place->fdt, place->node[depth], name, &cells)) {
            return cells;
        }
    }
    return otherwise;
}

void dt_cell_sizes(const struct dt_place *place, int depth, unsigned *address_cells, unsigned *size_cells)
{
    *address_cells = cell_size(place, depth, "#address-cells", 2);
    *size_cells = cell_size(place, depth, "#size-cells", 1);
}

int dt_reg_raw(const struct dt_place *place, const char *property, unsigned index, struct mem_range *out)
{
    unsigned address_cells, size_cells, entry_bytes;
    const uint8_t *value;
    int length;
    uint64_t base, size;

    if (place->depth == 0) {
        return -EINVAL;
    }
    dt_cell_sizes(place, place->depth - 1, &address_cells, &size_cells);
    if (address_cells < 1 || address_cells > 2 || size_cells > 2) {
        return -EINVAL;
    }
    entry_bytes = (address_cells + size_cells) * CELL_BYTES;
    value = dt_property(place->fdt, dt_place_node(place), property, &length);
    if (value == NULL || (uint64_t)index * entry_bytes + entry_bytes > (uint64_t)length) {
        return -ENOENT;
    }
    value += index * entry_bytes;
    base = dt_cells_value(value, address_cells);
    size = dt_cells_value(value + address_cells * CELL_BYTES, size_cells);
    if (size > 0 && base + (size - 1) < base) {
        return -EINVAL;
    }
    *out = (struct mem_range){pa(base), size};
    return 0;
}

/* One bus: @range from the child's addresses to the parent's by the ranges of the node at @depth. */
static int translate(const struct dt_place *place, int depth, struct mem_range *range)
{
    unsigned child_cells, size_cells, parent_cells, ignored, entry_bytes;
    int length;
    const uint8_t *value = dt_property(place->fdt, place->node[depth], "ranges", &length);

    if (value == NULL) {
        return -EINVAL;
    }
    if (length == 0) {
        return 0;
    }
    dt_cell_sizes(place, depth, &child_cells, &size_cells);
    dt_cell_sizes(place, depth - 1, &parent_cells, &ignored);
    if (child_cells < 1 || child_cells > 2 || parent_cells < 1 || parent_cells > 2 || size_cells < 1 ||
        size_cells > 2) {
        return -EINVAL;
    }
    entry_bytes = (child_cells + parent_cells + size_cells) * CELL_BYTES;
    for (; (unsigned)length >= entry_bytes; value += entry_bytes, length -= (int)entry_bytes) {
        uint64_t child = dt_cells_value(value, child_cells);
        uint64_t parent = dt_cells_value(value + child_cells * CELL_BYTES, parent_cells);
        uint64_t size = dt_cells_value(value + (child_cells + parent_cells) * CELL_BYTES, size_cells);
        uint64_t offset = range->base.v - child;

        if (range->base.v >= child && offset < size && range->size_bytes <= size - offset) {
            range->base = pa(parent + offset);
            return range->base.v < parent ? -EINVAL : 0;
        }
    }
    return -EINVAL;
}

/* @range, in addresses of the node's parent, as the CPU sees it. */
static int translate_up(const struct dt_place *place, struct mem_range range, struct mem_range *out)
{
    for (int depth = place->depth - 1; depth > 0; depth--) {
        int error = translate(place, depth, &range);

        if (error != 0) {
            return error;
        }
    }
    if (range.size_bytes > 0 && range.base.v + (range.size_bytes - 1) < range.base.v) {
        return -EINVAL;
    }
    *out = range;
    return 0;
}

int dt_reg(const struct dt_place *place, unsigned index, struct mem_range *out)
{
    struct mem_range range;
    int error = dt_reg_raw(place, "reg", index, &range);

    return error != 0 ? error : translate_up(place, range, out);
}

int dt_window(const struct dt_place *place, unsigned index, struct mem_range *out)
{
    unsigned child_cells, size_cells, parent_cells, ignored, entry_bytes;
    struct mem_range range;
    int length;
    const uint8_t *value = dt_property(place->fdt, dt_place_node(place), "ranges", &length);

    if (value == NULL || place->depth == 0) {
        return -ENOENT;
    }
    dt_cell_sizes(place, place->depth, &child_cells, &size_cells);
    dt_cell_sizes(place, place->depth - 1, &parent_cells, &ignored);
    if (child_cells < 1 || child_cells > 3 || parent_cells < 1 || parent_cells > 2 || size_cells < 1 ||
        size_cells > 2) {
        return -EINVAL;
    }
    entry_bytes = (child_cells + parent_cells + size_cells) * CELL_BYTES;
    if ((uint64_t)index * entry_bytes + entry_bytes > (uint64_t)length) {
        return -ENOENT;
    }
    value += (size_t)index * entry_bytes + child_cells * CELL_BYTES;
    range.base = pa(dt_cells_value(value, parent_cells));
    range.size_bytes = dt_cells_value(value + parent_cells * CELL_BYTES, size_cells);
    return translate_up(place, range, out);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* dt_irq.c - interrupts of a node as INTIDs of the GIC.
 * Bindings: the devicetree specification 2.4, and Linux's arm,gic.yaml: three cells (0 SPI or 1 PPI, number
 * from 0, flags in bits 3:0: 1 rising, 2 falling, 4 high, 8 low). */
#include <libfdt.h>

#include "boot/dt_read.h"
#include "lib/error.h"
#include "lib/gic.h"

#define CELL_BYTES 4u
#define SPECIFIER_CELLS 3u
#define EXTENDED_ENTRY_MAX 32u

int dt_irq_decode(const void *cells, struct dt_irq *out)
{
    const uint8_t *cell = cells;
    uint64_t type = dt_cells_value(cell, 1), number = dt_cells_value(cell + CELL_BYTES, 1);
    uint64_t flags = dt_cells_value(cell + 2 * CELL_BYTES, 1);

    if (type == 0 && number < GIC_INTID_MAX - GIC_SPI_FIRST) {
        out->intid = GIC_SPI_FIRST + (unsigned)number;
    } else if (type == 1 && number < GIC_SPI_FIRST - GIC_PPI_FIRST) {
        out->intid = GIC_PPI_FIRST + (unsigned)number;
    } else {
        return -EINVAL;
    }
    out->edge = (flags & 3) != 0;
    return 0;
}

uint32_t dt_interrupt_parent(const struct dt_place *place)
{
    uint32_t phandle;

    for (int depth = place->depth; depth >= 0; depth--) {
        if (dt_u32(place->fdt, place->node[depth], "interrupt-parent", &phandle)) {
            return phandle;
        }
    }
    return 0;
}

static unsigned specifier_cells(const void *fdt, int controller)
{
    uint32_t cells = 0;

    return controller >= 0 && dt_u32(fdt, controller, "#interrupt-cells", &cells) && cells <= 8 ? cells : 0;
}

static int extended(const struct dt_place *place, int gic_node, const uint8_t *value, unsigned length,
                    unsigned index, struct dt_irq *out)
{
    uint32_t gic = dt_phandle(place->fdt, gic_node);

    for (unsigned i = 0; length >= CELL_BYTES && i < EXTENDED_ENTRY_MAX; i++) {
        uint32_t phandle = (uint32_t)dt_cells_value(value, 1);
        int controller = phandle == gic ? gic_node : fdt_node_offset_by_phandle(place->fdt, phandle);
        unsigned cells = specifier_cells(place->fdt, controller);
        unsigned entry_bytes = (1 + cells) * CELL_BYTES;

        if (cells == 0 || entry_bytes > length) {
            return -EINVAL;
        }
        if (i == index) {
            return phandle != gic || cells < SPECIFIER_CELLS ? -ENODEV
                                                             : dt_irq_decode(value + CELL_BYTES, out);
        }
        value += entry_bytes;
        length -= entry_bytes;
    }
    return -ENOENT;
}

int dt_irq(const struct dt_place *place, int gic_node, unsigned index, struct dt_irq *out)
{
    int length, node = dt_place_node(place);
    const uint8_t *value = dt_property(place->fdt, node, "interrupts-extended", &length);
    unsigned cells = specifier_cells(place->fdt, gic_node);
    uint32_t parent;

    if (value != NULL) {
        return extended(place, gic_node, value, (unsigned)length, index, out);
    }
    value = dt_property(place->fdt, node, "interrupts", &length);
    if (value == NULL) {
        return -ENOENT;
    }
    /* The GIC's own interrupt (maintenance) comes to itself, whatever the tree's root says. */
    parent = dt_interrupt_parent(place);
    if (node != gic_node && parent != 0 && parent != dt_phandle(place->fdt, gic_node)) {
        return -ENODEV;
    }
    if (cells < SPECIFIER_CELLS) {
        return -EINVAL;
    }
    if ((uint64_t)(index + 1) * cells * CELL_BYTES > (uint64_t)length) {
        return -ENOENT;
    }
    return dt_irq_decode(value + (size_t)index * cells * CELL_BYTES, out);
}

/* Cells of @name in the node itself; @otherwise when it does not say. */
static unsigned own_cells(const void *fdt, int node, const char *name, unsigned otherwise)
{
    uint32_t cells = otherwise;

    (void)dt_u32(fdt, node, name, &cells);
    return cells <= 8 ? cells : 8;
}

int dt_irq_map(const struct dt_place *place, int gic_node, unsigned *at, uint32_t *parent, struct dt_irq *out)
{
    const void *fdt = place->fdt;
    int length, node = dt_place_node(place), controller;
    const uint8_t *value = dt_property(fdt, node, "interrupt-map", &length);
    unsigned before =
        (own_cells(fdt, node, "#address-cells", 2) + own_cells(fdt, node, "#interrupt-cells", 1)) *
        CELL_BYTES;
    unsigned address_bytes, cells, left;

    if (value == NULL || *at >= (unsigned)length) {
        return -ENOENT;
    }
    left = (unsigned)length - *at;
    if (left < before + CELL_BYTES) {
        return -EINVAL;
    }
    value += *at + before;
    *parent = (uint32_t)dt_cells_value(value, 1);
    controller = *parent == dt_phandle(fdt, gic_node) ? gic_node : fdt_node_offset_by_phandle(fdt, *parent);
    cells = specifier_cells(fdt, controller);
    if (controller < 0 || cells == 0) {
        return -EINVAL;
    }
    address_bytes = own_cells(fdt, controller, "#address-cells", 0) * CELL_BYTES;
    if (left < before + CELL_BYTES + address_bytes + cells * CELL_BYTES) {
        return -EINVAL;
    }
    *at += before + CELL_BYTES + address_bytes + cells * CELL_BYTES;
    if (controller != gic_node) {
        return -ENODEV;
    }
    return cells < SPECIFIER_CELLS ? -EINVAL : dt_irq_decode(value + CELL_BYTES + address_bytes, out);
}

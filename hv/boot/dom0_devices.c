/* SPDX-License-Identifier: Apache-2.0 */
/* dom0_devices.c - walks the nodes that Dom0 gets, for registers and interrupts.
 * Bindings: devicetree specification 2.3.6 and 2.4; PCI host: "ranges" of Open Firmware's PCI binding;
 * Linux's arm,gic.yaml for the v2m frame, and Arm SBSA appendix for its MSI_TYPER. */
#include "boot/dom0_devices.h"

#include "lib/error.h"
#include "lib/gic.h"
#include "lib/string.h"

#define ENTRY_MAX 512u /* Of one node: registers, windows, interrupts each. */
#define MSI_TYPER 0x8
#define V2M_FRAME_BYTES PAGE_SIZE

typedef int (*range_reader)(const struct dt_place *place, unsigned index, struct mem_range *out);

static void take_ranges(const struct dt_place *place, const struct dom0_device_sink *sink, range_reader read)
{
    for (unsigned i = 0; i < ENTRY_MAX; i++) {
        struct mem_range range;
        int error = read(place, i, &range);

        if (error == -ENOENT) {
            return;
        }
        if (error == 0 && range.size_bytes > 0) {
            sink->range(sink->context, &range);
        }
    }
}

static void take_irqs(const struct dom0_nodes *nodes, const struct dt_place *place,
                      const struct dom0_device_sink *sink)
{
    bool extended = dt_has(nodes->fdt, dt_place_node(place), "interrupts-extended");

    for (unsigned i = 0; i < ENTRY_MAX; i++) {
        struct dt_irq irq;
        int error = dt_irq(place, nodes->gic, i, &irq);

        if (error == 0) {
            sink->irq(sink->context, &irq);
        } else if (error == -ENOENT || (error == -ENODEV && !extended)) {
            return; /* There are no more, or all go to another controller, whose own interrupt comes in its
                       turn. */
        }
    }
}

static void take_irq_map(const struct dom0_nodes *nodes, const struct dt_place *place,
                         const struct dom0_device_sink *sink)
{
    unsigned at = 0;

    for (;;) {
        struct dt_irq irq;
        uint32_t parent;
        int error = dt_irq_map(place, nodes->gic, &at, &parent, &irq);

        if (error == 0) {
            sink->irq(sink->context, &irq);
        } else if (error != -ENODEV) {
            return;
        }
    }
}

/* The SPIs that messages to a v2m frame raise: its node's word goes over that of its register. */
static void take_v2m(const struct dom0_nodes *nodes, const struct dt_place *place,
                     const struct dom0_device_sink *sink)
{
    int node = dt_place_node(place);
    struct mem_range frame;
    uint32_t typer, first, count;

    if (dt_reg(place, 0, &frame) != 0 || frame.size_bytes < V2M_FRAME_BYTES) {
        return;
    }
    typer = sink->read_device(sink->context, pa(frame.base.v + MSI_TYPER));
    first = (uint32_t)bits_get(typer, 25, 16);
    count = (uint32_t)bits_get(typer, 9, 0);
    (void)dt_u32(nodes->fdt, node, "arm,msi-base-spi", &first);
    (void)dt_u32(nodes->fdt, node, "arm,msi-num-spis", &count);
    for (unsigned intid = first; intid < GIC_INTID_MAX && intid - first < count; intid++) {
        const struct dt_irq irq = {.intid = intid, .edge = true};

        if (intid >= GIC_SPI_FIRST) {
            sink->irq(sink->context, &irq);
        }
    }
}

static void take_node(const struct dom0_nodes *nodes, const struct dt_place *place,
                      const struct dom0_device_sink *sink)
{
    const void *fdt = nodes->fdt;
    int node = dt_place_node(place);
    const char *type = dt_string(fdt, node, "device_type");

    if (node != nodes->gic) {
        take_ranges(place, sink, dt_reg);
    }
    if (type != NULL && strcmp(type, "pci") == 0) {
        take_ranges(place, sink, dt_window);
    }
    take_irqs(nodes, place, sink);
    take_irq_map(nodes, place, sink);
    if (dt_compatible(fdt, node, "arm,gic-v2m-frame")) {
        take_v2m(nodes, place, sink);
    }
}

void dom0_devices_each(const struct dom0_nodes *nodes, const struct dom0_device_sink *sink)
{
    struct dt_place place;

    dt_place_root(&place, nodes->fdt);
    while (dom0_next(nodes, &place)) {
        take_node(nodes, &place, sink);
    }
}

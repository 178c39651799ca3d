/* SPDX-License-Identifier: Apache-2.0 */
/* dom0_refs.c - references to nodes that Dom0 does not get.
 *
 * A phandle is a number among numbers: only the property's name says which of them are some. Those names are
 * listed here, with the property of the provider that tells how many cells follow. What is not in the list is
 * taken for numbers. To look a provider up takes a walk over the tree, so it is only done when some number of
 * the property is a lost phandle at all.
 *
 *     iommus = <&smmu 0x874>, <&smmu 0x875>      phandle, then #iommu-cells of that node; and again
 *     msi-map = <0x0 &its 0x0 0x10000>           four cells each, the second a phandle */
#include "boot/dom0_refs.h"

#include <libfdt.h>

#include "lib/error.h"
#include "lib/string.h"

#define CELL_BYTES 4
#define MAP_CELLS 4
#define NO_CELLS "" /* The phandle stands alone. */

static const struct {
    const char *property;
    const char *cells;
} lists[] = {
    {"access-controllers", "#access-controller-cells"},
    {"affinity", NO_CELLS},
    {"assigned-clock-parents", "#clock-cells"},
    {"assigned-clocks", "#clock-cells"},
    {"clocks", "#clock-cells"},
    {"cooling-device", "#cooling-cells"},
    {"cpu", NO_CELLS},
    {"cpu-idle-states", NO_CELLS},
    {"cpus", NO_CELLS},
    {"dmas", "#dma-cells"},
    {"interconnects", "#interconnect-cells"},
    {"interrupt-affinity", NO_CELLS},
    {"interrupt-parent", NO_CELLS},
    {"interrupts-extended", "#interrupt-cells"},
    {"io-channels", "#io-channel-cells"},
    {"iommus", "#iommu-cells"},
    {"mboxes", "#mbox-cells"},
    {"memory-region", NO_CELLS},
    {"msi-parent", "#msi-cells"},
    {"next-level-cache", NO_CELLS},
    {"nvmem-cells", NO_CELLS},
    {"phy-handle", NO_CELLS},
    {"phys", "#phy-cells"},
    {"power-domains", "#power-domain-cells"},
    {"remote-endpoint", NO_CELLS},
    {"resets", "#reset-cells"},
    {"sound-dai", "#sound-dai-cells"},
    {"thermal-sensors", "#thermal-sensor-cells"},
};

static bool is_lost(const struct dom0_nodes *nodes, const char *name, uint32_t phandle)
{
    /* The virtual GICv3 takes no messages. */
    bool message = strncmp(name, "msi-", 4) == 0;

    return dom0_phandle_lost(nodes, phandle) ||
           (message && nodes->board->gic.version == 3 && phandle == dt_phandle(nodes->fdt, nodes->gic));
}

static bool has_lost_number(const struct dom0_nodes *nodes, const char *name, const uint8_t *value,
                            int length)
{
    for (; length >= CELL_BYTES; value += CELL_BYTES, length -= CELL_BYTES) {
        if (is_lost(nodes, name, (uint32_t)dt_cells_value(value, 1))) {
            return true;
        }
    }
    return false;
}

static bool map_refers(const struct dom0_nodes *nodes, const char *name, const uint8_t *value, int length)
{
    for (; length >= MAP_CELLS * CELL_BYTES;
         value += MAP_CELLS * CELL_BYTES, length -= MAP_CELLS * CELL_BYTES) {
        if (is_lost(nodes, name, (uint32_t)dt_cells_value(value + CELL_BYTES, 1))) {
            return true;
        }
    }
    return false;
}

/* Bytes that follow @phandle in a list. */
static int bytes_behind(const void *fdt, uint32_t phandle, const char *cells_name)
{
    uint32_t cells = 0;
    int provider = *cells_name == '\0' ? -ENOENT : fdt_node_offset_by_phandle(fdt, phandle);

    if (provider >= 0) {
        (void)dt_u32(fdt, provider, cells_name, &cells);
    }
    return (int)(cells < 256 ? cells : 256) * CELL_BYTES;
}

static bool list_refers(const struct dom0_nodes *nodes, const char *name, const char *cells_name,
                        const uint8_t *value, int length)
{
    while (length >= CELL_BYTES) {
        uint32_t phandle = (uint32_t)dt_cells_value(value, 1);
        int entry = CELL_BYTES;

        if (is_lost(nodes, name, phandle)) {
            return true;
        }
        entry += bytes_behind(nodes->fdt, phandle, cells_name);
        value += entry <= length ? entry : length;
        length -= entry;
    }
    return false;
}

static bool irq_map_refers(const struct dom0_nodes *nodes, const struct dt_place *place)
{
    unsigned at = 0;
    uint32_t parent;
    struct dt_irq irq;
    int error;

    do {
        parent = 0;
        error = dt_irq_map(place, nodes->gic, &at, &parent, &irq);
    } while ((error == 0 || error == -ENODEV) && !dom0_phandle_lost(nodes, parent));
    return dom0_phandle_lost(nodes, parent);
}

bool dom0_refers_to_lost(const struct dom0_nodes *nodes, const struct dt_place *place, const char *name,
                         const void *value, int length)
{
    if (strcmp(name, "interrupts") ==
        0) { /* They go to the controller that the node, or one above it, names. */
        return dom0_phandle_lost(nodes, dt_interrupt_parent(place));
    }
    if (!has_lost_number(nodes, name, value, length)) {
        return false;
    }
    if (strcmp(name, "msi-map") == 0 || strcmp(name, "iommu-map") == 0) {
        return map_refers(nodes, name, value, length);
    }
    if (strcmp(name, "interrupt-map") == 0) {
        return irq_map_refers(nodes, place);
    }
    for (size_t i = 0; i < ARRAY_COUNT(lists); i++) {
        if (strcmp(name, lists[i].property) == 0) {
            return list_refers(nodes, name, lists[i].cells, value, length);
        }
    }
    return false;
}

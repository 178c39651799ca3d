/* SPDX-License-Identifier: Apache-2.0 */
/* dom0_nodes.c - which nodes of the machine's tree Dom0 gets: all but those that the hypervisor keeps, that
 * are written anew for it, or that describe what another domain has. The list is Xen's (docs/misc/arm).
 *
 * A node is known by its kind (compatible, path, device_type) or by its registers: a device with a register
 * in a page that is taken cannot be used, so its node would only mislead. A bus is no device: it stays, and
 * what stands below it is looked at by itself. */
#include "boot/dom0_nodes.h"

#include "boot/board_devices.h"
#include "boot/module.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/string.h"

#define REGS_MAX 64u /* Of one node that are looked at. */

/* Kept by the hypervisor, or written anew: CPUs, PSCI, IOMMUs, performance counters, what a hypervisor says
 * of itself. */
static const char *const lost_compatible[] = {
    "arm,psci",
    "arm,psci-0.2",
    "arm,psci-1.0",
    "xen,xen",
    "arm,armv8-pmuv3",
    "arm,cortex-a7-pmu",
    "arm,cortex-a15-pmu",
    "arm,cortex-a35-pmu",
    "arm,cortex-a53-pmu",
    "arm,cortex-a57-pmu",
    "arm,cortex-a72-pmu",
    "arm,cortex-a73-pmu",
    "arm,cortex-a53-edac",
    "arm,smmu-v1",
    "arm,smmu-v2",
    "arm,smmu-v3",
    "arm,mmu-400",
    "arm,mmu-401",
    "arm,mmu-500",
    "renesas,ipmmu-vmsa",
};

static bool list_has_any(const void *fdt, int node, const char *const *list, size_t count)
{
    int length;
    const char *compatible = dt_property(fdt, node, "compatible", &length);

    for (size_t i = 0; compatible != NULL && i < count; i++) {
        if (dt_list_has(compatible, length, list[i])) {
            return true;
        }
    }
    return false;
}

static bool range_of_board(const struct board *board, unsigned index, struct mem_range *out)
{
    const struct board_gic *gic = &board->gic;
    const struct mem_range *const fixed[] = {&gic->gicd, &gic->gicc, &gic->gich, &gic->gicv,
                                             &board->uart.regs};

    if (index < ARRAY_COUNT(fixed)) {
        *out = *fixed[index];
        return true;
    }
    index -= (unsigned)ARRAY_COUNT(fixed);
    if (index < gic->gicr_count) {
        *out = gic->gicr[index];
        return true;
    }
    return false;
}

bool dom0_range_taken(const struct dom0_nodes *nodes, unsigned index, struct mem_range *out)
{
    unsigned own = 0;

    if (range_of_board(nodes->board, index, out)) {
        return true;
    }
    while (range_of_board(nodes->board, own, out)) {
        own++;
    }
    index -= own;
    for (unsigned d = 0; d < nodes->config->domain_count; d++) {
        const struct domain_config *domain = &nodes->config->domains[d];

        if (index < domain->mmio_count) {
            *out = (struct mem_range){domain->mmio[index].physical, domain->mmio[index].size_bytes};
            return true;
        }
        index -= domain->mmio_count;
    }
    return false;
}

/* Do both touch one page? */
static bool share_page(const struct mem_range *a, const struct mem_range *b)
{
    uint64_t a_first = a->base.v >> PAGE_SHIFT, b_first = b->base.v >> PAGE_SHIFT;

    return a->size_bytes > 0 && b->size_bytes > 0 &&
           a_first <= (b->base.v + (b->size_bytes - 1)) >> PAGE_SHIFT &&
           b_first <= (a->base.v + (a->size_bytes - 1)) >> PAGE_SHIFT;
}

static bool register_taken(const struct dom0_nodes *nodes, const struct dt_place *place)
{
    struct mem_range range, taken;

    for (unsigned i = 0; i < REGS_MAX; i++) {
        int error = dt_reg(place, i, &range);

        if (error == -ENOENT) {
            break;
        }
        for (unsigned t = 0; error == 0 && dom0_range_taken(nodes, t, &taken); t++) {
            if (share_page(&range, &taken)) {
                return true;
            }
        }
    }
    return false;
}

/* Of /chosen: modules and what Xen's bindings put there. */
static bool is_boot_input(const void *fdt, int node)
{
    static const char *const domains[] = {"xen,domain",  "xen,domain-shared-memory-v1",
                                          "xen,evtchn",  "xen,evtchn-v1",
                                          "xen,cpupool", "bulkhead,arinc653"};

    return module_kind(fdt, node) != MODULE_NONE || list_has_any(fdt, node, domains, ARRAY_COUNT(domains));
}

/* Right below the root: what is written anew, known by its name. */
static bool is_written_anew(const struct dt_place *place)
{
    static const char *const names[] = {"cpus", "psci", "hypervisor"};
    const char *name = dt_place_name(place),
               *type = dt_string(place->fdt, dt_place_node(place), "device_type");

    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return type != NULL ? strcmp(type, "memory") == 0
                        : strcmp(name, "memory") == 0 || strncmp(name, "memory@", 7) == 0;
}

static bool is_console(const struct dom0_nodes *nodes, const struct dt_place *place)
{
    char path[DT_PATH_MAX];

    if (nodes->board->uart.path[0] == '\0') {
        return false;
    }
    dt_place_path(place, path, sizeof(path));
    return strcmp(path, nodes->board->uart.path) == 0;
}

enum dom0_part dom0_part(const struct dom0_nodes *nodes, const struct dt_place *place)
{
    static const char *const timers[] = {"arm,armv8-timer", "arm,armv7-timer"};
    int node = dt_place_node(place);

    if (place->depth == 1 && strcmp(dt_place_name(place), "chosen") == 0) {
        return DOM0_CHOSEN;
    }
    if (place->depth == 1 && strcmp(dt_place_name(place), "aliases") == 0) {
        return DOM0_ALIASES;
    }
    if (node == nodes->gic) {
        return DOM0_GIC;
    }
    return list_has_any(nodes->fdt, node, timers, ARRAY_COUNT(timers)) ? DOM0_TIMER : DOM0_AS_IT_IS;
}

/* Below the GIC, what its virtual one has too: GICv2's frames for messages of PCI, which are the machine's
 * own. */
static bool is_of_virtual_gic(const struct dom0_nodes *nodes, int node)
{
    return nodes->board->gic.version == 2 && dt_compatible(nodes->fdt, node, "arm,gic-v2m-frame");
}

/* Of a node that is not below a lost one. */
static bool is_lost(const struct dom0_nodes *nodes, const struct dt_place *place)
{
    const void *fdt = nodes->fdt;
    int node = dt_place_node(place);

    if (place->depth == 1 && is_written_anew(place)) {
        return true;
    }
    if (dom0_part(nodes, place) != DOM0_AS_IT_IS) {
        return false;
    }
    if (place->depth > 1 && place->node[place->depth - 1] == nodes->gic) {
        return !is_of_virtual_gic(nodes, node);
    }
    if (place->depth == 2 && strcmp(dt_name(fdt, place->node[1]), "chosen") == 0) {
        return is_boot_input(fdt, node);
    }
    if (dt_has(fdt, node, "xen,passthrough") ||
        list_has_any(fdt, node, lost_compatible, ARRAY_COUNT(lost_compatible)) || is_console(nodes, place)) {
        return true;
    }
    return !dt_has(fdt, node, "ranges") && register_taken(nodes, place);
}

static int lose_phandle(struct dom0_nodes *nodes, int node)
{
    uint32_t phandle = dt_phandle(nodes->fdt, node);

    if (phandle == 0) {
        return 0;
    }
    if (nodes->lost_phandle_count == DOM0_LOST_PHANDLE_MAX) {
        return -ENOSPC;
    }
    nodes->lost_phandle[nodes->lost_phandle_count++] = phandle;
    return 0;
}

/* The node at @place and what is below it; @place moves behind. Returns 0, -ENOENT at the tree's end,
 * -ENOSPC. */
static int lose(struct dom0_nodes *nodes, struct dt_place *place)
{
    int top = place->depth, start = dt_place_node(place), error = lose_phandle(nodes, start);
    bool more = dt_place_next(place);

    while (error == 0 && more && place->depth > top) {
        error = lose_phandle(nodes, dt_place_node(place));
        more = dt_place_next(place);
    }
    if (error != 0 || nodes->lost_count == DOM0_LOST_MAX) {
        return -ENOSPC;
    }
    nodes->lost[nodes->lost_count].start = start;
    nodes->lost[nodes->lost_count].end = more ? dt_place_node(place) : INT32_MAX;
    nodes->lost_count++;
    return more ? 0 : -ENOENT;
}

int dom0_nodes_find(struct dom0_nodes *nodes, const void *fdt, const struct board *board,
                    const struct boot_config *config)
{
    struct dt_place place;
    int error = 0;

    nodes->fdt = fdt;
    nodes->board = board;
    nodes->config = config;
    nodes->gic = board_find_gic(fdt);
    nodes->lost_count = 0;
    nodes->lost_phandle_count = 0;
    dt_place_root(&place, fdt);
    if (!dt_place_next(&place)) {
        return 0;
    }
    while (error == 0) {
        if (is_lost(nodes, &place)) {
            error = lose(nodes, &place);
        } else if (!dt_place_next(&place)) {
            error = -ENOENT;
        }
    }
    if (error == -ENOSPC) {
        log_error("device tree: more than %u nodes or %u phandles are not Dom0's; leave some of them out",
                  DOM0_LOST_MAX, DOM0_LOST_PHANDLE_MAX);
        return error;
    }
    return 0;
}

bool dom0_is_lost(const struct dom0_nodes *nodes, int node)
{
    for (unsigned i = 0; i < nodes->lost_count && nodes->lost[i].start <= node; i++) {
        if (node < nodes->lost[i].end) {
            return true;
        }
    }
    return false;
}

bool dom0_next(const struct dom0_nodes *nodes, struct dt_place *place)
{
    while (dt_place_next(place)) {
        if (!dom0_is_lost(nodes, dt_place_node(place))) {
            return true;
        }
    }
    return false;
}

bool dom0_phandle_lost(const struct dom0_nodes *nodes, uint32_t phandle)
{
    for (unsigned i = 0; i < nodes->lost_phandle_count; i++) {
        if (nodes->lost_phandle[i] == phandle) {
            return true;
        }
    }
    return false;
}

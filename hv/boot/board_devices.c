/* SPDX-License-Identifier: Apache-2.0 */
/* board_devices.c - PSCI, GIC, timer and UART of a board. Bindings: Linux's devicetree/bindings,
 * arm,gic.yaml, arm,gic-v3.yaml, arm,arch_timer.yaml and psci.yaml. */
#include "boot/board_devices.h"

#include <libfdt.h>

#include "lib/error.h"
#include "lib/log.h"
#include "lib/string.h"

#define PSCI_CPU_ON_64 0xc4000003u /* Arm DEN 0022, 5.1.4. */

static const struct {
    const char *compatible;
    unsigned version;
} gics[] = {
    {"arm,gic-400", 2},       {"arm,cortex-a15-gic", 2}, {"arm,cortex-a7-gic", 2},
    {"arm,cortex-a9-gic", 2}, {"arm,gic-v3", 3},
};

static unsigned gic_version(const void *fdt, int node)
{
    int length;
    const char *compatible = dt_property(fdt, node, "compatible", &length);

    for (size_t i = 0; compatible != NULL && i < ARRAY_COUNT(gics); i++) {
        if (dt_list_has(compatible, length, gics[i].compatible)) {
            return gics[i].version;
        }
    }
    return 0;
}

/* A second controller (a cascaded GIC) has an interrupt parent that is not itself: never the one wanted
 * here. */
bool board_is_gic(const void *fdt, int node)
{
    uint32_t parent;

    return gic_version(fdt, node) != 0 && dt_enabled(fdt, node) &&
           (!dt_u32(fdt, node, "interrupt-parent", &parent) || parent == dt_phandle(fdt, node));
}

int board_find_gic(const void *fdt)
{
    struct dt_place place;

    dt_place_root(&place, fdt);
    while (dt_place_next(&place)) {
        if (board_is_gic(fdt, dt_place_node(&place))) {
            return dt_place_node(&place);
        }
    }
    return -ENOENT;
}

static int read_gicv2(const struct dt_place *place, const char *path, struct board_gic *gic)
{
    struct mem_range *const regs[] = {&gic->gicd, &gic->gicc, &gic->gich, &gic->gicv};
    unsigned count = 0;

    while (count < ARRAY_COUNT(regs) && dt_reg(place, count, regs[count]) == 0) {
        count++;
    }
    if (count < 2) {
        log_error("%s: reg: distributor and CPU interface are wanted, each an address and a size that the "
                  "buses above pass on",
                  path);
        return -EINVAL;
    }
    if (count < 4) {
        log_error("%s: the GIC at 0x%lx has no virtual interface (reg has %u ranges, 4 are wanted): switch "
                  "virtualization on "
                  "(QEMU: -machine virtualization=on), or add GICH and GICV to reg",
                  path, gic->gicd.base.v, count);
        return -EINVAL;
    }
    return 0;
}

static int read_gicv3(const struct dt_place *place, const char *path, struct board_gic *gic)
{
    uint32_t regions = 1;
    int length;
    const void *stride = dt_property(place->fdt, dt_place_node(place), "redistributor-stride", &length);

    (void)dt_u32(place->fdt, dt_place_node(place), "#redistributor-regions", &regions);
    if (regions > BOARD_GICR_MAX) {
        log_error("%s: #redistributor-regions is %u; at most %d are supported", path, regions,
                  BOARD_GICR_MAX);
        return -EINVAL;
    }
    if (dt_reg(place, 0, &gic->gicd) != 0) {
        log_error("%s: reg: no distributor that the buses above pass on", path);
        return -EINVAL;
    }
    for (gic->gicr_count = 0; gic->gicr_count < regions; gic->gicr_count++) {
        if (dt_reg(place, 1 + gic->gicr_count, &gic->gicr[gic->gicr_count]) != 0) {
            break;
        }
    }
    if (regions == 0 || gic->gicr_count < regions) {
        log_error("%s: reg names %u redistributor regions, #redistributor-regions says %u", path,
                  gic->gicr_count, regions);
        return -EINVAL;
    }
    if (stride != NULL && (length == 4 || length == 8)) {
        gic->gicr_stride = dt_cells_value(stride, (unsigned)length / 4);
    }
    return 0;
}

int board_read_gic(const struct dt_place *place, struct board *board)
{
    struct board_gic *gic = &board->gic;
    struct dt_irq maintenance;
    char path[DT_PATH_MAX];
    int error;

    dt_place_path(place, path, sizeof(path));
    gic->version = gic_version(place->fdt, dt_place_node(place));
    error = gic->version == 2 ? read_gicv2(place, path, gic) : read_gicv3(place, path, gic);
    if (error == 0 && dt_irq(place, dt_place_node(place), 0, &maintenance) != 0) {
        log_error(
            "%s: interrupts: no maintenance interrupt; write interrupts = <1 9 4> (the PPI the board uses)",
            path);
        error = -EINVAL;
    }
    if (error != 0) {
        gic->version = 0;
        return error;
    }
    gic->maintenance_intid = maintenance.intid;
    return 0;
}

/* The timer's interrupt called @name in interrupt-names, or the one at @index when there are no names. */
static int timer_irq(const struct dt_place *place, int gic_node, const char *name, unsigned index,
                     unsigned *intid)
{
    int node = dt_place_node(place), error;
    struct dt_irq irq;

    if (dt_has(place->fdt, node, "interrupt-names")) {
        int found = fdt_stringlist_search(place->fdt, node, "interrupt-names", name);

        if (found < 0) {
            return -ENOENT;
        }
        index = (unsigned)found;
    }
    error = dt_irq(place, gic_node, index, &irq);
    if (error == 0) {
        *intid = irq.intid;
    }
    return error;
}

int board_read_timer(const struct dt_place *place, int gic_node, struct board *board)
{
    struct board_timer *timer = &board->timer;
    const struct {
        const char *name;
        unsigned index;
        unsigned *intid;
    } irqs[] = {
        {"phys", 1, &timer->phys_intid}, {"virt", 2, &timer->virt_intid}, {"hyp-phys", 3, &timer->hyp_intid}};

    for (size_t i = 0; i < ARRAY_COUNT(irqs); i++) {
        if (timer_irq(place, gic_node, irqs[i].name, irqs[i].index, irqs[i].intid) != 0) {
            char path[DT_PATH_MAX];

            dt_place_path(place, path, sizeof(path));
            log_error("%s: interrupts: no %s timer; write the PPIs in the order secure, phys, virt, hyp-phys",
                      path, irqs[i].name);
            return -EINVAL;
        }
    }
    (void)dt_u32(place->fdt, dt_place_node(place), "clock-frequency", &timer->frequency_hz);
    return 0;
}

static bool psci_conduit(const char *method, struct board *board)
{
    if (method != NULL && strcmp(method, "smc") == 0) {
        board->psci_conduit = PSCI_CONDUIT_SMC;
    } else if (method != NULL && strcmp(method, "hvc") == 0) {
        board->psci_conduit = PSCI_CONDUIT_HVC;
    } else {
        return false;
    }
    return true;
}

void board_read_psci(const struct dt_place *place, struct board *board)
{
    int node = dt_place_node(place);
    char path[DT_PATH_MAX];

    dt_place_path(place, path, sizeof(path));
    if (!psci_conduit(dt_string(place->fdt, node, "method"), board)) {
        log_warn("%s: method is neither \"smc\" nor \"hvc\": only the boot CPU runs", path);
        return;
    }
    if (dt_compatible(place->fdt, node, "arm,psci-0.2") || dt_compatible(place->fdt, node, "arm,psci-1.0")) {
        board->psci_cpu_on = PSCI_CPU_ON_64;
    } else if (!dt_u32(place->fdt, node, "cpu_on", &board->psci_cpu_on)) {
        log_warn("%s: compatible is PSCI 0.1 and there is no cpu_on: only the boot CPU runs", path);
        board->psci_conduit = PSCI_CONDUIT_NONE;
    }
    if (board->psci_conduit == PSCI_CONDUIT_HVC) {
        log_warn("%s: method \"hvc\" reaches no firmware from EL2: a hypervisor is below, or virtualization "
                 "is off",
                 path);
    }
}

/* The string of "compatible" that a driver may know, else the first one, so that a message can name it. */
static void copy_uart_compatible(const void *fdt, int node, struct board_uart *uart)
{
    static const char *const known[] = {"arm,pl011", "arm,sbsa-uart", "cdns,uart-r1p8", "cdns,uart-r1p12",
                                        "xlnx,xuartps"};
    const char *first = dt_string(fdt, node, "compatible");

    for (size_t i = 0; i < ARRAY_COUNT(known); i++) {
        if (dt_compatible(fdt, node, known[i])) {
            (void)string_copy(uart->compatible, sizeof(uart->compatible), known[i]);
            return;
        }
    }
    (void)string_copy(uart->compatible, sizeof(uart->compatible), first == NULL ? "unknown" : first);
}

/* Fill board->uart from what @text ("serial0:115200n8", "/pl011@9000000") names; @source tells a warning
 * where it stands. */
static bool take_uart(const void *fdt, int gic_node, const char *text, const char *source,
                      struct board *board)
{
    const char *options = strchr(text, ':');
    int node = dt_find_path(fdt, text, options == NULL ? strlen(text) : (size_t)(options - text));
    struct dt_place place;
    struct dt_irq irq;
    int error;

    if (node < 0 || !dt_place_find(&place, fdt, node)) {
        log_warn("%s: no node or alias \"%s\"; write a node's path or a name of /aliases", source, text);
        return false;
    }
    if (dt_reg(&place, 0, &board->uart.regs) != 0) {
        log_warn("%s: %s has no reg that the buses above pass on: it cannot be the console", source, text);
        return false;
    }
    copy_uart_compatible(fdt, node, &board->uart);
    dt_place_path(&place, board->uart.path, sizeof(board->uart.path));
    error = dt_irq(&place, gic_node, 0, &irq);
    if (error == 0) {
        board->uart.intid = irq.intid;
    } else {
        log_warn("%s: %s has no interrupt at the GIC: the console takes no input", source, board->uart.path);
    }
    return true;
}

void board_read_uart(const void *fdt, int gic_node, const struct options *options, struct board *board)
{
    int chosen = dt_find(fdt, "/chosen");
    const char *text = chosen < 0 ? NULL : dt_string(fdt, chosen, "stdout-path");

    if (strcmp(options->console, "none") == 0) {
        return;
    }
    if (options->dtuart[0] != '\0' && take_uart(fdt, gic_node, options->dtuart, "dtuart=", board)) {
        return;
    }
    if (text == NULL && chosen >= 0) {
        text = dt_string(fdt, chosen, "linux,stdout-path");
    }
    if (text == NULL) {
        log_warn("no UART for the console: write dtuart=PATH on the command line, or stdout-path in /chosen");
        return;
    }
    (void)take_uart(fdt, gic_node, text, "/chosen: stdout-path", board);
}

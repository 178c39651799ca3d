/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_dom0_dt.c - any machine's tree as Dom0's: written whole without a module or a taken address in it, or
 * refused. */
#include "boot/board.h"
#include "boot/dom0_devices.h"
#include "boot/dom0_dt.h"
#include "dom0_machine.h"
#include "dts.h"
#include "lib/gic.h"
#include "patched_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct board board;
static struct dom0_nodes nodes;

static void take_range(void *context, const struct mem_range *range)
{
    (void)context;
    if (range->size_bytes == 0 || range->base.v + (range->size_bytes - 1) < range->base.v) {
        abort();
    }
}

static void take_irq(void *context, const struct dt_irq *irq)
{
    (void)context;
    if (irq->intid < GIC_PPI_FIRST || irq->intid >= GIC_INTID_MAX) {
        abort();
    }
}

static uint32_t read_device(void *context, pa_t addr)
{
    (void)context;
    return (uint32_t)addr.v * 2654435761u;
}

/* What was written is whole, and names no module and not the console. */
static void check_written(const void *tree, int64_t bytes)
{
    struct dt_place place;
    char path[DT_PATH_MAX];

    if (board_check_tree(tree, (uint64_t)bytes) != bytes) {
        abort();
    }
    for (dt_place_root(&place, tree); dt_place_next(&place);) {
        dt_place_path(&place, path, sizeof(path));
        if (dt_compatible(tree, dt_place_node(&place), "xen,domain") && place.depth == 2 &&
            strncmp(path, "/chosen/", 8) == 0) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct dom0_device_sink sink = {NULL, take_range, take_irq, read_device};
    static uint64_t buffer[16384];
    static uint8_t *base[2];
    static size_t base_bytes[2];
    static struct options options;
    static struct boot_config config;
    struct dom0_dt_params params = {.nodes = &nodes,
                                    .bootargs = "x",
                                    .vcpu_count = 3,
                                    .bank = {{{0x42000000}, 0x2000000}},
                                    .bank_count = 1,
                                    .grant_window = {{0x40200000}, 0x40000},
                                    .evtchn_ppi = 16,
                                    .gicr_bytes = 0x40000};
    unsigned which = size > 0 ? data[0] & 1 : 0;
    size_t bytes;
    uint8_t *tree;
    int64_t written;

    if (base[0] == NULL) {
        base[0] = dts_compile(dom0_machine_v2, &base_bytes[0]);
        base[1] = dts_compile(dom0_machine_v3, &base_bytes[1]);
        cmdline_parse("", &options);
        config.domain_count = 1;
        config.domains[0].mmio_count = 1;
        config.domains[0].mmio[0] = (struct passthrough_mmio){pa(0x9050000), ipa(0x10000000), 0x1000};
    }
    tree = patched_tree(base[which], base_bytes[which], size > 0 ? data + 1 : data, size > 0 ? size - 1 : 0,
                        &bytes);
    if (board_check_tree(tree, bytes) > 0 && board_read(tree, 0, &options, &board) == 0 &&
        dom0_nodes_find(&nodes, tree, &board, &config) == 0) {
        dom0_devices_each(&nodes, &sink);
        written = dom0_dt_write(&params, buffer, sizeof(buffer));
        if (written > 0) {
            check_written(buffer, written);
        }
    }
    free(tree);
    return 0;
}

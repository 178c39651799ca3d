/* SPDX-License-Identifier: Apache-2.0 */
/* test_dom0_dt.c - Dom0's device tree and devices: tree in, tree out, and what must hold for every machine.
 */
#include <libfdt.h>
#include <string.h>

#include "boot/board.h"
#include "boot/board_devices.h"
#include "boot/dom0_devices.h"
#include "boot/dom0_dt.h"
#include "boot/dom0_refs.h"
#include "dom0_machine.h"
#include "dts.h"
#include "lib/error.h"
#include "lib/gic.h"
#include "test.h"

#define TREE_BYTES 0x100000
#define RANGES_MAX 512

static uint64_t buffer[TREE_BYTES / 8];
static void *machine;
static struct board board;
static struct options options;
static struct boot_config config;
static struct dom0_nodes nodes;
static struct dom0_dt_params params;

static struct mem_range ranges[RANGES_MAX];
static unsigned range_count;
static int irq_edge[GIC_INTID_MAX]; /* -1: not Dom0's. */

static void read_machine(void *tree, size_t size, const char *cmdline)
{
    free(machine);
    machine = tree;
    memset(&config, 0, sizeof(config));
    CHECK_EQ(board_check_tree(machine, size), (int64_t)size);
    cmdline_parse(cmdline, &options);
    CHECK_EQ(board_read(machine, 0, &options, &board), 0);
}

static void read_source(const char *source, const char *cmdline)
{
    size_t size;
    void *tree = dts_compile(source, &size);

    read_machine(tree, size, cmdline);
}

static const void *write_tree(void)
{
    FILE *dtc = popen("dtc -q -I dtb -O dts -o /dev/null -", "w");
    int64_t size;

    CHECK_EQ(dom0_nodes_find(&nodes, machine, &board, &config), 0);
    params = (struct dom0_dt_params){.nodes = &nodes,
                                     .bootargs = "console=hvc0",
                                     .vcpu_count = 2,
                                     .bank = {{{0x42000000}, 0x2000000}, {{0x45000000}, 0x800000}},
                                     .bank_count = 2,
                                     .initrd = {{0x43000000}, 0x1234},
                                     .grant_window = {{0x40200000}, 0x40000},
                                     .evtchn_ppi = 16,
                                     .gicr_bytes = 0x40000};
    size = dom0_dt_write(&params, buffer, sizeof(buffer));
    CHECK(size > 0);
    CHECK_EQ(board_check_tree(buffer, (uint64_t)size), size);
    CHECK(dtc != NULL && fwrite(buffer, 1, (size_t)size, dtc) == (size_t)size);
    CHECK_EQ(pclose(dtc), 0);
    return buffer;
}

static void take_range(void *context, const struct mem_range *range)
{
    (void)context;
    CHECK(range_count < RANGES_MAX);
    ranges[range_count++] = *range;
}

static void take_irq(void *context, const struct dt_irq *irq)
{
    (void)context;
    irq_edge[irq->intid] = irq->edge ? 1 : 0;
}

static uint32_t read_device(void *context, pa_t addr)
{
    (void)context;
    CHECK_EQ(addr.v, 0x8050008);
    return 80u << 16 | 3;
}

static void find_devices(void)
{
    static const struct dom0_device_sink sink = {NULL, take_range, take_irq, read_device};

    CHECK_EQ(dom0_nodes_find(&nodes, machine, &board, &config), 0);
    range_count = 0;
    memset(irq_edge, 0xff, sizeof(irq_edge));
    dom0_devices_each(&nodes, &sink);
}

static bool has_range(uint64_t base, uint64_t size)
{
    for (unsigned i = 0; i < range_count; i++) {
        if (ranges[i].base.v == base && ranges[i].size_bytes == size) {
            return true;
        }
    }
    return false;
}

/* --- What holds for every machine --- */

/* Is @range one of the virtual GIC's own registers, which stand at the machine's address? */
static bool is_virtual_gic(const struct mem_range *range)
{
    return range->base.v == board.gic.gicd.base.v || range->base.v == board.gic.gicc.base.v ||
           range->base.v == board.gic.gicr[0].base.v;
}

static void check_no_taken_address(const void *tree)
{
    struct dt_place place;
    struct mem_range range, taken;

    for (dt_place_root(&place, tree); dt_place_next(&place);) {
        for (unsigned i = 0; dt_reg(&place, i, &range) == 0; i++) {
            for (unsigned t = 0; dom0_range_taken(&nodes, t, &taken); t++) {
                bool apart = range.size_bytes == 0 || taken.size_bytes == 0 ||
                             range.base.v + range.size_bytes <= taken.base.v ||
                             taken.base.v + taken.size_bytes <= range.base.v;

                if (!apart && !is_virtual_gic(&range)) {
                    test_fail(__FILE__, __LINE__, "%s has 0x%lx, which is taken", dt_place_name(&place),
                              range.base.v);
                }
            }
        }
    }
}

/* Every phandle that a property of a known kind names is a node of the tree, in which there are no two alike.
 */
static void check_phandles(const void *tree)
{
    static const char *const first_cell[] = {"interrupt-parent",
                                             "iommus",
                                             "msi-parent",
                                             "clocks",
                                             "resets",
                                             "dmas",
                                             "interrupts-extended",
                                             "phys",
                                             "cpu",
                                             "mboxes",
                                             "memory-region",
                                             "pinctrl-0",
                                             "cooling-device",
                                             "phy-handle",
                                             "interrupt-affinity"};
    int depth = 0;

    for (int node = 0; node >= 0; node = fdt_next_node(tree, node, &depth)) {
        uint32_t own = fdt_get_phandle(tree, node), phandle;

        CHECK(own == 0 || fdt_node_offset_by_phandle(tree, own) == node);
        for (size_t i = 0; i < ARRAY_COUNT(first_cell); i++) {
            if (dt_u32(tree, node, first_cell[i], &phandle) &&
                fdt_node_offset_by_phandle(tree, phandle) < 0) {
                test_fail(__FILE__, __LINE__, "%s of %s dangles", first_cell[i],
                          fdt_get_name(tree, node, NULL));
            }
        }
    }
}

static void check_aliases(const void *tree)
{
    int aliases = fdt_path_offset(tree, "/aliases"), offset;

    if (aliases < 0) {
        return;
    }
    fdt_for_each_property_offset(offset, tree, aliases)
    {
        const char *path = fdt_getprop_by_offset(tree, offset, NULL, NULL);

        CHECK(path[0] != '/' || fdt_path_offset(tree, path) >= 0);
    }
}

static unsigned count_compatible(const void *tree, const char *compatible)
{
    unsigned count = 0;

    for (int node = fdt_node_offset_by_compatible(tree, -1, compatible); node >= 0;
         node = fdt_node_offset_by_compatible(tree, node, compatible)) {
        count++;
    }
    return count;
}

static void check_own_nodes(const void *tree)
{
    static const char *const once[] = {"xen,xen", "xen,xen-4.17", "arm,armv8-timer"};
    static const char *const never[] = {"multiboot,module", "xen,domain",      "arm,mmu-500",
                                        "arm,smmu-v3",      "arm,armv8-pmuv3", "arm,gic-v3-its"};
    struct board again;
    int node = fdt_path_offset(tree, "/psci"), length;

    for (size_t i = 0; i < ARRAY_COUNT(once); i++) {
        CHECK_EQ(count_compatible(tree, once[i]), 1);
    }
    for (size_t i = 0; i < ARRAY_COUNT(never); i++) {
        CHECK_EQ(count_compatible(tree, never[i]), 0);
    }
    CHECK(node >= 0);
    CHECK_EQ(count_compatible(tree, "arm,psci-0.2"), 1);
    CHECK_STR_EQ(fdt_getprop(tree, node, "method", NULL), "hvc");
    node = fdt_path_offset(tree, "/chosen");
    CHECK_STR_EQ(fdt_getprop(tree, node, "bootargs", NULL), "console=hvc0");
    CHECK(fdt_getprop(tree, node, "xen,xen-bootargs", NULL) == NULL);
    CHECK(fdt_getprop(tree, node, "stdout-path", NULL) == NULL);
    CHECK_EQ(dt_cells_value(fdt_getprop(tree, node, "linux,initrd-start", &length), 2), 0x43000000);
    CHECK_EQ(dt_cells_value(fdt_getprop(tree, node, "linux,initrd-end", &length), 2), 0x43001234);
    cmdline_parse("", &options);
    (void)board_read(tree, 0, &options, &again); /* It is no board to be a hypervisor on. */
    CHECK_EQ(again.memory_count, 2);
    CHECK_EQ(again.memory[0].size_bytes + again.memory[1].size_bytes, 0x2800000);
    CHECK_EQ(again.cpu_count, 2);
}

static void check_all(const void *tree)
{
    check_no_taken_address(tree);
    check_phandles(tree);
    check_aliases(tree);
    check_own_nodes(tree);
}

/* --- The machines --- */

static void check_property(const void *tree, const char *path, const char *name, bool there)
{
    int node = fdt_path_offset(tree, path);

    if (node < 0) {
        test_fail(__FILE__, __LINE__, "no node %s", path);
    }
    if ((fdt_getprop(tree, node, name, NULL) != NULL) != there) {
        test_fail(__FILE__, __LINE__, "%s: %s %s", path, name, there ? "is missing" : "is there");
    }
}

static bool has_node(const void *tree, const char *path)
{
    return fdt_path_offset(tree, path) >= 0;
}

static void check_reg(const void *tree, const char *path, unsigned index, uint64_t base, uint64_t size)
{
    struct dt_place place;
    struct mem_range range;

    CHECK(dt_place_find(&place, tree, fdt_path_offset(tree, path)));
    CHECK_EQ(dt_reg(&place, index, &range), size != 0 ? 0 : -ENOENT);
    if (size != 0) {
        CHECK_EQ(range.base.v, base);
        CHECK_EQ(range.size_bytes, size);
    }
}

static void check_irq(const void *tree, const char *path, unsigned index, unsigned intid)
{
    struct dt_place place;
    struct dt_irq irq;

    CHECK(dt_place_find(&place, tree, fdt_path_offset(tree, path)));
    CHECK_EQ(dt_irq(&place, board_find_gic(tree), index, &irq), intid != 0 ? 0 : -ENOENT);
    CHECK(intid == 0 || irq.intid == intid);
}

TEST(gicv2_machine)
{
    const void *tree;

    read_source(dom0_machine_v2, "");
    tree = write_tree();
    check_all(tree);
    check_reg(tree, "/soc/intc@0", 0, 0x8000000, 0x1000);
    check_reg(tree, "/soc/intc@0", 1, 0x8010000, 0x2000);
    check_reg(tree, "/soc/intc@0", 2, 0, 0);
    check_property(tree, "/soc/intc@0", "interrupts", false);
    check_reg(tree, "/soc/intc@0/v2m@50000", 0, 0x8050000, 0x1000);
    check_reg(tree, "/hypervisor", 0, 0x40200000, 0x40000);
    check_irq(tree, "/hypervisor", 0, 16);
    check_irq(tree, "/timer", 0, 29);
    check_irq(tree, "/timer", 1, 30);
    check_irq(tree, "/timer", 2, 27);
    check_irq(tree, "/timer", 3, 0);
    check_property(tree, "/timer", "always-on", true);
    CHECK(!has_node(tree, "/soc/serial@10000") && !has_node(tree, "/soc/near-serial"));
    CHECK(!has_node(tree, "/soc/smmu@40000") && !has_node(tree, "/soc/mine@70000") &&
          !has_node(tree, "/pmu"));
    CHECK(!has_node(tree, "/chosen/kernel") && !has_node(tree, "/chosen/domU"));
    CHECK(has_node(tree, "/chosen/framebuffer") && has_node(tree, "/soc/eth@50000/mdio/phy@1"));
    check_property(tree, "/chosen", "rng-seed", true);
    check_property(tree, "/aliases", "serial0", false);
    check_property(tree, "/aliases", "cpu0", false);
    check_property(tree, "/aliases", "rtc0", true);
    check_property(tree, "/soc/eth@50000", "iommus", false);
    check_property(tree, "/soc/eth@50000", "clocks", true);
    check_property(tree, "/soc/eth@50000", "memory-region", true);
    check_property(tree, "/soc/user", "resets", false);
    check_property(tree, "/soc/user", "dmas", false);
    check_property(tree, "/soc/user", "other", true); /* Not known to be a reference. */
    check_property(tree, "/thermal/trip", "cooling-device", false);
    check_property(tree, "/etm", "cpu", false);
    check_property(tree, "/etm", "clocks", true);
    check_property(tree, "/pcie@10000000", "msi-map", true);
    check_property(tree, "/pcie@10000000", "iommu-map", false);
    check_property(tree, "/pcie@10000000", "interrupt-map", true);
    check_property(tree, "/soc/edge@30000", "status", true);
    CHECK_STR_EQ(fdt_getprop(tree, fdt_path_offset(tree, "/cpus/cpu@1"), "compatible", NULL),
                 "arm,cortex-a53");
    CHECK(!has_node(tree, "/cpus/cpu@2"));
}

TEST(gicv2_devices)
{
    static const unsigned level[] = {34, 42, 43, 44, 62, 63, 25, 27, 30, 26};
    static const unsigned edge[] = {39, 52, 80, 81, 82};
    static const unsigned not [] = {33, 35, 72, 45, 37, 83, 79, 23};

    read_source(dom0_machine_v2, "");
    find_devices();
    for (size_t i = 0; i < ARRAY_COUNT(level); i++) {
        CHECK_EQ(irq_edge[level[i]], 0);
    }
    for (size_t i = 0; i < ARRAY_COUNT(edge); i++) {
        CHECK_EQ(irq_edge[edge[i]], 1);
    }
    for (size_t i = 0; i < ARRAY_COUNT(not ); i++) {
        CHECK_EQ(irq_edge[not [i]], -1);
    }
    CHECK_EQ(irq_edge[20], 0); /* PPI 4 of "both". */
    CHECK(has_range(0x9010000, 0x1000) && has_range(0x9020000, 0x1000) && has_range(0x9030000, 0x200));
    CHECK(has_range(0x8050000, 0x1000) && has_range(0x46000000, 0x100000) && has_range(0xb000000, 0x1000));
    CHECK(has_range(0x4010000000, 0x10000000) && has_range(0x3eff0000, 0x10000) &&
          has_range(0x10000000, 0x2eff0000));
    CHECK(!has_range(0x9000000, 0x1000) && !has_range(0x8000000, 0x10000) && !has_range(0x9040000, 0x10000));
    CHECK(!has_range(0x40000000, 0x8000000) && !has_range(0x41000000, 0x1000));
    CHECK_EQ(range_count, 12);
}

TEST(v2m_node_goes_over_its_register)
{
    char source[sizeof(dom0_machine_v2) + 100];

    snprintf(source, sizeof(source),
             "%s&v2m { arm,msi-base-spi = <1018>; arm,msi-num-spis = <0xffffffff>; };", dom0_machine_v2);
    read_source(source, "");
    find_devices();
    CHECK_EQ(irq_edge[1018], 1);
    CHECK_EQ(irq_edge[1019], 1);
    CHECK_EQ(irq_edge[80], -1);
    CHECK_EQ(irq_edge[0], -1);
}

TEST(gicv3_machine)
{
    const void *tree;

    read_source(dom0_machine_v3, "");
    tree = write_tree();
    check_all(tree);
    check_reg(tree, "/intc@8000000", 0, 0x8000000, 0x10000);
    check_reg(tree, "/intc@8000000", 1, 0x80a0000, 0x40000);
    check_reg(tree, "/intc@8000000", 2, 0, 0);
    check_property(tree, "/intc@8000000", "redistributor-stride", false);
    check_property(tree, "/intc@8000000", "msi-controller", false);
    check_property(tree, "/intc@8000000", "mbi-ranges", false);
    CHECK_EQ(
        fdt32_ld(fdt_getprop(tree, fdt_path_offset(tree, "/intc@8000000"), "#redistributor-regions", NULL)),
        1);
    CHECK(!has_node(tree, "/intc@8000000/its@8080000") && !has_node(tree, "/firmware/psci"));
    check_property(tree, "/dev@b000000", "msi-parent", false);
    check_property(tree, "/mbi@c000000", "msi-parent", false);
    check_property(tree, "/fed@d000000", "interrupt-parent", false);
    check_property(tree, "/fed@d000000", "interrupts", false);
    check_property(tree, "/timer", "interrupt-names", false);
    check_irq(tree, "/timer", 2, 27);
    check_irq(tree, "/hypervisor", 0, 16);
    check_reg(tree, "/hypervisor", 0, 0x40200000, 0x40000);
    find_devices();
    CHECK_EQ(irq_edge[37], 0);
    CHECK_EQ(irq_edge[33], -1);
    CHECK_EQ(range_count, 3);
}

TEST(no_console_no_uart_kept)
{
    const void *tree;
    int chosen;

    read_source(dom0_machine_v2, "console=none");
    tree = write_tree();
    CHECK(has_node(tree, "/soc/serial@10000") && has_node(tree, "/soc/near-serial"));
    chosen = fdt_path_offset(tree, "/chosen");
    CHECK_STR_EQ(fdt_getprop(tree, chosen, "stdout-path", NULL), "serial0:115200n8");
    check_property(tree, "/aliases", "serial0", true);
    find_devices();
    CHECK_EQ(irq_edge[33], 0);
}

TEST(devices_of_other_domains)
{
    const void *tree;

    read_source(dom0_machine_v2, "");
    config.domain_count = 2;
    config.domains[1].mmio_count = 1;
    config.domains[1].mmio[0] = (struct passthrough_mmio){pa(0x9050000), ipa(0x10000000), 0x1000};
    tree = write_tree();
    check_all(tree);
    CHECK(!has_node(tree, "/soc/eth@50000") && has_node(tree, "/soc/rtc@20000"));
    find_devices();
    CHECK(!has_range(0x9050000, 0x1000));
    CHECK_EQ(irq_edge[42], -1);
    CHECK_EQ(irq_edge[34], 0);
}

TEST(real_tree_of_zcu102)
{
    size_t size;
    void *fdt = dts_load("build/arm64/boards/zynqmp-zcu102-rev1.0.dtb", &size);
    const void *tree;

    if (fdt == NULL) {
        printf("skipped: no build/arm64/boards/zynqmp-zcu102-rev1.0.dtb, run tools/setup.sh\n");
        return;
    }
    read_machine(fdt, size, "");
    tree = write_tree();
    check_all(tree);
    check_reg(tree, "/axi/interrupt-controller@f9010000", 0, 0xf9010000, 0x1000);
    check_reg(tree, "/axi/interrupt-controller@f9010000", 1, 0xf9020000, 0x2000);
    CHECK(!has_node(tree, "/axi/serial@ff000000") && has_node(tree, "/axi/serial@ff010000"));
    check_property(tree, "/aliases", "serial0", false);
    check_property(tree, "/aliases", "serial1", true);
    check_property(tree, "/axi/ethernet@ff0e0000", "iommus", false);
    check_property(tree, "/axi/ethernet@ff0e0000", "clocks", true);
    find_devices();
    CHECK(has_range(0xff0e0000, 0x1000) && has_range(0xff010000, 0x1000) && !has_range(0xff000000, 0x1000));
    CHECK(has_range(0x600000000, 0x200000000));
    CHECK_EQ(irq_edge[32 + 63], 0);
    CHECK_EQ(irq_edge[32 + 21], -1); /* The console's. */
}

TEST(no_room)
{
    read_source(dom0_machine_v2, "");
    (void)write_tree();
    for (size_t bytes = 0; bytes < 3000; bytes += 100) {
        CHECK_EQ(dom0_dt_write(&params, buffer, bytes), -ENOSPC);
    }
}

TEST(memory_that_one_cell_cannot_say)
{
    read_source(dom0_machine_v3, "");
    (void)write_tree();
    params.bank[1].size_bytes = GIB(4);
    CHECK_EQ(dom0_dt_write(&params, buffer, sizeof(buffer)), -EINVAL);
    CHECK(test_log_contains("Dom0's memory does not fit into them; write 2 each"));
}

TEST(too_much_is_not_dom0s)
{
    char *source = malloc(100000);
    int length = snprintf(source, 100000, "%s/ {\n", dom0_machine_v2);

    for (unsigned i = 0; i < DOM0_LOST_MAX; i++) {
        length += snprintf(source + length, 100000 - (size_t)length, "n%u { xen,passthrough; };\n", i);
    }
    snprintf(source + length, 100000 - (size_t)length, "};\n");
    read_source(source, "");
    CHECK_EQ(dom0_nodes_find(&nodes, machine, &board, &config), -ENOSPC);
    CHECK(test_log_contains("are not Dom0's; leave some of them out"));
    free(source);
}

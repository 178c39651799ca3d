/* SPDX-License-Identifier: Apache-2.0 */
/* test_guest_dt.c - a domain's device tree: the platform in it, read back through libfdt and the reader of
 * board trees. */
#include <libfdt.h>
#include <string.h>

#include "boot/board.h"
#include "boot/board_devices.h"
#include "boot/dt_read.h"
#include "boot/guest_dt.h"
#include "boot/guest_layout.h"
#include "dts.h"
#include "lib/error.h"
#include "lib/gic.h"
#include "test.h"

static uint64_t buffer[8192];
static struct domain_config config;

static struct guest_dt_params simple(void)
{
    memset(&config, 0, sizeof(config));
    strcpy(config.path, "/chosen/domU1");
    config.vcpu_count = 1;
    return (struct guest_dt_params){.config = &config,
                                    .gic_version = 2,
                                    .bank = {{{GUEST_RAM0_BASE}, MIB(64)}, {{0}, 0}},
                                    .bank_count = 1};
}

/* Write, check the structure, and give the whole to dtc, which knows more rules. */
static const void *write_tree(const struct guest_dt_params *params)
{
    int64_t size = guest_dt_write(params, buffer, sizeof(buffer));
    FILE *dtc = popen("dtc -q -I dtb -O dts -o /dev/null -", "w");

    CHECK(size > 0);
    CHECK_EQ(board_check_tree(buffer, (uint64_t)size), size);
    CHECK(dtc != NULL && fwrite(buffer, 1, (size_t)size, dtc) == (size_t)size);
    CHECK_EQ(pclose(dtc), 0);
    return buffer;
}

static int node_at(const void *fdt, const char *path)
{
    int node = fdt_path_offset(fdt, path);

    if (node < 0) {
        test_fail(__FILE__, __LINE__, "no node %s", path);
    }
    return node;
}

static void check_reg(const void *fdt, const char *path, unsigned index, uint64_t base, uint64_t size)
{
    struct dt_place place;
    struct mem_range range;

    CHECK(dt_place_find(&place, fdt, node_at(fdt, path)));
    CHECK_EQ(dt_reg(&place, index, &range), 0);
    CHECK_EQ(range.base.v, base);
    CHECK_EQ(range.size_bytes, size);
}

static void check_irq(const void *fdt, const char *path, unsigned index, unsigned intid)
{
    struct dt_place place;
    struct dt_irq irq;

    CHECK(dt_place_find(&place, fdt, node_at(fdt, path)));
    CHECK_EQ(dt_irq(&place, board_find_gic(fdt), index, &irq), 0);
    CHECK_EQ(irq.intid, intid);
    CHECK(!irq.edge);
}

TEST(smallest_domain)
{
    struct guest_dt_params params = simple();
    const void *fdt = write_tree(&params);
    int chosen = node_at(fdt, "/chosen");

    CHECK(dt_compatible(fdt, 0, "xen,xenvm-4.17") && dt_compatible(fdt, 0, "xen,xenvm"));
    CHECK(!dt_has(fdt, chosen, "bootargs") && !dt_has(fdt, chosen, "linux,initrd-start") &&
          !dt_has(fdt, chosen, "stdout-path"));
    CHECK_STR_EQ(dt_string(fdt, node_at(fdt, "/psci"), "method"), "hvc");
    CHECK(dt_compatible(fdt, node_at(fdt, "/psci"), "arm,psci-1.0"));
    check_reg(fdt, "/memory@40000000", 0, 0x40000000, MIB(64));
    CHECK_EQ(fdt_path_offset(fdt, "/hypervisor"), -FDT_ERR_NOTFOUND);
    CHECK_EQ(fdt_path_offset(fdt, "/sbsa-uart@22000000"), -FDT_ERR_NOTFOUND);
    CHECK(!dt_has(fdt, node_at(fdt, "/timer"), "clock-frequency"));
    CHECK_EQ(fdt_path_offset(fdt, "/cpus/cpu@1"), -FDT_ERR_NOTFOUND);
}

TEST(interrupt_controllers)
{
    struct guest_dt_params params = simple();
    const void *fdt = write_tree(&params);

    CHECK(dt_compatible(fdt, node_at(fdt, "/interrupt-controller@3001000"), "arm,gic-400"));
    check_reg(fdt, "/interrupt-controller@3001000", 0, 0x03001000, 0x1000);
    check_reg(fdt, "/interrupt-controller@3001000", 1, 0x03002000, 0x2000);
    params.gic_version = 3;
    fdt = write_tree(&params);
    CHECK(dt_compatible(fdt, node_at(fdt, "/interrupt-controller@3001000"), "arm,gic-v3"));
    check_reg(fdt, "/interrupt-controller@3001000", 0, 0x03001000, 0x10000);
    check_reg(fdt, "/interrupt-controller@3001000", 1, 0x03020000, 0x1000000);
    CHECK_EQ(fdt_get_phandle(fdt, node_at(fdt, "/interrupt-controller@3001000")), 65000);
}

TEST(everything_on)
{
    struct guest_dt_params params = simple();
    const void *fdt;
    int chosen;

    strcpy(config.bootargs, "console=ttyAMA0 root=/dev/ram0");
    config.vcpu_count = 8;
    config.vpl011 = true;
    config.enhanced = true;
    params.bank[0].size_bytes = GUEST_RAM0_SIZE;
    params.bank[1].base = ipa(GUEST_RAM1_BASE);
    params.bank[1].size_bytes = GIB(5);
    params.bank_count = 2;
    params.initrd = ipa(0x48000000);
    params.initrd_bytes = 12345;
    params.timer_frequency_hz = 62500000;
    fdt = write_tree(&params);
    chosen = node_at(fdt, "/chosen");
    CHECK_STR_EQ(dt_string(fdt, chosen, "bootargs"), "console=ttyAMA0 root=/dev/ram0");
    CHECK_STR_EQ(dt_string(fdt, chosen, "stdout-path"), "/sbsa-uart@22000000");
    CHECK_EQ(dt_cells_value(fdt_getprop(fdt, chosen, "linux,initrd-start", NULL), 2), 0x48000000);
    CHECK_EQ(dt_cells_value(fdt_getprop(fdt, chosen, "linux,initrd-end", NULL), 2), 0x48000000 + 12345);
    check_reg(fdt, "/memory@40000000", 0, 0x40000000, GIB(3));
    check_reg(fdt, "/memory@40000000", 1, GIB(8), GIB(5));
    check_irq(fdt, "/timer", 0, 29);
    check_irq(fdt, "/timer", 1, 30);
    check_irq(fdt, "/timer", 2, 27);
    check_reg(fdt, "/sbsa-uart@22000000", 0, 0x22000000, 0x1000);
    check_irq(fdt, "/sbsa-uart@22000000", 0, 32);
    CHECK(dt_compatible(fdt, node_at(fdt, "/hypervisor"), "xen,xen-4.17"));
    CHECK(dt_compatible(fdt, node_at(fdt, "/hypervisor"), "xen,xen"));
    check_reg(fdt, "/hypervisor", 0, 0x38000000, 0x1000000);
    check_irq(fdt, "/hypervisor", 0, 31);
    CHECK_STR_EQ(dt_string(fdt, node_at(fdt, "/cpus/cpu@7"), "enable-method"), "psci");
    CHECK_EQ(dt_cells_value(fdt_getprop(fdt, node_at(fdt, "/cpus/cpu@7"), "reg", NULL), 1), 7);
    CHECK_EQ(fdt_path_offset(fdt, "/cpus/cpu@8"), -FDT_ERR_NOTFOUND);
    CHECK_EQ(dt_cells_value(fdt_getprop(fdt, node_at(fdt, "/timer"), "clock-frequency", NULL), 1), 62500000);
}

/* Our own reader of board trees must understand what we write: a nested Bulkhead would boot from it but for
 * the GIC's EL2 part. */
TEST(read_back_as_a_board)
{
    struct guest_dt_params params = simple();
    static struct board board;
    static struct options options;

    config.vcpu_count = 3;
    config.vpl011 = true;
    (void)write_tree(&params);
    cmdline_parse("", &options);
    CHECK_EQ(board_read(buffer, 0, &options, &board), -EINVAL);
    CHECK(test_log_contains("has no virtual interface"));
    CHECK_STR_EQ(board.model, "XENVM-4.17");
    CHECK_EQ(board.cpu_count, 3);
    CHECK_STR_EQ(board.uart.compatible, "arm,sbsa-uart");
    CHECK_EQ(board.uart.regs.base.v, 0x22000000);
    CHECK_EQ(board.uart.intid, 32);
    CHECK_EQ(board.psci_conduit, PSCI_CONDUIT_HVC);
}

TEST(no_room)
{
    struct guest_dt_params params = simple();
    int64_t size = guest_dt_write(&params, buffer, sizeof(buffer));

    for (int64_t room = 0; room < size; room++) {
        CHECK_EQ(guest_dt_write(&params, buffer, (size_t)room), -ENOSPC);
    }
    CHECK_EQ(guest_dt_write(&params, buffer, (size_t)size + 64), size);
}

TEST(partial_tree_is_copied)
{
    struct guest_dt_params params = simple();
    void *partial = dts_compile(
        "/ { #address-cells = <2>; #size-cells = <2>; gic: gic { #interrupt-cells = <3>; "
        "interrupt-controller; };"
        " aliases { rtc0 = \"/passthrough/rtc@10000000\"; }; other { left-out; };"
        " passthrough { compatible = \"simple-bus\"; ranges; #address-cells = <2>; #size-cells = <2>;"
        "  clk: clk { #clock-cells = <0>; clock-frequency = <24000000>; compatible = \"fixed-clock\"; };"
        "  rtc@10000000 { compatible = \"arm,pl031\", \"arm,primecell\"; reg = <0 0x10000000 0 0x1000>; "
        "clocks = <&clk>;"
        "   interrupt-parent = <&gic>; interrupts = <0 2 4>; xen,reg = <0 0x9010000 0 0x1000 0 0x10000000>;"
        "   xen,path = \"/pl031@9010000\"; xen,force-assign-without-iommu; inner { deep { x = <1>; }; }; "
        "after { }; }; }; };",
        NULL);
    const void *fdt;
    int rtc;

    params.partial_tree = partial;
    fdt = write_tree(&params);
    rtc = node_at(fdt, "/passthrough/rtc@10000000");
    CHECK_EQ(fdt_path_offset(fdt, "rtc0"), rtc);
    CHECK_EQ(fdt_path_offset(fdt, "/other"), -FDT_ERR_NOTFOUND);
    CHECK_EQ(fdt_path_offset(fdt, "/gic"), -FDT_ERR_NOTFOUND);
    CHECK(!dt_has(fdt, rtc, "xen,reg") && !dt_has(fdt, rtc, "xen,path") &&
          !dt_has(fdt, rtc, "xen,force-assign-without-iommu"));
    CHECK(dt_compatible(fdt, rtc, "arm,primecell"));
    check_reg(fdt, "/passthrough/rtc@10000000", 0, 0x10000000, 0x1000);
    check_irq(fdt, "/passthrough/rtc@10000000", 0, 34);
    (void)node_at(fdt, "/passthrough/rtc@10000000/inner/deep");
    (void)node_at(fdt, "/passthrough/rtc@10000000/after");
    CHECK_EQ(fdt_get_phandle(fdt, node_at(fdt, "/interrupt-controller@3001000")),
             fdt_get_phandle(partial, fdt_path_offset(partial, "/gic")));
    check_irq(fdt, "/timer", 0, 29);
    free(partial);
}

TEST(gic_phandle_avoids_those_of_the_partial_tree)
{
    struct guest_dt_params params = simple();
    void *partial =
        dts_compile("/ { passthrough { a: a { phandle = <65000>; }; b { clocks = <&a>; }; }; };", NULL);
    const void *fdt;

    params.partial_tree = partial;
    fdt = write_tree(&params);
    CHECK_EQ(fdt_get_phandle(fdt, node_at(fdt, "/interrupt-controller@3001000")), 65001);
    free(partial);
    params.partial_tree = buffer;
    memset(buffer, 0, sizeof(buffer));
    CHECK_EQ(guest_dt_write(&params, (char *)buffer + 4096, 4096), -EINVAL);
    CHECK(test_log_contains("/chosen/domU1: its partial tree is no device tree"));
}

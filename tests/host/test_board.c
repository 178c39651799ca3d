/* SPDX-License-Identifier: Apache-2.0 */
/* test_board.c - struct board from device trees: a small machine, the shapes of virt and of the ZCU102, and
 * hostile trees. */
#include <libfdt.h>
#include <string.h>

#include "boot/board.h"
#include "boot/board_devices.h"
#include "boot/dt_read.h"
#include "dts.h"
#include "lib/error.h"
#include "lib/log.h"
#include "test.h"

static struct board board;
static struct options options;

static int read_tree(const void *fdt, size_t size, uint64_t mpidr, const char *cmdline)
{
    CHECK_EQ(board_check_tree(fdt, size), (int64_t)size);
    cmdline_parse(cmdline, &options);
    return board_read(fdt, mpidr, &options, &board);
}

static int read_source(const char *source, uint64_t mpidr, const char *cmdline)
{
    size_t size;
    void *fdt = dts_compile(source, &size);
    int error = read_tree(fdt, size, mpidr, cmdline);

    free(fdt);
    return error;
}

static int read_machine(const char *chosen, const char *cmdline)
{
    size_t size;
    void *fdt = dts_machine(chosen, &size);
    int error = read_tree(fdt, size, 0x80000000, cmdline);

    free(fdt);
    return error;
}

TEST(whole_machine)
{
    CHECK_EQ(read_machine("", ""), 0);
    CHECK_STR_EQ(test_log_text(), "");
    CHECK_STR_EQ(board.model, "test machine");
    CHECK_EQ(board.memory_count, 1);
    CHECK_EQ(board.memory[0].base.v, 0x40000000);
    CHECK_EQ(board.memory[0].size_bytes, MIB(128));
    CHECK_EQ(board.reserved_count, 2);
    CHECK_EQ(board.reserved[0].base.v, 0x47000000);
    CHECK_EQ(board.reserved[0].size_bytes, 0x1000);
    CHECK_EQ(board.reserved[1].base.v, 0x46000000);
    CHECK_EQ(board.cpu_count, 4);
    CHECK_EQ(board.cpu_mpidr[3], 3);
    CHECK_EQ(board.psci_conduit, PSCI_CONDUIT_SMC);
    CHECK_EQ(board.psci_cpu_on, 0xc4000003);
}

TEST(devices_behind_a_bus_are_translated)
{
    CHECK_EQ(read_machine("", ""), 0);
    CHECK_EQ(board.gic.version, 2);
    CHECK_EQ(board.gic.gicd.base.v, 0x8000000);
    CHECK_EQ(board.gic.gicc.base.v, 0x8010000);
    CHECK_EQ(board.gic.gicc.size_bytes, 0x20000);
    CHECK_EQ(board.gic.gich.base.v, 0x8030000);
    CHECK_EQ(board.gic.gicv.base.v, 0x8040000);
    CHECK_EQ(board.gic.maintenance_intid, 25);
    CHECK_EQ(board.timer.phys_intid, 30);
    CHECK_EQ(board.timer.virt_intid, 27);
    CHECK_EQ(board.timer.hyp_intid, 26);
    CHECK_EQ(board.timer.frequency_hz, 0);
    CHECK_STR_EQ(board.uart.compatible, "arm,pl011");
    CHECK_STR_EQ(board.uart.path, "/soc/serial@10000");
    CHECK_EQ(board.uart.regs.base.v, 0x9000000);
    CHECK_EQ(board.uart.regs.size_bytes, 0x1000);
    CHECK_EQ(board.uart.intid, 33);
}

TEST(boot_cpu_comes_first_and_maxcpus_counts)
{
    size_t size;
    void *fdt = dts_machine("", &size);

    CHECK_EQ(read_tree(fdt, size, 0x80000002, ""), 0);
    CHECK_EQ(board.cpu_mpidr[0], 2);
    CHECK_EQ(board.cpu_mpidr[1], 0);
    CHECK_EQ(board.cpu_mpidr[3], 3);
    CHECK_EQ(read_tree(fdt, size, 3, "maxcpus=2"), 0);
    CHECK_EQ(board.cpu_count, 2);
    CHECK_EQ(board.cpu_mpidr[0], 3);
    CHECK(test_log_contains("2 CPUs left out by maxcpus=2"));
    CHECK_EQ(read_tree(fdt, size, 0x100, ""), 0);
    CHECK_EQ(board.cpu_mpidr[0], 0x100);
    CHECK(test_log_contains("no enabled node has reg 0x100"));
    free(fdt);
}

TEST(dtuart_by_path_alias_and_wrong)
{
    CHECK_EQ(read_machine("", "dtuart=/soc/serial@10000:115200"), 0);
    CHECK_STR_EQ(board.uart.path, "/soc/serial@10000");
    CHECK_EQ(read_machine("", "dtuart=serial0"), 0);
    CHECK_STR_EQ(board.uart.path, "/soc/serial@10000");
    CHECK_STR_EQ(test_log_text(), "");
    CHECK_EQ(read_machine("", "dtuart=/soc/edge@30000"), 0);
    CHECK_STR_EQ(board.uart.compatible, "unknown");
    CHECK_EQ(board.uart.intid, 39);
    CHECK_EQ(read_machine("", "dtuart=serial9"), 0);
    CHECK_STR_EQ(board.uart.path, "/soc/serial@10000");
    CHECK(test_log_contains("dtuart=: no node or alias \"serial9\"; write a node's path"));
    CHECK_EQ(read_machine("", "dtuart=loop"), 0); /* An alias of itself. */
    CHECK(test_log_contains("no node or alias \"loop\""));
    CHECK_EQ(read_machine("", "console=none"), 0);
    CHECK_STR_EQ(board.uart.compatible, "");
}

TEST(no_uart_is_said)
{
    CHECK_EQ(read_source("/ { chosen { }; };", 0, ""), -EINVAL);
    CHECK(test_log_contains("no UART for the console: write dtuart=PATH"));
}

/* Everything the message list of board_read() promises, one missing thing at a time. */
TEST(what_is_missing_is_named)
{
    CHECK_EQ(read_source("/ { };", 0, ""), -EINVAL);
    CHECK(test_log_contains("ERROR: device tree: no memory"));
    CHECK_EQ(read_source("/ { memory@0 { device_type = \"memory\"; reg = <0 0 0x100000>; }; };", 0, ""),
             -EINVAL);
    CHECK(test_log_contains("ERROR: device tree: no interrupt controller"));
    CHECK_EQ(read_source(
                 "/ { memory@0 { device_type = \"memory\"; reg = <0 0 0x100000>; };"
                 " gic@0 { compatible = \"arm,gic-400\"; #interrupt-cells = <3>; interrupt-controller; }; };",
                 0, ""),
             -EINVAL);
    CHECK(test_log_contains("ERROR: device tree: no generic timer"));
}

#define SMALL(gic, timer)                                                                                    \
    "/ { #address-cells = <2>; #size-cells = <2>; interrupt-parent = <&gic>;"                                \
    " memory@0 { device_type = \"memory\"; reg = <0 0 0 0x100000>; }; gic: gic@1000000 { #interrupt-cells "  \
    "= <3>;"                                                                                                 \
    " interrupt-controller; " gic " }; timer { compatible = \"arm,armv8-timer\"; " timer " }; };"
#define GIC2 "compatible = \"arm,gic-400\"; interrupts = <1 9 4>; reg = <0 1 0 1 0 2 0 1 0 3 0 1 0 4 0 1>;"
#define TIMER "interrupts = <1 13 8 1 14 8 1 11 8 1 10 8>;"

TEST(gic_without_virtualization_is_said)
{
    CHECK_EQ(
        read_source(
            SMALL("compatible = \"arm,gic-400\"; interrupts = <1 9 4>; reg = <0 0x1000 0 1 0 2 0 1>;", TIMER),
            0, ""),
        -EINVAL);
    CHECK(test_log_contains("the GIC at 0x1000 has no virtual interface"));
    CHECK(test_log_contains("switch virtualization on"));
    CHECK_EQ(read_source(SMALL("compatible = \"arm,gic-400\"; interrupts = <1 9 4>;", TIMER), 0, ""),
             -EINVAL);
    CHECK(test_log_contains("distributor and CPU interface are wanted"));
    CHECK_EQ(
        read_source(SMALL("compatible = \"arm,gic-400\"; reg = <0 1 0 1 0 2 0 1 0 3 0 1 0 4 0 1>;", TIMER), 0,
                    ""),
        -EINVAL);
    CHECK(test_log_contains("no maintenance interrupt"));
    CHECK_EQ(read_source(SMALL(GIC2, "interrupts = <1 13 8 1 14 8 1 11 8>;"), 0, ""), -EINVAL);
    CHECK(test_log_contains("/timer: interrupts: no hyp-phys timer"));
}

TEST(gicv3_regions)
{
    CHECK_EQ(
        read_source(
            SMALL("compatible = \"arm,gic-v3\"; interrupts = <1 9 4>; redistributor-stride = <0 0x20000>;"
                  "#redistributor-regions = <2>; reg = <0 0x100000 0 0x10000 0 0x200000 0 0x80000 8 0 0 "
                  "0x40000>;",
                  TIMER),
            0, ""),
        0);
    CHECK_EQ(board.gic.version, 3);
    CHECK_EQ(board.gic.gicd.base.v, 0x100000);
    CHECK_EQ(board.gic.gicr_count, 2);
    CHECK_EQ(board.gic.gicr[1].base.v, GIB(32));
    CHECK_EQ(board.gic.gicr[1].size_bytes, 0x40000);
    CHECK_EQ(board.gic.gicr_stride, 0x20000);
    CHECK_EQ(
        read_source(SMALL("compatible = \"arm,gic-v3\"; interrupts = <1 9 4>; #redistributor-regions = <2>;"
                          "reg = <0 0x100000 0 0x10000 0 0x200000 0 0x80000>;",
                          TIMER),
                    0, ""),
        -EINVAL);
    CHECK(test_log_contains("reg names 1 redistributor regions, #redistributor-regions says 2"));
}

TEST(timer_by_names_and_extended)
{
    CHECK_EQ(
        read_source(SMALL(GIC2,
                          "interrupt-names = \"hyp-phys\", \"virt\", \"phys\"; clock-frequency = <1000000>;"
                          "interrupts = <1 1 8 1 2 8 1 3 8>;"),
                    0, ""),
        0);
    CHECK_EQ(board.timer.hyp_intid, 17);
    CHECK_EQ(board.timer.virt_intid, 18);
    CHECK_EQ(board.timer.phys_intid, 19);
    CHECK_EQ(board.timer.frequency_hz, 1000000);
    CHECK_EQ(
        read_source(
            SMALL(GIC2, "interrupts-extended = <&gic 1 13 8>, <&gic 1 14 8>, <&gic 1 11 8>, <&gic 1 10 8>;"),
            0, ""),
        0);
    CHECK_EQ(board.timer.hyp_intid, 26);
}

TEST(memory_is_merged_and_rounded)
{
    static const char source[] =
        "/memreserve/ 0x1801 0x10;\n/ { #address-cells = <1>; #size-cells = <1>; interrupt-parent = <&gic>;\n"
        " memory@1800 { device_type = \"memory\"; reg = <0x1800 0x2000 0x4000 0x1000 0x10000 0x800>; };"
        " memory@3000 { device_type = \"memory\"; reg = <0x3000 0x1000>; };"
        " memory@90000 { device_type = \"memory\"; status = \"disabled\"; reg = <0x90000 0x1000>; };"
        " reserved-memory { #address-cells = <1>; #size-cells = <1>; ranges; pool { size = <0x1000>; };"
        "  a@2000 { reg = <0x1ff0 0x20 0x3010 4>; }; };"
        " gic: g@0 { #interrupt-cells = <3>; interrupt-controller; compatible = \"arm,gic-400\"; interrupts "
        "= <1 9 4>;"
        " reg = <1 1 2 1 3 1 4 1>; }; timer { compatible = \"arm,armv8-timer\"; " TIMER " }; };";

    CHECK_EQ(read_source(source, 0, "console=none"), 0);
    CHECK_EQ(board.memory_count, 1);
    CHECK_EQ(board.memory[0].base.v, 0x2000);
    CHECK_EQ(board.memory[0].size_bytes, 0x3000);
    CHECK_EQ(board.reserved_count, 1);
    CHECK_EQ(board.reserved[0].base.v, 0x1000);
    CHECK_EQ(board.reserved[0].size_bytes, 0x3000);
}

/* Random ranges through add_memory and add_reserved, against a map of pages. */
TEST(ranges_against_a_page_map)
{
    for (int round = 0; round < (test_long() ? 200 : 25); round++) {
        static bool in_memory[256], in_reserved[256];
        char source[4096];
        size_t n = 0;
        unsigned pages;

        memset(in_memory, 0, sizeof(in_memory));
        memset(in_reserved, 0, sizeof(in_reserved));
        n += (size_t)snprintf(source + n, sizeof(source) - n,
                              "/ { #address-cells = <1>; #size-cells = <1>;"
                              " reserved-memory { #address-cells = <1>; #size-cells = <1>; }; };\n");
        for (int i = 0; i < 20; i++) {
            unsigned base = (unsigned)test_random_below(240 * 4096),
                     size = 1 + (unsigned)test_random_below(14 * 4096);
            bool memory = i % 2 == 0;

            for (unsigned page = 0; page < 256; page++) {
                if (memory && page * 4096 >= base && (page + 1) * 4096 <= base + size) {
                    in_memory[page] = true;
                }
                if (!memory && (page + 1) * 4096 > base && page * 4096 < base + size) {
                    in_reserved[page] = true;
                }
            }
            n += (size_t)snprintf(source + n, sizeof(source) - n,
                                  memory ? " / { memory@%u { device_type = \"memory\"; reg = <%u %u>; }; };\n"
                                         : " / { reserved-memory { r%u { reg = <%u %u>; }; }; };\n",
                                  (unsigned)i, base, size);
        }
        (void)read_source(source, 0, "console=none");
        pages = 0;
        for (unsigned i = 0; i < board.memory_count; i++) {
            for (uint64_t p = 0; p < board.memory[i].size_bytes / 4096; p++, pages++) {
                CHECK(in_memory[board.memory[i].base.v / 4096 + p]);
            }
        }
        for (unsigned i = 0; i < board.reserved_count; i++) {
            for (uint64_t p = 0; p < board.reserved[i].size_bytes / 4096; p++, pages++) {
                CHECK(in_reserved[board.reserved[i].base.v / 4096 + p]);
            }
        }
        for (unsigned page = 0; page < 256; page++) {
            pages -= (unsigned)in_memory[page] + (unsigned)in_reserved[page];
        }
        CHECK_EQ(pages, 0); /* Merged: nothing counted twice, nothing lost. */
    }
}

TEST(cpus_that_cannot_start_are_left_out)
{
    char source[4096];
    size_t n = (size_t)snprintf(
        source, sizeof(source),
        "/ { cpus { #address-cells = <2>; #size-cells = <0>;"
        " cpu-map { };"
        " a { device_type = \"cpu\"; reg = <0 0x100>; enable-method = \"spin-table\"; };"
        " b { device_type = \"cpu\"; reg = <0 0x101>; enable-method = \"psci\"; status = \"disabled\"; };"
        " c { device_type = \"cpu\"; enable-method = \"psci\"; };"
        " d { device_type = \"cpu\"; reg = <1 0x80000000>; enable-method = \"psci\"; };"
        " e { device_type = \"cpu\"; reg = <1 0x80000000>; enable-method = \"psci\"; };"
        " boot { device_type = \"cpu\"; reg = <0 0>; };");

    for (unsigned i = 1; i <= 10; i++) {
        n += (size_t)snprintf(source + n, sizeof(source) - n,
                              "cpu@%x { device_type = \"cpu\"; reg = <0 %u>; enable-method = \"psci\"; };", i,
                              i);
    }
    snprintf(source + n, sizeof(source) - n,
             " }; psci { compatible = \"arm,psci\"; method = \"smc\"; cpu_on = <0x95c1ba5f>; };"
             " memory@0 { device_type = \"memory\"; reg = <0 0 0x100000>; };"
             " g: gic@1 { compatible = \"arm,gic-400\"; #interrupt-cells = <3>; interrupt-controller; "
             "interrupts = <1 9 4>;"
             "  reg = <0 1 1 0 2 1 0 3 1 0 4 1>; };"
             " timer { compatible = \"arm,armv8-timer\"; interrupt-parent = <&g>; " TIMER " }; };");
    CHECK_EQ(read_source(source, 0, "console=none"), 0);
    CHECK_EQ(board.cpu_count, CPU_MAX);
    CHECK_EQ(board.cpu_mpidr[0], 0);
    CHECK_EQ(board.cpu_mpidr[1], 0x100000000); /* Aff3; bit 31 of the register is not affinity. */
    CHECK_EQ(board.cpu_mpidr[2], 1);
    CHECK_EQ(board.psci_cpu_on, 0x95c1ba5f);
    CHECK(test_log_contains("/cpus/a: enable-method is \"spin-table\", CPU left out"));
    CHECK(test_log_contains("/cpus/b is disabled"));
    CHECK(test_log_contains("/cpus/c: reg is malformed"));
    CHECK(test_log_contains("/cpus/e: reg 0x100000000 is that of another CPU"));
    CHECK(test_log_contains("4 CPUs left out: at most 8"));
}

TEST(no_psci_means_one_cpu)
{
    static const char cpus[] =
        " cpus { #address-cells = <1>; #size-cells = <0>; cpu@0 { device_type = \"cpu\"; reg = <0>; };"
        " cpu@1 { device_type = \"cpu\"; reg = <1>; enable-method = \"psci\"; }; };";
    char source[2048];

    snprintf(source, sizeof(source), "%s\n/ {%s };", SMALL(GIC2, TIMER), cpus);
    CHECK_EQ(read_source(source, 0, "console=none"), 0);
    CHECK_EQ(board.cpu_count, 1);
    CHECK(test_log_contains("no psci node: only the boot CPU runs"));
    snprintf(source, sizeof(source),
             "%s\n/ {%s psci { compatible = \"arm,psci-0.2\"; method = \"hvc\"; }; };", SMALL(GIC2, TIMER),
             cpus);
    CHECK_EQ(read_source(source, 0, "console=none"), 0);
    CHECK_EQ(board.psci_conduit, PSCI_CONDUIT_HVC);
    CHECK(test_log_contains("method \"hvc\" reaches no firmware"));
}

/* The ZCU102's tree: two banks of memory with 2-cell addresses, the GIC and the UART in /axi with empty
 * ranges, a bus of 1-cell addresses inside, no #address-cells at depth. */
static const char zcu102_shape[] =
    "/ { #address-cells = <2>; #size-cells = <2>; model = \"ZynqMP ZCU102 Rev1.0\";\n"
    " cpus { #address-cells = <1>; #size-cells = <0>; cpu@0 { device_type = \"cpu\"; enable-method = "
    "\"psci\"; reg = <0>; };\n"
    "  cpu@1 { device_type = \"cpu\"; enable-method = \"psci\"; reg = <1>; }; idle-states { entry-method = "
    "\"psci\"; }; };\n"
    " psci { compatible = \"arm,psci-0.2\"; method = \"smc\"; };\n"
    " timer { compatible = \"arm,armv8-timer\"; interrupt-parent = <&gic>;"
    "  interrupts = <1 13 0xf08 1 14 0xf08 1 11 0xf08 1 10 0xf08>; };\n"
    " axi { compatible = \"simple-bus\"; #address-cells = <2>; #size-cells = <2>; ranges;\n"
    "  gic: interrupt-controller@f9010000 { compatible = \"arm,gic-400\"; #address-cells = <0>; "
    "#interrupt-cells = <3>;\n"
    "   reg = <0 0xf9010000 0 0x10000 0 0xf9020000 0 0x20000 0 0xf9040000 0 0x20000 0 0xf9060000 0 "
    "0x20000>;\n"
    "   interrupt-controller; interrupt-parent = <&gic>; interrupts = <1 9 0xf04>; };\n"
    "  serial@ff000000 { compatible = \"xlnx,zynqmp-uart\", \"cdns,uart-r1p12\"; status = \"okay\"; "
    "interrupt-parent = <&gic>;\n"
    "   interrupts = <0 21 4>; reg = <0 0xff000000 0 0x1000>; }; };\n"
    " aliases { serial0 = \"/axi/serial@ff000000\"; serial2 = \"/dcc\"; };\n"
    " chosen { bootargs = \"earlycon\"; stdout-path = \"serial0:115200n8\"; };\n"
    " memory@0 { device_type = \"memory\"; reg = <0 0 0 0x80000000 8 0 0 0x80000000>; }; dcc { compatible = "
    "\"arm,dcc\"; }; };";

static void check_zcu102(unsigned cpus)
{
    CHECK_STR_EQ(test_log_text(), "");
    CHECK_STR_EQ(board.model, "ZynqMP ZCU102 Rev1.0");
    CHECK_EQ(board.memory_count, 2);
    CHECK_EQ(board.memory[0].size_bytes, GIB(2));
    CHECK_EQ(board.memory[1].base.v, GIB(32));
    CHECK_EQ(board.memory[1].size_bytes, GIB(2));
    CHECK_EQ(board.cpu_count, cpus);
    CHECK_EQ(board.gic.version, 2);
    CHECK_EQ(board.gic.gicd.base.v, 0xf9010000);
    CHECK_EQ(board.gic.gicc.base.v, 0xf9020000);
    CHECK_EQ(board.gic.gicc.size_bytes, 0x20000);
    CHECK_EQ(board.gic.gicv.base.v, 0xf9060000);
    CHECK_EQ(board.gic.maintenance_intid, 25);
    CHECK_EQ(board.timer.hyp_intid, 26);
    CHECK_STR_EQ(board.uart.compatible, "cdns,uart-r1p12");
    CHECK_STR_EQ(board.uart.path, "/axi/serial@ff000000");
    CHECK_EQ(board.uart.regs.base.v, 0xff000000);
    CHECK_EQ(board.uart.intid, 53);
    CHECK_EQ(board.psci_cpu_on, 0xc4000003);
}

TEST(shape_of_zcu102)
{
    CHECK_EQ(read_source(zcu102_shape, 0, ""), 0);
    check_zcu102(2);
}

/* The board's real tree, once setup has put it there. */
TEST(real_tree_of_zcu102)
{
    size_t size;
    void *fdt = dts_load("build/arm64/boards/zynqmp-zcu102-rev1.0.dtb", &size);

    if (fdt == NULL) {
        printf("skipped: no build/arm64/boards/zynqmp-zcu102-rev1.0.dtb, run tools/setup.sh\n");
        return;
    }
    CHECK_EQ(read_tree(fdt, size, 0x80000000, ""), 0);
    check_zcu102(4);
    free(fdt);
}

/* Tree of QEMU's virt; NULL without QEMU. */
static void *virt_tree(unsigned gic_version, size_t *size)
{
    char path[] = "/tmp/virt-XXXXXX", command[200];
    int fd = mkstemp(path);
    void *fdt = NULL;

    CHECK(fd >= 0);
    close(fd);
    snprintf(command, sizeof(command),
             "qemu-system-aarch64 -machine virt,virtualization=on,gic-version=%u,dumpdtb=%s -cpu cortex-a53 "
             "-smp 4 "
             "-display none -nic none >/dev/null 2>&1",
             gic_version, path);
    if (system(command) == 0) {
        fdt = dts_load(path, size);
    }
    remove(path);
    return fdt;
}

TEST(real_trees_of_virt)
{
    for (unsigned version = 2; version <= 3; version++) {
        size_t size;
        void *fdt = virt_tree(version, &size);

        if (fdt == NULL) {
            printf("skipped: no qemu-system-aarch64\n");
            return;
        }
        CHECK_EQ(read_tree(fdt, size, 0x80000000, ""), 0);
        CHECK_STR_EQ(test_log_text(), "");
        CHECK_EQ(board.gic.version, version);
        CHECK_EQ(version == 2 ? board.gic.gicv.base.v : board.gic.gicr[0].base.v,
                 version == 2 ? 0x8040000 : 0x80a0000);
        CHECK_EQ(board.gic.maintenance_intid, 25);
        CHECK_EQ(board.timer.hyp_intid, 26);
        CHECK_EQ(board.cpu_count, 4);
        CHECK_EQ(board.uart.intid, 33);
        CHECK_EQ(board.memory[0].base.v, 0x40000000);
        free(fdt);
    }
}

/* Any word of the tree changed: refused, or read without a fault. */
TEST(corrupt_tree)
{
    size_t size;
    uint8_t *fdt = dts_machine("", &size);
    uint8_t *copy = malloc(size);
    unsigned refused = 0;

    cmdline_parse("", &options);
    for (int round = 0; round < (test_long() ? 200000 : 6000); round++) {
        memcpy(copy, fdt, size);
        for (uint64_t i = 1 + test_random_below(3); i > 0; i--) {
            uint32_t word =
                (uint32_t[]){0, 1, 2, 3, 4, 9, 0xffffffff, (uint32_t)test_random()}[test_random_below(8)];
            size_t at = test_random_below(size / 4) * 4;

            word = cpu_to_fdt32(word);
            memcpy(copy + at, &word, sizeof(word));
        }
        if (board_check_tree(copy, size) < 0) {
            refused++;
        } else {
            (void)board_cmdline(copy);
            (void)board_read(copy, 0, &options, &board);
        }
        test_log_clear();
    }
    CHECK(refused > 100);
    free(copy);
    free(fdt);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_dom0_config.c - Dom0 as /chosen and the command line ask for it: modules, arguments, sizes, mistakes.
 */
#include <string.h>

#include "boot/board.h"
#include "boot/domain_config.h"
#include "dts.h"
#include "lib/log.h"
#include "test.h"

static struct board board;
static struct options options;
static struct boot_config config;
static bool no_psci;

static const void *read_phys(pa_t base, uint64_t size_bytes)
{
    (void)base;
    (void)size_bytes;
    return NULL;
}

#define CELLS "#address-cells = <2>; #size-cells = <2>; "
#define MODULE(name, kind, at, size, more)                                                                   \
    name " { compatible = \"multiboot," kind "\", \"multiboot,module\"; reg = <0 " at " 0 " size ">; " more  \
         " }; "
#define KERNEL MODULE("k", "kernel", "0x41000000", "0x1000", "")
#define KERNEL_WITH(more) MODULE("k", "kernel", "0x41000000", "0x1000", more)
#define RAMDISK MODULE("r", "ramdisk", "0x42000000", "0x2000", "")

static void read_chosen(const char *chosen, const char *cmdline)
{
    char text[2048];
    size_t size;
    void *fdt;

    snprintf(text, sizeof(text), CELLS "%s", chosen);
    fdt = dts_machine(text, &size);
    test_log_clear();
    CHECK_EQ(board_check_tree(fdt, size), (int64_t)size);
    cmdline_parse(cmdline, &options);
    CHECK_EQ(board_read(fdt, 0, &options, &board), 0);
    board.psci_conduit = no_psci ? PSCI_CONDUIT_NONE : board.psci_conduit;
    memset(&config, 0xa5, sizeof(config));
    CHECK_EQ(boot_config_read(fdt, &board, &options, read_phys, &config), 0);
    free(fdt);
}

TEST(kernel_and_ramdisk)
{
    read_chosen(KERNEL RAMDISK, "dom0_mem=64M");
    CHECK_STR_EQ(test_log_text(), "");
    CHECK(!config.dom0_refused);
    CHECK_EQ(config.domain_count, 0);
    CHECK_EQ(config.dom0.kernel.base.v, 0x41000000);
    CHECK_EQ(config.dom0.ramdisk.size_bytes, 0x2000);
    CHECK_EQ(config.dom0.memory_bytes, MIB(64));
    CHECK_EQ(config.dom0.memory_least_bytes, MIB(64));
    CHECK_EQ(config.dom0.vcpu_count, 4);
    CHECK_EQ(config.dom0.vcpu_hard_affinity[3], 0);
    CHECK_STR_EQ(config.dom0.bootargs, "");
    CHECK_EQ(config.module_count, 2);
}

TEST(kinds_that_are_not_said)
{
    read_chosen("a { compatible = \"multiboot,module\"; reg = <0 0x41000000 0 0x1000>; };"
                "b { compatible = \"xen,multiboot-module\"; reg = <0 0x42000000 0 0x1000>; };",
                "dom0_mem=64M");
    CHECK(!config.dom0_refused);
    CHECK_EQ(config.dom0.kernel.base.v, 0x41000000);
    CHECK_EQ(config.dom0.ramdisk.base.v, 0x42000000);
}

TEST(whose_bootargs)
{
    read_chosen("xen,xen-bootargs = \"dom0_mem=64M\"; bootargs = \"linux\";" KERNEL, "dom0_mem=64M");
    CHECK_STR_EQ(config.dom0.bootargs, "linux");
    read_chosen("bootargs = \"xen\"; xen,dom0-bootargs = \"linux\";" KERNEL, "dom0_mem=64M");
    CHECK_STR_EQ(config.dom0.bootargs, "linux");
    read_chosen("bootargs = \"xen\"; xen,dom0-bootargs = \"no\";" KERNEL_WITH("bootargs = \"linux\";"),
                "dom0_mem=64M");
    CHECK_STR_EQ(config.dom0.bootargs, "linux");
    read_chosen("bootargs = \"linux\";" KERNEL, "dom0_mem=64M");
    CHECK_STR_EQ(config.dom0.bootargs, "linux");
}

TEST(sizes)
{
    static const struct {
        const char *cmdline;
        uint64_t bytes, least;
    } rows[] = {
        {"dom0_mem=65536", MIB(64), MIB(64)},       {"dom0_mem=67108864B", MIB(64), MIB(64)},
        {"dom0_mem=65536k", MIB(64), MIB(64)},      {"dom0_mem=33M", MIB(34), MIB(34)}, /* Whole 2 MiB. */
        {"dom0_mem=64M,min:32M", MIB(64), MIB(32)}, {"dom0_mem=min:32M,64M,max:48M", MIB(48), MIB(32)},
        {"dom0_mem=1G,min:100M", GIB(1), MIB(100)}, {"dom0_mem=16M,min:32M", MIB(32), MIB(32)},
        {"dom0_mem=max:100M", MIB(100), MIB(100)},  {"dom0_mem=min:100M", MIB(512), MIB(100)},
    };

    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        read_chosen(KERNEL, rows[i].cmdline);
        CHECK(!config.dom0_refused);
        CHECK_EQ(config.dom0.memory_bytes, rows[i].bytes);
        CHECK_EQ(config.dom0.memory_least_bytes, rows[i].least);
    }
}

TEST(vcpus)
{
    static const struct {
        const char *cmdline;
        unsigned count;
        uint32_t affinity_of_last;
    } rows[] = {
        {"dom0_max_vcpus=1", 1, 0},   {"dom0_max_vcpus=8", 8, 0},
        {"dom0_max_vcpus=2-3", 3, 0}, {"dom0_max_vcpus=1-8", 4, 0},
        {"dom0_max_vcpus=6-8", 6, 0}, {"maxcpus=2", 2, 0},
        {"dom0_vcpus_pin", 4, 8},     {"dom0_vcpus_pin maxcpus=2 dom0_max_vcpus=3", 3, 1},
        {"no-dom0_vcpus_pin", 4, 0},
    };

    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char cmdline[128];

        snprintf(cmdline, sizeof(cmdline), "dom0_mem=64M %s", rows[i].cmdline);
        read_chosen(KERNEL, cmdline);
        CHECK_EQ(config.dom0.vcpu_count, rows[i].count);
        CHECK_EQ(config.dom0.vcpu_hard_affinity[rows[i].count - 1], rows[i].affinity_of_last);
    }
}

TEST(values_that_are_none)
{
    static const char *const values[] = {
        "dom0_mem=",           "dom0_mem=0",         "dom0_mem=64X",      "dom0_mem=64M,",
        "dom0_mem=64M,64MB",   "dom0_mem=-64M",      "dom0_mem=300000T",  "dom0_mem=64M max:1",
        "dom0_mem=min:",       "no-dom0_mem",        "dom0_max_vcpus=0",  "dom0_max_vcpus=9",
        "dom0_max_vcpus=",     "dom0_max_vcpus=3-2", "dom0_max_vcpus=1-", "dom0_max_vcpus=2x",
        "dom0_vcpus_pin=maybe"};

    for (size_t i = 0; i < ARRAY_COUNT(values); i++) {
        test_log_clear();
        cmdline_parse(values[i], &options);
        CHECK_EQ(test_log_count(LOG_WARN), 1);
        CHECK(test_log_contains(strcmp(values[i], "dom0_mem=64M max:1") == 0 ? "no option \"max:1\""
                                                                             : "write "));
        CHECK_EQ(options.dom0_max_vcpus, VCPU_MAX);
    }
}

/* Each row: what is wrong, on which command line, and words of the message. */
static const char *const refused[][3] = {
    {KERNEL, "",
     "dom0_mem: Dom0 is to have 512 MiB (nothing is written, so it is that), the machine has 128 MiB of "
     "RAM; write less, as dom0_mem=64M"},
    {KERNEL, "dom0_mem=4G", "dom0_mem: Dom0 is to have 4096 MiB, the machine has 128 MiB"},
    {KERNEL, "dom0_mem=4G,min:1G", "dom0_mem: Dom0 is to have 1024 MiB"},
    {KERNEL, "dom0_mem=1M", "1024 KiB hold no kernel; write more, as dom0_mem=512M"},
    {RAMDISK, "",
     "/chosen: a ramdisk for Dom0, but no kernel; write a node with compatible = \"multiboot,kernel\""},
    {KERNEL MODULE("k2", "kernel", "0x42000000", "0x1000", ""), "",
     "/chosen/k2: a second kernel for Dom0; leave one"},
    {KERNEL RAMDISK MODULE("r2", "ramdisk", "0x43000000", "0x1000", ""), "", "/chosen/r2: a second ramdisk"},
    {KERNEL MODULE("r", "ramdisk", "0x41000800", "0x1000", ""), "",
     "/chosen/r: module at 0x41000800, 0x1000 bytes, overlaps /chosen/k at 0x41000000"},
    {MODULE("k", "kernel", "0x90000000", "0x1000", ""), "", "is not in RAM; load it into one of"},
    {KERNEL_WITH("bootargs = [41];"), "", "bootargs of Dom0: write one string"},
};

TEST(mistakes)
{
    for (size_t i = 0; i < ARRAY_COUNT(refused); i++) {
        read_chosen(refused[i][0], refused[i][1]);
        CHECK(config.dom0_refused);
        if (!test_log_contains(refused[i][2])) {
            test_fail(__FILE__, __LINE__, "row %zu: %s", i, test_log_text());
        }
    }
}

TEST(no_psci)
{
    no_psci = true;
    read_chosen(KERNEL, "dom0_mem=64M");
    no_psci = false;
    CHECK(config.dom0_refused);
    CHECK(test_log_contains(
        "no psci node that can be called: Dom0 could not switch the machine off; write one"));
}

TEST(options_without_dom0)
{
    read_chosen("", "dom0_mem=64M");
    CHECK(test_log_contains("options of Dom0 have no effect: there is no kernel module right under /chosen"));
    CHECK(test_log_contains("nothing to start"));
}

TEST(beside_a_domain)
{
    read_chosen("d { compatible = \"xen,domain\"; memory = <0 81920>; cpus = <1>; "
                "m { compatible = \"multiboot,kernel\", \"multiboot,module\"; reg = <0 0x43000000 0 0x1000>; "
                "}; };" KERNEL,
                "dom0_mem=64M");
    CHECK(!config.dom0_refused);
    CHECK_EQ(config.domain_count, 0);
    CHECK(test_log_contains("/chosen/d: memory: 81920 KiB wanted, 65536 KiB of RAM are left"));
    read_chosen("d { compatible = \"xen,domain\"; memory = <0 8192>; cpus = <1>; "
                "m { compatible = \"multiboot,kernel\", \"multiboot,module\"; reg = <0 0x43000000 0 0x1000>; "
                "}; };" KERNEL,
                "dom0_mem=64M sched=null");
    CHECK_EQ(config.domain_count, 0);
    CHECK(test_log_contains("0 of 4 CPUs are left, 1 are wanted; write fewer (of Dom0 by dom0_max_vcpus=)"));
    read_chosen("d { compatible = \"xen,domain\"; memory = <0 8192>; cpus = <1>; "
                "m { compatible = \"multiboot,kernel\", \"multiboot,module\"; reg = <0 0x43000000 0 0x1000>; "
                "}; };" KERNEL,
                "dom0_mem=64M sched=null dom0_max_vcpus=3");
    CHECK_EQ(config.domain_count, 1);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_domain_config.c - the domains of a tree: what is read, what is refused and in which words. */
#include "boot/domain_props.h"
#include "domain_tree.h"
#include "lib/error.h"
#include "lib/log.h"

/* Xen's own example (docs/misc/arm/device-tree/booting.txt), at addresses of this machine. */
static const char two_domains[] =
    "xen,xen-bootargs = \"console=dtuart dtuart=serial0 bootscrub=0\"; #address-cells = <1>; #size-cells = "
    "<1>;\n"
    "domU1 { compatible = \"xen,domain\"; #address-cells = <0x2>; #size-cells = <0x1>; memory = <0 65536>; "
    "cpus = <2>; vpl011;\n"
    " module@0x41000000 { compatible = \"multiboot,kernel\", \"multiboot,module\"; reg = <0x0 0x41000000 "
    "0xffffff>;\n"
    "  bootargs = \"console=ttyAMA0 init=/bin/sh\"; };\n"
    " module@0x42000000 { compatible = \"multiboot,ramdisk\", \"multiboot,module\"; reg = <0x0 0x42000000 "
    "0xffffff>; };\n"
    " vcpu0 { compatible = \"xen,vcpu\"; id = <0>; hard-affinity = \"3,0-1\"; };\n"
    " vcpu1 { compatible = \"xen,vcpu\"; id = <1>; }; };\n"
    "domU2 { compatible = \"xen,domain\"; memory = <0 16384>; cpus = <1>; nr_spis = <40>; bootargs = "
    "\"plain\";\n"
    " module@0x43000000 { compatible = \"xen,linux-zimage\", \"xen,multiboot-module\"; reg = <0x43000000 "
    "0xffffff>; };\n"
    " module@0x44000000 { compatible = \"xen,linux-initrd\", \"xen,multiboot-module\"; reg = <0x44000000 "
    "0xffffff>; }; };";

TEST(two_domains_as_in_xens_example)
{
    const struct domain_config *d = config.domains;

    read_chosen(two_domains, "");
    CHECK_STR_EQ(test_log_text(), "");
    CHECK_EQ(config.domain_count, 2);
    CHECK_EQ(config.domains_refused, 0);
    CHECK(!config.dom0_refused && config.dom0.kernel.size_bytes == 0);
    CHECK_EQ(config.module_count, 4);
    CHECK_STR_EQ(config.modules[0].path, "/chosen/domU1/module@0x41000000");
    CHECK_STR_EQ(d[0].path, "/chosen/domU1");
    CHECK_STR_EQ(d[0].bootargs, "console=ttyAMA0 init=/bin/sh");
    CHECK_EQ(d[0].vcpu_count, 2);
    CHECK_EQ(d[0].memory_bytes, MIB(64));
    CHECK(d[0].vpl011 && !d[0].enhanced && !d[0].device_dma_uncontained);
    CHECK_EQ(d[0].spi_count, 1);
    CHECK_EQ(d[0].kernel.base.v, 0x41000000);
    CHECK_EQ(d[0].kernel.size_bytes, 0xffffff);
    CHECK_EQ(d[0].ramdisk.base.v, 0x42000000);
    CHECK_EQ(d[0].partial_tree.size_bytes, 0);
    CHECK_EQ(d[0].vcpu_hard_affinity[0], 0xb);
    CHECK_EQ(d[0].vcpu_hard_affinity[1], 0);
    CHECK_EQ(d[1].kernel.base.v, 0x43000000); /* Cells of /chosen, as the domain states none. */
    CHECK_EQ(d[1].ramdisk.base.v, 0x44000000);
    CHECK_STR_EQ(d[1].bootargs, "plain");
    CHECK(!d[1].vpl011);
    CHECK_EQ(d[1].spi_count, 40);
}

TEST(nothing_to_start)
{
    read_chosen("", "");
    CHECK_EQ(config.domain_count, 0);
    CHECK(test_log_contains("ERROR: /chosen: nothing to start: no domain and no Dom0; write a node with "
                            "compatible = \"xen,domain\""));
}

TEST(initrd_of_a_plain_boot_is_not_used)
{
    read_chosen("linux,initrd-start = <0x42000000>; linux,initrd-end = <0x42001000>;", "");
    CHECK(test_log_contains("WARN: /chosen: linux,initrd-start is not used; write Dom0's ramdisk as"));
    CHECK(test_log_contains("nothing to start"));
}

TEST(modules_of_unsaid_kind_are_kernel_then_ramdisk)
{
    read_domain("memory = <0 8192>; a { compatible = \"multiboot,module\"; reg = <0 0x41000000 0x1000>; };"
                "b { compatible = \"multiboot,module\"; reg = <0 0x42000000 0x1000>; };");
    CHECK_EQ(config.domain_count, 1);
    CHECK_EQ(config.domains[0].vcpu_count, 1);
    CHECK_EQ(config.domains[0].kernel.base.v, 0x41000000);
    CHECK_EQ(config.domains[0].ramdisk.base.v, 0x42000000);
}

/* Each row: what is wrong in a domain's node, and words of the message. None may start the domain. */
static const char *const refused[][2] = {
    {"cpus = <1>; " KERNEL, "memory is missing; write it in KiB, two cells"},
    {"memory = <131072>; " KERNEL, "memory has 4 bytes; write KiB in two cells, as <0 131072>"},
    {"memory = <0 0>; " KERNEL, "memory: 0 KiB"},
    {"memory = <0xffffffff 0>; " KERNEL, "memory: 18446744069414584320 KiB; from 4 to"},
    {"memory = <0 131076>; " KERNEL, "131076 KiB wanted, 131072 KiB of RAM are left"},
    {"memory = <0 262144>; " KERNEL,
     "262144 KiB wanted, 131072 KiB of RAM are left after the domains before it"},
    {"memory = <0 8192>; cpus = <0>; " KERNEL, "cpus: write a number of vCPUs from 1 to 8"},
    {"memory = <0 8192>; cpus = <9>; " KERNEL, "cpus: write a number of vCPUs from 1 to 8"},
    {"memory = <0 8192>; cpus; " KERNEL, "cpus: write a number"},
    {"memory = <0 8192>;", "/chosen/domU1: no kernel; write a node with compatible"},
    {"nr_spis = <989>; " BASICS, "nr_spis: write a number from 0 to 988"},
    {"xen,enhanced = \"maybe\"; " BASICS, "xen,enhanced: write \"enabled\""},
    {"bootargs = [41]; " BASICS, "bootargs: write one string of at most 1023"},
    {"xen,static-mem = <1 2 3>; " BASICS, "xen,static-mem: memory at chosen addresses is not supported"},
    {"direct-map; " BASICS, "direct-map: memory at chosen addresses is not supported"},
    {"llc-colors = \"0-3\"; " BASICS, "llc-colors: cache colouring is not supported"},
    {"domain-cpupool = <1>; " BASICS, "domain-cpupool: write a reference to an xen,cpupool node"},
    {"sve; " BASICS, "sve: SVE is not given to domains"},
    {"capabilities = <1>; " BASICS, "capabilities: a domain started at boot has no privileges"},
    {BASICS "shm { compatible = \"xen,domain-shared-memory-v1\"; };",
     "shm: memory shared between domains is not supported"},
    {BASICS "ec { compatible = \"xen,evtchn-v1\"; };", "ec: static event channels are not supported"},
    {BASICS "v { compatible = \"xen,vcpu\"; };", "/chosen/domU1/v: id: write the vCPU's number, 0 to 0"},
    {BASICS "v { compatible = \"xen,vcpu\"; id = <1>; };",
     "/chosen/domU1/v: id: write the vCPU's number, 0 to 0"},
    {BASICS "v { compatible = \"xen,vcpu\"; id = <0>; }; w { compatible = \"xen,vcpu\"; id = <0>; };",
     "/chosen/domU1/w: id: write the vCPU's number"},
    {BASICS "v { compatible = \"xen,vcpu\"; id = <0>; hard-affinity = \"4\"; };",
     "hard-affinity \"4\": write CPUs from 0 to 3 as a string like"},
    {BASICS "v { compatible = \"xen,vcpu\"; id = <0>; hard-affinity = <1>; };",
     "hard-affinity \"\": write CPUs"},
    {BASICS "k2 { compatible = \"multiboot,kernel\", \"multiboot,module\"; reg = <0 0x42000000 0x1000>; };",
     "two multiboot,kernel modules; leave one"},
    {BASICS "r { compatible = \"multiboot,ramdisk\", \"multiboot,module\"; };",
     "/chosen/domU1/r: reg is missing or malformed; write the module's address and size"},
    {BASICS "r { compatible = \"multiboot,ramdisk\", \"multiboot,module\"; xen,uefi-binary = \"x\"; };",
     "needs a start by EFI"},
    {BASICS "r { compatible = \"multiboot,ramdisk\", \"multiboot,module\"; reg = <0 0x42000000 0>; };",
     "reg says 0 bytes"},
    {BASICS "r { compatible = \"multiboot,ramdisk\", \"multiboot,module\"; reg = <0 0x48000000 1>; };",
     "module at 0x48000000, 0x1 bytes, is not in RAM; load it into one of 0x40000000-0x47ffffff"},
    {BASICS "r { compatible = \"multiboot,ramdisk\", \"multiboot,module\"; reg = <0 0x47ffffff 2>; };",
     "is not in RAM"},
    {BASICS
     "r { compatible = \"multiboot,ramdisk\", \"multiboot,module\"; reg = <0xffffffff 0xffffffff 2>; };",
     "reg is missing or malformed"},
    {BASICS "r { compatible = \"multiboot,ramdisk\", \"multiboot,module\"; reg = <0 0x45fff000 0x1001>; };",
     "lies over reserved memory at 0x46000000, 0x100000 bytes"},
    {BASICS "r { compatible = \"multiboot,ramdisk\", \"multiboot,module\"; reg = <0 0x41001233 1>; };",
     "overlaps /chosen/domU1/module@41000000 at 0x41000000, 0x1234 bytes"},
};

TEST(refused_with_words)
{
    for (size_t i = 0; i < ARRAY_COUNT(refused); i++) {
        read_domain(refused[i][0]);
        if (!test_log_contains(refused[i][1]) || config.domain_count != 0 || config.domains_refused != 1) {
            test_fail(__FILE__, __LINE__, "row %zu: \"%s\" not said of %s", i, refused[i][1], refused[i][0]);
        }
        CHECK(test_log_contains("ERROR: /chosen/domU1"));
        CHECK(test_log_contains("domain not started: correct what is said above"));
        CHECK(test_log_contains("ERROR: /chosen: none of its 1 domains can be started"));
    }
}

/* The same for what only deserves a warning: the domain starts. */
TEST(warned_about_and_started)
{
    static const char *const rows[][2] = {
        {"xen,domain-p2m-mem-mb = <4>; " BASICS, "xen,domain-p2m-mem-mb has no effect"},
        {"max_grant_frames = <4>; " BASICS, "max_grant_frames has no effect"},
        {"passthrough = \"enabled\"; " BASICS, "passthrough has no effect: no SMMU"},
        {"vcpus = <1>; " BASICS, "no property \"vcpus\" is known; there are cpus, memory"},
        {"cpus = <1>; memory = <0 8193>; " KERNEL,
         "8193 KiB is no whole number of 4 KiB pages: rounded down"},
        {"xen,enhanced; " BASICS, "there is no xenstore"},
        {"vpl011; nr_spis = <0>; " BASICS, NULL},
        {BASICS "x { compatible = \"multiboot,kernl\"; };",
         "x is no module and no xen,vcpu node, and not used"},
        {BASICS "x { compatible = \"xen,xsm-policy\", \"multiboot,module\"; reg = <0 0x42000000 0x1000>; };",
         "there is no XSM"},
        {"sve = <0>; passthrough = \"disabled\"; xen,sci_type = \"none\"; capabilities = <0>; " BASICS, NULL},
        {"xen,enhanced = \"no-xenstore\"; " BASICS, NULL},
        /* A module that the boot loader reserved itself. */
        {BASICS
         "r { compatible = \"multiboot,ramdisk\", \"multiboot,module\"; reg = <0 0x47000000 0x1000>; };",
         NULL},
    };

    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        read_domain(rows[i][0]);
        if (config.domain_count != 1 ||
            (rows[i][1] != NULL ? !test_log_contains(rows[i][1]) : test_log_text()[0] != '\0')) {
            test_fail(__FILE__, __LINE__, "row %zu: \"%s\" not said of %s", i,
                      rows[i][1] == NULL ? "" : rows[i][1], rows[i][0]);
        }
        CHECK_EQ(test_log_count(LOG_ERROR), 0);
        CHECK_EQ(config.domains[0].memory_bytes, MIB(8));
    }
    CHECK_EQ(config.domains[0].spi_count, 0);
    read_domain("xen,enhanced = \"disabled\"; " BASICS);
    CHECK(!config.domains[0].enhanced);
    read_domain("xen,enhanced = \"no-xenstore\"; " BASICS);
    CHECK(config.domains[0].enhanced);
}

TEST(one_bad_domain_does_not_disturb_the_others)
{
    read_chosen(
        "#address-cells = <2>; #size-cells = <1>;"
        "a { compatible = \"xen,domain\"; " BASICS " };"
        "b { compatible = \"xen,domain\"; cpus = <1>; direct-map; memory = <0 8192>;"
        " k { compatible = \"multiboot,kernel\", \"multiboot,module\"; reg = <0 0x50000000 0x1000>; }; };"
        "c { compatible = \"xen,domain\"; cpus = <3>; memory = <0 4096>; " KERNEL " };",
        "");
    CHECK_EQ(config.domain_count, 2);
    CHECK_EQ(config.domains_refused, 1);
    CHECK_STR_EQ(config.domains[0].path, "/chosen/a");
    CHECK_STR_EQ(config.domains[1].path, "/chosen/c");
    CHECK_EQ(config.domains[1].vcpu_count, 3);
    CHECK_EQ(config.module_count, 1); /* Shared by two; the one outside RAM is not kept. */
    CHECK(test_log_contains("/chosen/b: direct-map"));
    CHECK(test_log_contains("/chosen/b/k: module at 0x50000000, 0x1000 bytes, is not in RAM"));
}

TEST(memory_is_counted_over_all_domains)
{
    read_chosen("#address-cells = <2>; #size-cells = <1>;"
                "a { compatible = \"xen,domain\"; memory = <0 100000>; " KERNEL " };"
                "b { compatible = \"xen,domain\"; memory = <0 100000>; " KERNEL " };"
                "c { compatible = \"xen,domain\"; memory = <0 20000>; " KERNEL " };",
                "");
    CHECK_EQ(config.domain_count, 2);
    CHECK(test_log_contains("/chosen/b: memory: 100000 KiB wanted, 31072 KiB of RAM are left"));
}

TEST(null_places_as_many_vcpus_as_cpus)
{
    static const char chosen[] =
        "#address-cells = <2>; #size-cells = <1>;"
        "a { compatible = \"xen,domain\"; cpus = <3>; memory = <0 8192>; " KERNEL " };"
        "b { compatible = \"xen,domain\"; cpus = <2>; memory = <0 8192>; " KERNEL " };"
        "c { compatible = \"xen,domain\"; cpus = <1>; memory = <0 8192>; " KERNEL " };";

    read_chosen(chosen, "sched=null");
    CHECK_EQ(config.domain_count, 2);
    CHECK(test_log_contains(
        "/chosen/b: cpus: sched=null gives each vCPU a CPU of its own: 1 of 4 CPUs are left, 2 are wanted"));
    read_chosen(chosen, "sched=credit2");
    CHECK_EQ(config.domain_count, 3);
}

TEST(too_many)
{
    char chosen[16384];
    size_t n = (size_t)snprintf(chosen, sizeof(chosen), "#address-cells = <2>; #size-cells = <1>;");

    for (int i = 0; i < DOMAIN_CONFIG_MAX + 1; i++) {
        n += (size_t)snprintf(chosen + n, sizeof(chosen) - n,
                              "d%d { compatible = \"xen,domain\"; memory = <0 4>; %s };", i, KERNEL);
    }
    read_chosen(chosen, "");
    CHECK_EQ(config.domain_count, DOMAIN_CONFIG_MAX);
    CHECK_EQ(config.domains_refused, 1);
    CHECK(test_log_contains("/chosen/d16: more than 16 domains"));

    n = (size_t)snprintf(chosen, sizeof(chosen), "#address-cells = <2>; #size-cells = <1>;");
    for (int i = 0; i < MODULE_MAX + 1; i++) {
        n += (size_t)snprintf(chosen + n, sizeof(chosen) - n,
                              "m%d { compatible = \"multiboot,ramdisk\"; reg = <0 0x41%03x000 1>; };", i, i);
    }
    snprintf(chosen + n, sizeof(chosen) - n,
             "z { compatible = \"xen,domain\"; memory = <0 4>; k { compatible = \"multiboot,kernel\";"
             " reg = <0 0x42000000 1>; }; };");
    read_chosen(chosen, "");
    CHECK_EQ(config.module_count, MODULE_MAX);
    CHECK(test_log_contains("/chosen/z/k: more than 64 modules"));
}

TEST(cpu_lists)
{
    static const struct {
        const char *text;
        int64_t cpus; /* -1: refused. */
    } rows[] = {{"0", 1},   {"7", 0x80}, {"0-7", 0xff}, {"0-2,3", 0xf}, {"3,1", 0xa},        {"2-2", 4},
                {"0,0", 1}, {"8", -1},   {"", -1},      {",", -1},      {"1,", -1},          {"-1", -1},
                {"1-", -1}, {"3-1", -1}, {"1 ", -1},    {"0-2-3", -1},  {"99999999999", -1}, {"x", -1}};

    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        uint32_t cpus = 0;
        int error = domain_parse_cpu_list(rows[i].text, 8, &cpus);

        CHECK_EQ(error == 0 ? (int64_t)cpus : -1, rows[i].cpus);
    }
}

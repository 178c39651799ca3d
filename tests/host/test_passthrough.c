/* SPDX-License-Identifier: Apache-2.0 */
/* test_passthrough.c - devices that partial trees assign: what is read, what is refused and in which
 * words. */
#include <string.h>

#include "boot/board.h"
#include "boot/domain_config.h"
#include "dts.h"
#include "lib/error.h"
#include "lib/log.h"
#include "test.h"

static struct board board;
static struct options options;
static struct boot_config config;
static const void *partial; /* What the domain's module holds. */
static size_t partial_bytes;

#define PARTIAL_AT "0x44000000"
#define PARTIAL_ROOM 0x10000
#define KERNEL                                                                                               \
    "module@41000000 { compatible = \"multiboot,kernel\", \"multiboot,module\"; reg = <0 0x41000000 "        \
    "0x1234>; };"
#define BASICS "memory = <0 8192>; cpus = <1>; " KERNEL
#define PARTIAL                                                                                              \
    "module@44000000 { compatible = \"multiboot,device-tree\", \"multiboot,module\"; reg = <0 " PARTIAL_AT   \
    " 0x10000>; };"

static const void *read_phys(pa_t base, uint64_t size_bytes)
{
    CHECK_EQ(base.v, 0x44000000);
    CHECK_EQ(size_bytes, PARTIAL_ROOM);
    return partial;
}

static void read_chosen(const char *chosen)
{
    size_t size;
    void *fdt = dts_machine(chosen, &size);

    cmdline_parse("", &options);
    CHECK_EQ(board_read(fdt, 0, &options, &board), 0);
    memset(&config, 0xa5, sizeof(config));
    CHECK_EQ(boot_config_read(fdt, &board, &options, read_phys, &config), 0);
    free(fdt);
}

/* One domain with @inside in its node. */
static void read_domain(const char *inside)
{
    char chosen[4096];

    test_log_clear();
    snprintf(chosen, sizeof(chosen),
             "#address-cells = <2>; #size-cells = <1>; domU1 { compatible = \"xen,domain\"; %s };", inside);
    read_chosen(chosen);
}

static void read_partial(const char *source, const char *more)
{
    char inside[1024];
    void *tree = dts_compile(source, &partial_bytes);

    CHECK(partial_bytes <= 0x10000);
    partial = calloc(1, 0x10000);
    memcpy((void *)(uintptr_t)partial, tree, partial_bytes);
    snprintf(inside, sizeof(inside), "%s " BASICS PARTIAL, more);
    read_domain(inside);
    free(tree);
    free((void *)(uintptr_t)partial);
}

#define FRAGMENT(nodes)                                                                                      \
    "/ { #address-cells = <2>; #size-cells = <2>; gic: gic { #interrupt-cells = <3>; interrupt-controller; " \
    "};"                                                                                                     \
    " passthrough { compatible = \"simple-bus\"; ranges; #address-cells = <2>; #size-cells = <2>; " nodes    \
    " }; };"
#define RTC                                                                                                  \
    "rtc@10000000 { compatible = \"arm,pl031\"; reg = <0 0x10000000 0 0x1000>; interrupt-parent = <&gic>;"
#define RTC_REG "xen,reg = <0 0x9010000 0 0x1000 0 0x10000000>;"
#define RTC_PATH "xen,path = \"/soc/rtc@20000\";"

TEST(device_with_path)
{
    const struct domain_config *d = config.domains;

    read_partial(FRAGMENT("clk { #clock-cells = <0>; };" RTC RTC_REG RTC_PATH "interrupts = <0 2 4>; };"),
                 "");
    CHECK_EQ(config.domain_count, 1);
    CHECK_EQ(d->mmio_count, 1);
    CHECK_EQ(d->mmio[0].physical.v, 0x9010000);
    CHECK_EQ(d->mmio[0].guest.v, 0x10000000);
    CHECK_EQ(d->mmio[0].size_bytes, 0x1000);
    CHECK_EQ(d->irq_count, 1);
    CHECK_EQ(d->irq[0].intid, 34);
    CHECK(!d->irq[0].edge);
    CHECK_EQ(d->spi_count, 3);
    CHECK(d->device_dma_uncontained);
    CHECK(test_log_contains("WARN: /chosen/domU1: /soc/rtc@20000 is assigned without an SMMU"));
    CHECK_EQ(test_log_count(LOG_WARN), 1);
    read_partial(FRAGMENT(RTC RTC_REG RTC_PATH "interrupts = <0 2 4>; };"), "nr_spis = <2>;");
    CHECK(test_log_contains("nr_spis is 2, its devices need 3"));
    CHECK_EQ(d->spi_count, 3);
}

TEST(interrupts_are_those_of_the_host)
{
    read_partial(FRAGMENT(RTC RTC_REG RTC_PATH "interrupts = <0 77 4>; };"), "");
    CHECK_EQ(config.domains[0].irq_count, 1);
    CHECK_EQ(config.domains[0].irq[0].intid, 34);
    CHECK(test_log_contains("interrupts names 109, which the host's node has not"));
    read_partial(
        FRAGMENT("e { xen,reg = <0 0x9020000 0 0x1000 0 0x9020000>; xen,path = \"/soc/edge@30000\"; };"), "");
    CHECK_EQ(config.domains[0].irq[0].intid, 39);
    CHECK(config.domains[0].irq[0].edge);
}

TEST(device_without_path_brings_its_own_interrupts)
{
    read_partial(FRAGMENT(RTC RTC_REG "xen,force-assign-without-iommu; interrupts = <0 2 4 0 2 4 0 3 1>; };"),
                 "");
    CHECK_EQ(config.domains[0].irq_count, 2);
    CHECK_EQ(config.domains[0].irq[1].intid, 35);
    CHECK(config.domains[0].irq[1].edge);
}

TEST(devices_refused_with_words)
{
    static const char *const rows[][2] = {
        {FRAGMENT(RTC RTC_REG "};"),
         "partial tree /passthrough/rtc@10000000: write both xen,reg and xen,path"},
        {FRAGMENT(RTC RTC_PATH "};"), "write both xen,reg and xen,path"},
        {FRAGMENT(RTC RTC_REG "xen,path = \"/soc/nothing\"; };"),
         "xen,path: the host's tree has no node \"/soc/nothing\""},
        {FRAGMENT(RTC RTC_REG "xen,path = \"serial0\"; };"), "no node \"serial0\""},
        {FRAGMENT(RTC RTC_PATH "xen,reg = <0 0x9010000 0 0x1000 0>; };"),
         "xen,reg is no list of <physical size guest>"},
        {FRAGMENT(RTC RTC_PATH "xen,reg; };"), "xen,reg is no list of <physical size guest>"},
        {FRAGMENT(RTC RTC_PATH "xen,reg = <0 0x9010004 0 0x1000 0 0x10000000>; };"), "write whole pages"},
        {FRAGMENT(RTC RTC_PATH "xen,reg = <0 0x9010000 0 0 0 0x10000000>; };"), "write whole pages"},
        {FRAGMENT(RTC RTC_PATH "xen,reg = <0 0x41000000 0 0x1000 0 0x10000000>; };"),
         "cannot be assigned: that is RAM"},
        {FRAGMENT(RTC RTC_PATH "xen,reg = <0 0x8030000 0 0x1000 0 0x10000000>; };"),
         "that is the interrupt controller"},
        {FRAGMENT(RTC RTC_PATH "xen,reg = <0 0x9000000 0 0x1000 0 0x10000000>; };"),
         "that is the hypervisor's console"},
        {FRAGMENT(RTC RTC_REG "xen,path = \"/soc/serial@10000\"; };"),
         "is the hypervisor's console; choose another by dtuart="},
        {FRAGMENT(RTC RTC_PATH "xen,reg = <0 0x9010000 0 0x1000 0 0x40000000>; };"),
         "0x40000000 is the domain's RAM"},
        {FRAGMENT(RTC RTC_PATH "xen,reg = <0 0x9010000 0 0x1000 0 0x3001000>; };"),
         "is the domain's interrupt controller"},
        {FRAGMENT(RTC RTC_PATH "xen,reg = <0 0x9010000 0 0x1000 0 0x22000000>; };"),
         "is the domain's vpl011"},
        {FRAGMENT(RTC RTC_PATH "xen,reg = <0 0x9010000 0 0x1000 0x100 0>; };"),
         "is beyond its address space"},
        {FRAGMENT(RTC RTC_REG RTC_PATH "}; b {" RTC_REG RTC_PATH "};"), "this domain has it already"},
        {FRAGMENT(RTC RTC_REG "xen,force-assign-without-iommu; interrupts = <1 2 4>; };"),
         "interrupt 18 cannot be assigned: it is a PPI"},
        {FRAGMENT(RTC RTC_REG "xen,force-assign-without-iommu; interrupts = <0 1 4>; };"),
         "33 cannot be assigned: it is the hypervisor's console"},
        {FRAGMENT(RTC RTC_REG "xen,force-assign-without-iommu; interrupts = <0 0 4>; };"),
         "32 cannot be assigned: it is the domain's vpl011"},
        {FRAGMENT(RTC RTC_REG "xen,force-assign-without-iommu; interrupts = <7 0 4>; };"),
         "write <0 NUMBER FLAGS>"},
        {FRAGMENT("a { xen,reg = <0 0x9010000 0 0x1000 0 0x10000000>; xen,path = \"/timer\"; };"),
         "interrupt 29 cannot be assigned: it is a PPI"},
    };

    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        read_partial(rows[i][0], "vpl011;");
        if (!test_log_contains(rows[i][1]) || config.domain_count != 0) {
            test_fail(__FILE__, __LINE__, "row %zu: \"%s\" not said of %s", i, rows[i][1], rows[i][0]);
        }
    }
}

TEST(a_device_has_one_owner)
{
    size_t size;
    void *tree = dts_compile(FRAGMENT(RTC RTC_REG RTC_PATH "};"), &size);

    partial = calloc(1, 0x10000);
    memcpy((void *)(uintptr_t)partial, tree, size);
    read_chosen("#address-cells = <2>; #size-cells = <1>; a { compatible = \"xen,domain\"; " BASICS PARTIAL
                " };"
                "b { compatible = \"xen,domain\"; " BASICS PARTIAL " };");
    CHECK_EQ(config.domain_count, 1);
    CHECK(test_log_contains("/chosen/b: partial tree /passthrough/rtc@10000000: xen,reg: 0x9010000 cannot be "
                            "assigned: another domain"));
    free(tree);
    free((void *)(uintptr_t)partial);
}

TEST(partial_tree_that_is_none)
{
    static uint64_t zeros[0x10000 / 8];

    partial = zeros;
    read_domain(BASICS PARTIAL);
    CHECK_EQ(config.domain_count, 0);
    CHECK(test_log_contains("the multiboot,device-tree module at 0x44000000 is no whole device tree"));
    partial = NULL;
    read_domain(BASICS PARTIAL);
    CHECK(test_log_contains("cannot be read"));
    read_partial("/ { };", "");
    CHECK(test_log_contains("has no /passthrough node"));
    CHECK_EQ(config.domain_count, 1);
}

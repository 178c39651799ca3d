/* SPDX-License-Identifier: Apache-2.0 */
/* test_dt_read.c - places in a tree, buses, interrupts; the check of a whole tree and the command line in it.
 */
#include <libfdt.h>
#include <string.h>

#include "boot/board.h"
#include "boot/board_devices.h"
#include "boot/dt_read.h"
#include "dts.h"
#include "lib/error.h"
#include "lib/log.h"
#include "test.h"

TEST(bus_translation)
{
    void *fdt = dts_compile(
        "/ { #address-cells = <2>; #size-cells = <2>;"
        " a { #address-cells = <1>; #size-cells = <1>; ranges = <0x100 1 0x2000 0x100 0x1000 2 0 0x1000>;"
        "  b { #address-cells = <2>; ranges = <5 0 0x1000 0x800>; dev@0 { reg = <5 0x10 0x20 5 0x7f0 0x20>; "
        "}; };"
        "  dev { reg = <0x180 0x80 0x180 0x81 0x50 0x10>; }; };"
        " closed { #address-cells = <2>; #size-cells = <2>; dev { reg = <0 0 0 1>; }; };"
        " pci { #address-cells = <3>; #size-cells = <2>; ranges; dev { reg = <0 0 0 0 1>; }; };"
        " wrap { ranges; dev { reg = <0xffffffff 0xffffffff 0 2>; }; }; };",
        NULL);
    struct dt_place place;
    struct mem_range range;
    char path[DT_PATH_MAX], cut[8];

    CHECK(dt_place_find(&place, fdt, fdt_path_offset(fdt, "/a/b/dev@0")));
    dt_place_path(&place, path, sizeof(path));
    CHECK_STR_EQ(path, "/a/b/dev@0");
    dt_place_path(&place, cut, sizeof(cut));
    CHECK_STR_EQ(cut, "/a/b/de");
    CHECK_EQ(dt_reg(&place, 0, &range), 0);
    CHECK_EQ(range.base.v, 0x200000010);
    CHECK_EQ(range.size_bytes, 0x20);
    CHECK_EQ(dt_reg(&place, 1, &range), -EINVAL); /* Sticks out of b. */
    CHECK_EQ(dt_reg(&place, 2, &range), -ENOENT);
    CHECK(dt_place_find(&place, fdt, fdt_path_offset(fdt, "/a/dev")));
    CHECK_EQ(dt_reg(&place, 0, &range), 0);
    CHECK_EQ(range.base.v, 0x100002080);
    CHECK_EQ(dt_reg(&place, 1, &range), -EINVAL);
    CHECK_EQ(dt_reg(&place, 2, &range), -EINVAL); /* Below every range of a. */
    CHECK(dt_place_find(&place, fdt, fdt_path_offset(fdt, "/closed/dev")));
    CHECK_EQ(dt_reg(&place, 0, &range), -EINVAL);
    CHECK(dt_place_find(&place, fdt, fdt_path_offset(fdt, "/pci/dev")));
    CHECK_EQ(dt_reg(&place, 0, &range), -EINVAL);
    CHECK(dt_place_find(&place, fdt, fdt_path_offset(fdt, "/wrap/dev")));
    CHECK_EQ(dt_reg(&place, 0, &range), -EINVAL);
    CHECK(!dt_place_find(&place, fdt, 12345));
    free(fdt);
}

TEST(interrupts)
{
    size_t size;
    void *fdt = dts_machine("", &size);
    int gic = board_find_gic(fdt);
    struct dt_place place;
    struct dt_irq irq;

    CHECK_EQ(gic, fdt_path_offset(fdt, "/soc/intc@0"));
    CHECK(dt_place_find(&place, fdt, fdt_path_offset(fdt, "/soc/edge@30000")));
    CHECK_EQ(dt_irq(&place, gic, 0, &irq), 0);
    CHECK_EQ(irq.intid, 39);
    CHECK(irq.edge);
    CHECK_EQ(dt_irq(&place, gic, 1, &irq), -ENOENT);
    CHECK_EQ(dt_irq(&place, fdt_path_offset(fdt, "/timer"), 0, &irq), -ENODEV); /* Not where it goes. */
    CHECK(dt_place_find(&place, fdt, fdt_path_offset(fdt, "/psci")));
    CHECK_EQ(dt_irq(&place, gic, 0, &irq), -ENOENT);
    free(fdt);
}

TEST(cmdline_by_xens_rules)
{
    static const struct {
        const char *chosen, *expected;
    } rows[] = {
        {"", ""},
        {"xen,xen-bootargs = \"a\"; bootargs = \"b\";", "a"},
        {"bootargs = \"b\";", "b"},
        {"bootargs = \"b\"; xen,dom0-bootargs = \"c\";", "b"},
        {"bootargs = \"b\"; m { compatible = \"multiboot,kernel\", \"multiboot,module\"; };", ""},
        {"bootargs = \"b\"; m { compatible = \"xen,linux-zimage\", \"xen,multiboot-module\"; bootargs = "
         "\"k\"; };",
         "b"},
        {"bootargs = \"b\"; xen,dom0-bootargs = \"c\"; m { compatible = \"multiboot,kernel\", "
         "\"multiboot,module\"; };",
         "b"},
        {"bootargs = \"b\"; m { compatible = \"multiboot,ramdisk\", \"multiboot,module\"; };", "b"},
        {"xen,xen-bootargs = [61 62];", ""},
    };

    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        void *fdt = dts_machine(rows[i].chosen, NULL);

        CHECK_STR_EQ(board_cmdline(fdt), rows[i].expected);
        free(fdt);
    }
}

TEST(tree_that_is_none)
{
    static uint64_t buffer[16];

    CHECK_EQ(board_check_tree(NULL, 100), -EINVAL);
    CHECK_EQ(board_check_tree((const char *)buffer + 4, 100), -EINVAL);
    CHECK_EQ(board_check_tree(buffer, 39), -EINVAL);
    CHECK(test_log_contains("too small for a header"));
    CHECK_EQ(board_check_tree(buffer, sizeof(buffer)), -EINVAL);
    CHECK(test_log_contains("starts with 0x0, not with 0xd00dfeed: there is no tree"));
}

TEST(truncated_tree)
{
    size_t size;
    uint8_t *fdt = dts_machine("", &size);

    CHECK_EQ(board_check_tree(fdt, size - 1), -EINVAL);
    CHECK(test_log_contains("truncated: its header says"));
    for (size_t cut = 0; cut < size;
         cut++) { /* In memory of exactly that size: the sanitizer sees a read behind it. */
        uint8_t *copy = malloc(cut);

        memcpy(copy, fdt, cut);
        CHECK_EQ(board_check_tree(copy, cut), -EINVAL);
        if (cut >= 40) {
            fdt_set_totalsize(copy, (uint32_t)cut);
            CHECK_EQ(board_check_tree(copy, cut), -EINVAL);
        }
        free(copy);
        test_log_clear();
    }
    free(fdt);
}

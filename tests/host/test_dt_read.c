/* SPDX-License-Identifier: Apache-2.0 */
/* test_dt_read.c - places in a tree, buses, interrupts; the check of a whole tree and the command line in
 * it. */
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

/* A root whose devices go through another controller first: the GIC's own interrupt still comes to itself. */
TEST(interrupt_of_the_gic_itself)
{
    void *fdt = dts_compile(
        "/ { interrupt-parent = <&front>; front: front { #interrupt-cells = <3>; interrupt-controller;"
        " interrupt-parent = <&gic>; }; dev { interrupts = <0 5 4>; };"
        " gic: gic { compatible = \"arm,gic-400\"; #interrupt-cells = <3>; interrupt-controller;"
        " interrupts = <1 9 4>; }; };",
        NULL);
    int gic = board_find_gic(fdt);
    struct dt_place place;
    struct dt_irq irq;

    CHECK(dt_place_find(&place, fdt, gic));
    CHECK_EQ(dt_irq(&place, gic, 0, &irq), 0);
    CHECK_EQ(irq.intid, 25);
    CHECK(dt_place_find(&place, fdt, dt_find(fdt, "/dev")));
    CHECK_EQ(dt_irq(&place, gic, 0, &irq), -ENODEV);
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

/* A length near 2^31 makes libfdt 1.6.1 step backwards for ever: the check must not leave that to it. */
TEST(property_length_that_wraps)
{
    size_t size;
    uint8_t *fdt = dts_machine("", &size);
    unsigned count = 0;

    for (int at = fdt_first_property_offset(fdt, 0); at >= 0;
         at = fdt_next_property_offset(fdt, at), count++) {
        struct fdt_property *property = fdt_offset_ptr_w(fdt, at, sizeof(*property));
        const uint32_t lengths[] = {UINT32_MAX, 0xfffffff4, 0x80000000, INT32_MAX, 0x7ffffff8 - (uint32_t)at};
        fdt32_t old = property->len;

        for (size_t i = 0; i < ARRAY_COUNT(lengths); i++) {
            property->len = cpu_to_fdt32(lengths[i]);
            CHECK_EQ(board_check_tree(fdt, size), -EINVAL);
        }
        property->len = old;
    }
    CHECK_EQ(count, 4);
    CHECK_EQ(board_check_tree(fdt, size), (int64_t)size);
    free(fdt);
}

/* Every node and property as libfdt sees them. */
static void compare_with_libfdt(const void *fdt)
{
    int node = 0, depth = 0, their_depth = 0;

    while (node >= 0 && depth >= 0) {
        int theirs = fdt_next_node(fdt, node, &their_depth), length, offset;

        CHECK_STR_EQ(dt_name(fdt, node), fdt_get_name(fdt, node, NULL));
        fdt_for_each_property_offset(offset, fdt, node)
        {
            const char *name;

            (void)fdt_getprop_by_offset(fdt, offset, &name, NULL);
            CHECK_PTR_EQ(dt_property(fdt, node, name, &length), fdt_getprop(fdt, node, name, NULL));
            CHECK_EQ(length, (fdt_getprop(fdt, node, name, &offset), offset));
            offset = (int)((const char *)fdt_get_property(fdt, node, name, NULL) - (const char *)fdt) -
                     (int)fdt_off_dt_struct(fdt);
        }
        CHECK(dt_property(fdt, node, "no such", NULL) == NULL);
        CHECK_EQ(dt_phandle(fdt, node), fdt_get_phandle(fdt, node));
        CHECK_EQ(dt_compatible(fdt, node, "arm,pl011"),
                 fdt_node_check_compatible(fdt, node, "arm,pl011") == 0);
        node = dt_next_node(fdt, node, &depth);
        CHECK_EQ(node < 0 ? -1 : node, their_depth < 0 || theirs < 0 ? -1 : theirs);
        if (node >= 0) {
            CHECK_EQ(depth, their_depth);
        }
    }
}

TEST(nodes_and_properties_as_in_libfdt)
{
    static const char *const paths[] = {
        "/",   "/soc", "/soc/serial", "/soc/serial@10000", "/soc/serial@1", "//soc/", "/soc/serial@10000/x",
        "/so", "",     "soc"};
    size_t size;
    void *fdt = dts_machine("a { compatible = \"x\", \"arm,pl011\"; b { c; }; };", &size);

    CHECK_EQ(board_check_tree(fdt, size), (int64_t)size);
    compare_with_libfdt(fdt);
    for (size_t i = 0; i < ARRAY_COUNT(paths); i++) {
        int theirs = fdt_path_offset(fdt, paths[i]), ours = dt_find(fdt, paths[i]);

        CHECK_EQ(ours < 0 ? -1 : ours, theirs < 0 ? -1 : theirs);
    }
    CHECK_EQ(fdt_nop_property(fdt, dt_find(fdt, "/soc"), "ranges"), 0);
    CHECK_EQ(fdt_nop_node(fdt, dt_find(fdt, "/soc/rtc")), 0);
    CHECK_EQ(board_check_tree(fdt, size), (int64_t)size);
    compare_with_libfdt(fdt);
    CHECK(!dt_has(fdt, dt_find(fdt, "/soc"), "ranges"));
    free(fdt);
}

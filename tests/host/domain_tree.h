/* SPDX-License-Identifier: Apache-2.0 */
/* domain_tree.h - the configuration that boot reads from a tree with what a test writes into /chosen. */
#ifndef TESTS_DOMAIN_TREE_H
#define TESTS_DOMAIN_TREE_H

#include <string.h>

#include "boot/board.h"
#include "boot/domain_config.h"
#include "dts.h"
#include "test.h"

static struct board board;
static struct options options;
static struct boot_config config;

/* No partial tree here: see test_passthrough.c. */
static const void *read_phys(pa_t base, uint64_t size_bytes)
{
    (void)base;
    (void)size_bytes;
    return NULL;
}

static void read_tree(const void *fdt, size_t size, const char *cmdline)
{
    CHECK_EQ(board_check_tree(fdt, size), (int64_t)size);
    cmdline_parse(cmdline, &options);
    CHECK_EQ(board_read(fdt, 0, &options, &board), 0);
    memset(&config, 0xa5, sizeof(config));
    CHECK_EQ(boot_config_read(fdt, &board, &options, read_phys, &config), 0);
}

static void read_chosen(const char *chosen, const char *cmdline)
{
    size_t size;
    void *fdt = dts_machine(chosen, &size);

    read_tree(fdt, size, cmdline);
    free(fdt);
}

/* One domain with @inside in its node. */
static void read_domain(const char *inside)
{
    char chosen[4096];

    test_log_clear();
    snprintf(
        chosen, sizeof(chosen),
        "#address-cells = <2>; #size-cells = <2>; domU1 { compatible = \"xen,domain\"; #address-cells = <2>;"
        " #size-cells = <1>; %s };",
        inside);
    read_chosen(chosen, "");
}

#define KERNEL                                                                                               \
    "module@41000000 { compatible = \"multiboot,kernel\", \"multiboot,module\"; reg = <0 0x41000000 "        \
    "0x1234>; };"
#define BASICS "memory = <0 8192>; cpus = <1>; " KERNEL

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_domain_config.c - any device tree with domains, any partial tree: refused with words, or read into
 * domains that can be written out again. */
#include "boot/board.h"
#include "boot/domain_config.h"
#include "boot/guest_dt.h"
#include "dts.h"
#include "patched_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char chosen[] =
    "#address-cells = <2>; #size-cells = <1>;\n"
    "s { compatible = \"bulkhead,arinc653\"; major-frame-us = <20000>; slots = <&a 1 0 0 5000>, <&b 0 1 2 "
    "3>; };\n"
    "a: a { compatible = \"xen,domain\"; memory = <0 8192>; cpus = <2>; vpl011; nr_spis = <3>; "
    "bulkhead,weight = "
    "<3>; bulkhead,period-us = <20000>; xen,enhanced = "
    "\"no-xenstore\";\n"
    " k { compatible = \"multiboot,kernel\", \"multiboot,module\"; reg = <0 0x41000000 0x1000>; bootargs = "
    "\"x\"; };\n"
    " r { compatible = \"multiboot,ramdisk\", \"multiboot,module\"; reg = <0 0x42000000 0x1000>; };\n"
    " p { compatible = \"multiboot,device-tree\", \"multiboot,module\"; reg = <0 0x43000000 0x10000>; };\n"
    " v { compatible = \"xen,vcpu\"; id = <1>; hard-affinity = \"0-2,3\"; bulkhead,budget-us = <1000>; }; "
    "};\n"
    "b: b { compatible = \"xen,domain\"; memory = <0 8192>;\n"
    " k { compatible = \"xen,linux-zimage\", \"xen,multiboot-module\"; reg = <0 0x44000000 0x1000>; }; };\n";

static const char fragment[] =
    "/ { #address-cells = <2>; #size-cells = <2>; gic: gic { #interrupt-cells = <3>; interrupt-controller; "
    "};\n"
    " aliases { rtc = \"/passthrough/rtc\"; };\n"
    " passthrough { compatible = \"simple-bus\"; ranges; #address-cells = <2>; #size-cells = <2>; clk { };\n"
    " rtc { interrupt-parent = <&gic>; interrupts = <0 2 4>; xen,reg = <0 0x9010000 0 0x1000 0 0x10000000>;\n"
    "  xen,path = \"/soc/rtc@20000\"; inner { }; };\n"
    " e { interrupts = <0 9 1>; xen,reg = <0 0xb000000 0 0x1000 0 0x11000000>; "
    "xen,force-assign-without-iommu; }; }; };\n";

static uint8_t *partial;
static size_t partial_bytes;
static uint8_t room[0x10000];

static const void *read_phys(pa_t base, uint64_t size_bytes)
{
    (void)base;
    memset(room, 0, sizeof(room));
    memcpy(room, partial, partial_bytes < sizeof(room) ? partial_bytes : sizeof(room));
    return size_bytes <= sizeof(room) ? room : NULL;
}

static void write_domains(const struct boot_config *config)
{
    static uint64_t buffer[4096];

    for (unsigned i = 0; i < config->domain_count; i++) {
        const struct domain_config *domain = &config->domains[i];
        struct guest_dt_params params = {
            .config = domain,
            .gic_version = 2 + i % 2,
            .bank = {{{0x40000000}, domain->memory_bytes}, {{0}, 0}},
            .bank_count = 1,
            .partial_tree = domain->partial_tree.size_bytes != 0 ? room : NULL,
        };

        if (domain->vcpu_count < 1 || domain->vcpu_count > VCPU_MAX || domain->kernel.size_bytes == 0) {
            abort();
        }
        (void)guest_dt_write(&params, buffer, sizeof(buffer));
    }
    for (unsigned i = 0; i < config->schedule.slot_count; i++) {
        const struct schedule_slot *slot = &config->schedule.slots[i];

        if (slot->domain >= config->domain_count || slot->vcpu >= config->domains[slot->domain].vcpu_count) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t *host_base, *partial_base;
    static size_t host_bytes, fragment_bytes;
    static struct options options;
    static struct board board;
    static struct boot_config config;
    size_t bytes, for_host = size == 0 ? 0 : data[0] % 64;
    uint8_t *tree;

    if (host_base == NULL) {
        host_base = dts_machine(chosen, &host_bytes);
        partial_base = dts_compile(fragment, &fragment_bytes);
    }
    cmdline_parse(size > 0 && data[0] % 2 != 0 ? "sched=arinc653" : "sched=null", &options);
    if (size > 0) {
        data++;
        size--;
    }
    for_host = for_host > size ? size : for_host;
    tree = patched_tree(host_base, host_bytes, data, for_host, &bytes);
    partial = patched_tree(partial_base, fragment_bytes, data + for_host, size - for_host, &partial_bytes);
    if (board_check_tree(tree, bytes) > 0 && board_read(tree, 0, &options, &board) == 0 &&
        boot_config_read(tree, &board, &options, read_phys, &config) == 0) {
        write_domains(&config);
    }
    free(tree);
    free(partial);
    return 0;
}

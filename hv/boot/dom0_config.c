/* SPDX-License-Identifier: Apache-2.0 */
/* dom0_config.c - Dom0 as /chosen and the command line ask for it: a kernel module right under /chosen makes
 * one, the options dom0_mem, dom0_max_vcpus and dom0_vcpus_pin size it. Bindings: Xen's
 * docs/misc/arm/device-tree/booting.txt. */
#include "boot/dom0_config.h"

#include "boot/dt_read.h"
#include "boot/module.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/string.h"

static uint64_t ram_bytes(const struct board *board)
{
    uint64_t bytes = 0;

    for (unsigned i = 0; i < board->memory_count; i++) {
        bytes += board->memory[i].size_bytes;
    }
    return bytes;
}

/* The kernel's own bootargs, or xen,dom0-bootargs, or what the hypervisor did not take for itself
 * (board_cmdline()). */
static int read_bootargs(const void *fdt, int chosen, int kernel, struct domain_config *dom0)
{
    bool own = dt_has(fdt, kernel, "bootargs");
    int node = own ? kernel : chosen;
    const char *name = !own && dt_has(fdt, chosen, "xen,dom0-bootargs") ? "xen,dom0-bootargs" : "bootargs";
    const char *text = dt_string(fdt, node, name);

    if (!dt_has(fdt, node, name)) {
        return 0;
    }
    if (text == NULL || !string_copy(dom0->bootargs, sizeof(dom0->bootargs), text)) {
        log_error("%s: %s of Dom0: write one string of at most %zu characters", dt_name(fdt, node), name,
                  sizeof(dom0->bootargs) - 1);
        return -EINVAL;
    }
    return 0;
}

/* A module that does not say its kind is the kernel, or after that the ramdisk, as in Xen. */
static int take_module(const struct dt_place *place, int chosen, const struct board *board,
                       struct boot_config *config)
{
    struct domain_config *dom0 = &config->dom0;
    enum module_kind kind = module_kind(place->fdt, dt_place_node(place));
    bool is_kernel = kind == MODULE_KERNEL || (kind == MODULE_UNKNOWN && dom0->kernel.size_bytes == 0);
    struct mem_range *slot = is_kernel ? &dom0->kernel : &dom0->ramdisk;
    struct mem_range where;

    if (kind == MODULE_XSM_POLICY || kind == MODULE_PARTIAL_TREE) {
        log_warn("/chosen/%s: has no effect: %s", dt_place_name(place),
                 kind == MODULE_XSM_POLICY ? "there is no XSM"
                                           : "Dom0 has every device that no other domain has");
        return 0;
    }
    if (slot->size_bytes != 0) {
        log_error("/chosen/%s: a second %s for Dom0; leave one", dt_place_name(place),
                  is_kernel ? "kernel" : "ramdisk");
        return -EINVAL;
    }
    if (module_range(place, board, config, &where) != 0) {
        return -EINVAL;
    }
    *slot = where;
    return is_kernel ? read_bootargs(place->fdt, chosen, dt_place_node(place), dom0) : 0;
}

static int take_modules(const void *fdt, int chosen, const struct board *board, struct boot_config *config)
{
    struct dt_place place;
    int result = 0;

    if (!dt_place_find(&place, fdt, chosen)) {
        return 0;
    }
    while (dt_place_next_below(&place, 1)) {
        if (place.depth == 2 && module_kind(fdt, dt_place_node(&place)) != MODULE_NONE &&
            take_module(&place, chosen, board, config) != 0) {
            result = -EINVAL;
        }
    }
    return result;
}

static int size_memory(const struct board *board, const struct options *options, struct domain_config *dom0)
{
    uint64_t size = options->dom0_mem_bytes != 0 ? options->dom0_mem_bytes : DOM0_MEM_DEFAULT;
    uint64_t least, ram = ram_bytes(board);

    size = max_u64(size, options->dom0_mem_min_bytes);
    size = options->dom0_mem_max_bytes != 0 ? min_u64(size, options->dom0_mem_max_bytes) : size;
    least = options->dom0_mem_min_bytes != 0 ? min_u64(size, options->dom0_mem_min_bytes) : size;
    if (least > ram) {
        log_error("command line: dom0_mem: Dom0 is to have %lu MiB%s, the machine has %lu MiB of RAM; write "
                  "less, as "
                  "dom0_mem=%luM",
                  least >> 20, options->dom0_mem_bytes == 0 ? " (nothing is written, so it is that)" : "",
                  ram >> 20, ram >> 21);
        return -EINVAL;
    }
    if (size < MIB(2)) {
        log_error("command line: dom0_mem: %lu KiB hold no kernel; write more, as dom0_mem=512M", size >> 10);
        return -EINVAL;
    }
    dom0->memory_bytes = align_up(size, MIB(2));
    dom0->memory_least_bytes = align_up(least, MIB(2));
    return 0;
}

/* CPU @index of those in @cpus, counted round. */
static uint32_t nth_cpu(uint32_t cpus, unsigned index)
{
    for (index %= (unsigned)__builtin_popcount(cpus); index > 0; index--) {
        cpus &= cpus - 1;
    }
    return cpus & -cpus;
}

/* It runs in the first pool. */
static void size_vcpus(const struct board *board, const struct options *options, uint32_t cpus,
                       struct domain_config *dom0)
{
    uint64_t count = (unsigned)__builtin_popcount(cpus), most = VCPU_MAX;

    count = min_u64(max_u64(count, options->dom0_min_vcpus), options->dom0_max_vcpus);
    if (board->gic.version == 3) {
        most = max_u64(board->gic.gicr[0].size_bytes / GICR_BYTES_PER_CPU, 1);
    }
    if (count > most) {
        log_warn("command line: dom0_max_vcpus: Dom0 has %lu vCPUs: the GIC's first redistributor region "
                 "holds no more",
                 most);
        count = most;
    }
    dom0->vcpu_count = (unsigned)count;
    for (unsigned i = 0; i < dom0->vcpu_count; i++) {
        dom0->vcpu_hard_affinity[i] = options->dom0_vcpus_pin ? nth_cpu(cpus, i) : 0;
    }
}

int dom0_config_read(const void *fdt, int chosen, const struct board *board, const struct options *options,
                     struct boot_config *config)
{
    struct domain_config *dom0 = &config->dom0;
    int error;

    (void)string_copy(dom0->path, sizeof(dom0->path), "Dom0");
    error = take_modules(fdt, chosen, board, config);
    if (error == 0 && dom0->kernel.size_bytes == 0 && dom0->ramdisk.size_bytes != 0) {
        log_error("/chosen: a ramdisk for Dom0, but no kernel; write a node with compatible = "
                  "\"multiboot,kernel\", "
                  "\"multiboot,module\" and the reg where it was loaded");
        error = -EINVAL;
    }
    if (error != 0) {
        return error;
    }
    if (dom0->kernel.size_bytes == 0) {
        if (options->dom0_mem_bytes != 0 || options->dom0_vcpus_pin) {
            log_warn("command line: options of Dom0 have no effect: there is no kernel module right under "
                     "/chosen");
        }
        return 0;
    }
    if (board->psci_conduit == PSCI_CONDUIT_NONE) {
        log_error("device tree: no psci node that can be called: Dom0 could not switch the machine off; "
                  "write one with "
                  "compatible = \"arm,psci-1.0\" and method = \"smc\"");
        return -EINVAL;
    }
    if (config->pools[0].cpus == 0) {
        log_error("/chosen: all CPUs are in pools: none is left for Dom0; leave some out of them");
        return -EINVAL;
    }
    size_vcpus(board, options, config->pools[0].cpus, dom0);
    return size_memory(board, options, dom0);
}

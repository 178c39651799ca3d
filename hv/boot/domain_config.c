/* SPDX-License-Identifier: Apache-2.0 */
/* domain_config.c - the domains of the device tree: finds xen,domain nodes under /chosen and reads what they
 * hold.
 *
 * Each domain is read straight into its place in the list, which counts only if everything in the node is
 * right. All that is wrong with a node is logged before it is refused, so that one boot shows all there is to
 * correct.
 *
 *     /chosen                          bootargs of the hypervisor; modules here are Dom0's: dom0_config.c
 *         domU1                        compatible "xen,domain": domain_props.c
 *             module@48000000          multiboot,kernel | ramdisk | device-tree: module.c, passthrough.c
 *             vcpu0                    xen,vcpu: id, hard-affinity */
#include "boot/domain_config.h"

#include <libfdt.h>

#include "boot/dom0_config.h"
#include "boot/domain_props.h"
#include "boot/dt_read.h"
#include "boot/guest_layout.h"
#include "boot/module.h"
#include "boot/passthrough.h"
#include "boot/pool_config.h"
#include "boot/sched_config.h"
#include "lib/error.h"
#include "lib/gic.h"
#include "lib/log.h"
#include "lib/string.h"

struct reader {
    const void *fdt;
    const struct board *board;
    const struct options *options;
    const void *(*read_phys)(pa_t base, uint64_t size_bytes);
    struct boot_config *config;
    uint64_t memory_left;          /* Of the machine's RAM, after the domains so far. */
    unsigned vcpu_count[POOL_MAX]; /* Of the domains so far, by pool. */
};

static int read_bootargs(const void *fdt, int node, struct domain_config *domain)
{
    const char *text = dt_string(fdt, node, "bootargs");

    if (!dt_has(fdt, node, "bootargs")) {
        return 0;
    }
    if (text == NULL || !string_copy(domain->bootargs, sizeof(domain->bootargs), text)) {
        log_error("%s: bootargs: write one string of at most %zu characters", domain->path,
                  sizeof(domain->bootargs) - 1);
        return -EINVAL;
    }
    return 0;
}

static int set_module(struct mem_range *slot, const struct mem_range *where,
                      const struct domain_config *domain, const char *what)
{
    if (slot->size_bytes != 0) {
        log_error("%s: two %s modules; leave one", domain->path, what);
        return -EINVAL;
    }
    *slot = *where;
    return 0;
}

/* A module that does not say its kind is the kernel, or after that the ramdisk, as in Xen. */
static enum module_kind guess_kind(enum module_kind kind, const struct domain_config *domain)
{
    if (kind != MODULE_UNKNOWN) {
        return kind;
    }
    return domain->kernel.size_bytes == 0 ? MODULE_KERNEL : MODULE_RAMDISK;
}

static int read_module(struct reader *reader, const struct dt_place *place, struct domain_config *domain)
{
    int node = dt_place_node(place);
    enum module_kind kind = guess_kind(module_kind(reader->fdt, node), domain);
    struct mem_range where;
    int error = module_range(place, reader->board, reader->config, &where);

    if (error != 0) {
        return error;
    }
    if (kind == MODULE_KERNEL) {
        error = set_module(&domain->kernel, &where, domain, "multiboot,kernel");
        return error != 0 ? error : read_bootargs(reader->fdt, node, domain);
    }
    if (kind == MODULE_RAMDISK) {
        return set_module(&domain->ramdisk, &where, domain, "multiboot,ramdisk");
    }
    if (kind == MODULE_PARTIAL_TREE) {
        return set_module(&domain->partial_tree, &where, domain, "multiboot,device-tree");
    }
    log_warn("%s: its xen,xsm-policy module has no effect: there is no XSM", domain->path);
    return 0;
}

static int read_vcpu(const struct reader *reader, const struct dt_place *place, struct domain_config *domain,
                     uint32_t *seen)
{
    int node = dt_place_node(place);
    const char *affinity = dt_string(reader->fdt, node, "hard-affinity");
    char path[DT_PATH_MAX];
    uint32_t id;

    dt_place_path(place, path, sizeof(path));
    if (!dt_u32(reader->fdt, node, "id", &id) || id >= domain->vcpu_count || (*seen & BIT32(id)) != 0) {
        log_error("%s: id: write the vCPU's number, 0 to %u, each in one node only", path,
                  domain->vcpu_count - 1);
        return -EINVAL;
    }
    *seen |= BIT32(id);
    if (dt_has(reader->fdt, node, "bulkhead,cap")) {
        log_error("%s: bulkhead,cap is for all vCPUs of a domain together; write it into %s", path,
                  domain->path);
        return -EINVAL;
    }
    if (sched_config_params(reader->fdt, node, path, &domain->vcpu_params[id]) != 0) {
        return -EINVAL;
    }
    if (!dt_has(reader->fdt, node, "hard-affinity")) {
        return 0;
    }
    if (affinity == NULL ||
        domain_parse_cpu_list(affinity, reader->board->cpu_count, &domain->vcpu_hard_affinity[id]) != 0) {
        log_error("%s: hard-affinity \"%s\": write CPUs from 0 to %u as a string like \"0-1,3\"", path,
                  affinity == NULL ? "" : affinity, reader->board->cpu_count - 1);
        return -EINVAL;
    }
    if ((domain->vcpu_hard_affinity[id] & reader->config->pools[domain->pool].cpus) == 0) {
        log_error("%s: hard-affinity \"%s\" has no CPU of the domain's pool; write one of it", path,
                  affinity);
        return -EINVAL;
    }
    return 0;
}

/* One node right below the domain's. */
static int read_subnode(struct reader *reader, const struct dt_place *place, struct domain_config *domain,
                        uint32_t *seen)
{
    int node = dt_place_node(place);

    if (module_kind(reader->fdt, node) != MODULE_NONE) {
        return read_module(reader, place, domain);
    }
    if (dt_compatible(reader->fdt, node, "xen,vcpu")) {
        return read_vcpu(reader, place, domain, seen);
    }
    if (dt_compatible(reader->fdt, node, "xen,domain-shared-memory-v1")) {
        log_error("%s: %s: memory shared between domains is not supported; leave the node out", domain->path,
                  dt_place_name(place));
        return -EINVAL;
    }
    if (dt_compatible(reader->fdt, node, "xen,evtchn") || dt_compatible(reader->fdt, node, "xen,evtchn-v1")) {
        log_error("%s: %s: static event channels are not supported; leave the node out", domain->path,
                  dt_place_name(place));
        return -EINVAL;
    }
    log_warn("%s: %s is no module and no xen,vcpu node, and not used; write its compatible, as "
             "\"multiboot,kernel\", "
             "\"multiboot,module\"",
             domain->path, dt_place_name(place));
    return 0;
}

static int read_subnodes(struct reader *reader, const struct dt_place *domain_place,
                         struct domain_config *domain)
{
    struct dt_place place = *domain_place;
    uint32_t seen = 0;
    int result = 0;

    while (dt_place_next_below(&place, domain_place->depth)) {
        if (place.depth == domain_place->depth + 1 && read_subnode(reader, &place, domain, &seen) != 0) {
            result = -EINVAL;
        }
    }
    if (result == 0 && domain->kernel.size_bytes == 0) {
        log_error("%s: no kernel; write a node with compatible \"multiboot,kernel\", \"multiboot,module\" "
                  "and the reg where it was "
                  "loaded",
                  domain->path);
        return -EINVAL;
    }
    return result;
}

static int read_devices(struct reader *reader, struct domain_config *domain)
{
    struct passthrough_host host = {reader->fdt, reader->board, reader->config};
    const void *partial;

    if (domain->partial_tree.size_bytes == 0) {
        return 0;
    }
    partial = reader->read_phys(domain->partial_tree.base, domain->partial_tree.size_bytes);
    if (partial == NULL) {
        log_error("%s: the multiboot,device-tree module at 0x%lx cannot be read", domain->path,
                  domain->partial_tree.base.v);
        return -EINVAL;
    }
    return passthrough_read(&host, partial, domain->partial_tree.size_bytes, domain);
}

/* As many SPIs as its devices need, at least. */
static void fit_spis(struct domain_config *domain)
{
    unsigned needed = domain->vpl011 ? GUEST_VPL011_SPI - GIC_SPI_FIRST + 1 : 0;

    for (unsigned i = 0; i < domain->irq_count; i++) {
        unsigned count = domain->irq[i].intid - GIC_SPI_FIRST + 1;

        needed = count > needed ? count : needed;
    }
    if (domain->spi_count != 0 && domain->spi_count < needed) {
        log_warn("%s: nr_spis is %u, its devices need %u: taken as that", domain->path, domain->spi_count,
                 needed);
    }
    domain->spi_count = domain->spi_count > needed ? domain->spi_count : needed;
}

/* Is there still room for it beside the domains so far? */
static int check_totals(struct reader *reader, const struct domain_config *domain)
{
    const struct pool_config *pool = &reader->config->pools[domain->pool];
    unsigned cpus = (unsigned)__builtin_popcount(pool->cpus), used = reader->vcpu_count[domain->pool];
    int result = 0;

    if (domain->memory_bytes > reader->memory_left) {
        log_error(
            "%s: memory: %lu KiB wanted, %lu KiB of RAM are left after the domains before it; write less",
            domain->path, domain->memory_bytes / 1024, reader->memory_left / 1024);
        result = -EINVAL;
    }
    if (pool->ops == &sched_null && used + domain->vcpu_count > cpus) {
        log_error("%s: cpus: sched=null gives each vCPU a CPU of its own: %u of %u CPUs are left, %u are "
                  "wanted; write fewer (of Dom0 by dom0_max_vcpus=), or sched=credit2",
                  domain->path, cpus > used ? cpus - used : 0, cpus, domain->vcpu_count);
        result = -EINVAL;
    }
    return result;
}

/* The same for all vCPUs, over which their own nodes go. */
static int read_params(const void *fdt, int node, struct domain_config *domain)
{
    struct sched_params params = SCHED_PARAMS_DEFAULT;

    if (sched_config_params(fdt, node, domain->path, &params) != 0) {
        return -EINVAL;
    }
    for (unsigned i = 0; i < VCPU_MAX; i++) {
        domain->vcpu_params[i] = params;
    }
    return 0;
}

/* Everything of a domain into @domain, which is zeroed but for its path. */
static int read_domain(struct reader *reader, const struct dt_place *place, struct domain_config *domain)
{
    int node = dt_place_node(place);
    int unsupported = domain_check_properties(reader->fdt, node, domain->path);
    int malformed = domain_read_properties(reader->fdt, node, domain);
    int bootargs = read_bootargs(reader->fdt, node, domain); /* Those of the kernel's node go over them. */
    int params = read_params(reader->fdt, node, domain);
    int pool = pool_config_domain(reader->fdt, node, reader->config, domain);

    domain->phandle = dt_phandle(reader->fdt, node);
    if (malformed != 0 || params != 0 || pool != 0 || read_subnodes(reader, place, domain) != 0 ||
        unsupported != 0 || bootargs != 0) {
        return -EINVAL;
    }
    if (check_totals(reader, domain) != 0 || read_devices(reader, domain) != 0) {
        return -EINVAL;
    }
    fit_spis(domain);
    return 0;
}

static void take_domain(struct reader *reader, const struct dt_place *place)
{
    struct boot_config *config = reader->config;
    struct domain_config *domain = &config->domains[config->domain_count];
    char path[DT_PATH_MAX];

    dt_place_path(place, path, sizeof(path));
    if (config->domain_count == DOMAIN_CONFIG_MAX) {
        log_error("%s: more than %d domains: not started", path, DOMAIN_CONFIG_MAX);
        config->domains_refused++;
        return;
    }
    memset(domain, 0, sizeof(*domain));
    (void)string_copy(domain->path, sizeof(domain->path), path);
    if (read_domain(reader, place, domain) != 0) {
        log_error("%s: domain not started: correct what is said above; the others go on", path);
        config->domains_refused++;
        return;
    }
    reader->memory_left -= domain->memory_bytes;
    reader->vcpu_count[domain->pool] += domain->vcpu_count;
    config->domain_count++;
}

static void take_chosen_child(struct reader *reader, const struct dt_place *place)
{
    static const char *const unsupported[][2] = {
        {"xen,domain-shared-memory-v1", "memory shared between domains is not supported"},
        {"xen,evtchn", "static event channels are not supported"},
        {"xen,evtchn-v1", "static event channels are not supported"},
    };
    int node = dt_place_node(place);

    if (dt_compatible(reader->fdt, node, "xen,domain")) {
        take_domain(reader, place);
    } else {
        for (size_t i = 0; i < ARRAY_COUNT(unsupported); i++) {
            if (dt_compatible(reader->fdt, node, unsupported[i][0])) {
                log_warn("/chosen/%s: %s: not used", dt_place_name(place), unsupported[i][1]);
            }
        }
    }
}

static void warn_chosen(const void *fdt, int chosen)
{
    if (dt_has(fdt, chosen, "xen,static-heap")) {
        log_warn("/chosen: xen,static-heap has no effect: the hypervisor takes memory where it is free");
    }
    if (dt_has(fdt, chosen, "linux,initrd-start")) {
        log_warn("/chosen: linux,initrd-start is not used; write Dom0's ramdisk as a multiboot,ramdisk "
                 "module right "
                 "under /chosen, a domain's in the domain's node");
    }
}

static void log_no_domain(const struct boot_config *config)
{
    if (config->domains_refused > 0) {
        log_error("/chosen: none of its %u domains can be started: correct what is said above",
                  config->domains_refused);
    } else {
        log_error("/chosen: nothing to start: no domain and no Dom0; write a node with compatible = "
                  "\"xen,domain\", cpus = <1>, memory "
                  "= <0 131072> and in it a module node for the kernel");
    }
}

/* First, so that what is left is the others'. */
static void take_dom0(struct reader *reader, int chosen)
{
    struct boot_config *config = reader->config;

    config->dom0_refused = dom0_config_read(reader->fdt, chosen, reader->board, reader->options, config) != 0;
    reader->memory_left -= min_u64(reader->memory_left, config->dom0.memory_least_bytes);
    reader->vcpu_count[0] += config->dom0.vcpu_count;
}

int boot_config_read(const void *fdt, const struct board *board, const struct options *options,
                     const void *(*read_phys)(pa_t base, uint64_t size_bytes), struct boot_config *config)
{
    struct reader reader = {
        .fdt = fdt, .board = board, .options = options, .read_phys = read_phys, .config = config};
    int chosen = dt_find(fdt, "/chosen");
    struct dt_place place;

    memset(config, 0, sizeof(*config));
    for (unsigned i = 0; i < board->memory_count; i++) {
        reader.memory_left += board->memory[i].size_bytes;
    }
    pool_config_read(fdt, chosen, board, options, config);
    if (chosen >= 0 && dt_place_find(&place, fdt, chosen)) {
        module_collect(fdt, chosen, config);
        warn_chosen(fdt, chosen);
        take_dom0(&reader, chosen);
        while (dt_place_next_below(&place, 1)) {
            if (place.depth == 2) {
                take_chosen_child(&reader, &place);
            }
        }
        module_drop_unusable(fdt, board, config);
    }
    if (config->domain_count == 0 && config->dom0.kernel.size_bytes == 0 && !config->dom0_refused) {
        log_no_domain(config);
    }
    if (chosen >= 0 && dt_place_find(&place, fdt, chosen)) {
        while (dt_place_next_below(&place, 1)) {
            if (place.depth == 2 && dt_compatible(fdt, dt_place_node(&place), "bulkhead,arinc653")) {
                sched_config_schedule(&place, config);
            }
        }
    }
    return 0;
}

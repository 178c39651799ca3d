/* SPDX-License-Identifier: Apache-2.0 */
/* pool_config.c - the CPU pools that the device tree asks for.
 * Binding: Xen's docs/misc/arm/device-tree/cpupools.txt, of 4.17. */
#include "boot/pool_config.h"

#include <libfdt.h>

#include "boot/dt_read.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/string.h"

#define MPIDR_AFFINITY UINT64_C(0xff00ffffff)

/* Number of the CPU whose node has @phandle; CPU_NONE: there is no such node, or that CPU is not used. One
 * walk through /cpus. */
static unsigned find_cpu(const void *fdt, const struct board *board, uint32_t phandle)
{
    int cpus = dt_find(fdt, "/cpus");
    unsigned address_cells, size_cells;
    struct dt_place place;

    if (phandle == 0 || cpus < 0 || !dt_place_find(&place, fdt, cpus)) {
        return CPU_NONE;
    }
    dt_cell_sizes(&place, place.depth, &address_cells, &size_cells);
    while (dt_place_next_below(&place, 1)) {
        int length = 0;
        const void *reg = dt_property(fdt, dt_place_node(&place), "reg", &length);

        if (dt_phandle(fdt, dt_place_node(&place)) != phandle || reg == NULL || address_cells - 1 > 1 ||
            length < (int)(address_cells * sizeof(uint32_t))) {
            continue;
        }
        for (unsigned cpu = 0; cpu < board->cpu_count; cpu++) {
            if (board->cpu_mpidr[cpu] == (dt_cells_value(reg, address_cells) & MPIDR_AFFINITY)) {
                return cpu;
            }
        }
    }
    return CPU_NONE;
}

/* cpupool-cpus of @node: those that are used and still free. */
static int read_cpus(const void *fdt, int node, const struct board *board, uint32_t free,
                     struct pool_config *pool)
{
    int length = 0;
    const uint32_t *cells = dt_property(fdt, node, "cpupool-cpus", &length);

    if (cells == NULL || length < 4 || length % 4 != 0 || length / 4 > CPU_MAX) {
        log_error("%s: cpupool-cpus: write references to the nodes of one to %d CPUs, as <&cpu0 &cpu1>",
                  pool->path, CPU_MAX);
        return -EINVAL;
    }
    for (int i = 0; i < length / 4; i++) {
        unsigned cpu = find_cpu(fdt, board, (uint32_t)dt_cells_value(&cells[i], 1));

        if (cpu == CPU_NONE) {
            log_error("%s: cpupool-cpus: entry %d is no CPU that is used; write references to nodes of /cpus",
                      pool->path, i);
            return -EINVAL;
        }
        if ((free & BIT32(cpu)) == 0) {
            log_error("%s: cpupool-cpus: entry %d, CPU %u, is in a pool already; write each once", pool->path,
                      i, cpu);
            return -EINVAL;
        }
        free &= ~BIT32(cpu);
        pool->cpus |= BIT32(cpu);
    }
    return 0;
}

/* @ops is the command line's. */
static int read_sched(const void *fdt, int node, const struct sched_ops *ops, struct pool_config *pool)
{
    const char *name = dt_string(fdt, node, "cpupool-sched");

    pool->ops = ops;
    if (!dt_has(fdt, node, "cpupool-sched")) {
        return 0;
    }
    pool->ops = name != NULL ? sched_find(name) : NULL;
    if (pool->ops == NULL) {
        log_error(
            "%s: cpupool-sched \"%s\": write the name of a scheduler, as for sched= on the command line",
            pool->path, name != NULL ? name : "");
        return -EINVAL;
    }
    return 0;
}

static void take_pool(const struct dt_place *place, const struct board *board, struct boot_config *config)
{
    struct pool_config *pool = &config->pools[config->pool_count], *first = &config->pools[0];
    int node = dt_place_node(place);

    memset(pool, 0, sizeof(*pool));
    dt_place_path(place, pool->path, sizeof(pool->path));
    if (read_cpus(place->fdt, node, board, first->cpus, pool) != 0 ||
        read_sched(place->fdt, node, first->ops, pool) != 0) {
        log_error("%s: pool left out: its CPUs stay in the first pool", pool->path);
        return;
    }
    pool->phandle = dt_phandle(place->fdt, node);
    first->cpus &= ~pool->cpus;
    config->pool_count++;
}

void pool_config_read(const void *fdt, int chosen, const struct board *board, const struct options *options,
                      struct boot_config *config)
{
    struct dt_place place;

    config->pools[0].ops = sched_find(options->sched);
    if (config->pools[0].ops == NULL) {
        config->pools[0].ops = sched_policy(0);
        log_warn("sched=%s is not in this image: using %s", options->sched, config->pools[0].ops->name);
    }
    config->pools[0].cpus = (uint32_t)MASK64(board->cpu_count - 1, 0);
    config->pool_count = 1;
    if (chosen < 0 || !dt_place_find(&place, fdt, chosen)) {
        return;
    }
    while (dt_place_next_below(&place, 1)) {
        /* Each takes a CPU, so that there are never too many. */
        if (place.depth == 2 && dt_compatible(fdt, dt_place_node(&place), "xen,cpupool") &&
            config->pool_count < POOL_MAX) {
            take_pool(&place, board, config);
        }
    }
}

int pool_config_domain(const void *fdt, int node, const struct boot_config *config,
                       struct domain_config *domain)
{
    uint32_t phandle = 0;

    if (!dt_has(fdt, node, "domain-cpupool")) {
        domain->pool = 0;
        if (config->pools[0].cpus != 0) {
            return 0;
        }
        log_error("%s: all CPUs are in pools; write domain-cpupool = <&pool> to name its pool", domain->path);
        return -EINVAL;
    }
    if (dt_u32(fdt, node, "domain-cpupool", &phandle) && phandle != 0) {
        for (unsigned i = 1; i < config->pool_count; i++) {
            if (config->pools[i].phandle == phandle) {
                domain->pool = i;
                return 0;
            }
        }
    }
    log_error("%s: domain-cpupool: write a reference to an xen,cpupool node, as <&pool>", domain->path);
    return -EINVAL;
}

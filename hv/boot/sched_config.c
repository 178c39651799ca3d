/* SPDX-License-Identifier: Apache-2.0 */
/* sched_config.c - what the device tree says about scheduling: parameters of vCPUs, and arinc653's schedule.
 *
 * Xen's bindings have nothing for these, so the names are ours: docs/boot-interface.md. What a schedule must
 * keep to beyond its form is arinc_set_table()'s to check, when the domains are there. */
#include "boot/sched_config.h"

#include "lib/error.h"
#include "lib/log.h"
#include "lib/string.h"

#define NS_PER_US (NS_PER_MS / 1000)
#define SLOT_CELLS 5u

struct number_row {
    const char *name;
    uint32_t low, high;
};

/* In the order of enum number. */
static const struct number_row numbers[] = {
    {"bulkhead,weight", 1, 65535},
    {"bulkhead,cap", 0, SCHED_CAP_MAX},
    {"bulkhead,period-us", SCHED_PERIOD_MIN_NS / NS_PER_US, SCHED_PERIOD_MAX_NS / NS_PER_US},
    {"bulkhead,budget-us", SCHED_PERIOD_MIN_NS / NS_PER_US, SCHED_PERIOD_MAX_NS / NS_PER_US},
    {"bulkhead,extratime", 0, 1},
};

enum number {
    WEIGHT,
    CAP,
    PERIOD,
    BUDGET,
    EXTRATIME,
    NUMBER_COUNT,
};

/* The ones that are there replace those in @values. */
static int read_numbers(const void *fdt, int node, const char *path, uint64_t values[NUMBER_COUNT])
{
    int result = 0;

    for (unsigned i = 0; i < NUMBER_COUNT; i++) {
        const struct number_row *row = &numbers[i];
        uint32_t value;

        if (!dt_has(fdt, node, row->name)) {
            continue;
        }
        if (!dt_u32(fdt, node, row->name, &value) || value < row->low || value > row->high) {
            log_error("%s: %s: write a number from %u to %u, as <%u>", path, row->name, row->low, row->high,
                      row->low);
            result = -EINVAL;
        } else {
            values[i] = value;
        }
    }
    return result;
}

int sched_config_params(const void *fdt, int node, const char *path, struct sched_params *params)
{
    uint64_t values[NUMBER_COUNT] = {
        [WEIGHT] = params->weight,
        [CAP] = params->cap,
        [PERIOD] = params->period_ns / NS_PER_US,
        [BUDGET] = params->budget_ns / NS_PER_US,
        [EXTRATIME] = params->extratime ? 1 : 0,
    };

    if (read_numbers(fdt, node, path, values) != 0) {
        return -EINVAL;
    }
    if (values[BUDGET] > values[PERIOD]) {
        log_error(
            "%s: bulkhead,budget-us of %lu is more than the period of %lu; write at most that, or a longer "
            "bulkhead,period-us",
            path, values[BUDGET], values[PERIOD]);
        return -EINVAL;
    }
    params->weight = (uint32_t)values[WEIGHT];
    params->cap = (uint32_t)values[CAP];
    params->period_ns = values[PERIOD] * NS_PER_US;
    params->budget_ns = values[BUDGET] * NS_PER_US;
    params->extratime = values[EXTRATIME] != 0;
    return 0;
}

/* Index of the domain whose node has @phandle; config->domain_count: none. */
static unsigned find_domain(const struct boot_config *config, uint32_t phandle)
{
    unsigned i = 0;

    while (i < config->domain_count && (phandle == 0 || config->domains[i].phandle != phandle)) {
        i++;
    }
    return i;
}

static int read_slot(const char *path, const struct boot_config *config, const uint32_t *cells,
                     unsigned index, struct schedule_slot *slot)
{
    unsigned domain = find_domain(config, (uint32_t)dt_cells_value(cells, 1));

    *slot = (struct schedule_slot){
        .domain = domain,
        .vcpu = (uint32_t)dt_cells_value(cells + 1, 1),
        .cpu = (uint32_t)dt_cells_value(cells + 2, 1),
        .start_us = (uint32_t)dt_cells_value(cells + 3, 1),
        .length_us = (uint32_t)dt_cells_value(cells + 4, 1),
    };
    if (domain == config->domain_count) {
        log_error(
            "%s: slot %u names no domain that is started; write a reference to its node first, as <&domU1 "
            "0 0 0 5000>",
            path, index);
        return -EINVAL;
    }
    if (slot->vcpu >= config->domains[domain].vcpu_count) {
        log_error("%s: slot %u names vCPU %u of %s, which has %u; write a number below that", path, index,
                  slot->vcpu, config->domains[domain].path, config->domains[domain].vcpu_count);
        return -EINVAL;
    }
    return 0;
}

static int read_schedule(const struct dt_place *place, const struct boot_config *config,
                         struct schedule_config *schedule)
{
    int node = dt_place_node(place), length = 0;
    const uint32_t *cells = dt_property(place->fdt, node, "slots", &length);
    unsigned slot_bytes = SLOT_CELLS * sizeof(uint32_t);

    if (!dt_u32(place->fdt, node, "major-frame-us", &schedule->frame_us)) {
        log_error("%s: major-frame-us is missing; write the frame's length in microseconds, as <20000>",
                  schedule->path);
        return -EINVAL;
    }
    if (cells == NULL || length <= 0 || (unsigned)length % slot_bytes != 0) {
        log_error("%s: slots: write five cells for each: <&domain vCPU CPU start-us length-us>",
                  schedule->path);
        return -EINVAL;
    }
    schedule->slot_count = (unsigned)length / slot_bytes;
    if (schedule->slot_count > ARINC_SLOT_MAX) {
        log_error("%s: slots: there are %u; write at most %d", schedule->path, schedule->slot_count,
                  ARINC_SLOT_MAX);
        return -EINVAL;
    }
    for (unsigned i = 0; i < schedule->slot_count; i++) {
        if (read_slot(schedule->path, config, cells + i * (size_t)SLOT_CELLS, i, &schedule->slots[i]) != 0) {
            return -EINVAL;
        }
    }
    return 0;
}

void sched_config_schedule(const struct dt_place *place, struct boot_config *config)
{
    struct schedule_config *schedule = &config->schedule;
    unsigned pool = 0;
    char path[DT_PATH_MAX];

    dt_place_path(place, path, sizeof(path));
    while (pool < config->pool_count && config->pools[pool].ops != &sched_arinc653) {
        pool++;
    }
    if (pool == config->pool_count) {
        log_warn("%s: a schedule has no effect under %s; write sched=arinc653", path,
                 config->pools[0].ops->name);
        return;
    }
    if (schedule->path[0] != '\0') {
        log_warn("%s: %s is the schedule already: not used", path, schedule->path);
        return;
    }
    (void)string_copy(schedule->path, sizeof(schedule->path), path);
    schedule->pool = pool;
    if (read_schedule(place, config, schedule) != 0) {
        log_error("%s: not used: every vCPU has a slot of 10 ms instead", path);
        schedule->path[0] = '\0';
        schedule->slot_count = 0;
    }
}

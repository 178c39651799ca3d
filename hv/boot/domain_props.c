/* SPDX-License-Identifier: Apache-2.0 */
/* domain_props.c - checks and reads the properties of an xen,domain node.
 * Binding: Xen's docs/misc/arm/device-tree/booting.txt, of 4.17 and, for names only, of later versions. */
#include "boot/domain_props.h"

#include <libfdt.h>

#include "boot/dt_read.h"
#include "boot/guest_layout.h"
#include "lib/error.h"
#include "lib/gic.h"
#include "lib/log.h"
#include "lib/string.h"

enum verdict {
    USED,
    NO_EFFECT, /* Warned about. */
    REFUSED,   /* Unless its value is @harmless. */
};

struct property_row {
    const char *name;
    enum verdict verdict;
    const char *words;    /* Why, and what to write instead. */
    const char *harmless; /* String, or "0" for a cell of 0: the value that asks for nothing. */
};

static const struct property_row rows[] = {
    {"#address-cells", USED, NULL, NULL},
    {"#size-cells", USED, NULL, NULL},
    {"bootargs", USED, NULL, NULL},
    {"capabilities", REFUSED, "a domain started at boot has no privileges; leave it out", "0"},
    {"compatible", USED, NULL, NULL},
    {"bulkhead,budget-us", USED, NULL, NULL},
    {"bulkhead,extratime", USED, NULL, NULL},
    {"bulkhead,period-us", USED, NULL, NULL},
    {"bulkhead,weight", USED, NULL, NULL},
    {"cpus", USED, NULL, NULL},
    {"direct-map", REFUSED, "memory at chosen addresses is not supported; leave it out", NULL},
    {"domain-cpupool", USED, NULL, NULL},
    {"linux,phandle", USED, NULL, NULL},
    {"llc-colors", REFUSED, "cache colouring is not supported; leave it out", NULL},
    {"max_grant_frames", NO_EFFECT, "there are no grant tables yet", NULL},
    {"max_grant_version", NO_EFFECT, "there are no grant tables yet", NULL},
    {"max_maptrack_frames", NO_EFFECT, "there are no grant tables yet", NULL},
    {"memory", USED, NULL, NULL},
    {"name", USED, NULL, NULL},
    {"nr_spis", USED, NULL, NULL},
    {"passthrough", NO_EFFECT,
     "no SMMU is driven; a multiboot,device-tree module assigns devices without one", "disabled"},
    {"phandle", USED, NULL, NULL},
    {"sve", REFUSED, "SVE is not given to domains; leave it out", "0"},
    {"trap-unmapped-accesses", REFUSED, "an access to nothing is always an abort; leave it out", NULL},
    {"v8r_el1_msa", REFUSED, "domains use the MMU; leave it out", "mmu"},
    {"vpl011", USED, NULL, NULL},
    {"xen,domain-p2m-mem-mb", NO_EFFECT, "tables are taken from free memory as they are needed", NULL},
    {"xen,enhanced", USED, NULL, NULL},
    {"xen,llc-colors", REFUSED, "cache colouring is not supported; leave it out", NULL},
    {"xen,sci_type", REFUSED, "calls to the firmware's SCMI are not passed on; leave it out", "none"},
    {"xen,static-mem", REFUSED,
     "memory at chosen addresses is not supported; leave it out, memory says how much there is", NULL},
    {"#xen,static-mem-address-cells", NO_EFFECT, "it belongs to xen,static-mem", NULL},
    {"#xen,static-mem-size-cells", NO_EFFECT, "it belongs to xen,static-mem", NULL},
};

static bool is_harmless(const struct property_row *row, const void *value, int length)
{
    if (row->harmless == NULL) {
        return false;
    }
    if (strcmp(row->harmless, "0") == 0) {
        return length == 4 && dt_cells_value(value, 1) == 0;
    }
    return length == (int)strlen(row->harmless) + 1 && memcmp(value, row->harmless, (size_t)length) == 0;
}

static int check_property(const char *path, const char *name, const void *value, int length)
{
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        if (strcmp(rows[i].name, name) != 0) {
            continue;
        }
        if (rows[i].verdict == USED || is_harmless(&rows[i], value, length)) {
            return 0;
        }
        if (rows[i].verdict == NO_EFFECT) {
            log_warn("%s: %s has no effect: %s", path, name, rows[i].words);
            return 0;
        }
        log_error("%s: %s: %s", path, name, rows[i].words);
        return -EINVAL;
    }
    log_warn(
        "%s: no property \"%s\" is known; there are cpus, memory, bootargs, vpl011, nr_spis and xen,enhanced",
        path, name);
    return 0;
}

int domain_check_properties(const void *fdt, int node, const char *path)
{
    int offset, result = 0;

    fdt_for_each_property_offset(offset, fdt, node)
    {
        const char *name;
        int length;
        const void *value = fdt_getprop_by_offset(fdt, offset, &name, &length);

        if (value != NULL && check_property(path, name, value, length) != 0) {
            result = -EINVAL;
        }
    }
    return result;
}

static int read_cpus(const void *fdt, int node, struct domain_config *domain)
{
    uint32_t count = 1;

    if (dt_has(fdt, node, "cpus") && (!dt_u32(fdt, node, "cpus", &count) || count < 1 || count > VCPU_MAX)) {
        log_error("%s: cpus: write a number of vCPUs from 1 to %d, as <1>", domain->path, VCPU_MAX);
        return -EINVAL;
    }
    domain->vcpu_count = count;
    return 0;
}

static int read_memory(const void *fdt, int node, struct domain_config *domain)
{
    int length;
    const void *value = dt_property(fdt, node, "memory", &length);
    uint64_t kib;

    if (value == NULL) {
        log_error("%s: memory is missing; write it in KiB, two cells, as <0 131072> for 128 MiB",
                  domain->path);
        return -EINVAL;
    }
    if (length != 8) {
        log_error("%s: memory has %d bytes; write KiB in two cells, as <0 131072> for 128 MiB", domain->path,
                  length);
        return -EINVAL;
    }
    kib = dt_cells_value(value, 2);
    if (kib < PAGE_SIZE / 1024 || kib > GUEST_RAM_MAX / 1024) {
        log_error("%s: memory: %lu KiB; from 4 to %llu are possible; write <0 131072> for 128 MiB",
                  domain->path, kib, GUEST_RAM_MAX / 1024);
        return -EINVAL;
    }
    domain->memory_bytes = align_down(kib * 1024, PAGE_SIZE);
    if (domain->memory_bytes != kib * 1024) {
        log_warn("%s: memory: %lu KiB is no whole number of 4 KiB pages: rounded down", domain->path, kib);
    }
    return 0;
}

static int read_spis(const void *fdt, int node, struct domain_config *domain)
{
    uint32_t count = 0;

    if (dt_has(fdt, node, "nr_spis") &&
        (!dt_u32(fdt, node, "nr_spis", &count) || count > GIC_INTID_MAX - GIC_SPI_FIRST)) {
        log_error("%s: nr_spis: write a number from 0 to %u, or leave it out", domain->path,
                  GIC_INTID_MAX - GIC_SPI_FIRST);
        return -EINVAL;
    }
    domain->spi_count = count;
    return 0;
}

static int read_enhanced(const void *fdt, int node, struct domain_config *domain)
{
    int length;
    const char *value = dt_property(fdt, node, "xen,enhanced", &length);

    if (value == NULL) {
        return 0;
    }
    value = length == 0 ? "enabled" : dt_string(fdt, node, "xen,enhanced");
    if (value != NULL && strcmp(value, "disabled") == 0) {
        return 0;
    }
    if (value == NULL || (strcmp(value, "enabled") != 0 && strcmp(value, "no-xenstore") != 0)) {
        log_error("%s: xen,enhanced: write \"enabled\", \"no-xenstore\" or \"disabled\"", domain->path);
        return -EINVAL;
    }
    if (strcmp(value, "enabled") == 0) {
        log_warn("%s: xen,enhanced: there is no xenstore without a Dom0; as \"no-xenstore\"", domain->path);
    }
    domain->enhanced = true;
    return 0;
}

int domain_read_properties(const void *fdt, int node, struct domain_config *domain)
{
    int cpus = read_cpus(fdt, node, domain), memory = read_memory(fdt, node, domain);
    int spis = read_spis(fdt, node, domain), enhanced = read_enhanced(fdt, node, domain);

    domain->vpl011 = dt_has(fdt, node, "vpl011");
    return cpus != 0 || memory != 0 || spis != 0 || enhanced != 0 ? -EINVAL : 0;
}

/* A number below @limit at *@text, which moves behind it. -1 when there is none. */
static int take_number(const char **text, unsigned limit)
{
    unsigned value = 0;

    if (**text < '0' || **text > '9') {
        return -1;
    }
    for (; **text >= '0' && **text <= '9'; ++*text) {
        value = value * 10 + (unsigned)(**text - '0');
        if (value >= limit) {
            return -1;
        }
    }
    return (int)value;
}

int domain_parse_cpu_list(const char *text, unsigned cpu_count, uint32_t *out)
{
    uint32_t cpus = 0;

    for (;; text++) {
        int first = take_number(&text, cpu_count), last = first;

        if (first >= 0 && *text == '-') {
            text++;
            last = take_number(&text, cpu_count);
        }
        if (first < 0 || last < first || (*text != ',' && *text != '\0')) {
            return -EINVAL;
        }
        for (int cpu = first; cpu <= last; cpu++) {
            cpus |= BIT32(cpu);
        }
        if (*text == '\0') {
            *out = cpus;
            return 0;
        }
    }
}

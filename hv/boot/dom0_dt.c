/* SPDX-License-Identifier: Apache-2.0 */
/* dom0_dt.c - writes Dom0's device tree.
 *
 *     /                the machine's properties
 *       ...            its nodes in its order (dom0_nodes.h says which), less references to lost ones
 * (dom0_refs.h); GIC, timer, chosen and aliases are changed as they pass hypervisor     what Xen's ABI wants:
 * grant-table window, interrupt of event channels psci, cpus     its own memory@...     its banks */
#include "boot/dom0_dt.h"

#include <libfdt.h>

#include "boot/dom0_refs.h"
#include "boot/dt_write.h"
#include "boot/guest_layout.h"
#include "lib/error.h"
#include "lib/gic.h"
#include "lib/log.h"
#include "lib/string.h"

#define CELL_BYTES 4u
#define GICD_V2_BYTES PAGE_SIZE
#define GICC_V2_BYTES (2 * PAGE_SIZE)
#define GIC_REG_CELLS_MAX 8u
#define RANGE_CELLS_MAX 4u

struct job {
    struct dt_writer w;
    const struct dom0_dt_params *params;
    const struct dom0_nodes *nodes;
    unsigned address_cells, size_cells; /* Of the root. */
};

/* @value in @count cells at *@at, which moves behind. */
static void add_cells(fdt32_t **at, uint64_t value, unsigned count)
{
    if (count == 2) {
        *(*at)++ = cpu_to_fdt32((uint32_t)(value >> 32));
    }
    *(*at)++ = cpu_to_fdt32((uint32_t)value);
}

/* --- Nodes of the machine that are changed --- */

static bool is_one_of(const char *name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, list[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Not of the virtual GIC: where it is stands anew; no maintenance interrupt, no interrupts raised by
 * messages. */
static bool gic_drops(const struct job *job, const char *name)
{
    static const char *const always[] = {"reg", "interrupts", "interrupts-extended"};
    static const char *const v3[] = {"#redistributor-regions",
                                     "redistributor-stride",
                                     "ranges",
                                     "msi-controller",
                                     "#msi-cells",
                                     "mbi-ranges",
                                     "mbi-alias"};

    return is_one_of(name, always, ARRAY_COUNT(always)) ||
           (job->nodes->board->gic.version == 3 && is_one_of(name, v3, ARRAY_COUNT(v3)));
}

static bool timer_drops(const char *name)
{
    static const char *const names[] = {"interrupts", "interrupts-extended", "interrupt-names",
                                        "interrupt-parent"};

    return is_one_of(name, names, ARRAY_COUNT(names));
}

/* Does the path or alias lead to a node that Dom0 gets? */
static bool path_is_kept(const struct dom0_nodes *nodes, const char *text, size_t length)
{
    int node = dt_find_path(nodes->fdt, text, length);

    return node >= 0 && !dom0_is_lost(nodes, node);
}

static bool chosen_drops(const struct dom0_nodes *nodes, const char *name, const char *value, int length)
{
    static const char *const names[] = {"bootargs", "linux,initrd-start", "linux,initrd-end",
                                        "linux,usable-memory-range", "linux,elfcorehdr"};
    const char *end;

    if (strcmp(name, "stdout-path") == 0 || strcmp(name, "linux,stdout-path") == 0) {
        end = memchr(value, ':', (size_t)length);
        return length == 0 || value[length - 1] != '\0' ||
               !path_is_kept(nodes, value, end != NULL ? (size_t)(end - value) : strlen(value));
    }
    return strncmp(name, "xen,", 4) == 0 || strncmp(name, "linux,uefi-", 11) == 0 ||
           is_one_of(name, names, ARRAY_COUNT(names));
}

static bool alias_drops(const struct dom0_nodes *nodes, const char *value, int length)
{
    return length > 0 && value[0] == '/' && value[length - 1] == '\0' &&
           !path_is_kept(nodes, value, strlen(value));
}

static bool drops(const struct job *job, const struct dt_place *place, enum dom0_part part, const char *name,
                  const void *value, int length)
{
    switch (part) {
    case DOM0_GIC:
        return gic_drops(job, name);
    case DOM0_TIMER:
        return timer_drops(name);
    case DOM0_CHOSEN:
        return chosen_drops(job->nodes, name, value, length);
    case DOM0_ALIASES:
        return alias_drops(job->nodes, value, length);
    case DOM0_AS_IT_IS:
        break;
    }
    return dom0_refers_to_lost(job->nodes, place, name, value, length);
}

static void copy_properties(struct job *job, const struct dt_place *place, enum dom0_part part)
{
    const void *fdt = job->nodes->fdt;
    int offset;

    fdt_for_each_property_offset(offset, fdt, dt_place_node(place))
    {
        const char *name;
        int length;
        const void *value = fdt_getprop_by_offset(fdt, offset, &name, &length);

        if (value != NULL && !drops(job, place, part, name, value, length)) {
            dt_put(&job->w, name, value, (size_t)length);
        }
    }
}

/* Two ranges at the addresses that the machine's first two have on the GIC's bus, of the virtual one's size.
 */
static void add_gic(struct job *job, const struct dt_place *place)
{
    bool v3 = job->nodes->board->gic.version == 3;
    const uint64_t bytes[] = {v3 ? GUEST_GICV3_GICD_SIZE : GICD_V2_BYTES,
                              v3 ? job->params->gicr_bytes : GICC_V2_BYTES};
    unsigned address_cells, size_cells;
    fdt32_t reg[GIC_REG_CELLS_MAX], *at = reg;
    struct mem_range raw;

    dt_cell_sizes(place, place->depth - 1, &address_cells, &size_cells);
    for (unsigned i = 0; i < ARRAY_COUNT(bytes); i++) {
        if (size_cells == 0 || dt_reg_raw(place, "reg", i, &raw) != 0) {
            job->w.error = -FDT_ERR_BADVALUE; /* board_read() has seen both. */
            return;
        }
        add_cells(&at, raw.base.v, address_cells);
        add_cells(&at, bytes[i], size_cells);
    }
    dt_put(&job->w, "reg", reg, (size_t)(at - reg) * CELL_BYTES);
    if (v3) {
        dt_put_u32(&job->w, "#redistributor-regions", 1);
    }
}

/* The PPIs that a guest has; the secure one is never used, but its place counts. */
static void add_timer(struct job *job)
{
    const struct board_timer *timer = &job->nodes->board->timer;
    const unsigned intids[] = {GUEST_TIMER_PHYS_S_PPI, timer->phys_intid, timer->virt_intid};

    dt_put_interrupts(&job->w, intids, ARRAY_COUNT(intids), DT_IRQ_ALL_CPUS | DT_IRQ_LEVEL_HIGH);
}

static void add_chosen(struct job *job)
{
    const struct mem_range *initrd = &job->params->initrd;

    dt_put_string(&job->w, "bootargs", job->params->bootargs);
    if (initrd->size_bytes != 0) {
        dt_put_u64(&job->w, "linux,initrd-start", initrd->base.v);
        dt_put_u64(&job->w, "linux,initrd-end", initrd->base.v + initrd->size_bytes);
    }
}

static void open_machine_node(struct job *job, const struct dt_place *place)
{
    enum dom0_part part = dom0_part(job->nodes, place);

    dt_begin_node(&job->w, dt_place_name(place));
    copy_properties(job, place, part);
    if (part == DOM0_GIC) {
        add_gic(job, place);
    } else if (part == DOM0_TIMER) {
        add_timer(job);
    } else if (part == DOM0_CHOSEN) {
        add_chosen(job);
    }
}

/* --- Nodes of its own --- */

static void write_hypervisor(struct job *job)
{
    static const char compatible[] = "xen,xen-4.17\0xen,xen";
    fdt32_t reg[RANGE_CELLS_MAX], *at = reg;

    add_cells(&at, job->params->grant_window.base.v, job->address_cells);
    add_cells(&at, job->params->grant_window.size_bytes, job->size_cells);
    dt_begin_node(&job->w, "hypervisor");
    dt_put(&job->w, "compatible", compatible, sizeof(compatible));
    dt_put(&job->w, "reg", reg, (size_t)(at - reg) * CELL_BYTES);
    dt_put_interrupts(&job->w, &job->params->evtchn_ppi, 1, DT_IRQ_ALL_CPUS | DT_IRQ_LEVEL_LOW);
    dt_end_node(&job->w);
}

static void write_psci(struct job *job)
{
    static const char compatible[] = "arm,psci-1.0\0arm,psci-0.2";

    dt_begin_node(&job->w, "psci");
    dt_put(&job->w, "compatible", compatible, sizeof(compatible));
    dt_put_string(&job->w, "method", "hvc");
    dt_end_node(&job->w);
}

/* What the machine calls its first CPU. */
static void put_cpu_compatible(struct job *job)
{
    const void *fdt = job->nodes->fdt;
    int cpus = dt_find(fdt, "/cpus"), cpu = cpus < 0 ? cpus : dt_find(fdt, "/cpus/cpu"), length;
    const void *compatible = cpu < 0 ? NULL : dt_property(fdt, cpu, "compatible", &length);

    if (compatible != NULL) {
        dt_put(&job->w, "compatible", compatible, (size_t)length);
    } else {
        dt_put_string(&job->w, "compatible", "arm,armv8");
    }
}

static void write_cpus(struct job *job)
{
    dt_begin_node(&job->w, "cpus");
    dt_put_u32(&job->w, "#address-cells", 1);
    dt_put_u32(&job->w, "#size-cells", 0);
    for (unsigned cpu = 0; cpu < job->params->vcpu_count; cpu++) {
        char name[16];

        (void)format_text(name, sizeof(name), "cpu@%x", cpu);
        dt_begin_node(&job->w, name);
        put_cpu_compatible(job);
        dt_put_string(&job->w, "device_type", "cpu");
        dt_put_u32(&job->w, "reg", cpu);
        dt_put_string(&job->w, "enable-method", "psci");
        dt_end_node(&job->w);
    }
    dt_end_node(&job->w);
}

static void write_memory(struct job *job)
{
    const struct dom0_dt_params *params = job->params;
    fdt32_t reg[DOM0_BANK_MAX * RANGE_CELLS_MAX], *at = reg;
    char name[32];

    for (unsigned i = 0; i < params->bank_count; i++) {
        add_cells(&at, params->bank[i].base.v, job->address_cells);
        add_cells(&at, params->bank[i].size_bytes, job->size_cells);
    }
    (void)format_text(name, sizeof(name), "memory@%lx", params->bank[0].base.v);
    dt_begin_node(&job->w, name);
    dt_put_string(&job->w, "device_type", "memory");
    dt_put(&job->w, "reg", reg, (size_t)(at - reg) * CELL_BYTES);
    dt_end_node(&job->w);
}

static void write_tree(struct job *job)
{
    struct dt_place place;
    int open;

    dt_place_root(&place, job->nodes->fdt);
    dt_begin_node(&job->w, "");
    copy_properties(job, &place, DOM0_AS_IT_IS);
    for (open = 0; dom0_next(job->nodes, &place); open = place.depth) {
        for (; open >= place.depth; open--) {
            dt_end_node(&job->w);
        }
        open_machine_node(job, &place);
    }
    for (; open > 0; open--) {
        dt_end_node(&job->w);
    }
    write_hypervisor(job);
    write_psci(job);
    write_cpus(job);
    write_memory(job);
    dt_end_node(&job->w);
}

/* Do the root's cells hold every bank? */
static bool banks_fit(const struct job *job)
{
    const struct dom0_dt_params *params = job->params;

    for (unsigned i = 0; i < params->bank_count; i++) {
        if ((job->address_cells == 1 && params->bank[i].base.v > UINT32_MAX) ||
            (job->size_cells == 1 && params->bank[i].size_bytes > UINT32_MAX)) {
            return false;
        }
    }
    return true;
}

int64_t dom0_dt_write(const struct dom0_dt_params *params, void *buffer, size_t buffer_bytes)
{
    struct job job = {.params = params, .nodes = params->nodes};
    struct dt_place root;
    uint32_t cells = 3;

    dt_place_root(&root, params->nodes->fdt);
    dt_cell_sizes(&root, 0, &job.address_cells, &job.size_cells);
    if (job.address_cells < 1 || job.address_cells > 2 || job.size_cells < 1 || job.size_cells > 2 ||
        !banks_fit(&job)) {
        log_error("device tree: #address-cells and #size-cells of the root are %u and %u, and Dom0's memory "
                  "does not "
                  "fit into them; write 2 each",
                  job.address_cells, job.size_cells);
        return -EINVAL;
    }
    dt_write_begin(&job.w, buffer, buffer_bytes);
    (void)dt_u32(params->nodes->fdt, params->nodes->gic, "#interrupt-cells", &cells);
    job.w.interrupt_cells = cells == 4 ? 4 : 3;
    job.w.gic_phandle = dt_phandle(params->nodes->fdt, params->nodes->gic);
    write_tree(&job);
    return dt_write_end(&job.w, "Dom0");
}

/* SPDX-License-Identifier: Apache-2.0 */
/* guest_dt.c - writes the device tree of a domain: the platform that Xen 4.17 gives a guest started at boot.
 *
 * The writer keeps the first error and does nothing after it, so that what is written reads as the tree it
 * becomes. */
#include "boot/guest_dt.h"

#include <libfdt.h>

#include "boot/guest_layout.h"
#include "lib/error.h"
#include "lib/gic.h"
#include "lib/log.h"
#include "lib/string.h"

#define GIC_PHANDLE 65000u /* Xen's GUEST_PHANDLE_GIC: out of the way of those dtc gives a partial tree. */
#define IRQ_ALL_CPUS 0xf00u
#define IRQ_LEVEL_HIGH (IRQ_ALL_CPUS | 4u)
#define IRQ_LEVEL_LOW (IRQ_ALL_CPUS | 8u)
#define IRQ_CELLS 3u
#define TIMER_IRQS 3u
#define VPL011_NODE "sbsa-uart@22000000"

_Static_assert(GUEST_PL011_BASE == 0x22000000, "VPL011_NODE's unit address");

struct writer {
    void *fdt;
    int error; /* libfdt's; 0 so far. */
    uint32_t gic_phandle;
};

struct range {
    fdt64_t base, size_bytes;
};

static void begin_node(struct writer *w, const char *name)
{
    if (w->error == 0) {
        w->error = fdt_begin_node(w->fdt, name);
    }
}

static void end_node(struct writer *w)
{
    if (w->error == 0) {
        w->error = fdt_end_node(w->fdt);
    }
}

static void put(struct writer *w, const char *name, const void *value, size_t bytes)
{
    if (w->error == 0) {
        w->error = fdt_property(w->fdt, name, value, (int)bytes);
    }
}

static void put_u32(struct writer *w, const char *name, uint32_t value)
{
    fdt32_t cell = cpu_to_fdt32(value);

    put(w, name, &cell, sizeof(cell));
}

static void put_u64(struct writer *w, const char *name, uint64_t value)
{
    fdt64_t cells = cpu_to_fdt64(value);

    put(w, name, &cells, sizeof(cells));
}

static void put_string(struct writer *w, const char *name, const char *value)
{
    put(w, name, value, strlen(value) + 1);
}

static struct range range(uint64_t base, uint64_t size_bytes)
{
    return (struct range){cpu_to_fdt64(base), cpu_to_fdt64(size_bytes)};
}

/* "interrupts" of @count INTIDs, all with @flags, and where they go. */
static void put_interrupts(struct writer *w, const unsigned *intids, size_t count, uint32_t flags)
{
    fdt32_t cells[TIMER_IRQS * IRQ_CELLS];

    for (size_t i = 0; i < count; i++) {
        bool ppi = intids[i] < GIC_SPI_FIRST;

        cells[i * IRQ_CELLS] = cpu_to_fdt32(ppi ? 1 : 0);
        cells[i * IRQ_CELLS + 1] = cpu_to_fdt32(intids[i] - (ppi ? GIC_PPI_FIRST : GIC_SPI_FIRST));
        cells[i * IRQ_CELLS + 2] = cpu_to_fdt32(flags);
    }
    put(w, "interrupts", cells, count * IRQ_CELLS * sizeof(cells[0]));
    put_u32(w, "interrupt-parent", w->gic_phandle);
}

static void write_chosen(struct writer *w, const struct guest_dt_params *params)
{
    begin_node(w, "chosen");
    if (params->config->bootargs[0] != '\0') {
        put_string(w, "bootargs", params->config->bootargs);
    }
    if (params->initrd_bytes != 0) {
        put_u64(w, "linux,initrd-start", params->initrd.v);
        put_u64(w, "linux,initrd-end", params->initrd.v + params->initrd_bytes);
    }
    if (params->config->vpl011) {
        put_string(w, "stdout-path", "/" VPL011_NODE);
    }
    end_node(w);
}

static void write_psci(struct writer *w)
{
    static const char compatible[] = "arm,psci-1.0\0arm,psci-0.2";

    begin_node(w, "psci");
    put(w, "compatible", compatible, sizeof(compatible));
    put_string(w, "method", "hvc");
    end_node(w);
}

static void write_cpus(struct writer *w, unsigned count)
{
    begin_node(w, "cpus");
    put_u32(w, "#address-cells", 1);
    put_u32(w, "#size-cells", 0);
    for (unsigned cpu = 0; cpu < count; cpu++) {
        char name[16];

        (void)format_text(name, sizeof(name), "cpu@%x", cpu);
        begin_node(w, name);
        put_string(w, "compatible", "arm,armv8");
        put_string(w, "device_type", "cpu");
        put_u32(w, "reg", cpu);
        put_string(w, "enable-method", "psci");
        end_node(w);
    }
    end_node(w);
}

static void write_memory(struct writer *w, const struct guest_dt_params *params)
{
    struct range banks[GUEST_BANK_MAX];
    char name[32];

    for (unsigned i = 0; i < params->bank_count; i++) {
        banks[i] = range(params->bank[i].base.v, params->bank[i].size_bytes);
    }
    (void)format_text(name, sizeof(name), "memory@%lx", params->bank[0].base.v);
    begin_node(w, name);
    put_string(w, "device_type", "memory");
    put(w, "reg", banks, params->bank_count * sizeof(banks[0]));
    end_node(w);
}

static void write_gic(struct writer *w, unsigned version)
{
    const struct range v2[] = {range(GUEST_GICD_BASE, GUEST_GICD_SIZE),
                               range(GUEST_GICC_BASE, GUEST_GICC_SIZE)};
    const struct range v3[] = {range(GUEST_GICV3_GICD_BASE, GUEST_GICV3_GICD_SIZE),
                               range(GUEST_GICV3_GICR0_BASE, GUEST_GICV3_GICR0_SIZE)};
    char name[40];

    (void)format_text(name, sizeof(name), "interrupt-controller@%llx",
                      version == 3 ? GUEST_GICV3_GICD_BASE : GUEST_GICD_BASE);
    begin_node(w, name);
    put_string(w, "compatible", version == 3 ? "arm,gic-v3" : "arm,gic-400");
    put_u32(w, "#address-cells", 0);
    put_u32(w, "#interrupt-cells", IRQ_CELLS);
    put(w, "interrupt-controller", NULL, 0);
    put(w, "reg", version == 3 ? v3 : v2, sizeof(v2));
    put_u32(w, "linux,phandle", w->gic_phandle);
    put_u32(w, "phandle", w->gic_phandle);
    end_node(w);
}

static void write_timer(struct writer *w, uint32_t frequency_hz)
{
    static const unsigned intids[TIMER_IRQS] = {GUEST_TIMER_PHYS_S_PPI, GUEST_TIMER_PHYS_NS_PPI,
                                                GUEST_TIMER_VIRT_PPI};

    begin_node(w, "timer");
    put_string(w, "compatible", "arm,armv8-timer");
    put_interrupts(w, intids, TIMER_IRQS, IRQ_LEVEL_LOW);
    if (frequency_hz != 0) {
        put_u32(w, "clock-frequency", frequency_hz);
    }
    end_node(w);
}

static void write_vpl011(struct writer *w)
{
    const struct range reg = range(GUEST_PL011_BASE, GUEST_PL011_SIZE);
    const unsigned intid = GUEST_VPL011_SPI;

    begin_node(w, VPL011_NODE);
    put_string(w, "compatible", "arm,sbsa-uart");
    put(w, "reg", &reg, sizeof(reg));
    put_interrupts(w, &intid, 1, IRQ_LEVEL_HIGH);
    put_u32(w, "current-speed", 115200);
    end_node(w);
}

/* Linux finds the hypervisor by this node: reg is the grant-table window, the interrupt the event upcall. */
static void write_hypervisor(struct writer *w)
{
    static const char compatible[] = "xen,xen-4.17\0xen,xen";
    const struct range reg = range(GUEST_GNTTAB_BASE, GUEST_GNTTAB_SIZE);
    const unsigned intid = GUEST_EVTCHN_PPI;

    begin_node(w, "hypervisor");
    put(w, "compatible", compatible, sizeof(compatible));
    put(w, "reg", &reg, sizeof(reg));
    put_interrupts(w, &intid, 1, IRQ_LEVEL_LOW);
    end_node(w);
}

/* What the properties of a partial tree tell the hypervisor, and not the guest. */
static bool is_for_hypervisor(const char *name)
{
    return strcmp(name, "xen,reg") == 0 || strcmp(name, "xen,path") == 0 ||
           strcmp(name, "xen,force-assign-without-iommu") == 0;
}

static void copy_properties(struct writer *w, const void *from, int node)
{
    int offset;

    fdt_for_each_property_offset(offset, from, node)
    {
        const char *name;
        int length;
        const void *value = fdt_getprop_by_offset(from, offset, &name, &length);

        if (value != NULL && !is_for_hypervisor(name)) {
            put(w, name, value, (size_t)length);
        }
    }
}

/* The node at @top with all below it. */
static void copy_subtree(struct writer *w, const void *from, int top)
{
    int node = top, depth = 0, open = 0;

    do {
        const char *name = fdt_get_name(from, node, NULL);

        for (; open > depth; open--) {
            end_node(w);
        }
        begin_node(w, name == NULL ? "?" : name);
        copy_properties(w, from, node);
        open++;
        node = fdt_next_node(from, node, &depth);
    } while (node >= 0 && depth > 0);
    for (; open > 0; open--) {
        end_node(w);
    }
}

static void copy_partial(struct writer *w, const void *partial)
{
    static const char *const nodes[] = {"/aliases", "/passthrough"};

    for (size_t i = 0; i < ARRAY_COUNT(nodes); i++) {
        int node = fdt_path_offset(partial, nodes[i]);

        if (node >= 0) {
            copy_subtree(w, partial, node);
        }
    }
}

/* The partial tree's /gic stands for the guest's GIC: its phandle is the GIC's. Else one that the partial
 * tree does not use. */
static uint32_t choose_gic_phandle(const void *partial)
{
    int gic = partial == NULL ? -1 : fdt_path_offset(partial, "/gic");
    uint32_t highest = 0, phandle = gic < 0 ? 0 : fdt_get_phandle(partial, gic);

    if (phandle != 0 || partial == NULL) {
        return phandle != 0 ? phandle : GIC_PHANDLE;
    }
    return fdt_find_max_phandle(partial, &highest) == 0 && highest >= GIC_PHANDLE ? highest + 1 : GIC_PHANDLE;
}

static void write_root(struct writer *w, const struct guest_dt_params *params)
{
    static const char compatible[] = "xen,xenvm-4.17\0xen,xenvm";

    begin_node(w, "");
    put_string(w, "model", "XENVM-4.17");
    put(w, "compatible", compatible, sizeof(compatible));
    put_u32(w, "#address-cells", 2);
    put_u32(w, "#size-cells", 2);
    put_u32(w, "interrupt-parent", w->gic_phandle);
    write_chosen(w, params);
    write_psci(w);
    write_cpus(w, params->config->vcpu_count);
    write_memory(w, params);
    if (params->partial_tree != NULL) {
        copy_partial(w, params->partial_tree);
    }
    write_gic(w, params->gic_version);
    write_timer(w, params->timer_frequency_hz);
    if (params->config->vpl011) {
        write_vpl011(w);
    }
    if (params->config->enhanced) {
        write_hypervisor(w);
    }
    end_node(w);
}

int64_t guest_dt_write(const struct guest_dt_params *params, void *buffer, size_t buffer_bytes)
{
    struct writer w = {.fdt = buffer};

    if (params->partial_tree != NULL && fdt_check_header(params->partial_tree) != 0) {
        log_error("%s: its partial tree is no device tree", params->config->path);
        return -EINVAL;
    }
    w.gic_phandle = choose_gic_phandle(params->partial_tree);
    w.error = fdt_create(buffer, buffer_bytes > INT32_MAX ? INT32_MAX : (int)buffer_bytes);
    if (w.error == 0) {
        w.error = fdt_finish_reservemap(buffer);
    }
    write_root(&w, params);
    if (w.error == 0) {
        w.error = fdt_finish(buffer);
    }
    if (w.error == -FDT_ERR_NOSPACE) {
        return -ENOSPC;
    }
    if (w.error != 0) {
        log_error("%s: its device tree cannot be written (libfdt: %s)", params->config->path,
                  fdt_strerror(w.error));
        return -EINVAL;
    }
    return fdt_totalsize(buffer);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* guest_dt.c - writes the device tree of a domain: the platform that Xen 4.17 gives a guest started at boot.
 */
#include "boot/guest_dt.h"

#include <libfdt.h>

#include "boot/dt_write.h"
#include "boot/guest_layout.h"
#include "lib/error.h"
#include "lib/gic.h"
#include "lib/log.h"
#include "lib/string.h"

#define GIC_PHANDLE 65000u /* Xen's GUEST_PHANDLE_GIC: out of the way of those dtc gives a partial tree. */
#define IRQ_LEVEL_HIGH (DT_IRQ_ALL_CPUS | DT_IRQ_LEVEL_HIGH)
#define IRQ_LEVEL_LOW (DT_IRQ_ALL_CPUS | DT_IRQ_LEVEL_LOW)
#define IRQ_CELLS 3u
#define TIMER_IRQS 3u
#define VPL011_NODE "sbsa-uart@22000000"

_Static_assert(GUEST_PL011_BASE == 0x22000000, "VPL011_NODE's unit address");

struct range {
    fdt64_t base, size_bytes;
};

static struct range range(uint64_t base, uint64_t size_bytes)
{
    return (struct range){cpu_to_fdt64(base), cpu_to_fdt64(size_bytes)};
}

static void write_chosen(struct dt_writer *w, const struct guest_dt_params *params)
{
    dt_begin_node(w, "chosen");
    if (params->config->bootargs[0] != '\0') {
        dt_put_string(w, "bootargs", params->config->bootargs);
    }
    if (params->initrd_bytes != 0) {
        dt_put_u64(w, "linux,initrd-start", params->initrd.v);
        dt_put_u64(w, "linux,initrd-end", params->initrd.v + params->initrd_bytes);
    }
    if (params->config->vpl011) {
        dt_put_string(w, "stdout-path", "/" VPL011_NODE);
    }
    dt_end_node(w);
}

static void write_psci(struct dt_writer *w)
{
    static const char compatible[] = "arm,psci-1.0\0arm,psci-0.2";

    dt_begin_node(w, "psci");
    dt_put(w, "compatible", compatible, sizeof(compatible));
    dt_put_string(w, "method", "hvc");
    dt_end_node(w);
}

static void write_cpus(struct dt_writer *w, unsigned count)
{
    dt_begin_node(w, "cpus");
    dt_put_u32(w, "#address-cells", 1);
    dt_put_u32(w, "#size-cells", 0);
    for (unsigned cpu = 0; cpu < count; cpu++) {
        char name[16];

        (void)format_text(name, sizeof(name), "cpu@%x", cpu);
        dt_begin_node(w, name);
        dt_put_string(w, "compatible", "arm,armv8");
        dt_put_string(w, "device_type", "cpu");
        dt_put_u32(w, "reg", cpu);
        dt_put_string(w, "enable-method", "psci");
        dt_end_node(w);
    }
    dt_end_node(w);
}

static void write_memory(struct dt_writer *w, const struct guest_dt_params *params)
{
    struct range banks[GUEST_BANK_MAX];
    char name[32];

    for (unsigned i = 0; i < params->bank_count; i++) {
        banks[i] = range(params->bank[i].base.v, params->bank[i].size_bytes);
    }
    (void)format_text(name, sizeof(name), "memory@%lx", params->bank[0].base.v);
    dt_begin_node(w, name);
    dt_put_string(w, "device_type", "memory");
    dt_put(w, "reg", banks, params->bank_count * sizeof(banks[0]));
    dt_end_node(w);
}

static void write_gic(struct dt_writer *w, unsigned version)
{
    const struct range v2[] = {range(GUEST_GICD_BASE, GUEST_GICD_SIZE),
                               range(GUEST_GICC_BASE, GUEST_GICC_SIZE)};
    const struct range v3[] = {range(GUEST_GICV3_GICD_BASE, GUEST_GICV3_GICD_SIZE),
                               range(GUEST_GICV3_GICR0_BASE, GUEST_GICV3_GICR0_SIZE)};
    char name[40];

    (void)format_text(name, sizeof(name), "interrupt-controller@%llx",
                      version == 3 ? GUEST_GICV3_GICD_BASE : GUEST_GICD_BASE);
    dt_begin_node(w, name);
    dt_put_string(w, "compatible", version == 3 ? "arm,gic-v3" : "arm,gic-400");
    dt_put_u32(w, "#address-cells", 0);
    dt_put_u32(w, "#interrupt-cells", IRQ_CELLS);
    dt_put(w, "interrupt-controller", NULL, 0);
    dt_put(w, "reg", version == 3 ? v3 : v2, sizeof(v2));
    dt_put_u32(w, "linux,phandle", w->gic_phandle);
    dt_put_u32(w, "phandle", w->gic_phandle);
    dt_end_node(w);
}

static void write_timer(struct dt_writer *w, uint32_t frequency_hz)
{
    static const unsigned intids[TIMER_IRQS] = {GUEST_TIMER_PHYS_S_PPI, GUEST_TIMER_PHYS_NS_PPI,
                                                GUEST_TIMER_VIRT_PPI};

    dt_begin_node(w, "timer");
    dt_put_string(w, "compatible", "arm,armv8-timer");
    dt_put_interrupts(w, intids, TIMER_IRQS, IRQ_LEVEL_LOW);
    if (frequency_hz != 0) {
        dt_put_u32(w, "clock-frequency", frequency_hz);
    }
    dt_end_node(w);
}

static void write_vpl011(struct dt_writer *w)
{
    const struct range reg = range(GUEST_PL011_BASE, GUEST_PL011_SIZE);
    const unsigned intid = GUEST_VPL011_SPI;

    dt_begin_node(w, VPL011_NODE);
    dt_put_string(w, "compatible", "arm,sbsa-uart");
    dt_put(w, "reg", &reg, sizeof(reg));
    dt_put_interrupts(w, &intid, 1, IRQ_LEVEL_HIGH);
    dt_put_u32(w, "current-speed", 115200);
    dt_end_node(w);
}

/* Linux finds the hypervisor by this node: reg is the grant-table window, the interrupt the event upcall. */
static void write_hypervisor(struct dt_writer *w)
{
    static const char compatible[] = "xen,xen-4.17\0xen,xen";
    const struct range reg = range(GUEST_GNTTAB_BASE, GUEST_GNTTAB_SIZE);
    const unsigned intid = GUEST_EVTCHN_PPI;

    dt_begin_node(w, "hypervisor");
    dt_put(w, "compatible", compatible, sizeof(compatible));
    dt_put(w, "reg", &reg, sizeof(reg));
    dt_put_interrupts(w, &intid, 1, IRQ_LEVEL_LOW);
    dt_end_node(w);
}

/* What the properties of a partial tree tell the hypervisor, and not the guest. */
static bool is_for_hypervisor(const char *name)
{
    return strcmp(name, "xen,reg") == 0 || strcmp(name, "xen,path") == 0 ||
           strcmp(name, "xen,force-assign-without-iommu") == 0;
}

static void copy_properties(struct dt_writer *w, const void *from, int node)
{
    int offset;

    fdt_for_each_property_offset(offset, from, node)
    {
        const char *name;
        int length;
        const void *value = fdt_getprop_by_offset(from, offset, &name, &length);

        if (value != NULL && !is_for_hypervisor(name)) {
            dt_put(w, name, value, (size_t)length);
        }
    }
}

/* The node at @top with all below it. */
static void copy_subtree(struct dt_writer *w, const void *from, int top)
{
    int node = top, depth = 0, open = 0;

    do {
        const char *name = fdt_get_name(from, node, NULL);

        for (; open > depth; open--) {
            dt_end_node(w);
        }
        dt_begin_node(w, name == NULL ? "?" : name);
        copy_properties(w, from, node);
        open++;
        node = fdt_next_node(from, node, &depth);
    } while (node >= 0 && depth > 0);
    for (; open > 0; open--) {
        dt_end_node(w);
    }
}

static void copy_partial(struct dt_writer *w, const void *partial)
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

static void write_root(struct dt_writer *w, const struct guest_dt_params *params)
{
    static const char compatible[] = "xen,xenvm-4.17\0xen,xenvm";

    dt_begin_node(w, "");
    dt_put_string(w, "model", "XENVM-4.17");
    dt_put(w, "compatible", compatible, sizeof(compatible));
    dt_put_u32(w, "#address-cells", 2);
    dt_put_u32(w, "#size-cells", 2);
    dt_put_u32(w, "interrupt-parent", w->gic_phandle);
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
    dt_end_node(w);
}

int64_t guest_dt_write(const struct guest_dt_params *params, void *buffer, size_t buffer_bytes)
{
    struct dt_writer w;

    if (params->partial_tree != NULL && fdt_check_header(params->partial_tree) != 0) {
        log_error("%s: its partial tree is no device tree", params->config->path);
        return -EINVAL;
    }
    dt_write_begin(&w, buffer, buffer_bytes);
    w.gic_phandle = choose_gic_phandle(params->partial_tree);
    write_root(&w, params);
    return dt_write_end(&w, params->config->path);
}

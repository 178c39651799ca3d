/* SPDX-License-Identifier: Apache-2.0 */
/* passthrough.c - reads a partial tree. Binding: Xen's docs/misc/arm/passthrough.txt.
 *
 *     /passthrough/rtc@9010000   xen,reg = <physical size guest>...   registers, mapped for the domain
 *                                xen,path = "/pl031@9010000"          node of the host: its interrupts, same
 * numbers xen,force-assign-without-iommu       there is no xen,path: take its own interrupts
 *
 * A device has one owner: registers and interrupts of the hypervisor, of another domain, or of the guest's
 * own platform are refused. */
#include "boot/passthrough.h"

#include <libfdt.h>

#include "boot/board.h"
#include "boot/board_devices.h"
#include "boot/dt_read.h"
#include "boot/guest_layout.h"
#include "lib/error.h"
#include "lib/gic.h"
#include "lib/log.h"
#include "lib/string.h"

#define GUEST_ADDRESS_LIMIT BIT64(40) /* Every IPA size that is used holds this many bits. */

/* One device of the partial tree. */
struct device {
    const struct passthrough_host *host;
    struct domain_config *domain;
    struct dt_place place;
    char path[DT_PATH_MAX]; /* In the partial tree. */
};

static bool overlap(uint64_t a, uint64_t a_bytes, uint64_t b, uint64_t b_bytes)
{
    return a_bytes > 0 && b_bytes > 0 && a < b + b_bytes && b < a + a_bytes;
}

static bool overlaps_any(const struct mem_range *list, unsigned count, uint64_t base, uint64_t bytes)
{
    for (unsigned i = 0; i < count; i++) {
        uint64_t first = align_down(list[i].base.v, PAGE_SIZE);

        if (overlap(first, align_up(list[i].base.v + list[i].size_bytes, PAGE_SIZE) - first, base, bytes)) {
            return true;
        }
    }
    return false;
}

/* Why registers at @base cannot be given away; NULL when they can. */
static const char *physical_conflict(const struct device *device, uint64_t base, uint64_t bytes)
{
    const struct board *board = device->host->board;
    const struct boot_config *config = device->host->config;
    const struct board_gic *gic = &board->gic;

    if (overlaps_any(board->memory, board->memory_count, base, bytes)) {
        return "that is RAM";
    }
    if (overlaps_any(&gic->gicd, 1, base, bytes) || overlaps_any(&gic->gicc, 1, base, bytes) ||
        overlaps_any(&gic->gich, 1, base, bytes) || overlaps_any(&gic->gicv, 1, base, bytes) ||
        overlaps_any(gic->gicr, gic->gicr_count, base, bytes)) {
        return "that is the interrupt controller";
    }
    if (overlaps_any(&board->uart.regs, 1, base, bytes)) {
        return "that is the hypervisor's console (choose another by dtuart=, or console=none)";
    }
    for (unsigned d = 0; d <= config->domain_count; d++) {
        const struct domain_config *other = d < config->domain_count ? &config->domains[d] : device->domain;

        for (unsigned i = 0; i < other->mmio_count; i++) {
            if (overlap(other->mmio[i].physical.v, other->mmio[i].size_bytes, base, bytes)) {
                return other == device->domain ? "this domain has it already" : "another domain has it";
            }
        }
    }
    return NULL;
}

/* What of the guest's own platform is at @base; NULL when nothing. */
static const char *guest_conflict(const struct domain_config *domain, uint64_t base, uint64_t bytes)
{
    uint64_t low = min_u64(domain->memory_bytes, GUEST_RAM0_SIZE);

    if (overlap(GUEST_RAM0_BASE, low, base, bytes) ||
        overlap(GUEST_RAM1_BASE, domain->memory_bytes - low, base, bytes)) {
        return "the domain's RAM";
    }
    if (overlap(GUEST_GICD_BASE, GUEST_GICD_SIZE, base, bytes) ||
        overlap(GUEST_GICC_BASE, GUEST_GICC_SIZE, base, bytes) ||
        overlap(GUEST_GICV3_GICD_BASE, GUEST_GICV3_GICD_SIZE, base, bytes) ||
        overlap(GUEST_GICV3_GICR0_BASE, GUEST_GICV3_GICR0_SIZE, base, bytes)) {
        return "the domain's interrupt controller";
    }
    if (domain->vpl011 && overlap(GUEST_PL011_BASE, GUEST_PL011_SIZE, base, bytes)) {
        return "the domain's vpl011";
    }
    if (overlap(GUEST_GNTTAB_BASE, GUEST_GNTTAB_SIZE, base, bytes) ||
        overlap(GUEST_MAGIC_BASE, GUEST_MAGIC_SIZE, base, bytes)) {
        return "the domain's grant-table window";
    }
    for (unsigned i = 0; i < domain->mmio_count; i++) {
        if (overlap(domain->mmio[i].guest.v, domain->mmio[i].size_bytes, base, bytes)) {
            return "another device of the domain";
        }
    }
    return NULL;
}

static int add_mmio(struct device *device, uint64_t physical, uint64_t bytes, uint64_t guest)
{
    struct domain_config *domain = device->domain;
    const char *conflict;

    if (((physical | bytes | guest) & PAGE_MASK) != 0 || bytes == 0 || physical + bytes < physical) {
        log_error("%s: partial tree %s: xen,reg <0x%lx 0x%lx 0x%lx>: write whole pages (multiples of 0x1000)",
                  domain->path, device->path, physical, bytes, guest);
        return -EINVAL;
    }
    conflict = physical_conflict(device, physical, bytes);
    if (conflict != NULL) {
        log_error("%s: partial tree %s: xen,reg: 0x%lx cannot be assigned: %s", domain->path, device->path,
                  physical, conflict);
        return -EINVAL;
    }
    conflict = guest_conflict(domain, guest, bytes);
    if (guest >= GUEST_ADDRESS_LIMIT || bytes > GUEST_ADDRESS_LIMIT - guest) {
        conflict = "beyond its address space";
    }
    if (conflict != NULL) {
        log_error("%s: partial tree %s: xen,reg: guest address 0x%lx is %s; write a free one, as 0x10000000",
                  domain->path, device->path, guest, conflict);
        return -EINVAL;
    }
    if (domain->mmio_count == PASSTHROUGH_MAX) {
        log_error("%s: partial tree: more than %d ranges of xen,reg; join or remove some", domain->path,
                  PASSTHROUGH_MAX);
        return -EINVAL;
    }
    domain->mmio[domain->mmio_count++] = (struct passthrough_mmio){pa(physical), ipa(guest), bytes};
    return 0;
}

static int read_mmio(struct device *device)
{
    unsigned address_cells, size_cells, entry_bytes;
    int length;
    const uint8_t *value = dt_property(device->place.fdt, dt_place_node(&device->place), "xen,reg", &length);

    dt_cell_sizes(&device->place, device->place.depth - 1, &address_cells, &size_cells);
    entry_bytes = (2 * address_cells + size_cells) * 4;
    if (address_cells < 1 || address_cells > 2 || size_cells < 1 || size_cells > 2 ||
        length < (int)entry_bytes || (unsigned)length % entry_bytes != 0) {
        log_error(
            "%s: partial tree %s: xen,reg is no list of <physical size guest> in the cells its parent states",
            device->domain->path, device->path);
        return -EINVAL;
    }
    for (; length > 0; value += entry_bytes, length -= (int)entry_bytes) {
        int error = add_mmio(device, dt_cells_value(value, address_cells),
                             dt_cells_value(value + address_cells * 4, size_cells),
                             dt_cells_value(value + (address_cells + size_cells) * 4, address_cells));

        if (error != 0) {
            return error;
        }
    }
    return 0;
}

static const struct passthrough_irq *find_irq(const struct domain_config *domain, unsigned intid)
{
    for (unsigned i = 0; i < domain->irq_count; i++) {
        if (domain->irq[i].intid == intid) {
            return &domain->irq[i];
        }
    }
    return NULL;
}

/* Why the interrupt cannot be given away; NULL when it can. */
static const char *irq_conflict(const struct device *device, unsigned intid)
{
    const struct board *board = device->host->board;
    const struct boot_config *config = device->host->config;

    if (intid < GIC_SPI_FIRST) {
        return "it is a PPI, only SPIs can be assigned";
    }
    if (intid == board->uart.intid) {
        return "it is the hypervisor's console";
    }
    if (device->domain->vpl011 && intid == GUEST_VPL011_SPI) {
        return "it is the domain's vpl011; leave that out";
    }
    for (unsigned d = 0; d < config->domain_count; d++) {
        if (find_irq(&config->domains[d], intid) != NULL) {
            return "another domain has it";
        }
    }
    return device->domain->irq_count == PASSTHROUGH_MAX ? "a domain can have 16" : NULL;
}

static int add_irq(struct device *device, const struct dt_irq *irq)
{
    struct domain_config *domain = device->domain;
    const char *conflict;

    if (find_irq(domain, irq->intid) != NULL) {
        return 0; /* A device may list one twice. */
    }
    conflict = irq_conflict(device, irq->intid);
    if (conflict != NULL) {
        log_error("%s: partial tree %s: interrupt %u cannot be assigned: %s", domain->path, device->path,
                  irq->intid, conflict);
        return -EINVAL;
    }
    domain->irq[domain->irq_count++] = (struct passthrough_irq){irq->intid, irq->edge};
    return 0;
}

/* The interrupts of the host's node that xen,path names. */
static int read_host_irqs(struct device *device, const char *host_path)
{
    const void *fdt = device->host->fdt;
    struct dt_place place;
    int gic = board_find_gic(fdt), node = dt_find_path(fdt, host_path, strlen(host_path));

    if (host_path[0] != '/' || node < 0 || !dt_place_find(&place, fdt, node)) {
        log_error("%s: partial tree %s: xen,path: the host's tree has no node \"%s\"", device->domain->path,
                  device->path, host_path);
        return -EINVAL;
    }
    for (unsigned i = 0;; i++) {
        struct dt_irq irq;
        int error = dt_irq(&place, gic, i, &irq);

        if (error == -ENOENT) {
            return 0;
        }
        if (error == 0) {
            error = add_irq(device, &irq);
        } else {
            log_error("%s: partial tree %s: interrupt %u of %s does not go to the GIC and cannot be assigned",
                      device->domain->path, device->path, i, host_path);
        }
        if (error != 0) {
            return -EINVAL;
        }
    }
}

/* What the domain will believe: taken when there is no node of the host, else compared with it. */
static int read_own_irqs(struct device *device, bool take)
{
    const void *partial = device->place.fdt;
    int length, gic = dt_find(partial, "/gic");
    const uint8_t *value = dt_property(partial, dt_place_node(&device->place), "interrupts", &length);
    uint32_t parent = dt_interrupt_parent(&device->place);

    if (value == NULL || (parent != 0 && (gic < 0 || parent != dt_phandle(partial, gic)))) {
        return 0;
    }
    for (; length >= 12; value += 12, length -= 12) {
        struct dt_irq irq;
        int error = dt_irq_decode(value, &irq);

        if (error != 0) {
            log_error("%s: partial tree %s: interrupts: write <0 NUMBER FLAGS> for SPI NUMBER",
                      device->domain->path, device->path);
        } else if (take) {
            error = add_irq(device, &irq);
        } else if (find_irq(device->domain, irq.intid) == NULL) {
            log_warn(
                "%s: partial tree %s: interrupts names %u, which the host's node has not: it will never come",
                device->domain->path, device->path, irq.intid);
        }
        if (error != 0) {
            return -EINVAL;
        }
    }
    return 0;
}

static int read_device(struct device *device)
{
    const void *partial = device->place.fdt;
    int node = dt_place_node(&device->place);
    const char *host_path = dt_string(partial, node, "xen,path");
    bool reg = dt_has(partial, node, "xen,reg"), path = dt_has(partial, node, "xen,path");
    bool force = dt_has(partial, node, "xen,force-assign-without-iommu");

    if (!reg && !path) {
        return 0; /* A node the device refers to, as a clock. */
    }
    if (!reg || !(path || force) || (path && host_path == NULL)) {
        log_error("%s: partial tree %s: write both xen,reg and xen,path (a string), or xen,reg and "
                  "xen,force-assign-without-iommu",
                  device->domain->path, device->path);
        return -EINVAL;
    }
    if (path && device->host->board->uart.path[0] != '\0' &&
        strcmp(host_path, device->host->board->uart.path) == 0) {
        log_error("%s: partial tree %s: xen,path: %s is the hypervisor's console; choose another by dtuart=, "
                  "or console=none",
                  device->domain->path, device->path, host_path);
        return -EINVAL;
    }
    if (read_mmio(device) != 0 || (path && read_host_irqs(device, host_path) != 0) ||
        read_own_irqs(device, !path) != 0) {
        return -EINVAL;
    }
    device->domain->device_dma_uncontained = true;
    log_warn("%s: %s is assigned without an SMMU: if it does DMA, that reaches all memory",
             device->domain->path, path ? host_path : device->path);
    return 0;
}

int passthrough_read(const struct passthrough_host *host, const void *partial, uint64_t bytes,
                     struct domain_config *domain)
{
    struct device device = {.host = host, .domain = domain};
    int node;

    if (board_check_tree(partial, bytes) < 0) {
        log_error(
            "%s: the multiboot,device-tree module at 0x%lx is no whole device tree; write a .dtb made by dtc",
            domain->path, domain->partial_tree.base.v);
        return -EINVAL;
    }
    node = dt_find(partial, "/passthrough");
    if (node < 0 || !dt_place_find(&device.place, partial, node)) {
        log_warn("%s: its partial tree has no /passthrough node: no device is assigned", domain->path);
        return 0;
    }
    while (dt_place_next_below(&device.place, 1)) {
        dt_place_path(&device.place, device.path, sizeof(device.path));
        if (read_device(&device) != 0) {
            return -EINVAL;
        }
    }
    return 0;
}

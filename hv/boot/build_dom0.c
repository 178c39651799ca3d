/* SPDX-License-Identifier: Apache-2.0 */
/* build_dom0.c - Dom0: its memory and every device that nobody else has stand at the machine's addresses.
 *
 * What Dom0 sees at an address:
 *
 *     its banks                     RAM                            dom0_layout.h
 *     GICD, and GICv3's GICR        the virtual GIC, emulated
 *     GICC of GICv2                 the physical GICV
 *     registers of its devices      themselves, page by page       dom0_devices.h
 *     the hypervisor's image        nothing: the grant-table window, as nothing else can ever be there
 *     everything else               nothing */
#include "boot/build_dom0.h"

#include "arch/cache.h"
#include "arch/mmio.h"
#include "arch/mmu.h"
#include "base/page_alloc.h"
#include "boot/build_load.h"
#include "boot/dom0_config.h"
#include "boot/dom0_devices.h"
#include "boot/dom0_dt.h"
#include "boot/mem_carve.h"
#include "boot/memory.h"
#include "core/irq.h"
#include "drivers/gic.h"
#include "lib/error.h"
#include "lib/gic.h"
#include "lib/log.h"
#include "vdev/vconsole.h"

#define RUN_MAX 64u
#define TREE_ORDER 8u               /* DOM0_TREE_BYTES_MAX */
#define GRANT_WINDOW_BYTES KIB(256) /* Xen's default of 64 frames. */
#define GICV2_CPU_PAGES 2u

_Static_assert(PAGE_SIZE << TREE_ORDER == DOM0_TREE_BYTES_MAX, "TREE_ORDER");

/* Dom0 while it is built: there is one. */
static struct {
    const struct boot_config *config;
    const struct board *board;
    struct domain *domain;
    struct dom0_nodes nodes;
    struct dom0_layout layout;
    struct image_info image;
    struct mem_holes holes; /* What no device's registers may be. */
    uint32_t ppis;          /* Those that the tree speaks of. */
    unsigned spi_count;
    int error; /* The first of a device. */
} job;

/* --- Memory --- */

/* Free memory in ascending order. Returns how many runs. */
static unsigned find_runs(struct mem_range *runs)
{
    struct mem_range mapped;
    unsigned count = 0;

    for (unsigned i = 0; memory_mapped(i, &mapped); i++) {
        pa_t at = mapped.base, end = pa(mapped.base.v + mapped.size_bytes);

        while (count < RUN_MAX && page_next_free(at, end, &runs[count].base, &runs[count].size_bytes)) {
            at = pa(runs[count].base.v + runs[count].size_bytes);
            count++;
        }
    }
    for (unsigned i = 1; i < count; i++) { /* Banks stand in no order. */
        for (unsigned j = i; j > 0 && runs[j - 1].base.v > runs[j].base.v; j--) {
            struct mem_range other = runs[j];

            runs[j] = runs[j - 1];
            runs[j - 1] = other;
        }
    }
    return count;
}

static int plan_memory(void)
{
    const struct domain_config *dom0 = &job.config->dom0;
    const struct dom0_wish wish = {
        .memory_bytes = dom0->memory_bytes,
        .least_bytes = dom0->memory_least_bytes,
        .text_offset = job.image.text_offset,
        .kernel_bytes = max_u64(job.image.image_bytes, job.image.file_bytes),
        .ramdisk_bytes = dom0->ramdisk.size_bytes,
    };
    struct mem_range runs[RUN_MAX];
    unsigned needed_mib = (unsigned)(dom0_first_bank_bytes(&wish) >> 20);
    int error = dom0_layout_plan(&wish, runs, find_runs(runs), &job.layout);

    if (error == -EINVAL) {
        log_error("command line: dom0_mem: %lu MiB do not hold Dom0's kernel (%lu KiB), ramdisk (%lu KiB) "
                  "and device "
                  "tree: write dom0_mem=%uM or more",
                  (unsigned long)(wish.memory_bytes >> 20), (unsigned long)(wish.kernel_bytes >> 10),
                  (unsigned long)(wish.ramdisk_bytes >> 10), needed_mib);
    } else if (error != 0) {
        log_error("command line: dom0_mem: Dom0 is to have %lu MiB, but only %lu MiB of memory are free%s: "
                  "write less, "
                  "%uM at least",
                  (unsigned long)(wish.least_bytes >> 20), (unsigned long)(page_free_bytes() >> 20),
                  error == -ENOSPC ? ", in pieces too small for its kernel" : "", needed_mib);
    }
    return error;
}

/* Take [base, base + size) in blocks as large as alignment and size allow. */
static int take_bank(const struct mem_range *bank)
{
    uint64_t done = 0;
    int error = 0;

    while (error == 0 && done < bank->size_bytes) {
        pa_t at = pa(bank->base.v + done);
        unsigned order = PAGE_ORDER_MAX;

        while ((PAGE_SIZE << order) > bank->size_bytes - done || (at.v & ((PAGE_SIZE << order) - 1)) != 0) {
            order--;
        }
        error = page_alloc_at(at, order, job.domain->id);
        if (error == 0) {
            cache_zero_publish(mmu_direct(at), PAGE_SIZE << order);
        }
        done += PAGE_SIZE << order;
    }
    return error;
}

static int take_memory(void)
{
    uint64_t bytes = 0;

    for (unsigned i = 0; i < job.layout.bank_count; i++) {
        const struct mem_range *bank = &job.layout.bank[i];
        int error = take_bank(bank);

        if (error == 0) {
            error = stage2_map(&job.domain->physmap.stage2, ipa(bank->base.v), bank->base, bank->size_bytes,
                               STAGE2_RAM);
        }
        if (error != 0) {
            log_error(
                "Dom0: memory at 0x%lx, 0x%lx bytes, cannot be mapped (error %d): write a smaller dom0_mem=",
                (unsigned long)bank->base.v, (unsigned long)bank->size_bytes, -error);
            return error;
        }
        bytes += bank->size_bytes;
        physmap_add_built(&job.domain->physmap, (bank->base.v + bank->size_bytes - 1) >> PAGE_SHIFT,
                          bank->size_bytes >> PAGE_SHIFT);
    }
    log_info("Dom0: %lu MiB in %u bank%s, the first at 0x%lx", (unsigned long)(bytes >> 20),
             job.layout.bank_count, job.layout.bank_count == 1 ? "" : "s",
             (unsigned long)job.layout.bank[0].base.v);
    return 0;
}

/* --- Devices --- */

static void map_part(pa_t base, uint64_t size_bytes)
{
    uint64_t limit = BIT64(job.domain->physmap.stage2.table.input_bits);
    int error;

    if (base.v >= limit || size_bytes > limit - base.v) {
        log_warn("Dom0: a device at 0x%lx, 0x%lx bytes, is beyond its %u address bits: not there",
                 (unsigned long)base.v, (unsigned long)size_bytes,
                 job.domain->physmap.stage2.table.input_bits);
        return;
    }
    error = stage2_map(&job.domain->physmap.stage2, ipa(base.v), base, size_bytes, STAGE2_DIRECT);
    job.error = job.error != 0 ? job.error : error;
}

static void take_range(void *context, const struct mem_range *range)
{
    uint64_t last = range->base.v + (range->size_bytes - 1);
    struct mem_range pages = {.base = pa(align_down(range->base.v, PAGE_SIZE))};

    (void)context;
    pages.size_bytes = align_down(last, PAGE_SIZE) + PAGE_SIZE - pages.base.v;
    if (pages.base.v + pages.size_bytes > pages.base.v) {
        mem_carve(&pages, &job.holes, map_part);
    }
}

/* Does another domain or the hypervisor have it? */
static bool irq_taken(unsigned intid)
{
    for (unsigned d = 0; d < job.config->domain_count; d++) {
        const struct domain_config *domain = &job.config->domains[d];

        for (unsigned i = 0; i < domain->irq_count; i++) {
            if (domain->irq[i].intid == intid) {
                return true;
            }
        }
    }
    return intid == job.board->uart.intid;
}

static void take_irq(void *context, const struct dt_irq *irq)
{
    int error;

    (void)context;
    if (irq->intid < GIC_SPI_FIRST) {
        job.ppis |= BIT32(irq->intid);
        return;
    }
    if (vgic_linked(job.domain->vgic, irq->intid)) {
        return; /* Devices may share one. */
    }
    error = irq_taken(irq->intid) ? -EBUSY : irq_assign(job.domain, irq->intid, irq->edge);
    if (error == 0) {
        job.spi_count++;
    } else {
        log_warn("Dom0: interrupt %u of the device tree does not reach it: %s", irq->intid,
                 error == -EBUSY ? "the hypervisor or another domain has it" : "the machine has no such SPI");
    }
}

static uint32_t read_device(void *context, pa_t addr)
{
    va_t page = mmu_map_device(pa(align_down(addr.v, PAGE_SIZE)), PAGE_SIZE);

    (void)context;
    return mmio_read32(page, addr.v & PAGE_MASK);
}

static int find_holes(void)
{
    struct mem_range range;
    int error = 0;

    for (unsigned i = 0; error == 0 && memory_mapped(i, &range); i++) {
        error = mem_hole_add(&job.holes, range.base, range.size_bytes);
    }
    for (unsigned i = 0; error == 0 && memory_own(i, &range); i++) {
        error = mem_hole_add(&job.holes, range.base, range.size_bytes);
    }
    for (unsigned i = 0; error == 0 && dom0_range_taken(&job.nodes, i, &range); i++) {
        error = mem_hole_add(&job.holes, range.base, range.size_bytes);
    }
    if (error != 0) {
        log_error("Dom0: more than %u ranges of memory and of devices are not its own; assign fewer devices "
                  "to domains",
                  MEM_HOLE_MAX);
    }
    return error;
}

/* GICv2's CPU interface is the virtual one in hardware. */
static int map_cpu_interface(void)
{
    pa_t pages[GICV2_CPU_PAGES];
    int error = 0;

    if (job.domain->gic_version != 2) {
        return 0;
    }
    gicv2_gicv_pages(pages);
    for (unsigned i = 0; error == 0 && i < GICV2_CPU_PAGES; i++) {
        error = stage2_map(&job.domain->physmap.stage2, ipa(job.board->gic.gicc.base.v + i * PAGE_SIZE),
                           pages[i], PAGE_SIZE, STAGE2_DEVICE);
    }
    return error;
}

static int map_devices(void)
{
    static const struct dom0_device_sink sink = {NULL, take_range, take_irq, read_device};
    int error = find_holes();

    if (error == 0) {
        error = map_cpu_interface();
    }
    if (error != 0) {
        return error;
    }
    dom0_devices_each(&job.nodes, &sink);
    if (job.error != 0) {
        log_error("Dom0: its devices cannot be mapped (error %d): leave more memory free", -job.error);
    }
    return job.error;
}

/* The PPI that event channels arrive by: the lowest that the machine does not use. INTID, 0: there is none.
 */
static unsigned choose_ppi(void)
{
    const struct board_timer *timer = &job.board->timer;
    uint32_t used = job.ppis | BIT32(timer->phys_intid) | BIT32(timer->virt_intid) | BIT32(timer->hyp_intid) |
                    BIT32(job.board->gic.maintenance_intid);

    for (unsigned intid = GIC_PPI_FIRST; intid < GIC_SPI_FIRST; intid++) {
        if ((used & BIT32(intid)) == 0) {
            return intid;
        }
    }
    return 0;
}

/* --- What it is started with --- */

static int load_tree(unsigned evtchn_ppi)
{
    struct dom0_dt_params params = {
        .nodes = &job.nodes,
        .bootargs = job.config->dom0.bootargs,
        .vcpu_count = job.domain->vcpu_count,
        .bank_count = job.layout.bank_count,
        .initrd = {job.layout.ramdisk, job.config->dom0.ramdisk.size_bytes},
        .evtchn_ppi = evtchn_ppi,
        .gicr_bytes = job.domain->vcpu_count * GICR_BYTES_PER_CPU,
    };
    pa_t room;
    int64_t size;
    int error = page_alloc(TREE_ORDER, DOMID_HV, &room);

    if (error != 0) {
        return error;
    }
    for (unsigned i = 0; i < job.layout.bank_count; i++) {
        params.bank[i] = job.layout.bank[i];
    }
    mmu_image_range(&params.grant_window.base, &params.grant_window.size_bytes);
    params.grant_window.size_bytes =
        min_u64(align_down(params.grant_window.size_bytes, PAGE_SIZE), GRANT_WINDOW_BYTES);
    size = dom0_dt_write(&params, mmu_direct(room), DOM0_TREE_BYTES_MAX);
    if (size == -ENOSPC) {
        log_error("Dom0: its device tree is larger than %lu KiB; leave nodes out of the machine's",
                  (unsigned long)(DOM0_TREE_BYTES_MAX >> 10));
    }
    error = size < 0 ? (int)size
                     : load_bytes(job.domain, ipa(job.layout.tree.v), mmu_direct(room), (uint64_t)size);
    page_free(room, TREE_ORDER, DOMID_HV);
    return error;
}

static int load_all(const void *kernel)
{
    const struct domain_config *dom0 = &job.config->dom0;
    unsigned ppi = choose_ppi();
    int error;

    if (ppi == 0) {
        log_error("Dom0: every PPI is some device's: none is left for event channels");
        return -ENODEV;
    }
    log_info("Dom0: %u vCPUs, %u interrupts, events by interrupt %u", job.domain->vcpu_count, job.spi_count,
             ppi);
    job.domain->evtchn_ppi = ppi;
    error = load_kernel(job.domain, dom0, kernel, &job.image, ipa(job.layout.kernel.v));
    if (error == 0 && dom0->ramdisk.size_bytes != 0) {
        error =
            load_bytes(job.domain, ipa(job.layout.ramdisk.v),
                       memory_read(dom0->ramdisk.base, dom0->ramdisk.size_bytes), dom0->ramdisk.size_bytes);
    }
    return error != 0 ? error : load_tree(ppi);
}

static int create(void)
{
    const struct domain_config *dom0 = &job.config->dom0;
    struct domain_params params = {
        .name = dom0->path,
        .privileged = true,
        .direct_map = true,
        .vcpu_count = dom0->vcpu_count,
        .gic_version = job.board->gic.version,
        .spi_limit = gic()->spi_limit(),
        .gicd_base = job.board->gic.gicd.base.v,
        .gicr_base = job.board->gic.gicr[0].base.v,
    };
    int error;

    for (unsigned i = 0; i < dom0->vcpu_count; i++) {
        params.vcpu_hard_affinity[i] = dom0->vcpu_hard_affinity[i];
    }
    error = domain_create(&params, &job.domain);
    if (error != 0) {
        log_error("Dom0: cannot be created (error %d): leave more memory free", -error);
        return error;
    }
    vgic_link(job.domain->vgic, job.board->timer.virt_intid, false);
    vgic_link(job.domain->vgic, job.board->timer.phys_intid, false);
    return 0;
}

int build_dom0(const void *fdt, const struct boot_config *config, const struct board *board,
               struct domain **out)
{
    const struct domain_config *dom0 = &config->dom0;
    const void *kernel = memory_read(dom0->kernel.base, dom0->kernel.size_bytes);
    int error;

    job.config = config;
    job.board = board;
    if (kernel == NULL) {
        log_error("Dom0: its kernel module at 0x%lx is not in RAM", (unsigned long)dom0->kernel.base.v);
        return -EINVAL;
    }
    error = image_probe(dom0->path, kernel, dom0->kernel.size_bytes, &job.image);
    if (error == 0) {
        error = dom0_nodes_find(&job.nodes, fdt, board, config);
    }
    if (error == 0) {
        error = plan_memory();
    }
    if (error == 0) {
        error = create();
    }
    if (error == 0) {
        error = take_memory();
    }
    if (error == 0) {
        error = map_devices();
    }
    if (error == 0) {
        error = load_all(kernel);
    }
    if (error == 0) {
        vconsole_attach_control(job.domain); /* Before any other domain's: the input is Dom0's first. */
        vcpu_reset(job.domain->vcpu[0], job.layout.kernel.v, job.layout.tree.v);
        *out = job.domain;
    }
    return error;
}

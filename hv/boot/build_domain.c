/* SPDX-License-Identifier: Apache-2.0 */
/* build_domain.c - a domain from its description, on Xen's guest platform (xen/arch-arm.h).
 *
 *   bank 0:  | kernel at text_offset ... | initrd | ...            | device tree |
 *            ^ GUEST_RAM0_BASE             2 MiB aligned             ^ last 2 MiB of the bank, or of its
 * first 128 MiB */
#include "boot/build_domain.h"

#include "arch/cache.h"
#include "arch/mmu.h"
#include "base/page_alloc.h"
#include "boot/build_load.h"
#include "boot/guest_dt.h"
#include "boot/image.h"
#include "boot/memory.h"
#include "core/irq.h"
#include "core/sched_setup.h"
#include "drivers/gic.h"
#include "lib/abi.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/string.h"
#include "vdev/vconsole.h"

#define TREE_BYTES_MAX KIB(64)
#define TREE_BELOW MIB(128) /* Of the bank's start: Linux maps that much early. */

/* Where the parts go in bank 0. */
struct layout {
    ipa_t kernel, initrd, tree;
    uint64_t bank_bytes[GUEST_RAM_BANKS];
    struct image_info image;
};

static int plan_layout(const struct domain_config *config, const void *kernel, struct layout *layout)
{
    uint64_t end;
    uint64_t top;
    int error = image_probe(config->path, kernel, config->kernel.size_bytes, &layout->image);

    if (error != 0) {
        return error;
    }
    layout->bank_bytes[0] = min_u64(config->memory_bytes, GUEST_RAM0_SIZE);
    layout->bank_bytes[1] = config->memory_bytes - layout->bank_bytes[0];
    layout->kernel = ipa(GUEST_RAM0_BASE + layout->image.text_offset);
    end = layout->kernel.v + max_u64(layout->image.image_bytes, layout->image.file_bytes);
    layout->initrd = ipa(align_up(end, MIB(2)));
    if (config->ramdisk.size_bytes != 0) {
        end = layout->initrd.v + config->ramdisk.size_bytes;
    }
    top = GUEST_RAM0_BASE + min_u64(layout->bank_bytes[0], TREE_BELOW);
    if (end + TREE_BYTES_MAX > top) {
        /* A large kernel or ramdisk: the tree goes behind it. */
        top = GUEST_RAM0_BASE + layout->bank_bytes[0];
    }
    layout->tree = ipa(align_down(top - TREE_BYTES_MAX, PAGE_SIZE));
    if (layout->bank_bytes[0] < TREE_BYTES_MAX || end > layout->tree.v) {
        log_error("%s: memory of %lu KiB does not hold its kernel (%lu KiB), ramdisk (%lu KiB) and device "
                  "tree: write memory = <0x0 0x%lx> "
                  "or more",
                  config->path, (unsigned long)(config->memory_bytes >> 10),
                  (unsigned long)(layout->image.image_bytes >> 10),
                  (unsigned long)(config->ramdisk.size_bytes >> 10),
                  (unsigned long)((end - GUEST_RAM0_BASE + TREE_BYTES_MAX + PAGE_MASK) >> 10));
        return -EINVAL;
    }
    return 0;
}

/* RAM for [base, base + size) in blocks as large as alignment, size and what is free allow. */
static int add_bank(struct domain *domain, uint64_t base, uint64_t size_bytes)
{
    unsigned largest = PAGE_ORDER_MAX; /* Larger ones are not free. */
    uint64_t done = 0;

    while (done < size_bytes) {
        unsigned order = largest;
        int error;

        while ((PAGE_SIZE << order) > size_bytes - done ||
               ((base + done) & ((PAGE_SIZE << order) - 1)) != 0) {
            order--;
        }
        error = domain_add_ram(domain, ipa(base + done), order);
        if (error == 0) {
            done += PAGE_SIZE << order;
        } else if (order > 0) {
            largest = order - 1;
        } else {
            return error;
        }
    }
    return 0;
}

static int put_tree(struct domain *domain, const struct domain_config *config, const struct layout *layout)
{
    struct guest_dt_params params = {
        .config = config,
        .gic_version = domain->gic_version,
        .bank = {{ipa(GUEST_RAM0_BASE), layout->bank_bytes[0]},
                 {ipa(GUEST_RAM1_BASE), layout->bank_bytes[1]}},
        .bank_count = layout->bank_bytes[1] != 0 ? 2 : 1,
        .initrd = layout->initrd,
        .initrd_bytes = config->ramdisk.size_bytes,
    };
    pa_t room;
    int64_t size;
    int error;

    if (config->partial_tree.size_bytes != 0) {
        params.partial_tree = memory_read(config->partial_tree.base, config->partial_tree.size_bytes);
    }
    error = page_alloc(4, DOMID_HV, &room);
    if (error != 0) {
        return error;
    }
    size = guest_dt_write(&params, mmu_direct(room), TREE_BYTES_MAX);
    error = size < 0 ? (int)size : load_bytes(domain, layout->tree, mmu_direct(room), (uint64_t)size);
    page_free(room, 4, DOMID_HV);
    return error;
}

static int map_devices(struct domain *domain, const struct domain_config *config)
{
    int error = 0;

    for (unsigned i = 0; error == 0 && i < config->mmio_count; i++) {
        error = stage2_map(&domain->physmap.stage2, config->mmio[i].guest, config->mmio[i].physical,
                           config->mmio[i].size_bytes, STAGE2_DEVICE);
    }
    for (unsigned i = 0; error == 0 && i < config->irq_count; i++) {
        error = irq_assign(domain, config->irq[i].intid, config->irq[i].edge);
        if (error != 0) {
            log_error("%s: interrupt %u cannot be assigned: %s", config->path, config->irq[i].intid,
                      error == -EBUSY ? "another domain has it" : "the machine has no such SPI");
        }
    }
    return error;
}

static int fill_domain(struct domain *domain, const struct domain_config *config, const void *kernel,
                       const struct layout *layout)
{
    int error = add_bank(domain, GUEST_RAM0_BASE, layout->bank_bytes[0]);

    if (error == 0) {
        error = add_bank(domain, GUEST_RAM1_BASE, layout->bank_bytes[1]);
    }
    if (error != 0) {
        log_error("%s: there is no memory for %lu MiB: %lu of %lu MiB are free, in pieces", config->path,
                  (unsigned long)(config->memory_bytes >> 20), (unsigned long)(page_free_bytes() >> 20),
                  (unsigned long)(page_total_bytes() >> 20));
        return error;
    }
    error = load_kernel(domain, config, kernel, &layout->image, layout->kernel);
    if (error == 0 && config->ramdisk.size_bytes != 0) {
        error =
            load_bytes(domain, layout->initrd, memory_read(config->ramdisk.base, config->ramdisk.size_bytes),
                       config->ramdisk.size_bytes);
    }
    if (error == 0) {
        error = put_tree(domain, config, layout);
    }
    return error;
}

int build_domain(const struct domain_config *config, const struct board *board, struct domain **out)
{
    const void *kernel = memory_read(config->kernel.base, config->kernel.size_bytes);
    unsigned spis = (unsigned)align_up(max_u64(config->spi_count, config->vpl011 ? 1 : 0), 32);
    struct domain_params params = {
        .name = config->path,
        .vcpu_count = config->vcpu_count,
        .gic_version = board->gic.version,
        .spi_limit = (unsigned)min_u64(GIC_SPI_FIRST + spis, GIC_INTID_MAX),
        .gicd_base = board->gic.version == 2 ? GUEST_GICD_BASE : GUEST_GICV3_GICD_BASE,
        .gicr_base = GUEST_GICV3_GICR0_BASE,
    };
    struct layout layout = {0};
    struct domain *domain;
    int error;

    if (kernel == NULL) {
        log_error("%s: its kernel module at 0x%lx is not in RAM", config->path,
                  (unsigned long)config->kernel.base.v);
        return -EINVAL;
    }
    error = plan_layout(config, kernel, &layout);
    if (error != 0) {
        return error;
    }
    if (config->memory_bytes > page_free_bytes()) {
        log_error("%s: asks for %lu MiB, but only %lu MiB of memory are free: write a smaller memory = <...>",
                  config->path, (unsigned long)(config->memory_bytes >> 20),
                  (unsigned long)(page_free_bytes() >> 20));
        return -ENOMEM;
    }
    params.pool = sched_pool_at(config->pool);
    memcpy(params.vcpu_params, config->vcpu_params, sizeof(params.vcpu_params));
    memcpy(params.vcpu_hard_affinity, config->vcpu_hard_affinity, sizeof(params.vcpu_hard_affinity));
    error = domain_create(&params, &domain);
    if (error != 0) {
        log_error("%s: cannot be created (error %d)", config->path, -error);
        return error;
    }
    error = map_devices(domain, config);
    if (error == 0) {
        error = fill_domain(domain, config, kernel, &layout);
    }
    if (error == 0 && config->vpl011) {
        error = vconsole_attach(domain);
    }
    if (error != 0) {
        domain_discard(domain);
        return error;
    }
    if (config->device_dma_uncontained) {
        log_warn("%s: has a device without an IOMMU: what it does by DMA is not contained", config->path);
    }
    vcpu_reset(domain->vcpu[0], layout.kernel.v, layout.tree.v);
    *out = domain;
    return 0;
}

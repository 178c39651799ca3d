/* SPDX-License-Identifier: Apache-2.0 */
/* build_load.c - what a domain is started with, into its memory. */
#include "boot/build_load.h"

#include "arch/cache.h"
#include "arch/mmu.h"
#include "base/page_alloc.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/string.h"

int load_bytes(struct domain *domain, ipa_t addr, const void *from, uint64_t size_bytes)
{
    const char *next = from;

    while (size_bytes != 0) {
        uint64_t left;
        pa_t to;
        uint64_t part;

        if (stage2_lookup(&domain->physmap.stage2, addr, &to, NULL, &left) != 0) {
            return -EFAULT;
        }
        part = min_u64(left, size_bytes);
        memcpy(mmu_direct(to), next, part);
        cache_publish(mmu_direct(to), part);
        next += part;
        addr.v += part;
        size_bytes -= part;
    }
    return 0;
}

/* A kernel as it is is copied; a packed one is unpacked beside and copied then. */
int load_kernel(struct domain *domain, const struct domain_config *config, const void *kernel,
                const struct image_info *image, ipa_t addr)
{
    uint64_t bytes = image->file_bytes;
    unsigned order = 0;
    pa_t room;
    int error;

    if (!image->gzip) {
        return load_bytes(domain, addr, kernel, bytes);
    }
    while ((PAGE_SIZE << order) < bytes) {
        order++;
    }
    error = page_alloc(order, DOMID_HV, &room);
    if (error != 0) {
        log_error("%s: no %lu MiB free in one piece to unpack its kernel: give it unpacked, or leave more "
                  "memory free",
                  config->path, (unsigned long)((PAGE_SIZE << order) >> 20));
        return error;
    }
    error = image_load(config->path, kernel, config->kernel.size_bytes, image, mmu_direct(room),
                       PAGE_SIZE << order);
    if (error == 0) {
        error = load_bytes(domain, addr, mmu_direct(room), bytes);
    }
    page_free(room, order, DOMID_HV);
    return error;
}

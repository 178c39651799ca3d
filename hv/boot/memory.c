/* SPDX-License-Identifier: Apache-2.0 */
/* memory.c - from the banks of the board to the page allocator. */
#include "boot/memory.h"

#include "arch/cache.h"
#include "arch/mmu.h"
#include "base/page_alloc.h"
#include "boot/mem_carve.h"
#include "lib/log.h"
#include "lib/panic.h"

#define MAPPED_MAX (2 * BOARD_RANGE_MAX)

static struct mem_holes holes;
static struct mem_range
    mapped[MAPPED_MAX]; /* Whole pages, without what is reserved, the image and the tree. */
static unsigned mapped_count;
static struct mem_range own[BOARD_OWN_RANGES];

static void add_hole(pa_t base, uint64_t size_bytes)
{
    if (mem_hole_add(&holes, base, size_bytes) != 0) {
        panic("the device tree has more than %u reserved ranges and modules", MEM_HOLE_MAX);
    }
}

static void map_part(pa_t base, uint64_t size_bytes)
{
    if (mapped_count == MAPPED_MAX) {
        panic("the device tree's memory is in more than %u pieces between its reserved ranges", MAPPED_MAX);
    }
    mmu_map_ram(base, size_bytes);
    mapped[mapped_count++] = (struct mem_range){.base = base, .size_bytes = size_bytes};
}

void memory_map(const struct board *board)
{
    for (unsigned i = 0; i < BOARD_OWN_RANGES; i++) { /* The last ones, as boot/main.c added them. */
        own[i] = board->reserved[board->reserved_count - BOARD_OWN_RANGES + i];
    }
    /* Reserved memory is somebody's, perhaps protected: not even speculation may touch it. */
    for (unsigned i = 0; i < board->reserved_count; i++) {
        add_hole(board->reserved[i].base, board->reserved[i].size_bytes);
    }
    for (unsigned i = 0; i < board->memory_count; i++) {
        const struct mem_range *bank = &board->memory[i];

        if (bank->base.v + bank->size_bytes > BIT64(DIRECT_PA_BITS)) {
            log_warn("memory at 0x%lx is beyond what is supported (%u address bits): left out",
                     (unsigned long)bank->base.v, DIRECT_PA_BITS);
            continue;
        }
        mem_carve(bank, &holes, map_part);
    }
}

const void *memory_read(pa_t base, uint64_t size_bytes)
{
    for (unsigned i = 0; i < mapped_count; i++) {
        uint64_t offset = base.v - mapped[i].base.v;

        if (offset < mapped[i].size_bytes && size_bytes <= mapped[i].size_bytes - offset) {
            return mmu_direct(base);
        }
    }
    return NULL;
}

bool memory_mapped(unsigned index, struct mem_range *out)
{
    if (index < mapped_count) {
        *out = mapped[index];
    }
    return index < mapped_count;
}

bool memory_own(unsigned index, struct mem_range *out)
{
    if (index < BOARD_OWN_RANGES) {
        *out = own[index];
    }
    return index < BOARD_OWN_RANGES;
}

void memory_init(const struct boot_config *config)
{
    uint64_t low = UINT64_MAX;
    uint64_t high = 0;
    size_t table_bytes;
    pa_t table;

    for (unsigned i = 0; i < config->module_count; i++) {
        add_hole(config->modules[i].where.base, config->modules[i].where.size_bytes);
    }
    for (unsigned i = 0; i < mapped_count; i++) {
        low = min_u64(low, mapped[i].base.v);
        high = max_u64(high, mapped[i].base.v + mapped[i].size_bytes);
    }
    if (high <= low) {
        panic("the device tree names no usable memory: check its memory nodes");
    }
    table_bytes = align_up(page_table_bytes((high - low) >> PAGE_SHIFT), PAGE_SIZE);
    if (mem_find(mapped, mapped_count, &holes, table_bytes, &table) != 0) {
        panic("no %lu KiB of memory free in one piece for the page table of %lu MiB: move modules, or give "
              "more memory",
              (unsigned long)(table_bytes >> 10), (unsigned long)((high - low) >> 20));
    }
    cache_zero_pages(mmu_direct(table), table_bytes);
    page_pool_init(mmu_direct(table), pa(low), (high - low) >> PAGE_SHIFT);
    add_hole(table, table_bytes);
    for (unsigned i = 0; i < mapped_count; i++) {
        mem_carve(&mapped[i], &holes, page_pool_add);
    }
}

void memory_report(uint64_t domains_bytes)
{
    uint64_t all = 0, free = page_free_bytes();

    for (unsigned i = 0; i < mapped_count; i++) {
        all += mapped[i].size_bytes;
    }
    for (unsigned i = 0; i < BOARD_OWN_RANGES; i++) {
        all += align_up(own[i].base.v + own[i].size_bytes, PAGE_SIZE) - align_down(own[i].base.v, PAGE_SIZE);
    }
    log_info("memory: %lu KiB, of which %lu are the domains' and %lu free: the hypervisor keeps %lu KiB",
             (unsigned long)(all >> 10), (unsigned long)(domains_bytes >> 10), (unsigned long)(free >> 10),
             (unsigned long)((all - domains_bytes - free) >> 10));
}

void memory_free_modules(const struct boot_config *config)
{
    for (unsigned i = 0; i < config->module_count; i++) {
        uint64_t start = align_up(config->modules[i].where.base.v, PAGE_SIZE);
        uint64_t end =
            align_down(config->modules[i].where.base.v + config->modules[i].where.size_bytes, PAGE_SIZE);

        if (end > start && memory_read(pa(start), end - start) != NULL) {
            page_pool_add(pa(start), end - start);
        }
    }
}

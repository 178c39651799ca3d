/* SPDX-License-Identifier: Apache-2.0 */
/* mmu.c - the hypervisor's own address space at EL2: see arch/mmu.h for the map. Tables come from a fixed
 * pool, so that nothing here depends on the page allocator, which needs the direct map first. */
#include "arch/mmu.h"

#include "arch/barrier.h"
#include "arch/mmu_setup.h"
#include "arch/sysreg.h"
#include "lib/error.h"
#include "lib/panic.h"
#include "lib/pgtable.h"

/* Stage 1 attributes, EL2 regime: Arm ARM D5.3.3. AttrIndx picks a byte of MAIR_VALUE (arch/mmu_setup.h). */
#define ATTR_INDEX(n) ((uint64_t)(n) << 2)
#define ATTR_AP1 BIT64(6) /* RES1 in this regime. */
#define ATTR_RO BIT64(7)
#define ATTR_SH_INNER (UINT64_C(3) << 8)
#define ATTR_AF BIT64(10)
#define ATTR_XN BIT64(54)
#define ATTR_NORMAL (ATTR_INDEX(MAIR_INDEX_NORMAL) | ATTR_SH_INNER | ATTR_AF | ATTR_AP1)
#define ATTR_DEVICE (ATTR_INDEX(MAIR_INDEX_DEVICE) | ATTR_AF | ATTR_AP1 | ATTR_XN)

#define TABLE_POOL_COUNT 64

extern char _start[], __text_start[], __text_end[], __rodata_start[], __rodata_end[], __data_start[],
    __image_end[];
extern char __idmap_start[], __idmap_end[];

static uint64_t table_pool[TABLE_POOL_COUNT][512] __attribute__((aligned(4096)));
static unsigned table_pool_used;
static uint8_t stacks[CPU_MAX][STACK_BYTES] __attribute__((aligned(4096)));
static pa_t image_base;
static uint64_t device_next = DEVICE_BASE;
static struct pgtable space;

static int pool_alloc(void *context, pa_t *out)
{
    (void)context;
    if (table_pool_used == TABLE_POOL_COUNT) {
        return -ENOMEM;
    }
    *out = mmu_image_pa(table_pool[table_pool_used++]); /* In bss: zero already, and never given back. */
    return 0;
}

static void pool_free(void *context, pa_t table)
{
    (void)context;
    (void)table;
}

static uint64_t *pool_table_at(void *context, pa_t table)
{
    (void)context;
    return (uint64_t *)(IMAGE_BASE + (table.v - image_base.v));
}

static void invalidate_own(void *context, uint64_t input_addr, uint64_t size_bytes)
{
    (void)context;
    (void)input_addr;
    (void)size_bytes;
    barrier_dsb_ish(); /* The entry's store is seen by all walkers before the invalidation... */
    __asm__ volatile("tlbi alle2is" ::: "memory");
    barrier_dsb_ish(); /* ...which is complete before anything that relies on it. */
    barrier_isb();
}

static const struct pgtable_ops pool_ops = {
    .alloc_table = pool_alloc,
    .free_table = pool_free,
    .table_at = pool_table_at,
    .invalidate = invalidate_own,
};

pa_t mmu_image_pa(const void *p)
{
    return pa((uint64_t)p - IMAGE_BASE + image_base.v);
}

void mmu_image_range(pa_t *base, uint64_t *size_bytes)
{
    *base = image_base;
    *size_bytes = (uint64_t)(__image_end - _start);
}

pa_t mmu_root(void)
{
    return space.root;
}

static void map(uint64_t addr, pa_t to, uint64_t size_bytes, uint64_t attributes)
{
    if (pgtable_map(&space, addr, to, size_bytes, attributes) != 0) {
        panic("EL2 page tables: cannot map 0x%lx bytes at 0x%lx (pool of %u pages used up: %u). Fewer or "
              "larger memory banks, or raise "
              "TABLE_POOL_COUNT in hv/arch/arm64/mmu.c",
              (unsigned long)size_bytes, (unsigned long)addr, TABLE_POOL_COUNT, table_pool_used);
    }
    /* New entries (never valid before, so nothing to invalidate) are visible to the walkers... */
    barrier_dsb_ish();
    barrier_isb(); /* ...before the first access through them. */
}

static void map_section(const char *start, const char *end, uint64_t attributes)
{
    uint64_t size_bytes = align_up((uint64_t)(end - start), PAGE_SIZE);

    if (size_bytes != 0) {
        map((uint64_t)start, mmu_image_pa(start), size_bytes, attributes);
    }
}

void mmu_init(pa_t image)
{
    pa_t root;
    pa_t idmap;

    image_base = image;
    if (pool_alloc(NULL, &root) != 0) {
        panic("EL2 page tables: no root");
    }
    space =
        (struct pgtable){.root = root, .start_level = 0, .input_bits = 48, .ops = &pool_ops, .context = NULL};
    map_section(_start, __text_end, ATTR_NORMAL | ATTR_RO);
    map_section(__rodata_start, __rodata_end, ATTR_NORMAL | ATTR_RO | ATTR_XN);
    map_section(__data_start, __image_end, ATTR_NORMAL | ATTR_XN);
    idmap = pa(align_down(mmu_image_pa(__idmap_start).v, PAGE_SIZE));
    map(idmap.v, idmap, align_up(mmu_image_pa(__idmap_end).v, PAGE_SIZE) - idmap.v, ATTR_NORMAL | ATTR_RO);
    (void)mmu_map_stack(0);
    mmu_switch(space.root.v, IMAGE_BASE - image.v);
}

va_t mmu_map_stack(unsigned cpu)
{
    uint64_t bottom = STACK_BASE + cpu * STACK_STRIDE + STACK_STRIDE - STACK_BYTES - PAGE_SIZE;

    map(bottom, mmu_image_pa(stacks[cpu]), STACK_BYTES, ATTR_NORMAL | ATTR_XN);
    return va(bottom + STACK_BYTES);
}

va_t mmu_map_device(pa_t base, uint64_t size_bytes)
{
    uint64_t first = align_down(base.v, PAGE_SIZE);
    uint64_t length = align_up(base.v + size_bytes, PAGE_SIZE) - first;
    uint64_t addr = device_next;

    map(addr, pa(first), length, ATTR_DEVICE);
    device_next += length + PAGE_SIZE;
    return va(addr + (base.v - first));
}

const void *mmu_map_tree(pa_t tree, uint64_t size_bytes)
{
    uint64_t first = align_down(tree.v, PAGE_SIZE);
    uint64_t length = align_up(tree.v + size_bytes, PAGE_SIZE) - first;

    map(TREE_BASE, pa(first), length, ATTR_NORMAL | ATTR_RO | ATTR_XN);
    return (const void *)(TREE_BASE + (tree.v - first));
}

void mmu_map_ram(pa_t base, uint64_t size_bytes)
{
    uint64_t start = align_up(base.v, PAGE_SIZE);
    uint64_t end = align_down(base.v + size_bytes, PAGE_SIZE);
    uint64_t image_end = image_base.v + align_up((uint64_t)(__image_end - _start), PAGE_SIZE);
    uint64_t low_end = min_u64(end, image_base.v);
    uint64_t high_start = max_u64(start, image_end);

    /* The image's own pages stay out: a writable alias of its text would undo W^X. */
    if (start < low_end) {
        map(DIRECT_BASE + start, pa(start), low_end - start, ATTR_NORMAL | ATTR_XN);
    }
    if (high_start < end) {
        map(DIRECT_BASE + high_start, pa(high_start), end - high_start, ATTR_NORMAL | ATTR_XN);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* sys_platform.c - test guest: prints what it is given: its device tree (as hexadecimal bytes), its ramdisk,
 * and what is not zero in the rest of its memory; looks at its first registers and starts its CPUs. */
#include "fdt.h"

#include "check.h"

#define TREE_LINE_BYTES 32
#define START_TICKS_MS 5000

extern char _start[], __image_end[];

static struct checks checks;
static uint64_t initrd_start, initrd_end;
static volatile uint32_t arrived;

/* One line of the tree: TREE offset bytes. */
static void print_tree_line(const uint8_t *tree, uint32_t offset, uint32_t size)
{
    char hex[2 * TREE_LINE_BYTES + 1];
    uint32_t count = size - offset < TREE_LINE_BYTES ? size - offset : TREE_LINE_BYTES;

    for (uint32_t i = 0; i < count; i++) {
        hex[2 * i] = "0123456789abcdef"[tree[offset + i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[tree[offset + i] & 0xf];
    }
    hex[2 * count] = '\0';
    print("TREE %s\n", hex);
}

static void print_tree(void)
{
    uint32_t size = fdt_size(platform.fdt);

    for (uint32_t offset = 0; offset < size; offset += TREE_LINE_BYTES) {
        print_tree_line(platform.fdt, offset, size);
    }
}

static uint64_t read_cells(const void *property, uint32_t bytes)
{
    uint64_t value = 0;

    for (uint32_t i = 0; i < bytes; i += 4) {
        value = value << 32 | fdt_cell((const char *)property + i);
    }
    return value;
}

static bool find_initrd(const struct fdt_node *node, void *context)
{
    uint32_t start_bytes, end_bytes;
    const void *start = fdt_property(node, "linux,initrd-start", &start_bytes);
    const void *end = fdt_property(node, "linux,initrd-end", &end_bytes);

    (void)context;
    if (start != NULL && end != NULL) {
        initrd_start = read_cells(start, start_bytes);
        initrd_end = read_cells(end, end_bytes);
    }
    return true;
}

/* FNV-1a, 64 bits. */
static uint64_t hash(const uint8_t *bytes, uint64_t count)
{
    uint64_t value = 0xcbf29ce484222325UL;

    for (uint64_t i = 0; i < count; i++) {
        value = (value ^ bytes[i]) * 0x100000001b3UL;
    }
    return value;
}

/* How many bytes of [begin, end) are not zero; the first of them is named. */
static uint64_t count_dirty(uint64_t begin, uint64_t end)
{
    uint64_t dirty = 0;

    while (begin < end) {
        if ((begin & 63) == 0 && end - begin >= 64) {
            const uint64_t *w = (const uint64_t *)begin;
            if ((w[0] | w[1] | w[2] | w[3] | w[4] | w[5] | w[6] | w[7]) == 0) {
                begin += 64;
                continue;
            }
        }
        if (*(const uint8_t *)begin != 0 && dirty++ == 0) {
            print("DIRTY first at 0x%lx: 0x%x\n", begin, (unsigned)*(const uint8_t *)begin);
        }
        begin++;
    }
    return dirty;
}

/* All of the memory but image, tree and ramdisk. */
static uint64_t scan_bank(const struct range *bank)
{
    const struct range used[] = {
        {(uint64_t)_start, (uint64_t)(__image_end - _start)},
        {(uint64_t)platform.fdt, fdt_size(platform.fdt)},
        {initrd_start, initrd_end - initrd_start},
    };
    uint64_t at = bank->base, end = bank->base + bank->size_bytes, dirty = 0;

    while (at < end) {
        uint64_t next = end, after = end;
        for (unsigned i = 0; i < sizeof(used) / sizeof(used[0]); i++) {
            if (used[i].size_bytes != 0 && used[i].base >= at && used[i].base < next) {
                next = used[i].base;
                after = used[i].base + used[i].size_bytes;
            }
        }
        dirty += count_dirty(at, next);
        at = after;
    }
    return dirty;
}

static void print_memory(void)
{
    uint64_t dirty = 0;

    for (unsigned i = 0; i < platform.bank_count; i++) {
        print("MEMORY 0x%lx 0x%lx\n", platform.memory[i].base, platform.memory[i].size_bytes);
        dirty += bootarg_number("scan", 1) != 0 ? scan_bank(&platform.memory[i]) : 0;
    }
    CHECK_EQ(dirty, 0);
}

/* The last bytes of each bank are there, and their own. */
static void check_ends(void)
{
    for (unsigned i = 0; i < platform.bank_count; i++) {
        const struct range *bank = &platform.memory[i];
        *(volatile uint64_t *)(bank->base + bank->size_bytes - 8) = 0x1122334455660000UL + i;
    }
    for (unsigned i = 0; i < platform.bank_count; i++) {
        const struct range *bank = &platform.memory[i];
        CHECK_EQ(*(volatile uint64_t *)(bank->base + bank->size_bytes - 8), 0x1122334455660000UL + i);
    }
}

static void arrive(void *argument)
{
    if (SYSREG_READ(mpidr_el1) == (0x80000000UL | (uint64_t)argument)) {
        __atomic_fetch_add(&arrived, 1, __ATOMIC_RELEASE);
    }
}

static void start_cpus(void)
{
    for (unsigned i = 1; i < platform.cpu_count; i++) {
        CHECK_EQ(smp_start(i, arrive, (void *)platform.cpu_mpidr[i]), 0);
    }
    CHECK(smp_wait(&arrived, platform.cpu_count - 1, timer_frequency() / 1000 * START_TICKS_MS));
    print("CPUS %u\n", arrived + 1);
}

unsigned guest_main(void)
{
    CHECK(platform.fdt != NULL);
    CHECK_EQ(SYSREG_READ(CurrentEL), 1 << 2);
    CHECK_EQ(SYSREG_READ(mpidr_el1), 0x80000000UL);
    CHECK_EQ((uint64_t)platform.fdt & 7, 0);
    CHECK_EQ((uint64_t)_start & 0x1fffff, 0);
    fdt_walk(platform.fdt, find_initrd, NULL);
    print("IMAGE 0x%lx 0x%lx\n", (uint64_t)_start, (uint64_t)__image_end);
    print("FDT 0x%lx\n", (uint64_t)platform.fdt);
    if (initrd_end > initrd_start) {
        print("INITRD 0x%lx %lu bytes, hash %016lx\n", initrd_start, initrd_end - initrd_start,
              hash((const uint8_t *)initrd_start, initrd_end - initrd_start));
    }
    if (bootarg_number("tree", 0) != 0) {
        print_tree();
    }
    print_memory();
    check_ends();
    start_cpus();
    return checks_end(&checks);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_pgtable.c - translation tables against a flat array of pages, with allocations that fail. */
#include "lib/pgtable.h"

#include <string.h>

#include "lib/error.h"
#include "test.h"

#define TABLE_LIMIT 6144u
#define EVENT_LIMIT 20000u
#define MODEL_PAGES 1048576u /* 4 GiB. */
#define ATTR_A (MASK64(54, 54) | 0x7fcu)
#define ATTR_B UINT64_C(0x444)
#define POISON 0xa5

/* Table pages of the machine: page i stands at physical address i * 4096, address 0 included. */
static struct {
    uint64_t pages[TABLE_LIMIT][512];
    bool live[TABLE_LIMIT];
    uint64_t base[TABLE_LIMIT];  /* What a linked table covers, as of the start of the operation. */
    unsigned level[TABLE_LIMIT]; /* 0: was not linked then. */
    unsigned live_count;
    unsigned root_pages;
    unsigned budget; /* Allocations that still succeed. */
} ram;

struct event {
    uint64_t input, size;
};
static struct event events[EVENT_LIMIT];
static size_t event_count;

struct model_page {
    uint64_t output; /* 0: not mapped, else page address + 1. */
    uint64_t attributes;
};
static struct model_page model[MODEL_PAGES];
static uint64_t model_base, model_page_count;
static bool model_kept; /* By random tests only. */
static struct pgtable table;

static uint64_t entry_size(unsigned level)
{
    return UINT64_C(1) << (39 - 9 * level);
}

static bool model_any(uint64_t input, uint64_t size)
{
    for (uint64_t at = input; at < input + size; at += PAGE_SIZE) {
        uint64_t page = (at - model_base) / PAGE_SIZE;

        if (at >= model_base && page < model_page_count && model[page].output != 0) {
            return true;
        }
    }
    return false;
}

static bool event_covers(uint64_t input, uint64_t size)
{
    CHECK(event_count <= EVENT_LIMIT);
    for (size_t i = 0; i < event_count; i++) {
        if (events[i].input <= input && input + size <= events[i].input + events[i].size) {
            return true;
        }
    }
    return false;
}

/* Visit all tables that can be reached, noting what they cover; returns how many below the root there are. */
static unsigned walk(const uint64_t *entries, size_t count, unsigned level, uint64_t base, unsigned find,
                     bool *found)
{
    unsigned tables = 0;

    for (size_t i = 0; i < count; i++) {
        if (level < 3 && (entries[i] & 3) == 3) {
            size_t page = (entries[i] & PTE_ADDR_MASK) / PAGE_SIZE;

            CHECK(page < TABLE_LIMIT && ram.live[page]);
            if (find == TABLE_LIMIT) {
                ram.base[page] = base + i * entry_size(level);
                ram.level[page] = level + 1;
            } else if (page == find) {
                *found = true;
            }
            tables += 1 + walk(ram.pages[page], 512, level + 1, base + i * entry_size(level), find, found);
        }
    }
    return tables;
}

static unsigned walk_all(unsigned find, bool *found)
{
    size_t root_entries = (size_t)(UINT64_C(1) << table.input_bits) / entry_size(table.start_level);

    return walk(ram.pages[table.root.v / PAGE_SIZE], root_entries, table.start_level, 0, find, found);
}

static int alloc_table(void *context, pa_t *out)
{
    unsigned page = 0;

    CHECK_PTR_EQ(context, &ram);
    if (ram.budget == 0) {
        return -ENOMEM;
    }
    ram.budget--;
    while (ram.live[page]) {
        page++;
        CHECK(page < TABLE_LIMIT);
    }
    ram.live[page] = true;
    ram.live_count++;
    memset(ram.pages[page], 0, PAGE_SIZE);
    *out = pa(page * PAGE_SIZE);
    return 0;
}

static void free_table(void *context, pa_t at)
{
    size_t page = at.v / PAGE_SIZE;
    bool found = false;

    CHECK_PTR_EQ(context, &ram);
    CHECK(page < TABLE_LIMIT && ram.live[page]);
    CHECK(at.v < table.root.v || at.v >= table.root.v + ram.root_pages * PAGE_SIZE);
    if (table.input_bits <= 25) { /* In the small space: neither the walker nor its caches know the table. */
        walk_all((unsigned)page, &found);
        CHECK(!found);
        CHECK(ram.level[page] == 0 || event_covers(ram.base[page], entry_size(ram.level[page] - 1)));
    }
    memset(ram.pages[page], POISON, PAGE_SIZE);
    ram.live[page] = false;
    ram.level[page] = 0;
    ram.live_count--;
}

static uint64_t *table_at(void *context, pa_t at)
{
    CHECK_PTR_EQ(context, &ram);
    CHECK((at.v & PAGE_MASK) == 0 && at.v / PAGE_SIZE < TABLE_LIMIT && ram.live[at.v / PAGE_SIZE]);
    return ram.pages[at.v / PAGE_SIZE];
}

/* Break-before-make: when this is called nothing is mapped there, but something was. */
static void invalidate(void *context, uint64_t input, uint64_t size)
{
    CHECK_PTR_EQ(context, &ram);
    CHECK_EQ(input % size, 0);
    CHECK_EQ(pgtable_lookup(&table, input, NULL, NULL, NULL), -ENOENT);
    CHECK_EQ(pgtable_lookup(&table, input + size - 1, NULL, NULL, NULL), -ENOENT);
    CHECK(!model_kept || model_any(input, size));
    if (event_count < EVENT_LIMIT) { /* More only come in large spaces, where they are not looked at. */
        events[event_count] = (struct event){input, size};
    }
    event_count++;
}

static const struct pgtable_ops ops = {
    .alloc_table = alloc_table,
    .free_table = free_table,
    .table_at = table_at,
    .invalidate = invalidate,
};

/* An empty space; @first_page is where the root stands, so that 0 can be a table's address. */
static void set_up(unsigned start_level, unsigned input_bits, size_t first_page)
{
    unsigned root_bits = input_bits - (39 - 9 * start_level);

    memset(&ram, 0, sizeof(ram));
    memset(model, 0, sizeof(model));
    ram.budget = UINT32_MAX;
    ram.root_pages = root_bits <= 9 ? 1 : 1U << (root_bits - 9);
    for (unsigned i = 0; i < ram.root_pages; i++) {
        ram.live[first_page + i] = true;
    }
    table = (struct pgtable){
        .root = pa(first_page * PAGE_SIZE),
        .start_level = start_level,
        .input_bits = input_bits,
        .ops = &ops,
        .context = &ram,
    };
    model_base = 0;
    model_kept = false;
    model_page_count = min_u64(MODEL_PAGES, (UINT64_C(1) << input_bits) / PAGE_SIZE);
    event_count = 0;
}

static uint64_t entry_of(pa_t at, size_t index)
{
    return ram.pages[at.v / PAGE_SIZE][index];
}

static uint64_t block_at(uint64_t input)
{
    uint64_t block;

    return pgtable_lookup(&table, input, NULL, NULL, &block) == 0 ? block : 0;
}

TEST(descriptors)
{
    pa_t second, third;

    set_up(1, 39, 8);
    CHECK_EQ(pgtable_map(&table, GIB(1), pa(GIB(2)), GIB(1), ATTR_A), 0);
    CHECK_EQ(entry_of(table.root, 1), GIB(2) | ATTR_A | 1);
    CHECK_EQ(ram.live_count, 0);
    CHECK_EQ(pgtable_map(&table, GIB(2), pa(MIB(2)), MIB(2) + KIB(4), ATTR_B), 0);
    CHECK_EQ(ram.live_count, 2);
    second = pa(entry_of(table.root, 2) & PTE_ADDR_MASK);
    CHECK_EQ(entry_of(table.root, 2), second.v | 3);
    CHECK_EQ(entry_of(second, 0), MIB(2) | ATTR_B | 1);
    third = pa(entry_of(second, 1) & PTE_ADDR_MASK);
    CHECK_EQ(entry_of(second, 1), third.v | 3);
    CHECK_EQ(entry_of(third, 0), MIB(4) | ATTR_B | 3);
    CHECK_EQ(entry_of(third, 1), 0);
    CHECK_EQ(event_count, 0);
}

TEST(lookup_is_byte_exact)
{
    uint64_t attributes, block;
    pa_t output;

    set_up(0, 48, 8);
    CHECK_EQ(pgtable_map(&table, GIB(512) + MIB(2), pa(GIB(7)), MIB(4), ATTR_A), 0);
    CHECK_EQ(pgtable_lookup(&table, GIB(512) + MIB(2) + 0x212345, &output, &attributes, &block), 0);
    CHECK_EQ(output.v, GIB(7) + 0x212345);
    CHECK_EQ(attributes, ATTR_A);
    CHECK_EQ(block, MIB(2));
    CHECK_EQ(pgtable_lookup(&table, GIB(512) + MIB(6), &output, NULL, NULL), -ENOENT);
    CHECK_EQ(pgtable_lookup(&table, GIB(512) + MIB(2) - 1, &output, NULL, NULL), -ENOENT);
    CHECK_EQ(pgtable_lookup(&table, BIT64(48), &output, NULL, NULL), -ENOENT);
    CHECK_EQ(pgtable_lookup(&table, UINT64_MAX, &output, NULL, NULL), -ENOENT);
}

TEST(largest_blocks_that_fit)
{
    set_up(1, 40, 8);
    CHECK_EQ(pgtable_map(&table, KIB(4), pa(GIB(4) + KIB(4)), GIB(3), ATTR_A), 0);
    CHECK_EQ(block_at(0), 0);
    CHECK_EQ(block_at(KIB(4)), KIB(4));
    CHECK_EQ(block_at(MIB(2)), MIB(2));
    CHECK_EQ(block_at(GIB(1)), GIB(1));
    CHECK_EQ(block_at(GIB(2)), GIB(1));
    CHECK_EQ(block_at(GIB(3)), KIB(4));
    CHECK_EQ(block_at(GIB(3) + KIB(4)), 0);
    CHECK_EQ(ram.live_count, 4);
    /* Output aligned to 2 MiB only, then to 4 KiB only. */
    CHECK_EQ(pgtable_map(&table, GIB(8), pa(MIB(2)), GIB(1), ATTR_A), 0);
    CHECK_EQ(block_at(GIB(8)), MIB(2));
    CHECK_EQ(pgtable_map(&table, GIB(9), pa(KIB(4)), MIB(4), ATTR_A), 0);
    CHECK_EQ(block_at(GIB(9)), KIB(4));
    CHECK_EQ(ram.live_count, 8);
}

TEST(concatenated_root_reads_as_one)
{
    set_up(1, 40, 8);
    CHECK_EQ(pgtable_map(&table, GIB(511), pa(GIB(511)), GIB(2), ATTR_A), 0);
    CHECK_EQ(ram.pages[8][511], GIB(511) | ATTR_A | 1);
    CHECK_EQ(ram.pages[9][0], GIB(512) | ATTR_A | 1);
    CHECK_EQ(pgtable_unmap(&table, 0, BIT64(40)), 0);
    CHECK_EQ(ram.pages[8][511] | ram.pages[9][0], 0);
}

TEST(no_level_0_blocks)
{
    set_up(0, 48, 8);
    CHECK_EQ(pgtable_map(&table, 0, pa(0), GIB(512), ATTR_A), 0);
    CHECK_EQ(block_at(0), GIB(1));
    CHECK_EQ(ram.live_count, 1);
    CHECK_EQ(pgtable_unmap(&table, 0, GIB(512)), 0);
    CHECK_EQ(ram.live_count, 0);
    CHECK_EQ(event_count, 1);
    CHECK_EQ(events[0].size, GIB(512));
}

TEST(split_keeps_the_rest)
{
    uint64_t attributes;
    pa_t output;

    set_up(1, 39, 8);
    CHECK_EQ(pgtable_map(&table, GIB(1), pa(GIB(2)), GIB(1), ATTR_A), 0);
    CHECK_EQ(pgtable_unmap(&table, GIB(1) + MIB(512), KIB(4)), 0);
    CHECK_EQ(ram.live_count, 2);
    CHECK_EQ(event_count, 3);
    CHECK(event_covers(GIB(1), GIB(1)));
    CHECK(event_covers(GIB(1) + MIB(512), MIB(2)));
    CHECK_EQ(block_at(GIB(1)), MIB(2));
    CHECK_EQ(block_at(GIB(1) + MIB(512)), 0);
    CHECK_EQ(block_at(GIB(1) + MIB(512) + KIB(4)), KIB(4));
    CHECK_EQ(pgtable_lookup(&table, GIB(2) - 1, &output, &attributes, NULL), 0);
    CHECK_EQ(output.v, GIB(3) - 1);
    CHECK_EQ(attributes, ATTR_A);
}

TEST(mapping_the_same_again_changes_nothing)
{
    set_up(1, 39, 8);
    CHECK_EQ(pgtable_map(&table, MIB(1), pa(MIB(1)), MIB(5), ATTR_A), 0);
    ram.budget = 0;
    CHECK_EQ(pgtable_map(&table, MIB(1), pa(MIB(1)), MIB(5), ATTR_A), 0);
    CHECK_EQ(event_count, 0);
    CHECK_EQ(pgtable_unmap(&table, GIB(5), GIB(7) + KIB(4)), 0);
    CHECK_EQ(event_count, 0);
}

TEST(bad_arguments)
{
    set_up(1, 39, 8);
    CHECK_EQ(pgtable_map(&table, 1, pa(0), KIB(4), 0), -EINVAL);
    CHECK_EQ(pgtable_map(&table, 0, pa(2048), KIB(4), 0), -EINVAL);
    CHECK_EQ(pgtable_map(&table, 0, pa(0), KIB(4) + 1, 0), -EINVAL);
    CHECK_EQ(pgtable_map(&table, 0, pa(0), 0, 0), -EINVAL);
    CHECK_EQ(pgtable_map(&table, BIT64(39), pa(0), KIB(4), 0), -EINVAL);
    CHECK_EQ(pgtable_map(&table, BIT64(39) - KIB(4), pa(0), KIB(8), 0), -EINVAL);
    CHECK_EQ(pgtable_map(&table, KIB(4), pa(0), 0 - KIB(4), 0), -EINVAL);
    CHECK_EQ(pgtable_map(&table, 0, pa(BIT64(48)), KIB(4), 0), -EINVAL);
    CHECK_EQ(pgtable_map(&table, 0, pa(BIT64(48) - KIB(4)), KIB(8), 0), -EINVAL);
    CHECK_EQ(pgtable_map(&table, 0, pa(0), KIB(4), PTE_VALID), -EINVAL);
    CHECK_EQ(pgtable_map(&table, 0, pa(0), KIB(4), PTE_TABLE), -EINVAL);
    CHECK_EQ(pgtable_map(&table, 0, pa(0), KIB(4), BIT64(12)), -EINVAL);
    CHECK_EQ(pgtable_unmap(&table, 0, 0), -EINVAL);
    CHECK_EQ(pgtable_unmap(&table, KIB(2), KIB(4)), -EINVAL);
    CHECK_EQ(pgtable_unmap(&table, BIT64(39), KIB(4)), -EINVAL);
    CHECK_EQ(pgtable_map(&table, BIT64(39) - KIB(4), pa(BIT64(48) - KIB(4)), KIB(4), 0), 0);
    CHECK_EQ(ram.live_count, 2);
}

/* --- Properties
 * ----------------------------------------------------------------------------------------------- */

struct operation {
    uint64_t input, output, size, attributes;
    bool unmap;
};

static int run_operation(const struct operation *op)
{
    if (op->unmap) {
        return pgtable_unmap(&table, op->input, op->size);
    }
    return pgtable_map(&table, op->input, pa(op->output), op->size, op->attributes);
}

static void model_apply(const struct operation *op)
{
    for (uint64_t done = 0; done < op->size; done += PAGE_SIZE) {
        struct model_page *page = &model[(op->input + done - model_base) / PAGE_SIZE];

        page->output = op->unmap ? 0 : op->output + done + 1;
        page->attributes = op->unmap ? 0 : op->attributes;
    }
}

/* Sizes and places around the boundaries that matter, within the window of the model. */
static uint64_t random_round(uint64_t limit)
{
    static const uint64_t units[] = {KIB(4), KIB(4), KIB(64), MIB(2), MIB(2), GIB(1)};
    uint64_t unit = units[test_random_below(ARRAY_COUNT(units))];

    return limit < unit ? 0 : align_down(test_random_below(limit), unit);
}

static struct operation random_operation(void)
{
    uint64_t window = model_page_count * PAGE_SIZE;
    struct operation op = {.unmap = test_random_below(5) < 2,
                           .attributes = test_random_below(2) == 0 ? ATTR_A : ATTR_B};
    uint64_t limit = test_random_below(4) == 0 ? window : MIB(6);

    op.input = random_round(window);
    op.size = random_round(limit) + (test_random_below(2) == 0 ? KIB(4) : MIB(2));
    op.size = min_u64(op.size, window - op.input);
    op.output = test_random_below(3) == 0 ? random_round(GIB(8)) : op.input + random_round(GIB(4));
    op.input += model_base;
    return op;
}

static void check_page(uint64_t input)
{
    const struct model_page *page = &model[(input - model_base) / PAGE_SIZE];
    uint64_t attributes = 0, block = 0;
    pa_t output;
    int error = pgtable_lookup(&table, input + 0x123, &output, &attributes, &block);

    if (page->output == 0) {
        CHECK_EQ(error, -ENOENT);
    } else {
        CHECK_EQ(error, 0);
        CHECK_EQ(output.v, page->output - 1 + 0x123);
        CHECK_EQ(attributes, page->attributes);
        CHECK_EQ((output.v ^ (input + 0x123)) & (block - 1), 0);
    }
}

/* No allocated table is unlinked, none but the root is empty. */
static void check_tables(void)
{
    bool found = false;

    memset(ram.level, 0, sizeof(ram.level));
    CHECK_EQ(walk_all(TABLE_LIMIT, &found), ram.live_count);
    for (size_t i = 0; i < TABLE_LIMIT; i++) {
        bool empty = ram.level[i] != 0;

        for (size_t j = 0; j < 512 && empty; j++) {
            empty = (ram.pages[i][j] & PTE_VALID) == 0;
            CHECK(!empty || ram.pages[i][j] == 0);
        }
        CHECK(!empty);
    }
}

/* Run @op with ever more memory until it succeeds; a failure must leave no trace. */
static void run_with_failures(const struct operation *op)
{
    static uint64_t before[TABLE_LIMIT][512];
    unsigned live = ram.live_count;

    for (unsigned i = 0; i < 6; i++) {
        int error;

        ram.budget = i < 3 ? i : i < 5 ? (unsigned)test_random_below(600) : UINT32_MAX;
        for (size_t page = 0; page < TABLE_LIMIT; page++) {
            if (ram.live[page]) {
                memcpy(before[page], ram.pages[page], PAGE_SIZE);
            }
        }
        event_count = 0;
        error = run_operation(op);
        if (error == 0) {
            return;
        }
        CHECK_EQ(error, -ENOMEM);
        CHECK_EQ(ram.live_count, live);
        CHECK_EQ(event_count, 0);
        for (size_t page = 0; page < TABLE_LIMIT; page++) {
            CHECK(!ram.live[page] || memcmp(before[page], ram.pages[page], PAGE_SIZE) == 0);
        }
    }
    CHECK(false);
}

struct translation { /* What a TLB may hold. */
    uint64_t output, attributes, block;
};

static struct translation translate(uint64_t input)
{
    struct translation found = {0, 0, 0};
    pa_t output;

    if (pgtable_lookup(&table, input, &output, &found.attributes, &found.block) == 0) {
        found.output = output.v;
    }
    return found;
}

static void random_rounds(unsigned rounds)
{
    model_kept = true;
    for (unsigned i = 0; i < rounds; i++) {
        static struct translation before[8192];
        bool small = model_page_count <= ARRAY_COUNT(before);
        struct operation op = random_operation();
        uint64_t end = model_base + model_page_count * PAGE_SIZE;

        for (uint64_t page = 0; small && page < model_page_count; page++) {
            before[page] = translate(model_base + page * PAGE_SIZE);
        }
        run_with_failures(&op);
        model_apply(&op);
        check_tables();
        for (uint64_t page = 0; small && page < model_page_count; page++) {
            uint64_t input = model_base + page * PAGE_SIZE;
            struct translation after = translate(input);

            check_page(input);
            CHECK(before[page].block == 0 || memcmp(&before[page], &after, sizeof(after)) == 0 ||
                  event_covers(input, PAGE_SIZE));
        }
        for (unsigned probe = 0; !small && probe < 500; probe++) {
            check_page(model_base + test_random_below(model_page_count) * PAGE_SIZE);
        }
        check_page(op.input);
        check_page(op.input + op.size - PAGE_SIZE);
        check_page(op.input == model_base ? op.input : op.input - PAGE_SIZE);
        check_page(op.input + op.size == end ? op.input : op.input + op.size);
    }
    for (uint64_t page = 0; page < model_page_count; page++) {
        check_page(model_base + page * PAGE_SIZE);
    }
}

static void random_end(void)
{
    ram.budget = UINT32_MAX;
    if (test_random_below(2) == 0) {
        CHECK_EQ(pgtable_unmap(&table, 0, UINT64_C(1) << table.input_bits), 0);
    } else {
        event_count = 0;
        for (unsigned i = 0; i < TABLE_LIMIT; i++) {
            ram.level[i] = 0; /* free_all invalidates nothing: nobody uses the tables. */
        }
        pgtable_free_all(&table);
        CHECK_EQ(event_count, 0);
    }
    CHECK_EQ(ram.live_count, 0);
    for (unsigned i = 0; i < ram.root_pages * 512; i++) {
        CHECK_EQ(ram.pages[table.root.v / PAGE_SIZE + i / 512][i % 512], 0);
    }
}

TEST(random_small_space)
{
    for (unsigned i = 0; i < 5; i++) {
        set_up(2, 25, i * 3); /* 16 entries of 2 MiB in the root. */
        random_rounds(test_long() ? 3000 : 80);
        random_end();
    }
}

TEST(random_around_the_root_pages_border)
{
    for (unsigned i = 0; i < 4; i++) {
        set_up(1, 40, 6);
        model_base = GIB(510);
        random_rounds(test_long() ? 1000 : 60);
        random_end();
    }
}

TEST(random_four_levels)
{
    set_up(0, 48, 6);
    model_base = GIB(510);
    random_rounds(test_long() ? 1000 : 60);
    random_end();
}

TEST(random_sixteen_root_pages)
{
    set_up(2, 34, 16);
    random_rounds(test_long() ? 1000 : 60);
    random_end();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_pgtable_random.c - translation tables against a flat array of pages, with allocations that fail. */
#include "pgtable_machine.h"

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

/* Nothing of the model is in the hole; of a large one a few pages are looked at. */
static void check_hole(uint64_t input, uint64_t size)
{
    uint64_t start = max_u64(input, model_base);
    uint64_t end = min_u64(input + size, model_base + model_page_count * PAGE_SIZE);
    uint64_t pages = (end - start) / PAGE_SIZE;

    for (uint64_t i = 0; i < pages; i += 1 + pages / 16) {
        CHECK(!model_any(start + i * PAGE_SIZE, PAGE_SIZE));
    }
}

static void check_page(uint64_t input)
{
    const struct model_page *page = &model[(input - model_base) / PAGE_SIZE];
    uint64_t attributes = 0, block = 0;
    pa_t output;
    int error = pgtable_lookup(&table, input + 0x123, &output, &attributes, &block);

    if (page->output == 0) {
        CHECK_EQ(error, -ENOENT); /* And all of that hole is one. */
        check_hole(align_down(input, block), block);
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

/* What a TLB may hold. */
struct translation {
    uint64_t output, attributes, block;
};

static struct translation translate(uint64_t input)
{
    struct translation found = {0, 0, 0};
    pa_t output;

    if (pgtable_lookup(&table, input, &output, &found.attributes, &found.block) == 0) {
        found.output = output.v;
    } else {
        found.block = 0;
    }
    return found;
}

/* Fill the 2 MiB around @at page by page, from a random one on: whatever was there, it is a block at the end,
 * or a part of one. */
static void fill_and_join(uint64_t at)
{
    uint64_t base = align_down(at, MIB(2)), output = test_random_below(2048) * MIB(2);
    uint64_t start = test_random_below(512);

    ram.budget = UINT32_MAX;
    for (uint64_t i = 0; i < 512; i++) {
        uint64_t offset = (start + i) % 512 * PAGE_SIZE;
        struct operation op = {base + offset, output + offset, PAGE_SIZE, ATTR_A, false};

        CHECK_EQ(run_operation(&op), 0);
        model_apply(&op);
        while (pgtable_join(&table, op.input)) {
        }
    }
    CHECK(translate(at).block >= MIB(2));
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
        if (test_random_below(4) == 0) {
            fill_and_join(op.input);
        } else if (test_random_below(2) == 0) {
            (void)pgtable_join(&table, op.input);
        }
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
            ram.level[i] = 0; /* free_some invalidates nothing: nobody uses the tables. */
        }
        for (uint64_t from = 0; !pgtable_free_some(&table, &from, (unsigned)(1 + test_random_below(64)));) {
        }
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

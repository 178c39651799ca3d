/* SPDX-License-Identifier: Apache-2.0 */
/* pgtable_machine.h - table pages, a model and checking callbacks under a struct pgtable, for its tests. */
#ifndef TESTS_HOST_PGTABLE_MACHINE_H
#define TESTS_HOST_PGTABLE_MACHINE_H

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

#endif

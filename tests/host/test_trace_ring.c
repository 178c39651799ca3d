/* SPDX-License-Identifier: Apache-2.0 */
/* test_trace_ring.c - rings of trace records: against a model that counts bytes without a modulo, read as the
 * toolstack reads them, and with a reader that writes anything anywhere. The ring's memory is exactly as long
 * as it is said to be: the sanitizer sees what goes beside it. */
#include "core/trace_ring.h"

#include <string.h>

#include "test.h"

#define MODEL_RECORDS 4096u
#define EVENT 0x21001u
#define WHO (UINT32_C(3) << 16 | 7)

struct record {
    uint32_t event;
    bool stamped;
    uint64_t time;
    unsigned count;
    uint32_t words[TRACE_EXTRA_WORDS];
};

/* What the ring should be: positions grow for ever, and records wait in a list of their own. */
struct model {
    uint64_t head, tail, data_bytes, lost, lost_since;
    struct record waiting[MODEL_RECORDS];
    unsigned first, end;
};

static struct trace_ring ring;
static struct model model;
static uint64_t now;

static void *begin(uint32_t bytes)
{
    void *memory = calloc(1, bytes);

    CHECK(memory != NULL);
    trace_ring_init(&ring, memory, bytes);
    model = (struct model){.data_bytes = bytes - 8};
    now = 1000;
    return memory;
}

static uint64_t size_of(unsigned count, bool stamped)
{
    return 4 + (stamped ? 8u : 0u) + 4 * (uint64_t)count;
}

static uint64_t filler_at(uint64_t position, uint64_t bytes)
{
    uint64_t left = model.data_bytes - position % model.data_bytes;

    return bytes > left ? left : 0;
}

static void model_append(const struct record *record)
{
    uint64_t bytes = size_of(record->count, true);
    uint64_t left = filler_at(model.head, bytes);

    if (left != 0) {
        bool stamped = left / 4 - 1 > TRACE_EXTRA_WORDS;

        model.waiting[model.end++ % MODEL_RECORDS] =
            (struct record){.event = TRC_TRACE_WRAP_BUFFER,
                            .stamped = stamped,
                            .time = now,
                            .count = (unsigned)(left - size_of(0, stamped)) / 4};
        model.head += left;
    }
    model.waiting[model.end++ % MODEL_RECORDS] = *record;
    model.head += bytes;
}

/* Does the ring become half full? */
static bool model_put(const struct record *record)
{
    uint64_t before = model.head - model.tail, end = model.head;
    struct record lost = {.event = TRC_LOST_RECORDS, .stamped = true, .count = 4};

    if (model.lost != 0) {
        end += filler_at(end, size_of(4, true)) + size_of(4, true);
    }
    end += filler_at(end, size_of(record->count, true)) + size_of(record->count, true);
    if (end - model.tail > model.data_bytes) {
        model.lost_since = model.lost == 0 ? now : model.lost_since;
        model.lost++;
        return false;
    }
    if (model.lost != 0) {
        lost.time = now > model.lost_since ? now : model.lost_since + 1;
        lost.words[0] = (uint32_t)model.lost;
        lost.words[1] = WHO;
        lost.words[2] = (uint32_t)model.lost_since;
        lost.words[3] = (uint32_t)(model.lost_since >> 32);
        model_append(&lost);
        model.lost = 0;
    }
    model_append(record);
    return before < model.data_bytes / 2 && model.head - model.tail >= model.data_bytes / 2;
}

static void put(unsigned count)
{
    struct record record = {.event = EVENT, .stamped = true, .time = now, .count = count};

    for (unsigned i = 0; i < count; i++) {
        record.words[i] = (uint32_t)test_random();
    }
    CHECK_EQ(trace_ring_put(&ring, EVENT, now, record.words, count, WHO), model_put(&record));
    CHECK_EQ(ring.shared->prod, model.head % (2 * model.data_bytes));
}

/* Read a record as xenalyze does. */
static void take(void)
{
    const struct record *wanted = &model.waiting[model.first++ % MODEL_RECORDS];
    const uint32_t *at =
        (const uint32_t *)(const void *)((const uint8_t *)(ring.shared + 1) + model.tail % model.data_bytes);
    bool stamped = (at[0] >> 31) != 0;
    unsigned count = at[0] >> TRACE_EXTRA_SHIFT & TRACE_EXTRA_MAX;

    CHECK_EQ(TRC_HD_TO_EVENT(at[0]), wanted->event);
    CHECK_EQ(stamped, wanted->stamped);
    CHECK_EQ(count, wanted->count);
    if (stamped) {
        CHECK_EQ((uint64_t)at[2] << 32 | at[1], wanted->time);
    }
    for (unsigned i = 0; i < count; i++) {
        CHECK_EQ(at[(stamped ? 3 : 1) + i], wanted->words[i]);
    }
    model.tail += size_of(count, stamped);
    ring.shared->cons = (uint32_t)(model.tail % (2 * model.data_bytes));
}

TEST(empty_and_full)
{
    void *memory = begin(4096);

    CHECK_EQ(ring.shared->prod, 0);
    for (unsigned i = 0; i < 4088 / 40; i++) { /* 102 records of the longest kind, 8 bytes are left. */
        put(7);
    }
    CHECK_EQ(model.lost, 0);
    put(7);
    put(0);
    CHECK_EQ(model.lost, 2);
    while (model.first != model.end) {
        take();
    }
    CHECK_EQ(ring.shared->cons, ring.shared->prod);
    now++;
    put(1); /* Behind a filler of 8 bytes, and what says that two were lost. */
    CHECK_EQ(model.end - model.first, 3);
    while (model.first != model.end) {
        take();
    }
    free(memory);
}

TEST(says_once_that_it_is_half_full)
{
    void *memory = begin(4096);
    unsigned said = 0;

    for (unsigned i = 0; i < 300; i++) {
        said += trace_ring_put(&ring, EVENT, now, NULL, 0, WHO) ? 1 : 0;
        CHECK_EQ(said, (i + 1) * 12 >= 2044 ? 1 : 0);
    }
    free(memory);
}

TEST(lost_ones_are_later_than_the_first_loss)
{
    void *memory = begin(4096);
    const uint32_t *at = memory;

    while (ring.lost == 0) {
        (void)trace_ring_put(&ring, EVENT, now, NULL, 0, WHO);
    }
    ring.shared->cons = ring.shared->prod;
    (void)trace_ring_put(&ring, EVENT, now, NULL, 0, WHO); /* The filler, then at the ring's begin: */
    CHECK_EQ(TRC_HD_TO_EVENT(at[2]), TRC_LOST_RECORDS);
    CHECK_EQ(at[3], now + 1);
    free(memory);
}

TEST(resumes_without_what_was_lost)
{
    void *memory = begin(4096);

    while (model.lost == 0) {
        put(3);
    }
    ring.shared->prod = 17;
    model.lost = 0;
    trace_ring_resume(&ring);
    while (model.first != model.end) {
        take();
    }
    put(2);
    take();
    free(memory);
}

static void random_round(uint32_t bytes, unsigned steps)
{
    void *memory = begin(bytes);

    for (unsigned i = 0; i < steps; i++) {
        unsigned greedy = (unsigned)test_random_below(8);

        now += test_random_below(3);
        if (test_random_below(10) < 6) {
            put((unsigned)test_random_below(TRACE_EXTRA_WORDS + 1));
        }
        for (unsigned n = 0; n < greedy && model.first != model.end; n++) {
            take();
        }
        if (test_random_below(200) == 0) { /* The reader sleeps for long. */
            for (unsigned n = 0; n < bytes / 12; n++) {
                put((unsigned)test_random_below(TRACE_EXTRA_WORDS + 1));
            }
        }
    }
    free(memory);
}

TEST(random)
{
    for (unsigned round = 0; round < (test_long() ? 400u : 20u); round++) {
        random_round(128 + 4 * (uint32_t)test_random_below(200), 2000);
        random_round(4096 * (1 + (uint32_t)test_random_below(3)), 4000);
    }
}

/* The reader writes whatever it likes, into the head and into the records. */
static void scribble(uint32_t bytes)
{
    uint32_t *at = (uint32_t *)(void *)ring.shared;
    uint32_t wild[] = {(uint32_t)test_random(),
                       (uint32_t)test_random_below(2 * ring.data_bytes),
                       4 * (uint32_t)test_random_below(ring.data_bytes / 2 + 2),
                       ring.produced,
                       2 * ring.data_bytes,
                       2 * ring.data_bytes - 4,
                       UINT32_MAX,
                       0};

    if (test_random_below(2) == 0) {
        at[0] = wild[test_random_below(8)];
    } else {
        at[test_random_below(bytes / 4)] = wild[test_random_below(8)];
    }
}

TEST(hostile_reader)
{
    for (unsigned round = 0; round < (test_long() ? 2000u : 100u); round++) {
        uint32_t bytes = 128 + 4 * (uint32_t)test_random_below(1100);
        void *memory = begin(bytes);

        for (unsigned i = 0; i < 3000; i++) {
            uint32_t words[TRACE_EXTRA_WORDS] = {0};

            scribble(bytes);
            (void)trace_ring_put(&ring, EVENT, now++, words,
                                 (unsigned)test_random_below(TRACE_EXTRA_WORDS + 1), WHO);
            CHECK_EQ(ring.produced % 4, 0);
            CHECK(ring.produced < 2 * ring.data_bytes);
            CHECK_EQ(ring.data_bytes, bytes - 8);
        }
        trace_ring_resume(&ring); /* It behaves again: all is well. */
        ring.shared->cons = ring.shared->prod;
        (void)trace_ring_put(&ring, EVENT, now, NULL, 0, WHO);
        CHECK_EQ(ring.lost, 0);
        free(memory);
    }
}

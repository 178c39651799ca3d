/* SPDX-License-Identifier: Apache-2.0 */
/* test_a653sched.c - a653sched's reading of a schedule: right ones, wrong ones named by their line, gaps
 * filled, and any text at all. */
#include "../../tools/a653sched/table.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

static struct table table, filled;
static char *errors;

/* table_parse() and table_fill(); what they say is in `errors`. */
static int read_text(const char *text)
{
    size_t size;
    FILE *out;
    int result;

    free(errors);
    errors = NULL;
    out = open_memstream(&errors, &size);
    result = table_parse(text, "t", &table, out);
    if (result == 0) {
        result = table_fill(&table, "t", &filled, out);
    }
    fclose(out);
    CHECK_EQ(result == 0, size == 0);
    return result;
}

static void check_slot(unsigned index, unsigned line, unsigned cpu, uint64_t start_ns, uint64_t length_ns,
                       unsigned domain, unsigned vcpu)
{
    const struct slot *slot = &filled.slots[index];

    CHECK_EQ(slot->line, line);
    CHECK_EQ(slot->cpu, cpu);
    CHECK_EQ(slot->start_ns, start_ns);
    CHECK_EQ(slot->length_ns, length_ns);
    CHECK_EQ(slot->domain, domain);
    CHECK_EQ(slot->vcpu, vcpu);
}

TEST(slots_and_what_fills_the_gaps)
{
    CHECK_EQ(read_text("# a comment\nframe\t10ms\r\n\nslot 0 0 4ms Dom0 0 # its own\n"
                       "slot 1 500us 2ms 7 1\nslot 0 5ms 50us 7 0\nslot 1 2500us 1ms Domain-0 1"),
             0);
    CHECK_EQ(filled.frame_ns, 10000000);
    CHECK_EQ(filled.count, 6);
    check_slot(0, 4, 0, 0, 4000000, 0, 0);
    check_slot(1, 0, 0, 4000000, 1000000, DOMAIN_NOBODY, 0);
    check_slot(2, 6, 0, 5000000, 50000, 7, 0);
    check_slot(3, 0, 1, 0, 500000, DOMAIN_NOBODY, 0);
    check_slot(4, 5, 1, 500000, 2000000, 7, 1);
    check_slot(5, 7, 1, 2500000, 1000000, 0, 1);
    CHECK_EQ(read_text("frame 1s\nslot - 0 1s 3 0\n"), 0);
    CHECK_EQ(filled.count, 1);
    check_slot(0, 2, CPU_ANY, 0, 1000000000, 3, 0);
}

TEST(wrong_lines_are_named)
{
    static const char *const wrong[][2] = {
        {"", "t:0: there is no slot"},
        {"frame 10ms\n", "t:1: there is no slot"},
        {"\nslot 0 0 4ms 0 0", "t:2: write the frame before the first slot"},
        {"frame 10ms\nframe 10ms", "t:2: the frame is said already"},
        {"frame", "t:1: write the frame as"},
        {"frame 10", "t:1: 10: write a time up to an hour"},
        {"frame 10 ms", "t:1: write the frame as"},
        {"frame 3601s", "t:1: 3601s: write a time up to an hour"},
        {"frame 99999999999999999999999999ns", "write a time up to an hour"},
        {"frame 49us", "t:1: 49us: the frame must be 50us to an hour"},
        {"frame 0", "t:1: 0: the frame must be"},
        {"major 10ms", "t:1: major: a line begins with \"frame\" or \"slot\""},
        {"frame 10ms\nslot 0 0 4ms Dom0", "t:2: write a slot as"},
        {"frame 10ms\nslot 0 0 4ms Dom0 0 1 2", "t:2: 2: there are too many words"},
        {"frame 10ms\nslot x 0 4ms Dom0 0", "t:2: x: write a CPU's number"},
        {"frame 10ms\nslot 4096 0 4ms Dom0 0", "t:2: 4096: write a CPU's number"},
        {"frame 10ms\nslot 0 -1ms 4ms Dom0 0", "t:2: -1ms: write a time"},
        {"frame 10ms\nslot 0 0 4mss Dom0 0", "t:2: 4mss: write a time"},
        {"frame 10ms\nslot 0 0 4ms web 0", "t:2: web: write a domain's number"},
        {"frame 10ms\nslot 0 0 4ms 32752 0", "t:2: 32752: write a domain's number"},
        {"frame 10ms\nslot 0 0 4ms 1 65536", "t:2: 65536: write the vCPU's number"},
        {"frame 10ms\nslot 0 0 49us 1 0", "t:2: the slot is shorter than 50us"},
        {"frame 10ms\nslot 0 0 0 1 0", "t:2: the slot is shorter than 50us"},
        {"frame 10ms\nslot 0 7ms 4ms 1 0", "t:2: the slot ends after the frame"},
        {"frame 10ms\nslot 0 0 4ms 1 0\n\nslot 0 3ms 1ms 2 0", "t:4: the slot starts before that of line 2"},
        {"frame 10ms\nslot 0 4ms 4ms 1 0\nslot 0 0 1ms 2 0", "t:3: the slot starts before that of line 2"},
        {"frame 10ms\nslot 0 0 4ms 1 0\nslot 1 3ms 4ms 1 0",
         "t:3: the vCPU has the slot of line 2 at the same time"},
        {"frame 10ms\nslot 0 0 4ms 1 0\nslot - 5ms 4ms 1 0", "t:3: name a CPU in all slots"},
        {"frame 10ms\nslot - 0 4ms 1 0\nslot - 3ms 4ms 2 0",
         "t:3: the slot starts before the one above it ends"},
    };
    char text[600];

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        CHECK_EQ(read_text(wrong[i][0]), -1);
        CHECK(strstr(errors, wrong[i][1]) != NULL);
    }
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    CHECK_EQ(read_text(text), -1);
    CHECK(strstr(errors, "t:1: the line is longer than 255 characters") != NULL);
}

/* @count slots of 50 us, @gap_us apart. */
static int read_many(unsigned count, unsigned gap_us)
{
    static char text[20000];
    size_t used = (size_t)snprintf(text, sizeof(text), "frame 1s\n");

    for (unsigned i = 0; i < count; i++) {
        used += (size_t)snprintf(text + used, sizeof(text) - used, "slot 0 %uus 50us %u 0\n",
                                 i * (50 + gap_us), i);
    }
    return read_text(text);
}

TEST(as_many_as_there_may_be)
{
    CHECK_EQ(read_many(64, 0), 0);
    CHECK_EQ(filled.count, 64);
    CHECK_EQ(read_many(65, 0), -1);
    CHECK(strstr(errors, "t:66: there are more than 64 slots") != NULL);
    CHECK_EQ(read_many(32, 1), 0); /* The first has no gap before it. */
    CHECK_EQ(filled.count, 63);
    CHECK_EQ(read_many(33, 1), -1);
    CHECK(strstr(errors, "t:34: with the idle time between them there are more than 64 slots") != NULL);
}

TEST(what_is_printed_is_read_again)
{
    struct table before;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    CHECK_EQ(read_text("frame 10001us\nslot 0 0 4ms Dom0 0\nslot 0 4100001ns 2ms 9 3\nslot 3 1ms 50us 9 0\n"),
             0);
    before = table;
    table_print(&filled, out);
    fclose(out);
    CHECK(strstr(text, "frame 10001us\n") != NULL && strstr(text, "slot 0 4100001ns 2ms 9 3\n") != NULL);
    CHECK_EQ(read_text(text), 0);
    CHECK_EQ(table.frame_ns, before.frame_ns);
    CHECK_EQ(table.count, before.count);
    for (unsigned i = 0; i < table.count; i++) {
        before.slots[i].line = table.slots[i].line;
        CHECK_EQ(memcmp(&table.slots[i], &before.slots[i], sizeof(before.slots[i])), 0);
    }
    free(text);
}

/* Words in any order, and bytes of any kind: said to be wrong, or a table that keeps the rules. */
TEST(any_text)
{
    static const char *const words[] = {"frame", "slot", "0",  "1", "-",     "4ms", "10ms", "50us", "1s",
                                        "Dom0",  "\n",   "\n", "#", "99999", "ns",  "\t",   "7"};

    for (unsigned round = 0; round < 20000; round++) {
        char text[400] = "";

        for (unsigned i = (unsigned)test_random_below(40); i != 0; i--) {
            if (test_random_below(20) == 0) {
                char one[2] = {(char)(1 + test_random_below(255)), '\0'};

                strcat(text, one);
            }
            strcat(text, words[test_random_below(sizeof(words) / sizeof(words[0]))]);
            strcat(text, " ");
        }
        if (read_text(text) == 0) {
            for (unsigned i = 0; i < filled.count; i++) {
                const struct slot *slot = &filled.slots[i];
                bool first = i == 0 || filled.slots[i - 1].cpu != slot->cpu;

                CHECK(slot->start_ns + slot->length_ns <= filled.frame_ns);
                CHECK_EQ(slot->start_ns,
                         first ? 0 : filled.slots[i - 1].start_ns + filled.slots[i - 1].length_ns);
            }
        }
    }
}

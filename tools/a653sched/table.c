/* SPDX-License-Identifier: Apache-2.0 */
/* table.c - a653sched: a schedule as text. Nothing of a hypervisor in here: tests/host/test_a653sched.c.
 *
 *     # CPU  start  length  domain  vCPU
 *     frame 10ms
 *     slot  0  0    4ms     Dom0    0
 *     slot  0  4ms  5ms     1       0
 *     slot  1  500us  2ms   1       1          what is in no slot is idle time
 *
 * A length is a whole number and ns, us, ms or s; 0 needs none. A domain is its number, or Dom0. The CPU may
 * be "-" for all slots alike: the first of the pool that the vCPU may use. */
#include "table.h"

#include <string.h>

#define WORDS_MAX 7
#define LENGTH_MIN_NS UINT64_C(50000)
#define FRAME_MAX_NS (UINT64_C(3600) * 1000000000)

struct reader {
    const char *name;
    unsigned line;
    FILE *errors;
};

static int wrong(const struct reader *reader, const char *what, const char *word)
{
    fprintf(reader->errors, "%s:%u: %s%s%s\n", reader->name, reader->line, word, word[0] != '\0' ? ": " : "",
            what);
    return -1;
}

/* A whole number up to @most. Returns what follows it; NULL: none is there. */
static const char *read_number(const char *word, uint64_t most, uint64_t *value)
{
    *value = 0;
    if (*word < '0' || *word > '9') {
        return NULL;
    }
    for (; *word >= '0' && *word <= '9'; word++) {
        *value = *value * 10 + (uint64_t)(*word - '0');
        if (*value > most) {
            return NULL;
        }
    }
    return word;
}

static int read_count(const struct reader *reader, const char *word, unsigned most, const char *what,
                      unsigned *count)
{
    uint64_t value;
    const char *rest = read_number(word, most, &value);

    if (rest == NULL || *rest != '\0') {
        return wrong(reader, what, word);
    }
    *count = (unsigned)value;
    return 0;
}

static int read_time(const struct reader *reader, const char *word, uint64_t *ns)
{
    static const struct {
        const char *name;
        uint64_t ns;
    } units[] = {{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}};
    uint64_t value;
    const char *rest = read_number(word, FRAME_MAX_NS, &value);

    if (rest != NULL && *rest == '\0' && value == 0) {
        *ns = 0;
        return 0;
    }
    for (size_t i = 0; rest != NULL && i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(rest, units[i].name) == 0 && value <= FRAME_MAX_NS / units[i].ns) {
            *ns = value * units[i].ns;
            return 0;
        }
    }
    return wrong(reader, "write a time up to an hour as 500us, 10ms or 1s", word);
}

static int read_frame(const struct reader *reader, char *const words[], unsigned count, struct table *table)
{
    if (count != 2) {
        return wrong(reader, "write the frame as \"frame 10ms\"", "");
    }
    if (table->frame_ns != 0) {
        return wrong(reader, "the frame is said already: write it once", "");
    }
    if (read_time(reader, words[1], &table->frame_ns) != 0) {
        return -1;
    }
    return table->frame_ns >= LENGTH_MIN_NS ? 0
                                            : wrong(reader, "the frame must be 50us to an hour", words[1]);
}

static int read_domain(const struct reader *reader, const char *word, unsigned *domain)
{
    if (strcmp(word, "Dom0") == 0 || strcmp(word, "Domain-0") == 0) {
        *domain = 0;
        return 0;
    }
    return read_count(reader, word, 0x7fef, "write a domain's number, as xl list gives it, or Dom0", domain);
}

/* @slot against those before it. */
static int check_slot(const struct reader *reader, const struct table *table, const struct slot *slot)
{
    uint64_t end_ns = slot->start_ns + slot->length_ns;

    if (slot->length_ns < LENGTH_MIN_NS) {
        return wrong(reader, "the slot is shorter than 50us", "");
    }
    if (end_ns > table->frame_ns) {
        return wrong(reader, "the slot ends after the frame", "");
    }
    for (unsigned i = 0; i < table->count; i++) {
        const struct slot *other = &table->slots[i];
        bool after = slot->start_ns >= other->start_ns + other->length_ns;

        if ((slot->cpu == CPU_ANY) != (other->cpu == CPU_ANY)) {
            return wrong(reader, "name a CPU in all slots, or \"-\" in all", "");
        }
        if (slot->cpu == other->cpu && slot->cpu != CPU_ANY && !after) {
            fprintf(reader->errors, "%s:%u: the slot starts before that of line %u, on the same CPU, ends\n",
                    reader->name, reader->line, other->line);
            return -1;
        }
        if (slot->domain == other->domain && slot->vcpu == other->vcpu &&
            slot->start_ns < other->start_ns + other->length_ns && other->start_ns < end_ns) {
            fprintf(reader->errors, "%s:%u: the vCPU has the slot of line %u at the same time\n",
                    reader->name, reader->line, other->line);
            return -1;
        }
    }
    return 0;
}

static int read_slot(const struct reader *reader, char *const words[], unsigned count, struct table *table)
{
    struct slot slot = {.line = reader->line, .cpu = CPU_ANY};

    if (count != 6) {
        return wrong(reader, "write a slot as \"slot CPU START LENGTH DOMAIN VCPU\"", "");
    }
    if (table->frame_ns == 0) {
        return wrong(reader, "write the frame before the first slot, as \"frame 10ms\"", "");
    }
    if ((strcmp(words[1], "-") != 0 &&
         read_count(reader, words[1], 4095, "write a CPU's number, or -", &slot.cpu) != 0) ||
        read_time(reader, words[2], &slot.start_ns) != 0 ||
        read_time(reader, words[3], &slot.length_ns) != 0 ||
        read_domain(reader, words[4], &slot.domain) != 0 ||
        read_count(reader, words[5], 0xffff, "write the vCPU's number", &slot.vcpu) != 0 ||
        check_slot(reader, table, &slot) != 0) {
        return -1;
    }
    if (table->count == SLOTS_MAX) {
        return wrong(reader, "there are more than 64 slots", "");
    }
    table->slots[table->count++] = slot;
    return 0;
}

/* One line, which is taken apart. */
static int read_line(const struct reader *reader, char *line, struct table *table)
{
    char *words[WORDS_MAX], *rest = NULL, *word;
    unsigned count = 0;

    line[strcspn(line, "#\r")] = '\0';
    for (word = strtok_r(line, " \t", &rest); word != NULL; word = strtok_r(NULL, " \t", &rest)) {
        if (count == WORDS_MAX) {
            return wrong(reader, "there are too many words", word);
        }
        words[count++] = word;
    }
    if (count == 0) {
        return 0;
    }
    if (strcmp(words[0], "frame") == 0) {
        return read_frame(reader, words, count, table);
    }
    if (strcmp(words[0], "slot") == 0) {
        return read_slot(reader, words, count, table);
    }
    return wrong(reader, "a line begins with \"frame\" or \"slot\"", words[0]);
}

int table_parse(const char *text, const char *name, struct table *table, FILE *errors)
{
    struct reader reader = {name, 0, errors};
    char line[256];

    memset(table, 0, sizeof(*table));
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");

        reader.line++;
        if (length >= sizeof(line)) {
            return wrong(&reader, "the line is longer than 255 characters", "");
        }
        memcpy(line, text, length);
        line[length] = '\0';
        text += length + (text[length] == '\n' ? 1 : 0);
        if (read_line(&reader, line, table) != 0) {
            return -1;
        }
    }
    if (table->count == 0) {
        return wrong(&reader, "there is no slot", "");
    }
    return 0;
}

static int fill_cpu(const struct table *table, const char *name, unsigned cpu, struct table *filled,
                    FILE *errors)
{
    uint64_t end_ns = 0;

    for (unsigned i = 0; i < table->count; i++) {
        const struct slot *slot = &table->slots[i];
        bool gap = slot->start_ns > end_ns;

        if (slot->cpu != cpu) {
            continue;
        }
        if (slot->start_ns < end_ns || filled->count + (gap ? 2 : 1) > SLOTS_MAX) {
            struct reader reader = {name, slot->line, errors};

            return wrong(&reader,
                         slot->start_ns < end_ns
                             ? "the slot starts before the one above it ends: name CPUs"
                             : "with the idle time between them there are more than 64 slots",
                         "");
        }
        if (gap) {
            filled->slots[filled->count++] =
                (struct slot){0, cpu, end_ns, slot->start_ns - end_ns, DOMAIN_NOBODY, 0};
        }
        filled->slots[filled->count++] = *slot;
        end_ns = slot->start_ns + slot->length_ns;
    }
    return 0;
}

int table_fill(const struct table *table, const char *name, struct table *filled, FILE *errors)
{
    memset(filled, 0, sizeof(*filled));
    filled->frame_ns = table->frame_ns;
    for (unsigned i = 0; i < table->count; i++) {
        bool seen = false;

        for (unsigned before = 0; before < i; before++) {
            seen = seen || table->slots[before].cpu == table->slots[i].cpu;
        }
        if (!seen && fill_cpu(table, name, table->slots[i].cpu, filled, errors) != 0) {
            return -1;
        }
    }
    return 0;
}

static void print_time(uint64_t ns, FILE *out)
{
    bool ms = ns % 1000000 == 0, us = ns % 1000 == 0;

    fprintf(out, "%llu%s",
            (unsigned long long)(ms   ? ns / 1000000
                                 : us ? ns / 1000
                                      : ns),
            ms   ? "ms"
            : us ? "us"
                 : "ns");
}

void table_print(const struct table *table, FILE *out)
{
    fputs("frame ", out);
    print_time(table->frame_ns, out);
    fputs("\n# CPU start length domain vCPU\n", out);
    for (unsigned i = 0; i < table->count; i++) {
        const struct slot *slot = &table->slots[i];

        if (slot->domain == DOMAIN_NOBODY) {
            continue;
        }
        if (slot->cpu == CPU_ANY) {
            fputs("slot - ", out);
        } else {
            fprintf(out, "slot %u ", slot->cpu);
        }
        print_time(slot->start_ns, out);
        fputc(' ', out);
        print_time(slot->length_ns, out);
        fprintf(out, " %u %u\n", slot->domain, slot->vcpu);
    }
}

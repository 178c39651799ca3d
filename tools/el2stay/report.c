/* SPDX-License-Identifier: Apache-2.0 */
/* report.c - what was counted, as JSON: per CPU its totals and its causes, the longest stay of each with its
 * calls. */
#include <inttypes.h>
#include <stdio.h>

#include "stays.h"

#define NODE_NONE UINT32_MAX

static const char *const entry_names[ENTRY_COUNT] = {"boot", "wake", "sync", "irq", "fiq", "serror"};

static const char *function_name(uint32_t function)
{
    return function == FUNCTION_NONE ? "?" : stays_config()->symbols.functions[function].name;
}

static void put_figures(FILE *out, const char *name, const struct figures *f)
{
    fprintf(out,
            "\"%s\": {\"insns\": %" PRIu64 ", \"code_lines\": %" PRIu64 ", \"data_lines\": %" PRIu64
            ", \"gic_reads\": %" PRIu64 ", \"gic_writes\": %" PRIu64 ", \"wfes\": %" PRIu64 "}",
            name, f->insns, f->code_lines, f->data_lines, f->gic_reads, f->gic_writes, f->wfes);
}

/* The functions of a cause, in the order of the command line. */
static void put_marks(FILE *out, uint64_t marks)
{
    const char *comma = "";

    fprintf(out, "\"marks\": [");
    for (unsigned i = 0; i < stays_config()->mark_count; i++) {
        if (marks >> i & 1) {
            fprintf(out, "%s\"%s\"", comma, stays_config()->marks[i]);
            comma = ", ";
        }
    }
    fprintf(out, "]");
}

/* The tree of calls from the top, callers before callees: [depth, function, calls, own instructions]. */
static void put_calls(FILE *out, const struct cause *cause)
{
    uint32_t n = 0, depth = 0;

    fprintf(out, "\"calls\": [");
    while (n != NODE_NONE) {
        const struct node *node = &cause->nodes[n];

        fprintf(out, "%s[%u, \"%s\", %u, %" PRIu64 "]", n == 0 ? "" : ", ", depth,
                function_name(node->function), node->calls, node->insns);
        if (node->first_child != NODE_NONE) {
            n = node->first_child;
            depth++;
            continue;
        }
        while (n != NODE_NONE && cause->nodes[n].next == NODE_NONE) {
            n = cause->nodes[n].parent;
            depth--;
        }
        n = n != NODE_NONE ? cause->nodes[n].next : NODE_NONE;
    }
    fprintf(out, "]");
}

static void put_cause(FILE *out, const struct cause *cause)
{
    const char *comma = "";

    fprintf(out, "{\"entry\": \"%s\", \"boot\": %s, ", entry_names[cause->entry],
            cause->boot ? "true" : "false");
    put_marks(out, cause->marks);
    fprintf(out, ",\n     \"count\": %" PRIu64 ", \"sum\": %" PRIu64 ", \"over\": %" PRIu64 ",\n     ",
            cause->count, cause->sum, cause->over);
    put_figures(out, "longest", &cause->longest);
    fprintf(out, ",\n     ");
    put_figures(out, "most", &cause->most);
    fprintf(out, ",\n     \"histogram\": {"); /* The most instructions of a bucket: stays in it. */
    for (unsigned i = 0; i < BUCKET_MAX; i++) {
        if (cause->buckets[i] != 0) {
            fprintf(out, "%s\"%" PRIu64 "\": %" PRIu64, comma, ((uint64_t)1 << i) - 1, cause->buckets[i]);
            comma = ", ";
        }
    }
    fprintf(out, "},\n     ");
    put_calls(out, cause);
    fprintf(out, "}");
}

static void put_cpu(FILE *out, unsigned cpu)
{
    const struct cpu_totals *totals = stays_totals(cpu);
    const struct cause *unfinished = stays_unfinished(cpu), *causes;
    unsigned count;

    fprintf(out,
            "  {\"stays\": %" PRIu64 ", \"insns\": %" PRIu64 ", \"own_faults\": %" PRIu64
            ", \"longest_chain\": %" PRIu64 ", \"longest_chain_stays\": %" PRIu64 ",\n   \"unfinished\": ",
            totals->stays, totals->insns, totals->own_faults, totals->longest_chain,
            totals->longest_chain_stays);
    if (unfinished != NULL) {
        put_cause(out, unfinished);
    } else {
        fprintf(out, "null");
    }
    fprintf(out, ",\n   \"causes\": [");
    causes = stays_causes(cpu, &count);
    for (unsigned i = 0; i < count; i++) {
        fprintf(out, "%s\n    ", i != 0 ? "," : "");
        put_cause(out, &causes[i]);
    }
    fprintf(out, "]}");
}

bool stays_report(void)
{
    FILE *out = fopen(stays_config()->out, "w");

    if (out == NULL) {
        fprintf(stderr, "el2stay: cannot write %s\n", stays_config()->out);
        return false;
    }
    fprintf(out, "{\"bar\": %" PRIu64 ",\n \"cpus\": [\n", stays_config()->bar);
    for (unsigned cpu = 0; cpu < stays_cpus(); cpu++) {
        fprintf(out, "%s", cpu != 0 ? ",\n" : "");
        put_cpu(out, cpu);
    }
    fprintf(out, "]}\n");
    return fclose(out) == 0;
}

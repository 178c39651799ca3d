/* SPDX-License-Identifier: Apache-2.0 */
/* svg.c - schedcheck: who runs when as a picture (SVG): a lane for each CPU, a colour for each domain; what
 * was planned, and what was measured below it on the same scale. */
#include <errno.h>
#include <string.h>

#include "schedcheck.h"

/* Pixels. */
#define LANE 26.0
#define LEFT 130.0
#define WIDTH 1060.0
#define TOP 28.0
#define GAP 44.0 /* Below the lanes of one block. */
#define LEGEND_LINE 20.0
#define LETTER 7.0 /* No wider is one, on average. */

static void escaped(FILE *out, const char *words)
{
    for (; *words != '\0'; words++) {
        if (*words == '<' || *words == '&') {
            fputs(*words == '<' ? "&lt;" : "&amp;", out);
        } else {
            fputc(*words, out);
        }
    }
}

static void text(FILE *out, double x, double y, const char *anchor, const char *words)
{
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
    escaped(out, words);
    fputs("</text>\n", out);
}

static void bar(FILE *out, double x, double y, double width, double height, unsigned colour)
{
    fprintf(out,
            "<rect x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\" fill=\"hsl(%u,60%%,70%%)\" "
            "stroke=\"#555\" stroke-width=\"0.3\">",
            x, y, width, height, colour * 67 % 360);
}

/* NULL: in no pool. */
static const struct sched_ops *scheduler_of(const struct system *system, unsigned cpu)
{
    for (unsigned i = 0; i < system->config.pool_count; i++) {
        if ((system->pools[i].cpus & BIT32(cpu)) != 0) {
            return system->pools[i].ops;
        }
    }
    return NULL;
}

/* CPUs that have a lane: those with something to plan, or all when there is none. */
static uint32_t drawn_cpus(const struct system *system)
{
    uint32_t all = BIT32(system->board.cpu_count) - 1, drawn = 0;

    for (unsigned cpu = 0; cpu < system->board.cpu_count; cpu++) {
        const struct sched_ops *ops = scheduler_of(system, cpu);

        drawn |= ops == &sched_rtds || ops == &sched_arinc653 ? BIT32(cpu) : 0;
    }
    return drawn != 0 ? drawn : all;
}

static double lanes_height(const struct system *system)
{
    return LANE * __builtin_popcount(drawn_cpus(system));
}

/* The upper edge of the lane of @cpu, one of @drawn, from that of the first. */
static double lane_top(uint32_t drawn, unsigned cpu)
{
    return LANE * __builtin_popcount(drawn & (BIT32(cpu) - 1));
}

/* @y: the upper edge of its lane. */
static void span_bar(FILE *out, const struct span *span, uint64_t span_ns, double y)
{
    double x = LEFT + WIDTH * (double)span->start_ns / (double)span_ns;
    double width = WIDTH * (double)(min_u64(span->end_ns, span_ns) - span->start_ns) / (double)span_ns;

    bar(out, x, y, width, LANE - 4, span->colour);
    fputs("<title>", out);
    escaped(out, span->name);
    fprintf(out, " %.3f to %.3f ms</title></rect>\n", (double)span->start_ns / 1e6,
            (double)span->end_ns / 1e6);
    if (width > LETTER * (double)strlen(span->name)) {
        text(out, x + width / 2, y + 15, "middle", span->name);
    }
}

static void lanes(FILE *out, const char *title, const struct system *system, uint64_t span_ns,
                  const struct spans *spans, double top)
{
    uint32_t drawn = drawn_cpus(system);
    char label[64];

    text(out, 4, top - 8, "start", title);
    for (uint32_t rest = drawn; rest != 0; rest &= rest - 1) {
        unsigned cpu = (unsigned)__builtin_ctz(rest);
        const struct sched_ops *ops = scheduler_of(system, cpu);
        double y = top + lane_top(drawn, cpu);

        snprintf(label, sizeof(label), "CPU %u, %s", cpu, ops != NULL ? ops->name : "no pool");
        text(out, LEFT - 6, y + 15, "end", label);
        fprintf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"#eee\"/>\n", LEFT, y,
                WIDTH, LANE - 4);
    }
    for (size_t i = 0; i < spans->count; i++) {
        const struct span *span = &spans->list[i];

        if (span->start_ns < span_ns && (drawn & BIT32(span->cpu)) != 0) {
            span_bar(out, span, span_ns, top + lane_top(drawn, span->cpu));
        }
    }
}

/* The scale below everything, with a line up through all lanes at each tenth. */
static void scale(FILE *out, uint64_t span_ns, double bottom)
{
    char label[32];

    for (unsigned i = 0; i <= 10; i++) {
        double x = LEFT + WIDTH * i / 10;

        snprintf(label, sizeof(label), "%.3g ms", (double)span_ns / 1e7 * i);
        text(out, x, bottom + 14, "middle", label);
        fprintf(
            out,
            "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#bbb\" stroke-width=\"0.4\"/>\n",
            x, TOP, x, bottom);
    }
}

/* A span in a lane of @drawn of the domain with @colour; NULL: there is none. */
static const struct span *span_of(const struct spans *spans, uint32_t drawn, unsigned colour)
{
    for (size_t i = 0; spans != NULL && i < spans->count; i++) {
        if (spans->list[i].colour == colour && (drawn & BIT32(spans->list[i].cpu)) != 0) {
            return &spans->list[i];
        }
    }
    return NULL;
}

/* Which domain has which colour, for bars too short for their names; the name is that before the slash.
 * Returns how high it is; @out may be NULL. */
static double legend(FILE *out, uint32_t drawn, const struct spans *planned, const struct spans *happened,
                     double top)
{
    double x = LEFT, y = top;

    for (unsigned colour = 0; colour <= DOMAIN_CONFIG_MAX; colour++) {
        const struct span *span = span_of(planned, drawn, colour);
        char name[sizeof(span->name)];
        double width;

        span = span != NULL ? span : span_of(happened, drawn, colour);
        if (span == NULL) {
            continue;
        }
        snprintf(name, sizeof(name), "%.*s", (int)strcspn(span->name, "/"), span->name);
        width = 34 + LETTER * (double)strlen(name);
        if (x + width > LEFT + WIDTH) {
            x = LEFT;
            y += LEGEND_LINE;
        }
        if (out != NULL) {
            bar(out, x, y, 14, 12, span->colour);
            fputs("</rect>\n", out);
            text(out, x + 19, y + 10, "start", name);
        }
        x += width;
    }
    return y + LEGEND_LINE - top;
}

/* The same vCPU has the same colour in both. */
static void colour_as_planned(struct spans *happened, const struct spans *planned)
{
    for (size_t i = 0; i < happened->count; i++) {
        for (size_t j = 0; j < planned->count; j++) {
            if (strcmp(happened->list[i].name, planned->list[j].name) == 0) {
                happened->list[i].colour = planned->list[j].colour;
                break;
            }
        }
    }
}

int write_svg(const char *name, const struct system *system, uint64_t span_ns, const struct spans *planned,
              struct spans *happened)
{
    double second = TOP + lanes_height(system) + GAP;
    double bottom = (happened != NULL ? second : TOP) + lanes_height(system) + 6, below = bottom + 28;
    FILE *out = fopen(name, "w");
    bool failed;

    if (out == NULL) {
        fprintf(stderr, "schedcheck: %s: %s\n", name, strerror(errno));
        return -EINVAL;
    }
    if (happened != NULL) {
        colour_as_planned(happened, planned);
    }
    fprintf(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" font-family=\"sans-serif\" "
        "font-size=\"11\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
        LEFT + WIDTH + 30, below + legend(NULL, drawn_cpus(system), planned, happened, 0) + 4);
    lanes(out, "planned: every vCPU always awake", system, span_ns, planned, TOP);
    if (happened != NULL) {
        lanes(out, "measured: what happened", system, span_ns, happened, second);
    }
    scale(out, span_ns, bottom);
    (void)legend(out, drawn_cpus(system), planned, happened, below);
    fputs("</svg>\n", out);
    failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) {
        fprintf(stderr, "schedcheck: %s: %s\n", name, strerror(errno));
        return -EINVAL;
    }
    return 0;
}

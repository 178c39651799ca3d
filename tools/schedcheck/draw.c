/* SPDX-License-Identifier: Apache-2.0 */
/* draw.c - schedcheck: who would run when, by the hypervisor's own schedulers on simulated time, and what was
 * measured of that, from a file. svg.c makes the picture. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "schedcheck.h"

#define PICTURE_MAX_NS (100 * NS_PER_MS)

void spans_add(struct spans *spans, unsigned cpu, uint64_t start_ns, uint64_t end_ns, const char *name,
               unsigned colour)
{
    struct span *span;

    if (end_ns <= start_ns) {
        return;
    }
    if (spans->count == spans->room) {
        spans->room = spans->room != 0 ? 2 * spans->room : 64;
        spans->list = realloc(spans->list, spans->room * sizeof(*spans->list));
        if (spans->list == NULL) {
            fprintf(stderr, "schedcheck: not enough memory\n");
            exit(2);
        }
    }
    span = &spans->list[spans->count++];
    *span = (struct span){.cpu = cpu, .start_ns = start_ns, .end_ns = end_ns, .colour = colour};
    snprintf(span->name, sizeof(span->name), "%s", name);
}

uint64_t picture_ns(const struct system *system)
{
    uint64_t span_ns = 20 * NS_PER_MS;

    for (unsigned i = 0; i < system->config.pool_count; i++) {
        if (system->pools[i].ops == &sched_arinc653 &&
            2 * system->pools[i].schedule[0].table.frame_ns > span_ns) {
            span_ns = 2 * system->pools[i].schedule[0].table.frame_ns;
        }
    }
    return min_u64(span_ns, PICTURE_MAX_NS);
}

struct cpu {
    struct sched_pool *pool;
    uint64_t until_ns, since_ns;
    struct sched_unit *runs;
    bool told;
};

static void finish(const struct cpu *cpu, unsigned id, uint64_t from_ns, uint64_t now_ns, struct spans *spans)
{
    const struct vcpu *vcpu;
    const char *base;
    char name[64];

    if (cpu->runs == NULL) {
        return;
    }
    vcpu = CONTAINER_OF(cpu->runs, struct vcpu, unit);
    base = strrchr(vcpu->domain->path, '/');
    snprintf(name, sizeof(name), "%.40s/%u", base != NULL ? base + 1 : "Dom0", vcpu->id);
    spans_add(spans, id, cpu->since_ns - from_ns, now_ns - from_ns, name, vcpu->domain_index);
}

/* @cpu picks; who ran is saved at once. */
static uint32_t pick(struct cpu *cpu, unsigned id, uint64_t from_ns, uint64_t now_ns, struct spans *spans)
{
    struct sched_choice choice = sched_pick(cpu->pool, id, now_ns);
    struct sched_unit *was = cpu->runs;

    cpu->told = false;
    cpu->until_ns = choice.until_ns;
    if (choice.next != was) {
        finish(cpu, id, from_ns, now_ns, spans);
        cpu->runs = choice.next;
        cpu->since_ns = now_ns;
        if (was != NULL) {
            choice.kick |= sched_saved(was, now_ns);
        }
    }
    return choice.kick;
}

void simulate(struct system *system, uint64_t span_ns, struct spans *spans)
{
    const uint64_t from_ns = NS_PER_MS;
    struct cpu cpus[CPU_MAX] = {{NULL, 0, 0, NULL, false}};
    uint64_t now_ns = from_ns;

    for (unsigned i = 0; i < system->config.pool_count; i++) {
        for (unsigned id = 0; id < CPU_MAX; id++) {
            if ((system->pools[i].cpus & BIT32(id)) != 0) {
                cpus[id] = (struct cpu){&system->pools[i], TIME_NEVER, 0, NULL, true};
            }
        }
    }
    for (unsigned i = 0; i < system->vcpu_count; i++) {
        if (system->vcpus[i].unit.pool != NULL) {
            (void)sched_wake(&system->vcpus[i].unit, now_ns);
        }
    }
    for (;;) {
        uint64_t next_ns = TIME_NEVER;

        for (unsigned id = 0; id < CPU_MAX; id++) {
            if (cpus[id].pool != NULL && (cpus[id].told || cpus[id].until_ns <= now_ns)) {
                uint32_t kick = pick(&cpus[id], id, from_ns, now_ns, spans);

                for (unsigned other = 0; other < CPU_MAX; other++) {
                    cpus[other].told = cpus[other].told || (other != id && (kick & BIT32(other)) != 0);
                }
            }
        }
        for (unsigned id = 0; id < CPU_MAX; id++) {
            next_ns = cpus[id].pool == NULL ? next_ns
                                            : min_u64(next_ns, cpus[id].told ? now_ns : cpus[id].until_ns);
        }
        if (next_ns >= from_ns + span_ns) {
            break;
        }
        now_ns = max_u64(next_ns, now_ns);
    }
    for (unsigned id = 0; id < CPU_MAX; id++) {
        finish(&cpus[id], id, from_ns, from_ns + span_ns, spans);
    }
}

int read_spans(const char *name, struct spans *spans)
{
    FILE *file = fopen(name, "r");
    unsigned line_number = 0;
    char line[256];

    if (file == NULL) {
        fprintf(stderr, "schedcheck: %s: %s\n", name, strerror(errno));
        return -EINVAL;
    }
    while (fgets(line, sizeof(line), file) != NULL) {
        uint64_t start_ns, end_ns;
        unsigned cpu, colour = 0;
        char who[64];

        line_number++;
        if (line[0] == '#' || line[0] == '\n') {
            continue;
        }
        if (sscanf(line, "%u %" SCNu64 " %" SCNu64 " %63s %u", &cpu, &start_ns, &end_ns, who, &colour) < 4 ||
            cpu >= CPU_MAX || end_ns < start_ns) {
            fprintf(stderr,
                    "schedcheck: %s:%u: write CPU, start and end in ns, and a name, as \"0 1000 2000 a/0\"\n",
                    name, line_number);
            fclose(file);
            return -EINVAL;
        }
        spans_add(spans, cpu, start_ns, end_ns, who, colour);
    }
    fclose(file);
    return 0;
}

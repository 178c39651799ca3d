/* SPDX-License-Identifier: Apache-2.0 */
/* check.c - schedcheck: which guarantees of rtds and arinc653 hold, with the numbers and where they come
 * from.
 *
 * rtds. A vCPU with budget B in period P that is awake for a whole period has had B at its end, under global
 * earliest deadline first on m CPUs that each may use, if
 *
 *     sum of B / P <= m - (m - 1) * the highest B / P      J. Goossens, S. Funk, S. Baruah, Real-Time Systems
 * 25, 2003
 *
 * on one CPU that is a sum of 1 (C. L. Liu, J. W. Layland, J. ACM 20, 1973). Then it is given at least
 *
 *     sbf(t) = k B + max(0, t - 2 (P - B) - k P),   k = floor((t - (P - B)) / P), 0 when t < P - B
 *
 * in any t (the supply of a periodic resource: I. Shin, I. Lee, Periodic resource model for compositional
 * real-time guarantees, RTSS 2003), and so waits at most 2 (P - B): its budget early in one period, and late
 * in the next.
 *
 *     |####|- - - - - - - - - - - -|####|       P - B after the first, and P - B before the second
 *
 * The wake-up rule of hv/sched/rtds.c keeps that for one that sleeps: it begins a period when it has more
 * budget left than its part of the time up to the deadline, and else has the rest of this period at worst
 * ahead.
 *
 * arinc653. A vCPU waits at most the longest time between the end of one of its slots and the start of its
 * next. */
#include <string.h>

#include "schedcheck.h"

static double part_of(const struct vcpu *vcpu)
{
    return (double)vcpu->unit.params.budget_ns / (double)vcpu->unit.params.period_ns;
}

static double us(uint64_t ns)
{
    return (double)ns / 1000;
}

static uint32_t mask_of(const struct system *system, const struct vcpu *vcpu)
{
    return vcpu->unit.hard_affinity & system->pools[vcpu->pool].cpus;
}

/* The CPUs that are tied to those of @cpus by vCPUs that may use some of both. */
static uint32_t island(const struct system *system, unsigned index, uint32_t cpus)
{
    uint32_t before;

    do {
        before = cpus;
        for (unsigned i = 0; i < system->vcpu_count; i++) {
            uint32_t mask = mask_of(system, &system->vcpus[i]);

            cpus |= system->vcpus[i].pool == index && (mask & cpus) != 0 ? mask : 0;
        }
    } while (cpus != before);
    return cpus;
}

/* Does what is promised on @cpus hold? @why has room for the reason. */
static bool island_holds(const struct system *system, unsigned index, uint32_t cpus, double *sum,
                         double *bound, const char **why)
{
    double highest = 0, count = __builtin_popcount(cpus);
    bool equal = true, admitted = true;

    *sum = 0;
    for (unsigned i = 0; i < system->vcpu_count; i++) {
        const struct vcpu *vcpu = &system->vcpus[i];

        if (vcpu->pool != index || (mask_of(system, vcpu) & cpus) == 0) {
            continue;
        }
        equal = equal && mask_of(system, vcpu) == cpus;
        admitted = admitted && vcpu->admitted;
        *sum += part_of(vcpu);
        highest = part_of(vcpu) > highest ? part_of(vcpu) : highest;
    }
    *bound = count - (count - 1) * highest;
    *why = !admitted ? "a vCPU of it is refused at boot"
           : !equal  ? "affinities overlap in part, for which no bound is known: pin, or make pools"
           : *sum > *bound + 0.5e-6 ? "the sum is above the bound: vCPUs may miss deadlines"
                                    : NULL;
    return *why == NULL;
}

static void say_rtds(const struct system *system, const struct vcpu *vcpu, bool holds, FILE *out)
{
    const struct sched_params *params = &vcpu->unit.params;
    uint64_t wait_ns = 2 * (params->period_ns - params->budget_ns);
    char name[128], cpus[64];

    fprintf(out, "  %s: budget %.0f us in %.0f us, utilisation %.4f, on %s%s\n",
            vcpu_text(vcpu, name, sizeof(name)), us(params->budget_ns), us(params->period_ns), part_of(vcpu),
            cpus_text(mask_of(system, vcpu), cpus, sizeof(cpus)),
            params->extratime ? ", and extra time" : "");
    if (!holds) {
        fprintf(out, "    NOT GUARANTEED\n");
        return;
    }
    fprintf(out, "    supply: at least %.0f us of each period, less %.1f us for EL2; waits at most %.1f us\n",
            us(params->budget_ns), us(system->overhead_ns), us(wait_ns));
    fprintf(out, "    interrupt latency: at most %.1f us (wait %.1f + path %.1f)\n",
            us(wait_ns + system->path_ns), us(wait_ns), us(system->path_ns));
}

unsigned check_rtds(const struct system *system, unsigned index, FILE *out)
{
    uint32_t rest = system->pools[index].cpus;
    unsigned failed = 0;

    while (rest != 0) {
        uint32_t cpus = island(system, index, rest & (0 - rest));
        double sum, bound;
        const char *why;
        char text[64];
        bool holds = island_holds(system, index, cpus, &sum, &bound, &why);

        rest &= ~cpus;
        fprintf(out, "  %s: utilisation %.4f, bound %.4f (%s): %s\n", cpus_text(cpus, text, sizeof(text)),
                sum, bound,
                __builtin_popcount(cpus) == 1 ? "EDF on one CPU, Liu and Layland 1973"
                                              : "global EDF, Goossens, Funk and Baruah 2003",
                holds ? "holds" : why);
        for (unsigned i = 0; i < system->vcpu_count; i++) {
            const struct vcpu *vcpu = &system->vcpus[i];
            bool has_room = vcpu->unit.params.budget_ns > system->overhead_ns;

            if (vcpu->pool != index || (mask_of(system, vcpu) & cpus) == 0) {
                continue;
            }
            say_rtds(system, vcpu, holds && has_room, out);
            failed += holds && has_room ? 0 : 1;
            if (holds && !has_room) {
                fprintf(out, "    its budget is no longer than what EL2 takes of it (%.1f us)\n",
                        us(system->overhead_ns));
            }
        }
    }
    return failed;
}

struct window {
    uint64_t start_ns, end_ns;
};

/* The slots of @vcpu in the order of time, those that touch joined. Returns how many. */
static unsigned windows_of(const struct arinc_table *table, const struct vcpu *vcpu, struct window *windows)
{
    unsigned count = 0, joined = 0;

    for (unsigned i = 0; i < table->slot_count; i++) {
        const struct arinc_slot *slot = &table->slots[i];
        unsigned at = count;

        if (slot->unit != &vcpu->unit) {
            continue;
        }
        for (; at > 0 && windows[at - 1].start_ns > slot->start_ns; at--) {
            windows[at] = windows[at - 1];
        }
        windows[at] = (struct window){slot->start_ns, slot->start_ns + slot->length_ns};
        count++;
    }
    for (unsigned i = 1; i < count; i++) {
        if (windows[i].start_ns == windows[joined].end_ns) {
            windows[joined].end_ns = windows[i].end_ns;
        } else {
            windows[++joined] = windows[i];
        }
    }
    return count != 0 ? joined + 1 : 0;
}

static bool say_arinc(const struct system *system, const struct arinc_table *table, const struct vcpu *vcpu,
                      FILE *out)
{
    struct window windows[ARINC_SLOT_MAX];
    unsigned count = windows_of(table, vcpu, windows);
    uint64_t sum_ns = 0, gap_ns = 0;
    char name[128];

    fprintf(out, "  %s: ", vcpu_text(vcpu, name, sizeof(name)));
    if (count == 0) {
        fprintf(out, "no slot: it NEVER RUNS\n");
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        uint64_t next_ns = i + 1 < count ? windows[i + 1].start_ns : windows[0].start_ns + table->frame_ns;

        sum_ns += windows[i].end_ns - windows[i].start_ns;
        gap_ns = next_ns - windows[i].end_ns > gap_ns ? next_ns - windows[i].end_ns : gap_ns;
    }
    fprintf(out, "%.0f us of each frame in %u slot%s, utilisation %.4f\n", us(sum_ns), count,
            count == 1 ? "" : "s", (double)sum_ns / (double)table->frame_ns);
    fprintf(out, "    supply: that, less %.1f us for EL2 at each slot; waits at most %.1f us for its slot\n",
            us(system->overhead_ns), us(gap_ns));
    fprintf(out, "    interrupt latency: at most %.1f us (wait %.1f + path %.1f)\n",
            us(gap_ns + system->path_ns), us(gap_ns), us(system->path_ns));
    return true;
}

/* Of a domain with several vCPUs: do their slots start at the same times? */
static void say_alignment(const struct system *system, const struct arinc_table *table, unsigned first,
                          FILE *out)
{
    const struct domain_config *domain = system->vcpus[first].domain;
    struct window one[ARINC_SLOT_MAX], other[ARINC_SLOT_MAX];
    unsigned count = windows_of(table, &system->vcpus[first], one);
    bool aligned = true;

    for (unsigned id = 1; id < domain->vcpu_count; id++) {
        unsigned same = windows_of(table, &system->vcpus[first + id], other);

        for (unsigned i = 0; aligned && i < count && same == count; i++) {
            aligned = one[i].start_ns == other[i].start_ns && one[i].end_ns == other[i].end_ns;
        }
        aligned = aligned && same == count;
    }
    if (domain->vcpu_count > 1) {
        fprintf(out, "  %s: the slots of its %u vCPUs are %saligned\n", domain->path, domain->vcpu_count,
                aligned ? "" : "NOT ");
    }
}

unsigned check_arinc(const struct system *system, unsigned index, FILE *out)
{
    const struct sched_pool *pool = &system->pools[index];
    const struct arinc_table *table = &pool->schedule[0].table; /* No frame runs: it is the one in use. */
    unsigned failed = 0;

    fprintf(out, "  frame of %.0f us, %u slots%s\n", us(table->frame_ns), table->slot_count,
            system->has_table && system->config.schedule.pool == index
                ? ""
                : ": no schedule, equal slots of 10 ms");
    for (unsigned i = 0; i < system->vcpu_count; i++) {
        if (system->vcpus[i].pool == index) {
            failed += say_arinc(system, table, &system->vcpus[i], out) ? 0 : 1;
            if (system->vcpus[i].id == 0) {
                say_alignment(system, table, i, out);
            }
        }
    }
    return failed;
}

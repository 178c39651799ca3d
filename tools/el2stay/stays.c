/* SPDX-License-Identifier: Apache-2.0 */
/* stays.c - divides what a CPU does in EL2 into stays, and keeps the longest of each cause.
 *
 *     guest | vector ........ eret | guest | vector ..... wfi | asleep | ...... eret | guest
 *           |<---- a stay ------->|       |<-- a stay ------>|        |<- a stay -->|
 *
 * A stay is how long interrupts wait at most: from the vector to eret, but for the time that EL2 itself
 * sleeps, which any interrupt ends. Its cause is how it began, and which of the marked functions ran in it,
 * in the order of the marks. What begins before a guest has run anywhere, and what a CPU does from its start
 * to its first guest or sleep, is "boot".
 *
 * The way through the functions is a tree: a step to a function's first instruction is a call, a step into
 * the middle of one that is further up is a return to it. So a tail call looks like a call, and loops do not
 * make the tree longer.
 *
 * Each CPU has its own of everything: QEMU calls from one thread per CPU. Only "has a guest run yet" is
 * shared. */
#include "stays.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DATA_SLOTS (1u << 15)
#define NODE_NONE UINT32_MAX

struct cpu {
    bool inside, guest_ran, boot;
    enum entry entry, next_entry;
    uint64_t marks;
    struct figures now;
    uint32_t stamp; /* Number of the stay: what has another one in the sets below is not in them. */
    uint32_t *code_stamp;
    struct {
        uint64_t line;
        uint32_t stamp;
    } data[DATA_SLOTS];
    struct node nodes[NODE_MAX];
    uint32_t node_count, node;
    uint64_t chain, chain_stays;
    struct cpu_totals totals;
    struct cause causes[CAUSE_MAX];
    unsigned cause_count;
    struct cause unfinished;
};

static struct stays_config config;
static struct cpu *cpus[CPU_MAX];
static _Atomic bool guests_run;

bool stays_init(const struct stays_config *wanted)
{
    config = *wanted;
    for (unsigned i = 0; i < config.mark_count; i++) {
        symbols_mark(&config.symbols, config.marks[i], (uint64_t)1 << i);
    }
    return true;
}

static struct cpu *cpu_get(unsigned index)
{
    size_t lines = ((config.symbols.text_end - config.symbols.text_start) >> LINE_SHIFT) + 1;

    if (index >= CPU_MAX) {
        fprintf(stderr, "el2stay: more than %u CPUs\n", CPU_MAX);
        abort();
    }
    if (cpus[index] == NULL) {
        cpus[index] = calloc(1, sizeof(struct cpu));
        cpus[index]->code_stamp = calloc(lines, sizeof(uint32_t));
        cpus[index]->next_entry = ENTRY_BOOT;
    }
    return cpus[index];
}

static uint32_t node_new(struct cpu *cpu, uint32_t function, uint32_t parent)
{
    uint32_t n = cpu->node_count;

    if (n == NODE_MAX) {
        return parent; /* Too wide a tree: counted with the caller. */
    }
    cpu->nodes[n] = (struct node){function, parent, NODE_NONE, NODE_NONE, NODE_NONE, 0, 0};
    cpu->node_count++;
    if (parent != NODE_NONE) {
        struct node *above = &cpu->nodes[parent];

        if (above->first_child == NODE_NONE) {
            above->first_child = n;
        } else {
            cpu->nodes[above->last_child].next = n;
        }
        above->last_child = n;
    }
    return n;
}

static void begin(struct cpu *cpu, enum entry entry, uint32_t function)
{
    cpu->inside = true;
    cpu->entry = entry;
    cpu->boot = entry == ENTRY_BOOT || !atomic_load_explicit(&guests_run, memory_order_relaxed);
    cpu->marks = 0;
    cpu->now = (struct figures){0};
    cpu->stamp++;
    cpu->node_count = 0;
    cpu->node = node_new(cpu, function, NODE_NONE);
    cpu->nodes[cpu->node].calls = 1;
    if (cpu->guest_ran) {
        cpu->chain = 0;
        cpu->chain_stays = 0;
        cpu->guest_ran = false;
    }
}

static struct cause *cause_of(struct cpu *cpu)
{
    struct cause *cause;

    for (unsigned i = 0; i < cpu->cause_count; i++) {
        cause = &cpu->causes[i];
        if (cause->entry == cpu->entry && cause->boot == cpu->boot && cause->marks == cpu->marks) {
            return cause;
        }
    }
    if (cpu->cause_count == CAUSE_MAX) {
        return &cpu->causes[CAUSE_MAX - 1]; /* Lumped together. */
    }
    cause = &cpu->causes[cpu->cause_count];
    cpu->cause_count++;
    cause->entry = cpu->entry;
    cause->boot = cpu->boot;
    cause->marks = cpu->marks;
    return cause;
}

static uint64_t max(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void keep_longest(struct cause *cause, const struct cpu *cpu)
{
    cause->longest = cpu->now;
    cause->node_count = cpu->node_count;
    cause->nodes = realloc(cause->nodes, cpu->node_count * sizeof(struct node));
    memcpy(cause->nodes, cpu->nodes, cpu->node_count * sizeof(struct node));
}

static void count_stay(struct cause *cause, const struct cpu *cpu)
{
    const struct figures *now = &cpu->now;
    unsigned bucket = now->insns == 0 ? 0 : 64 - (unsigned)__builtin_clzl(now->insns);

    cause->count++;
    cause->sum += now->insns;
    cause->over += now->insns > config.bar;
    cause->buckets[bucket < BUCKET_MAX ? bucket : BUCKET_MAX - 1]++;
    cause->most.insns = max(cause->most.insns, now->insns);
    cause->most.code_lines = max(cause->most.code_lines, now->code_lines);
    cause->most.data_lines = max(cause->most.data_lines, now->data_lines);
    cause->most.gic_reads = max(cause->most.gic_reads, now->gic_reads);
    cause->most.gic_writes = max(cause->most.gic_writes, now->gic_writes);
    cause->most.wfes = max(cause->most.wfes, now->wfes);
    if (now->insns > cause->longest.insns) {
        keep_longest(cause, cpu);
    }
}

static void end(struct cpu *cpu, enum entry next_entry)
{
    cpu->inside = false;
    cpu->next_entry = next_entry;
    count_stay(cause_of(cpu), cpu);
    cpu->totals.stays++;
    cpu->totals.insns += cpu->now.insns;
    if (!cpu->boot) {
        cpu->chain += cpu->now.insns;
        cpu->chain_stays++;
        if (cpu->chain > cpu->totals.longest_chain) {
            cpu->totals.longest_chain = cpu->chain;
            cpu->totals.longest_chain_stays = cpu->chain_stays;
        }
    }
}

/* Follow the step into another function, or to the beginning of one. */
static void step(struct cpu *cpu, const struct insn *insn)
{
    uint32_t n;

    if (!insn->starts) {
        for (n = cpu->node; n != NODE_NONE; n = cpu->nodes[n].parent) {
            if (cpu->nodes[n].function == insn->function) {
                cpu->node = n;
                return;
            }
        }
    }
    for (n = cpu->nodes[cpu->node].first_child; n != NODE_NONE; n = cpu->nodes[n].next) {
        if (cpu->nodes[n].function == insn->function) {
            break;
        }
    }
    if (n == NODE_NONE) {
        n = node_new(cpu, insn->function, cpu->node);
    }
    cpu->node = n;
    cpu->nodes[n].calls++;
}

void stays_insn(unsigned index, const struct insn *insn)
{
    struct cpu *cpu = cpu_get(index);

    if (insn->entry != ENTRY_COUNT) {
        begin(cpu, (enum entry)insn->entry, insn->function);
    } else if (!cpu->inside) {
        begin(cpu, cpu->next_entry, insn->function);
    } else if (cpu->nodes[cpu->node].function != insn->function) {
        step(cpu, insn);
    }
    cpu->now.insns++;
    cpu->nodes[cpu->node].insns++;
    if (insn->function != FUNCTION_NONE) {
        cpu->marks |= config.symbols.functions[insn->function].mark;
    }
    if (cpu->code_stamp[insn->line] != cpu->stamp) {
        cpu->code_stamp[insn->line] = cpu->stamp;
        cpu->now.code_lines++;
    }
    switch ((enum kind)insn->kind) {
    case KIND_PLAIN:
        break;
    case KIND_ERET:
        end(cpu, ENTRY_BOOT);
        atomic_store_explicit(&guests_run, true, memory_order_relaxed);
        break;
    case KIND_WFI:
        end(cpu, ENTRY_WAKE);
        cpu->guest_ran = true; /* Asleep: an interrupt would be taken. */
        break;
    case KIND_WFE:
        cpu->now.wfes++;
        break;
    case KIND_GIC_READ:
        cpu->now.gic_reads++;
        break;
    case KIND_GIC_WRITE:
        cpu->now.gic_writes++;
        break;
    case KIND_OWN_VECTOR:
        cpu->totals.own_faults++;
        break;
    }
}

void stays_data(unsigned index, uint64_t vaddr)
{
    struct cpu *cpu = cpu_get(index);
    uint64_t line = vaddr >> LINE_SHIFT;
    uint32_t slot = (uint32_t)((line * 0x9e3779b97f4a7c15u) >> 49);

    if (cpu->now.data_lines >= DATA_SLOTS / 2) {
        return; /* Only at boot: "at least". */
    }
    while (cpu->data[slot].stamp == cpu->stamp) {
        if (cpu->data[slot].line == line) {
            return;
        }
        slot = (slot + 1) % DATA_SLOTS;
    }
    cpu->data[slot].line = line;
    cpu->data[slot].stamp = cpu->stamp;
    cpu->now.data_lines++;
}

void stays_gic(unsigned index, bool write)
{
    struct cpu *cpu = cpu_get(index);

    if (write) {
        cpu->now.gic_writes++;
    } else {
        cpu->now.gic_reads++;
    }
}

void stays_guest(unsigned index)
{
    cpu_get(index)->guest_ran = true;
}

const struct stays_config *stays_config(void)
{
    return &config;
}

unsigned stays_cpus(void)
{
    unsigned count = CPU_MAX;

    while (count != 0 && cpus[count - 1] == NULL) {
        count--;
    }
    return count;
}

const struct cpu_totals *stays_totals(unsigned index)
{
    return &cpu_get(index)->totals;
}

const struct cause *stays_causes(unsigned index, unsigned *count)
{
    *count = cpu_get(index)->cause_count;
    return cpu_get(index)->causes;
}

const struct cause *stays_unfinished(unsigned index)
{
    struct cpu *cpu = cpu_get(index);

    if (!cpu->inside) {
        return NULL;
    }
    cpu->unfinished = (struct cause){.entry = cpu->entry, .boot = cpu->boot, .marks = cpu->marks};
    count_stay(&cpu->unfinished, cpu);
    return &cpu->unfinished;
}

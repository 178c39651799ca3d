/* SPDX-License-Identifier: Apache-2.0 */
/* stays.h - stays in EL2: what is counted of each, and what is kept of all. */
#ifndef EL2STAY_STAYS_H
#define EL2STAY_STAYS_H

#include "symbols.h"

#define CPU_MAX 16
#define MARK_MAX 64
#define NODE_MAX 512
#define CAUSE_MAX 512
#define BUCKET_MAX 40
#define LINE_SHIFT 6 /* Cache lines of 64 bytes. */

/* How a stay begins. */
enum entry { ENTRY_BOOT, ENTRY_WAKE, ENTRY_SYNC, ENTRY_IRQ, ENTRY_FIQ, ENTRY_SERROR, ENTRY_COUNT };

/* What an instruction means to the count. */
enum kind { KIND_PLAIN, KIND_ERET, KIND_WFI, KIND_WFE, KIND_GIC_READ, KIND_GIC_WRITE, KIND_OWN_VECTOR };

/* One instruction of the image, found out when it is translated. */
struct insn {
    uint32_t function;
    uint32_t line; /* From the text's start. */
    uint8_t kind;  /* enum kind */
    uint8_t entry; /* A vector that a guest enters by: which; else ENTRY_COUNT. */
    bool starts;   /* The first one of its function. */
    bool known;
};

/* One function in the tree of calls of one stay: a node for each way to it. */
struct node {
    uint32_t function, parent, first_child, last_child, next;
    uint32_t calls;
    uint64_t insns; /* Its own. */
};

struct figures {
    uint64_t insns, code_lines, data_lines, gic_reads, gic_writes, wfes;
};

/* All stays of one cause on one CPU. */
struct cause {
    enum entry entry;
    bool boot;
    uint64_t marks;
    uint64_t count, sum, over;
    struct figures longest;       /* Of the stay with the most instructions. */
    struct figures most;          /* Of each figure the most, of any stay. */
    uint64_t buckets[BUCKET_MAX]; /* [n]: stays of 2^(n-1) to 2^n - 1 instructions. */
    uint32_t node_count;
    struct node *nodes; /* Of the longest. */
};

struct stays_config {
    struct symbols symbols;
    uint64_t bar; /* Stays of more instructions are counted as over it. */
    const char *marks[MARK_MAX];
    unsigned mark_count;
    unsigned range_count;
    struct {
        uint64_t start, end;
    } ranges[MARK_MAX]; /* Of the GIC, hardware addresses. */
    const char *out;
};

/* Chains: stays one after the other with no instruction of a guest between them. */
struct cpu_totals {
    uint64_t stays, insns, own_faults, longest_chain, longest_chain_stays;
};

/* The instruction is about to be carried out on @cpu. */
void stays_insn(unsigned cpu, const struct insn *insn);
/* An access to memory, by virtual address, or to the GIC. */
void stays_data(unsigned cpu, uint64_t vaddr);
void stays_gic(unsigned cpu, bool write);
/* A guest's instructions are about to be carried out. */
void stays_guest(unsigned cpu);

bool stays_init(const struct stays_config *config);

/* Write all of it as JSON. */
bool stays_report(void);

/* Of the report. */
const struct stays_config *stays_config(void);
unsigned stays_cpus(void);
const struct cpu_totals *stays_totals(unsigned cpu);
const struct cause *stays_causes(unsigned cpu, unsigned *count);
/* A stay that is still under way when the machine ends, as a cause of its own; NULL when there is none. */
const struct cause *stays_unfinished(unsigned cpu);

#endif

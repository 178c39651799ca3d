/* SPDX-License-Identifier: Apache-2.0 */
/* schedcheck.h - a system description as schedcheck sees it: the hypervisor's own reading of the tree, and
 * its own schedulers with the vCPUs in them. */
#ifndef SCHEDCHECK_H
#define SCHEDCHECK_H

#include <stdio.h>

#include "boot/board.h"
#include "boot/domain_config.h"
#include "sched/sched.h"

#define VCPUS_MAX ((DOMAIN_CONFIG_MAX + 1) * VCPU_MAX)

struct vcpu {
    struct sched_unit unit;
    const struct domain_config *domain;
    unsigned domain_index; /* In the order they are built. */
    unsigned id;
    unsigned pool;
    bool admitted;
};

struct system {
    struct board board;
    struct options options;
    struct boot_config config;
    struct sched_pool pools[POOL_MAX];
    struct vcpu vcpus[VCPUS_MAX];
    unsigned vcpu_count;
    struct sched_group groups[DOMAIN_CONFIG_MAX + 1];
    bool has_table;       /* The schedule was taken. */
    uint64_t overhead_ns; /* Of EL2 in each budget or slot. */
    uint64_t path_ns;     /* From who may run to its vector. */
};

/* How many errors the hypervisor's code has logged while it read. */
extern unsigned log_errors;

/* The tree in @file: compiled, or source when its name ends in .dts. NULL, with the reason on stderr. */
void *load_tree(const char *file, size_t *size);
/* Read, and put every vCPU into its pool as boot does. 0, or -EINVAL: nothing can be said (the reason is on
 * stderr). */
int read_system(const void *fdt, size_t size, struct system *system);

/* What is promised in pool @index, on @out. Returns how many guarantees do not hold. */
unsigned check_rtds(const struct system *system, unsigned index, FILE *out);
unsigned check_arinc(const struct system *system, unsigned index, FILE *out);

/* Who runs where, and when. */
struct span {
    unsigned cpu;
    uint64_t start_ns, end_ns; /* From the start of the picture. */
    char name[64];
    unsigned colour; /* The domain. */
};

struct spans {
    struct span *list;
    size_t count, room;
};

void spans_add(struct spans *spans, unsigned cpu, uint64_t start_ns, uint64_t end_ns, const char *name,
               unsigned colour);
/* All vCPUs always awake, and the hypervisor's schedulers for so long. */
void simulate(struct system *system, uint64_t span_ns, struct spans *spans);
/* How long a picture should be by itself. */
uint64_t picture_ns(const struct system *system);
/* "CPU START-NS END-NS NAME" a line, as something measured them. 0, or -EINVAL with the line on stderr. */
int read_spans(const char *file, struct spans *spans);
/* One picture of both; @happened may be NULL, and gets the colours of @planned. 0, or -EINVAL with the reason
 * on stderr. */
int write_svg(const char *file, const struct system *system, uint64_t span_ns, const struct spans *planned,
              struct spans *happened);

/* "CPUs 0-1,3". */
const char *cpus_text(uint32_t cpus, char *out, size_t size);
/* "/chosen/a vCPU 0" */
const char *vcpu_text(const struct vcpu *vcpu, char *out, size_t size);

#endif

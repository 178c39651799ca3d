/* SPDX-License-Identifier: Apache-2.0 */
/* table.h - a653sched: a schedule as text, and as the entries that the hypervisor takes. */
#ifndef A653SCHED_TABLE_H
#define A653SCHED_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define SLOTS_MAX 64u /* ARINC653_MAX_DOMAINS_PER_SCHEDULE of xen/sysctl.h. */
#define CPU_ANY 0xffffu
#define DOMAIN_NOBODY 0xffffu

struct slot {
    unsigned line; /* Of the file; 0: what fills a gap. */
    unsigned cpu;  /* CPU_ANY: not said. */
    uint64_t start_ns, length_ns;
    unsigned domain, vcpu;
};

struct table {
    uint64_t frame_ns;
    unsigned count;
    struct slot slots[SLOTS_MAX];
};

/* Read @text, of a file called @name in messages. 0, or -1 with what is wrong, and in which line, on @errors.
 */
int table_parse(const char *text, const char *name, struct table *table, FILE *errors);
/* The same slots with what fills the gaps before them, in the order in which the hypervisor takes them: each
 * begins where the one before it on its CPU ends. 0, or -1 (more than SLOTS_MAX) as above. */
int table_fill(const struct table *table, const char *name, struct table *filled, FILE *errors);
/* As text that table_parse() reads. */
void table_print(const struct table *table, FILE *out);

#endif

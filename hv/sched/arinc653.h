/* SPDX-License-Identifier: Apache-2.0 */
/* arinc653.h - the schedule of a pool under arinc653: a major frame of slots for each pCPU. */
#ifndef SCHED_ARINC653_H
#define SCHED_ARINC653_H

#include "lib/types.h"

#define ARINC_SLOT_MAX 64 /* ARINC653_MAX_DOMAINS_PER_SCHEDULE, public/sysctl.h. */
#define ARINC_SLOT_MIN_NS UINT64_C(50000)
#define ARINC_FRAME_MAX_NS (UINT64_C(3600) * NS_PER_S)

struct sched_pool;
struct sched_unit;

struct arinc_slot {
    uint64_t start_ns, length_ns; /* From the start of the frame. */
    struct sched_unit *unit;      /* NULL: unknown, unless @idle. */
    bool idle;                    /* Nobody's. Time in no slot is nobody's too. */
    unsigned cpu;
};

/* The slots of each pCPU in the order of their starts; those of other pCPUs may stand between them. */
struct arinc_table {
    uint64_t frame_ns;
    unsigned slot_count;
    struct arinc_slot slots[ARINC_SLOT_MAX];
};

enum arinc_reason {
    ARINC_FRAME,    /* The frame is shorter than a slot can be, or longer than an hour. */
    ARINC_COUNT,    /* There are more than ARINC_SLOT_MAX slots. */
    ARINC_CPU,      /* The slot's pCPU is not in the pool. */
    ARINC_SHORT,    /* It is shorter than ARINC_SLOT_MIN_NS. */
    ARINC_OVERLAP,  /* It starts before the slot before it on this pCPU ends. */
    ARINC_EXCEEDS,  /* It ends after the frame. */
    ARINC_UNKNOWN,  /* Its vCPU is not in the pool. */
    ARINC_AFFINITY, /* Its vCPU may not use this pCPU. */
    ARINC_TWICE,    /* Its vCPU has a slot on another pCPU at the same time. */
};

/* What is wrong with a table, and with which slot (meaningless for ARINC_FRAME and ARINC_COUNT). */
struct arinc_fault {
    enum arinc_reason reason;
    unsigned slot;
};

/* The reason as the end of a sentence that begins with the slot. */
const char *arinc_reason_text(enum arinc_reason reason);

/* Give @pool, under arinc653, the schedule @table. It takes effect at the end of the frame that runs, or at
 * once when none does. A unit in no slot does not run. Returns 0; -EINVAL: @fault is written and nothing is
 * changed; -EOPNOTSUPP: another policy. @kick is written on success. Any CPU. */
int arinc_set_table(struct sched_pool *pool, const struct arinc_table *table, uint64_t now_ns, uint32_t *kick,
                    struct arinc_fault *fault);
/* The schedule that was set last, or the one of equal slots. -EOPNOTSUPP: another policy. */
int arinc_get_table(struct sched_pool *pool, struct arinc_table *table);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* cpupool.h - the machine's pools of pCPUs by number: pool 0, where Dom0 is, and those the tree or the
 * toolstack made. What a pool does: sched/pool.h. */
#ifndef CORE_CPUPOOL_H
#define CORE_CPUPOOL_H

#include "core/domain.h"
#include "sched/pool.h"

#define CPUPOOL_MAX (2 * CPU_MAX)
#define CPUPOOL_ID_NONE UINT32_MAX /* No pool: a number that is never given. */

struct cpupool {
    uint32_t id;
    struct sched_pool *sched;
    unsigned domain_count;
};

/* The pool with the lowest number from @id on. False: there is none. */
bool cpupool_next(uint32_t id, struct cpupool *out);
/* Pool @id; NULL. */
struct sched_pool *cpupool_find(uint32_t id);
/* The number of @pool. */
uint32_t cpupool_id(const struct sched_pool *pool);

/* For how long no vCPU has run on @cpu, those that slept in place included. Any CPU. */
uint64_t cpupool_idle_ns(unsigned cpu);

#endif

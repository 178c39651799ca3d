/* SPDX-License-Identifier: Apache-2.0 */
/* cpupool.h - the machine's pools of pCPUs by number: pool 0, where Dom0 is, and those that the tree or the
 * toolstack made. What a pool does: sched/pool.h.
 *
 * Who calls these is one at a time: boot, then the toolstack. Errors are those of Xen's calls. */
#ifndef CORE_CPUPOOL_H
#define CORE_CPUPOOL_H

#include "core/domain.h"
#include "sched/pool.h"

#define CPUPOOL_ID_NONE UINT32_MAX /* No pool: a number that is never given. */
#define CPUPOOL_AGAIN 1            /* Part of it is done: the same call, after a while in a guest, goes on. */

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
/* The numbers of all as text, in their order; NULL behind the last. */
const char *cpupool_name_at(unsigned index);

/* Pools that are made from now on have what @pool has: ratelimit, overcommit. */
void cpupool_set_defaults(const struct sched_pool *pool);

/* A new pool without pCPUs under the scheduler that the ABI calls @sched_id, with number *@id, or with one
 * that is then written there for CPUPOOL_ID_NONE. 0, -ENOSPC (there are two for each CPU), -EEXIST, -ENOENT
 * (no such scheduler), -ENOMEM. */
int cpupool_create(uint32_t *id, uint32_t sched_id);
/* 0, -ENOENT, or -EBUSY: it has pCPUs or domains. */
int cpupool_destroy(uint32_t id);

/* pCPUs that are in no pool. */
uint32_t cpupool_free_cpus(void);
/* Put @cpu, or any that is free for CPU_NONE, into pool @id. 0, -ENOENT, -EINVAL (no CPU has that number),
 * -ENODEV (not there, or not free), -EADDRNOTAVAIL (still about to leave another pool). */
int cpupool_add_cpu(uint32_t id, unsigned cpu);
/* Take *@cpu, or its last one for CPU_NONE, which is then written there, out of pool @id: CPUPOOL_AGAIN until
 * it has left. Who may run nowhere else in the pool may run everywhere from then on, as in Xen. 0, -ENOENT,
 * -EINVAL (no such CPU, or CPU 0 of pool 0), -EADDRNOTAVAIL (not in that pool), and as
 * sched_pool_remove_cpu(). */
int cpupool_remove_cpu(uint32_t id, unsigned *cpu);

/* Move @domain and all its vCPUs to pool @id: CPUPOOL_AGAIN until that is done. It is paused meanwhile. 0,
 * -ENOENT (no such pool, or none with pCPUs), -EINVAL (it dies), and as sched_move(): then it is where it
 * was. */
int cpupool_move_domain(struct domain *domain, uint32_t id);

/* For how long no vCPU has run on @cpu, those that slept in place included. Any CPU. */
uint64_t cpupool_idle_ns(unsigned cpu);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* pool.h - pools while they are in use: pCPUs that come and go, units that move.
 *
 * Each pool has its own policy, its own lock and its own units, and shares nothing with another: what happens
 * in one is not felt in the others. No function holds the locks of two. Those that change a pool (these,
 * sched_add(), sched_remove(), sched_set_params(), sched_set_affinity()) are called one at a time: their
 * caller is the toolstack's only one. All others may be called at the same time, by any CPU. */
#ifndef SCHED_POOL_H
#define SCHED_POOL_H

#include "sched/sched.h"

/* Let @pool use @cpu, which is in no pool. 0, or -EEXIST: it is in this one. */
int sched_pool_add_cpu(struct sched_pool *pool, unsigned cpu, uint64_t now_ns, uint32_t *kick);
/* Take @cpu out of @pool: 0; -ENOENT: it is not in it; and nothing is changed: -EBUSY: a unit would have no
 * pCPU left, or a schedule has slots there (arinc653); -EOVERFLOW: what is left is less than what is promised
 * (rtds). It is free, for another pool, when sched_pool_cpu_left(): first it picks, which is for nothing, and
 * saves what it holds, even if that sleeps. */
int sched_pool_remove_cpu(struct sched_pool *pool, unsigned cpu, uint64_t now_ns, uint32_t *kick);
bool sched_pool_cpu_left(struct sched_pool *pool, unsigned cpu);
/* The idle time counted for @cpu, which runs nothing, goes from @from to @to, and is counted there. */
void sched_pool_pass_idle(struct sched_pool *from, struct sched_pool *to, unsigned cpu, uint64_t now_ns);
/* @ops, which does all that the pool's policy does, stands for it from now on. */
void sched_pool_set_ops(struct sched_pool *pool, const struct sched_ops *ops);

/* Does @pool have neither pCPUs nor units, and may go? */
bool sched_pool_empty(struct sched_pool *pool);

/* Move @unit, which is offline, from its pool to @to. If it may use no pCPU there it may use all, as in Xen.
 * 0; -ENOSPC as sched_add(): moved, and waits for a place; and not moved: -EBUSY: it is awake or on a pCPU;
 * -EINVAL: @to has no pCPU; -EOVERFLOW as sched_add(). */
int sched_move(struct sched_unit *unit, struct sched_pool *to, uint64_t now_ns, uint32_t *kick);
/* The same, to the pool that it came from a moment ago, with the affinity that it had: that pool is not
 * asked. 0, -ENOSPC, -EBUSY. */
int sched_move_back(struct sched_unit *unit, struct sched_pool *to, uint32_t hard, uint64_t now_ns,
                    uint32_t *kick);

#endif

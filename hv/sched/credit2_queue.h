/* SPDX-License-Identifier: Apache-2.0 */
/* credit2_queue.h - credit2: the units that wait, in the order of virtual time. All with the pool's lock
 * held.
 *
 * Each stands in pool->order[QUEUE] with marks that say where it may go, one mark a pCPU in each kind, so
 * that who suits a pCPU best is found in O(log n). The marks follow from the unit's affinities, unit->cpu and
 * unit->on_cpu: queue_mark() when one of these changes. Which pCPUs are the pool's does not matter: others do
 * not look. */
#ifndef SCHED_CREDIT2_QUEUE_H
#define SCHED_CREDIT2_QUEUE_H

#include "sched/credit2_clock.h"

/* Kinds of marks. Each unit has WAITS and TAKES, and one of the other three or none. */
enum queue_mark {
    MARK_WAITS = 0,             /* May run there, though another pCPU may have to save it first. */
    MARK_TAKES = CPU_MAX,       /* That pCPU may take it now. */
    MARK_LAST = 2 * CPU_MAX,    /* The same, and it ran there last, */
    MARK_PREFERS = 3 * CPU_MAX, /* or prefers it, */
    MARK_BOTH = 4 * CPU_MAX,    /* or both. */
    MARK_COUNT = 5 * CPU_MAX,
};

_Static_assert(MARK_COUNT <= 64, "marks are a word");

static inline struct sched_unit *queue_unit(struct order_node *node)
{
    return node != NULL ? CONTAINER_OF(node, struct sched_unit, node[QUEUE]) : NULL;
}

/* The pCPUs of @cpus that @unit prefers among those it may use. */
static inline uint32_t favourites(const struct sched_unit *unit, uint32_t cpus)
{
    uint32_t hard = unit->hard_affinity & cpus;

    return (hard & unit->soft_affinity) != 0 ? hard & unit->soft_affinity : hard;
}

static inline uint32_t preferred(const struct sched_pool *pool, const struct sched_unit *unit)
{
    return favourites(unit, pool->cpus);
}

/* 3: prefers @cpu and ran there last ... 0: neither. */
static inline unsigned fitness(const struct sched_unit *unit, unsigned cpu)
{
    return ((favourites(unit, UINT32_MAX) & BIT32(cpu)) != 0 ? 2u : 0u) + (unit->cpu == cpu ? 1u : 0u);
}

static inline uint64_t queue_marks(const struct sched_unit *unit)
{
    uint64_t hard = unit->hard_affinity & (BIT32(CPU_MAX) - 1);
    uint64_t last = unit->cpu != CPU_NONE ? BIT64(unit->cpu) : 0;
    uint64_t takes = unit->on_cpu ? hard & last : hard, prefers = takes & favourites(unit, UINT32_MAX);

    return hard << MARK_WAITS | takes << MARK_TAKES | (takes & last & ~prefers) << MARK_LAST |
           (prefers & ~last) << MARK_PREFERS | (prefers & last) << MARK_BOTH;
}

/* In the order of virtual time, the older first among equals. */
static inline void queue_add(struct sched_pool *pool, struct sched_unit *unit)
{
    order_insert(&pool->order[QUEUE], &unit->node[QUEUE], vtime_of(unit), queue_marks(unit));
}

/* Nothing when it is not there. */
static inline void queue_remove(struct sched_pool *pool, struct sched_unit *unit)
{
    order_remove(&pool->order[QUEUE], &unit->node[QUEUE]);
}

static inline bool queue_has(const struct sched_unit *unit)
{
    return unit->node[QUEUE].height != 0;
}

static inline void queue_mark(struct sched_unit *unit)
{
    uint64_t marks = queue_marks(unit);

    if (queue_has(unit) && marks != unit->node[QUEUE].marks) {
        order_set_marks(&unit->node[QUEUE], marks);
    }
}

/* The first that @cpu may take; NULL: none. */
static inline struct sched_unit *queue_first(const struct sched_pool *pool, unsigned cpu)
{
    return queue_unit(order_first(&pool->order[QUEUE], BIT64(MARK_TAKES + cpu)));
}

/* Is there one that may run on @cpu, though it may have to be saved first? */
static inline bool queue_waits(const struct sched_pool *pool, unsigned cpu)
{
    const struct order_node *root = pool->order[QUEUE].root;

    return root != NULL && (root->below & BIT64(MARK_WAITS + cpu)) != 0;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* pool.c - pools while they are in use: pCPUs that come and go, units that move.
 *
 *     pCPU:  in pool A --remove--> told, picks nothing, saves --left--> in none --add--> in pool B
 *     unit:  offline in A --removed from A's books--> in none's --admitted to B's--> offline in B
 *
 * A unit on its way belongs to A for whoever asks; it is offline, so that nothing they may do changes
 * anything. Whoever waited for A's lock meanwhile finds, when he has it, that the unit is B's, and goes there
 * (lock_pool_of() in sched.c). */
#include "sched/pool.h"

#include "lib/error.h"
#include "lib/panic.h"
#include "lib/string.h"

int sched_pool_add_cpu(struct sched_pool *pool, unsigned cpu, uint64_t now_ns, uint32_t *kick)
{
    int error = -EEXIST;

    ASSERT(cpu < CPU_MAX);
    spin_lock(&pool->lock);
    if ((pool->cpus & BIT32(cpu)) == 0) {
        ASSERT(pool->running[cpu] == NULL);
        pool->cpus |= BIT32(cpu);
        pool->charged_ns[cpu] = now_ns;
        error = pool->ops->cpus_changed(pool, cpu, now_ns, kick);
    }
    spin_unlock(&pool->lock);
    return error;
}

/* Would every unit have a pCPU without @cpu? */
static bool can_spare(const struct sched_pool *pool, unsigned cpu)
{
    uint32_t others = pool->cpus & ~BIT32(cpu);

    for (struct list_node *node = pool->units.next; node != &pool->units; node = node->next) {
        if ((CONTAINER_OF(node, struct sched_unit, pool_link)->hard_affinity & others) == 0) {
            return false;
        }
    }
    return true;
}

int sched_pool_remove_cpu(struct sched_pool *pool, unsigned cpu, uint64_t now_ns, uint32_t *kick)
{
    int error = -ENOENT;

    spin_lock(&pool->lock);
    if (cpu < CPU_MAX && (pool->cpus & BIT32(cpu)) != 0) {
        error = -EBUSY;
        if (can_spare(pool, cpu)) {
            pool->cpus &= ~BIT32(cpu);
            error = pool->ops->cpus_changed(pool, cpu, now_ns, kick);
            pool->cpus |= error != 0 ? BIT32(cpu) : 0;
        }
    }
    spin_unlock(&pool->lock);
    return error;
}

bool sched_pool_cpu_left(struct sched_pool *pool, unsigned cpu)
{
    bool left;

    spin_lock(&pool->lock);
    left = (pool->cpus & BIT32(cpu)) == 0 && pool->running[cpu] == NULL;
    for (struct list_node *node = pool->units.next; node != &pool->units; node = node->next) {
        const struct sched_unit *unit = CONTAINER_OF(node, struct sched_unit, pool_link);

        left = left && !(unit->on_cpu && unit->cpu == cpu);
    }
    spin_unlock(&pool->lock);
    return left;
}

void sched_pool_pass_idle(struct sched_pool *from, struct sched_pool *to, unsigned cpu, uint64_t now_ns)
{
    uint64_t idle_ns = sched_idle_ns(from, cpu, now_ns);

    spin_lock(&from->lock);
    from->idle_ns[cpu] = 0;
    spin_unlock(&from->lock);
    spin_lock(&to->lock);
    to->idle_ns[cpu] = idle_ns;
    to->charged_ns[cpu] = max_u64(to->charged_ns[cpu], now_ns);
    spin_unlock(&to->lock);
}

bool sched_pool_empty(struct sched_pool *pool)
{
    bool empty;

    spin_lock(&pool->lock);
    empty = pool->cpus == 0 && list_empty(&pool->units);
    spin_unlock(&pool->lock);
    return empty;
}

/* May @unit, offline, be in @pool? @hard: where, there. */
static int check_move(struct sched_pool *pool, const struct sched_unit *unit, uint32_t *hard)
{
    int error = -EINVAL;

    spin_lock(&pool->lock);
    *hard = (unit->hard_affinity & pool->cpus) != 0 ? unit->hard_affinity : UINT32_MAX;
    if (pool->cpus != 0) {
        error = pool->ops->check(pool, unit, &unit->params, *hard);
    }
    spin_unlock(&pool->lock);
    return error;
}

void sched_pool_set_ops(struct sched_pool *pool, const struct sched_ops *ops)
{
    spin_lock(&pool->lock);
    pool->ops = ops;
    spin_unlock(&pool->lock);
}

/* Out of the books of its pool. False: it is not offline. */
static bool take_out(struct sched_unit *unit, uint64_t now_ns, uint32_t *kick)
{
    struct sched_pool *pool = unit->pool;
    bool offline;

    spin_lock(&pool->lock);
    offline = unit->state == RUNSTATE_OFFLINE && !unit->awake && !unit->on_cpu;
    if (offline) {
        list_remove(&unit->pool_link);
        pool->ops->remove(pool, unit, now_ns, kick);
    }
    spin_unlock(&pool->lock);
    return offline;
}

static int move(struct sched_unit *unit, struct sched_pool *to, uint32_t hard, uint64_t now_ns,
                uint32_t *kick)
{
    uint32_t left = 0, entered = 0;
    int error;

    if (!take_out(unit, now_ns, &left)) {
        return -EBUSY;
    }
    spin_lock(&to->lock);
    unit->hard_affinity = hard;
    unit->cpu = CPU_NONE; /* It has never run here. */
    memset(unit->policy, 0, sizeof(unit->policy));
    memset(unit->node, 0, sizeof(unit->node));
    list_append(&to->units, &unit->pool_link);
    __atomic_store_n(&unit->pool, to, __ATOMIC_RELAXED); /* Pairs with lock_pool_of(). */
    error = to->ops->admit(to, unit, now_ns, &entered);
    spin_unlock(&to->lock);
    *kick = left | entered;
    return error;
}

int sched_move(struct sched_unit *unit, struct sched_pool *to, uint64_t now_ns, uint32_t *kick)
{
    uint32_t hard;
    int error;

    if (unit->pool == to) {
        *kick = 0;
        return 0;
    }
    error = check_move(to, unit, &hard);
    return error == 0 ? move(unit, to, hard, now_ns, kick) : error;
}

int sched_move_back(struct sched_unit *unit, struct sched_pool *to, uint32_t hard, uint64_t now_ns,
                    uint32_t *kick)
{
    return move(unit, to, hard, now_ns, kick);
}

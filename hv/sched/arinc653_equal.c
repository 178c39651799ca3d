/* SPDX-License-Identifier: Apache-2.0 */
/* arinc653_equal.c - the schedule that gives every unit the same: a slot of 10 ms.
 *
 *     pCPU     0      1      2
 *     row 0 | d1v0 | d1v1 | d3v0 |  10 ms      Units of one domain stand in one row as far as there are pCPUs
 * and row 1 | d2v0 | d2v1 | d2v2 |  10 ms      affinity allows, so that they run at once: the first row where
 *                                              all fit; else each in the first row where it fits. */
#include "sched/arinc653_equal.h"

#include "lib/string.h"

#define EQUAL_SLOT_NS (10 * NS_PER_MS)

static unsigned first_cpu(uint32_t mask)
{
    return (unsigned)__builtin_ctz(mask);
}

static struct sched_unit *unit_at(struct list_node *node)
{
    return CONTAINER_OF(node, struct sched_unit, pool_link);
}

/* Which unit has which pCPU in which row of the equal slots: its index in units[] + 1; 0: nobody. */
struct grid {
    uint8_t given[ARINC_SLOT_MAX][CPU_MAX];
    unsigned rows;
    struct sched_unit *units[ARINC_SLOT_MAX];
    unsigned count;
};

static unsigned free_cpu(const struct sched_pool *pool, const struct grid *grid, unsigned row,
                         const struct sched_unit *unit)
{
    uint32_t free = 0;

    for (uint32_t rest = unit->hard_affinity & pool->cpus; rest != 0; rest &= rest - 1) {
        free |= grid->given[row][first_cpu(rest)] == 0 ? BIT32(first_cpu(rest)) : 0;
    }
    free = (free & unit->soft_affinity) != 0 ? free & unit->soft_affinity : free;
    return free != 0 ? first_cpu(free) : CPU_NONE;
}

/* Put the @count units from @node on into @row; none when not all fit. */
static bool fill_row(const struct sched_pool *pool, struct grid *grid, unsigned row, struct list_node *node,
                     unsigned count)
{
    uint32_t taken = 0;

    for (unsigned i = 0; i < count; i++, node = node->next) {
        unsigned cpu = free_cpu(pool, grid, row, unit_at(node));

        if (cpu == CPU_NONE) {
            for (; taken != 0; taken &= taken - 1) {
                grid->given[row][first_cpu(taken)] = 0;
            }
            return false;
        }
        grid->units[grid->count + i] = unit_at(node);
        grid->given[row][cpu] = (uint8_t)(grid->count + i + 1);
        taken |= BIT32(cpu);
    }
    grid->count += count;
    grid->rows = row >= grid->rows ? row + 1 : grid->rows;
    return true;
}

/* The first row where the units from @node on, of one domain, fit. Returns how many were placed: all, one, or
 * none when there is no room at all. */
static unsigned place_group(const struct sched_pool *pool, struct grid *grid, struct list_node *node,
                            unsigned count)
{
    for (;; count = 1) {
        for (unsigned row = 0; row <= grid->rows && row < ARINC_SLOT_MAX; row++) {
            if (fill_row(pool, grid, row, node, count)) {
                return count;
            }
        }
        if (count == 1) {
            return 0;
        }
    }
}

/* How many units of its domain stand from @node on. */
static unsigned group_size(const struct sched_pool *pool, struct list_node *node)
{
    unsigned domid = unit_at(node)->domid, count = 0;

    for (; node != &pool->units && unit_at(node)->domid == domid; node = node->next) {
        count++;
    }
    return count;
}

static void write_grid(const struct grid *grid, struct arinc_schedule *schedule)
{
    struct arinc_table *table = &schedule->table;

    table->frame_ns = (grid->rows != 0 ? grid->rows : 1) * EQUAL_SLOT_NS;
    table->slot_count = 0;
    for (unsigned cpu = 0; cpu < CPU_MAX; cpu++) {
        schedule->first[cpu] = (uint8_t)table->slot_count;
        for (unsigned row = 0; row < grid->rows; row++) {
            unsigned given = grid->given[row][cpu];

            if (given != 0) {
                table->slots[table->slot_count++] = (struct arinc_slot){row * EQUAL_SLOT_NS, EQUAL_SLOT_NS,
                                                                        grid->units[given - 1], false, cpu};
            }
        }
    }
    schedule->first[CPU_MAX] = (uint8_t)table->slot_count;
}

void arinc_equal_slots(struct sched_pool *pool, struct arinc_schedule *schedule)
{
    struct grid grid;
    struct list_node *node = pool->units.next;

    memset(&grid, 0, sizeof(grid));
    while (node != &pool->units && grid.count < ARINC_SLOT_MAX) {
        unsigned count = (unsigned)min_u64(group_size(pool, node), ARINC_SLOT_MAX - grid.count);
        unsigned placed = place_group(pool, &grid, node, count);

        for (placed = placed != 0 ? placed : 1; placed != 0; placed--) {
            node = node->next;
        }
    }
    write_grid(&grid, schedule);
}

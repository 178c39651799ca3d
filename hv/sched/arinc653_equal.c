/* SPDX-License-Identifier: Apache-2.0 */
/* arinc653_equal.c - the schedule that gives every unit the same: a slot of 10 ms.
 *
 *     pCPU     0      1      2
 *     row 0 | d1v0 | d1v1 | d3v0 |  10 ms
 *     row 1 | d2v0 | d2v1 | d2v2 |  10 ms
 *
 * Units of one domain stand in one row as far as there are pCPUs and affinity allows, so that they run at
 * once: the first row where all fit; else each in the first row where it fits. Rows are bits of a word, so
 * that the first is found without looking at each. */
#include "sched/arinc653_equal.h"

#include "lib/string.h"

#define EQUAL_SLOT_NS (10 * NS_PER_MS)

static unsigned first_cpu(uint32_t mask)
{
    return (unsigned)__builtin_ctz(mask);
}

static unsigned first_row(uint64_t rows)
{
    return (unsigned)__builtin_ctzll(rows);
}

static struct sched_unit *unit_at(struct list_node *node)
{
    return CONTAINER_OF(node, struct sched_unit, pool_link);
}

/* Who has which pCPU in which row. */
struct grid {
    uint64_t taken[CPU_MAX];                /* Rows where it is somebody's. */
    uint64_t roomy[CPU_MAX + 1];            /* Rows where so many pCPUs are free, or more. */
    uint8_t room[ARINC_SLOT_MAX];           /* How many are, in each row. */
    uint8_t given[CPU_MAX][ARINC_SLOT_MAX]; /* Whose: an index in units[], where it is taken. */
    unsigned rows;                          /* That are in use. */
    struct sched_unit *units[ARINC_SLOT_MAX];
    unsigned count;
};

_Static_assert(ARINC_SLOT_MAX == 64, "rows are bits of a word");

static void init(const struct sched_pool *pool, struct grid *grid)
{
    unsigned cpu_count = (unsigned)__builtin_popcount(pool->cpus);

    memset(grid->taken, 0, sizeof(grid->taken));
    memset(grid->room, (int)cpu_count, sizeof(grid->room));
    for (unsigned i = 0; i <= CPU_MAX; i++) {
        grid->roomy[i] = i <= cpu_count ? ~UINT64_C(0) : 0;
    }
    grid->rows = grid->count = 0;
}

/* Rows where a pCPU that @unit may use is free. */
static uint64_t rows_for(const struct sched_pool *pool, const struct grid *grid,
                         const struct sched_unit *unit)
{
    uint64_t rows = 0;

    for (uint32_t rest = unit->hard_affinity & pool->cpus; rest != 0; rest &= rest - 1) {
        rows |= ~grid->taken[first_cpu(rest)];
    }
    return rows;
}

static unsigned free_cpu(const struct sched_pool *pool, const struct grid *grid, unsigned row,
                         const struct sched_unit *unit)
{
    uint32_t free = 0;

    for (uint32_t rest = unit->hard_affinity & pool->cpus; rest != 0; rest &= rest - 1) {
        free |= (grid->taken[first_cpu(rest)] & BIT64(row)) == 0 ? rest & (0 - rest) : 0;
    }
    free = (free & unit->soft_affinity) != 0 ? free & unit->soft_affinity : free;
    return free != 0 ? first_cpu(free) : CPU_NONE;
}

static void give(struct grid *grid, unsigned row, unsigned cpu, struct sched_unit *unit)
{
    grid->taken[cpu] |= BIT64(row);
    grid->roomy[grid->room[row]--] &= ~BIT64(row);
    grid->given[cpu][row] = (uint8_t)grid->count;
    grid->units[grid->count++] = unit;
}

/* No longer: it was given last. */
static void take_back(struct grid *grid, unsigned row, unsigned cpu)
{
    grid->taken[cpu] &= ~BIT64(row);
    grid->roomy[++grid->room[row]] |= BIT64(row);
    grid->count--;
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
                take_back(grid, row, first_cpu(taken));
            }
            return false;
        }
        give(grid, row, cpu, unit_at(node));
        taken |= BIT32(cpu);
    }
    grid->rows = row >= grid->rows ? row + 1 : grid->rows;
    return true;
}

/* The first row where the units from @node on, of one domain, fit. Returns how many were placed: all, one, or
 * none when there is no room at all. */
static unsigned place_group(const struct sched_pool *pool, struct grid *grid, struct list_node *node,
                            unsigned count)
{
    for (;; count = 1) {
        struct list_node *at = node;
        uint64_t rows = count <= CPU_MAX ? grid->roomy[count] : 0;

        for (unsigned i = 0; i < count && rows != 0; i++, at = at->next) {
            rows &= rows_for(pool, grid, unit_at(at));
        }
        /* All rows behind the last in use are alike: one of them is tried. */
        for (; rows != 0; rows = first_row(rows) < grid->rows ? rows & (rows - 1) : 0) {
            if (fill_row(pool, grid, first_row(rows), node, count)) {
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
        for (uint64_t rows = grid->taken[cpu]; rows != 0; rows &= rows - 1) {
            unsigned row = first_row(rows);

            table->slots[table->slot_count++] = (struct arinc_slot){
                row * EQUAL_SLOT_NS, EQUAL_SLOT_NS, grid->units[grid->given[cpu][row]], false, cpu};
        }
    }
    schedule->first[CPU_MAX] = (uint8_t)table->slot_count;
}

void arinc_equal_slots(struct sched_pool *pool, struct arinc_schedule *schedule)
{
    struct grid grid;
    struct list_node *node = pool->units.next;

    init(pool, &grid);
    while (node != &pool->units && grid.count < ARINC_SLOT_MAX) {
        unsigned count = (unsigned)min_u64(group_size(pool, node), ARINC_SLOT_MAX - grid.count);
        unsigned placed = place_group(pool, &grid, node, count);

        for (placed = placed != 0 ? placed : 1; placed != 0; placed--) {
            node = node->next;
        }
    }
    write_grid(&grid, schedule);
}

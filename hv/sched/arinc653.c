/* SPDX-License-Identifier: Apache-2.0 */
/* arinc653.c - hard real time: each pCPU repeats a frame of slots, and a slot is one unit's alone.
 *
 *     frame    0 ms      10 ms     20 ms          40 ms = 0 ms of the next
 *     pCPU 0   | d1v0    | d2v0    |  (idle)      |
 *     pCPU 1   | d1v1    |  (idle) | d3v0         |        d1's slots are aligned: both its vCPUs run at once
 *
 * (the partition scheduling of ARINC Specification 653, part 1, with a frame for each of several processors.)
 * A unit that sleeps in its slot leaves it unused, and one that wakes outside waits for it: what one domain
 * does changes nothing for another.
 *
 * No drift: all of a pool's frames start at the same time, POOL_START, which only ever advances by whole
 * frames. The ends of slots are computed from it, so being late once delays nothing that follows, and a pCPU
 * that was held up for several frames is back in step at its next pick.
 *
 * Two schedules are kept: the one that runs, and one that waits for the end of the frame. The first pCPU that
 * picks at or after that time changes over for all; every pCPU that might not pick by then has been told.
 *
 * Without a table each unit has a slot of 10 ms (arinc653_equal.c). Units that come and go change that from
 * the next frame on.
 *
 * A pick is a binary search in at most ARINC_SLOT_MAX slots. */
#include "sched/arinc653.h"

#include "lib/error.h"
#include "lib/log.h"
#include "lib/string.h"
#include "sched/arinc653_equal.h"
#include "sched/plain.h"
#include "sched/sched.h"

enum unit_word {
    UNIT_BUSY, /* While a table is checked: the end of its last slot. */
};

enum pool_word {
    POOL_START,   /* When the frame started. */
    POOL_STARTED, /* There is a frame. */
    POOL_ACTIVE,  /* Index of the schedule that runs; the other one waits, if ... */
    POOL_PENDING, /* ... this is set. */
    POOL_SET,     /* A table was given: no equal slots. */
};

/* The slots by pCPU: those of @cpu are slots[order[first[cpu]]] up to first[cpu + 1]. */
struct sorting {
    uint8_t order[ARINC_SLOT_MAX];
    uint8_t first[CPU_MAX + 1];
};

static void sort_by_cpu(const struct arinc_table *table, struct sorting *sorting)
{
    uint8_t next[CPU_MAX];

    memset(sorting->first, 0, sizeof(sorting->first));
    for (unsigned i = 0; i < table->slot_count; i++) {
        sorting->first[table->slots[i].cpu + 1]++;
    }
    for (unsigned cpu = 0; cpu < CPU_MAX; cpu++) {
        sorting->first[cpu + 1] = (uint8_t)(sorting->first[cpu + 1] + sorting->first[cpu]);
        next[cpu] = sorting->first[cpu];
    }
    for (unsigned i = 0; i < table->slot_count; i++) {
        sorting->order[next[table->slots[i].cpu]++] = (uint8_t)i;
    }
}

static int refuse(struct arinc_fault *fault, enum arinc_reason reason, unsigned slot)
{
    *fault = (struct arinc_fault){reason, slot};
    return -EINVAL;
}

static int check_slot(const struct sched_pool *pool, const struct arinc_table *table, unsigned index,
                      uint64_t end_ns[CPU_MAX], struct arinc_fault *fault)
{
    const struct arinc_slot *slot = &table->slots[index];

    if (slot->cpu >= CPU_MAX || (pool->cpus & BIT32(slot->cpu)) == 0) {
        return refuse(fault, ARINC_CPU, index);
    }
    if (slot->length_ns < ARINC_SLOT_MIN_NS) {
        return refuse(fault, ARINC_SHORT, index);
    }
    if (slot->start_ns < end_ns[slot->cpu]) {
        return refuse(fault, ARINC_OVERLAP, index);
    }
    if (slot->start_ns > table->frame_ns || slot->length_ns > table->frame_ns - slot->start_ns) {
        return refuse(fault, ARINC_EXCEEDS, index);
    }
    end_ns[slot->cpu] = slot->start_ns + slot->length_ns;
    if (slot->idle) {
        return 0;
    }
    if (slot->unit == NULL || slot->unit->pool != pool) {
        return refuse(fault, ARINC_UNKNOWN, index);
    }
    slot->unit->policy[UNIT_BUSY] = 0;
    return (slot->unit->hard_affinity & BIT32(slot->cpu)) != 0 ? 0 : refuse(fault, ARINC_AFFINITY, index);
}

/* No unit on two pCPUs at once: all slots in the order of their starts, one pCPU merged with the others. */
static int check_twice(const struct arinc_table *table, const struct sorting *sorting,
                       struct arinc_fault *fault)
{
    uint8_t next[CPU_MAX];

    memcpy(next, sorting->first, sizeof(next));
    for (unsigned i = 0; i < table->slot_count; i++) {
        uint64_t earliest_ns = TIME_NEVER;
        unsigned found = 0, index = 0;
        const struct arinc_slot *slot;

        for (unsigned cpu = 0; cpu < CPU_MAX; cpu++) {
            if (next[cpu] < sorting->first[cpu + 1] &&
                table->slots[sorting->order[next[cpu]]].start_ns < earliest_ns) {
                found = cpu;
                index = sorting->order[next[cpu]];
                earliest_ns = table->slots[index].start_ns;
            }
        }
        next[found]++;
        slot = &table->slots[index];
        if (slot->idle) {
            continue;
        }
        if (slot->start_ns < slot->unit->policy[UNIT_BUSY]) {
            return refuse(fault, ARINC_TWICE, index);
        }
        slot->unit->policy[UNIT_BUSY] = slot->start_ns + slot->length_ns;
    }
    return 0;
}

static int check_table(const struct sched_pool *pool, const struct arinc_table *table,
                       struct sorting *sorting, struct arinc_fault *fault)
{
    uint64_t end_ns[CPU_MAX] = {0};

    if (table->frame_ns < ARINC_SLOT_MIN_NS || table->frame_ns > ARINC_FRAME_MAX_NS) {
        return refuse(fault, ARINC_FRAME, 0);
    }
    if (table->slot_count > ARINC_SLOT_MAX) {
        return refuse(fault, ARINC_COUNT, 0);
    }
    for (unsigned i = 0; i < table->slot_count; i++) {
        if (check_slot(pool, table, i, end_ns, fault) != 0) {
            return -EINVAL;
        }
    }
    sort_by_cpu(table, sorting);
    return check_twice(table, sorting, fault);
}

/* From one frame to the one at @now_ns, and to the schedule that waited for that. */
static void advance(struct sched_pool *pool, uint64_t now_ns)
{
    const struct arinc_schedule *active = &pool->schedule[pool->policy[POOL_ACTIVE]];
    uint64_t start_ns = pool->policy[POOL_START], frame_ns = active->table.frame_ns;

    if (now_ns < start_ns || now_ns - start_ns < frame_ns) {
        return;
    }
    if (pool->policy[POOL_PENDING] != 0) {
        pool->policy[POOL_PENDING] = 0;
        pool->policy[POOL_ACTIVE] ^= 1;
        start_ns += frame_ns;
        frame_ns = pool->schedule[pool->policy[POOL_ACTIVE]].table.frame_ns;
    }
    if (frame_ns != 0 && now_ns - start_ns >= frame_ns) { /* None is 0: check_table(). */
        start_ns += (now_ns - start_ns) / frame_ns * frame_ns;
    }
    pool->policy[POOL_START] = start_ns;
}

/* Which schedule is written next: the one that waits for the end of the frame at @now_ns. */
static struct arinc_schedule *schedule_to_write(struct sched_pool *pool, uint64_t now_ns)
{
    if (pool->policy[POOL_STARTED] == 0) {
        return &pool->schedule[pool->policy[POOL_ACTIVE]];
    }
    advance(pool, now_ns);
    pool->policy[POOL_PENDING] = 1;
    return &pool->schedule[pool->policy[POOL_ACTIVE] ^ 1];
}

static struct arinc_schedule *newest_schedule(struct sched_pool *pool)
{
    return &pool->schedule[pool->policy[POOL_ACTIVE] ^ pool->policy[POOL_PENDING]];
}

int arinc_set_table(struct sched_pool *pool, const struct arinc_table *table, uint64_t now_ns, uint32_t *kick,
                    struct arinc_fault *fault)
{
    struct sorting sorting;
    int error;

    if (pool->ops->abi_id != sched_arinc653.abi_id) {
        return -EOPNOTSUPP;
    }
    spin_lock(&pool->lock);
    error = check_table(pool, table, &sorting, fault);
    if (error == 0) {
        struct arinc_schedule *schedule = schedule_to_write(pool, now_ns);

        schedule->table.frame_ns = table->frame_ns;
        schedule->table.slot_count = table->slot_count;
        for (unsigned i = 0; i < table->slot_count; i++) {
            struct arinc_slot *slot = &schedule->table.slots[i];

            *slot = table->slots[sorting.order[i]];
            slot->unit = slot->idle ? NULL : slot->unit;
        }
        memcpy(schedule->first, sorting.first, sizeof(schedule->first));
        pool->policy[POOL_SET] = 1;
        *kick = pool->cpus;
    }
    spin_unlock(&pool->lock);
    return error;
}

int arinc_get_table(struct sched_pool *pool, struct arinc_table *table)
{
    if (pool->ops->abi_id != sched_arinc653.abi_id) {
        return -EOPNOTSUPP;
    }
    spin_lock(&pool->lock);
    *table = newest_schedule(pool)->table;
    spin_unlock(&pool->lock);
    return 0;
}

/* An equal slot for each unit, unless a table was given. */
static uint32_t equal_slots(struct sched_pool *pool, uint64_t now_ns)
{
    if (pool->policy[POOL_SET] != 0) {
        return 0;
    }
    arinc_equal_slots(pool, schedule_to_write(pool, now_ns));
    return pool->policy[POOL_STARTED] != 0 ? pool->cpus : 0;
}

static void arinc_init(struct sched_pool *pool)
{
    (void)equal_slots(pool, 0);
    log_info("sched arinc653: without a schedule every vCPU has a slot of 10 ms");
}

static bool keeps_slots(const struct sched_pool *pool, const struct sched_unit *unit, uint32_t hard,
                        uint64_t which)
{
    const struct arinc_table *table = &pool->schedule[which].table;

    for (unsigned i = 0; i < table->slot_count; i++) {
        if (table->slots[i].unit == unit && (hard & BIT32(table->slots[i].cpu)) == 0) {
            return false;
        }
    }
    return true;
}

/* A unit keeps the pCPUs that a table gives it; the equal slots have an end. */
static int arinc_check(const struct sched_pool *pool, const struct sched_unit *unit,
                       const struct sched_params *params, uint32_t hard)
{
    unsigned count = 0;

    (void)params;
    if (pool->policy[POOL_SET] == 0) {
        for (const struct list_node *node = pool->units.next; node != &pool->units; node = node->next) {
            count++;
        }
        return unit->pool == pool || count < ARINC_SLOT_MAX ? 0 : -EOVERFLOW;
    }
    return keeps_slots(pool, unit, hard, pool->policy[POOL_ACTIVE]) &&
                   keeps_slots(pool, unit, hard, pool->policy[POOL_ACTIVE] ^ pool->policy[POOL_PENDING])
               ? 0
               : -EBUSY;
}

static int arinc_admit(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns, uint32_t *kick)
{
    if (pool->policy[POOL_SET] != 0) {
        log_warn("sched arinc653: d%uv%u has no slot in the schedule and waits; set one that names it",
                 unit->domid, unit->vcpu_id);
    }
    *kick = equal_slots(pool, now_ns);
    return 0;
}

static void arinc_remove(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns, uint32_t *kick)
{
    for (unsigned which = 0; which < 2; which++) {
        struct arinc_table *table = &pool->schedule[which].table;

        for (unsigned i = 0; i < table->slot_count; i++) {
            if (table->slots[i].unit == unit) {
                table->slots[i].unit = NULL;
                table->slots[i].idle = true;
            }
        }
    }
    for (unsigned cpu = 0; cpu < CPU_MAX; cpu++) {
        pool->assigned[cpu] = pool->assigned[cpu] == unit ? NULL : pool->assigned[cpu];
    }
    *kick = equal_slots(pool, now_ns);
}

/* The pCPUs where it is the slot of @unit. */
static uint32_t has_slots_of(const struct sched_pool *pool, const struct sched_unit *unit)
{
    uint32_t cpus = 0;

    for (unsigned cpu = 0; cpu < CPU_MAX; cpu++) {
        cpus |= pool->assigned[cpu] == unit ? BIT32(cpu) : 0;
    }
    return cpus;
}

/* Who picks for @unit, which waits: the pCPU whose slot is its, and one that idles with its registers. */
static uint32_t arinc_wake(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns)
{
    uint32_t kick = has_slots_of(pool, unit);

    (void)now_ns;
    if (pool->policy[POOL_STARTED] == 0) {
        return unit->hard_affinity & pool->cpus;
    }
    if (unit->on_cpu && pool->running[unit->cpu] == NULL) {
        kick |= BIT32(unit->cpu);
    }
    return kick;
}

/* The slot of @cpu at @offset_ns of the frame, NULL in none, and where in the frame that ends. */
static const struct arinc_slot *slot_at(const struct arinc_schedule *schedule, unsigned cpu,
                                        uint64_t offset_ns, uint64_t *end_ns)
{
    const struct arinc_slot *slots = schedule->table.slots, *slot;
    unsigned low = schedule->first[cpu], high = schedule->first[cpu + 1], last = high;

    while (low < high) { /* All before low start by then, none from high on. */
        unsigned middle = (low + high) / 2;

        if (slots[middle].start_ns <= offset_ns) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    slot = low > schedule->first[cpu] ? &slots[low - 1] : NULL;
    if (slot != NULL && offset_ns < slot->start_ns + slot->length_ns) {
        *end_ns = slot->start_ns + slot->length_ns;
        return slot;
    }
    *end_ns = low < last ? slots[low].start_ns : schedule->table.frame_ns;
    return NULL;
}

static struct sched_choice arinc_pick(struct sched_pool *pool, unsigned cpu, uint64_t now_ns)
{
    struct sched_choice choice = {.alone = true, .until_ns = TIME_NEVER};
    const struct arinc_schedule *schedule;
    const struct arinc_slot *slot;
    struct sched_unit *unit;
    uint64_t end_ns, start_ns;

    pool->assigned[cpu] = NULL;
    if ((pool->cpus & BIT32(cpu)) == 0) {
        return choice;
    }
    if (pool->policy[POOL_STARTED] == 0) {
        pool->policy[POOL_STARTED] = 1;
        pool->policy[POOL_START] = now_ns;
        choice.kick = pool->cpus & ~BIT32(cpu);
    }
    advance(pool, now_ns);
    schedule = &pool->schedule[pool->policy[POOL_ACTIVE]];
    start_ns = pool->policy[POOL_START];
    slot = slot_at(schedule, cpu, now_ns > start_ns ? now_ns - start_ns : 0, &end_ns);
    if (schedule->first[cpu] != schedule->first[cpu + 1] || pool->policy[POOL_PENDING] != 0) {
        choice.until_ns = start_ns + end_ns;
    }
    unit = slot != NULL ? slot->unit : NULL;
    pool->assigned[cpu] = unit;
    if (unit == NULL || !unit->awake || (unit->hard_affinity & BIT32(cpu)) == 0) {
        return choice;
    }
    if (unit->on_cpu && unit->cpu != cpu) {
        choice.kick |= BIT32(unit->cpu); /* It must let go of it first. */
        return choice;
    }
    choice.next = unit;
    return choice;
}

/* Equal slots change with the next frame; until then it may be able to use its slot again. */
static uint32_t arinc_affinity_changed(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns)
{
    uint32_t kick = equal_slots(pool, now_ns) | (unit->on_cpu ? BIT32(unit->cpu) : 0);

    return kick | has_slots_of(pool, unit);
}

/* A pCPU that has slots stays. */
static int arinc_cpus_changed(struct sched_pool *pool, unsigned cpu, uint64_t now_ns, uint32_t *kick)
{
    const struct arinc_schedule *active = &pool->schedule[pool->policy[POOL_ACTIVE]];
    const struct arinc_schedule *newest = newest_schedule(pool);

    if (pool->policy[POOL_SET] != 0 && (pool->cpus & BIT32(cpu)) == 0 &&
        (active->first[cpu] != active->first[cpu + 1] || newest->first[cpu] != newest->first[cpu + 1])) {
        return -EBUSY;
    }
    pool->assigned[cpu] = NULL;
    *kick = equal_slots(pool, now_ns) | BIT32(cpu);
    return 0;
}

const char *arinc_reason_text(enum arinc_reason reason)
{
    static const char *const texts[] = {
        [ARINC_FRAME] = "the frame must be 50 us to an hour",
        [ARINC_COUNT] = "there are more than 64 slots",
        [ARINC_CPU] = "is on a CPU that is not in the pool",
        [ARINC_SHORT] = "is shorter than 50 us",
        [ARINC_OVERLAP] = "starts before the slot before it on its CPU ends",
        [ARINC_EXCEEDS] = "ends after the frame",
        [ARINC_UNKNOWN] = "names a vCPU that is not in the pool",
        [ARINC_AFFINITY] = "is on a CPU outside its vCPU's hard affinity",
        [ARINC_TWICE] = "gives its vCPU a second CPU at the same time",
    };

    return texts[reason];
}

const struct sched_ops sched_arinc653 = {
    .name = "arinc653",
    .abi_id = 7, /* XEN_SCHEDULER_ARINC653, public/domctl.h. */
    .may_untrap_wfi = true,
    .init = arinc_init,
    .check = arinc_check,
    .admit = arinc_admit,
    .remove = arinc_remove,
    .wake = arinc_wake,
    .sleep = plain_ignore,
    .charge = plain_ignore,
    .pick = arinc_pick,
    .hand_over = plain_no_hand_over,
    .saved = arinc_wake,
    .affinity_changed = arinc_affinity_changed,
    .params_changed = plain_no_kick,
    .cpus_changed = arinc_cpus_changed,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* sched.h - the scheduling core: units (one a vCPU), pools of pCPUs, affinity, run-state accounting, and the
 * table of a policy.
 *
 * Pure: time comes in as nanoseconds, and what must happen comes back as a mask of pCPUs that shall call
 * sched_pick() soon. Only the caller arms timers and sends interrupts. A time may be a little older than one
 * another pCPU gave before (it was read outside the lock): a span that would be negative counts as none.
 *
 *     offline --wake--> runnable --pick--> running --sleep--> blocked --wake--> runnable
 *                          ^------ pick of another ----'
 *
 * A unit is "on_cpu" from the pick that chose it until sched_saved() says that its registers are in memory
 * again: no other pCPU may be given it in between, however runnable it is. Its own pCPU may.
 *
 * What a pCPU does, in this order: sched_pick(); when the registers it holds are not the chosen unit's, save
 * them and call sched_saved() for the unit they belong to; load. All before its next sched_pick(), with one
 * exception, "idle in place": when nothing is chosen (next is NULL) and the unit whose registers are loaded
 * is asleep, they may stay; that unit remains on_cpu, and is saved when a later pick chooses another or finds
 * it awake but chooses nothing (then it is wanted on another pCPU). */
#ifndef SCHED_SCHED_H
#define SCHED_SCHED_H

#include "arch/spinlock.h"
#include "lib/list.h"
#include "lib/types.h"
#include "sched/arinc653.h"
#include "sched/order.h"

/* Values of the ABI's RUNSTATE_*. */
enum runstate {
    RUNSTATE_RUNNING,
    RUNSTATE_RUNNABLE,
    RUNSTATE_BLOCKED,
    RUNSTATE_OFFLINE,
};

#define CPU_NONE 0xffffffffu

struct sched_pool;

/* What a unit is promised. All must be in range under every policy; each policy looks at its own. */
struct sched_params {
    uint32_t weight;               /* credit2: 1 to 65535. */
    uint32_t cap;                  /* credit2: per cent of one pCPU, for the domain; 0: none. The same for all
                                      units of a domain. */
    uint64_t period_ns, budget_ns; /* rtds: 10 us to SCHED_PERIOD_MAX_NS; the budget is at most the period. */
    bool extratime;                /* rtds: gets what nobody else needs beside its budget. */
};

#define SCHED_PARAMS_DEFAULT                                                                                 \
    ((struct sched_params){                                                                                  \
        .weight = 256, .period_ns = 10 * NS_PER_MS, .budget_ns = 4 * NS_PER_MS, .extratime = true})
#define SCHED_PERIOD_MIN_NS UINT64_C(10000)
#define SCHED_PERIOD_MAX_NS (UINT64_C(3600) * NS_PER_S)

/* Units whose caps count as one, those of a domain: credit2_cap.c. They are in one pool, or asleep. */
struct sched_group {
    unsigned unit_count;     /* In the pool. */
    uint64_t end_ns;         /* Of the period. */
    int64_t left_ns;         /* Of what they may run in it. */
    struct list_node parked; /* Units that wait for more. */
};

struct sched_unit {
    struct sched_pool *pool;
    struct sched_group *group; /* NULL: one by itself. */
    uint16_t domid, vcpu_id;
    unsigned cpu; /* Where it runs or last ran; CPU_NONE: never. */
    union {
        struct {
            uint32_t hard_affinity, soft_affinity; /* Masks of pCPUs; soft only prefers. */
        };
        uint64_t affinities; /* Both, to compare. */
    };
    struct sched_params params;
    enum runstate state;
    enum runstate sleep_state; /* What it becomes when its pCPU lets go of it asleep. */
    uint64_t state_since_ns;
    uint64_t state_ns[4]; /* Time spent in each state before state_since_ns. */
    uint64_t asleep_ns;   /* Of the time since state_since_ns, RUNNING: asleep in place. Its pCPU adds to it;
                             counted as BLOCKED. */
    bool on_cpu;
    bool
        yielded; /* Runs, and lets others of equal standing go first at the next pick; its own pCPU's word. */
    bool awake;  /* Wants to run. */
    const struct sched_unit *woken_by;      /* Whose event did it last, to be compared alone; NULL: none's. */
    struct list_node pool_link, group_link; /* All units of the pool; those parked of the group. */
    struct order_node node[2];              /* In the pool's orders. */
    uint64_t policy[8];                     /* The policy's own words. */
    struct sched_group own_group;
};

struct sched_choice {
    struct sched_unit *next; /* NULL: idle. */
    uint64_t until_ns;       /* When to pick again, at the latest; absolute; TIME_NEVER: no timer. */
    bool alone; /* Nobody else may have this pCPU before until_ns: wfi may stay untrapped. When that changes,
                 * the pCPU is in a kick mask. */
    uint32_t kick; /* Other pCPUs that shall pick. */
};

/* A policy. All functions with the pool's lock held; they read unit and pool, and write unit->policy,
 * unit->group, unit->node and the pool's orders, assigned and policy. A mask is of pCPUs that shall
 * pick. A unit "waits" when it is RUNNABLE: awake and not running. */
struct sched_ops {
    const char *name;    /* As on the command line: "null", "credit2". */
    uint32_t abi_id;     /* XEN_SCHEDULER_*. */
    bool may_untrap_wfi; /* vwfi=auto may leave wfi untrapped under this policy. */
    void (*init)(struct sched_pool *pool);
    /* May @unit, in the pool or about to be, have @params (each in range) and @hard? 0 or a negative error.
     */
    int (*check)(const struct sched_pool *pool, const struct sched_unit *unit,
                 const struct sched_params *params, uint32_t hard);
    int (*admit)(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns, uint32_t *kick);
    /* @unit is asleep, runs nowhere and is no longer in pool->units. */
    void (*remove)(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns, uint32_t *kick);
    /* @unit begins to wait; it may still be on_cpu. */
    uint32_t (*wake)(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns);
    /* @unit waits and shall no longer. (One that runs asleep is left out by pick.) */
    void (*sleep)(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns);
    /* @unit runs. */
    void (*charge)(struct sched_pool *pool, struct sched_unit *unit, uint64_t ran_ns);
    /* pool->running[cpu] is the unit so far, charged; it waits from now on when it is awake and another is
     * chosen. */
    struct sched_choice (*pick)(struct sched_pool *pool, unsigned cpu, uint64_t now_ns);
    /* What runs on @cpu yields. If it is plain who takes its place, which then waits for it in turn (the
     * commonest switch of all): charge, change places, write @until_ns and return that unit. NULL: it takes
     * pick, nothing was done. */
    struct sched_unit *(*hand_over)(struct sched_pool *pool, unsigned cpu, uint64_t now_ns,
                                    uint64_t *until_ns);
    /* @unit waits, and has just ceased to be on_cpu. */
    uint32_t (*saved)(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns);
    uint32_t (*affinity_changed)(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns);
    uint32_t (*params_changed)(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns);
    /* @cpu, on which nothing runs, is in pool->cpus; or it no longer is, and what runs there goes on until it
     * picks. A negative error: it cannot be spared, and the policy's state is as it was. */
    int (*cpus_changed)(struct sched_pool *pool, unsigned cpu, uint64_t now_ns, uint32_t *kick);
};

/* A table with its slots grouped by pCPU: those of c are first[c] up to first[c + 1]. */
struct arinc_schedule {
    struct arinc_table table;
    uint8_t first[CPU_MAX + 1];
};

struct sched_pool {
    struct spinlock lock; /* First. LOCK_RANK_SCHED: guards the pool, its units and the policy's state. */
    const struct sched_ops *ops;
    uint32_t cpus;
    uint64_t ratelimit_ns;  /* Least time a unit runs before another may take its place; 0: none. */
    uint64_t cap_period_ns; /* credit2: in which a cap is kept. */
    struct list_node units;
    struct sched_unit *running[CPU_MAX];  /* NULL: idle. */
    uint64_t charged_ns[CPU_MAX];         /* Until when running[] was charged. */
    uint64_t idle_ns[CPU_MAX];            /* For how long it was NULL before that. */
    struct order order[2];                /* The policy's orders of waiting units, by their node[]. */
    struct sched_unit *assigned[CPU_MAX]; /* The policy's word for a unit that has this pCPU, or will. */
    uint64_t policy[64];
    uint32_t demand[BIT32(CPU_MAX)];   /* rtds: see rtds_demand.c. */
    struct arinc_schedule schedule[2]; /* arinc653. */
    bool overcommit;                   /* rtds: units may be promised more than there is. */
};

extern const struct sched_ops sched_null, sched_credit2, sched_rtds, sched_arinc653;

#define SCHED_CAP_MAX 65535u /* The ABI's field has 16 bits. */
#define SCHED_CAP_PERIOD_MAX_MS 1000u
#define SCHED_RATELIMIT_MIN_US 100u    /* 0 is none. XEN_SYSCTL_SCHED_RATELIMIT_MIN, public/sysctl.h. */
#define SCHED_RATELIMIT_MAX_US 500000u /* XEN_SYSCTL_SCHED_RATELIMIT_MAX, public/sysctl.h. */

/* Policy by its command-line name; NULL when unknown. sched_policy(i) lists them, NULL at the end. */
const struct sched_ops *sched_find(const char *name);
const struct sched_ops *sched_policy(unsigned index);

void sched_pool_init(struct sched_pool *pool, const struct sched_ops *ops, uint32_t cpus);
/* The same for one that was in use and is empty: who waits for its lock, since a unit was in it when he
 * looked, finds none. */
void sched_pool_reset(struct sched_pool *pool, const struct sched_ops *ops, uint32_t cpus);
/* The pool's ratelimit; 0: none. From the next picks on. Any CPU. */
void sched_set_ratelimit(struct sched_pool *pool, uint64_t ratelimit_ns);

/* @unit: domid, vcpu_id, affinities and params set by the caller; starts offline. Returns 0; -ENOSPC: the
 * policy cannot place it (null: no free pCPU in its affinity; it is kept waiting, and placed when one becomes
 * free); or the unit is not added: -EINVAL: no pCPU of the pool in its hard affinity, a parameter out of
 * range; -EOVERFLOW: the pCPUs it may use are promised to others
 * (rtds), or there are no more slots (arinc653).
 * @kick is written on success. */
int sched_add(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns, uint32_t *kick);
/* The unit must not be on_cpu. */
uint32_t sched_remove(struct sched_unit *unit, uint64_t now_ns);

uint32_t sched_wake(struct sched_unit *unit, uint64_t now_ns);
/* The same, but a unit that was put offline stays so: for what wakes sleepers and may cross their being
 * switched off. @by: the running unit whose event wakes it; NULL when time, a device or another thing does.
 */
uint32_t sched_unblock(struct sched_unit *unit, const struct sched_unit *by, uint64_t now_ns);
/* @state: RUNSTATE_BLOCKED or RUNSTATE_OFFLINE; one that is offline does not become blocked. A running unit
 * goes on until its pCPU, which is in the mask, picks. */
uint32_t sched_sleep(struct sched_unit *unit, enum runstate state, uint64_t now_ns);
/* Let others of equal standing go first; its pCPU must pick. By the pCPU that @unit runs on. */
static inline void sched_yield(struct sched_unit *unit)
{
    unit->yielded = true;
}

/* What a unit is promised from now on (rtds: from its next period on). Errors as sched_add(), and nothing is
 * changed then. */
int sched_set_params(struct sched_unit *unit, const struct sched_params *params, uint64_t now_ns,
                     uint32_t *kick);
void sched_get_params(struct sched_unit *unit, struct sched_params *params);
/* 0, -EINVAL (no pCPU of the pool in @hard), -EOVERFLOW as sched_add(), or -EBUSY (arinc653: the schedule has
 * slots for it elsewhere). @soft that shares no pCPU with
 * @hard is no preference. */
int sched_set_affinity(struct sched_unit *unit, uint32_t hard, uint32_t soft, uint64_t now_ns,
                       uint32_t *kick);

/* Charge what runs on @cpu, choose who runs there now, update run states. The previous unit, when another,
 * stays on_cpu until sched_saved(). */
struct sched_choice sched_pick(struct sched_pool *pool, unsigned cpu, uint64_t now_ns);
/* The same by a pCPU whose unit yields: it runs, and its registers were put into memory beforehand. When
 * another is chosen that unit is not on_cpu any more, and choice->kick has the pCPUs that should take it, as
 * of sched_saved(). */
void sched_pick_saved(struct sched_pool *pool, unsigned cpu, uint64_t now_ns, struct sched_choice *choice);
/* @unit's registers are in memory and it runs nowhere. Returns the pCPUs that should now take it. */
uint32_t sched_saved(struct sched_unit *unit, uint64_t now_ns);

/* For how long nothing was chosen for @cpu, which is in @pool, up to @now_ns. Any CPU. */
uint64_t sched_idle_ns(struct sched_pool *pool, unsigned cpu, uint64_t now_ns);

/* Time in each state up to @now_ns. Any CPU. */
void sched_runstate(struct sched_unit *unit, uint64_t now_ns, enum runstate *state, uint64_t *since_ns,
                    uint64_t time_ns[4]);

#endif

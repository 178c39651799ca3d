/* SPDX-License-Identifier: Apache-2.0 */
/* sched.h - the scheduling core: units (one a vCPU), pools of pCPUs, affinity, run-state accounting, and the table of a policy.
 *
 * Pure: time comes in as nanoseconds, and what must happen comes back as a mask of pCPUs that shall call sched_pick() soon.
 * Only the caller arms timers and sends interrupts.
 *
 *     offline --wake--> runnable --pick--> running --sleep--> blocked --wake--> runnable
 *                          ^------ pick of another ----'
 * A unit is "on_cpu" from the pick that chose it until sched_saved() says that its registers are in memory again: no other pCPU
 * may be given it in between, however runnable it is. */
#ifndef SCHED_SCHED_H
#define SCHED_SCHED_H

#include "arch/spinlock.h"
#include "lib/list.h"
#include "lib/types.h"

enum runstate { /* Values of the ABI's RUNSTATE_*. */
    RUNSTATE_RUNNING,
    RUNSTATE_RUNNABLE,
    RUNSTATE_BLOCKED,
    RUNSTATE_OFFLINE,
};

#define CPU_NONE 0xffffffffu

struct sched_pool;

struct sched_unit {
    struct sched_pool *pool;
    uint16_t domid, vcpu_id;
    uint32_t hard_affinity, soft_affinity; /* Masks of pCPUs; soft only prefers. */
    uint32_t weight, cap;                  /* credit2's terms: weight 1-65535 (256), cap in per cent of one pCPU (0: none). */
    enum runstate state;
    uint64_t state_since_ns;
    uint64_t state_ns[4]; /* Time spent in each state before state_since_ns. */
    unsigned cpu;         /* Where it runs or last ran; CPU_NONE: never. */
    bool on_cpu;
    bool awake;           /* Wants to run. */
    struct list_node pool_link, run_link; /* All units of the pool; the policy's queue. */
    uint64_t policy[8];   /* The policy's own words. */
};

struct sched_choice {
    struct sched_unit *next; /* NULL: idle. */
    uint64_t until_ns;       /* Absolute; TIME_NEVER: no slice timer. */
    bool alone;              /* Nobody else waits for this pCPU: wfi may stay untrapped. When that changes, the pCPU is in a kick mask. */
};

struct sched_ops {
    const char *name;  /* As on the command line: "null", "credit2". */
    uint32_t abi_id;   /* XEN_SCHEDULER_*. */
    bool may_untrap_wfi; /* vwfi=auto may leave wfi untrapped under this policy. */
    /* All with the pool's lock held. They may read unit and pool, write unit->policy, run_link and pool->policy. Masks: pCPUs to re-pick. */
    void (*init)(struct sched_pool *pool);
    int (*admit)(struct sched_pool *pool, struct sched_unit *unit, uint32_t *kick);
    void (*remove)(struct sched_pool *pool, struct sched_unit *unit, uint32_t *kick);
    uint32_t (*wake)(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns);
    void (*sleep)(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns);
    void (*yield)(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns);
    void (*charge)(struct sched_pool *pool, struct sched_unit *unit, uint64_t ran_ns);
    struct sched_choice (*pick)(struct sched_pool *pool, unsigned cpu, uint64_t now_ns);
    uint32_t (*affinity_changed)(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns);
};

struct sched_pool {
    struct spinlock lock; /* LOCK_RANK_SCHED: guards the pool, its units and the policy's state. */
    const struct sched_ops *ops;
    uint32_t cpus;
    uint64_t ratelimit_ns;
    struct list_node units;
    struct sched_unit *running[CPU_MAX]; /* NULL: idle. */
    uint64_t policy[64];
};

extern const struct sched_ops sched_null, sched_credit2;

/* Policy by its command-line name; NULL when unknown. sched_policy(i) lists them, NULL at the end. */
const struct sched_ops *sched_find(const char *name);
const struct sched_ops *sched_policy(unsigned index);

void sched_pool_init(struct sched_pool *pool, const struct sched_ops *ops, uint32_t cpus);

/* @unit: domid, vcpu_id, affinities, weight, cap set by the caller; starts offline. Returns 0; -ENOSPC: the policy cannot place it
 * (null: no free pCPU in its affinity; it is then kept waiting, and admitted when one becomes free); -EINVAL. @kick is written on success. */
int sched_add(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns, uint32_t *kick);
/* The unit must not be on_cpu. */
uint32_t sched_remove(struct sched_unit *unit, uint64_t now_ns);

uint32_t sched_wake(struct sched_unit *unit, uint64_t now_ns);
/* @state: RUNSTATE_BLOCKED or RUNSTATE_OFFLINE. A unit on_cpu goes on until its pCPU, which is in the mask, picks. */
uint32_t sched_sleep(struct sched_unit *unit, enum runstate state, uint64_t now_ns);
/* Let others of equal standing go first; its pCPU must pick. */
void sched_yield(struct sched_unit *unit, uint64_t now_ns);
/* 0 or -EINVAL (no pCPU of the pool in @hard). */
int sched_set_affinity(struct sched_unit *unit, uint32_t hard, uint32_t soft, uint64_t now_ns, uint32_t *kick);

/* Charge what runs on @cpu, choose who runs there now, update run states. The previous unit, when another, stays on_cpu until
 * sched_saved(). */
struct sched_choice sched_pick(struct sched_pool *pool, unsigned cpu, uint64_t now_ns);
uint32_t sched_saved(struct sched_unit *unit, uint64_t now_ns);

/* Time in each state up to @now_ns. Any CPU. */
void sched_runstate(struct sched_unit *unit, uint64_t now_ns, enum runstate *state, uint64_t *since_ns, uint64_t time_ns[4]);

#endif

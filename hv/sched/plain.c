/* SPDX-License-Identifier: Apache-2.0 */
/* plain.c - rows of a policy's table for what makes no difference to it. */
#include "sched/plain.h"

int plain_check(const struct sched_pool *pool, const struct sched_unit *unit,
                const struct sched_params *params, uint32_t hard)
{
    (void)pool;
    (void)unit;
    (void)params;
    (void)hard;
    return 0;
}

void plain_ignore(struct sched_pool *pool, struct sched_unit *unit, uint64_t time_ns)
{
    (void)pool;
    (void)unit;
    (void)time_ns;
}

uint32_t plain_no_kick(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns)
{
    (void)pool;
    (void)unit;
    (void)now_ns;
    return 0;
}

struct sched_unit *plain_no_hand_over(struct sched_pool *pool, unsigned cpu, uint64_t now_ns,
                                      uint64_t *until_ns)
{
    (void)pool;
    (void)cpu;
    (void)now_ns;
    (void)until_ns;
    return NULL;
}

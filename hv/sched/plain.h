/* SPDX-License-Identifier: Apache-2.0 */
/* plain.h - rows of a policy's table for what makes no difference to it. With the pool's lock held. */
#ifndef SCHED_PLAIN_H
#define SCHED_PLAIN_H

#include "sched/sched.h"

/* Any parameters in range, any affinity. */
int plain_check(const struct sched_pool *pool, const struct sched_unit *unit,
                const struct sched_params *params, uint32_t hard);
/* For sleep and charge. */
void plain_ignore(struct sched_pool *pool, struct sched_unit *unit, uint64_t time_ns);
struct sched_unit *plain_no_hand_over(struct sched_pool *pool, unsigned cpu, uint64_t now_ns,
                                      uint64_t *until_ns);
uint32_t plain_no_kick(struct sched_pool *pool, struct sched_unit *unit, uint64_t now_ns);

#endif

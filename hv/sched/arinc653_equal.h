/* SPDX-License-Identifier: Apache-2.0 */
/* arinc653_equal.h - the schedule that gives every unit the same. */
#ifndef SCHED_ARINC653_EQUAL_H
#define SCHED_ARINC653_EQUAL_H

#include "sched/sched.h"

/* Write a slot of 10 ms for each unit of @pool, the first ARINC_SLOT_MAX, into @schedule. With the pool's
 * lock held. */
void arinc_equal_slots(struct sched_pool *pool, struct arinc_schedule *schedule);

#endif

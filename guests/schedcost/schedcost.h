/* SPDX-License-Identifier: Apache-2.0 */
/* schedcost.h - how instructions are counted: a tick of the counter is one. */
#ifndef SCHEDCOST_SCHEDCOST_H
#define SCHEDCOST_SCHEDCOST_H

#include "sched/sched.h"

uint64_t cost_begin(void);
/* What was carried out since, the counting left out. */
uint64_t cost_since(uint64_t since);

/* Prints a line "STAY policy instructions what" for each kind. */
void measure_stays(const struct sched_ops *ops);

#endif

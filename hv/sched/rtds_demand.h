/* SPDX-License-Identifier: Apache-2.0 */
/* rtds_demand.h - what units are promised, and whether the pCPUs hold it. All with the pool's lock held. */
#ifndef SCHED_RTDS_DEMAND_H
#define SCHED_RTDS_DEMAND_H

#include "sched/sched.h"

#define DEMAND_ONE BIT32(20) /* The whole of a pCPU. */

/* The part of a pCPU that @params ask for. */
uint32_t demand_of(const struct sched_params *params);
/* @unit asks for @part of a pCPU out of @hard from now on; @part 0: no longer for any. */
void demand_set(struct sched_pool *pool, struct sched_unit *unit, uint32_t part, uint32_t hard);
/* Would it all still fit then? */
bool demand_fits(const struct sched_pool *pool, const struct sched_unit *unit, uint32_t part, uint32_t hard);
/* Does what is counted fit the pool's pCPUs, as they are now? */
bool demand_holds(const struct sched_pool *pool);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* sched_config.h - what the device tree says about scheduling: parameters of vCPUs, and arinc653's schedule.
 */
#ifndef BOOT_SCHED_CONFIG_H
#define BOOT_SCHED_CONFIG_H

#include "boot/domain_config.h"
#include "boot/dt_read.h"

/* The properties bulkhead,weight, cap, period-us, budget-us and extratime of @node (named @path in messages),
 * over what @params holds. 0, or -EINVAL with each bad one logged. */
int sched_config_params(const void *fdt, int node, const char *path, struct sched_params *params);

/* The bulkhead,arinc653 node at @place, after all domains, into config->schedule. One that is wrong is not
 * used; the first thing wrong is logged, with the slot. */
void sched_config_schedule(const struct dt_place *place, struct boot_config *config);

#endif

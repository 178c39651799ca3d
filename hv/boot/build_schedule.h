/* SPDX-License-Identifier: Apache-2.0 */
/* build_schedule.h - the device tree's schedule as the pool's. */
#ifndef BOOT_BUILD_SCHEDULE_H
#define BOOT_BUILD_SCHEDULE_H

#include "boot/domain_config.h"

struct domain;

/* Give its pool the schedule of @config, if there is one. @domains[i] was built from config->domains[i];
 * NULL: could not be. A schedule that cannot be kept is named in an error and not used. Boot CPU, before any
 * domain starts. */
void build_schedule(const struct boot_config *config, struct domain *const domains[DOMAIN_CONFIG_MAX]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* wall_clock.h - the time of day, as the control domain sets it and every domain reads it in shared_info. */
#ifndef CORE_WALL_CLOCK_H
#define CORE_WALL_CLOCK_H

#include "core/domain.h"

/* It was @seconds and @ns after 1970 when @system_ns had passed since boot. Any CPU, no lock held. 0, or
 * -EINVAL: that is before 1970. */
int wall_clock_set(uint64_t seconds, uint32_t ns, uint64_t system_ns);

/* Tell a domain that is being made. */
void wall_clock_tell(struct domain *domain);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* watchdog.h - timers that stop a domain unless it sets them anew. Source: xen/sched.h (SCHEDOP_watchdog). */
#ifndef CORE_WATCHDOG_H
#define CORE_WATCHDOG_H

#include "base/timer.h"
#include "lib/types.h"

struct domain;

#define WATCHDOG_COUNT 2u

struct watchdog {
    struct timer timer;
    unsigned cpu; /* Where it was armed. */
    bool in_use;
};

void watchdog_init(struct domain *domain);
/* @domain goes: none fires any more. Its vCPUs do not run. */
void watchdog_end(struct domain *domain);

/* @id 0: take a free one and set it; returns its id, 1 on. Else set it anew, or with @seconds 0 give it back.
 * 0 or -EINVAL (no such one), -ENOSPC (all are in use). Any CPU, no lock held. */
int watchdog_set(struct domain *domain, uint32_t id, uint32_t seconds);

#endif

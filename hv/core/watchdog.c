/* SPDX-License-Identifier: Apache-2.0 */
/* watchdog.c - timers that stop a domain unless it sets them anew. Under the domain's power lock. */
#include "core/watchdog.h"

#include "core/domain.h"
#include "core/pcpu.h"
#include "lib/error.h"

/* Is one of @domain's really due? It may have been set anew while this call was on its way. */
static bool is_due(struct domain *domain, struct watchdog *watchdog)
{
    bool due;

    spin_lock(&domain->power_lock);
    due = watchdog->in_use && !timer_armed(&watchdog->timer);
    spin_unlock(&domain->power_lock);
    return due;
}

static void first_expired(struct timer *timer)
{
    struct watchdog *watchdog = CONTAINER_OF(timer, struct watchdog, timer);
    struct domain *domain = CONTAINER_OF(watchdog, struct domain, watchdog[0]);

    if (is_due(domain, watchdog)) {
        domain_shutdown(domain, SHUTDOWN_WATCHDOG);
    }
}

static void second_expired(struct timer *timer)
{
    struct watchdog *watchdog = CONTAINER_OF(timer, struct watchdog, timer);
    struct domain *domain = CONTAINER_OF(watchdog, struct domain, watchdog[1]);

    if (is_due(domain, watchdog)) {
        domain_shutdown(domain, SHUTDOWN_WATCHDOG);
    }
}

void watchdog_init(struct domain *domain)
{
    timer_init(&domain->watchdog[0].timer, first_expired);
    timer_init(&domain->watchdog[1].timer, second_expired);
}

void watchdog_end(struct domain *domain)
{
    for (unsigned i = 0; i < WATCHDOG_COUNT; i++) {
        pcpu_timer_disarm(domain->watchdog[i].cpu, &domain->watchdog[i].timer);
    }
}

/* With the lock. */
static void set(struct watchdog *watchdog, uint32_t seconds)
{
    pcpu_timer_disarm(watchdog->cpu, &watchdog->timer);
    watchdog->in_use = seconds != 0;
    if (seconds != 0) {
        watchdog->cpu = cpu_id();
        pcpu_timer_arm(&watchdog->timer, cpu_count_ticks() + ticks_from_ns(seconds * NS_PER_S));
    }
}

int watchdog_set(struct domain *domain, uint32_t id, uint32_t seconds)
{
    int result = 0;

    if (id > WATCHDOG_COUNT || (id == 0 && seconds == 0)) {
        return -EINVAL;
    }
    spin_lock(&domain->power_lock);
    if (id == 0) {
        uint32_t free = 0;

        while (free < WATCHDOG_COUNT && domain->watchdog[free].in_use) {
            free++;
        }
        result = free < WATCHDOG_COUNT ? (int)free + 1 : -ENOSPC;
        if (free < WATCHDOG_COUNT) {
            set(&domain->watchdog[free], seconds);
        }
    } else if (!domain->watchdog[id - 1].in_use) {
        result = -EINVAL;
    } else {
        set(&domain->watchdog[id - 1], seconds);
    }
    spin_unlock(&domain->power_lock);
    return result;
}

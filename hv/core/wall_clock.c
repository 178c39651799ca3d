/* SPDX-License-Identifier: Apache-2.0 */
/* wall_clock.c - the time of day, as the control domain sets it and every domain reads it in shared_info.
 *
 * What is told is the time of day at boot; a domain adds its system time. wc_version is odd while the fields
 * change: who reads an odd one, or two different ones before and after, reads again. */
#include "core/wall_clock.h"

#include <stdatomic.h>

#include "arch/barrier.h"
#include "lib/abi.h"
#include "lib/error.h"
#include "lib/lock_rank.h"

static struct spinlock lock = SPINLOCK_INIT(LOCK_RANK_WALL_CLOCK);
static uint64_t boot_seconds;
static uint32_t boot_ns, version;

static void put(uint32_t *field, uint32_t value)
{
    atomic_store_explicit((_Atomic uint32_t *)field, value, memory_order_relaxed);
}

/* With the lock. */
static void tell(struct domain *domain)
{
    struct shared_info *info = domain->shared_info;
    uint64_t seconds = boot_seconds + (uint64_t)domain->time_offset_s;

    put(&info->wc_version, version + 1);
    barrier_dmb_ish(); /* Odd before any field changes... */
    put(&info->wc_sec, (uint32_t)seconds);
    put(&info->wc_sec_hi, (uint32_t)(seconds >> 32));
    put(&info->wc_nsec, boot_ns);
    barrier_dmb_ish(); /* ...and even after all have. */
    put(&info->wc_version, version + 2);
}

int wall_clock_set(uint64_t seconds, uint32_t ns, uint64_t system_ns)
{
    uint64_t system_seconds = system_ns / NS_PER_S;
    int64_t left_ns = (int64_t)ns - (int64_t)(system_ns % NS_PER_S);

    if (ns >= NS_PER_S || seconds <= system_seconds) {
        return -EINVAL;
    }
    spin_lock(&lock);
    boot_seconds = seconds - system_seconds - (left_ns < 0 ? 1 : 0);
    boot_ns = (uint32_t)(left_ns < 0 ? left_ns + (int64_t)NS_PER_S : left_ns);
    for (unsigned i = 0; i < DOMAIN_MAX; i++) {
        struct domain *domain = domain_at(i);

        if (domain != NULL) {
            tell(domain);
        }
    }
    version += 2;
    spin_unlock(&lock);
    return 0;
}

void wall_clock_tell(struct domain *domain)
{
    spin_lock(&lock);
    tell(domain);
    version += 2;
    spin_unlock(&lock);
}

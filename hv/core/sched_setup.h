/* SPDX-License-Identifier: Apache-2.0 */
/* sched_setup.h - the pools that pCPUs are in after boot, and what a waiting vCPU costs. Later: cpupool.h. */
#ifndef CORE_SCHED_SETUP_H
#define CORE_SCHED_SETUP_H

#include "sched/sched.h"

enum wfi_policy {
    WFI_POLICY_AUTO,   /* Trapped only while somebody else waits for the pCPU. */
    WFI_POLICY_TRAP,   /* Always trapped. */
    WFI_POLICY_NATIVE, /* Never: a vCPU that waits keeps its pCPU. */
};

/* Put the pCPUs of the mask, which are in none yet, into a pool of their own under @ops: the first has index
 * 0. Boot CPU, CPU_MAX + 1 times at most, before any vCPU exists. */
struct sched_pool *sched_setup(const struct sched_ops *ops, uint32_t cpus, enum wfi_policy policy);
/* By their order; NULL behind the last. */
struct sched_pool *sched_pool_at(unsigned index);

#endif

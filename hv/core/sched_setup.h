/* SPDX-License-Identifier: Apache-2.0 */
/* sched_setup.h - the pool that every pCPU is in after boot, and what a waiting vCPU costs. */
#ifndef CORE_SCHED_SETUP_H
#define CORE_SCHED_SETUP_H

#include "sched/sched.h"

enum wfi_policy {
    WFI_POLICY_AUTO,   /* Trapped only while somebody else waits for the pCPU. */
    WFI_POLICY_TRAP,   /* Always trapped. */
    WFI_POLICY_NATIVE, /* Never: a vCPU that waits keeps its pCPU. */
};

/* Put the pCPUs of the mask under @ops. Boot CPU, once, before any vCPU exists. */
struct sched_pool *sched_setup(const struct sched_ops *ops, uint32_t cpus, enum wfi_policy policy);
struct sched_pool *sched_boot_pool(void);

#endif

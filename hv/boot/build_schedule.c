/* SPDX-License-Identifier: Apache-2.0 */
/* build_schedule.c - the device tree's schedule as the pool's. */
#include "boot/build_schedule.h"

#include "core/domain.h"
#include "core/pcpu.h"
#include "core/sched_setup.h"
#include "lib/log.h"

#define NS_PER_US (NS_PER_MS / 1000)

void build_schedule(const struct boot_config *config, struct domain *const domains[DOMAIN_CONFIG_MAX])
{
    static struct arinc_table table;
    const struct schedule_config *schedule = &config->schedule;
    struct arinc_fault fault;
    uint32_t kick;

    if (schedule->path[0] == '\0') {
        return;
    }
    table.frame_ns = schedule->frame_us * NS_PER_US;
    table.slot_count = schedule->slot_count;
    for (unsigned i = 0; i < schedule->slot_count; i++) {
        const struct schedule_slot *slot = &schedule->slots[i];
        struct domain *domain = domains[slot->domain];

        table.slots[i] = (struct arinc_slot){
            .start_ns = slot->start_us * NS_PER_US,
            .length_ns = slot->length_us * NS_PER_US,
            .unit = domain != NULL ? &domain->vcpu[slot->vcpu]->unit : NULL,
            .cpu = slot->cpu,
        };
    }
    if (arinc_set_table(sched_pool_at(schedule->pool), &table, time_now_ns(), &kick, &fault) == 0) {
        log_info("%s: %u slots in a frame of %u us", schedule->path, schedule->slot_count,
                 schedule->frame_us);
    } else if (fault.reason == ARINC_FRAME) {
        log_error("%s: %s: not used: every vCPU has a slot of 10 ms instead", schedule->path,
                  arinc_reason_text(fault.reason));
    } else {
        log_error("%s: slot %u %s: not used: every vCPU has a slot of 10 ms instead", schedule->path,
                  fault.slot, arinc_reason_text(fault.reason));
    }
}

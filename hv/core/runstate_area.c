/* SPDX-License-Identifier: Apache-2.0 */
/* runstate_area.c - a vCPU's run states, told in its own memory at each switch.
 *
 * Only the pCPU that has the vCPU's registers writes the area, and the vCPU itself registers it, so no lock
 * guards it. A guest that asked for it (VMASST_TYPE_runstate_update_flag) finds XEN_RUNSTATE_UPDATE set in
 * state_entry_time while the rest changes; others read twice. */
#include "core/runstate_area.h"

#include "arch/barrier.h"
#include "core/domain.h"
#include "core/guest_mem.h"
#include "core/pcpu.h"
#include "core/vcpu.h"
#include "lib/abi.h"
#include "lib/error.h"

#define AREA_BYTES sizeof(struct vcpu_runstate_info)

_Static_assert(AREA_BYTES % 8 == 0, "an area that is aligned to 8 has its border between two words");

int runstate_area_register(struct vcpu *vcpu, uint64_t addr)
{
    struct runstate_area area = {0};
    void *at;

    if (addr % 8 != 0) {
        return -EINVAL;
    }
    if (addr != 0) {
        area.first_bytes = (size_t)min_u64(AREA_BYTES, PAGE_SIZE - (addr & PAGE_MASK));
        if (guest_pin_virtual(vcpu, addr, &at) != 0) {
            return -EFAULT;
        }
        area.first = at;
        if (area.first_bytes < AREA_BYTES) {
            if (guest_pin_virtual(vcpu, addr + area.first_bytes, &at) != 0) {
                guest_unpin(vcpu->domain, area.first);
                return -EFAULT;
            }
            area.second = at;
        }
    }
    runstate_area_drop(vcpu);
    vcpu->runstate = area;
    if (area.first != NULL) {
        runstate_area_update(vcpu);
    }
    return 0;
}

/* The word of the area at @offset, in whichever page it is. */
static _Atomic uint64_t *word_at(const struct runstate_area *area, size_t offset)
{
    char *at =
        offset < area->first_bytes ? area->first + offset : area->second + (offset - area->first_bytes);

    return (_Atomic uint64_t *)(void *)at;
}

static void put(const struct runstate_area *area, size_t offset, uint64_t value)
{
    atomic_store_explicit(word_at(area, offset), value, memory_order_relaxed);
}

void runstate_area_update(struct vcpu *vcpu)
{
    const struct runstate_area *area = &vcpu->runstate;
    bool flagged = atomic_load_explicit(&vcpu->domain->runstate_flag, memory_order_relaxed);
    enum runstate state;
    uint64_t since_ns, time_ns[4];

    if (atomic_load_explicit(&vcpu->domain->stopped, memory_order_relaxed)) {
        return;
    }
    sched_runstate(&vcpu->unit, time_now_ns(), &state, &since_ns, time_ns);
    if (flagged) {
        put(area, offsetof(struct vcpu_runstate_info, state_entry_time), since_ns | XEN_RUNSTATE_UPDATE);
        barrier_dmb_ish(); /* The flag is seen before any of the rest. */
    }
    put(area, offsetof(struct vcpu_runstate_info, state), (uint32_t)state);
    for (unsigned i = 0; i < ARRAY_COUNT(time_ns); i++) {
        put(area, offsetof(struct vcpu_runstate_info, time) + i * 8, time_ns[i]);
    }
    barrier_dmb_ish(); /* And all of the rest before it is gone. */
    put(area, offsetof(struct vcpu_runstate_info, state_entry_time), since_ns);
}

void runstate_area_drop(struct vcpu *vcpu)
{
    struct runstate_area area = vcpu->runstate;

    vcpu->runstate = (struct runstate_area){0};
    if (area.first != NULL) {
        guest_unpin(vcpu->domain, area.first);
    }
    if (area.second != NULL) {
        guest_unpin(vcpu->domain, area.second);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* sysctl_arinc653.c - sysctl: arinc653's schedule, set and told. Source: xen/sysctl.h, struct
 * xen_sysctl_arinc653_schedule.
 *
 * The ABI's entries have a length alone: each begins where the one before it ends. Here that holds for each
 * pCPU by itself, and bits 31 to 16 of an entry's vcpu_id say which: its number + 1, or 0 for the first of
 * the pool that the vCPU may use. So a pool of one pCPU is as in Xen. An entry whose handle is all ones is
 * nobody's time; what is left at the end of the frame is too.
 *
 * A handle is a domain's UUID. Those of domains that the tree made end in their number, all else 0, and
 * Dom0's is all 0 as in Xen. */
#include "hcall/sysctl_arinc653.h"

#include "core/guest_mem.h"
#include "core/pcpu.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/string.h"

#define CPU_SHIFT 16
#define VCPU_MASK 0xffffu

/* The toolstack's calls come one at a time. */
static struct xen_sysctl_arinc653_schedule wish;
static struct arinc_table table;

static bool is_nobody(const uint8_t handle[16])
{
    for (unsigned i = 0; i < sizeof(xen_domain_handle_t); i++) {
        if (handle[i] != 0xff) {
            return false;
        }
    }
    return true;
}

/* Of several domains with that handle, the one with the lowest number; NULL: there is none. */
static struct sched_unit *find_unit(const uint8_t handle[16], unsigned id)
{
    struct domain *found = NULL;

    for (unsigned i = 0; i < DOMAIN_MAX; i++) {
        struct domain *domain = domain_at(i);

        if (domain != NULL && (found == NULL || domain->id < found->id) &&
            memcmp(domain->handle, handle, sizeof(domain->handle)) == 0) {
            found = domain;
        }
    }
    return found != NULL && id < found->vcpu_count && found->vcpu[id] != NULL ? &found->vcpu[id]->unit : NULL;
}

static unsigned first_cpu(const struct sched_pool *pool, const struct sched_unit *unit)
{
    uint32_t cpus = pool->cpus & (unit != NULL ? unit->hard_affinity : UINT32_MAX);

    return cpus != 0 ? (unsigned)__builtin_ctz(cpus) : CPU_MAX;
}

/* The entries of `wish` as `table`, one behind the other on each pCPU. */
static void make_table(const struct sched_pool *pool)
{
    uint64_t end_ns[CPU_MAX] = {0};

    table.frame_ns = wish.major_frame;
    table.slot_count = wish.num_sched_entries;
    for (unsigned i = 0; i < table.slot_count; i++) {
        const uint8_t *handle = wish.sched_entries[i].dom_handle;
        uint32_t id = wish.sched_entries[i].vcpu_id;
        struct arinc_slot *slot = &table.slots[i];

        slot->idle = is_nobody(handle);
        slot->unit = slot->idle ? NULL : find_unit(handle, id & VCPU_MASK);
        slot->cpu = id >> CPU_SHIFT != 0 ? (id >> CPU_SHIFT) - 1 : first_cpu(pool, slot->unit);
        slot->length_ns = wish.sched_entries[i].runtime;
        slot->start_ns = slot->cpu < CPU_MAX ? end_ns[slot->cpu] : 0;
        if (slot->cpu < CPU_MAX) {
            /* One that is longer than any frame is refused, however much longer it is. */
            end_ns[slot->cpu] += min_u64(slot->length_ns, ARINC_FRAME_MAX_NS);
        }
    }
}

static int64_t put(struct control_call *call, struct sched_pool *pool, uint64_t at)
{
    struct arinc_fault fault;
    uint32_t kick;

    if (guest_copy_in(call->vcpu, &wish, at, sizeof(wish)) != 0) {
        return -EFAULT;
    }
    if (wish.num_sched_entries == 0 || wish.num_sched_entries > ARINC_SLOT_MAX) {
        return -EINVAL;
    }
    make_table(pool);
    if (arinc_set_table(pool, &table, time_now_ns(), &kick, &fault) != 0) {
        if (fault.reason == ARINC_FRAME) {
            log_warn("sched arinc653: a schedule is refused: %s", arinc_reason_text(fault.reason));
        } else {
            log_warn("sched arinc653: a schedule is refused: slot %u %s", fault.slot,
                     arinc_reason_text(fault.reason));
        }
        return -EINVAL;
    }
    pcpu_reschedule(kick);
    return 0;
}

/* One more entry of `wish`; false: there is no room. */
static bool add_entry(const struct sched_pool *pool, const struct sched_unit *unit, unsigned cpu,
                      uint64_t length_ns)
{
    bool single = (pool->cpus & (pool->cpus - 1)) == 0;
    unsigned i = wish.num_sched_entries;

    if (i == ARINC_SLOT_MAX) {
        return false;
    }
    if (unit != NULL) {
        const struct domain *domain = domain_get(unit->domid);

        memcpy(wish.sched_entries[i].dom_handle, domain->handle, sizeof(domain->handle));
        wish.sched_entries[i].vcpu_id = unit->vcpu_id;
    } else {
        memset(wish.sched_entries[i].dom_handle, 0xff, sizeof(xen_domain_handle_t));
    }
    wish.sched_entries[i].vcpu_id |= single ? 0 : (cpu + 1) << CPU_SHIFT;
    wish.sched_entries[i].runtime = length_ns;
    wish.num_sched_entries++;
    return true;
}

static int64_t get(struct control_call *call, struct sched_pool *pool, uint64_t at)
{
    uint64_t end_ns = 0;

    (void)arinc_get_table(pool, &table);
    memset(&wish, 0, sizeof(wish));
    wish.major_frame = table.frame_ns;
    for (unsigned i = 0; i < table.slot_count; i++) {
        const struct arinc_slot *slot = &table.slots[i];

        end_ns = i != 0 && slot->cpu == table.slots[i - 1].cpu ? end_ns : 0;
        if ((slot->start_ns > end_ns && !add_entry(pool, NULL, slot->cpu, slot->start_ns - end_ns)) ||
            !add_entry(pool, slot->unit, slot->cpu, slot->length_ns)) {
            return -ENOSPC;
        }
        end_ns = slot->start_ns + slot->length_ns;
    }
    return guest_copy_out(call->vcpu, at, &wish, sizeof(wish));
}

int64_t sysctl_arinc653(struct control_call *call, struct sched_pool *pool,
                        struct xen_sysctl_scheduler_op *op)
{
    uint64_t at = (uint64_t)op->u.sched_arinc653.schedule.p;

    return op->cmd == XEN_SYSCTL_SCHEDOP_putinfo ? put(call, pool, at) : get(call, pool, at);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* domain.h - a domain: vCPUs, memory, interrupts, devices. */
#ifndef CORE_DOMAIN_H
#define CORE_DOMAIN_H

#include <stdatomic.h>

#include "arch/spinlock.h"
#include "core/domain_end.h"
#include "core/evtchn.h"
#include "core/grant_map.h"
#include "core/physmap.h"
#include "core/vcpu.h"
#include "core/watchdog.h"
#include "lib/types.h"
#include "vgic/vgic.h"

#define DOMAIN_HVM_PARAM_COUNT 48

/* Values of the ABI's SHUTDOWN_*. */
enum shutdown_reason {
    SHUTDOWN_POWEROFF,
    SHUTDOWN_REBOOT,
    SHUTDOWN_SUSPEND,
    SHUTDOWN_CRASH,
    SHUTDOWN_WATCHDOG,
};

struct vpl011;

/* How far the toolstack's destroying of a domain is: core/domain_destroy.c. */
enum domain_dying {
    DOMAIN_ALIVE,
    DOMAIN_STOPPING,     /* Its vCPUs leave their pCPUs. */
    DOMAIN_RELEASING,    /* Its physical interrupts go back. */
    DOMAIN_LETTING_GO,   /* Of event channels, others' pages. */
    DOMAIN_UNSCHEDULING, /* Its vCPUs leave the scheduler. */
    DOMAIN_FREEING,      /* Its memory. */
    DOMAIN_DEAD,         /* Nothing is left but what others use of it. */
    DOMAIN_UNLISTED,     /* Nobody finds it any more; those who have may still look at it. */
    DOMAIN_REMAINS,      /* Nobody does: what the hypervisor had for it is freed. */
};

/* While it is moved from one pool to another: core/cpupool_move.c. */
struct domain_move {
    struct sched_pool *from; /* NULL: it is not. */
    int error;               /* Why it goes back, or 0. */
    uint32_t hard[VCPU_MAX]; /* Hard affinities that it had there. */
};

/* Pages of devices that the toolstack lets a domain map; count 0: free. */
struct iomem_range {
    uint64_t first, count;
};
#define DOMAIN_IOMEM_RANGES 8u

struct domain {
    uint16_t id;
    char name[96];       /* Path of its node. */
    bool privileged;     /* The control domain, Dom0: its id is 0. */
    bool direct_map;     /* Its RAM stands at the machine's addresses. */
    unsigned vcpu_count; /* 0 until all are made, */
    unsigned vcpu_max;   /* which will be as many, */
    unsigned vcpu_made;  /* and so many are. */
    struct vcpu *vcpu[VCPU_MAX];
    struct domain_move move;        /* To another pool. */
    struct sched_pool *pool;        /* Where its vCPUs are scheduled, */
    struct sched_group sched_group; /* and what they share there. */
    struct spinlock power_lock;     /* LOCK_RANK_DOMAIN: PSCI state of its vCPUs, pause_count. */
    unsigned pause_count;           /* How often it was paused, */
    unsigned toolstack_pauses;      /* and how often of that by the toolstack. */

    bool being_built;      /* By the toolstack, which has not let it run yet. */
    bool held_for_context; /* Paused once more while a vCPU's registers are read or written. */
    _Atomic bool stopped;  /* Shut down: its vCPUs never run again. */
    _Atomic uint8_t dying; /* enum domain_dying */
    unsigned remains_next; /* While it dies: INTID or vCPU that is next. */
    struct list_node dead_link;
    uint8_t handle[16]; /* The toolstack's name for it: a UUID. */
    uint32_t ssidref;   /* Kept for the toolstack; it means nothing here. */
    enum shutdown_reason reason;
    struct domain_end end; /* From then on. */
    bool shutdown_named;   /* SCHEDOP_shutdown_code: "reason" is said already, whatever it stops for. */
    struct watchdog watchdog[WATCHDOG_COUNT]; /* Guarded by the power lock. */
    _Atomic bool runstate_flag;               /* VMASST_TYPE_runstate_update_flag. */
    struct physmap physmap;                   /* Its memory. */
    uint64_t vttbr;                           /* VTTBR_EL2: its stage-2 table and VMID. */
    const struct vcpu *last_on[CPU_MAX]; /* Whose translations pCPU n's TLB has of this VMID; its own word. */
    unsigned gic_version;
    unsigned spi_limit;
    /* Guest addresses of its virtual GIC: distributor, GICv3 redistributors. */
    uint64_t gicd_base, gicd_bytes, gicr_base;
    struct iomem_range iomem[DOMAIN_IOMEM_RANGES];
    struct vgic *vgic;
    size_t vgic_bytes;
    bool has_platform;   /* The virtual GIC is made, and what always belongs to it. */
    unsigned evtchn_ppi; /* INTID of the upcall: core/events.h. */
    struct evtchn_domain events;
    uint64_t count_offset; /* CNTVOFF_EL2: its virtual counter starts at 0. */
    struct vpl011 *vpl011; /* Its virtual UART; NULL: none. vdev/vconsole.h makes it. */
    size_t vpl011_bytes;
    int64_t time_offset_s; /* Of its time of day to the machine's. */
    uint64_t log_since_ns; /* core/guest_log.h: lines it has caused, and when some were forgiven last. */
    unsigned log_spent;
    void *shared_info;                /* The ABI's page of that name, zeroed; the hypervisor's own. */
    _Atomic uint64_t shared_info_gfn; /* Where the domain mapped it last. */
    struct grant_table *grants;       /* Its own, for others, */
    struct grant_maps grant_maps;     /* and others' that it maps. */
    struct timer let_go_timer;        /* It has stopped, and lets go of those in pieces. */
    uint64_t hvm_param[DOMAIN_HVM_PARAM_COUNT];
};

struct domain_params {
    const char *name;
    uint16_t id;     /* As the toolstack wants it; 0: the next one. */
    bool privileged; /* Dom0: the one with id 0. */
    bool direct_map;
    unsigned vcpu_count;
    unsigned gic_version;
    unsigned spi_limit; /* First INTID the guest does not have. */
    /* Where its virtual GIC answers: the guest platform's addresses (xen/arch-arm.h), or Dom0's the
     * machine's. */
    uint64_t gicd_base, gicr_base;
    uint32_t vcpu_hard_affinity[VCPU_MAX];     /* 0: any. */
    struct sched_params vcpu_params[VCPU_MAX]; /* A weight of 0: SCHED_PARAMS_DEFAULT. */
    struct sched_pool *pool;                   /* NULL: the first. */
};

/* A new domain without memory, all vCPUs off. Returns 0 with @out; -EINVAL, -ENOMEM, -ENOSPC (too many
 * domains), -EEXIST (there is one with that id). */
int domain_create(const struct domain_params *params, struct domain **out);

/* The same in pieces, for a stay in EL2 each: domain_begin() makes one without vCPUs and interrupts, that
 * others can find; domain_grow() is called until it does not return DOMAIN_GROWS, but 0 or an error of
 * domain_create(). Only what
 * @params says of vCPUs is read then; NULL: nothing special. One caller at a time. */
#define DOMAIN_GROWS 1
int domain_begin(const struct domain_params *params, struct domain **out);
int domain_grow(struct domain *domain, const struct domain_params *params);

/* @domain, of which nothing ran yet, could not be built: give back its pCPUs, interrupts and memory. Boot
 * CPU. */
void domain_discard(struct domain *domain);

/* By id; NULL. Any CPU; the pointer stays good until this pCPU next returns to a guest or sleeps, since a
 * domain is freed only after all pCPUs have done so (core/domain_destroy.c). The one with the lowest id that
 * is not below @from; NULL. */
struct domain *domain_get(uint16_t id);
struct domain *domain_next(unsigned from);

/* The one at @place in the list, 0 to DOMAIN_MAX - 1, in no order; NULL. Good as long as domain_get()'s. */
struct domain *domain_at(unsigned place);

/* Let no vCPU of @domain run until it was unpaused as often as paused. They leave their pCPUs soon after. Any
 * CPU, no lock held. */
void domain_pause(struct domain *domain);
void domain_unpause(struct domain *domain);

/* Are all vCPUs of a paused or stopped domain off their pCPUs, and their registers in memory? */
bool domain_is_off(const struct domain *domain);

/* The toolstack destroys @domain: a piece of it. Returns 0 when nothing of it runs and its memory is free,
 * but for what others still use, which goes by itself later; DOMAIN_GROWS: more is to be done. Called by one
 * at a time. */
int domain_destroy_some(struct domain *domain);

/* Stop all its vCPUs for good; what else is to be done and said follows soon (core/domain_end.h). Any CPU, no
 * lock held. */
void domain_shutdown(struct domain *domain, enum shutdown_reason reason);

/* Whatever @domain will stop for, that is @reason. 0, or -EBUSY: it has stopped, or said so before. */
int domain_name_shutdown(struct domain *domain, enum shutdown_reason reason);

/* The running vCPU's domain did what it must not: stop that domain alone, and log @why, which stays valid,
 * with the vCPU's registers. */
void domain_crash(struct vcpu *vcpu, const char *why);

/* One domain less that runs: returns how many are left. */
unsigned domain_count_out(void);

/* Zeroed pages owned by the hypervisor, through the direct map; NULL. */
void *hv_alloc(size_t size_bytes);
/* Give them back: the same size. @memory may be NULL. */
void hv_free(void *memory, size_t size_bytes);

/* Give @domain 2^@order pages of RAM, zeroed, at @addr. */
int domain_add_ram(struct domain *domain, ipa_t addr, unsigned order);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* vgic.h - a domain's virtual interrupt controller: the life of every virtual interrupt, and the guest's
 * register view.
 *
 * Pure. Two copies of an interrupt's state exist and one is the truth at any time: the model (struct vgic)
 * while the vCPU's list registers are folded, the list registers while they are loaded. Rules that keep it
 * so:
 *   - only the pCPU that runs a vCPU folds and fills that vCPU's list registers;
 *   - another CPU changes the model (enable, priority, target, pending...) and says in vgic_work.notice whom
 * it concerns; that vCPU is then "stale": its pCPU folds, and fills again, on its next way out of EL2;
 *   - hardware-linked interrupts (vINTID == pINTID) carry hw_active in the model: the physical interrupt has
 * been acknowledged and is not deactivated yet. Then, and only then, it cannot fire. GIC_LR_HW is written
 * only with it; what software made pending or active (GICD_ISPENDR, GICD_ISACTIVER) lives in the model alone
 * and never touches the physical interrupt. Every call is made with the domain's vgic lock held, unless it
 * says otherwise. Source: Arm IHI 0048B (GICv2), IHI 0069 (GICv3). */
#ifndef VGIC_VGIC_H
#define VGIC_VGIC_H

#include "arch/spinlock.h"
#include "lib/gic.h"
#include "lib/types.h"

struct vgic_config {
    unsigned version;    /* 2 or 3: the guest's. */
    unsigned vcpu_count; /* 1 to VCPU_MAX. */
    unsigned spi_limit;  /* First INTID not implemented: 32 to 1020 rounded to the register's granularity. */
    unsigned lr_count;   /* The hardware's. */
    uint64_t vcpu_mpidr[VCPU_MAX]; /* Affinity a GICv3 guest routes by. */
    /* The list registers of this pCPU that hold nothing, for accesses of the vCPU that is loaded on it; NULL:
     * not to be asked, and nothing is put into one at once. */
    uint32_t (*lr_empty)(void);
};

struct vgic; /* Complete in vgic/vgic_state.h; the core only embeds a pointer. */

/* What to write into a list register of this pCPU that holds nothing. */
struct vgic_list {
    unsigned slot;
    struct gic_lr lr;
};

/* What a change means outside the model. Bits of the masks count from INTID @first (a multiple of 32). Do
 * disable, clear_pending, clear_active before enable, and notice last. */
struct vgic_work {
    uint32_t notice;   /* vCPUs that must fold and fill, or wake: kick them. Bit per vCPU index. */
    uint32_t hardware; /* VGIC_WORK_*: what of the rest there is; it is written only then. */
    unsigned first;
    uint32_t enable, disable;     /* Linked SPIs: the physical interrupt. PPIs come through vgic_fill. */
    uint32_t clear_active;        /* Linked SPIs: deactivate. */
    uint32_t clear_pending;       /* Linked SPIs: physical pending state. */
    uint32_t set_edge, set_level; /* Linked SPIs: trigger configuration. */
    uint32_t route;               /* Linked SPIs whose target vCPU changed: see vgic_target(). */
    uint32_t query_pending;       /* After a read of a pending register: OR in the physical state of these. */
    struct vgic_list list;
};

#define VGIC_WORK_PHYSICAL BIT32(0) /* A mask of linked interrupts is not empty. */
#define VGIC_WORK_LIST BIT32(1)     /* Put @list into its list register. */

/* What to put into the hardware before the vCPU runs. */
struct vgic_fill {
    /* [0, lr_count). State 0 empties it; the rest of such a one is not written. */
    struct gic_lr lr[GIC_LR_MAX];
    bool none_pending_irq; /* More waits than fits: maintenance interrupt when none of the listed is pending
                              any more. */
    uint16_t ppi_enable;   /* Linked PPIs (bit 0 = INTID 16) to be enabled physically on the pCPU. */
    uint16_t ppi_active;   /* Linked PPIs whose physical active bit must be set while this vCPU runs; the
                              others' clear. */
    /* Bound list registers: when linked INTID bound_intid[slot] (0: none) fires while this vCPU runs here,
     * writing bound_lr[slot] into the slot is all its injection takes, until the next fold. Invariant:
     * linked, enabled, deliverable to this vCPU, and owns the slot; a second firing is only possible after
     * the guest deactivated the first, which emptied the slot. */
    uint16_t bound_intid[GIC_LR_MAX];
    struct gic_lr bound_lr[GIC_LR_MAX];
};

/* Memory one vgic of @config takes, and its construction there (zeroed by the caller; no lock needed). 0 or
 * -EINVAL. In pieces: vgic_begin(), then vgic_make_some() until it says that all is made; or at once. */
size_t vgic_bytes(const struct vgic_config *config);
int vgic_begin(struct vgic *vgic, const struct vgic_config *config);
bool vgic_make_some(struct vgic *vgic);
int vgic_init(struct vgic *vgic, const struct vgic_config *config);

/* The lock that guards all of it, its first member; rank LOCK_RANK_VGIC. */
static inline struct spinlock *vgic_lock(struct vgic *vgic)
{
    return (struct spinlock *)(void *)vgic;
}

/* Link vINTID @intid (16 to 1019) to the physical interrupt of the same number. A PPI: on every vCPU. Before
 * the domain runs. */
void vgic_link(struct vgic *vgic, unsigned intid, bool edge);
bool vgic_linked(const struct vgic *vgic, unsigned intid);
/* Mask of the linked PPIs, bit 0 = INTID 16. No lock. */
uint16_t vgic_linked_ppis(const struct vgic *vgic);

/* Physical @intid, linked, was acknowledged (priority dropped, not deactivated). PPI: for @vcpu, the one
 * running on that pCPU. SPI: @vcpu is ignored. Returns the vCPU that must notice, or -1: cannot be delivered
 * now, kept pending. */
int vgic_hw_arrived(struct vgic *vgic, unsigned vcpu, unsigned intid);

/* Linked SPI @intid, if it is acknowledged and not ended: that was on another pCPU than the one where its
 * vCPU will run. A list register deactivates as its own pCPU, and some interrupt controllers (QEMU's GICv2)
 * only know the one that acknowledged: software ends it. Returns
 * whether that is so: then it has to be made active for the new pCPU too. */
bool vgic_moved(struct vgic *vgic, unsigned intid);

/* Software interrupts: edge (or SGI from vCPU @source), and the level of a line. Return the vCPU that must
 * notice, or -1. */
int vgic_pend(struct vgic *vgic, unsigned vcpu, unsigned intid, unsigned source);
int vgic_set_level(struct vgic *vgic, unsigned vcpu, unsigned intid, bool level);
/* An edge for @vcpu, which runs on this pCPU, put straight into a list register, if nothing stands in the
 * way. Returns whether @list is to be written; else nothing was done, and it is for vgic_pend(). */
bool vgic_pend_now(struct vgic *vgic, unsigned vcpu, unsigned intid, struct vgic_list *list);

/* Does anything wait that would end a wfi of @vcpu? Model only: fold first if its LRs are loaded. */
bool vgic_deliverable(const struct vgic *vgic, unsigned vcpu);

/* Must @vcpu be folded and filled before it goes on? Its own pCPU, lock not needed (one flag, set under the
 * lock by others). */
bool vgic_stale(const struct vgic *vgic, unsigned vcpu);
/* Where that flag is, for who looks often: not 0 when stale. */
const _Atomic uint8_t *vgic_stale_flag(const struct vgic *vgic, unsigned vcpu);

/* What it keeps for @vcpu. No lock. */
struct vgic_vcpu *vgic_of_vcpu(struct vgic *vgic, unsigned vcpu);

/* List registers -> model. @lr: what the hardware holds, lr_count of them. After it the model is the truth.
 * Nothing when they are not loaded. Returns the vCPUs to notice: what was listed here waits for them now (the
 * guest changed its target). */
uint32_t vgic_fold(struct vgic *vgic, unsigned vcpu, const struct gic_lr *lr);
/* After each vgic_fold(), until it returns 0: a linked SPI to deactivate physically, because software ended
 * it (another vCPU cleared it, or too many interrupts waited to spend GIC_LR_HW on it). */
unsigned vgic_next_release(struct vgic *vgic, unsigned vcpu);
/* Model -> list registers. After it the list registers are the truth and the vCPU is not stale. */
void vgic_fill(struct vgic *vgic, unsigned vcpu, struct vgic_fill *out);
/* For a stale vCPU whose list registers are loaded, before a fold: list what came since in shared list
 * registers that hold nothing; @empty says which do, in the hardware. Returns those to be written from
 * out->lr; no other part of @out is. When that was not all there is to do the vCPU is stale still. */
uint32_t vgic_add(struct vgic *vgic, unsigned vcpu, uint32_t empty, struct vgic_fill *out);

enum vgic_answer {
    VGIC_DONE,
    VGIC_ABSENT,     /* Nothing answers there in that width: the caller injects an abort. */
    VGIC_FOLD_FIRST, /* Nothing was done: what the list registers hold matters here. */
};

#define VGIC_DISTRIBUTOR VCPU_MAX

/* A guest's access to its interrupt controller. */
struct vgic_access {
    struct vgic *vgic;
    struct vgic_work *work;
    unsigned vcpu;   /* Who accesses. */
    unsigned frame;  /* VGIC_DISTRIBUTOR (GICv2 4 KiB, GICv3 64 KiB), or whose redistributor (128 KiB). */
    uint32_t offset; /* In the frame. */
    unsigned size;   /* 1, 2, 4 or 8 bytes. */
    bool write;
    bool folded;    /* The accessing vCPU is folded already, and will be filled again. */
    uint64_t value; /* In or out, by @write. */
};

/* Carry out @access. Asked to fold, the caller does, comes again saying so, and fills afterwards. */
enum vgic_answer vgic_access(struct vgic_access *access);

/* GICv3: a write of ICC_SGI1R_EL1 (@group 1), ICC_ASGI1R or ICC_SGI0R (@group 0). */
void vgic_sgi_write(struct vgic *vgic, unsigned vcpu, uint64_t value, unsigned group, struct vgic_work *work);

/* Target vCPU of SPI @intid now (v2: lowest in the mask; none: 0). */
unsigned vgic_target(const struct vgic *vgic, unsigned intid);
/* The first linked SPI >= @from; 0 when there is none. To take all from a domain. */
unsigned vgic_next_linked(const struct vgic *vgic, unsigned from);
/* The same of those that target @vcpu. To re-route when a vCPU moves. */
unsigned vgic_next_linked_spi(const struct vgic *vgic, unsigned vcpu, unsigned from);

/* vCPU reset (PSCI CPU_ON): its SGIs and PPIs to reset state. Linked PPIs drop hw_active. The vCPU is not
 * running. */
void vgic_vcpu_reset(struct vgic *vgic, unsigned vcpu);

/* A list register as the fast path has it. */
struct vgic_fast_slot {
    unsigned intid;     /* The table: what fires into it. 0: nothing does, and the rest is not looked at. */
    struct gic_lr lr;   /* What it holds. */
    struct gic_lr next; /* What would be written. */
    bool active, active_known; /* Is the physical interrupt active, if that was read? */
};

/* What is wrong with list register @slot of @vcpu, which is not stale (vgic_check.c); NULL: nothing. */
const char *vgic_fast_wrong(const struct vgic *vgic, unsigned vcpu, unsigned slot,
                            const struct vgic_fast_slot *now);

#endif

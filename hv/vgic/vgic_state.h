/* SPDX-License-Identifier: Apache-2.0 */
/* vgic_state.h - the model of a domain's virtual interrupts, shared by the files of vgic/ and nobody else.
 *
 * One struct virq per interrupt: SGIs and PPIs once per vCPU, SPIs once per domain. Its life, as the guest
 * sees it:
 *
 *            arrives               ack                 arrives
 *     idle ----------> pending ----------> active ----------------> active and pending
 *       ^                                    |  ^                           |
 *       +------------------------------------+  +---- end, then ack --------+
 *
 * Invariants (check_invariants() of the tests walks all of them):
 *
 *   V1  virq.slot is a number only while the list registers of virq.holder are loaded. Such a virq is
 * "listed": that slot holds the part of its state that VIRQ_LR_* names, the rest is in the model. It is in no
 * queue.
 *
 *   V2  A virq is in at most one slot of one vCPU, so an INTID is never in two list registers of a vCPU, an
 * SPI never on two vCPUs.
 *
 *   V3  Not listed: it is in the queue virq_wants() names, and in no other. So filling never searches.
 *
 *   V4  VIRQ_HW_ACTIVE without VIRQ_LATCH, VIRQ_ACTIVE or a slot does not exist: nobody would ever deactivate
 * it.
 *
 *   V5  A list register has GIC_LR_HW only if the virq has VIRQ_HW_ACTIVE, and not while the interrupt is
 * active and also latched: then the physical interrupt belongs to the second life and software ends the
 * first.
 *
 *   V6  A bound virq is linked, enabled and targets the vCPU whose slot it owns.
 *
 *   V7  What had to be left out of the list registers is announced: a change marks the vCPU stale, the end of
 * an interrupt whose list register holds something back raises a maintenance interrupt (GIC_LR_EOI).
 *
 *   V8  vgic_enabled_word() has the bits of exactly those with VIRQ_ENABLED.
 *
 * Locking: the domain's vgic lock guards all but vgic_vcpu.stale, which its own pCPU reads without. */
#ifndef VGIC_VGIC_STATE_H
#define VGIC_VGIC_STATE_H

#include <stdatomic.h>

#include "lib/panic.h"
#include "vgic/vgic.h"

/* What the guest configured, and what was built in. */
#define VIRQ_ENABLED BIT32(0)
#define VIRQ_GROUP1 BIT32(1)
#define VIRQ_EDGE BIT32(2)    /* Else level. */
#define VIRQ_LINKED BIT32(3)  /* vINTID is fed by the physical interrupt of that number. */
#define VIRQ_ANY_CPU BIT32(4) /* GICD_IROUTER.IRM. */
/* Where it is in its life. */
#define VIRQ_LINE BIT32(8)       /* Level of the input of an interrupt that is not linked. */
#define VIRQ_LATCH BIT32(9)      /* Pending whatever the line says, until it is acknowledged or cleared. */
#define VIRQ_ACTIVE BIT32(10)    /* On vCPU virq.holder. */
#define VIRQ_HW_ACTIVE BIT32(11) /* The linked physical interrupt is acknowledged and not deactivated. */
/* While listed: what the list register's state will mean when it is folded. */
#define VIRQ_LR_LATCHED BIT32(12) /* Pending there is worth VIRQ_LATCH (else: the line made it pending). */
#define VIRQ_LR_ACTIVE BIT32(13)  /* Active there is worth VIRQ_ACTIVE. */
#define VIRQ_LR_ENDS_HW                                                                                      \
    BIT32(14) /* Written with GIC_LR_HW, or an empty bound one: VIRQ_HW_ACTIVE is what it holds something.   \
               */
/* Acknowledged by another pCPU than the one that lists it: ended by software, never with GIC_LR_HW
 * (vgic_moved). */
#define VIRQ_MOVED BIT32(15)
#define VIRQ_LR_ALL (VIRQ_LR_LATCHED | VIRQ_LR_ACTIVE | VIRQ_LR_ENDS_HW)

#define VIRQ_NO_SLOT 0xffu
#define VIRQ_NO_TARGET 0xffu

/* Five bits of priority, as GIC-400 and most GICv3 have; the guest reads the other bits as zero. */
#define VGIC_PRIORITY_MASK 0xf8u
#define VGIC_LEVEL_COUNT 32u

enum virq_queue_id {
    VIRQ_QUEUE_GROUP0, /* Pending, enabled, with a target: would be listed if its group is on. */
    VIRQ_QUEUE_GROUP1,
    VIRQ_QUEUE_ACTIVE, /* Active here: has to be in a list register for the guest to be able to end it. */
    VIRQ_QUEUE_COUNT,
    VIRQ_QUEUE_NONE = VIRQ_QUEUE_COUNT,
};

struct virq {
    uint32_t flags;
    uint32_t route; /* GICD_ITARGETSR byte, or GICD_IROUTER's affinity packed as aff3.aff2.aff1.aff0. */
    uint16_t intid;
    uint8_t priority;
    uint8_t target; /* vCPU it goes to by configuration; VIRQ_NO_TARGET. */
    uint8_t slot;   /* List register it is in; VIRQ_NO_SLOT. */
    uint8_t holder; /* vCPU of that list register; of an active interrupt: vCPU that has to end it. */
    uint8_t
        sources; /* GICv2 SGI: bit per source vCPU for which it is pending; takes the place of VIRQ_LATCH. */
    uint8_t active_source; /* GICv2 SGI that is active: whose it was. */
    uint8_t queue;         /* enum virq_queue_id... */
    uint8_t queue_vcpu;    /* ...of this vCPU. */
};

/* A set of INTIDs ordered by priority, then by number. Insert, remove and first are a few instructions
 * whatever it holds:
 *
 *     levels:     bit per priority with members
 *       words[l]: bit per 32-bit word of level l with members
 *         bits[l * word_count + w]: bit per INTID */
struct virq_queue {
    uint32_t levels;
    uint32_t words[VGIC_LEVEL_COUNT];
    uint32_t *bits;
};

/* Why list registers are not what the model wants. */
enum vgic_stale {
    VGIC_FRESH,
    VGIC_ADDED, /* Something more is pending: it may fit beside what is listed (vgic_add). */
    VGIC_STALE, /* Fold and fill. */
};

struct vgic_vcpu {
    _Atomic uint8_t stale; /* enum vgic_stale */
    bool loaded;           /* The list registers hold what the last fill wrote. */
    bool waits;            /* That was not all: something deliverable found no room. */
    bool asleep;           /* GICR_WAKER.ProcessorSleep: kept for reading. */
    uint32_t listed_slots; /* Bit per slot that has something of ours, if only an idle bound interrupt. */
    uint32_t again;        /* VGIC_ADDED: slots whose interrupt is pending once more. */
    uint32_t bound_slots;  /* Bit per slot that a linked interrupt owns; the others are shared. */
    uint16_t listed[GIC_LR_MAX];      /* INTID in a listed slot. */
    uint8_t listed_state[GIC_LR_MAX]; /* GIC_LR_PENDING | GIC_LR_ACTIVE as filled. */
    uint16_t bound[GIC_LR_MAX];       /* Linked INTID that owns a bound slot. */
    uint16_t release[GIC_LR_MAX];     /* See vgic_next_release(). */
    unsigned release_count;
    struct virq_queue queue[VIRQ_QUEUE_COUNT];
    struct virq local[GIC_SPI_FIRST];
};

struct vgic {
    struct spinlock lock;
    struct vgic_config config;
    const struct vgic_table *dist;           /* The distributor's registers. */
    uint32_t slots;                          /* Bit per list register of the hardware. */
    uint32_t group_enable;                   /* GICD_CTLR: bit 0 group 0, bit 1 group 1. */
    uint16_t linked_ppis;                    /* Bit 0 = INTID 16. */
    unsigned made;                           /* Interrupts that are made, while it is: vCPUs' own first. */
    unsigned word_count;                     /* 32-bit words of a bitmap of all INTIDs. */
    uint32_t linked[GIC_INTID_MAX / 32 + 1]; /* Bit per linked SPI. */
    uint32_t enabled[VCPU_MAX + GIC_INTID_MAX / 32 + 1]; /* See vgic_enabled_word(). */
    struct virq *spi;                                    /* INTID 32 on. */
    struct vgic_vcpu vcpu[VCPU_MAX];
};

/* vgic_queue.c */
void virq_queue_insert(struct vgic *vgic, struct virq *virq, unsigned vcpu, enum virq_queue_id queue);
void virq_queue_remove(struct vgic *vgic, struct virq *virq); /* Nothing when it is in none. */
/* Take all private interrupts out of @queue, of one vCPU; what they say of their queue is left to the caller.
 */
void virq_queue_drop_private(const struct vgic *vgic, struct virq_queue *queue);

static inline bool virq_queue_empty(const struct virq_queue *queue)
{
    return queue->levels == 0;
}

/* Of the non-empty queue: highest priority, lowest INTID. */
static inline unsigned virq_queue_first(const struct vgic *vgic, const struct virq_queue *queue)
{
    unsigned level = (unsigned)__builtin_ctz(queue->levels);
    unsigned word = (unsigned)__builtin_ctz(queue->words[level]);

    return word * 32u + (unsigned)__builtin_ctz(queue->bits[level * vgic->word_count + word]);
}

/* @intid below spi_limit; @vcpu matters below 32. */
static inline struct virq *vgic_virq(struct vgic *vgic, unsigned vcpu, unsigned intid)
{
    ASSERT(intid < vgic->config.spi_limit && (intid >= GIC_SPI_FIRST || vcpu < vgic->config.vcpu_count));
    return intid < GIC_SPI_FIRST ? &vgic->vcpu[vcpu].local[intid] : &vgic->spi[intid - GIC_SPI_FIRST];
}

static inline const struct virq *vgic_virq_const(const struct vgic *vgic, unsigned vcpu, unsigned intid)
{
    ASSERT(intid < vgic->config.spi_limit && (intid >= GIC_SPI_FIRST || vcpu < vgic->config.vcpu_count));
    return intid < GIC_SPI_FIRST ? &vgic->vcpu[vcpu].local[intid] : &vgic->spi[intid - GIC_SPI_FIRST];
}

/* Bits of 32 interrupts that are enabled, from INTID 32 * @word on; of word 0 those of @vcpu, or
 * VGIC_DISTRIBUTOR for nobody's: always zero. */
static inline uint32_t *vgic_enabled_word(struct vgic *vgic, unsigned vcpu, unsigned word)
{
    return &vgic->enabled[word == 0 ? vcpu : VCPU_MAX + word];
}

/* The affinity fields of an MPIDR as virq.route has them. */
static inline uint32_t vgic_pack_affinity(uint64_t mpidr)
{
    return (uint32_t)(bits_get(mpidr, 39, 32) << 24 | bits_get(mpidr, 23, 0));
}

static inline bool virq_is_sgi(const struct virq *virq)
{
    return virq->intid < GIC_SGI_COUNT;
}

/* A GICv2 SGI is pending per source. */
static inline bool virq_has_sources(const struct vgic *vgic, const struct virq *virq)
{
    return virq_is_sgi(virq) && vgic->config.version == 2;
}

static inline bool virq_listed(const struct virq *virq)
{
    return virq->slot != VIRQ_NO_SLOT;
}

/* The line of a level interrupt is up: pending, and pending again once it is ended. */
static inline bool virq_line_asserted(const struct virq *virq)
{
    return (virq->flags & (VIRQ_LINE | VIRQ_EDGE)) == VIRQ_LINE;
}

/* Pending as far as the model knows: what a list register holds comes on top. */
static inline bool virq_pending(const struct virq *virq)
{
    return (virq->flags & VIRQ_LATCH) != 0 || virq->sources != 0 || virq_line_asserted(virq);
}

static inline bool vgic_group_on(const struct vgic *vgic, const struct virq *virq)
{
    return (vgic->group_enable & ((virq->flags & VIRQ_GROUP1) != 0 ? BIT32(1) : BIT32(0))) != 0;
}

/* @virq's state or configuration has changed: bring its queue up to date. Returns the bit of the vCPU that
 * has to notice (marked stale too), 0 when nothing new waits anywhere. */
uint32_t virq_changed(struct vgic *vgic, struct virq *virq);
/* The same, when all that has changed is that it is pending now. */
uint32_t virq_added(struct vgic *vgic, struct virq *virq);
/* The queue alone: for the fold, which is going to fill anyway. */
void virq_requeue(struct vgic *vgic, struct virq *virq);
void vgic_mark_stale(struct vgic *vgic, unsigned vcpu);

/* @vcpu runs on this pCPU: what it has ended in shared list registers is listed no more. */
void vgic_take_back_ended(struct vgic *vgic, unsigned vcpu);

/* @virq is made pending by software, GICv2's SGI as from vCPU @source, by @vcpu, which runs on this pCPU. Put
 * it straight into one of its list registers, if nothing stands in the way: @virq was idle, and a shared list
 * register holds nothing. Returns whether; else nothing is done, and it is for virq_set_pending() or
 * virq_add_sources(). */
bool vgic_list_now(struct vgic *vgic, unsigned vcpu, struct virq *virq, unsigned source,
                   struct vgic_list *list);
/* The same, at most once for @work. */
bool vgic_work_list(struct vgic *vgic, unsigned vcpu, struct virq *virq, struct vgic_work *work);

/* What a guest's registers do to one interrupt. All add to @work; all may be given a listed interrupt. */
void virq_set_enabled(struct vgic *vgic, struct virq *virq, bool on, struct vgic_work *work);
void virq_set_pending(struct vgic *vgic, struct virq *virq, struct vgic_work *work);
void virq_clear_pending(struct vgic *vgic, struct virq *virq, struct vgic_work *work);
void virq_set_active(struct vgic *vgic, struct virq *virq, struct vgic_work *work);
void virq_clear_active(struct vgic *vgic, struct virq *virq, struct vgic_work *work);
void virq_set_priority(struct vgic *vgic, struct virq *virq, uint8_t priority, struct vgic_work *work);
void virq_set_group(struct vgic *vgic, struct virq *virq, bool group1, struct vgic_work *work);
void virq_set_edge(struct vgic *vgic, struct virq *virq, bool edge, struct vgic_work *work);
/* GICv2: @route is a mask of vCPUs. GICv3: a packed affinity, or @any_cpu. */
void virq_set_route(struct vgic *vgic, struct virq *virq, uint32_t route, bool any_cpu,
                    struct vgic_work *work);
void virq_add_sources(struct vgic *vgic, struct virq *virq, uint8_t sources, struct vgic_work *work);
void virq_drop_sources(struct vgic *vgic, struct virq *virq, uint8_t sources, struct vgic_work *work);
void vgic_set_groups(struct vgic *vgic, uint32_t group_enable, struct vgic_work *work);

/* What registers read. A listed interrupt: as last folded or filled; its vCPU is asked to fold, so that a
 * guest that polls gets the truth. */
bool virq_reads_pending(struct vgic *vgic, const struct virq *virq, struct vgic_work *work);
bool virq_reads_active(struct vgic *vgic, const struct virq *virq, struct vgic_work *work);

#endif

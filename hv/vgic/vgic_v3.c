/* SPDX-License-Identifier: Apache-2.0 */
/* vgic_v3.c - the GICv3 distributor, redistributors and SGI registers as a guest sees them: one security
 * state (GICD_CTLR.DS), affinity routing always on, no LPIs. Source: Arm IHI 0069, chapter 12. */
#include "vgic/vgic_regs.h"

#define CTLR_ENABLE_GRP0 BIT32(0)
#define CTLR_ENABLE_GRP1 BIT32(1)
#define CTLR_ARE BIT32(4)        /* Affinity routing: cannot be switched off. */
#define CTLR_DS BIT32(6)         /* One security state: neither. */
#define TYPER_ID_BITS (9u << 19) /* INTIDs have 10 bits. */
#define TYPER_A3V BIT32(24)      /* Affinity 3 may be other than zero. */
#define PIDR2_GICV3 0x3bu        /* ArchRev 3; JEDEC, DES_1 of Arm. */
#define IROUTER_IRM BIT32(31)    /* To any one vCPU. */
#define IROUTER_AFF2_TO_0 0x00ffffffu

#define GICR_TYPER_LAST BIT32(4)
#define GICR_TYPER_PROCESSOR_SHIFT 8
#define GICR_TYPER_AFFINITY_SHIFT 32
#define WAKER_PROCESSOR_SLEEP BIT32(1)
#define WAKER_CHILDREN_ASLEEP BIT32(2)

static uint64_t read_ctlr(const struct vgic_access *access)
{
    return access->vgic->group_enable | CTLR_ARE | CTLR_DS;
}

static void write_ctlr(const struct vgic_access *access, uint64_t value)
{
    vgic_set_groups(access->vgic, (uint32_t)value & (CTLR_ENABLE_GRP0 | CTLR_ENABLE_GRP1), access->work);
}

static uint64_t read_typer(const struct vgic_access *access)
{
    const struct vgic_config *config = &access->vgic->config;
    uint32_t value = vgic_it_lines(access->vgic) | TYPER_ID_BITS;

    for (unsigned vcpu = 0; vcpu < config->vcpu_count; vcpu++) {
        value |= bits_get(config->vcpu_mpidr[vcpu], 39, 32) != 0 ? TYPER_A3V : 0;
    }
    return value;
}

static uint64_t read_pidr2(const struct vgic_access *access)
{
    (void)access;
    return PIDR2_GICV3;
}

/* 64 bits per interrupt, from INTID 32 on; either half can be accessed alone. */
static uint64_t read_router(const struct vgic_access *access)
{
    const struct virq *virq = vgic_access_virq(access, access->offset / 8);
    uint64_t value;

    if (virq == NULL) {
        return 0;
    }
    value = (uint64_t)(virq->route >> 24) << 32 | (virq->route & IROUTER_AFF2_TO_0) |
            ((virq->flags & VIRQ_ANY_CPU) != 0 ? IROUTER_IRM : 0);
    return access->size == 4 ? (value >> (access->offset % 8 * 8)) & UINT32_MAX : value;
}

static void write_router(const struct vgic_access *access, uint64_t value)
{
    struct virq *virq = vgic_access_virq(access, access->offset / 8);
    uint32_t route;
    bool any_cpu;

    if (virq == NULL) {
        return;
    }
    route = virq->route;
    any_cpu = (virq->flags & VIRQ_ANY_CPU) != 0;
    if (access->size == 4 && access->offset % 8 != 0) {
        route = (route & IROUTER_AFF2_TO_0) | (uint32_t)(value & 0xff) << 24;
    } else {
        any_cpu = (value & IROUTER_IRM) != 0;
        route = (route & ~IROUTER_AFF2_TO_0) | ((uint32_t)value & IROUTER_AFF2_TO_0);
        if (access->size == 8) {
            route = (route & IROUTER_AFF2_TO_0) | (uint32_t)bits_get(value, 39, 32) << 24;
        }
    }
    virq_set_route(access->vgic, virq, route, any_cpu, access->work);
}

static uint64_t read_redist_typer(const struct vgic_access *access)
{
    const struct vgic_config *config = &access->vgic->config;
    uint64_t value = (uint64_t)vgic_pack_affinity(config->vcpu_mpidr[vgic_bank(access)])
                         << GICR_TYPER_AFFINITY_SHIFT |
                     (uint64_t)vgic_bank(access) << GICR_TYPER_PROCESSOR_SHIFT;

    value |= vgic_bank(access) + 1 == config->vcpu_count ? GICR_TYPER_LAST : 0;
    return access->size == 4 ? (value >> (access->offset * 8)) & UINT32_MAX : value;
}

/* A guest that never wakes its redistributor gets its interrupts all the same. */
static uint64_t read_waker(const struct vgic_access *access)
{
    return access->vgic->vcpu[vgic_bank(access)].asleep ? WAKER_PROCESSOR_SLEEP | WAKER_CHILDREN_ASLEEP : 0;
}

static void write_waker(const struct vgic_access *access, uint64_t value)
{
    access->vgic->vcpu[vgic_bank(access)].asleep = (value & WAKER_PROCESSOR_SLEEP) != 0;
}

/* clang-format off */
static const struct vgic_reg dist_regs[] = {
    /* first, last, widths, folds, read, write */
    {0x0000, 0x0003, W32,       NO_FOLD,    read_ctlr,     write_ctlr},          /* GICD_CTLR */
    {0x0004, 0x0007, W32,       NO_FOLD,    read_typer,    write_ignore},        /* GICD_TYPER */
    {0x0008, 0x000b, W32,       NO_FOLD,    read_iidr,     write_ignore},        /* GICD_IIDR */
    {0x000c, 0x000f, W32,       NO_FOLD,    read_zero,     write_ignore},        /* GICD_TYPER2 */
    {0x0010, 0x0013, W32,       NO_FOLD,    read_zero,     write_ignore},        /* GICD_STATUSR */
    {0x0080, 0x00ff, W32,       NO_FOLD,    read_group,    write_group},         /* GICD_IGROUPRn */
    {0x0100, 0x017f, W32,       NO_FOLD,    read_enable,   write_enable_set},    /* GICD_ISENABLERn */
    {0x0180, 0x01ff, W32,       NO_FOLD,    read_enable,   write_enable_clear},  /* GICD_ICENABLERn */
    {0x0200, 0x027f, W32,       FOLD_BITS,  read_pending,  write_pending_set},   /* GICD_ISPENDRn */
    {0x0280, 0x02ff, W32,       FOLD_BITS,  read_pending,  write_pending_clear}, /* GICD_ICPENDRn */
    {0x0300, 0x037f, W32,       FOLD_BITS,  read_active,   write_active_set},    /* GICD_ISACTIVERn */
    {0x0380, 0x03ff, W32,       FOLD_BITS,  read_active,   write_active_clear},  /* GICD_ICACTIVERn */
    {0x0400, 0x07fb, W8 | W32,  NO_FOLD,    read_priority, write_priority},      /* GICD_IPRIORITYRn */
    {0x0800, 0x0bfb, W8 | W32,  NO_FOLD,    read_zero,     write_ignore},        /* GICD_ITARGETSRn */
    {0x0c00, 0x0cff, W32,       NO_FOLD,    read_config,   write_config},        /* GICD_ICFGRn */
    {0x6000, 0x7fdf, W32 | W64, NO_FOLD,    read_router,   write_router},        /* GICD_IROUTERn */
    {0xffe8, 0xffeb, W32,       NO_FOLD,    read_pidr2,    write_ignore},        /* GICD_PIDR2 */
    VGIC_TABLE_END,
};
/* clang-format on */

/* clang-format off */
static const uint8_t dist_block[0x10000 / VGIC_BLOCK_BYTES] = {
    [0x001] = 5, 6, 7, 8, 9, 10, 11,     /* IGROUPR to ICACTIVER */
    [0x008 ... 0x00f] = 12,              /* IPRIORITYR */
    [0x010 ... 0x017] = 13,              /* ITARGETSR */
    [0x018 ... 0x019] = 14,              /* ICFGR */
    [0x01a ... 0x0ff] = 15,              /* IROUTER */
    [0x100 ... 0x1ff] = 16,              /* PIDR2 */
};
/* clang-format on */

const struct vgic_table vgic_v3_dist = {
    .reg = dist_regs,
    .block = dist_block,
    .count = ARRAY_COUNT(dist_regs) - 1,
    .bytes = 0x10000,
    .reserved_widths = W32 | W64,
};

/* clang-format off */
static const struct vgic_reg redist_regs[] = {
    /* RD_base (no LPIs): first, last, widths, folds, read, write */
    {0x00000, 0x00003, W32,       NO_FOLD,    read_zero,         write_ignore},        /* GICR_CTLR */
    {0x00004, 0x00007, W32,       NO_FOLD,    read_iidr,         write_ignore},        /* GICR_IIDR */
    {0x00008, 0x0000f, W32 | W64, NO_FOLD,    read_redist_typer, write_ignore},        /* GICR_TYPER */
    {0x00010, 0x00013, W32,       NO_FOLD,    read_zero,         write_ignore},        /* GICR_STATUSR */
    {0x00014, 0x00017, W32,       NO_FOLD,    read_waker,        write_waker},         /* GICR_WAKER */
    {0x0ffe8, 0x0ffeb, W32,       NO_FOLD,    read_pidr2,        write_ignore},        /* GICR_PIDR2 */
    /* SGI_base */
    {0x10080, 0x10083, W32,       NO_FOLD,    read_group,        write_group},         /* GICR_IGROUPR0 */
    {0x10100, 0x10103, W32,       NO_FOLD,    read_enable,       write_enable_set},    /* GICR_ISENABLER0 */
    {0x10180, 0x10183, W32,       NO_FOLD,    read_enable,       write_enable_clear},  /* GICR_ICENABLER0 */
    {0x10200, 0x10203, W32,       FOLD_BITS,  read_pending,      write_pending_set},   /* GICR_ISPENDR0 */
    {0x10280, 0x10283, W32,       FOLD_BITS,  read_pending,      write_pending_clear}, /* GICR_ICPENDR0 */
    {0x10300, 0x10303, W32,       FOLD_BITS,  read_active,       write_active_set},    /* GICR_ISACTIVER0 */
    {0x10380, 0x10383, W32,       FOLD_BITS,  read_active,       write_active_clear},  /* GICR_ICACTIVER0 */
    {0x10400, 0x1041f, W8 | W32,  NO_FOLD,    read_priority,     write_priority},      /* GICR_IPRIORITYRn */
    {0x10c00, 0x10c07, W32,       NO_FOLD,    read_config,       write_config},        /* GICR_ICFGRn */
    VGIC_TABLE_END,
};
/* clang-format on */

/* clang-format off */
static const uint8_t redist_block[0x20000 / VGIC_BLOCK_BYTES] = {
    [0x001 ... 0x1ff] = 5,               /* PIDR2 */
    [0x200] = 6, 6, 7, 8, 9, 10, 11, 12, /* IGROUPR0 to ICACTIVER0 */
    [0x208] = 13,                        /* IPRIORITYR */
    [0x209 ... 0x3ff] = 14,              /* ICFGR */
};
/* clang-format on */

const struct vgic_table vgic_v3_redist = {
    .reg = redist_regs,
    .block = redist_block,
    .count = ARRAY_COUNT(redist_regs) - 1,
    .bytes = 0x20000,
    .reserved_widths = W32 | W64,
};

/* Fields of ICC_SGI1R_EL1 and its kin (IHI 0069 12.2.20). */
#define SGIR_IRM BIT64(40)
#define SGIR_INTID(value) ((unsigned)bits_get(value, 27, 24))
#define SGIR_TARGETS(value) ((uint32_t)bits_get(value, 15, 0))
#define SGIR_RANGE(value)                                                                                    \
    ((uint32_t)bits_get(value, 47, 44)) /* Target bit n is affinity 0 of 16 * range + n. */

/* Affinities 3 to 1 named by @value, packed as in vgic_pack_affinity(), affinity 0 left zero. */
static uint32_t sgir_cluster(uint64_t value)
{
    return (uint32_t)(bits_get(value, 55, 48) << 24 | bits_get(value, 39, 32) << 16 |
                      bits_get(value, 23, 16) << 8);
}

static bool sgi_targets(const struct vgic *vgic, unsigned sender, uint64_t value, unsigned vcpu)
{
    uint32_t affinity = vgic_pack_affinity(vgic->config.vcpu_mpidr[vcpu]), affinity0 = affinity & 0xff;

    if ((value & SGIR_IRM) != 0) {
        return vcpu != sender;
    }
    return (affinity & ~UINT32_C(0xff)) == sgir_cluster(value) && affinity0 / 16 == SGIR_RANGE(value) &&
           (SGIR_TARGETS(value) & BIT32(affinity0 % 16)) != 0;
}

void vgic_sgi_write(struct vgic *vgic, unsigned vcpu, uint64_t value, unsigned group, struct vgic_work *work)
{
    *work = (struct vgic_work){0};
    for (unsigned target = 0; target < vgic->config.vcpu_count; target++) {
        struct virq *virq = vgic_virq(vgic, target, SGIR_INTID(value));

        /* A register of group 0 reaches only SGIs of group 0, ICC_SGI1R_EL1 both: with one security state
         * there is nobody to protect group 0 from. */
        if (sgi_targets(vgic, vcpu, value, target) && (group == 1 || (virq->flags & VIRQ_GROUP1) == 0) &&
            (target != vcpu || !vgic_work_list(vgic, vcpu, virq, work))) {
            virq_set_pending(vgic, virq, work);
        }
    }
    work->notice &= ~BIT32(vcpu); /* It is here: vgic_stale() tells it. */
}

/* SPDX-License-Identifier: Apache-2.0 */
/* vgic_v2.c - the GICv2 distributor as a guest sees it. Source: Arm IHI 0048B, chapter 4.3. */
#include "vgic/vgic_regs.h"

#define CTLR_ENABLE_GRP0 BIT32(0)
#define CTLR_ENABLE_GRP1 BIT32(1)
#define TYPER_CPU_NUMBER_SHIFT 5
#define ICPIDR2_GICV2 0x2bu /* ArchRev 2; JEDEC, DES_1 of Arm. */

#define SGIR_FILTER(value) bits_get(value, 25, 24)
#define SGIR_TARGETS(value) ((uint32_t)bits_get(value, 23, 16))
#define SGIR_INTID(value) ((unsigned)bits_get(value, 3, 0))
#define SGIR_FILTER_LIST 0u
#define SGIR_FILTER_OTHERS 1u
#define SGIR_FILTER_SELF 2u

static uint32_t all_vcpus(const struct vgic *vgic)
{
    return BIT32(vgic->config.vcpu_count) - 1u;
}

static uint64_t read_ctlr(const struct vgic_access *access)
{
    return access->vgic->group_enable;
}

static void write_ctlr(const struct vgic_access *access, uint64_t value)
{
    vgic_set_groups(access->vgic, (uint32_t)value & (CTLR_ENABLE_GRP0 | CTLR_ENABLE_GRP1), access->work);
}

static uint64_t read_typer(const struct vgic_access *access)
{
    return vgic_it_lines(access->vgic) | (access->vgic->config.vcpu_count - 1u) << TYPER_CPU_NUMBER_SHIFT;
}

static uint64_t read_icpidr2(const struct vgic_access *access)
{
    (void)access;
    return ICPIDR2_GICV2;
}

/* A byte per interrupt. SGIs and PPIs read as who reads; with one vCPU all is zero (IHI 0048B 4.3.12). */
static uint64_t read_targets(const struct vgic_access *access)
{
    uint64_t value = 0;

    if (access->vgic->config.vcpu_count == 1) {
        return 0;
    }
    for (unsigned byte = 0; byte < access->size; byte++) {
        const struct virq *virq = vgic_access_virq(access, access->offset + byte);

        value |= virq != NULL ? (uint64_t)virq->route << (byte * 8) : 0;
    }
    return value;
}

static void write_targets(const struct vgic_access *access, uint64_t value)
{
    struct vgic *vgic = access->vgic;

    if (vgic->config.vcpu_count == 1) {
        return;
    }
    for (unsigned byte = 0; byte < access->size; byte++) {
        struct virq *virq = vgic_access_virq(access, access->offset + byte);

        if (virq != NULL && virq->intid >= GIC_SPI_FIRST) {
            virq_set_route(vgic, virq, (uint32_t)(value >> (byte * 8)) & all_vcpus(vgic), false,
                           access->work);
        }
    }
}

static void write_sgir(const struct vgic_access *access, uint64_t value)
{
    struct vgic *vgic = access->vgic;
    uint32_t self = BIT32(access->vcpu), targets = 0;

    if (SGIR_FILTER(value) == SGIR_FILTER_LIST) {
        targets = SGIR_TARGETS(value) & all_vcpus(vgic);
    } else if (SGIR_FILTER(value) == SGIR_FILTER_OTHERS) {
        targets = all_vcpus(vgic) & ~self;
    } else if (SGIR_FILTER(value) == SGIR_FILTER_SELF) {
        targets = self;
    }
    for (; targets != 0; targets &= targets - 1) {
        unsigned target = (unsigned)__builtin_ctz(targets);
        struct virq *virq = vgic_virq(vgic, target, SGIR_INTID(value));

        if (target != access->vcpu || !vgic_work_list(vgic, target, virq, access->work)) {
            virq_add_sources(vgic, virq, (uint8_t)self, access->work);
        }
    }
}

/* A byte per SGI: bit per vCPU for which it is pending. */
static uint64_t read_sgi_sources(const struct vgic_access *access)
{
    uint64_t value = 0;

    for (unsigned byte = 0; byte < access->size; byte++) {
        value |= (uint64_t)vgic_virq(access->vgic, vgic_bank(access), access->offset + byte)->sources
                 << (byte * 8);
    }
    return value;
}

static void write_sgi_sources_set(const struct vgic_access *access, uint64_t value)
{
    for (unsigned byte = 0; byte < access->size; byte++) {
        virq_add_sources(access->vgic, vgic_virq(access->vgic, vgic_bank(access), access->offset + byte),
                         (uint8_t)((value >> (byte * 8)) & all_vcpus(access->vgic)), access->work);
    }
}

static void write_sgi_sources_clear(const struct vgic_access *access, uint64_t value)
{
    for (unsigned byte = 0; byte < access->size; byte++) {
        virq_drop_sources(access->vgic, vgic_virq(access->vgic, vgic_bank(access), access->offset + byte),
                          (uint8_t)(value >> (byte * 8)), access->work);
    }
}

/* clang-format off */
static const struct vgic_reg dist_regs[] = {
    /* first, last, widths, folds, read, write */
    {0x000, 0x003, W32,      NO_FOLD,    read_ctlr,        write_ctlr},              /* GICD_CTLR */
    {0x004, 0x007, W32,      NO_FOLD,    read_typer,       write_ignore},            /* GICD_TYPER */
    {0x008, 0x00b, W32,      NO_FOLD,    read_iidr,        write_ignore},            /* GICD_IIDR */
    {0x080, 0x0ff, W32,      NO_FOLD,    read_group,       write_group},             /* GICD_IGROUPRn */
    {0x100, 0x17f, W32,      NO_FOLD,    read_enable,      write_enable_set},        /* GICD_ISENABLERn */
    {0x180, 0x1ff, W32,      NO_FOLD,    read_enable,      write_enable_clear},      /* GICD_ICENABLERn */
    {0x200, 0x27f, W32,      FOLD_BITS,  read_pending,     write_pending_set},       /* GICD_ISPENDRn */
    {0x280, 0x2ff, W32,      FOLD_BITS,  read_pending,     write_pending_clear},     /* GICD_ICPENDRn */
    {0x300, 0x37f, W32,      FOLD_BITS,  read_active,      write_active_set},        /* GICD_ISACTIVERn */
    {0x380, 0x3ff, W32,      FOLD_BITS,  read_active,      write_active_clear},      /* GICD_ICACTIVERn */
    {0x400, 0x7fb, W8 | W32, NO_FOLD,    read_priority,    write_priority},          /* GICD_IPRIORITYRn */
    {0x800, 0xbfb, W8 | W32, NO_FOLD,    read_targets,     write_targets},           /* GICD_ITARGETSRn */
    {0xc00, 0xcff, W32,      NO_FOLD,    read_config,      write_config},            /* GICD_ICFGRn */
    {0xf00, 0xf03, W32,      NO_FOLD,    read_zero,        write_sgir},              /* GICD_SGIR */
    {0xf10, 0xf1f, W8 | W32, FOLD_BYTES, read_sgi_sources, write_sgi_sources_clear}, /* GICD_CPENDSGIRn */
    {0xf20, 0xf2f, W8 | W32, FOLD_BYTES, read_sgi_sources, write_sgi_sources_set},   /* GICD_SPENDSGIRn */
    {0xfe8, 0xfeb, W32,      NO_FOLD,    read_icpidr2,     write_ignore},            /* ICPIDR2 */
    VGIC_TABLE_END,
};
/* clang-format on */

/* clang-format off */
static const uint8_t dist_block[0x1000 / VGIC_BLOCK_BYTES] = {
    [0x01] = 3, 4, 5, 6, 7, 8, 9,        /* IGROUPR to ICACTIVER */
    [0x08 ... 0x0f] = 10,                /* IPRIORITYR */
    [0x10 ... 0x17] = 11,                /* ITARGETSR */
    [0x18 ... 0x19] = 12,                /* ICFGR */
    [0x1a ... 0x1e] = 13,                /* SGIR and what follows */
    [0x1f] = 16,                         /* ICPIDR2 */
};
/* clang-format on */

const struct vgic_table vgic_v2_dist = {
    .reg = dist_regs,
    .block = dist_block,
    .count = ARRAY_COUNT(dist_regs) - 1,
    .bytes = 0x1000,
    .reserved_widths = W32,
};

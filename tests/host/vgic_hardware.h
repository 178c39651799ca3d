/* SPDX-License-Identifier: Apache-2.0 */
/* vgic_hardware.h - the machine of the vGIC's tests: a vgic, the list registers of each CPU, physical
 * interrupts. */
#ifndef TESTS_HOST_VGIC_HARDWARE_H
#define TESTS_HOST_VGIC_HARDWARE_H

#include <string.h>

#include "test.h"
#include "vgic/vgic.h"
#include "vgic/vgic_state.h"

struct physical {
    bool edge, line, latch, enabled, active;
};

static struct {
    struct vgic *vgic;
    struct vgic_config config;
    struct {
        bool loaded;
        struct gic_lr lr[GIC_LR_MAX];
        struct vgic_fill fill;
        uint32_t shared; /* Slots that were bound to nothing when last filled. */
        struct physical ppi[GIC_SPI_FIRST];
    } cpu[VCPU_MAX]; /* vCPU n runs on CPU n, or is off it. */
    struct physical spi[GIC_INTID_MAX];
    struct vgic_work work; /* Of the last access. */
    unsigned accessing;    /* The vCPU that accesses, or did last. */
    unsigned folds;
    unsigned sent_to_self; /* SGIs that took the short way. */
    unsigned pended_now;   /* And edges. */
    bool kicks_are_late;
    uint32_t kicked; /* Late kicks: vCPUs that have not passed EL2 since they were to be noticed. */
} machine;

static inline struct physical *machine_physical(unsigned vcpu, unsigned intid)
{
    return intid < GIC_SPI_FIRST ? &machine.cpu[vcpu].ppi[intid] : &machine.spi[intid];
}

static inline bool physical_pending(const struct physical *physical)
{
    return physical->edge ? physical->latch : physical->line;
}

static inline struct virq *virq_of(unsigned vcpu, unsigned intid)
{
    return vgic_virq(machine.vgic, vcpu, intid);
}

static inline uint32_t machine_lr_empty(void)
{
    uint32_t empty = 0;

    for (unsigned slot = 0; slot < machine.config.lr_count; slot++) {
        empty |= machine.cpu[machine.accessing].lr[slot].state == 0 ? BIT32(slot) : 0;
    }
    return empty;
}

/* What an access asks for at once. */
static inline void machine_list(const struct vgic_list *list)
{
    unsigned vcpu = machine.accessing;

    CHECK(machine.cpu[vcpu].loaded);
    CHECK((machine_lr_empty() & machine.cpu[vcpu].shared & BIT32(list->slot)) != 0);
    machine.cpu[vcpu].lr[list->slot] = list->lr;
}

static inline void machine_start(unsigned version, unsigned vcpu_count, unsigned lr_count, unsigned spi_limit)
{
    free(machine.vgic);
    memset(&machine, 0, sizeof(machine));
    machine.config = (struct vgic_config){
        .version = version,
        .vcpu_count = vcpu_count,
        .spi_limit = spi_limit,
        .lr_count = lr_count,
        .lr_empty = machine_lr_empty,
    };
    for (unsigned i = 0; i < vcpu_count; i++) {
        machine.config.vcpu_mpidr[i] =
            i; /* As a GICv2 guest numbers them; GICv3 tests may change it before use. */
    }
    machine.vgic = calloc(1, vgic_bytes(&machine.config));
    CHECK_EQ(vgic_init(machine.vgic, &machine.config), 0);
}

static inline void machine_link(unsigned intid, bool edge)
{
    vgic_link(machine.vgic, intid, edge);
    for (unsigned vcpu = 0; vcpu < machine.config.vcpu_count; vcpu++) {
        machine_physical(vcpu, intid)->edge = edge;
    }
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* gic.h - what the hypervisor asks of the physical interrupt controller. One file a version: gicv2.c,
 * gicv3.c. EL2 runs with EOImode 1: eoi drops priority, deactivate ends the interrupt. All calls with
 * interrupts masked. "cpu" is the index into board->cpu_mpidr. */
#ifndef DRIVERS_GIC_H
#define DRIVERS_GIC_H

#include "lib/board.h"
#include "lib/gic.h"

/* A vCPU's virtual CPU interface while it is off its pCPU (the list registers are kept by vgic/). */
struct gic_vcpu_state {
    uint64_t vmcr;
    uint64_t apr[8]; /* GICv2: [0]; GICv3: AP0R0-3 then AP1R0-3. */
};

struct gic_driver {
    const char *name;
    unsigned version;

    /* Boot CPU, once, registers mapped by the driver through mmu_map_device(). Sets up the distributor: all
     * SPIs disabled, not pending, not active, group 1 (non-secure view), priority GIC_PRIORITY_DEFAULT,
     * routed to the boot CPU. Panics with words that help when there is no virtual interface. */
    void (*init)(const struct board_gic *gic);
    /* Every CPU, itself: redistributor or banked registers (PPIs and SGIs disabled but the hypervisor's
     * SGIs), CPU interface with EOImode 1, priority mask open, virtual interface on with empty list
     * registers. */
    void (*init_cpu)(unsigned cpu);

    unsigned (*lr_count)(void);
    unsigned (*spi_limit)(void); /* First INTID the distributor does not implement. */

    uint32_t (*ack)(void);     /* Raw IAR: keep it for eoi; & intid_mask gives the INTID. */
    void (*eoi)(uint32_t iar); /* Priority drop. */
    void (*deactivate)(uint32_t iar);
    uint32_t intid_mask; /* 0x3ff or 0xffffff. */

    /* PPIs and SGIs: this CPU's. SPIs: the distributor's. */
    void (*enable)(unsigned intid, bool on);
    void (*set_active)(unsigned intid, bool on);
    void (*set_pending)(unsigned intid, bool on);
    bool (*is_active)(unsigned intid);
    bool (*is_pending)(unsigned intid);
    void (*set_priority)(unsigned intid, uint8_t priority);
    void (*set_edge)(unsigned intid, bool edge);     /* Interrupt must be disabled. */
    void (*set_route)(unsigned intid, unsigned cpu); /* SPIs only. */
    /* Orders earlier stores of this CPU before the interrupt. */
    void (*send_sgi)(unsigned sgi, unsigned cpu);

    /* Virtual CPU interface of this CPU. */
    uint64_t (*lr_encode)(const struct gic_lr *lr);
    void (*lr_decode)(uint64_t raw, struct gic_lr *lr);
    void (*lr_write)(unsigned slot, uint64_t raw);
    uint64_t (*lr_read)(unsigned slot);
    uint32_t (*lr_empty)(void); /* Bit per list register that holds nothing (ELRSR). */
    /* Maintenance interrupt when no list register is pending (HCR.NPIE). The interface is always on (HCR.En).
     */
    void (*vif_set)(bool none_pending_irq);
    void (*vcpu_save)(struct gic_vcpu_state *state);
    void (*vcpu_load)(const struct gic_vcpu_state *state);
    void (*vcpu_reset)(struct gic_vcpu_state *state); /* State of a CPU interface after reset. */
};

#define GIC_PRIORITY_DEFAULT 0xa0u

extern const struct gic_driver gicv2_driver, gicv3_driver;

/* The driver of this machine, set by gic_select() and nobody else. */
extern const struct gic_driver *gic_chosen;

static inline const struct gic_driver *gic(void)
{
    return gic_chosen;
}

/* Choose by @board and run its init. Panics when the board has none that fits. Boot CPU. */
void gic_select(const struct board_gic *board);

/* GICv2: physical address of the 8 KiB virtual CPU interface (GICV), to be mapped at the guest's GICC: with
 * page 0 and page 1 given apart because some boards repeat each 4 KiB page over 64 KiB. */
void gicv2_gicv_pages(pa_t pages[2]);

/* GICv2: the mapped CPU interface and virtual interface control, moved already where pages repeat: for the
 * interrupt fast path. */
void gicv2_fast_path(va_t *gicc_base, va_t *gich_base);

#endif

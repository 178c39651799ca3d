/* SPDX-License-Identifier: Apache-2.0 */
/* gic_dist.h - what GICv2's distributor, GICv3's distributor and GICv3's redistributors (SGI frame) have in
 * common: the registers with one, two or eight bits an interrupt, at the same offsets in all three. Source:
 * IHI 0048B 4.1.2 and 4.3; IHI 0069 12.9 and 12.11. */
#ifndef DRIVERS_GIC_DIST_H
#define DRIVERS_GIC_DIST_H

#include "arch/mmio.h"
#include "drivers/gic.h"

#define GICD_CTLR 0x000u
#define GICD_TYPER 0x004u
#define GICD_IGROUPR 0x080u
#define GICD_ISENABLER 0x100u
#define GICD_ICENABLER 0x180u
#define GICD_ISPENDR 0x200u
#define GICD_ICPENDR 0x280u
#define GICD_ISACTIVER 0x300u
#define GICD_ICACTIVER 0x380u
#define GICD_IPRIORITYR 0x400u
#define GICD_ITARGETSR 0x800u
#define GICD_ICFGR 0xc00u

#define GICD_TYPER_ITLINESNUMBER_HIGH 4u /* Bits 4:0: 32 * (N + 1) interrupts. */
#define GICD_TYPER_ITLINESNUMBER_LOW 0u

#define GIC_ALL_PRIORITY_DEFAULT (GIC_PRIORITY_DEFAULT * 0x01010101u)

/* Registers of one bit an interrupt: the word at @reg that holds @intid, written with that bit alone. */
static inline void gic_bit_write(va_t frame, uint32_t reg, unsigned intid)
{
    mmio_write32(frame, reg + intid / 32 * 4, BIT32(intid % 32));
}

static inline bool gic_bit_read(va_t frame, uint32_t reg, unsigned intid)
{
    return (mmio_read32(frame, reg + intid / 32 * 4) & BIT32(intid % 32)) != 0;
}

/* First INTID that the distributor at @gicd does not implement. */
unsigned gic_dist_limit(va_t gicd);

/* Every SPI below @limit: group as @group_word has it, disabled, not pending, not active, default priority,
 * level. */
void gic_dist_reset_spis(va_t gicd, unsigned limit, uint32_t group_word);

/* The SGIs and PPIs of this CPU in @frame, the same way, but PPIs keep their trigger, which hardware fixes,
 * and the SGIs, all of which are the hypervisor's, are enabled. GICv3: the caller waits for the writes to
 * complete. */
void gic_dist_reset_local(va_t frame, uint32_t group_word);

/* Trigger of @intid in @frame. Takes the GIC lock: sixteen interrupts share the word. */
void gic_dist_set_edge(va_t frame, unsigned intid, bool edge);

#endif

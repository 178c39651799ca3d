/* SPDX-License-Identifier: Apache-2.0 */
/* gic.h - the interrupt controller, GICv2 or GICv3 as the device tree says. Source: Arm IHI 0048B and IHI
 * 0069. */
#ifndef GUEST_GIC_H
#define GUEST_GIC_H

#include <stdbool.h>
#include <stdint.h>

#define GIC_SPURIOUS 1023
#define GIC_PRIORITY_DEFAULT 0xa0

#define GICD_CTLR 0x000
#define GICD_TYPER 0x004
#define GICD_IGROUPR 0x080
#define GICD_ISENABLER 0x100
#define GICD_ICENABLER 0x180
#define GICD_ISPENDR 0x200
#define GICD_ICPENDR 0x280
#define GICD_ISACTIVER 0x300
#define GICD_ICACTIVER 0x380
#define GICD_IPRIORITYR 0x400
#define GICD_ITARGETSR 0x800
#define GICD_ICFGR 0xc00
#define GICD_SGIR 0xf00
#define GICD_CPENDSGIR 0xf10
#define GICD_SPENDSGIR 0xf20
#define GICD_IROUTER 0x6000

#define GICC_CTLR 0x000
#define GICC_PMR 0x004
#define GICC_IAR 0x00c
#define GICC_EOIR 0x010
#define GICC_RPR 0x014
#define GICC_HPPIR 0x018
#define GICC_IIDR 0x0fc
#define GICC_DIR 0x1000

#define GICR_CTLR 0x000
#define GICR_TYPER 0x008
#define GICR_WAKER 0x014
#define GICR_SGI_FRAME 0x10000 /* From the redistributor's first frame. */
#define GICR_FRAMES_BYTES 0x20000

void gic_init(void);     /* Boot CPU, once: distributor, then this CPU's part. */
void gic_init_cpu(void); /* Each further CPU. */

uint32_t gic_acknowledge(void); /* Raw; see gic_intid. */
unsigned gic_intid(uint32_t acknowledged);
void gic_end(uint32_t acknowledged);
void gic_deactivate(uint32_t acknowledged); /* EOImode 1. */
void gic_set_eoi_mode(bool separate);       /* true: gic_end only drops the priority. This CPU. */

/* Where the registers of @intid stand: the distributor, or for SGIs and PPIs of GICv3 this CPU's
 * redistributor. */
uint64_t gic_registers(unsigned intid);

void gic_enable(unsigned intid);
void gic_disable(unsigned intid);
void gic_set_priority(unsigned intid, uint8_t priority);
void gic_set_edge(unsigned intid, bool edge);
void gic_route(unsigned intid, unsigned cpu); /* An SPI to one CPU. */
void gic_set_pending(unsigned intid, bool pending);
void gic_set_active(unsigned intid, bool active);
bool gic_is_pending(unsigned intid);
bool gic_is_active(unsigned intid);
void gic_set_priority_mask(uint8_t mask);
void gic_send_sgi(unsigned intid, unsigned cpu);

#endif

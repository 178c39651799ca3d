/* SPDX-License-Identifier: Apache-2.0 */
/* gic.h - interrupt numbers and list registers in a form common to GICv2 and GICv3, so that the virtual GIC
 * (pure) and the physical drivers share one language. Source: Arm IHI 0048B (GICv2), IHI 0069 (GICv3). */
#ifndef LIB_GIC_H
#define LIB_GIC_H

#include "lib/types.h"

#define GIC_SGI_COUNT 16u
#define GIC_PPI_FIRST 16u
#define GIC_SPI_FIRST 32u
#define GIC_INTID_MAX 1020u  /* First INTID that is not SGI, PPI or SPI. */
#define GIC_INTID_NONE 1023u /* What an acknowledge reads when nothing is pending. */
#define GIC_LR_MAX 16u

#define GIC_LR_PENDING 1u
#define GIC_LR_ACTIVE 2u

#define GIC_LR_HW BIT32(0)     /* Deactivating the virtual interrupt deactivates physical INTID pintid. */
#define GIC_LR_GROUP1 BIT32(1) /* Group 1; else Group 0. */
#define GIC_LR_EOI BIT32(2)    /* Raise a maintenance interrupt when the guest ends it (only without HW). */

struct gic_lr {
    uint16_t vintid;
    uint16_t pintid;  /* Valid with GIC_LR_HW. */
    uint8_t priority; /* 8 bits as in GICD_IPRIORITYR; the driver drops what the hardware lacks. */
    uint8_t state;    /* GIC_LR_PENDING | GIC_LR_ACTIVE; 0: the list register is empty. */
    uint8_t source;   /* GICv2 SGI: source vCPU, 0-7. */
    uint8_t flags;
} __attribute__((aligned(8))); /* Copied as one word. */

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* dom0_devices.h - registers and interrupts of the devices that Dom0 gets. Pure. */
#ifndef BOOT_DOM0_DEVICES_H
#define BOOT_DOM0_DEVICES_H

#include "boot/dom0_nodes.h"

/* What is done with them. */
struct dom0_device_sink {
    void *context;
    /* Registers, the window of a PCI host, or reserved memory, to be mapped 1:1: what of it the hypervisor or
     * another domain has is left in, and may come several times. */
    void (*range)(void *context, const struct mem_range *range);
    /* An SPI or PPI, of a node that Dom0 gets or of the GIC and the timer. May come several times. */
    void (*irq)(void *context, const struct dt_irq *irq);
    /* A device's register: of the frames that GICv2 takes PCI's messages by, to know which SPIs are theirs.
     */
    uint32_t (*read_device)(void *context, pa_t addr);
};

void dom0_devices_each(const struct dom0_nodes *nodes, const struct dom0_device_sink *sink);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* vpl011.h - a domain's PL011 (SBSA subset and what Linux's pl011 and earlycon use). Pure register model: the
 * caller holds @uart's lock, prints what comes out or tells the far end, and drives the interrupt line.
 * Source: Arm DDI 0183 (PL011), SBSA appendix B. */
#ifndef VDEV_VPL011_H
#define VDEV_VPL011_H

#include "arch/spinlock.h"
#include "lib/types.h"
#include "vdev/console_ring.h"

#define VPL011_FIFO 32

struct vpl011 {
    struct spinlock lock;
    uint32_t cr, lcr_h, ibrd, fbrd, ifls, imsc, ris, dmacr;
    uint8_t in[VPL011_FIFO];
    unsigned in_head, in_count;
    bool served; /* What goes out and comes in goes through the ring. */
    bool ring_changed;
    bool tx_waits; /* TX is to be set when there is room. */
    struct console_ring ring;
};

void vpl011_init(struct vpl011 *uart);

/* From now on another domain serves it by the ring in @page. Then that is over: nobody does. Returns the
 * page; NULL: none was left. */
void vpl011_serve(struct vpl011 *uart, struct xencons_interface *page);
struct xencons_interface *vpl011_unserve(struct vpl011 *uart);

/* Served: after each access, and when the far end has signalled, take what it has written as far as there is
 * room, and see what it has read. Returns whether it is to be told that the ring has changed. */
bool vpl011_exchange(struct vpl011 *uart);

/* Access at byte @offset of the 4 KiB page, @size 1, 2 or 4. Unknown registers read 0 and ignore writes. */
uint32_t vpl011_read(struct vpl011 *uart, uint32_t offset, unsigned size);
/* Returns true and the character in @out when it is to be printed: the write was to the data register, and no
 * other domain serves @uart. */
bool vpl011_write(struct vpl011 *uart, uint32_t offset, unsigned size, uint32_t value, char *out);

/* A character arrives. Returns false when the FIFO is full. */
bool vpl011_receive(struct vpl011 *uart, char c);

/* Level of the interrupt line: RIS & IMSC. */
bool vpl011_irq_level(const struct vpl011 *uart);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* console_ring.h - the hypervisor's side of a console page that another domain reads and writes
 * (xen/io/console.h). Pure; who calls guards it with a lock.
 *
 * The page lies in the memory of the domain whose device this is; that domain and the one that serves it may
 * write anything anywhere, at any time. What is the hypervisor's to count, it counts by itself and only tells
 * there; of the far end's counts each is read once, and one that cannot be is as good as none: no input, no
 * room. */
#ifndef VDEV_CONSOLE_RING_H
#define VDEV_CONSOLE_RING_H

#include "lib/abi.h"
#include "lib/types.h"

#define CONSOLE_RING_OUT ((uint32_t)sizeof(((struct xencons_interface *)NULL)->out))
#define CONSOLE_RING_IN ((uint32_t)sizeof(((struct xencons_interface *)NULL)->in))

struct console_ring {
    struct xencons_interface *page; /* NULL: output goes nowhere, and no input comes. */
    uint32_t in_cons, out_prod;
};

/* From what stands in @page on. */
void console_ring_open(struct console_ring *ring, struct xencons_interface *page);

/* How many characters go out before the ring is full. */
uint32_t console_ring_room(const struct console_ring *ring);

/* One goes out, or comes in. Returns whether it did. The far end is to be told. */
bool console_ring_put(struct console_ring *ring, char c);
bool console_ring_take(struct console_ring *ring, char *c);

#endif

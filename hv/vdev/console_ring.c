/* SPDX-License-Identifier: Apache-2.0 */
/* console_ring.c - two rings of characters in a page. The indices count on without end, modulo 2^32; an index
 * and a ring's size, a power of two, give the place.
 *
 *     out:  hypervisor writes at out_prod  ->  the far end reads at out_cons
 *     in:   the far end writes at in_prod  ->  hypervisor reads at in_cons */
#include "vdev/console_ring.h"

#include <stdatomic.h>

_Static_assert((CONSOLE_RING_OUT & (CONSOLE_RING_OUT - 1)) == 0, "xen/io/console.h");
_Static_assert((CONSOLE_RING_IN & (CONSOLE_RING_IN - 1)) == 0, "xen/io/console.h");

/* The page's words are plain in the ABI's structure, and others change them. */
static _Atomic uint32_t *index_at(XENCONS_RING_IDX *index)
{
    return (_Atomic uint32_t *)index;
}

static _Atomic char *place_at(char *place)
{
    return (_Atomic char *)place;
}

void console_ring_open(struct console_ring *ring, struct xencons_interface *page)
{
    ring->page = page;
    ring->in_cons = atomic_load_explicit(index_at(&page->in_cons), memory_order_relaxed);
    ring->out_prod = atomic_load_explicit(index_at(&page->out_prod), memory_order_relaxed);
}

uint32_t console_ring_room(const struct console_ring *ring)
{
    uint32_t used;

    if (ring->page == NULL) {
        return CONSOLE_RING_OUT;
    }
    /* Acquire: what the far end has read is overwritten after it has. Pairs with its barrier before. */
    used = ring->out_prod - atomic_load_explicit(index_at(&ring->page->out_cons), memory_order_acquire);
    return used <= CONSOLE_RING_OUT ? CONSOLE_RING_OUT - used : 0;
}

bool console_ring_put(struct console_ring *ring, char c)
{
    if (console_ring_room(ring) == 0) {
        return false;
    }
    if (ring->page != NULL) {
        atomic_store_explicit(place_at(&ring->page->out[ring->out_prod % CONSOLE_RING_OUT]), c,
                              memory_order_relaxed);
        ring->out_prod++;
        /* Release: the character before the index that tells of it. */
        atomic_store_explicit(index_at(&ring->page->out_prod), ring->out_prod, memory_order_release);
    }
    return true;
}

bool console_ring_take(struct console_ring *ring, char *c)
{
    uint32_t waiting;

    if (ring->page == NULL) {
        return false;
    }
    /* Acquire: the index before the character that it tells of. */
    waiting = atomic_load_explicit(index_at(&ring->page->in_prod), memory_order_acquire) - ring->in_cons;
    if (waiting == 0 || waiting > CONSOLE_RING_IN) {
        return false;
    }
    *c = atomic_load_explicit(place_at(&ring->page->in[ring->in_cons % CONSOLE_RING_IN]),
                              memory_order_relaxed);
    ring->in_cons++;
    /* Release: the far end may write there only after the character was read. */
    atomic_store_explicit(index_at(&ring->page->in_cons), ring->in_cons, memory_order_release);
    return true;
}

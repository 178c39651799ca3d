/* SPDX-License-Identifier: Apache-2.0 */
/* trace_ring.h - a ring of trace records that the control domain reads: xen/trace.h, struct t_buf. Pure. */
#ifndef CORE_TRACE_RING_H
#define CORE_TRACE_RING_H

#include "lib/abi.h"
#include "lib/types.h"

#define TRACE_EXTRA_WORDS TRACE_EXTRA_MAX /* A record has as many words behind its time stamp at most. */

struct trace_ring {
    struct t_buf *shared; /* Where the ring begins; records follow. NULL: there is none. */
    uint32_t data_bytes;  /* Behind that head; two records of any size fit. */
    uint32_t produced; /* Where the next record goes, modulo 2 * data_bytes. The shared copy is never read. */
    uint32_t lost;     /* Records for which there was no room since the last that was written. */
    uint64_t lost_since; /* When the first of them was. */
};

/* An empty ring in @bytes at @memory, which are zero, aligned as struct t_buf, and a multiple of 4. */
void trace_ring_init(struct trace_ring *ring, void *memory, uint32_t bytes);

/* Append a record of @event at @now (ticks, never less than before) with @count words, or count it as lost.
 * @who runs here, for what is said of lost ones: domain number, and vCPU << 16. Returns whether the ring has
 * become half full by it. One pCPU writes a ring; its reader may do anything at the same time. */
bool trace_ring_put(struct trace_ring *ring, uint32_t event, uint64_t now, const uint32_t *words,
                    unsigned count, uint32_t who);

/* Say nothing of what was lost until now, and show the reader again how far the ring is. */
void trace_ring_resume(struct trace_ring *ring);

#endif

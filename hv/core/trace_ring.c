/* SPDX-License-Identifier: Apache-2.0 */
/* trace_ring.c - records put into a ring that somebody else reads, who is not trusted.
 *
 *     | cons prod | record | record | ... | filler |          xen/trace.h: struct t_buf, struct t_rec
 *
 * Both positions count bytes modulo twice the data, so that full and empty differ. A record never goes over
 * the ring's end: what is left there is filled by one TRC_TRACE_WRAP_BUFFER. When there is no room, records
 * are counted, and the first that finds room again has a TRC_LOST_RECORDS before it.
 *
 * The reader may write all of the ring. So of the shared memory only cons is read, once for a record, and
 * checked: at most data_bytes behind what was produced, and whole words. One that makes no sense means that
 * there is no room. All else is in struct trace_ring.
 *
 * Invariants: produced < 2 * data_bytes, a multiple of 4; no byte outside the ring is ever written. */
#include "core/trace_ring.h"

#include <stdatomic.h>

#include "lib/string.h"

#define HEAD_BYTES 4u
#define STAMP_BYTES 8u
#define LOST_WORDS 4u
#define LOST_BYTES (HEAD_BYTES + STAMP_BYTES + LOST_WORDS * 4u)

#define STAMPED BIT32(31)

void trace_ring_init(struct trace_ring *ring, void *memory, uint32_t bytes)
{
    *ring = (struct trace_ring){.shared = memory, .data_bytes = bytes - (uint32_t)sizeof(struct t_buf)};
}

static void publish(struct trace_ring *ring)
{
    atomic_store_explicit((_Atomic uint32_t *)&ring->shared->prod, ring->produced, memory_order_release);
}

void trace_ring_resume(struct trace_ring *ring)
{
    ring->lost = 0;
    publish(ring);
}

/* Bytes that the reader has not taken yet; all of them, when what it says makes no sense. */
static uint32_t unread(const struct trace_ring *ring)
{
    /* Acquire: nothing is written over what the reader still reads. */
    uint32_t cons = atomic_load_explicit((const _Atomic uint32_t *)&ring->shared->cons, memory_order_acquire);
    uint32_t bytes;

    if (cons % 4 != 0 || cons >= 2 * ring->data_bytes) {
        return ring->data_bytes;
    }
    bytes = ring->produced >= cons ? ring->produced - cons : ring->produced + 2 * ring->data_bytes - cons;
    return (uint32_t)min_u64(bytes, ring->data_bytes);
}

static uint32_t bytes_to_end(const struct trace_ring *ring)
{
    return ring->data_bytes -
           (ring->produced >= ring->data_bytes ? ring->produced - ring->data_bytes : ring->produced);
}

/* @bytes for a record when @to_end are left before the end: with the filler, if it needs one. @to_end becomes
 * what is left after it. */
static uint32_t bytes_needed(const struct trace_ring *ring, uint32_t bytes, uint32_t *to_end)
{
    uint32_t filler = bytes > *to_end ? *to_end : 0;

    *to_end = (filler != 0 ? ring->data_bytes : *to_end) - bytes;
    if (*to_end == 0) {
        *to_end = ring->data_bytes;
    }
    return filler + bytes;
}

/* Room for @count words, which are in one piece. */
static uint32_t *take(struct trace_ring *ring, unsigned count)
{
    uint8_t *data = (uint8_t *)(ring->shared + 1) + (ring->data_bytes - bytes_to_end(ring));

    ring->produced += count * (uint32_t)sizeof(uint32_t);
    if (ring->produced >= 2 * ring->data_bytes) {
        ring->produced -= 2 * ring->data_bytes;
    }
    return (uint32_t *)(void *)data;
}

/* Fill what is left before the end, less than a record: with a time stamp when it is more than a record
 * without one can have. */
static void fill(struct trace_ring *ring, uint64_t now)
{
    unsigned words = bytes_to_end(ring) / 4, stamp = words > 1 + TRACE_EXTRA_WORDS ? STAMP_BYTES / 4 : 0;
    uint32_t *to = take(ring, words);

    memset(to, 0, words * sizeof(uint32_t));
    to[0] = TRC_TRACE_WRAP_BUFFER | (words - 1 - stamp) << TRACE_EXTRA_SHIFT;
    if (stamp != 0) {
        to[0] |= STAMPED;
        to[1] = (uint32_t)now;
        to[2] = (uint32_t)(now >> 32);
    }
}

static void put_record(struct trace_ring *ring, uint32_t event, uint64_t now, const uint32_t *words,
                       unsigned count)
{
    uint32_t *to;

    if (HEAD_BYTES + STAMP_BYTES + count * 4 > bytes_to_end(ring)) {
        fill(ring, now);
    }
    to = take(ring, 3 + count);
    to[0] = event | count << TRACE_EXTRA_SHIFT | STAMPED;
    to[1] = (uint32_t)now;
    to[2] = (uint32_t)(now >> 32);
    for (unsigned i = 0; i < count; i++) {
        to[3 + i] = words[i];
    }
}

/* Readers want its time to be later than the first loss. */
static void put_lost(struct trace_ring *ring, uint64_t now, uint32_t who)
{
    uint32_t words[LOST_WORDS] = {ring->lost, who, (uint32_t)ring->lost_since,
                                  (uint32_t)(ring->lost_since >> 32)};

    put_record(ring, TRC_LOST_RECORDS, now > ring->lost_since ? now : ring->lost_since + 1, words,
               LOST_WORDS);
    ring->lost = 0;
}

bool trace_ring_put(struct trace_ring *ring, uint32_t event, uint64_t now, const uint32_t *words,
                    unsigned count, uint32_t who)
{
    uint32_t before = unread(ring), to_end = bytes_to_end(ring), bytes = 0;
    uint32_t half = ring->data_bytes / 2;

    if (ring->lost != 0) {
        bytes = bytes_needed(ring, LOST_BYTES, &to_end);
    }
    bytes += bytes_needed(ring, HEAD_BYTES + STAMP_BYTES + count * 4, &to_end);
    if (bytes > ring->data_bytes - before) {
        if (ring->lost == 0) {
            ring->lost_since = now;
        }
        ring->lost += ring->lost != UINT32_MAX ? 1 : 0;
        return false;
    }
    if (ring->lost != 0) {
        put_lost(ring, now, who);
    }
    put_record(ring, event, now, words, count);
    publish(ring);
    return before < half && before + bytes >= half;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* log_ring.c - the newest lines of the log, whole lines only.
 *
 * Positions count every byte ever written; byte p is at ring[p % RING_BYTES]. A record is level, text,
 * newline:
 *
 *       tail                            head
 *        |                               |
 *     ...'2' text \n '0' text \n ... \n          The oldest records go when a new one needs their place.
 *
 * Locking: ring_lock guards ring, head and tail. In panic mode it is passed over: the CPU that panics may
 * hold it itself. */
#include "lib/log_ring.h"

#include <stdatomic.h>

#include "arch/spinlock.h"
#include "lib/error.h"
#include "lib/lock_rank.h"

#define RING_BYTES ((uint64_t)CONFIG_LOG_RING_KIB * 1024)

static struct spinlock ring_lock = SPINLOCK_INIT(LOCK_RANK_CONSOLE);
static char ring[RING_BYTES];
static uint64_t head, tail;

static _Atomic bool panic_mode;
static _Atomic unsigned threshold = LOG_INFO;
static _Atomic(log_sink) line_sink;

void log_panic_mode(void)
{
    atomic_store_explicit(&panic_mode, true, memory_order_relaxed);
}

bool log_in_panic(void)
{
    return atomic_load_explicit(&panic_mode, memory_order_relaxed);
}

void log_ring_set_threshold(enum log_level level)
{
    atomic_store_explicit(&threshold, level, memory_order_relaxed);
}

bool log_shown(enum log_level level)
{
    return level <= atomic_load_explicit(&threshold, memory_order_relaxed);
}

void log_set_sink(log_sink sink)
{
    /* Pairs with the load in log_ring_put(). */
    atomic_store_explicit(&line_sink, sink, memory_order_release);
}

static bool lock_ring(void) LOCK_UNCHECKED
{
    if (log_in_panic()) {
        return false;
    }
    spin_lock(&ring_lock);
    return true;
}

static void unlock_ring(bool locked) LOCK_UNCHECKED
{
    if (locked) {
        spin_unlock(&ring_lock);
    }
}

static void append(char c)
{
    ring[head % RING_BYTES] = c;
    head++;
}

static void drop_oldest(void)
{
    while (tail != head && ring[tail % RING_BYTES] != '\n') {
        tail++;
    }
    if (tail != head) {
        tail++;
    }
}

static char printable(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f ? '.' : c;
}

void log_ring_put(enum log_level level, const char *text, size_t length)
{
    log_sink sink;
    char clean[LOG_LINE_MAX];
    bool locked;

    length = min_u64(length, LOG_LINE_MAX);
    for (size_t i = 0; i < length; i++) {
        clean[i] = printable(text[i]);
    }
    locked = lock_ring();
    while (head - tail + length + 2 > RING_BYTES) {
        drop_oldest();
    }
    append((char)('0' + level));
    for (size_t i = 0; i < length; i++) {
        append(clean[i]);
    }
    append('\n');
    unlock_ring(locked);

    sink = atomic_load_explicit(&line_sink, memory_order_acquire);
    if (sink != NULL && log_shown(level)) {
        sink(clean, length);
    }
}

int log_ring_read(uint64_t *cursor, enum log_level *level, char *buffer, size_t size)
{
    bool locked = lock_ring();
    uint64_t at = max_u64(*cursor, tail);
    int length = 0;

    if (at >= head) {
        unlock_ring(locked);
        return -ENODATA;
    }
    *level = (enum log_level)(ring[at % RING_BYTES] - '0');
    for (at++; at < head && ring[at % RING_BYTES] != '\n'; at++) {
        if ((size_t)length < size) {
            buffer[length] = ring[at % RING_BYTES];
            length++;
        }
    }
    *cursor = at + 1;
    unlock_ring(locked);
    return length;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* log_ring.c - the newest lines of the log, whole lines only.
 *
 * Positions count every byte ever written; byte p is at ring[p % RING_BYTES]. A record is what is shown of
 * it, but for its first byte, which is the level and one, a character that no text has:
 *
 *       tail                                    head
 *        |                                       |
 *     ...\3BH) text \n \1BH) text \n ... \n        The oldest records go when a new one needs their place.
 *
 * Locking: ring_lock guards ring, head and tail. In panic mode it is passed over: the CPU that panics may
 * hold it itself. */
#include "lib/log_ring.h"

#include <stdatomic.h>

#include "arch/spinlock.h"
#include "lib/error.h"
#include "lib/lock_rank.h"
#include "lib/string.h"

#define HEADER_BYTES 5u /* "(BH) " */
#define RING_BYTES ((uint64_t)CONFIG_LOG_RING_KIB * 1024)

static struct spinlock ring_lock = SPINLOCK_INIT(LOCK_RANK_CONSOLE);
static char ring[RING_BYTES];
static uint64_t head, tail;

static _Atomic bool panic_mode;
static _Atomic unsigned threshold = LOG_INFO;
static _Atomic(log_sink) line_sink;
static _Atomic(log_watcher) ring_watcher;

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

enum log_level log_ring_threshold(void)
{
    return (enum log_level)atomic_load_explicit(&threshold, memory_order_relaxed);
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

void log_set_watcher(log_watcher watcher)
{
    atomic_store_explicit(&ring_watcher, watcher, memory_order_release);
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

/* In two parts where the ring ends. */
static void append(const char *record, size_t length)
{
    size_t before_end = min_u64(length, RING_BYTES - head % RING_BYTES);

    memcpy(&ring[head % RING_BYTES], record, before_end);
    memcpy(ring, record + before_end, length - before_end);
    head += length;
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

#define EACH_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Has one of the eight characters no picture? A byte below n borrows into its top bit when n is taken away.
 */
static bool any_control(uint64_t eight)
{
    uint64_t del = eight ^ EACH_BYTE(0x7f);

    return ((((eight - EACH_BYTE(0x20)) & ~eight) | ((del - EACH_BYTE(1)) & ~del)) & EACH_BYTE(0x80)) != 0;
}

static char printable(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f ? '.' : c;
}

void log_ring_put(enum log_level level, const char *text, size_t length)
{
    /* The text begins at the second word; the header stands before it, the newline behind. */
    uint64_t record[LOG_LINE_MAX / 8 + 2];
    char *clean = (char *)(record + 1);
    log_watcher watcher;
    log_sink sink;
    bool locked, controls = false;

    length = min_u64(length, LOG_LINE_MAX);
    record[length / 8 + 1] = EACH_BYTE(' ');
    memcpy(clean, text, length);
    for (size_t i = 0; i <= length / 8; i++) {
        controls = controls || any_control(record[i + 1]);
    }
    for (size_t i = 0; controls && i < length; i++) {
        clean[i] = printable(clean[i]);
    }
    clean[-5] = (char)(level + 1);
    clean[-4] = 'B';
    clean[-3] = 'H';
    clean[-2] = ')';
    clean[-1] = ' ';
    clean[length] = '\n';
    locked = lock_ring();
    while (head - tail + HEADER_BYTES + length + 1 > RING_BYTES) {
        drop_oldest();
    }
    append(clean - HEADER_BYTES, HEADER_BYTES + length + 1);
    unlock_ring(locked);

    sink = atomic_load_explicit(&line_sink, memory_order_acquire);
    if (sink != NULL && log_shown(level)) {
        sink(clean, length);
    }
    watcher = atomic_load_explicit(&ring_watcher, memory_order_acquire);
    if (watcher != NULL) {
        watcher();
    }
}

void log_ring_span(uint64_t *oldest, uint64_t *newest)
{
    bool locked = lock_ring();

    *oldest = tail;
    *newest = head;
    unlock_ring(locked);
}

size_t log_ring_copy(uint64_t *position, char *buffer, size_t size)
{
    bool locked = lock_ring();
    uint64_t at = max_u64(*position, tail);
    size_t count = 0;

    for (; at < head && count < size; at++, count++) {
        char c = ring[at % RING_BYTES];

        buffer[count] = (unsigned char)c <= LOG_DEBUG + 1 ? '(' : c;
    }
    *position = at;
    unlock_ring(locked);
    return count;
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
    *level = (enum log_level)(ring[at % RING_BYTES] - 1);
    for (at += HEADER_BYTES; at < head && ring[at % RING_BYTES] != '\n'; at++) {
        if ((size_t)length < size) {
            buffer[length] = ring[at % RING_BYTES];
            length++;
        }
    }
    *cursor = at + 1;
    unlock_ring(locked);
    return length;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* console_tx.c - the transmit ring, and for how long anybody waits on the UART.
 *
 *     console_tx_put() -> |#######################          | -> UART's FIFO -> wire
 *                         0          used        ^GUEST_LIMIT  ^RING_BYTES
 *
 * A writer copies its line into the ring, fills the UART's FIFO from it and leaves; the UART's interrupt does
 * the rest. Until interrupts are used (boot), and in a panic, the writer stays until the ring is empty.
 *
 * If the ring has no room for the line, its writer waits and feeds the UART, so it pays with its own time.
 * The bound: as long as the UART takes at least one character in STUCK_PER_SECOND of a second (a 9600 baud
 * line takes ninety-six) the wait goes on until there is room, which is at most one line's time on the wire.
 * A UART that takes none for so long is stuck: lines are then counted and lost without a wait, until it moves
 * again; a line of its own tells how many were. */
#include "core/console_tx.h"

#include <stdatomic.h>

#include "arch/cpu.h"
#include "drivers/uart.h"
#include "lib/log_ring.h"
#include "lib/string.h"

#define RING_BYTES 8192u
/* Above it guests wait outside EL2; the rest is for the hypervisor's lines. */
#define GUEST_LIMIT (RING_BYTES - 2048u)
#define STUCK_PER_SECOND 10u
#define TICK_HZ_MIN 10000000u /* When firmware left CNTFRQ_EL0 unset. */
#define LOST_NOTE_MAX 80u

static const struct uart_driver *uart;
static char ring[RING_BYTES];
static uint32_t head, tail;    /* Bytes ever put and ever sent; modulo 2^32, which RING_BYTES divides. */
static uint64_t last_progress; /* Counter ticks: when the UART last took a character, or had none to take. */
static bool stuck, irq_used, irq_on;
static uint64_t lost_count, lost_told;
static _Atomic bool crowded; /* Read without the lock. */

static uint64_t patience_ticks(void)
{
    return max_u64(cpu_tick_hz(), TICK_HZ_MIN) / STUCK_PER_SECOND;
}

static uint32_t used(void)
{
    return head - tail;
}

void console_tx_init(const struct uart_driver *driver)
{
    uart = driver;
    head = tail;
    stuck = false;
    irq_used = false;
    irq_on = false;
    lost_count = 0;
    lost_told = 0;
    last_progress = cpu_count_ticks();
    atomic_store_explicit(&crowded, false, memory_order_relaxed);
}

void console_tx_use_irq(void)
{
    irq_used = true;
}

uint64_t console_tx_lost(void)
{
    return lost_count;
}

bool console_tx_crowded(void)
{
    return atomic_load_explicit(&crowded, memory_order_relaxed);
}

void console_tx_put(const char *text, size_t length)
{
    size_t before_end = min_u64(length, RING_BYTES - head % RING_BYTES);

    if (uart == NULL) {
        return;
    }
    memcpy(&ring[head % RING_BYTES], text, before_end);
    memcpy(ring, text + before_end, length - before_end);
    head += (uint32_t)length;
}

/* Fill the UART's FIFO. Returns whether it took anything; notices when it is stuck and when it moves. */
static bool feed(void)
{
    uint32_t before = tail, wanted, taken;

    do {
        wanted = (uint32_t)min_u64(used(), RING_BYTES - tail % RING_BYTES);
        taken = (uint32_t)uart->put(&ring[tail % RING_BYTES], wanted);
        tail += taken;
    } while (taken == wanted && used() != 0);
    if (tail != before || used() == 0) {
        last_progress = cpu_count_ticks();
        stuck = false;
        return tail != before;
    }
    if (!stuck && cpu_count_ticks() - last_progress > patience_ticks()) {
        stuck = true;
    }
    return false;
}

void console_tx_pump(void)
{
    bool more;

    if (uart == NULL) {
        return;
    }
    feed();
    more = irq_used && used() != 0;
    if (more || more != irq_on) { /* Again each time: the interrupt's state may have to be cleared. */
        uart->set_tx_irq(more);
        irq_on = more;
    }
    atomic_store_explicit(&crowded, used() > GUEST_LIMIT && !stuck, memory_order_relaxed);
}

/* Wait until at most @limit bytes are in the ring. */
static bool wait_used_below(uint32_t limit)
{
    if (used() <= limit) {
        return true;
    }
    if (!stuck) {
        last_progress = cpu_count_ticks(); /* Nobody looked since: only time that was waited counts. */
    }
    do {
        if (!feed()) {
            cpu_relax();
        }
    } while (used() > limit && !stuck);
    return used() <= limit;
}

/* After the UART has been stuck: say how many lines are missing here. There is room for it if there is for a
 * line. */
static void tell_lost(void)
{
    char note[LOST_NOTE_MAX];
    size_t length;

    if (lost_told == lost_count) {
        return;
    }
    length = format_text(note, sizeof(note),
                         "\r\n(BH) warning: console: %lu lines lost here, the UART was stuck\r\n",
                         (unsigned long)(lost_count - lost_told));
    console_tx_put(note, length);
    lost_told = lost_count;
}

bool console_tx_begin(size_t size)
{
    size_t wanted = size + (lost_told != lost_count ? LOST_NOTE_MAX : 0);

    if (uart == NULL) {
        return true;
    }
    if (!wait_used_below((uint32_t)(RING_BYTES - wanted))) {
        lost_count++;
        return false;
    }
    tell_lost();
    return true;
}

void console_tx_end(void)
{
    if (uart == NULL) {
        return;
    }
    if (!irq_used || log_in_panic()) {
        wait_used_below(0);
    }
    console_tx_pump();
}

void console_tx_drain(void)
{
    uint64_t deadline;

    if (uart == NULL) {
        return;
    }
    wait_used_below(0);
    deadline = cpu_count_ticks() + patience_ticks();
    while (!stuck && !uart->tx_done() && cpu_count_ticks() <= deadline) {
        cpu_relax();
    }
    console_tx_pump();
}

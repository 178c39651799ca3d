/* SPDX-License-Identifier: Apache-2.0 */
/* console.c - who prints what: lines of the domains and of the hypervisor on one serial line (core/console.h
 * has the rules; console_tx.c sends, console_input.c takes what is typed).
 *
 * Each domain gathers its line in a buffer of its own. It is printed when it ends, when the buffer is full,
 * or, of the domain that has the input, when nothing was added for a while; in the last case the serial line
 * is left "open" for that domain:
 *
 *     open_domid      what is printed next                          what comes out
 *     none            d1 flushes "login: "                          (d1) login:
 *     1               d1 ends "root"                                root\r\n                    none
 *     1               anybody else prints "x"                       \r\n (d2) x \r\n            none
 *
 * Locking: console_lock guards all of it; it is innermost, and nothing is logged under it. In panic mode it
 * is passed over. */
#include "core/console.h"

#include "arch/cpu.h"
#include "core/console_state.h"
#include "core/console_tx.h"
#include "drivers/uart.h"
#include "lib/error.h"
#include "lib/lock_rank.h"
#include "lib/log_ring.h"
#include "lib/string.h"

#define LINE_MAX 256u
#define PREFIX_MAX 12u /* "(d65535) " */
#define PUT_MAX (2u + PREFIX_MAX + LOG_LINE_MAX + 2u)

struct guest_line {
    uint16_t domid;
    uint8_t prefix_length;
    char prefix[PREFIX_MAX]; /* "(d1) "; none for Dom0. */
    uint16_t length;         /* 0 and not cr_held: free for another domain. */
    bool cr_held;            /* A carriage return came; what follows says what it means. */
    uint64_t since;          /* Counter ticks: when the last characters came. */
    char text[LINE_MAX];
};

static struct spinlock console_lock = SPINLOCK_INIT(LOCK_RANK_CONSOLE);
static struct guest_line lines[DOMAIN_MAX];
static uint16_t open_domid = DOMID_NONE;
static uint64_t kept_waiting; /* Counter ticks: when a guest was last told to try again. */

bool console_enter(void) LOCK_UNCHECKED
{
    if (log_in_panic()) {
        return false;
    }
    spin_lock(&console_lock);
    return true;
}

void console_leave(bool locked) LOCK_UNCHECKED
{
    if (locked) {
        spin_unlock(&console_lock);
    }
}

static void put(const char *text)
{
    console_tx_put(text, strlen(text));
}

/* One line of the hypervisor's, @length at most LOG_LINE_MAX. */
static void print_own(const char *text, size_t length)
{
    if (!console_tx_begin(PUT_MAX)) {
        return;
    }
    if (open_domid != DOMID_NONE) {
        put("\r\n");
        open_domid = DOMID_NONE;
    }
    put("(BH) ");
    console_tx_put(text, length);
    put("\r\n");
    console_tx_end();
}

void console_say(const char *text)
{
    print_own(text, min_u64(strlen(text), LOG_LINE_MAX));
}

/* Print what @line holds, and end the line or leave it open. */
static void print_guest(struct guest_line *line, bool ended)
{
    size_t length = line->length;

    line->length = 0;
    if (!console_tx_begin(PUT_MAX)) {
        return;
    }
    if (open_domid != line->domid) {
        put(open_domid != DOMID_NONE ? "\r\n" : "");
        console_tx_put(line->prefix, line->prefix_length);
    }
    console_tx_put(line->text, length);
    put(ended ? "\r\n" : "");
    open_domid = ended ? DOMID_NONE : line->domid;
    console_tx_end();
}

static bool line_free(const struct guest_line *line)
{
    return line->length == 0 && !line->cr_held;
}

/* The buffer of @domid: where its number says unless another domain is there. There are as many as domains;
 * if all are taken nevertheless, the first makes room. */
static struct guest_line *line_of(uint16_t domid, bool create)
{
    struct guest_line *free_line = NULL, *line = &lines[domid % DOMAIN_MAX];

    if (line->domid == domid) {
        return line;
    }
    for (unsigned i = 0; i < DOMAIN_MAX; i++) {
        line = &lines[(domid + i) % DOMAIN_MAX];
        if (line->domid == domid) {
            return line;
        }
        if (free_line == NULL && line_free(line)) {
            free_line = line;
        }
    }
    if (!create) {
        return NULL;
    }
    if (free_line == NULL) {
        free_line = &lines[domid % DOMAIN_MAX];
        print_guest(free_line, true);
    }
    free_line->domid = domid;
    /* Dom0 manages the machine: its console looks as it would without a hypervisor. */
    free_line->prefix_length =
        domid == 0 ? 0 : (uint8_t)format_text(free_line->prefix, PREFIX_MAX, "(d%u) ", domid);
    free_line->cr_held = false;
    return free_line;
}

/* Like all below that take a character: returns whether a line was printed. */
static bool append(struct guest_line *line, char c)
{
    bool full = line->length == LINE_MAX;

    if (full) {
        print_guest(line, true);
    }
    line->text[line->length] = c;
    line->length++;
    return full;
}

/* A carriage return that no newline followed. */
static bool lone_return(struct guest_line *line)
{
    if (line->length == 0 && open_domid != line->domid) {
        return false; /* At the beginning of a line it would only hide the prefix. */
    }
    if (console_input_focus() == line->domid) {
        return append(line, '\r');
    }
    print_guest(line, true);
    return true;
}

static bool is_control(char c)
{
    return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

static bool guest_char(struct guest_line *line, char c)
{
    bool returned = line->cr_held && c != '\r', printed = false;

    if (c == '\0') {
        return false;
    }
    line->cr_held = c == '\r';
    if (c == '\n') {
        print_guest(line, true);
        return true;
    }
    if (returned) {
        printed = lone_return(line);
    }
    if (c == '\r') {
        return printed;
    }
    if (is_control(c) && console_input_focus() != line->domid) {
        printed |= append(line, '^');
        c ^= 0x40;
    }
    return append(line, c) || printed;
}

/* Does @c end up in the line as it is, whatever came before it? */
static bool is_plain(const struct guest_line *line, char c)
{
    return !line->cr_held && line->length < LINE_MAX && !is_control(c);
}

/* Take the plain characters that begin @text, one at least. Returns how many they are. */
static size_t take_plain(struct guest_line *line, const char *text, size_t length)
{
    size_t room = min_u64(length, LINE_MAX - line->length), count = 1;

    while (count < room && !is_control(text[count])) {
        count++;
    }
    memcpy(line->text + line->length, text, count);
    line->length += (uint16_t)count;
    return count;
}

size_t console_guest_write(uint16_t domid, const char *text, size_t length)
{
    bool locked = console_enter(), printed = false;
    struct guest_line *line = line_of(domid, true);
    size_t taken = 0;

    while (taken < length && !printed) {
        if (is_plain(line, text[taken])) {
            taken += take_plain(line, text + taken, length - taken);
        } else {
            printed = guest_char(line, text[taken]);
            taken++;
        }
    }
    line->since = cpu_count_ticks();
    console_leave(locked);
    return taken;
}

void console_guest_put(uint16_t domid, char c)
{
    (void)console_guest_write(domid, &c, 1);
}

/* Nobody may be left to empty the ring but those who ask. */
bool console_guest_may_put(void)
{
    bool locked;

    if (!console_tx_crowded()) {
        return true;
    }
    locked = console_enter();
    console_tx_pump();
    kept_waiting = cpu_count_ticks();
    console_leave(locked);
    return !console_tx_crowded();
}

void console_flush_locked(uint16_t domid)
{
    struct guest_line *line = line_of(domid, false);

    if (line != NULL && line->length != 0) {
        print_guest(line, false);
    }
}

void console_guest_flush(uint16_t domid)
{
    bool locked = console_enter();

    console_flush_locked(domid);
    console_leave(locked);
}

uint64_t console_poll(void)
{
    uint64_t now = cpu_count_ticks(), due, next = TIME_NEVER;
    bool locked = console_enter();
    uint64_t quiet_ms = console_input_typing(now) ? CONSOLE_ECHO_MS : CONSOLE_PIECE_MS;
    struct guest_line *line = line_of(console_input_focus(), false);

    if (line != NULL && line->length != 0) {
        due = max_u64(line->since, kept_waiting) + (uint64_t)cpu_tick_hz() * quiet_ms / 1000;
        if (now >= due) {
            print_guest(line, false);
        } else {
            next = due;
        }
    }
    console_tx_pump();
    console_leave(locked);
    return next;
}

/* The log's sink. */
static void print_log_line(const char *text, size_t length)
{
    bool locked = console_enter();

    print_own(text, length);
    console_leave(locked);
}

static void print_early_lines(void)
{
    char text[LOG_LINE_MAX];
    enum log_level level;
    uint64_t cursor = 0;
    int length;

    while ((length = log_ring_read(&cursor, &level, text, sizeof(text))) >= 0) {
        if (log_shown(level)) {
            print_log_line(text, (size_t)length);
        }
    }
}

void console_init(const struct uart_driver *uart, uint64_t base)
{
    for (unsigned i = 0; i < DOMAIN_MAX; i++) {
        lines[i].domid = DOMID_NONE;
        lines[i].length = 0;
        lines[i].cr_held = false;
    }
    open_domid = DOMID_NONE;
    log_set_sink(NULL);
    if (uart != NULL) {
        uart->init(base);
    }
    console_tx_init(uart);
    console_input_init(uart);
    if (uart != NULL) {
        print_early_lines();
        log_set_sink(print_log_line);
    }
}

void console_drain(void)
{
    bool locked = console_enter();

    for (unsigned i = 0; i < DOMAIN_MAX; i++) {
        if (lines[i].length != 0) {
            print_guest(&lines[i], true);
        }
    }
    if (open_domid != DOMID_NONE) {
        open_domid = DOMID_NONE;
        if (console_tx_begin(2)) {
            put("\r\n");
        }
    }
    console_tx_drain();
    console_leave(locked);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_console.c - the console over a fake UART: whole lines, nobody's words in another's mouth, and bounded waits. */
#include <string.h>

#include "arch/cpu.h"
#include "core/console.h"
#include "core/console_tx.h"
#include "drivers/uart.h"
#include "lib/log_ring.h"
#include "test.h"

#define OUT_BYTES (1u << 20)

static struct {
    char out[OUT_BYTES]; /* What went out on the wire. */
    size_t out_length;
    unsigned fifo_depth, fifo_count;
    bool dead;                 /* Takes nothing, sends nothing. */
    uint64_t char_ticks, busy_until;
    char in[512];
    size_t in_at, in_length;
    bool rx_irq, tx_irq;
} wire;

static struct {
    char text[512];
    size_t length, room;
    uint16_t last_domid;
} heard;

/* The wire takes a character off the FIFO every char_ticks. */
static void wire_run(void)
{
    while (!wire.dead && wire.fifo_count != 0 && host_ticks >= wire.busy_until) {
        wire.fifo_count--;
        wire.busy_until += wire.char_ticks;
    }
    if (wire.fifo_count == 0 && wire.busy_until < host_ticks) {
        wire.busy_until = host_ticks;
    }
}

static void fake_init(uint64_t base)
{
    CHECK_EQ(base, 0x9000000);
}

static bool fake_try_put(char c)
{
    wire_run();
    if (wire.dead || wire.fifo_count == wire.fifo_depth) {
        return false;
    }
    CHECK(wire.out_length < OUT_BYTES - 1);
    wire.out[wire.out_length++] = c;
    wire.out[wire.out_length] = '\0';
    wire.fifo_count += wire.char_ticks != 0 ? 1 : 0;
    return true;
}

static int fake_get(void)
{
    return wire.in_at < wire.in_length ? (unsigned char)wire.in[wire.in_at++] : -1;
}

static void fake_rx_irq(void)
{
    wire.rx_irq = true;
}

static void fake_tx_irq(bool on)
{
    wire.tx_irq = on;
}

static bool fake_tx_done(void)
{
    wire_run();
    return wire.fifo_count == 0;
}

static const char *const fake_compatible[] = {"fake", NULL};
static const struct uart_driver fake_uart = {
    fake_compatible, fake_init, fake_try_put, fake_get, fake_rx_irq, fake_tx_irq, fake_tx_done,
};

static void start(void)
{
    memset(&wire, 0, sizeof(wire));
    memset(&heard, 0, sizeof(heard));
    wire.fifo_depth = 16;
    heard.room = sizeof(heard.text) - 1;
    host_ticks_step = 1;
    log_ring_set_threshold(LOG_INFO);
    console_init(&fake_uart, 0x9000000);
    wire.out_length = 0;
    wire.out[0] = '\0';
}

static void guest(uint16_t domid, const char *text)
{
    for (; *text != '\0'; text++) {
        console_guest_put(domid, *text);
    }
}

static void own(const char *text)
{
    log_ring_put(LOG_INFO, text, strlen(text));
}

static bool hear(uint16_t domid, char c)
{
    heard.last_domid = domid;
    if (heard.length >= heard.room) {
        return false;
    }
    heard.text[heard.length++] = c;
    heard.text[heard.length] = '\0';
    return true;
}

static void type(const char *text)
{
    size_t length = strlen(text);

    memcpy(wire.in, text, length);
    wire.in_at = 0;
    wire.in_length = length;
    console_input();
}

static void expect(const char *text)
{
    CHECK_STR_EQ(wire.out, text);
    wire.out_length = 0;
    wire.out[0] = '\0';
}

TEST(lines_are_prefixed)
{
    start();
    own("hello");
    guest(1, "one\ntwo\n");
    guest(65000, "far\n\n");
    expect("(BH) hello\r\n(d1) one\r\n(d1) two\r\n(d65000) far\r\n(d65000) \r\n");
}

TEST(nothing_of_an_unended_line_shows_until_it_ends)
{
    start();
    guest(1, "first ");
    guest(2, "second ");
    own("third");
    guest(1, "half\n");
    guest(2, "half\n");
    expect("(BH) third\r\n(d1) first half\r\n(d2) second half\r\n");
}

TEST(a_long_line_comes_in_prefixed_pieces)
{
    static char wanted[1024];
    size_t at = 0;

    start();
    for (unsigned i = 0; i < 600; i++) {
        if (i % 256 == 0) {
            at += (size_t)sprintf(wanted + at, "%s(d3) ", i == 0 ? "" : "\r\n");
        }
        wanted[at++] = (char)('a' + i % 26);
        console_guest_put(3, (char)('a' + i % 26));
    }
    console_guest_put(3, '\n');
    memcpy(wanted + at, "\r\n", 3);
    expect(wanted);
}

TEST(a_prompt_is_flushed_and_goes_on_in_its_line)
{
    start();
    guest(1, "login: ");
    console_guest_flush(1);
    expect("(d1) login: ");
    guest(1, "root\n");
    expect("root\r\n");
    guest(1, "# ");
    console_guest_flush(1);
    own("news");
    guest(1, "ls\n");
    expect("(d1) # \r\n(BH) news\r\n(d1) ls\r\n");
    console_guest_flush(1);
    console_guest_flush(9);
    expect("");
}

TEST(poll_prints_what_waited_long_enough)
{
    uint64_t due;

    start();
    CHECK_EQ(console_poll(), TIME_NEVER);
    guest(1, "$ ");
    due = console_poll();
    CHECK(due != TIME_NEVER);
    expect("");
    host_ticks = due - 10;
    CHECK_EQ(console_poll(), due);
    host_ticks = due;
    CHECK_EQ(console_poll(), TIME_NEVER);
    expect("(d1) $ ");
}

TEST(drain_ends_every_line)
{
    start();
    guest(1, "bye");
    guest(2, "too");
    console_drain();
    expect("(d1) bye\r\n(d2) too\r\n");
}

TEST(carriage_returns)
{
    start();
    guest(1, "dos\r\nmany\r\r\n\rstart\n");
    expect("(d1) dos\r\n(d1) many\r\n(d1) start\r\n");
    guest(1, "10%\r20%\r30%\n"); /* Without the input. */
    expect("(d1) 10%\r\n(d1) 20%\r\n(d1) 30%\r\n");
    console_register(1, hear);
    wire.out_length = 0;
    guest(1, "10%\r20%\n"); /* With it. */
    expect("(d1) 10%\r20%\r\n");
}

TEST(only_who_has_the_input_reaches_the_terminal)
{
    start();
    console_register(1, hear);
    wire.out_length = 0;
    console_guest_write(1, "\033[2Ja\0b\tc\b\n", 12);
    console_guest_write(2, "\033[2Ja\0b\tc\177\n", 12);
    expect("(d1) \033[2Jab\tc\b\r\n(d2) ^[[2Jab\tc^?\r\n");
}

TEST(hostile_log_text_cannot_forge_a_line)
{
    start();
    own("name is \"x\r\n(d1) forged\033[A\"");
    expect("(BH) name is \"x..(d1) forged.[A\"\r\n");
}

TEST(early_lines_are_printed_by_init_above_the_threshold)
{
    start();
    console_init(NULL, 0);
    log_ring_set_threshold(LOG_DEBUG);
    own("early-1");
    log_ring_put(LOG_DEBUG, "early-2", 7);
    guest(1, "nowhere\n");
    console_drain();
    console_input();
    CHECK(console_guest_may_put());
    log_ring_set_threshold(LOG_INFO);
    console_init(&fake_uart, 0x9000000);
    CHECK(strstr(wire.out, "(BH) early-1\r\n") != NULL);
    CHECK(strstr(wire.out, "early-2") == NULL);
    CHECK(strstr(wire.out, "nowhere") == NULL);
    CHECK(strstr(wire.out + wire.out_length - 14, "(BH) early-1\r\n") != NULL);
}

TEST(log_ring_keeps_the_newest_whole_lines)
{
    char line[LOG_LINE_MAX], wanted[64];
    enum log_level level;
    uint64_t cursor = 0;
    unsigned first = 0, count = 0;
    int length;

    start();
    for (unsigned i = 0; i < 3000; i++) {
        log_ring_put(LOG_DEBUG, wanted, (size_t)sprintf(wanted, "line %u of a log that is too long", i));
    }
    while ((length = log_ring_read(&cursor, &level, line, sizeof(line))) >= 0) {
        line[length] = '\0';
        if (count == 0) {
            CHECK_EQ(sscanf(line, "line %u", &first), 1);
        }
        sprintf(wanted, "line %u of a log that is too long", first + count);
        CHECK_STR_EQ(line, wanted);
        CHECK_EQ(level, LOG_DEBUG);
        count++;
    }
    CHECK_EQ(first + count, 3000);
    CHECK(count > 300 && count < 600);
    expect("");
}

static void check_whole_lines(const unsigned *printed, unsigned domains)
{
    unsigned seen[9] = {0};
    char *save = NULL;

    for (char *line = strtok_r(wire.out, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
        unsigned domid, number;
        char tail[64], wanted[128];

        if (strncmp(line, "(BH) ***", 8) == 0) {
            continue;
        }
        CHECK_EQ(sscanf(line, "(d%u) line %u %63s", &domid, &number, tail), 3);
        CHECK(domid < domains);
        CHECK_EQ(number, seen[domid]);
        snprintf(wanted, sizeof(wanted), "(d%u) line %u end\r", domid, number);
        CHECK_STR_EQ(line, wanted);
        seen[domid]++;
    }
    for (unsigned i = 0; i < domains; i++) {
        CHECK_EQ(seen[i], printed[i]);
    }
}

/* Eight domains print at random, a character at a time, over a slow wire: each line comes out once, whole and in order. */
TEST(no_line_is_lost_or_torn_under_load)
{
    char pending[8][64];
    size_t at[8] = {0};
    unsigned number[8] = {0};

    start();
    wire.char_ticks = 90;
    console_use_irq();
    CHECK(wire.rx_irq);
    for (unsigned i = 0; i < 8; i++) {
        sprintf(pending[i], "line 0 end\n");
    }
    for (unsigned step = 0; step < 60000; step++) {
        unsigned d = (unsigned)test_random_below(8);

        console_guest_put((uint16_t)d, pending[d][at[d]]);
        at[d]++;
        if (pending[d][at[d]] == '\0') {
            number[d]++;
            at[d] = 0;
            sprintf(pending[d], "line %u end\n", number[d]);
        }
        if (wire.tx_irq && test_random_below(50) == 0) {
            console_input();
        }
    }
    for (unsigned d = 0; d < 8; d++) {
        guest((uint16_t)d, pending[d] + at[d]);
        number[d]++;
    }
    console_drain();
    CHECK_EQ(console_tx_lost(), 0);
    CHECK(!wire.tx_irq);
    check_whole_lines(number, 8);
}

TEST(with_interrupts_a_writer_does_not_wait)
{
    uint64_t before;

    start();
    wire.char_ticks = 1000;
    console_use_irq();
    before = host_ticks;
    guest(1, "0123456789012345678901234567890123456789\n");
    CHECK(host_ticks - before < 1000);
    CHECK(wire.tx_irq);
    CHECK(wire.out_length <= 17);
    while (wire.tx_irq) {
        host_ticks += 500;
        console_input();
    }
    expect("(d1) 0123456789012345678901234567890123456789\r\n");
}

TEST(before_interrupts_a_line_is_out_when_the_call_returns)
{
    start();
    wire.char_ticks = 1000;
    own("0123456789012345678901234567890123456789");
    expect("(BH) 0123456789012345678901234567890123456789\r\n");
}

TEST(guests_are_asked_to_wait_before_the_ring_is_full)
{
    unsigned lines = 0;

    start();
    wire.char_ticks = 1000000;
    console_use_irq();
    while (console_guest_may_put() && lines < 1000) {
        guest(1, "a line of a guest that prints without end\n");
        lines++;
    }
    CHECK(lines > 50 && lines < 200);
    own("there is room for this");
    CHECK(!console_guest_may_put());
    wire.char_ticks = 1; /* Nobody calls console_input(): asking is enough to go on. */
    host_ticks += 1000000000;
    while (!console_guest_may_put()) {
    }
    console_drain();
    CHECK(strstr(wire.out, "(BH) there is room for this\r\n") != NULL);
    CHECK_EQ(console_tx_lost(), 0);
}

/* A dead UART costs one wait; then lines are lost without one, and counted. */
TEST(a_stuck_uart_stops_nobody)
{
    uint64_t before, after_first;

    start();
    console_use_irq();
    wire.dead = true;
    before = host_ticks;
    for (unsigned i = 0; i < 400; i++) {
        own("a line of forty characters or thereabouts");
    }
    after_first = host_ticks;
    CHECK(after_first - before < 2 * 1000000 + 10000);
    for (unsigned i = 0; i < 400; i++) {
        own("a line of forty characters or thereabouts");
    }
    CHECK(host_ticks - after_first < 10000);
    CHECK(console_tx_lost() > 400);
    CHECK(console_guest_may_put());
    wire.dead = false;
    own("alive again");
    console_drain();
    CHECK(strstr(wire.out, " lines lost here, the UART was stuck\r\n") != NULL);
    CHECK(strstr(wire.out, "(BH) alive again\r\n") != NULL);
}

TEST(first_registered_domain_has_the_input)
{
    start();
    type("lost");
    console_register(3, hear);
    expect("(BH) *** Serial input to d3 (type Ctrl-A three times to switch input)\r\n");
    console_register(4, hear);
    expect("");
    type("abc");
    CHECK_STR_EQ(heard.text, "abc");
    CHECK_EQ(heard.last_domid, 3);
}

TEST(three_ctrl_a_move_the_input_round)
{
    start();
    console_register(1, hear);
    console_register(2, hear);
    wire.out_length = 0;
    type("\1\1\1x");
    expect("(BH) *** Serial input to d2 (type Ctrl-A three times to switch input)\r\n");
    CHECK_EQ(heard.last_domid, 2);
    type("\1\1\1y\r");
    expect("(BH) *** Serial input to the hypervisor (type Ctrl-A three times to switch input)\r\n"
           "(BH) *** Serial input to the hypervisor (type Ctrl-A three times to switch input)\r\n");
    type("\1\1");
    type("\1z");
    expect("(BH) *** Serial input to d1 (type Ctrl-A three times to switch input)\r\n");
    CHECK_EQ(heard.last_domid, 1);
    CHECK_STR_EQ(heard.text, "xz");
    type("\1a\1\1b");
    CHECK_STR_EQ(heard.text, "xz\1a\1\1b");
    expect("");
}

TEST(a_receiver_that_goes_hands_the_input_on)
{
    start();
    console_register(1, hear);
    console_register(2, hear);
    guest(1, "last words");
    wire.out_length = 0;
    console_unregister(1);
    expect("(BH) *** Serial input to d2 (type Ctrl-A three times to switch input)\r\n(d1) last words");
    console_unregister(2);
    expect("\r\n(BH) *** Serial input to the hypervisor (type Ctrl-A three times to switch input)\r\n");
    console_unregister(2);
    type("x");
    CHECK_EQ(heard.length, 0);
}

TEST(typing_shows_the_prompt)
{
    start();
    console_register(1, hear);
    guest(1, "password: ");
    wire.out_length = 0;
    type("s");
    expect("(d1) password: ");
}

TEST(what_a_receiver_cannot_take_waits)
{
    start();
    console_register(1, hear);
    heard.room = 2;
    type("abcd");
    CHECK_STR_EQ(heard.text, "ab");
    CHECK(console_input_waits(1));
    CHECK(!console_input_waits(2));
    type("e");
    heard.room = 100;
    console_input();
    CHECK_STR_EQ(heard.text, "abcde");
    CHECK(!console_input_waits(1));
    heard.room = 5;
    for (unsigned i = 0; i < 300; i++) {
        type("f");
    }
    heard.room = 300;
    console_input();
    CHECK_EQ(heard.length, 5 + 128);
}

TEST(moving_the_input_forgets_what_waited)
{
    start();
    console_register(1, hear);
    console_register(2, hear);
    heard.room = 0;
    type("abc\1\1\1");
    CHECK(!console_input_waits(1));
    heard.room = 100;
    type("d");
    CHECK_STR_EQ(heard.text, "d");
    CHECK_EQ(heard.last_domid, 2);
}

static bool hear_and_unregister(uint16_t domid, char c)
{
    console_unregister(domid);
    return hear(domid, c);
}

TEST(a_receiver_may_go_while_it_takes)
{
    start();
    console_register(1, hear_and_unregister);
    console_register(2, hear);
    type("ab");
    CHECK_STR_EQ(heard.text, "a");
}

/* More domains have unended lines than there are buffers: nothing is lost. */
TEST(buffers_are_shared_when_domids_run_far)
{
    start();
    for (unsigned i = 0; i < 3 * DOMAIN_MAX; i++) {
        guest((uint16_t)(i * 7), "x");
    }
    console_drain();
    for (unsigned i = 0; i < 3 * DOMAIN_MAX; i++) {
        char wanted[32];

        sprintf(wanted, "(d%u) x\r\n", i * 7);
        CHECK(strstr(wire.out, wanted) != NULL);
    }
}

TEST(panic_mode_takes_no_lock_and_waits_for_the_wire)
{
    start();
    wire.char_ticks = 1000;
    console_use_irq();
    guest(1, "unfinished");
    console_guest_flush(1);
    log_panic_mode(); /* For good: this test is the last. */
    own("panic: the words");
    expect("(d1) unfinished\r\n(BH) panic: the words\r\n");
}

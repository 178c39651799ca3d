/* SPDX-License-Identifier: Apache-2.0 */
/* test_console.c - the console's output over a fake UART: whole lines, nobody's words in another's mouth, and
 * bounded waits. */
#include "core/console.h"

#include "core/console_tx.h"
#include "fake_wire.h"

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
    uint64_t due, second;

    start();
    console_register(1, hear);
    wire.out_length = 0;
    wire.out[0] = '\0';
    CHECK_EQ(console_poll(), TIME_NEVER);
    guest(1, "$");
    second = host_ticks += 1000;
    guest(1, " ");
    due = console_poll();
    CHECK(due >= second + (uint64_t)cpu_tick_hz() * CONSOLE_PIECE_MS / 1000);
    CHECK(due <= second + (uint64_t)cpu_tick_hz() * CONSOLE_PIECE_MS / 1000 + 1000);
    CHECK(due != TIME_NEVER);
    expect("");
    host_ticks = due - 10;
    CHECK_EQ(console_poll(), due);
    host_ticks = due;
    CHECK_EQ(console_poll(), TIME_NEVER);
    expect("(d1) $ ");
}

TEST(echo_of_what_is_typed_does_not_wait_long)
{
    uint64_t typed;

    start();
    console_register(1, hear);
    type("l");
    typed = host_ticks;
    guest(1, "l");
    CHECK(console_poll() <= typed + (uint64_t)cpu_tick_hz() * CONSOLE_ECHO_MS / 1000 + 1000);
    host_ticks = typed + (uint64_t)cpu_tick_hz() * CONSOLE_TYPING_MS / 1000;
    guest(1, "s");
    CHECK(console_poll() > host_ticks + (uint64_t)cpu_tick_hz() * CONSOLE_ECHO_MS / 1000);
}

TEST(poll_tears_no_line_of_who_has_no_input)
{
    start();
    console_register(1, hear);
    console_register(2, hear);
    wire.out_length = 0;
    wire.out[0] = '\0';
    guest(2, "$ ");
    host_ticks += cpu_tick_hz();
    CHECK_EQ(console_poll(), TIME_NEVER);
    expect("");
    type("\1\1\1");
    CHECK(strstr(wire.out, "to d2") != NULL);
    CHECK(strstr(wire.out, "\r\n(d2) $ ") != NULL);
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

/* What is written at once looks as what is written by the character, and prints one line a call. */
TEST(a_write_takes_one_line_and_means_what_its_characters_mean)
{
    static const char alphabet[] = "abcdefgh \t\r\r\n\n\b\033";
    static char text[4000], wanted[8 * sizeof(text)];

    for (unsigned round = 0; round < 50; round++) {
        size_t common = round % 2 == 0 ? sizeof(alphabet) : 9; /* Half of the rounds: long lines. */

        for (size_t i = 0; i < sizeof(text); i++) {
            text[i] = alphabet[test_random() % (test_random() % 400 == 0 ? sizeof(alphabet) : common)];
        }
        start();
        for (size_t i = 0; i < sizeof(text); i++) {
            console_guest_put(1, text[i]);
        }
        console_drain();
        strcpy(wanted, wire.out);
        start();
        for (size_t at = 0; at < sizeof(text);) {
            const char *before = wire.out + wire.out_length, *end;
            size_t taken = console_guest_write(1, text + at, min_u64(128, sizeof(text) - at));

            CHECK(taken >= 1 && taken <= 128);
            at += taken;
            end = strchr(before, '\n');
            CHECK(end == NULL || end[1] == '\0');
        }
        console_drain();
        expect(wanted);
    }
}

TEST(hostile_log_text_cannot_forge_a_line)
{
    start();
    own("name is \"x\r\n(d1) forged\033[A\"");
    expect("(BH) name is \"x..(d1) forged.[A\"\r\n");
}

/* Any byte anywhere: what has no picture is a dot, the rest is as it was. */
TEST(log_ring_shows_no_control_characters)
{
    char text[LOG_LINE_MAX], line[LOG_LINE_MAX];
    enum log_level level;

    start();
    for (unsigned round = 0; round < 2000; round++) {
        size_t length = (size_t)test_random_below(round % 2 == 0 ? 20 : LOG_LINE_MAX + 1);
        uint64_t cursor = 0;
        int read = -1;

        for (size_t i = 0; i < length; i++) {
            text[i] = (char)(test_random_below(8) == 0 ? test_random_below(256) : 'a');
        }
        log_ring_put(LOG_WARN, text, length);
        for (int n = 0; n >= 0; n = log_ring_read(&cursor, &level, line, sizeof(line))) {
            read = n;
        }
        CHECK_EQ(read, length);
        CHECK_EQ(level, LOG_WARN);
        for (size_t i = 0; i < length; i++) {
            bool control = (unsigned char)text[i] < 0x20 || text[i] == 0x7f;

            CHECK_EQ(line[i], control ? '.' : text[i]);
        }
    }
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

static unsigned watched;

static void watch(void)
{
    watched++;
}

/* The same text however it is read, from wherever. */
TEST(log_ring_is_one_text)
{
    char whole[64], piece[64];
    uint64_t oldest, newest, at, end = 0;

    log_set_watcher(watch);
    log_ring_put(LOG_DEBUG, "one", 3);
    log_ring_span(&oldest, &newest);
    at = newest;
    CHECK_EQ(log_ring_copy(&at, whole, sizeof(whole)), 0);
    log_ring_put(LOG_ERROR, "(two)", 5);
    log_ring_put(LOG_INFO, "", 0);
    log_set_watcher(NULL);
    log_ring_put(LOG_WARN, "four", 4);
    CHECK_EQ(watched, 3);
    CHECK_EQ(log_ring_copy(&at, whole, sizeof(whole)), 27);
    CHECK(memcmp(whole, "(BH) (two)\n(BH) \n(BH) four\n", 27) == 0);
    for (size_t size = 1; size < 9; size++) {
        size_t got = 0;

        for (end = newest; end != at;) {
            got += log_ring_copy(&end, piece + got, size);
        }
        CHECK(got == 27 && memcmp(whole, piece, got) == 0);
    }
    log_ring_span(&oldest, &newest);
    CHECK_EQ(newest, at);
    end = 0;
    CHECK_EQ(log_ring_copy(&end, piece, 5), 5); /* From the oldest on. */
    CHECK(memcmp(piece, "(BH) ", 5) == 0 && end == oldest + 5);
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
            CHECK_EQ(strncmp(line, "line ", 5), 0);
            first = (unsigned)strtoul(line + 5, NULL, 10);
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
        char *end, wanted[128];
        unsigned long domid, number;

        if (strncmp(line, "(BH) ***", 8) == 0) {
            continue;
        }
        domid = strncmp(line, "(d", 2) == 0 ? strtoul(line + 2, NULL, 10) : 0; /* Dom0's have no prefix. */
        CHECK(domid < domains);
        end = strstr(line, "line ");
        CHECK(end != NULL);
        number = strtoul(end + 5, NULL, 10);
        CHECK_EQ(number, seen[domid]);
        snprintf(wanted, sizeof(wanted), "(d%lu) line %lu end\r", domid, number);
        if (domid == 0) {
            snprintf(wanted, sizeof(wanted), "line %lu end\r", number);
        }
        CHECK_STR_EQ(line, wanted);
        seen[domid]++;
    }
    for (unsigned i = 0; i < domains; i++) {
        CHECK_EQ(seen[i], printed[i]);
    }
}

/* Eight domains print at random, a character at a time, over a slow wire: each line comes out once, whole and
 * in order. */
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

/* More domains have unended lines than there are buffers: nothing is lost. */
TEST(buffers_are_shared_when_domids_run_far)
{
    start();
    for (unsigned i = 0; i < 3 * DOMAIN_MAX; i++) {
        guest((uint16_t)(i * 7), "x");
    }
    console_drain();
    CHECK_EQ(strncmp(wire.out, "x\r\n", 3), 0); /* Dom0's, without a prefix, was the first to make room. */
    for (unsigned i = 1; i < 3 * DOMAIN_MAX; i++) {
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

/* SPDX-License-Identifier: Apache-2.0 */
/* sys_chat.c - test guest: prints lines of all lengths from all its CPUs, by the UART or (by=call) by
 * hypercall. Boot arguments: lines=N (100) of each CPU. A line tells its CPU, number, and a text that only
 * that line can have. */
#include "check.h"

#define CALL_PATIENCE_S 120

static struct checks checks;
static struct spinlock call_lock;
static volatile uint32_t done;

static size_t make_line(char *text, unsigned cpu, unsigned number)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    size_t length = (number * 7 + cpu) % 150;
    size_t at = 0;

    memcpy(text, "CHAT 0 0000 ", 12);
    text[5] = (char)('0' + cpu);
    for (unsigned i = 0, rest = number; i < 4; i++, rest /= 10) {
        text[10 - i] = (char)('0' + rest % 10);
    }
    for (at = 12; at < 12 + length; at++) {
        text[at] = letters[(number + cpu + at) % 36];
    }
    text[at++] = '.';
    text[at++] = '\n';
    return at;
}

static void chat(void *argument)
{
    unsigned cpu = smp_index(), lines = (unsigned)bootarg_number("lines", 100);
    bool by_call = bootarg_is("by", "call");
    char text[256];

    (void)argument;
    for (unsigned number = 0; number < lines; number++) {
        size_t length = make_line(text, cpu, number);
        if (by_call) {
            spinlock_take(&call_lock); /* A long text goes in slices: lines of one domain could mix. */
            int64_t result = hypercall(HYPERCALL_CONSOLE_IO, 0, length, (uint64_t)text, 0, 0);
            spinlock_release(&call_lock);
            CHECK_EQ(result, 0);
        } else {
            text[length] = '\0';
            print("%s", text);
        }
    }
    __atomic_fetch_add(&done, 1, __ATOMIC_RELEASE);
}

unsigned guest_main(void)
{
    for (unsigned i = 1; i < platform.cpu_count; i++) {
        CHECK_EQ(smp_start(i, chat, NULL), 0);
    }
    chat(NULL);
    CHECK(smp_wait(&done, platform.cpu_count, timer_frequency() * CALL_PATIENCE_S));
    return checks_end(&checks);
}

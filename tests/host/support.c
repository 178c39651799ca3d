/* SPDX-License-Identifier: Apache-2.0 */
/* support.c - log_line() and panic() on the host: lines are captured, a panic goes to whoever expects one or
 * aborts. */
#include "support.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/log.h"
#include "lib/panic.h"
#include "test.h"

/* Only the newest half is kept when it overflows, so that a long test still shows what went before a
 * failure. */
#define LOG_BYTES 65536

static const char *const level_names[] = {"ERROR", "WARN", "INFO", "DEBUG"};
static char log_text[LOG_BYTES];
static size_t log_used;
static unsigned level_count[4];
static char panic_text[512];

jmp_buf *support_panic_target;

static void log_append(const char *text, size_t length)
{
    if (log_used + length >= LOG_BYTES) {
        log_used -= LOG_BYTES / 2;
        memmove(log_text, log_text + LOG_BYTES / 2, log_used);
    }
    memcpy(log_text + log_used, text, length);
    log_used += length;
    log_text[log_used] = '\0';
}

void log_line(enum log_level level, const char *format, ...)
{
    char line[1024];
    int head = snprintf(line, sizeof(line), "%s: ", level_names[level]);
    va_list args;

    va_start(args, format);
    vsnprintf(line + head, sizeof(line) - (size_t)head - 1, format, args);
    va_end(args);
    strcat(line, "\n");
    level_count[level]++;
    log_append(line, strlen(line));
}

void log_set_threshold(enum log_level level)
{
    (void)level;
}

void panic(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(panic_text, sizeof(panic_text), format, args);
    va_end(args);
    if (support_panic_target != NULL) {
        longjmp(*support_panic_target, 1);
    }
    fprintf(stderr, "%spanic: %s\n", log_text, panic_text);
    abort();
}

const char *test_panic_text(void)
{
    return panic_text;
}

bool test_log_contains(const char *text)
{
    return strstr(log_text, text) != NULL;
}

const char *test_log_text(void)
{
    return log_text;
}

void test_log_clear(void)
{
    log_used = 0;
    log_text[0] = '\0';
    memset(level_count, 0, sizeof(level_count));
}

unsigned test_log_count(unsigned level)
{
    return level < 4 ? level_count[level] : 0;
}

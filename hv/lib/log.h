/* SPDX-License-Identifier: Apache-2.0 */
/* log.h - the hypervisor's log: a ring kept for ever, lines above the threshold also sent to the console.
 * Levels carry blame: ERROR ours or the board's, WARN degraded, INFO once per boot or domain, DEBUG the rest.
 * Any context except the interrupt path, which traces instead. A line is whole: it is formatted, then emitted
 * under one lock. */
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include <stdarg.h>

#include "lib/types.h"

enum log_level {
    LOG_ERROR,
    LOG_WARN,
    LOG_INFO,
    LOG_DEBUG,
};

/* Emit one line (no newline in @format). Formats: %s %c %d %i %u %x %X %p %% with l, ll, z, width, 0 and -
 * flags. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Lines at @level and more severe reach the console; the rest only the ring. */
void log_set_threshold(enum log_level level);

/* Where lines go that pass the threshold: called with no lock held, by any CPU, with a text that is not
 * terminated. NULL: nowhere. The console sets it; a lower layer cannot call up. */
typedef void (*log_sink)(const char *line, size_t length);
void log_set_sink(log_sink sink);

/* From now on neither the log nor the console takes a lock: the CPU that panics may hold one. The other CPUs
 * should be stopped. */
void log_panic_mode(void);

#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

/* Format into @buffer of @size bytes, always terminated. Returns the length the whole text has. */
size_t format_text(char *buffer, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
size_t format_text_v(char *buffer, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

#endif

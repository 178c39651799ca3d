/* SPDX-License-Identifier: Apache-2.0 */
/* log.c - a line of the log, from its format to the ring. Errors and warnings say so in front. */
#include "lib/log.h"

#include "lib/log_ring.h"
#include "lib/string.h"

#define CUT_DOTS 3u /* What a line that was cut ends with. */

static const char *lead(enum log_level level)
{
    switch (level) {
    case LOG_ERROR:
        return "error: ";
    case LOG_WARN:
        return "warning: ";
    case LOG_INFO:
    case LOG_DEBUG:
        break;
    }
    return "";
}

void log_line(enum log_level level, const char *format, ...)
{
    char line[LOG_LINE_MAX + 1];
    const char *front = lead(level);
    size_t used = strlen(front);
    va_list args;

    memcpy(line, front, used + 1);
    va_start(args, format);
    used += format_text_v(line + used, sizeof(line) - used, format, args);
    va_end(args);
    if (used > LOG_LINE_MAX) {
        used = LOG_LINE_MAX;
        for (size_t i = 1; i <= CUT_DOTS; i++) {
            line[used - i] = '.';
        }
    }
    log_ring_put(level, line, used);
}

void log_set_threshold(enum log_level level)
{
    log_ring_set_threshold(level);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* log_level.c - levels of the log in words. */
#include "lib/log_level.h"

#include "lib/error.h"
#include "lib/string.h"

/* The word of @length characters at @text. */
static int parse_one(const char *text, size_t length, enum log_level *out)
{
    static const struct {
        const char *name;
        enum log_level level;
    } levels[] = {{"none", LOG_ERROR}, {"error", LOG_ERROR}, {"warning", LOG_WARN},
                  {"info", LOG_INFO},  {"debug", LOG_DEBUG}, {"all", LOG_DEBUG}};

    for (size_t i = 0; i < ARRAY_COUNT(levels); i++) {
        if (strlen(levels[i].name) == length && strncmp(levels[i].name, text, length) == 0) {
            *out = levels[i].level;
            return 0;
        }
    }
    return -EINVAL;
}

int log_level_parse(const char *text, enum log_level *out)
{
    const char *slash = strchr(text, '/');
    size_t length = slash == NULL ? strlen(text) : (size_t)(slash - text);
    enum log_level low, high;

    if (parse_one(text, length, &low) != 0) {
        return -EINVAL;
    }
    high = low;
    if (slash != NULL && parse_one(slash + 1, strlen(slash + 1), &high) != 0) {
        return -EINVAL;
    }
    *out = low > high ? low : high;
    return 0;
}

const char *log_level_name(enum log_level level)
{
    static const char *const names[] = {
        [LOG_ERROR] = "error", [LOG_WARN] = "warning", [LOG_INFO] = "info", [LOG_DEBUG] = "all"};

    return names[level];
}

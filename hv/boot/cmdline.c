/* SPDX-License-Identifier: Apache-2.0 */
/* cmdline.c - reads the hypervisor's command line.
 *
 * Syntax as Xen's: options separated by spaces; name=value; a boolean is also just its name, or no-name; the
 * last of several wins. Besides, a value may stand in double quotes to hold spaces. A bad option never stops
 * the boot: it is named in a warning that says what to write, and keeps its default. */
#include "boot/cmdline.h"

#include "boot/cmdline_dom0.h"
#include "boot/cmdline_names.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/log_level.h"
#include "lib/string.h"
#include "sched/sched.h"

#define OPTION_MAX 128
#define NAME_MAX 32
#define NEAR_ENOUGH 2u /* Edits at which a name is still offered as what was meant. */

struct option_row {
    const char *name;
    const char *allowed; /* For the warning about a bad value. */
    /* @negated: written no-name, @value is then "". Returns 0 or -EINVAL, @options unchanged. */
    int (*set)(struct options *options, const char *value, bool negated);
};

static int parse_bool(const char *value, bool negated, bool *out)
{
    static const char *const yes[] = {"", "1", "on", "yes", "true", "enable"};
    static const char *const no[] = {"0", "no", "off", "false", "disable"};

    for (size_t i = 0; i < ARRAY_COUNT(yes); i++) {
        if (strcmp(value, yes[i]) == 0) {
            *out = !negated;
            return 0;
        }
    }
    for (size_t i = 0; i < ARRAY_COUNT(no) && !negated; i++) {
        if (strcmp(value, no[i]) == 0) {
            *out = false;
            return 0;
        }
    }
    return -EINVAL;
}

/* Value of a digit in @base, or -1. */
static int digit_value(char c, unsigned base)
{
    int value = -1;

    if (c >= '0' && c <= '9') {
        value = c - '0';
    } else if (c >= 'a' && c <= 'f') {
        value = c - 'a' + 10;
    } else if (c >= 'A' && c <= 'F') {
        value = c - 'A' + 10;
    }
    return value < (int)base ? value : -1;
}

/* Decimal, 0x hexadecimal, or octal after a leading 0, as in Xen. */
static int parse_unsigned(const char *text, unsigned *out)
{
    unsigned base = 10;
    uint64_t value = 0;

    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    } else if (text[0] == '0' && text[1] != '\0') {
        base = 8;
    }
    if (*text == '\0') {
        return -EINVAL;
    }
    for (; *text != '\0'; text++) {
        int digit = digit_value(*text, base);

        value = value * base + (unsigned)digit;
        if (digit < 0 || value > UINT32_MAX) {
            return -EINVAL;
        }
    }
    *out = (unsigned)value;
    return 0;
}

/* Does the comma-separated @list hold @word? */
static bool list_has(const char *list, const char *word)
{
    size_t length = strlen(word);

    for (;;) {
        const char *comma = strchr(list, ',');
        size_t item = comma == NULL ? strlen(list) : (size_t)(comma - list);

        if (item == length && strncmp(list, word, length) == 0) {
            return true;
        }
        if (comma == NULL) {
            return false;
        }
        list = comma + 1;
    }
}

static int set_console(struct options *options, const char *value, bool negated)
{
    bool none = strcmp(value, "none") == 0;

    if (negated || !(none || list_has(value, "dtuart"))) {
        return -EINVAL;
    }
    (void)string_copy(options->console, sizeof(options->console), none ? "none" : "dtuart");
    return 0;
}

static int set_dtuart(struct options *options, const char *value, bool negated)
{
    if (negated || strlen(value) >= sizeof(options->dtuart)) {
        return -EINVAL;
    }
    (void)string_copy(options->dtuart, sizeof(options->dtuart), value);
    return 0;
}

static int set_sched(struct options *options, const char *value, bool negated)
{
    if (negated || sched_find(value) == NULL) {
        return -EINVAL;
    }
    (void)string_copy(options->sched, sizeof(options->sched), value);
    return 0;
}

static int set_overcommit(struct options *options, const char *value, bool negated)
{
    return parse_bool(value, negated, &options->sched_overcommit);
}

static int set_ratelimit(struct options *options, const char *value, bool negated)
{
    unsigned us;

    if (negated || parse_unsigned(value, &us) != 0 || us > SCHED_RATELIMIT_MAX_US ||
        (us != 0 && us < SCHED_RATELIMIT_MIN_US)) {
        return -EINVAL;
    }
    options->sched_ratelimit_us = us;
    return 0;
}

static int set_cap_period(struct options *options, const char *value, bool negated)
{
    unsigned ms;

    if (negated || parse_unsigned(value, &ms) != 0 || ms == 0 || ms > SCHED_CAP_PERIOD_MAX_MS) {
        return -EINVAL;
    }
    options->credit2_cap_period_ms = ms;
    return 0;
}

static int set_vwfi(struct options *options, const char *value, bool negated)
{
    if (negated) {
        return -EINVAL;
    }
    if (strcmp(value, "auto") == 0) {
        options->vwfi = VWFI_AUTO;
    } else if (strcmp(value, "trap") == 0) {
        options->vwfi = VWFI_TRAP;
    } else if (strcmp(value, "native") == 0) {
        options->vwfi = VWFI_NATIVE;
    } else {
        return -EINVAL;
    }
    return 0;
}

static int parse_levels(const char *value, bool negated, unsigned *out)
{
    enum log_level level = LOG_ERROR;

    if (negated || log_level_parse(value, &level) != 0) {
        return -EINVAL;
    }
    *out = level;
    return 0;
}

static int set_loglvl(struct options *options, const char *value, bool negated)
{
    return parse_levels(value, negated, &options->log_threshold);
}

static int set_guest_loglvl(struct options *options, const char *value, bool negated)
{
    return parse_levels(value, negated, &options->guest_log_threshold);
}

static int set_bootscrub(struct options *options, const char *value, bool negated)
{
    if (!negated && strcmp(value, "idle") == 0) {
        options->bootscrub = true;
        return 0;
    }
    return parse_bool(value, negated, &options->bootscrub);
}

static int set_noreboot(struct options *options, const char *value, bool negated)
{
    return parse_bool(value, negated, &options->noreboot);
}

static int set_maxcpus(struct options *options, const char *value, bool negated)
{
    unsigned count;

    if (negated || parse_unsigned(value, &count) != 0 || count == 0) {
        return -EINVAL;
    }
    if (count > CPU_MAX) {
        log_warn("command line: maxcpus=%s: at most %d CPUs are supported; write maxcpus=%d or less, or "
                 "leave it out",
                 value, CPU_MAX, CPU_MAX);
        count = CPU_MAX;
    }
    options->maxcpus = count;
    return 0;
}

static int set_dom0_mem(struct options *options, const char *value, bool negated)
{
    return negated ? -EINVAL : cmdline_dom0_mem(value, options);
}

static int set_dom0_max_vcpus(struct options *options, const char *value, bool negated)
{
    return negated ? -EINVAL : cmdline_dom0_max_vcpus(value, options);
}

static int set_dom0_vcpus_pin(struct options *options, const char *value, bool negated)
{
    return parse_bool(value, negated, &options->dom0_vcpus_pin);
}

static int set_tbuf_size(struct options *options, const char *value, bool negated)
{
    return negated ? -EINVAL : parse_unsigned(value, &options->tbuf_size);
}

static int set_tevt_mask(struct options *options, const char *value, bool negated)
{
    return negated ? -EINVAL : parse_unsigned(value, &options->tevt_mask);
}

#define BOOLEAN "a yes or a no (on, off, 1, 0, true, false)"
#define LEVELS "none, error, warning, info, debug or all, or two of them as a/b"

static const struct option_row rows[] = {
    {"bootscrub", "idle, " BOOLEAN, set_bootscrub},
    {"console", "dtuart or none; the UART itself is chosen by dtuart=", set_console},
    {"credit2_cap_period_ms", "1 to 1000 milliseconds", set_cap_period},
    {"dom0_max_vcpus", "a number from 1 to 8, or two as 1-4", set_dom0_max_vcpus},
    {"dom0_mem", "a size as 512M, with min: and max: as 512M,min:256M,max:1G if wanted", set_dom0_mem},
    {"dom0_vcpus_pin", BOOLEAN, set_dom0_vcpus_pin},
    {"dtuart", "the path of a UART's node, or an alias for it, up to 95 characters", set_dtuart},
    {"guest_loglvl", LEVELS, set_guest_loglvl},
    {"loglvl", LEVELS, set_loglvl},
    {"maxcpus", "a number from 1 up", set_maxcpus},
    {"noreboot", BOOLEAN, set_noreboot},
    {"sched", NULL, set_sched},
    {"sched_overcommit", BOOLEAN, set_overcommit},
    {"sched_ratelimit_us", "0, or 100 to 500000 microseconds", set_ratelimit},
    {"tbuf_size", "a number of pages", set_tbuf_size},
    {"tevt_mask", "a mask of trace events, as 0x0002f000", set_tevt_mask},
    {"vwfi", "auto, trap or native", set_vwfi},
};

/* Edits (insert, delete, replace a character) that make @a into @b, as Levenshtein counts them. Both up to
 * NAME_MAX. */
static unsigned edit_distance(const char *a, const char *b)
{
    unsigned row[NAME_MAX + 1]; /* row[j]: from the part of @a read so far to the first j characters of @b. */
    size_t b_length = strlen(b);

    if (b_length > NAME_MAX || strlen(a) > NAME_MAX) {
        return NAME_MAX;
    }
    for (size_t j = 0; j <= b_length; j++) {
        row[j] = (unsigned)j;
    }
    for (unsigned i = 0; a[i] != '\0'; i++) {
        unsigned diagonal = row[0];

        row[0] = i + 1;
        for (size_t j = 1; j <= b_length; j++) {
            unsigned replaced = diagonal + (a[i] != b[j - 1] ? 1 : 0);
            unsigned shorter = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

            diagonal = row[j];
            row[j] = replaced < shorter ? replaced : shorter;
        }
    }
    return row[b_length];
}

static const struct cmdline_foreign *find_foreign(const struct cmdline_foreign *table, const char *name)
{
    for (; table->name != NULL; table++) {
        const char *star = strchr(table->name, '*');

        if (star == NULL ? strcmp(table->name, name) == 0
                         : strncmp(table->name, name, (size_t)(star - table->name)) == 0) {
            return table;
        }
    }
    return NULL;
}

static void warn_unknown(const char *name)
{
    const struct cmdline_foreign *foreign = find_foreign(cmdline_xen_names, name);
    const char *nearest = NULL;
    unsigned least = NEAR_ENOUGH + 1;

    if (foreign != NULL) {
        log_warn("command line: %s has no effect: %s", name, foreign->instead);
        return;
    }
    if (find_foreign(cmdline_linux_names, name) != NULL) {
        log_warn(
            "command line: %s is an option of Linux: write it in bootargs of the domain's kernel module node",
            name);
        return;
    }
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        unsigned distance = edit_distance(name, rows[i].name);

        if (distance < least && distance < strlen(name)) {
            least = distance;
            nearest = rows[i].name;
        }
    }
    if (nearest != NULL) {
        log_warn("command line: no option \"%s\"; did you mean %s?", name, nearest);
    } else {
        log_warn("command line: no option \"%s\"; there are bootscrub, console, credit2_cap_period_ms, "
                 "dom0_max_vcpus, dom0_mem, "
                 "dom0_vcpus_pin, dtuart, guest_loglvl, loglvl, maxcpus, noreboot, sched, sched_overcommit, "
                 "sched_ratelimit_us, tbuf_size, tevt_mask and vwfi",
                 name);
    }
}

static void warn_sched(const char *value, const char *kept)
{
    const char *state = strcmp(value, "credit") == 0 ? "is not there" : "is no scheduler";
    char names[64] = "";
    size_t length = 0;

    for (unsigned i = 0; sched_policy(i) != NULL && length < sizeof(names); i++) {
        length += format_text(names + length, sizeof(names) - length, "%s%s", i == 0 ? "" : ", ",
                              sched_policy(i)->name);
    }
    log_warn("command line: sched=%s %s; write one of: %s. Going on with sched=%s", value, state, names,
             kept);
}

/* One option as it was written, cut into @name and @value; @negated: it began with no-. */
static void apply(struct options *options, const char *name, const char *value, bool negated)
{
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        if (strcmp(rows[i].name, name) != 0) {
            continue;
        }
        if (rows[i].set(options, value, negated) != 0) {
            if (rows[i].set == set_sched) {
                warn_sched(value, options->sched);
            } else {
                log_warn("command line: %s%s=%s is not understood; write %s", negated ? "no-" : "", name,
                         value, rows[i].allowed);
            }
        }
        return;
    }
    warn_unknown(name);
}

static void apply_text(struct options *options, char *text)
{
    bool negated = strncmp(text, "no-", 3) == 0;
    char *name = negated ? text + 3 : text;
    char *equals = strchr(name, '=');

    if (equals != NULL) {
        *equals = '\0';
    }
    apply(options, name, equals == NULL ? "" : equals + 1, negated);
}

/* Copy the option at @text without its quotes. Returns its length in @text, and in @fits whether it
 * fitted. */
static size_t take_option(const char *text, char *out, bool *fits)
{
    bool quoted = false;
    size_t used = 0, i = 0;

    *fits = true;
    for (; text[i] != '\0' && (quoted || text[i] != ' '); i++) {
        if (text[i] == '"') {
            quoted = !quoted;
        } else if (used + 1 < OPTION_MAX) {
            out[used++] = text[i];
        } else {
            *fits = false;
        }
    }
    out[used] = '\0';
    if (quoted) {
        log_warn("command line: a quote is not closed in %s", out);
    }
    return i;
}

static void set_defaults(struct options *options)
{
    *options = (struct options){
        .vwfi = VWFI_AUTO,
        .log_threshold = LOG_INFO,
        .guest_log_threshold = LOG_WARN,
        .bootscrub = true,
        .maxcpus = CPU_MAX,
        .dom0_min_vcpus = 1,
        .dom0_max_vcpus = VCPU_MAX,
    };
    (void)string_copy(options->console, sizeof(options->console), "dtuart");
    (void)string_copy(options->sched, sizeof(options->sched), "credit2");
    options->sched_ratelimit_us = 1000;
    options->credit2_cap_period_ms = 10;
}

void cmdline_parse(const char *text, struct options *options)
{
    char option[OPTION_MAX];
    bool fits;

    set_defaults(options);
    for (;;) {
        while (*text == ' ') {
            text++;
        }
        if (*text == '\0') {
            return;
        }
        text += take_option(text, option, &fits);
        if (strcmp(option, "--") == 0) {
            log_warn("command line: what follows -- is not used; a domain's options go into bootargs of its "
                     "kernel module node");
            return;
        }
        if (!fits) {
            log_warn("command line: %s... is longer than %d characters and not used", option, OPTION_MAX - 1);
        } else {
            apply_text(options, option);
        }
    }
}

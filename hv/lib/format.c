/* SPDX-License-Identifier: Apache-2.0 */
/* format.c - text from a format string and arguments: the part of printf that the log needs (lib/log.h). */
#include "lib/log.h"

#include "lib/string.h"

#define DIGITS_MAX 20 /* 2^64 - 1 in decimal. */

/* Counts every character, stores those that fit before the terminator. */
struct sink {
    char *buffer;
    size_t size;
    size_t length;
};

/* One %: flags, field width, precision (%s only) and the size of an integer. */
struct conversion {
    bool left;
    bool zero;
    bool prefix;
    size_t width;
    size_t precision; /* SIZE_MAX: none given. */
    unsigned long_count;
    bool is_size;
};

/* How many of @length more characters are stored. */
static size_t room_for(const struct sink *sink, size_t length)
{
    size_t room = sink->length + 1 < sink->size ? sink->size - sink->length - 1 : 0;

    return length < room ? length : room;
}

static void put(struct sink *sink, const char *text, size_t length)
{
    size_t stored = room_for(sink, length);

    if (stored != 0) {
        memcpy(sink->buffer + sink->length, text, stored);
    }
    sink->length += length;
}

static void put_repeated(struct sink *sink, char c, size_t count)
{
    size_t stored = room_for(sink, count);

    if (stored != 0) {
        memset(sink->buffer + sink->length, c, stored);
    }
    sink->length += count;
}

/* @prefix (a sign or 0x) stands left of zeros and right of spaces. */
static void put_field(struct sink *sink, const struct conversion *conv, const char *prefix, const char *text,
                      size_t length)
{
    size_t prefix_length = strlen(prefix);
    size_t used = prefix_length + length;
    size_t padding = conv->width > used ? conv->width - used : 0;

    if (!conv->left && !conv->zero) {
        put_repeated(sink, ' ', padding);
    }
    put(sink, prefix, prefix_length);
    if (!conv->left && conv->zero) {
        put_repeated(sink, '0', padding);
    }
    put(sink, text, length);
    if (conv->left) {
        put_repeated(sink, ' ', padding);
    }
}

static void put_decimal(struct sink *sink, const struct conversion *conv, const char *prefix, uint64_t value)
{
    char text[DIGITS_MAX];
    size_t first = DIGITS_MAX;

    do {
        first--;
        text[first] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    put_field(sink, conv, prefix, &text[first], DIGITS_MAX - first);
}

static void put_hex(struct sink *sink, const struct conversion *conv, const char *prefix, uint64_t value,
                    bool upper)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[DIGITS_MAX];
    size_t first = DIGITS_MAX;

    do {
        first--;
        text[first] = digits[value & 0xf];
        value >>= 4;
    } while (value != 0);
    put_field(sink, conv, prefix, &text[first], DIGITS_MAX - first);
}

static void put_string(struct sink *sink, struct conversion *conv, const char *text)
{
    conv->zero = false;
    if (text == NULL) {
        text = "(null)";
    }
    put_field(sink, conv, "", text, strnlen(text, conv->precision));
}

/* Read the digits at *@at, if any, into @value; it stays below 2^31 whatever the text says. */
static void parse_count(const char **at, size_t *value)
{
    *value = 0;
    while (**at >= '0' && **at <= '9') {
        if (*value < 100000000) {
            *value = *value * 10 + (size_t)(**at - '0');
        }
        (*at)++;
    }
}

static const char *parse_flags(const char *at, struct conversion *conv)
{
    for (;; at++) {
        if (*at == '-') {
            conv->left = true;
        } else if (*at == '0') {
            conv->zero = true;
        } else if (*at == '#') {
            conv->prefix = true;
        } else {
            return at;
        }
    }
}

static const char *parse_length(const char *at, struct conversion *conv)
{
    for (;; at++) {
        if (*at == 'l') {
            conv->long_count++;
        } else if (*at == 'z') {
            conv->is_size = true;
        } else {
            return at;
        }
    }
}

/* Flags, width and precision; returns where the length modifiers begin. */
static const char *parse_layout(const char *at, struct conversion *conv, va_list *args)
{
    at = parse_flags(at, conv);
    if (*at == '*') {
        int width = va_arg(*args, int);

        conv->left = conv->left || width < 0;
        conv->width = width < 0 ? 0U - (unsigned)width : (unsigned)width;
        at++;
    } else {
        parse_count(&at, &conv->width);
    }
    conv->precision = SIZE_MAX;
    if (*at == '.' && at[1] == '*') {
        int precision = va_arg(*args, int);

        conv->precision = precision < 0 ? SIZE_MAX : (size_t)precision;
        at += 2;
    } else if (*at == '.') {
        at++;
        parse_count(&at, &conv->precision);
    }
    return at;
}

static uint64_t next_unsigned(const struct conversion *conv, va_list *args)
{
    if (conv->is_size ||
        conv->long_count != 0) { /* size_t, long and long long are 64 bits wide on AArch64. */
        return va_arg(*args, uint64_t);
    }
    return va_arg(*args, unsigned);
}

static void put_signed(struct sink *sink, const struct conversion *conv, va_list *args)
{
    int64_t value = conv->is_size || conv->long_count != 0 ? va_arg(*args, int64_t) : va_arg(*args, int);
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    put_decimal(sink, conv, value < 0 ? "-" : "", magnitude);
}

/* One conversion by its letter. Returns false when there is no such letter: nothing was taken from @args
 * then. */
static bool put_conversion(struct sink *sink, struct conversion *conv, char letter, va_list *args)
{
    uint64_t value;
    char c;

    switch (letter) {
    case 'd':
    case 'i':
        put_signed(sink, conv, args);
        return true;
    case 'u':
        put_decimal(sink, conv, "", next_unsigned(conv, args));
        return true;
    case 'x':
    case 'X':
        value = next_unsigned(conv, args);
        put_hex(sink, conv,
                !conv->prefix || value == 0 ? ""
                : letter == 'X'             ? "0X"
                                            : "0x",
                value, letter == 'X');
        return true;
    case 'p':
        put_hex(sink, conv, "0x", (uintptr_t)va_arg(*args, void *), false);
        return true;
    case 's':
        put_string(sink, conv, va_arg(*args, const char *));
        return true;
    case 'c':
        c = (char)va_arg(*args, int);
        conv->zero = false;
        put_field(sink, conv, "", &c, 1);
        return true;
    case '%':
        put(sink, "%", 1);
        return true;
    default:
        return false;
    }
}

/* Text goes through as it is; so does a conversion that is not known, so that its author sees it. */
static void put_all(struct sink *sink, const char *at, va_list *args)
{
    while (*at != '\0') {
        struct conversion conv = {0};
        const char *letter;

        if (*at != '%') {
            const char *text = at;

            while (*at != '%' && *at != '\0') {
                at++;
            }
            put(sink, text, (size_t)(at - text));
            continue;
        }
        letter = parse_length(parse_layout(at + 1, &conv, args), &conv);
        if (put_conversion(sink, &conv, *letter, args)) {
            at = letter + 1;
        } else {
            put(sink, at, 1);
            at++;
        }
    }
}

size_t format_text_v(char *buffer, size_t size, const char *format, va_list args)
{
    struct sink sink = {.buffer = buffer, .size = size, .length = 0};
    va_list copy; /* A va_list argument may be an array, whose address has another type. */

    va_copy(copy, args);
    put_all(&sink, format, &copy);
    va_end(copy);
    if (size != 0) {
        buffer[sink.length < size ? sink.length : size - 1] = '\0';
    }
    return sink.length;
}

size_t format_text(char *buffer, size_t size, const char *format, ...)
{
    va_list args;
    size_t length;

    va_start(args, format);
    length = format_text_v(buffer, size, format, args);
    va_end(args);
    return length;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* print.c - a small printf. */
#include "print.h"

#include "smp.h"
#include "string.h"

#include <stdint.h>

struct sink {
    char *at, *end;
};

static void put(struct sink *sink, char c)
{
    if (sink->at < sink->end) {
        *sink->at++ = c;
    }
}

static void put_number(struct sink *sink, uint64_t value, unsigned base, unsigned width, char pad,
                       bool negative)
{
    char digits[20];
    unsigned count = 0;

    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    if (negative && pad == '0') {
        put(sink, '-');
    }
    for (unsigned i = count + negative; i < width; i++) {
        put(sink, pad);
    }
    if (negative && pad != '0') {
        put(sink, '-');
    }
    while (count > 0) {
        put(sink, digits[--count]);
    }
}

static void put_string(struct sink *sink, const char *s, unsigned width)
{
    for (size_t i = strlen(s); i < width; i++) {
        put(sink, ' ');
    }
    while (*s != '\0') {
        put(sink, *s++);
    }
}

struct spec {
    unsigned width;
    bool zero, is_long;
    char kind;
};

/* What stands after a '%'; returns where it ends. */
static const char *read_spec(const char *f, struct spec *spec)
{
    *spec = (struct spec){.zero = *f == '0'};
    while (*f >= '0' && *f <= '9') {
        spec->width = spec->width * 10 + (unsigned)(*f++ - '0');
    }
    while (*f == 'l' || *f == 'z') {
        spec->is_long = true;
        f++;
    }
    spec->kind = *f;
    return f;
}

size_t format_text(char *buffer, size_t bytes, const char *format, va_list arguments)
{
    struct sink sink = {buffer, buffer + bytes};
    struct spec spec;

    for (const char *f = format; *f != '\0'; f++) {
        if (*f != '%') {
            put(&sink, *f);
            continue;
        }
        f = read_spec(f + 1, &spec);
        char pad = spec.zero ? '0' : ' ';
        if (spec.kind == 'c') {
            put(&sink, (char)va_arg(arguments, int));
        } else if (spec.kind == 's') {
            put_string(&sink, va_arg(arguments, const char *), spec.width);
        } else if (spec.kind == 'd') {
            int64_t value = spec.is_long ? va_arg(arguments, int64_t) : va_arg(arguments, int);
            put_number(&sink, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, spec.width, pad, value < 0);
        } else if (spec.kind == 'u' || spec.kind == 'x') {
            uint64_t value = spec.is_long ? va_arg(arguments, uint64_t) : va_arg(arguments, unsigned);
            put_number(&sink, value, spec.kind == 'x' ? 16 : 10, spec.width, pad, false);
        } else {
            put(&sink, '%');
        }
    }
    return (size_t)(sink.at - buffer);
}

void print(const char *format, ...)
{
    static struct spinlock lock;
    char buffer[512];
    va_list arguments;

    va_start(arguments, format);
    size_t length = format_text(buffer, sizeof(buffer) - 1, format, arguments);
    va_end(arguments);
    spinlock_take(&lock);
    uart_write(buffer, length);
    spinlock_release(&lock);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_format.c - format_text() against the C library's snprintf() wherever both mean the same. */
#include <limits.h>
#include <string.h>

#include "lib/log.h"
#include "test.h"

#define SAME(...)                                                                                            \
    do {                                                                                                     \
        char a[256], b[256];                                                                                 \
        size_t length = format_text(a, sizeof(a), __VA_ARGS__);                                              \
                                                                                                             \
        CHECK_EQ(length, snprintf(b, sizeof(b), __VA_ARGS__));                                               \
        CHECK_STR_EQ(a, b);                                                                                  \
    } while (0)

/* Formats that the compiler would refuse, as a caller of ours could still write them. */
static size_t format_unchecked(char *text, size_t size, const char *format, ...)
{
    va_list args;
    size_t length;

    va_start(args, format);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    length = format_text_v(text, size, format, args);
#pragma GCC diagnostic pop
    va_end(args);
    return length;
}

TEST(numbers)
{
    SAME("%d %i %u", 0, -1, 42U);
    SAME("%d %d %u %x", INT_MIN, INT_MAX, UINT_MAX, UINT_MAX);
    SAME("%ld %ld %lu", LONG_MIN, LONG_MAX, ULONG_MAX);
    SAME("%lld %lld %llu", LLONG_MIN, LLONG_MAX, ULLONG_MAX);
    SAME("%zu %zx", SIZE_MAX, SIZE_MAX);
    SAME("%x %X %#x %#X %#x", 0xbeefU, 0xbeefU, 0xbeefU, 0xbeefU, 0U);
    SAME("%lx %llX", 0x123456789abcdefUL, 0x123456789abcdefULL);
}

TEST(width_and_flags)
{
    SAME("[%5d] [%-5d] [%05d] [%5d] [%-5d] [%05d]", 42, 42, 42, -42, -42, -42);
    SAME("[%2d] [%02d] [%016lx] [%-16lx]", 12345, 12345, 0xabcUL, 0xabcUL);
    SAME("[%#10x] [%#010x] [%-#10x]", 0xabcU, 0xabcU, 0xabcU);
    SAME("[%5s] [%-5s] [%2s] [%c] [%3c] [%-3c]", "ab", "ab", "abc", 'x', 'y', 'z');
    SAME("[%*d] [%*d] [%-*s] [%*s]", 5, 42, -5, 42, 4, "ab", 4, "ab");
    SAME("[%.2s] [%.*s] [%.*s] [%5.1s] [%.0s]", "abc", 1, "abc", -1, "abc", "abc", "abc");
    SAME("100%% of %s", "it");
}

TEST(pointers_and_null)
{
    char text[64];
    const char *none = NULL;

    SAME("%p %20p", (void *)&text, (void *)&text);
    CHECK_EQ(format_unchecked(text, sizeof(text), "%s", none), 6);
    CHECK_STR_EQ(text, "(null)");
}

TEST(precision_reads_no_further)
{
    char *unterminated = malloc(3); /* The sanitizer watches its end. */
    char text[16];

    memcpy(unterminated, "abc", 3);
    CHECK_EQ(format_text(text, sizeof(text), "%.3s|", unterminated), 4);
    CHECK_STR_EQ(text, "abc|");
    free(unterminated);
}

TEST(random_numbers)
{
    for (int i = 0; i < 20000; i++) {
        uint64_t value = test_random() >> test_random_below(64);
        int width = (int)test_random_below(30);

        SAME("%lu|%ld|%lx|%u|%d|%x", value, (long)value, value, (unsigned)value, (int)value, (unsigned)value);
        SAME("%*lu|%-*ld|%0*lx", width, value, width, (long)value, width, value);
    }
}

TEST(unknown_conversions_show)
{
    char text[64];

    format_unchecked(text, sizeof(text), "a %q b %d", 7);
    CHECK_STR_EQ(text, "a %q b 7");
    format_unchecked(text, sizeof(text), "50%");
    CHECK_STR_EQ(text, "50%");
    format_unchecked(text, sizeof(text), "%-08");
    CHECK_STR_EQ(text, "%-08");
    format_unchecked(text, sizeof(text), "%99999999999999999999");
    CHECK_STR_EQ(text, "%99999999999999999999");
}

TEST(cut_text_is_terminated_and_counted)
{
    for (size_t size = 0; size <= 12; size++) {
        char *buffer = malloc(size + 1);

        buffer[size] = 'G';
        CHECK_EQ(format_text(buffer, size, "%s=%04d", "abc", 123), 8);
        CHECK(buffer[size] == 'G');
        if (size != 0) {
            CHECK_EQ(strlen(buffer), size - 1 < 8 ? size - 1 : 8);
            CHECK_EQ(strncmp(buffer, "abc=0123", size - 1), 0);
        }
        free(buffer);
    }
    CHECK_EQ(format_text(NULL, 0, "%d", 12345), 5);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_string.c - the target's string functions, under other names, against the C library's. */
#include <string.h>

#include "test.h"

#define memcpy bh_memcpy
#define memmove bh_memmove
#define memset bh_memset
#define memcmp bh_memcmp
#define memchr bh_memchr
#define strlen bh_strlen
#define strnlen bh_strnlen
#define strcmp bh_strcmp
#define strncmp bh_strncmp
#undef strchr
#define strchr bh_strchr
#define strrchr bh_strrchr
#include "lib/string.c" /* NOLINT: a test build of a target-only file. */
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr
#undef strrchr

#define ARENA 512u
#define SIZE_LIMIT 160u

static unsigned char ours[ARENA] __attribute__((aligned(16))), theirs[ARENA] __attribute__((aligned(16)));

static void fill_random(void)
{
    for (size_t i = 0; i < ARENA; i++) {
        ours[i] = (unsigned char)test_random();
    }
    memcpy(theirs, ours, ARENA);
}

static int sign(int v)
{
    return (v > 0) - (v < 0);
}

TEST(memcpy_all_alignments)
{
    for (size_t size = 0; size < SIZE_LIMIT; size++) {
        for (size_t i = 0; i < 64; i++) {
            size_t to = 16 + i / 8, from = 256 + i % 8;

            fill_random();
            CHECK_PTR_EQ(bh_memcpy(ours + to, ours + from, size), ours + to);
            memcpy(theirs + to, theirs + from, size);
            CHECK_EQ(memcmp(ours, theirs, ARENA), 0);
        }
    }
}

TEST(memmove_all_overlaps)
{
    for (size_t size = 0; size < SIZE_LIMIT; size++) {
        for (int i = 0; i < 300; i++) {
            size_t to = test_random_below(ARENA - size), from = test_random_below(ARENA - size);

            if (i % 2 == 0) { /* Near each other. */
                from = 64 + test_random_below(16);
                to = 64 + test_random_below(16);
            }
            fill_random();
            CHECK_PTR_EQ(bh_memmove(ours + to, ours + from, size), ours + to);
            memmove(theirs + to, theirs + from, size);
            CHECK_EQ(memcmp(ours, theirs, ARENA), 0);
        }
    }
}

TEST(memset_all_alignments)
{
    for (size_t size = 0; size < SIZE_LIMIT; size++) {
        for (size_t to = 0; to < 17; to++) {
            int byte = (int)test_random();

            fill_random();
            CHECK_PTR_EQ(bh_memset(ours + to, byte, size), ours + to);
            memset(theirs + to, byte, size);
            CHECK_EQ(memcmp(ours, theirs, ARENA), 0);
        }
    }
}

TEST(memcmp_finds_the_first_difference)
{
    for (size_t size = 0; size < 64; size++) {
        for (size_t i = 0; i < 64; i++) {
            size_t a = i / 8, b = 128 + i % 8;

            fill_random();
            memcpy(ours + b, ours + a, size);
            CHECK_EQ(bh_memcmp(ours + a, ours + b, size), 0);
            if (size != 0) {
                ours[a + test_random_below(size)] ^= 0x80;
                ours[b + test_random_below(size)] ^= 1;
                CHECK_EQ(sign(bh_memcmp(ours + a, ours + b, size)), sign(memcmp(ours + a, ours + b, size)));
            }
        }
    }
}

TEST(memchr_stays_inside)
{
    const char text[] = {'a', 'b', (char)0xff, 'b', 'c'};

    CHECK_PTR_EQ(bh_memchr(text, 'b', 5), text + 1);
    CHECK_PTR_EQ(bh_memchr(text, 0xff, 5), text + 2);
    CHECK_PTR_EQ(bh_memchr(text, -1, 5), text + 2); /* The byte is converted to unsigned char. */
    CHECK_PTR_EQ(bh_memchr(text, 'c', 4), NULL);
    CHECK_PTR_EQ(bh_memchr(text, 'a', 0), NULL);
}

TEST(lengths)
{
    const char text[3] = {'a', 'b', 'c'};

    CHECK_EQ(bh_strlen(""), 0);
    CHECK_EQ(bh_strlen("bulkhead"), 8);
    CHECK_EQ(bh_strnlen("bulkhead", 100), 8);
    CHECK_EQ(bh_strnlen("bulkhead", 4), 4);
    CHECK_EQ(bh_strnlen(text, 3), 3);
    CHECK_EQ(bh_strnlen(text, 0), 0);
}

TEST(string_compare)
{
    static const char *const words[] = {"", "a", "ab", "abc", "abd", "b", "\xff", "a\x80", "abc\x01"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        for (size_t j = 0; j < sizeof(words) / sizeof(words[0]); j++) {
            CHECK_EQ(sign(bh_strcmp(words[i], words[j])), sign(strcmp(words[i], words[j])));
            for (size_t n = 0; n < 6; n++) {
                CHECK_EQ(sign(bh_strncmp(words[i], words[j], n)), sign(strncmp(words[i], words[j], n)));
            }
        }
    }
}

TEST(string_search)
{
    const char *path = "/soc/uart@9000000";

    CHECK_PTR_EQ(bh_strchr(path, '/'), path);
    CHECK_PTR_EQ(bh_strrchr(path, '/'), path + 4);
    CHECK_PTR_EQ(bh_strchr(path, 'x'), NULL);
    CHECK_PTR_EQ(bh_strrchr(path, 'x'), NULL);
    CHECK_PTR_EQ(bh_strchr(path, '\0'), path + 17);
    CHECK_PTR_EQ(bh_strrchr(path, '\0'), path + 17);
}

TEST(string_copy_cuts_and_terminates)
{
    char buffer[4] = "xyz";

    CHECK(!string_copy(buffer, 0, "a"));
    CHECK_STR_EQ(buffer, "xyz");
    CHECK(string_copy(buffer, 4, "abc"));
    CHECK_STR_EQ(buffer, "abc");
    CHECK(!string_copy(buffer, 4, "abcd"));
    CHECK_STR_EQ(buffer, "abc");
    CHECK(!string_copy(buffer, 1, "a"));
    CHECK_STR_EQ(buffer, "");
    CHECK(string_copy(buffer, 1, ""));
}

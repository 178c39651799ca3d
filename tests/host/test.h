/* SPDX-License-Identifier: Apache-2.0 */
/* test.h - the frame of every host test: TEST(), CHECK...(), the captured log, expected panics and a seeded
 * PRNG.
 *
 * One program per module, tests/host/test_<module>.c, linked with all pure sources of hv/ and with harness.c,
 * which has main().
 *
 *     TEST(list_append_keeps_order)
 *     {
 *         CHECK_EQ(list_count(&head), 3);
 *         CHECK(test_log_contains("what to write instead"));
 *     }
 *
 * A failed CHECK ends its test, from whatever depth it is called. Tests of one program run in order of
 * appearance, in one process and one thread: static state of the module under test lives on from one to the
 * next. */
#ifndef TESTS_HOST_TEST_H
#define TESTS_HOST_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct test_case {
    const char *name;
    void (*run)(void);
    struct test_case *next;
};

void test_register(struct test_case *test);

#define TEST(test_name)                                                                                      \
    static void run_##test_name(void);                                                                       \
    __attribute__((constructor)) static void register_##test_name(void)                                      \
    {                                                                                                        \
        static struct test_case test = {#test_name, run_##test_name, NULL};                                  \
                                                                                                             \
        test_register(&test);                                                                                \
    }                                                                                                        \
    static void run_##test_name(void)

/* What the macros below stand on: say where and why, and end the running test. */
_Noreturn void test_fail(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void test_check_eq(const char *file, int line, const char *a_text, __int128 a, const char *b_text,
                   __int128 b);
void test_check_string(const char *file, int line, const char *a_text, const char *a, const char *b);

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            test_fail(__FILE__, __LINE__, "%s", #condition);                                                 \
        }                                                                                                    \
    } while (0)

/* Integers of any type, compared by value: -1 and UINT32_MAX differ. Prints both when they do. */
#define CHECK_EQ(a, b) test_check_eq(__FILE__, __LINE__, #a, (__int128)(a), #b, (__int128)(b))
#define CHECK_STR_EQ(a, b) test_check_string(__FILE__, __LINE__, #a, (a), (b))
#define CHECK_PTR_EQ(a, b) CHECK((const volatile void *)(a) == (const volatile void *)(b))

/* Log lines since the test began or test_log_clear(); each is kept as "ERROR: text\n", "WARN: ", "INFO: " or
 * "DEBUG: ". */
bool test_log_contains(const char *text);
const char *test_log_text(void);
void test_log_clear(void);
unsigned test_log_count(unsigned level); /* Lines of one enum log_level. */

/* Run @function(@argument). Returns true when it panicked; the words are then in test_panic_text(). Locks it
 * held are forgotten. */
bool test_panics(void (*function)(void *), void *argument);
const char *test_panic_text(void);

/* Repeatable random numbers: each test starts from the program's seed (printed at the start; `--seed N` sets
 * it) and its own name, so it sees the same ones alone and among others. */
uint64_t test_random(void);
uint64_t test_random_below(uint64_t limit); /* 0 to @limit - 1. */

/* True under `--long`: property tests may take more rounds. */
bool test_long(void);

#endif

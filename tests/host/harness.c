/* SPDX-License-Identifier: Apache-2.0 */
/* harness.c - main() of every host test program: runs its tests in order and says how each went.
 *
 *     test_x [--seed N] [--long] [NAME]...        NAME: only the tests whose name contains it
 *
 * Prints `ok name` or `FAIL name file:line expression` (then the log the test left), last line `N passed, N
 * failed`. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include "arch/host_locks.h"
#include "support.h"
#include "test.h"

static struct test_case *first, **last = &first;
static struct test_case *running;
static jmp_buf fail_target;
static uint64_t seed = 1, random_state;
static bool long_run;

void test_register(struct test_case *test)
{
    *last = test;
    last = &test->next;
}

bool test_long(void)
{
    return long_run;
}

/* SplitMix64 (Steele, Lea, Flood 2014): small, and good from any seed. */
uint64_t test_random(void)
{
    uint64_t z = (random_state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t test_random_below(uint64_t limit)
{
    return test_random() % limit;
}

static void random_start(const char *name)
{
    random_state = seed;
    for (; *name != '\0'; name++) {
        random_state = random_state * 31 + (unsigned char)*name;
    }
}

void test_fail(const char *file, int line, const char *format, ...)
{
    va_list args;

    printf("FAIL %s %s:%d ", running->name, file, line);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n%s", test_log_text());
    longjmp(fail_target, 1);
}

static void print_number(const char *text, __int128 value)
{
    uint64_t magnitude = (uint64_t)(value < 0 ? -value : value);

    printf("  %s = %s%" PRIu64 " (%s0x%" PRIx64 ")\n", text, value < 0 ? "-" : "", magnitude,
           value < 0 ? "-" : "", magnitude);
}

void test_check_eq(const char *file, int line, const char *a_text, __int128 a, const char *b_text, __int128 b)
{
    if (a != b) {
        print_number(a_text, a);
        print_number(b_text, b);
        test_fail(file, line, "%s == %s", a_text, b_text);
    }
}

void test_check_string(const char *file, int line, const char *a_text, const char *a, const char *b)
{
    if (strcmp(a, b) != 0) {
        test_fail(file, line, "%s is \"%s\", expected \"%s\"", a_text, a, b);
    }
}

bool test_panics(void (*function)(void *), void *argument)
{
    jmp_buf target, *outer = support_panic_target;
    volatile bool panicked = true;

    support_panic_target = &target;
    if (setjmp(target) == 0) {
        function(argument);
        panicked = false;
    } else {
        host_locks_forget();
    }
    support_panic_target = outer;
    return panicked;
}

/* A panic no test asked for is a failure of the test that ran, not the end of the program. */
static bool run_one(struct test_case *test)
{
    jmp_buf panicked;
    volatile bool passed = false;

    running = test;
    test_log_clear();
    random_start(test->name);
    support_panic_target = &panicked;
    if (setjmp(fail_target) == 0) {
        if (setjmp(panicked) != 0) {
            test_fail("panic", 0, "%s", test_panic_text());
        }
        test->run();
        if (host_locks_held()) {
            test_fail("locks", 0, "a lock is still held at the end of the test");
        }
        passed = true;
        printf("ok %s\n", test->name);
    }
    support_panic_target = NULL;
    host_locks_forget();
    return passed;
}

static bool wanted(const char *name, char **patterns, int count)
{
    for (int i = 0; i < count; i++) {
        if (strstr(name, patterns[i]) != NULL) {
            return true;
        }
    }
    return count == 0;
}

int main(int argc, char **argv)
{
    unsigned passed = 0, failed = 0;
    int i = 1;

    setvbuf(stdout, NULL, _IOLBF, 0);
    for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        if (strcmp(argv[i], "--long") == 0) {
            long_run = true;
        } else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
            seed = strtoull(argv[++i], NULL, 0);
        } else {
            fprintf(stderr, "usage: %s [--seed N] [--long] [NAME]...\n", argv[0]);
            return 2;
        }
    }
    printf("seed %" PRIu64 "\n", seed);
    for (struct test_case *test = first; test != NULL; test = test->next) {
        if (wanted(test->name, argv + i, argc - i)) {
            if (run_one(test)) {
                passed++;
            } else {
                failed++;
            }
        }
    }
    printf("%u passed, %u failed\n", passed, failed);
    return failed == 0 && passed > 0 ? 0 : 1;
}

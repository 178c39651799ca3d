/* SPDX-License-Identifier: Apache-2.0 */
/* check.h - checks of a test guest: what is wrong is printed with its line, and how many there were at the
 * end.
 *
 * A guest has `static struct checks checks;`, uses CHECK and CHECK_EQ, and returns checks_end(&checks). */
#ifndef GUEST_TESTS_CHECK_H
#define GUEST_TESTS_CHECK_H

#include "guest.h"

struct checks {
    unsigned count, failed;
};

#define CHECK(condition) check_true(&checks, (condition), __LINE__, #condition)
#define CHECK_EQ(got, wanted) check_equal(&checks, (int64_t)(got), (int64_t)(wanted), __LINE__, #got)

static inline bool check_true(struct checks *checks, bool ok, unsigned line, const char *what)
{
    checks->count++;
    if (!ok) {
        checks->failed++;
        print("FAIL line %u: %s\n", line, what);
    }
    return ok;
}

static inline bool check_equal(struct checks *checks, int64_t got, int64_t wanted, unsigned line,
                               const char *what)
{
    checks->count++;
    if (got != wanted) {
        checks->failed++;
        print("FAIL line %u: %s is %ld (0x%lx), not %ld (0x%lx)\n", line, what, got, (uint64_t)got, wanted,
              (uint64_t)wanted);
    }
    return got == wanted;
}

/* What guest_main() returns. */
static inline unsigned checks_end(const struct checks *checks)
{
    print("RESULT %u checks, %u failed\n", checks->count, checks->failed);
    return checks->failed == 0 ? 0 : 1;
}

#endif

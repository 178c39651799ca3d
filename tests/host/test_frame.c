/* SPDX-License-Identifier: Apache-2.0 */
/* test_frame.c - the test frame and the host locks test themselves: each check must be able to fail. */
#include <string.h>

#include "arch/spinlock.h"
#include "lib/log.h"
#include "lib/panic.h"
#include "test.h"

static void take_twice(void *argument)
{
    struct spinlock *lock = argument;

    spin_lock(lock);
    spin_lock(lock);
}

static void take_two(void *argument)
{
    struct spinlock *locks = argument;

    spin_lock(&locks[0]);
    spin_lock(&locks[1]);
    spin_unlock(&locks[0]);
    spin_unlock(&locks[1]);
}

static void release_free(void *argument)
{
    spin_unlock(argument);
}

TEST(lock_taken_twice_panics)
{
    struct spinlock lock = SPINLOCK_INIT(10);

    CHECK(test_panics(take_twice, &lock));
    CHECK(strstr(test_panic_text(), "taken twice") != NULL);
    CHECK(!lock.held);
}

TEST(lock_order_is_checked)
{
    struct spinlock locks[2];

    spin_init(&locks[0], 10);
    spin_init(&locks[1], 20);
    CHECK(!test_panics(take_two, locks));
    spin_init(&locks[1], 10);
    CHECK(test_panics(take_two, locks));
    CHECK_STR_EQ(test_panic_text(), "lock of rank 10 taken inside one of rank 10: see docs/locking.md");
    spin_init(&locks[0], 30);
    CHECK(test_panics(take_two, locks));
}

TEST(lock_release_of_a_free_one_panics)
{
    struct spinlock lock = SPINLOCK_INIT(10);

    CHECK(test_panics(release_free, &lock));
}

TEST(log_is_captured_by_level)
{
    log_warn("option %s is unknown", "scehd");
    log_error("%d", 5);
    CHECK(test_log_contains("WARN: option scehd is unknown\n"));
    CHECK(!test_log_contains("INFO"));
    CHECK_EQ(test_log_count(LOG_WARN), 1);
    test_log_clear();
    CHECK(!test_log_contains("scehd"));
    CHECK_EQ(test_log_count(LOG_WARN), 0);
}

TEST(log_keeps_the_newest)
{
    for (int i = 0; i < 100000; i++) {
        log_info("line %d", i);
    }
    CHECK(test_log_contains("line 99999\n"));
    CHECK(!test_log_contains("line 0\n"));
}

TEST(random_repeats_within_a_test_name)
{
    uint64_t a = test_random();

    CHECK(a != test_random());
    for (int i = 0; i < 1000; i++) {
        CHECK(test_random_below(7) < 7);
    }
}

TEST(numbers_compare_by_value)
{
    CHECK_EQ((uint8_t)5, INT64_C(5));
    CHECK_EQ(-22, (int64_t)-22);
    CHECK((__int128)-1 != (__int128)UINT32_MAX);
}

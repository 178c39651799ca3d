/* SPDX-License-Identifier: Apache-2.0 */
/* test_eemi.c - Dom0's calls to the ZynqMP's firmware: what passes, what is kept from it. */
#include "vdev/eemi.h"

#include "test.h"

#define UART0 0xff000000
#define UART1 0xff010000

static enum eemi_verdict judge(uint32_t number, uint32_t first, uint32_t second, uint64_t console)
{
    const uint64_t args[4] = {first | (uint64_t)second << 32, 0, 0, 0};

    return eemi_judge(0xc2000000 + number, args, pa(console));
}

TEST(questions_pass)
{
    static const uint32_t numbers[] = {1, 3, 24, 35, 38, 40, 44, 63, 0xa03};
    const uint64_t args[4] = {0};

    for (size_t i = 0; i < ARRAY_COUNT(numbers); i++) {
        CHECK_EQ(judge(numbers[i], 1, 0, UART0), EEMI_PASS);
    }
    CHECK_EQ(eemi_judge(0x8200ff00, args, pa(0)), EEMI_PASS);
    CHECK_EQ(eemi_judge(0x8200ff01, args, pa(0)), EEMI_PASS);
    CHECK_EQ(eemi_judge(0x8200ff03, args, pa(0)), EEMI_PASS);
}

TEST(what_is_no_call_is_unknown)
{
    const uint64_t args[4] = {0};

    CHECK_EQ(judge(0, 0, 0, 0), EEMI_UNKNOWN);
    CHECK_EQ(judge(25, 0, 0, 0), EEMI_UNKNOWN);
    CHECK_EQ(judge(52, 0, 0, 0), EEMI_UNKNOWN);
    CHECK_EQ(judge(0xffff, 0, 0, 0), EEMI_UNKNOWN);
    CHECK_EQ(eemi_judge(0x82000001, args, pa(0)), EEMI_UNKNOWN);
    CHECK_EQ(eemi_judge(0x82001000, args, pa(0)), EEMI_UNKNOWN);
    CHECK_EQ(eemi_judge(0, args, pa(0)), EEMI_UNKNOWN);
}

TEST(never)
{
    static const uint32_t numbers[] = {2, 9, 12, 19, 20};

    for (size_t i = 0; i < ARRAY_COUNT(numbers); i++) {
        CHECK_EQ(judge(numbers[i], 39, 0, UART0), EEMI_NO_ACCESS);
    }
    CHECK_EQ(judge(7, 2, 0, UART0), EEMI_ACCEPT);
    CHECK_EQ(judge(21, 0, 0, UART0), EEMI_ACCEPT);
}

TEST(power_of_what_all_stand_on)
{
    static const uint32_t numbers[] = {6, 8, 10, 14, 15, 16};
    static const uint32_t kept[] = {0, 1, 2, 5, 10, 11, 14, 19, 50, 55, 62, 77, 1000, UINT32_MAX};
    static const uint32_t own[] = {51, 6, 9, 22, 28, 32, 34, 39, 46, 59, 69, 74};

    for (size_t n = 0; n < ARRAY_COUNT(numbers); n++) {
        for (size_t i = 0; i < ARRAY_COUNT(kept); i++) {
            CHECK_EQ(judge(numbers[n], kept[i], 1, UART0), EEMI_NO_ACCESS);
        }
        for (size_t i = 0; i < ARRAY_COUNT(own); i++) {
            CHECK_EQ(judge(numbers[n], own[i], 1, UART0), EEMI_PASS);
        }
    }
}

TEST(resets_and_clocks)
{
    CHECK_EQ(judge(17, 1029, 1, UART0), EEMI_PASS); /* GEM0. */
    CHECK_EQ(judge(17, 1017, 1, UART0), EEMI_NO_ACCESS);
    CHECK_EQ(judge(17, 1026, 1, UART0), EEMI_NO_ACCESS);
    CHECK_EQ(judge(17, 1028, 1, UART0), EEMI_NO_ACCESS);
    CHECK_EQ(judge(17, 1114, 1, UART0), EEMI_NO_ACCESS);
    CHECK_EQ(judge(36, 10, 0, UART0), EEMI_PASS); /* To switch a clock on does no harm. */
    CHECK_EQ(judge(37, 10, 0, UART0), EEMI_NO_ACCESS);
    CHECK_EQ(judge(39, 11, 0, UART0), EEMI_NO_ACCESS);
    CHECK_EQ(judge(43, 21, 0, UART0), EEMI_NO_ACCESS);
    CHECK_EQ(judge(39, 3, 0, UART0), EEMI_NO_ACCESS);
    CHECK_EQ(judge(39, 4, 0, UART0), EEMI_PASS); /* The video's PLL. */
    CHECK_EQ(judge(39, 45, 0, UART0), EEMI_PASS);
}

TEST(the_console_is_kept)
{
    static const struct {
        uint64_t base;
        uint32_t node, reset, clock;
    } uart[] = {{UART0, 33, 1034, 56}, {UART1, 34, 1035, 57}};

    for (unsigned i = 0; i < 2; i++) {
        for (unsigned console = 0; console < 3; console++) {
            enum eemi_verdict wanted = i == console ? EEMI_NO_ACCESS : EEMI_PASS;
            uint64_t base = console < 2 ? uart[console].base : 0x9000000;

            CHECK_EQ(judge(14, uart[i].node, 0, base), wanted);
            CHECK_EQ(judge(17, uart[i].reset, 0, base), wanted);
            CHECK_EQ(judge(37, uart[i].clock, 0, base), wanted);
        }
    }
}

TEST(operations_on_registers)
{
    CHECK_EQ(judge(34, 0, 28, UART0), EEMI_NO_ACCESS);
    CHECK_EQ(judge(34, 0, 29, UART0), EEMI_NO_ACCESS);
    CHECK_EQ(judge(34, 0, 25, UART0), EEMI_NO_ACCESS);
    CHECK_EQ(judge(34, 39, 7, UART0), EEMI_PASS);
}

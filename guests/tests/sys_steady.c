/* SPDX-License-Identifier: Apache-2.0 */
/* sys_steady.c - test guest: wants nothing but its timer on time and its memory left alone. Boot arguments:
 * rounds=N (100), us=N (1000) between its interrupts, mib=N (1) of memory it watches. Prints how late its
 * interrupts came, in nanoseconds. */
#include "check.h"

extern char __image_end[];

static struct checks checks;
static volatile uint64_t stamp;
static volatile bool fired;

static void fire(unsigned intid, struct trap_frame *frame)
{
    (void)intid;
    timer_stop(TIMER_VIRT);
    stamp = frame->stamp;
    fired = true;
}

/* The memory holds what its address says, and the round. */
static uint64_t watched(uint64_t *words, uint64_t count, uint64_t round)
{
    uint64_t wrong = 0;

    for (uint64_t i = 0; i < count; i++) {
        wrong += words[i] != (uint64_t)&words[i] * 0x9e3779b97f4a7c15UL + round;
        words[i] = (uint64_t)&words[i] * 0x9e3779b97f4a7c15UL + round + 1;
    }
    return wrong;
}

static uint64_t wait_late(uint64_t deadline)
{
    fired = false;
    timer_set(TIMER_VIRT, deadline);
    while (!fired) {
        irq_enable();
        irq_disable();
        if (!fired) {
            wfi(); /* Wakes for a masked interrupt too. */
        }
    }
    return stamp - deadline;
}

unsigned guest_main(void)
{
    uint64_t rounds = bootarg_number("rounds", 100),
             period = timer_frequency() / 1000000 * bootarg_number("us", 1000);
    uint64_t count = bootarg_number("mib", 1) << 17, wrong = 0, worst = 0, sum = 0;
    uint64_t *words = (uint64_t *)__image_end;

    irq_set_handler(timer_intid(TIMER_VIRT), fire);
    gic_enable(timer_intid(TIMER_VIRT));
    for (uint64_t i = 0; i < count; i++) {
        words[i] = (uint64_t)&words[i] * 0x9e3779b97f4a7c15UL;
    }
    for (uint64_t round = 0; round < rounds; round++) {
        uint64_t late = wait_late(timer_now(TIMER_VIRT) + period);
        worst = late > worst ? late : worst;
        sum += late;
        if (round % 16 == 0) {
            wrong += watched(words, count, round / 16);
        }
    }
    CHECK_EQ(wrong, 0);
    uint64_t ns = 1000000000 / timer_frequency();
    print("STEADY rounds %lu worst %lu mean %lu\n", rounds, worst * ns, sum * ns / rounds);
    return checks_end(&checks);
}

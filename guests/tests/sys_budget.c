/* SPDX-License-Identifier: Apache-2.0 */
/* sys_budget.c - test guest: how much running time it gets in each period of its server (rtds). It sleeps
 * until a period must begin with its waking, so that it knows where they begin, and then computes all the
 * time. Boot arguments: from=TICKS period=TICKS count=PERIODS. */
#include "check.h"

#define PERIODS_MAX 4096
#define GAP_TICKS 600 /* A longer step of the counter is time spent elsewhere. */

static struct checks checks;
static uint64_t ran[PERIODS_MAX];

static void fire(unsigned intid, struct trap_frame *frame)
{
    (void)intid;
    (void)frame;
    timer_stop(TIMER_PHYS);
}

unsigned guest_main(void)
{
    uint64_t from = bootarg_number("from", 0), period = bootarg_number("period", 0);
    uint64_t count = bootarg_number("count", 0), least = UINT64_MAX, most = 0, start, last, now;

    CHECK(count != 0 && count <= PERIODS_MAX && period != 0);
    irq_set_handler(timer_intid(TIMER_PHYS), fire);
    gic_enable(timer_intid(TIMER_PHYS));
    CHECK(timer_now(TIMER_PHYS) + period < from);
    timer_set(TIMER_PHYS, from);
    while (timer_now(TIMER_PHYS) < from) {
        wfi();
        irq_enable();
        isb();
        irq_disable();
    }
    start = last = timer_now(TIMER_PHYS);
    while ((now = timer_now(TIMER_PHYS)) < from + count * period) {
        if (now - last < GAP_TICKS) {
            ran[(now - from) / period] += now - last;
        }
        last = now;
    }
    for (uint64_t i = 0; i < count; i++) {
        least = ran[i] < least ? ran[i] : least;
        most = ran[i] > most ? ran[i] : most;
    }
    print("BUDGET late %lu least %lu most %lu\n", start - from, least, most);
    return checks_end(&checks);
}

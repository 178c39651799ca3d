/* SPDX-License-Identifier: Apache-2.0 */
/* sys_spans.c - test guest: when it ran, as steps of the counter tell, for a picture beside the plan. It
 * sleeps until the time that all such guests are told, and then computes. Boot arguments: from=TICKS
 * until=TICKS. */
#include "check.h"

#define SPANS_MAX 256
#define GAP_TICKS 600 /* A longer step of the counter is time spent elsewhere. */

struct span {
    uint64_t start, end;
};

static struct checks checks;
static struct span spans[SPANS_MAX];

static void fire(unsigned intid, struct trap_frame *frame)
{
    (void)intid;
    (void)frame;
    timer_stop(TIMER_PHYS);
}

static void sleep_until(uint64_t deadline)
{
    irq_set_handler(timer_intid(TIMER_PHYS), fire);
    gic_enable(timer_intid(TIMER_PHYS));
    timer_set(TIMER_PHYS, deadline);
    while (timer_now(TIMER_PHYS) < deadline) {
        wfi();
        irq_enable();
        isb();
        irq_disable();
    }
}

unsigned guest_main(void)
{
    uint64_t from = bootarg_number("from", 0), until = bootarg_number("until", 0), last, now;
    unsigned count = 0;

    CHECK(timer_now(TIMER_PHYS) < from && from < until);
    sleep_until(from);
    last = spans[0].start = timer_now(TIMER_PHYS);
    while ((now = timer_now(TIMER_PHYS)) < until && count + 1 < SPANS_MAX) {
        if (now - last >= GAP_TICKS) {
            spans[count++].end = last;
            spans[count].start = now;
        }
        last = now;
    }
    spans[count++].end = last;
    CHECK(count < SPANS_MAX);
    while (timer_now(TIMER_PHYS) < until + (until - from) / 2) { /* Prints disturb nobody who still counts. */
    }
    for (unsigned i = 0; i < count; i++) {
        print("SPAN %lu %lu\n", spans[i].start - from, spans[i].end - from);
    }
    return checks_end(&checks);
}

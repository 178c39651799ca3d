/* SPDX-License-Identifier: Apache-2.0 */
/* sys_slots.c - test guest: when its slots start and end (arinc653), as a step of the counter tells. Boot
 * arguments: frame=TICKS count=FRAMES skip=SLOTS (2) until it begins to count. */
#include "check.h"

#define GAP_TICKS                                                                                            \
    2000 /* A longer step is another's time; one slot a frame, and shorter than the frame by more. */

static struct checks checks;

struct span {
    uint64_t low, high;
};

static void widen(struct span *range, uint64_t value)
{
    range->low = value < range->low ? value : range->low;
    range->high = value > range->high ? value : range->high;
}

/* The counter as the next slot starts; @end: as this one ended. */
static uint64_t next_slot(uint64_t *end)
{
    uint64_t last = timer_now(TIMER_PHYS), now;

    while ((now = timer_now(TIMER_PHYS)) - last < GAP_TICKS) {
        last = now;
    }
    *end = last;
    return now;
}

unsigned guest_main(void)
{
    uint64_t frame = bootarg_number("frame", 0), count = bootarg_number("count", 0), end, first = 0;
    int64_t last = 0;
    struct span starts = {UINT64_MAX, 0}, ends = {UINT64_MAX, 0};

    CHECK(frame != 0 && count != 0);
    for (uint64_t skip = bootarg_number("skip", 2); skip != 0; skip--) {
        first = next_slot(&end);
    }
    for (uint64_t i = 0; i < count; i++) {
        uint64_t start = i == 0 ? first : next_slot(&end);

        /* Against the first, moved by half a frame to stay above 0. */
        widen(&starts, start + frame / 2 - first - i * frame);
        if (i != 0) {
            widen(&ends, end + frame / 2 - first - (i - 1) * frame);
        }
        last = (int64_t)(start - first - i * frame);
    }
    while (timer_now(TIMER_PHYS) <
           first + (count + 3) * frame) { /* Until the others have counted theirs, too. */
    }
    print("SLOTS first %lu start %ld to %ld end %ld to %ld last %ld\n", first,
          (int64_t)(starts.low - frame / 2), (int64_t)(starts.high - frame / 2),
          (int64_t)(ends.low - frame / 2), (int64_t)(ends.high - frame / 2), last);
    return checks_end(&checks);
}

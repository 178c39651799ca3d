/* SPDX-License-Identifier: Apache-2.0 */
/* meter.c - the latency meter: how long after its deadline does a timer's interrupt reach the guest's vector?
 *
 * One binary, bare at EL1 and under any hypervisor. Each round programs CVAL one period ahead, waits, and
 * takes as latency the counter read in the vector, after saving registers, less the deadline. Boot arguments:
 *
 *   timer=virt|phys       which timer (virt)
 *   period=TICKS          from a round's begin to its deadline (100003)
 *   spread=TICKS          a round's period is longer by a different time below this (0)
 *   wait=wfi|spin         how to wait (wfi)
 *   rounds=N              (10000)
 *   warmup=N              rounds before WARM_MAX counts (10)
 *   histogram=0|1         print it (1)
 *   coarse=0|1            its latencies rounded down to four an octave (0)
 *   exit=semihosting|psci|none  how to end (semihosting)
 *
 * The period is a prime, so that deadlines fall at all phases of a hypervisor's own timers.
 *
 * AVG is a moving average with k = 1/8, in fixed point, rounded; MEAN is over all rounds after warm-up. All
 * in ticks. */
#include "guest.h"

#define AVG_SHIFT 8   /* Binary places of the moving average. */
#define AVG_K_SHIFT 3 /* k = 1/8 */
#define BIN_MAX 64

/* Of the histogram: one per value seen, or four per octave. What does not fit is counted as other. */
struct bin {
    uint64_t latency, count;
};

struct meter {
    enum timer timer;
    bool spin, coarse;
    uint64_t period, spread, rounds, warmup;
    volatile uint64_t deadline, stamp;
    volatile bool fired;
    uint64_t count, average, min, max, warm_max, sum;
    struct bin bins[BIN_MAX];
    unsigned bin_count;
    uint64_t other_count;
};

static struct meter meter;

extern char meter_wait_begin[], meter_wait_end[];

/* Sleep until the interrupt has come. Interrupts are on, so that the vector is entered straight from wfi. An
 * interrupt that comes between the look at @fired and wfi would be slept over: timer_fired() returns past the
 * wfi, wherever in here it hit. */
__attribute__((noinline)) static void wait_in_wfi(void)
{
    uint32_t fired;
    __asm__ volatile("meter_wait_begin:\n\t"
                     "ldrb %w0, [%1]\n\t"
                     "cbnz %w0, meter_wait_end\n\t"
                     "wfi\n\t"
                     "b meter_wait_begin\n"
                     "meter_wait_end:"
                     : "=&r"(fired)
                     : "r"(&meter.fired)
                     : "memory");
}

static void timer_fired(unsigned intid, struct trap_frame *frame)
{
    (void)intid;
    timer_stop(meter.timer);
    meter.stamp = frame->stamp;
    meter.fired = true;
    if (frame->elr >= (uint64_t)meter_wait_begin && frame->elr < (uint64_t)meter_wait_end) {
        frame->elr = (uint64_t)meter_wait_end;
    }
}

static void wait_for_it(void)
{
    irq_enable();
    if (meter.spin) {
        while (!meter.fired) {
        }
    } else {
        wait_in_wfi();
    }
    irq_disable();
}

static void count_in_histogram(uint64_t latency)
{
    unsigned top = 63 - (unsigned)__builtin_clzll(latency | 1);

    if (meter.coarse && top > 2) {
        latency = latency >> (top - 2) << (top - 2);
    }
    for (unsigned i = 0; i < meter.bin_count; i++) {
        if (meter.bins[i].latency == latency) {
            meter.bins[i].count++;
            return;
        }
    }
    if (meter.bin_count == BIN_MAX) {
        meter.other_count++;
        return;
    }
    unsigned at = meter.bin_count++;
    for (; at > 0 && meter.bins[at - 1].latency > latency; at--) {
        meter.bins[at] = meter.bins[at - 1];
    }
    meter.bins[at] = (struct bin){latency, 1};
}

static void account(uint64_t latency)
{
    uint64_t fixed = latency << AVG_SHIFT;

    if (meter.count == 0) {
        meter.average = fixed;
        meter.min = latency;
    }
    meter.average = meter.average - (meter.average >> AVG_K_SHIFT) + (fixed >> AVG_K_SHIFT);
    meter.min = latency < meter.min ? latency : meter.min;
    meter.max = latency > meter.max ? latency : meter.max;
    if (meter.count >= meter.warmup) {
        meter.warm_max = latency > meter.warm_max ? latency : meter.warm_max;
        meter.sum += latency;
    }
    meter.count++;
    count_in_histogram(latency);
}

static void report(void)
{
    uint64_t measured = meter.count - meter.warmup;

    /* Short lines: Xen's console breaks those of a guest at 127 characters. */
    print("METER timer=%s wait=%s rounds=%lu AVG=%lu MIN=%lu MAX=%lu WARM_MAX=%lu MEAN=%lu\n",
          meter.timer == TIMER_VIRT ? "virt" : "phys", meter.spin ? "spin" : "wfi", meter.count,
          (meter.average + (1U << (AVG_SHIFT - 1))) >> AVG_SHIFT, meter.min, meter.max, meter.warm_max,
          (meter.sum + measured / 2) / measured);
    print("METER_SETUP period=%lu warmup=%lu frequency=%lu first_tick=%lu\n", meter.period, meter.warmup,
          timer_frequency(), platform.first_tick);
    if (bootarg_number("histogram", 1) == 0) {
        return;
    }
    for (unsigned i = 0; i < meter.bin_count; i++) {
        print("METER_HIST latency=%lu count=%lu\n", meter.bins[i].latency, meter.bins[i].count);
    }
    if (meter.other_count != 0) {
        print("METER_HIST other=%lu\n", meter.other_count);
    }
}

/* With a spread, different ones in a fixed order (of a linear congruential generator). */
static uint64_t next_period(void)
{
    static uint64_t seed = 1;

    if (meter.spread == 0) {
        return meter.period;
    }
    seed = seed * 6364136223846793005UL + 1442695040888963407UL;
    return meter.period + (seed >> 33) % meter.spread;
}

unsigned guest_main(void)
{
    meter.timer = bootarg_is("timer", "phys") ? TIMER_PHYS : TIMER_VIRT;
    meter.spin = bootarg_is("wait", "spin");
    meter.coarse = bootarg_number("coarse", 0) != 0;
    meter.period = bootarg_number("period", 100003);
    meter.spread = bootarg_number("spread", 0);
    meter.rounds = bootarg_number("rounds", 10000);
    meter.warmup = bootarg_number("warmup", 10);
    if (meter.rounds <= meter.warmup) {
        print("meter: rounds=%lu must be more than warmup=%lu\n", meter.rounds, meter.warmup);
        return 2;
    }
    print("meter: %lu rounds of %lu ticks at %lu Hz\n", meter.rounds, meter.period, timer_frequency());
    irq_stamp_physical(meter.timer == TIMER_PHYS);
    irq_set_handler(timer_intid(meter.timer), timer_fired);
    gic_enable(timer_intid(meter.timer));
    for (uint64_t round = 0; round < meter.rounds; round++) {
        meter.fired = false;
        meter.deadline = timer_now(meter.timer) + next_period();
        timer_set(meter.timer, meter.deadline);
        wait_for_it();
        account(meter.stamp - meter.deadline);
    }
    report();
    return 0;
}

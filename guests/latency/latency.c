/* SPDX-License-Identifier: Apache-2.0 */
/* latency.c - the latency guest of ./run: both of its CPUs measure, window after window, while their vCPUs
 * are pinned and moved about.
 *
 *     |--0--|--1--|--0--|--1--|   deadlines of CPU 0 and of CPU 1, half a period apart, so that neither is
 * measured while the period    period           other takes its interrupt
 *
 * It speaks on the PV console (`xl console latency`), else as the other guests do. Each round programs the
 * virtual timer's CVAL, waits in wfi and takes as latency the counter read in the vector less the deadline. A
 * window's figures are printed when it is over; then nothing is measured for `pause` periods, so that
 * printing and whoever shows it are done. Boot arguments:
 *
 *   period=TICKS (100003)   rounds=N of a window (1000)   warmup=N rounds before WARM_MAX counts (10)
 * pause=PERIODS (500) windows=N, then the guest ends (0: never)             exit=semihosting|psci|none, how
 */
#include "guest.h"
#include "pvconsole/pvconsole.h"

#define CPUS 2
#define AVG_SHIFT 8   /* Binary places of the moving average. */
#define AVG_K_SHIFT 3 /* k = 1/8 */

struct meter {
    volatile uint64_t deadline, stamp;
    volatile bool fired;
    uint64_t count, average, min, max, warm_max;
};

static struct meter meters[CPUS];
static uint64_t period, rounds, warmup, pause_periods, windows;
static uint64_t epoch; /* CNTVCT at which period 0 begins. */
static uint32_t done;  /* CPUs that have measured all windows. */

extern char latency_wait_begin[], latency_wait_end[];

/* Sleep until the interrupt has come, with interrupts on. One that comes between the look at @fired and wfi
 * would be slept over: timer_fired() returns past the wfi, wherever in here it hit. */
__attribute__((noinline)) static void wait_in_wfi(const struct meter *meter)
{
    uint32_t fired;

    __asm__ volatile("latency_wait_begin:\n\t"
                     "ldrb %w0, [%1]\n\t"
                     "cbnz %w0, latency_wait_end\n\t"
                     "wfi\n\t"
                     "b latency_wait_begin\n"
                     "latency_wait_end:"
                     : "=&r"(fired)
                     : "r"(&meter->fired)
                     : "memory");
}

static void timer_fired(unsigned intid, struct trap_frame *frame)
{
    struct meter *meter = &meters[smp_index()];

    (void)intid;
    timer_stop(TIMER_VIRT);
    meter->stamp = frame->stamp;
    meter->fired = true;
    if (frame->elr >= (uint64_t)latency_wait_begin && frame->elr < (uint64_t)latency_wait_end) {
        frame->elr = (uint64_t)latency_wait_end;
    }
}

static void wait_until(struct meter *meter, uint64_t deadline)
{
    meter->fired = false;
    meter->deadline = deadline;
    timer_set(TIMER_VIRT, deadline);
    irq_enable();
    wait_in_wfi(meter);
    irq_disable();
}

static void account(struct meter *meter, uint64_t latency)
{
    uint64_t fixed = latency << AVG_SHIFT;

    if (meter->count == 0) {
        meter->average = fixed;
        meter->min = latency;
        meter->max = meter->warm_max = 0;
    }
    meter->average = meter->average - (meter->average >> AVG_K_SHIFT) + (fixed >> AVG_K_SHIFT);
    meter->min = latency < meter->min ? latency : meter->min;
    meter->max = latency > meter->max ? latency : meter->max;
    if (meter->count >= warmup) {
        meter->warm_max = latency > meter->warm_max ? latency : meter->warm_max;
    }
    meter->count++;
}

/* The next of this CPU's deadlines that is at least @ahead in the future. */
static uint64_t next_deadline(unsigned cpu, uint64_t ahead)
{
    uint64_t first = epoch + cpu * (period / CPUS);

    return first + ((timer_now(TIMER_VIRT) + ahead - first) / period + 1) * period;
}

static void measure(void *argument)
{
    unsigned cpu = smp_index();
    struct meter *meter = &meters[cpu];

    (void)argument;
    gic_enable(timer_intid(TIMER_VIRT));
    for (uint64_t window = 0; windows == 0 || window < windows; window++) {
        wait_until(meter, next_deadline(cpu, pause_periods * period));
        for (meter->count = 0; meter->count < rounds;) {
            wait_until(meter, next_deadline(cpu, period / CPUS));
            account(meter, meter->stamp - meter->deadline);
        }
        pvconsole_print("LATENCY window=%lu vcpu=%u rounds=%lu AVG=%lu MIN=%lu MAX=%lu WARM_MAX=%lu\n",
                        window, cpu, meter->count, (meter->average + (1U << (AVG_SHIFT - 1))) >> AVG_SHIFT,
                        meter->min, meter->max, meter->warm_max);
    }
    __atomic_add_fetch(&done, 1, __ATOMIC_RELEASE);
}

unsigned guest_main(void)
{
    unsigned cpus = platform.cpu_count < CPUS ? platform.cpu_count : CPUS;

    period = bootarg_number("period", 100003);
    rounds = bootarg_number("rounds", 1000);
    warmup = bootarg_number("warmup", 10);
    pause_periods = bootarg_number("pause", 500);
    windows = bootarg_number("windows", 0);
    pvconsole_start();
    if (rounds <= warmup) {
        pvconsole_print("latency: rounds=%lu must be more than warmup=%lu\n", rounds, warmup);
        return 2;
    }
    pvconsole_print("latency: %u CPUs, windows of %lu rounds of %lu ticks at %lu Hz\n", cpus, rounds, period,
                    timer_frequency());
    irq_set_handler(timer_intid(TIMER_VIRT), timer_fired);
    epoch = timer_now(TIMER_VIRT);
    for (unsigned i = 1; i < cpus; i++) {
        if (smp_start(i, measure, NULL) != 0) {
            pvconsole_print("latency: CPU %u does not start\n", i);
            return 1;
        }
    }
    measure(NULL);
    while (__atomic_load_n(&done, __ATOMIC_ACQUIRE) < cpus) {
        yield();
    }
    return 0;
}

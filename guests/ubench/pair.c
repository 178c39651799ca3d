/* SPDX-License-Identifier: Apache-2.0 */
/* pair.c - two vCPUs: one giving its pCPU to the other, and one sending the other an SGI. */
#include "timed.h"
#include "ubench.h"

#define SCHEDOP_YIELD 0U
#define CPACR_FPEN (3UL << 20)
#define START_LIMIT_TICKS 100000000U
#define REST_TICKS 20011U /* Between two SGIs: the receiver waits again. */

/* Two vCPUs take turns on one pCPU: what one wrote before its yield, the other finds after its own.
 *
 *     vCPU 0   stamp, yield ----.                         .--> look at stamp
 *     vCPU 1                    '--> look at stamp, stamp, yield */
static struct {
    volatile uint64_t stamp;
    volatile unsigned last; /* Whose stamp it is. */
    volatile bool fp;       /* Both use FP in each turn. */
    volatile bool counts;   /* Turns are added to the figures. */
    volatile bool over;
    volatile uint32_t ready, left;
    struct figure one_way, fp_use;
} turn;

static struct {
    volatile bool sleep, over; /* How the receiver waits; that it shall end. */
    volatile uint32_t ready;
} receiver;

/* The stamp, written and followed by a yield. Returns the counter after it. */
static uint64_t stamp_and_yield(void)
{
    register uint64_t x0 __asm__("x0") = SCHEDOP_YIELD;
    register uint64_t x1 __asm__("x1") = 0;
    register uint64_t x16 __asm__("x16") = HYPERCALL_SCHED_OP;
    uint64_t begin, end;

    __asm__ volatile(TIMED_BEGIN "str %[begin], [%[stamp]]\n\thvc #0xea1" TIMED_END
                     : [begin] "=&r"(begin), [end] "=r"(end), "+r"(x0), "+r"(x1), "+r"(x16)
                     : [stamp] "r"(&turn.stamp)
                     : "x2", "x3", "x4", "memory");
    return end;
}

/* One turn; the reads and the store of the stamp are subtracted. A turn that came back to the same vCPU is no
 * switch and is not counted. */
static void take_turn(unsigned self)
{
    uint64_t ticks, fp_ticks;

    turn.last = self;
    ticks = stamp_and_yield() - turn.stamp - timed_nothing() - 1;
    fp_ticks = turn.fp ? timed_fp() - timed_nothing() : 0;
    if (turn.last == self || !turn.counts) {
        return;
    }
    figure_add(&turn.one_way, ticks);
    if (turn.fp) {
        figure_add(&turn.fp_use, fp_ticks);
    }
}

static void other_turns(void *unused)
{
    (void)unused;
    SYSREG_WRITE(cpacr_el1, CPACR_FPEN);
    isb();
    turn.ready = 1;
    while (!turn.over) {
        take_turn(1);
    }
    turn.left = 1;
}

static bool start_other(void (*function)(void *), const volatile uint32_t *ready)
{
    if (platform.cpu_count < 2 || smp_start(1, function, NULL) != 0 ||
        !smp_wait(ready, 1, START_LIMIT_TICKS)) {
        print("ubench: the second vCPU does not start\n");
        return false;
    }
    return true;
}

static void take_turns(const char *name, bool fp, uint64_t rounds)
{
    turn.fp = fp;
    for (uint64_t round = 0; round < 4; round++) { /* Both know it. */
        take_turn(0);
    }
    turn.one_way = (struct figure){0};
    turn.fp_use = (struct figure){0};
    turn.counts = true;
    while (turn.one_way.rounds < rounds) {
        take_turn(0);
    }
    turn.counts = false; /* Before the other one takes turns with one that prints. */
    figure_print(name, &turn.one_way);
    figure_print("fp_first_use", &turn.fp_use);
}

void measure_switch(uint64_t rounds)
{
    SYSREG_WRITE(cpacr_el1, CPACR_FPEN);
    isb();
    if (!start_other(other_turns, &turn.ready)) {
        return;
    }
    take_turns("switch_by_yield", false, rounds);
    take_turns("switch_with_fp", true, rounds);
    turn.over = true;
    smp_wait(&turn.left, 1, START_LIMIT_TICKS);
}

static void receive(void *unused)
{
    struct arrival *arrival = &arrivals[1];

    (void)unused;
    gic_enable(UBENCH_SGI);
    receiver.ready = 1;
    while (!receiver.over) {
        if (receiver.sleep) {
            interrupts_sleep();
        } else {
            irq_enable();
            while (!arrival->here) {
                yield();
            }
            irq_disable();
        }
        while (arrival->here && !receiver.over) {
            yield();
        }
    }
    receiver.ready = 2;
}

static void measure_sgi(const char *name, bool sleep, uint64_t rounds)
{
    struct figure figure = {0};
    struct arrival *arrival = &arrivals[1];

    receiver.sleep = sleep;
    for (uint64_t round = 0; round <= rounds; round++) {
        arrival->here = false;
        for (uint64_t begin = timer_now(TIMER_VIRT); timer_now(TIMER_VIRT) - begin < REST_TICKS;) {
            yield();
        }
        uint64_t begin = interrupts_send(1);
        while (!arrival->here) {
            yield();
        }
        if (round > 0) { /* The first one may find it waiting the other way. */
            figure_add(&figure, arrival->stamp - begin);
        }
    }
    figure_print(name, &figure);
}

void measure_ipi(uint64_t rounds)
{
    if (!start_other(receive, &receiver.ready)) {
        return;
    }
    measure_sgi("sgi_other_spin", false, rounds);
    measure_sgi("sgi_other_wfi", true, rounds);
    receiver.over = true;
    smp_wait(&receiver.ready, 2, START_LIMIT_TICKS);
}

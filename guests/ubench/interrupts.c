/* SPDX-License-Identifier: Apache-2.0 */
/* interrupts.c - from an interrupt's cause to the guest's vector: timers, SGIs, one made pending by software.
 */
#include "timed.h"
#include "ubench.h"

#define PERIOD_TICKS 100003U /* From a round's begin to its deadline; the meter's. */
#define SOON_TICKS 10U

struct arrival arrivals[GUEST_CPU_MAX];

extern char sleep_begin[], sleep_end[];

static void arrive(unsigned intid, struct trap_frame *frame)
{
    struct arrival *arrival = &arrivals[smp_index()];

    if (intid == timer_intid(TIMER_VIRT)) {
        timer_stop(TIMER_VIRT);
    } else if (intid == timer_intid(TIMER_PHYS)) {
        timer_stop(TIMER_PHYS);
    }
    arrival->stamp = frame->stamp;
    arrival->here = true;
    if (frame->elr >= (uint64_t)sleep_begin && frame->elr < (uint64_t)sleep_end) {
        frame->elr = (uint64_t)sleep_end;
    }
}

/* An interrupt between the look at @here and wfi would be slept over: arrive() returns to the end of this,
 * wherever in it the interrupt hit. */
__attribute__((noinline)) void interrupts_sleep(void)
{
    uint32_t here;

    irq_enable();
    __asm__ volatile("sleep_begin:\n\t"
                     "ldrb %w0, [%1]\n\t"
                     "cbnz %w0, sleep_end\n\t"
                     "wfi\n\t"
                     "b sleep_begin\n"
                     "sleep_end:"
                     : "=&r"(here)
                     : "r"(&arrivals[smp_index()].here)
                     : "memory");
    irq_disable();
}

static void spin(void)
{
    irq_enable();
    while (!arrivals[0].here) {
    }
    irq_disable();
}

void interrupts_init(void)
{
    irq_set_handler(UBENCH_SGI, arrive);
    irq_set_handler(timer_intid(TIMER_VIRT), arrive);
    irq_set_handler(timer_intid(TIMER_PHYS), arrive);
    irq_set_handler(platform.uart_intid, arrive);
    gic_enable(UBENCH_SGI);
}

uint64_t interrupts_send(unsigned cpu)
{
    uint64_t mpidr = platform.cpu_mpidr[cpu];

    dsb_sy();
    if (platform.gic_version == 3) { /* CPUs of one cluster: affinity 0 alone differs. */
        return send_after_stamp((mpidr & 0xff00) << 8 | UBENCH_SGI << 24 | 1UL << (mpidr & 0xf));
    }
    return write_after_stamp(platform.gicd.base + GICD_SGIR, 1U << (16 + cpu) | UBENCH_SGI);
}

static uint64_t timer_round(enum timer timer, void (*wait)(void))
{
    uint64_t deadline = timer_now(timer) + PERIOD_TICKS;

    arrivals[0].here = false;
    timer_set(timer, deadline);
    wait();
    return arrivals[0].stamp - deadline;
}

static void measure_timer(const char *name, enum timer timer, void (*wait)(void), uint64_t rounds)
{
    struct figure figure = {0};

    irq_stamp_physical(timer == TIMER_PHYS);
    gic_enable(timer_intid(timer));
    for (uint64_t round = 0; round < rounds; round++) {
        figure_add(&figure, timer_round(timer, wait));
    }
    irq_stamp_physical(false);
    figure_print(name, &figure);
}

static uint64_t sgi_self(void)
{
    uint64_t begin;

    arrivals[0].here = false;
    irq_enable();
    begin = interrupts_send(0);
    spin();
    return arrivals[0].stamp - begin;
}

/* An SPI that no hardware feeds. */
static uint64_t irq_by_software(void)
{
    unsigned intid = platform.uart_intid;
    uint64_t begin;

    arrivals[0].here = false;
    irq_enable();
    begin = write_after_stamp(platform.gicd.base + GICD_ISPENDR + intid / 32 * 4, 1U << intid % 32);
    spin();
    return arrivals[0].stamp - begin;
}

/* A wfi whose interrupt comes within moments and is masked here: nobody really sleeps, so what it takes is
 * the way out of the guest and, the interrupt delivered, back. With a wfi that is not trapped most of it is
 * the wait. */
static uint64_t wfi_short(void)
{
    uint64_t ticks;

    arrivals[0].here = false;
    timer_set(TIMER_VIRT, timer_now(TIMER_VIRT) + SOON_TICKS);
    ticks = timed_wfi() - timed_nothing();
    spin();
    return ticks;
}

static void measure(const char *name, uint64_t (*once)(void), uint64_t rounds)
{
    struct figure figure = {0};

    for (uint64_t round = 0; round < rounds; round++) {
        figure_add(&figure, once());
    }
    figure_print(name, &figure);
}

void measure_interrupts(uint64_t rounds)
{
    measure_timer("timer_cold", TIMER_VIRT, interrupts_sleep, 1); /* The first interrupt after boot. */
    measure_timer("timer_virt_wfi", TIMER_VIRT, interrupts_sleep, rounds);
    measure_timer("timer_virt_spin", TIMER_VIRT, spin, rounds);
    measure_timer("timer_phys_wfi", TIMER_PHYS, interrupts_sleep, rounds);
    measure_timer("timer_phys_spin", TIMER_PHYS, spin, rounds);
    measure("sgi_self", sgi_self, rounds);
    measure("wfi_short", wfi_short, rounds);
    if (platform.uart_intid != 0) {
        gic_enable(platform.uart_intid);
        measure("irq_by_software", irq_by_software, rounds);
    }
}

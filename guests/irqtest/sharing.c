/* SPDX-License-Identifier: Apache-2.0 */
/* sharing.c - vCPUs that share physical CPUs: no tick and no register is lost when they take turns, nor when
 * one moves to another CPU. The machine decides which of it is tested: on one physical CPU they take turns,
 * on fewer than vCPUs they move too. */
#include "check.h"
#include "fp.h"

#define TICKS 30
#define PERIOD_US 1000
#define SCHEDOP_YIELD 0
#define FP_ROUNDS 300

/* A periodic timer of one CPU. */
struct ticker {
    uint64_t deadline;
    uint32_t count;
    uint64_t latest; /* Ticks of the counter after its deadline. */
    unsigned yields; /* In its handler, before the end of the interrupt. */
};
static struct ticker tickers[GUEST_CPU_MAX][2];

static void sched_yield(void)
{
    hypercall(HYPERCALL_SCHED_OP, SCHEDOP_YIELD, 0, 0, 0, 0);
}

static void on_tick(unsigned intid, struct trap_frame *frame)
{
    enum timer timer = intid == timer_intid(TIMER_VIRT) ? TIMER_VIRT : TIMER_PHYS;
    struct ticker *ticker = &tickers[smp_index()][timer];
    uint64_t now = timer_now(timer);
    uint32_t raw = irq_acknowledged();

    (void)frame;
    check(now >= ticker->deadline, "fires before its deadline");
    check_equal("CVAL", timer == TIMER_VIRT ? SYSREG_READ(cntv_cval_el0) : SYSREG_READ(cntp_cval_el0),
                ticker->deadline);
    ticker->latest = now - ticker->deadline > ticker->latest ? now - ticker->deadline : ticker->latest;
    for (unsigned i = 0; i < ticker->yields; i++) {
        sched_yield();
        check(gic_is_active(intid), "not active any more after the switch");
    }
    ticker->deadline += ticks_of_us(PERIOD_US);
    if (ticker->count + 1 < TICKS) {
        timer_set(timer, ticker->deadline);
    } else {
        timer_stop(timer);
    }
    gic_end(raw);
    look_again(intid); /* The next deadline may have passed already. */
    __atomic_store_n(&ticker->count, ticker->count + 1, __ATOMIC_RELEASE);
}

static void start_tickers(unsigned yields)
{
    for (enum timer timer = TIMER_VIRT; timer <= TIMER_PHYS; timer++) {
        struct ticker *ticker = &tickers[smp_index()][timer];

        *ticker = (struct ticker){.deadline = timer_now(timer) + ticks_of_us(PERIOD_US), .yields = yields};
        gic_enable(timer_intid(timer));
        timer_set(timer, ticker->deadline);
    }
}

static void wait_for_ticks(bool spin)
{
    for (enum timer timer = TIMER_VIRT; timer <= TIMER_PHYS; timer++) {
        struct ticker *ticker = &tickers[smp_index()][timer];

        if (spin) {
            await(&ticker->count, TICKS, "ticks in a spin");
        } else {
            await_in_wfi(&ticker->count, TICKS, "ticks in wfi");
        }
        take_pending();
        check_equal("ticks", ticker->count, TICKS);
    }
}

/* @how: bit 0: spin; bits 8 on: yields in the handler. */
static void tick_here(uint64_t how)
{
    start_tickers((unsigned)(how >> 8));
    wait_for_ticks((how & 1) != 0);
    gic_disable(timer_intid(TIMER_VIRT));
    gic_disable(timer_intid(TIMER_PHYS));
}

/* Both timers on every CPU; every other one spins. */
static void ticks(unsigned yields)
{
    uint64_t latest = 0;

    irq_set_handler(timer_intid(TIMER_VIRT), on_tick);
    irq_set_handler(timer_intid(TIMER_PHYS), on_tick);
    if (!peers_start(platform.cpu_count)) {
        return;
    }
    for (unsigned cpu = 1; cpu < platform.cpu_count; cpu++) {
        begin_on_cpu(cpu, tick_here, (cpu & 1) | yields << 8);
    }
    tick_here(0 | yields << 8);
    peers_idle();
    for (unsigned cpu = 0; cpu < platform.cpu_count; cpu++) {
        for (unsigned timer = 0; timer < 2; timer++) {
            latest = tickers[cpu][timer].latest > latest ? tickers[cpu][timer].latest : latest;
        }
    }
    note("%u ticks of both timers on each of %u CPUs, at most %lu us late", TICKS, platform.cpu_count,
         latest * 1000000 / timer_frequency());
}

/* FP registers over yields, over long spins that a scheduler breaks into slices, and over sleeps that a tick
 * ends. */
static void keep_fp(uint64_t seed)
{
    uint64_t wrong = 0;

    fp_allow();
    for (unsigned round = 0; round < FP_ROUNDS && wrong == 0; round++) {
        uint64_t pattern = seed * 0x9e3779b97f4a7c15UL + round * 256;
        fp_fill(pattern);
        if (round % 100 == 99) {
            spin_us(3000);
        } else {
            sched_yield();
        }
        wrong = fp_differences(pattern);
        check(wrong == 0, "%lu registers of CPU %u differ in round %u", wrong, smp_index(), round);
    }
}

static void fp(unsigned argument)
{
    (void)argument;
    if (!peers_start(platform.cpu_count)) {
        return;
    }
    for (unsigned cpu = 1; cpu < platform.cpu_count; cpu++) {
        begin_on_cpu(cpu, keep_fp, cpu + 1);
    }
    keep_fp(1);
    peers_idle();
    note("%u rounds on %u CPUs", FP_ROUNDS, platform.cpu_count);
}

/* A CPU that is switched on has none of another's registers. */
static volatile uint32_t fp_checked;
static uint64_t fp_left;

static void look_at_fp(void *argument)
{
    (void)argument;
    fp_allow();
    fp_left = 64 - fp_differences(7);
    fp_fill(7);
    fp_checked = 1;
}

static void fp_fresh(unsigned argument)
{
    (void)argument;
    for (unsigned life = 0; life < 2; life++) {
        fp_allow();
        fp_fill(7);
        fp_checked = 0;
        check_equal("CPU_ON", (uint64_t)smp_start(1, look_at_fp, NULL), 0);
        check(smp_wait(&fp_checked, 1, wait_limit()), "CPU 1 does not run");
        cpu_wait_off(1);
        check(fp_left <= 64 - 32, "CPU 1 starts with registers of another life");
        check_equal("differences here", fp_differences(7), 0);
    }
}

/* Longer than a neighbour's alarm takes to come: ticks all the while. */
static void outlive(unsigned seconds)
{
    uint32_t wanted = 0;
    uint64_t end = timer_now(TIMER_PHYS) + seconds * timer_frequency();

    irq_set_handler(timer_intid(TIMER_VIRT), on_tick);
    irq_set_handler(timer_intid(TIMER_PHYS), on_tick);
    while (timer_now(TIMER_PHYS) < end) {
        tick_here(0);
        wanted++;
    }
    note("%u times %u ticks", wanted, TICKS);
}

/* Never ends: SGIs to itself, or from CPU to CPU, while a neighbour measures. */
static void on_storm(unsigned intid, struct trap_frame *frame)
{
    uint32_t raw = irq_acknowledged();

    (void)frame;
    gic_end(raw);
    gic_send_sgi(intid, (smp_index() + 1) % platform.cpu_count);
}

static void storm_here(uint64_t argument)
{
    (void)argument;
    gic_enable(1);
    gic_send_sgi(1, (smp_index() + 1) % platform.cpu_count);
    irq_enable();
    for (;;) {
    }
}

static void storm(unsigned argument)
{
    irq_set_handler(1, on_storm);
    if (!peers_start(platform.cpu_count)) {
        return;
    }
    print("storm: begins\n");
    for (unsigned cpu = 1; cpu < platform.cpu_count; cpu++) {
        begin_on_cpu(cpu, storm_here, 0);
    }
    storm_here(argument);
}

const struct test tests_sharing[] = {
    {"share-ticks", ticks, .argument = 0},
    {"share-switch-in-handler", ticks, .argument = 2},
    {"share-fp", fp, .argument = 0},
    {"share-fp-fresh", fp_fresh, .cpus = 2},
    {"outlive", outlive, .argument = 2, .asked = true},
    {"storm", storm, .asked = true},
    {.name = NULL},
};

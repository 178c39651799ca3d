/* SPDX-License-Identifier: Apache-2.0 */
/* device.c - a PL031 alarm clock that is the domain's own: a real device's level interrupt. An alarm set to
 * now fires at once, and the line stays up until ICR is written. */
#include "check.h"
#include "rtc.h"

#define ALARMS 50
#define SETTLE_US 1000
#define SCHEDOP_YIELD 0

static struct rtc rtc;
static volatile uint32_t begun; /* A handler, since the last ring(). */
static volatile uint32_t alarms, alarms_on[GUEST_CPU_MAX];
static volatile uint32_t holds;  /* So many times the handler leaves the line up. */
static volatile unsigned yields; /* In the handler. */

/* On QEMU before 9.1 an SPI of a GICv2 that moves to another CPU while it is active may fire there once more
 * for nothing. */
static bool is_spurious(void)
{
    bool spurious = mmio_read32(rtc.base + RTC_MIS) == 0;

    check(!spurious || platform.gic_version == 2, "it comes while the line is down");
    return spurious;
}

static void on_alarm(unsigned intid, struct trap_frame *frame)
{
    uint32_t raw = irq_acknowledged();

    (void)frame;
    if (is_spurious()) {
        gic_end(raw);
        return;
    }
    for (unsigned i = 0; i < yields; i++) {
        hypercall(HYPERCALL_SCHED_OP, SCHEDOP_YIELD, 0, 0, 0, 0);
        check(gic_is_active(intid), "not active any more after the switch");
    }
    begun = 1;
    dsb_sy();
    if (holds > 0) {
        holds--;
    } else {
        mmio_write32(rtc.base + RTC_ICR, 1);
        (void)mmio_read32(rtc.base + RTC_RIS); /* The line is down before the interrupt is ended. */
    }
    gic_end(raw);
    look_again(rtc.intid);
    alarms_on[smp_index()]++;
    __atomic_store_n(&alarms, alarms + 1, __ATOMIC_RELEASE);
}

static bool use(void)
{
    if (!check(rtc_find(&rtc), "the domain has no PL031 with an interrupt")) {
        return false;
    }
    alarms = holds = yields = 0;
    memset((void *)(uintptr_t)alarms_on, 0, sizeof(alarms_on));
    mmio_write32(rtc.base + RTC_ICR, 1);
    mmio_write32(rtc.base + RTC_IMSC, 1);
    irq_set_handler(rtc.intid, on_alarm);
    gic_set_priority(rtc.intid, 0x80);
    gic_route(rtc.intid, 0);
    gic_enable(rtc.intid);
    return true;
}

static void ring(void)
{
    begun = 0;
    dsb_sy();
    mmio_write32(rtc.base + RTC_MR, mmio_read32(rtc.base + RTC_DR));
    /* The second may have changed between the two. If it has not, the line is up, or a handler has begun to
     * take it down. */
    while (mmio_read32(rtc.base + RTC_RIS) == 0 && begun == 0) {
        mmio_write32(rtc.base + RTC_MR, mmio_read32(rtc.base + RTC_DR));
    }
}

static void expect_quiet(const char *what)
{
    spin_us(SETTLE_US);
    check(!irq_waits(), "%s: it comes all the same", what);
}

static void expect_alarms(const char *what, uint32_t wanted)
{
    await(&alarms, wanted, what);
    take_pending();
    spin_us(100);
    take_pending();
    check_equal(what, alarms, wanted);
}

static void alarm(unsigned argument)
{
    (void)argument;
    if (!use()) {
        return;
    }
    for (uint32_t i = 1; i <= ALARMS; i++) {
        alarms = 0;
        ring();
        expect_alarms("an alarm", 1);
    }
    alarms = 0;
    mmio_write32(rtc.base + RTC_MR, mmio_read32(rtc.base + RTC_DR) + 1);
    await_in_wfi(&alarms, 1, "an alarm in a second");
    expect_alarms("an alarm in a second", 1);
}

static void level(unsigned argument)
{
    (void)argument;
    if (!use()) {
        return;
    }
    holds = 20;
    ring();
    expect_alarms("a line that stays up", 21);
}

static void disabled(unsigned argument)
{
    (void)argument;
    if (!use()) {
        return;
    }
    gic_disable(rtc.intid);
    ring();
    expect_quiet("disabled");
    check(gic_is_pending(rtc.intid), "ISPENDR does not show it while disabled");
    gic_enable(rtc.intid);
    expect_alarms("enabled while it is pending", 1);
    gic_disable(rtc.intid);
    alarms = 0;
    ring();
    mmio_write32(rtc.base + RTC_ICR, 1);
    gic_enable(rtc.intid);
    expect_quiet("withdrawn while disabled");
}

static void masked(unsigned argument)
{
    (void)argument;
    if (!use()) {
        return;
    }
    mmio_write32(rtc.base + RTC_IMSC, 0);
    ring();
    expect_quiet("masked in the device");
    mmio_write32(rtc.base + RTC_IMSC, 1);
    expect_alarms("unmasked", 1);
}

static void states(unsigned argument)
{
    (void)argument;
    if (!use()) {
        return;
    }
    gic_set_active(rtc.intid, true);
    ring();
    expect_quiet("made active by software");
    gic_set_active(rtc.intid, false);
    expect_alarms("ICACTIVER", 1);
    alarms = 0;
    ring();
    gic_set_pending(rtc.intid, false);
    expect_alarms("ICPENDR while the line is up", 1);
    alarms = 0;
    irq_set_handler(rtc.intid, log_irq);
    gic_set_pending(rtc.intid, true);
    take_pending();
    check_equal("made pending by software", irq_log[0].count, 1);
    gic_set_pending(rtc.intid, true);
    gic_set_pending(rtc.intid, false);
    check(!irq_waits(), "made pending and cleared by software: it comes all the same");
    irq_set_handler(rtc.intid, on_alarm);
    ring();
    expect_alarms("after all that", 1);
}

static void two_steps(unsigned argument)
{
    (void)argument;
    if (!use()) {
        return;
    }
    gic_set_eoi_mode(true);
    ring();
    for (unsigned round = 0; round < 5; round++) {
        if (!await_irq("an alarm")) {
            return;
        }
        uint32_t raw = gic_acknowledge();
        check_equal("acknowledged", gic_intid(raw), rtc.intid);
        gic_end(raw);
        expect_quiet("ended and not deactivated");
        if (round == 4) {
            mmio_write32(rtc.base + RTC_ICR, 1);
        }
        gic_deactivate(raw);
        look_again(rtc.intid);
    }
    expect_quiet("the line is down");
}

/* To each CPU in turn. */
static void routed(unsigned argument)
{
    (void)argument;
    if (!use() || !peers_start(platform.cpu_count)) {
        return;
    }
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned cpu = 0; cpu < platform.cpu_count; cpu++) {
            alarms = 0;
            uint32_t before = alarms_on[cpu];
            gic_route(rtc.intid, cpu);
            ring();
            expect_alarms("routed", 1);
            check(alarms_on[cpu] == before + 1, "it did not come to CPU %u", cpu);
        }
    }
}

/* It waits for one CPU, or is active there, when it is given to another. */
static void routed_pending(unsigned argument)
{
    (void)argument;
    if (!use() || !peers_start(platform.cpu_count)) {
        return;
    }
    for (unsigned round = 0; round < 10; round++) {
        alarms = 0;
        gic_route(rtc.intid, 0);
        ring();
        uint32_t before = alarms_on[1];
        gic_route(rtc.intid, 1);
        expect_alarms("routed while pending", 1);
        check_equal("on CPU 1", alarms_on[1], before + 1);
    }
}

static volatile uint32_t busy_end;

static void busy(uint64_t argument)
{
    (void)argument;
    while (!busy_end) {
        hypercall(HYPERCALL_SCHED_OP, SCHEDOP_YIELD, 0, 0, 0, 0);
    }
}

/* The vCPU is switched away in the handler; and moves, when there are fewer physical CPUs than vCPUs. */
static void switched(unsigned argument)
{
    (void)argument;
    if (!use() || !peers_start(platform.cpu_count)) {
        return;
    }
    busy_end = 0;
    for (unsigned cpu = 1; cpu < platform.cpu_count; cpu++) {
        begin_on_cpu(cpu, busy, 0);
    }
    yields = 3;
    for (uint32_t i = 0; i < ALARMS; i++) {
        alarms = 0;
        ring();
        expect_alarms("an alarm", 1);
    }
    busy_end = 1;
    peers_idle();
}

/* For the neighbour's sake: arm it, and stop the domain with the line about to go up. */
static void stopped(unsigned argument)
{
    (void)argument;
    if (!use()) {
        return;
    }
    mmio_write32(rtc.base + RTC_MR, mmio_read32(rtc.base + RTC_DR) + 1);
    print("device: stops before its alarm\n");
    psci_call(PSCI_SYSTEM_OFF, 0, 0, 0);
    check(false, "runs on after SYSTEM_OFF");
}

const struct test tests_device[] = {
    {"rtc-alarm", alarm, .asked = true},
    {"rtc-level", level, .asked = true},
    {"rtc-disabled", disabled, .asked = true},
    {"rtc-masked", masked, .asked = true},
    {"rtc-states", states, .asked = true},
    {"rtc-two-steps", two_steps, .asked = true},
    {"rtc-routed", routed, .cpus = 2, .asked = true},
    {"rtc-routed-pending", routed_pending, .cpus = 2, .asked = true, .argument = 0},
    {"rtc-switched", switched, .cpus = 2, .asked = true},
    {"rtc-stopped", stopped, .asked = true},
    {.name = NULL},
};

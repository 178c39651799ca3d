/* SPDX-License-Identifier: Apache-2.0 */
/* timer.c - both timers: every tick, its level, the GIC's switches on its PPI, priorities, and switching the
 * CPU off under it. */
#include "check.h"

#define TICKS 20
#define FAR_TICKS (1UL << 56) /* With all 64 bits set QEMU 7.2 itself hangs. */
#define PERIOD_US 500
#define SETTLE_US 1000 /* An interrupt that must not come is looked for so long. */

/* What the handler does: the timer's condition holds until it has been called @until times. */
static struct {
    enum timer timer;
    unsigned intid;
    uint32_t count, until;
} tick;

static void count_tick(unsigned intid)
{
    check_equal("INTID", intid, tick.intid);
    check(timer_now(tick.timer) >=
              (tick.timer == TIMER_VIRT ? SYSREG_READ(cntv_cval_el0) : SYSREG_READ(cntp_cval_el0)),
          "fires before its deadline");
    if (tick.count + 1 >= tick.until) {
        timer_stop(tick.timer);
    }
    __atomic_store_n(&tick.count, tick.count + 1, __ATOMIC_RELEASE);
}

static void on_tick(unsigned intid, struct trap_frame *frame)
{
    uint32_t raw = irq_acknowledged();

    (void)frame;
    count_tick(intid);
    gic_end(raw);
    look_again(intid);
}

static void use(enum timer timer)
{
    tick.timer = timer;
    tick.intid = timer_intid(timer);
    tick.count = 0;
    tick.until = 1;
    irq_set_handler(tick.intid, on_tick);
    gic_set_priority(tick.intid, 0x80);
    gic_enable(tick.intid);
}

/* Its condition holds from now on. */
static void fire(void)
{
    timer_set(tick.timer, timer_now(tick.timer));
}

static void expect_quiet(const char *what)
{
    spin_us(SETTLE_US);
    check(!irq_waits(), "%s: it comes all the same", what);
}

static void expect_count(const char *what, uint32_t wanted)
{
    take_pending();
    spin_us(100);
    take_pending();
    check(tick.count == wanted, "%s: %u times, not %u", what, tick.count, wanted);
}

static void ticks_in_wfi(unsigned timer)
{
    use((enum timer)timer);
    for (uint32_t i = 1; i <= TICKS; i++) {
        tick.until = i;
        timer_set(tick.timer, timer_now(tick.timer) + ticks_of_us(PERIOD_US));
        if (!await_in_wfi(&tick.count, i, "ticks")) {
            return;
        }
    }
    expect_count("ticks", TICKS);
}

static void ticks_in_spin(unsigned timer)
{
    use((enum timer)timer);
    for (uint32_t i = 1; i <= TICKS; i++) {
        tick.until = i;
        timer_set(tick.timer, timer_now(tick.timer) + ticks_of_us(PERIOD_US));
        if (!await(&tick.count, i, "ticks")) {
            return;
        }
    }
    expect_count("ticks", TICKS);
}

/* A deadline that has passed, one by TVAL, and one that is moved before it comes. */
static void deadlines(unsigned timer)
{
    use((enum timer)timer);
    fire();
    await(&tick.count, 1, "a deadline in the past");
    tick.until = 2;
    if (timer == TIMER_VIRT) {
        SYSREG_WRITE(cntv_tval_el0, ticks_of_us(PERIOD_US));
        SYSREG_WRITE(cntv_ctl_el0, TIMER_CTL_ENABLE);
    } else {
        SYSREG_WRITE(cntp_tval_el0, ticks_of_us(PERIOD_US));
        SYSREG_WRITE(cntp_ctl_el0, TIMER_CTL_ENABLE);
    }
    isb();
    await_in_wfi(&tick.count, 2, "a deadline by TVAL");
    tick.until = 3;
    timer_set(tick.timer, timer_now(tick.timer) + FAR_TICKS);
    expect_quiet("a deadline in 30 years");
    timer_set(tick.timer, timer_now(tick.timer) + ticks_of_us(PERIOD_US));
    await(&tick.count, 3, "an earlier deadline");
    expect_count("deadlines", 3);
}

/* Not stopped, it fires again after each end; stopped, no more. */
static void level(unsigned timer)
{
    use((enum timer)timer);
    tick.until = 10;
    fire();
    await(&tick.count, 10, "a condition that holds");
    expect_count("a condition that held ten times", 10);
}

static void masked(unsigned timer)
{
    use((enum timer)timer);
    timer_set(tick.timer, timer_now(tick.timer));
    if (!await_irq("enabled")) {
        return;
    }
    timer_stop(tick.timer);
    take_pending(); /* At most one that had been on its way. */
    check(tick.count <= 1, "%u times", tick.count);
    tick.count = 0;
    if (timer == TIMER_VIRT) {
        SYSREG_WRITE(cntv_ctl_el0, TIMER_CTL_ENABLE | TIMER_CTL_IMASK);
    } else {
        SYSREG_WRITE(cntp_ctl_el0, TIMER_CTL_ENABLE | TIMER_CTL_IMASK);
    }
    isb();
    check_equal("CTL", timer_control(tick.timer), TIMER_CTL_ENABLE | TIMER_CTL_IMASK | TIMER_CTL_ISTATUS);
    expect_quiet("masked in CTL");
    check(!gic_is_pending(tick.intid), "pending although masked in CTL");
    if (timer == TIMER_VIRT) {
        SYSREG_WRITE(cntv_ctl_el0, TIMER_CTL_ENABLE);
    } else {
        SYSREG_WRITE(cntp_ctl_el0, TIMER_CTL_ENABLE);
    }
    isb();
    await(&tick.count, 1, "unmasked");
}

static void disabled(unsigned timer)
{
    use((enum timer)timer);
    gic_disable(tick.intid);
    fire();
    expect_quiet("disabled in the GIC");
    check(gic_is_pending(tick.intid), "ISPENDR does not show it while disabled");
    gic_enable(tick.intid);
    await(&tick.count, 1, "enabled while it is pending");
    expect_count("enabled while it is pending", 1);
    fire();
    await_irq("enabled");
    gic_disable(tick.intid);
    check(!irq_waits(), "disabled when it was pending: still there");
    take_pending();
    check_equal("deliveries", tick.count, 1);
    gic_enable(tick.intid);
    tick.until = 2;
    await(&tick.count, 2, "disabled when it was pending, then enabled");
    expect_count("at last", 2);
}

/* The condition goes away while it is disabled: nothing is left of it, but for an edge that software made. */
static void withdrawn(unsigned timer)
{
    use((enum timer)timer);
    gic_disable(tick.intid);
    fire();
    spin_us(100);
    timer_stop(tick.timer);
    check(!gic_is_pending(tick.intid), "pending after the condition has gone");
    gic_enable(tick.intid);
    expect_quiet("withdrawn");
    check_equal("deliveries", tick.count, 0);
}

static void by_software(unsigned timer)
{
    use((enum timer)timer);
    irq_set_handler(tick.intid, log_irq);
    for (uint32_t round = 1; round <= 3; round++) {
        gic_set_pending(tick.intid, true);
        check(irq_waits(), "ISPENDR: it is not there at once");
        gic_set_pending(tick.intid, false);
        check(!irq_waits(), "ICPENDR: it is still there");
        gic_set_pending(tick.intid, true);
        take_pending();
        check_equal("deliveries", irq_log[0].count, round);
        check(!gic_is_pending(tick.intid) && !gic_is_active(tick.intid), "a state stays");
    }
    irq_set_handler(tick.intid, on_tick);
    fire(); /* And the timer works as before. */
    await(&tick.count, 1, "after ISPENDR");
    expect_count("after ISPENDR", 1);
}

/* ICPENDR does not withdraw a level that holds. */
static void clear_pending(unsigned timer)
{
    use((enum timer)timer);
    fire();
    await_irq("enabled");
    gic_set_pending(tick.intid, false);
    await_irq("ICPENDR while the condition holds");
    check(gic_is_pending(tick.intid), "not pending after ICPENDR while the condition holds");
    await(&tick.count, 1, "ICPENDR while the condition holds");
    expect_count("ICPENDR while the condition holds", 1);
}

static void active_by_software(unsigned timer)
{
    use((enum timer)timer);
    for (uint32_t round = 1; round <= 3; round++) {
        tick.until = round;
        gic_set_active(tick.intid, true);
        check(gic_is_active(tick.intid), "ISACTIVER does not stick");
        fire();
        expect_quiet("made active by software");
        check_equal("deliveries", tick.count, round - 1);
        gic_set_active(tick.intid, false);
        await(&tick.count, round, "ICACTIVER");
        expect_count("ICACTIVER", round);
    }
}

/* Acknowledged by hand; ICACTIVER ends its life while it is active and the condition holds. */
static void clear_active(unsigned timer)
{
    use((enum timer)timer);
    fire();
    await_irq("enabled");
    uint32_t raw = gic_acknowledge();
    check_equal("acknowledged", gic_intid(raw), tick.intid);
    check(gic_is_active(tick.intid), "not active");
    expect_quiet("active");
    gic_set_active(tick.intid, false);
    gic_end(raw);
    await(&tick.count, 1, "after ICACTIVER");
    expect_count("after ICACTIVER", 1);
}

/* EOImode 1: it stays away between end and deactivation, however long. */
static void two_steps(unsigned timer)
{
    use((enum timer)timer);
    gic_set_eoi_mode(true);
    fire();
    for (unsigned round = 0; round < 5; round++) {
        if (!await_irq("before DIR")) {
            return;
        }
        uint32_t raw = gic_acknowledge();
        check_equal("acknowledged", gic_intid(raw), tick.intid);
        gic_end(raw);
        check(gic_is_active(tick.intid), "not active after its end");
        expect_quiet("ended and not deactivated");
        gic_deactivate(raw);
        look_again(tick.intid);
    }
    await_irq("after the last DIR");
    timer_stop(tick.timer);
    uint32_t raw = gic_acknowledge();
    gic_end(raw);
    if (gic_intid(raw) != GIC_SPURIOUS) {
        gic_deactivate(raw);
    }
    expect_quiet("stopped");
    check(!gic_is_active(tick.intid), "active at last");
}

static void priority_mask(unsigned timer)
{
    use((enum timer)timer);
    gic_set_priority_mask(0x80);
    fire();
    expect_quiet("masked by priority");
    gic_set_priority_mask(0x88);
    await(&tick.count, 1, "unmasked");
    expect_count("unmasked", 1);
}

static void on_spi(unsigned intid, struct trap_frame *frame)
{
    uint32_t raw = irq_acknowledged();

    (void)intid;
    (void)frame;
    fire();
    await(&tick.count, 1, "in a handler of lesser priority");
    check_equal("INTID still active", gic_is_active(gic_intid(raw)), true);
    gic_end(raw);
}

static void on_tick_preempted(unsigned intid, struct trap_frame *frame)
{
    uint32_t raw = irq_acknowledged();

    (void)frame;
    count_tick(intid);
    gic_set_pending(SPI_FIRST + 1, true);
    take_pending();
    check_equal("deliveries in the timer's handler", log_count(0, SPI_FIRST + 1), 1);
    gic_set_pending(SPI_FIRST + 2, true);
    take_pending();
    check_equal("lesser ones in the timer's handler", log_count(0, SPI_FIRST + 2), 0);
    gic_end(raw);
}

/* A lesser SPI's handler is interrupted by the timer, whose handler is interrupted by a better SPI. */
static void preemption(unsigned timer)
{
    use((enum timer)timer);
    irq_set_handler(tick.intid, on_tick_preempted);
    spi_prepare(SPI_FIRST, 0xc0);
    spi_prepare(SPI_FIRST + 1, 0x40);
    spi_prepare(SPI_FIRST + 2, 0xa0);
    irq_set_handler(SPI_FIRST, on_spi);
    irq_set_handler(SPI_FIRST + 1, log_irq);
    irq_set_handler(SPI_FIRST + 2, log_irq);
    gic_set_pending(SPI_FIRST, true);
    take_pending();
    check_equal("ticks", tick.count, 1);
    check_equal("the lesser one afterwards", log_count(0, SPI_FIRST + 2), 1);
}

static volatile uint32_t off_step;

/* First life: the timer's interrupt waits, or is active, when the CPU goes. Second life: nothing of it is
 * there. */
static void first_life(void *argument)
{
    bool active = argument != NULL;

    irq_end_by_handler(true);
    use(tick.timer);
    fire();
    if (await_irq("before CPU_OFF") && active) {
        check_equal("acknowledged", gic_intid(gic_acknowledge()), tick.intid);
    }
    off_step = 1;
}

static void second_life(void *argument)
{
    (void)argument;
    irq_end_by_handler(true);
    check_equal("CTL after CPU_ON", timer_control(tick.timer) & TIMER_CTL_ENABLE, 0);
    expect_quiet("after CPU_ON");
    check(!gic_is_active(tick.intid) && !gic_is_pending(tick.intid), "a state is left after CPU_ON");
    use(tick.timer);
    fire();
    await(&tick.count, 1, "after CPU_ON");
    off_step = 2;
}

static void across_off(unsigned timer)
{
    tick.timer = (enum timer)timer;
    for (uintptr_t active = 0; active < 2; active++) {
        off_step = 0;
        check_equal("CPU_ON", (uint64_t)smp_start(1, first_life, (void *)active), 0);
        if (!check(smp_wait(&off_step, 1, wait_limit()), "CPU 1 does not run") || !cpu_wait_off(1)) {
            return;
        }
        check_equal("CPU_ON", (uint64_t)smp_start(1, second_life, NULL), 0);
        if (!check(smp_wait(&off_step, 2, wait_limit()), "CPU 1 does not run again") || !cpu_wait_off(1)) {
            return;
        }
    }
}

#define BOTH(name, run)                                                                                      \
    {name "-virt", run, .argument = TIMER_VIRT},                                                             \
    {                                                                                                        \
        name "-phys", run, .argument = TIMER_PHYS                                                            \
    }

const struct test tests_timer[] = {
    BOTH("timer-wfi", ticks_in_wfi),
    BOTH("timer-spin", ticks_in_spin),
    BOTH("timer-deadlines", deadlines),
    BOTH("timer-level", level),
    BOTH("timer-masked", masked),
    BOTH("timer-disabled", disabled),
    BOTH("timer-withdrawn", withdrawn),
    BOTH("timer-ispendr", by_software),
    BOTH("timer-icpendr", clear_pending),
    BOTH("timer-isactiver", active_by_software),
    BOTH("timer-icactiver", clear_active),
    BOTH("timer-two-steps", two_steps),
    BOTH("timer-priority-mask", priority_mask),
    BOTH("timer-preemption", preemption),
    {"timer-cpu-off-virt", across_off, .argument = TIMER_VIRT, .cpus = 2},
    {"timer-cpu-off-phys", across_off, .argument = TIMER_PHYS, .cpus = 2},
    {.name = NULL},
};

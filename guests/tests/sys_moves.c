/* SPDX-License-Identifier: Apache-2.0 */
/* sys_moves.c - test guest in two parts, for machines of four CPUs: one has a device and a timer and takes
 * their interrupts, the other, the control domain, moves it from CPU to CPU meanwhile.
 *
 * role=device: a domain with a PL031 alarm clock. rounds=N (6) times: many alarms and ticks one after the
 * other, each waited for busily, then an alarm that it sleeps for.
 * role=control: moves domain 1 until that has ended. What it does is written to the machine's PL061, which
 * nobody listens to, so that QEMU's trace has it between the accesses of the GIC: MOVING before each call,
 * the CPU's number when the call has returned. */
#include "check.h"
#include "control.h"
#include "rtc.h"

#define BUSY_ALARMS 300
#define TICK_HZ 1000

#define GPIO_BASE 0x9030000UL
#define GPIO_ALL 0x3fc /* GPIODATA, all lines. Source: Arm DDI 0190. */
#define MOVING 0x80
#define OTHER 1
#define MOVES_MIN 100
#define WAIT_S 10
#define STAY_HZ 100 /* It stays for a hundredth of a second. */

static struct checks checks;

static struct rtc rtc;
static volatile uint32_t alarms, ticks;

static void on_alarm(unsigned intid, struct trap_frame *frame)
{
    (void)intid;
    (void)frame;
    if (mmio_read32(rtc.base + RTC_MIS) !=
        0) { /* Else QEMU's GICv2, which forgot on a move that it is active. */
        mmio_write32(rtc.base + RTC_ICR, 1);
        (void)mmio_read32(rtc.base + RTC_RIS); /* The line is down before the interrupt is ended. */
        alarms++;
    }
}

static void on_tick(unsigned intid, struct trap_frame *frame)
{
    (void)intid;
    (void)frame;
    timer_stop(TIMER_VIRT);
    ticks++;
}

/* Until @count is no longer @old, with or without sleep; false: it never came. */
static bool await(const volatile uint32_t *count, uint32_t old, bool sleeps)
{
    uint64_t start = timer_now(TIMER_PHYS);

    while (*count == old && timer_now(TIMER_PHYS) - start < WAIT_S * timer_frequency()) {
        irq_enable();
        isb();
        irq_disable();
        if (sleeps && *count == old) {
            wfi(); /* Wakes for a masked interrupt too. */
        }
    }
    return *count != old;
}

/* In @seconds; 0: at once. */
static void set_alarm(uint32_t seconds)
{
    mmio_write32(rtc.base + RTC_MR, mmio_read32(rtc.base + RTC_DR) + seconds);
}

static unsigned take_interrupts(void)
{
    uint64_t rounds = bootarg_number("rounds", 6);

    if (!CHECK(rtc_find(&rtc))) {
        return checks_end(&checks);
    }
    mmio_write32(rtc.base + RTC_ICR, 1);
    mmio_write32(rtc.base + RTC_IMSC, 1);
    irq_set_handler(rtc.intid, on_alarm);
    irq_set_handler(timer_intid(TIMER_VIRT), on_tick);
    gic_enable(rtc.intid);
    gic_enable(timer_intid(TIMER_VIRT));
    for (uint64_t round = 0; round < rounds; round++) {
        uint32_t before;

        for (unsigned i = 0; i < BUSY_ALARMS; i++) {
            before = alarms;
            set_alarm(0);
            /* The second may have changed between its read and the write. */
            while (mmio_read32(rtc.base + RTC_RIS) == 0 && alarms == before) {
                set_alarm(0);
            }
            CHECK(await(&alarms, before, false));
            before = ticks;
            timer_set(TIMER_VIRT, timer_now(TIMER_VIRT) + timer_frequency() / TICK_HZ);
            CHECK(await(&ticks, before, false));
        }
        before = alarms;
        set_alarm(2);
        CHECK(await(&alarms, before, true));
    }
    return checks_end(&checks);
}

static void tell(uint32_t what)
{
    mmio_write32(GPIO_BASE + GPIO_ALL, what);
}

static int64_t move(domid_t domain, unsigned cpu)
{
    uint8_t mask = (uint8_t)(1u << cpu), none = 0;
    struct xen_domctl op = {.u.vcpuaffinity.flags = XEN_VCPUAFFINITY_HARD};

    bitmap_of(&op.u.vcpuaffinity.cpumap_hard, &mask);
    bitmap_of(&op.u.vcpuaffinity.cpumap_soft, &none);
    return domctl(&op, XEN_DOMCTL_setvcpuaffinity, domain);
}

static bool is_there(domid_t domain)
{
    struct xen_domctl op;

    return domctl(&op, XEN_DOMCTL_getdomaininfo, domain) == 0 && op.domain == domain &&
           (op.u.getdomaininfo.flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying)) == 0;
}

static unsigned move_it(void)
{
    unsigned moves = 0;

    CHECK_EQ(move(0, 0), 0);
    for (; is_there(OTHER); moves++) {
        unsigned cpu = (moves * 3 + moves / 7) % 4;
        uint64_t start;

        tell(MOVING);
        CHECK_EQ(move(OTHER, cpu), 0);
        tell(cpu);
        for (start = timer_now(TIMER_PHYS); timer_now(TIMER_PHYS) - start < timer_frequency() / STAY_HZ;) {
        }
    }
    tell(MOVING);
    CHECK(moves >= MOVES_MIN);
    return checks_end(&checks);
}

unsigned guest_main(void)
{
    return bootarg_is("role", "control") ? move_it() : take_interrupts();
}

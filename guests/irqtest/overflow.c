/* SPDX-License-Identifier: Apache-2.0 */
/* overflow.c - more interrupts at once than the hardware has list registers (four in QEMU): all come, each
 * once, the best first. */
#include "check.h"

#define SPIS 12
#define SGIS 4
#define GICC_CTLR_ALL_GROUPS 7U /* Both groups, and GICC_IAR acknowledges both. */

/* The later the better, so that the order they come in is never the order they are made pending in. */
static uint8_t priority_of(unsigned index)
{
    return (uint8_t)(0x20 + 8 * (SPIS - 1 - index));
}

static void prepare_all(void)
{
    for (unsigned i = 0; i < SPIS; i++) {
        spi_prepare(SPI_FIRST + i, priority_of(i));
    }
}

static void pend_all(void)
{
    for (unsigned i = 0; i < SPIS; i++) {
        gic_set_pending(SPI_FIRST + i, true);
    }
}

static void expect_in_order(unsigned first)
{
    for (unsigned i = 0; i < SPIS; i++) {
        check(log_intid(0, first + i) == SPI_FIRST + SPIS - 1 - i, "INTID %u came as number %u",
              log_intid(0, first + i), i);
    }
}

static void plain(unsigned argument)
{
    (void)argument;
    prepare_all();
    for (unsigned round = 1; round <= 5; round++) {
        pend_all();
        take_pending();
        check_equal("deliveries", irq_log[0].count, SPIS * round);
        expect_in_order(SPIS * (round - 1));
    }
    check_equal("pending after all", mmio_read32(platform.gicd.base + GICD_ISPENDR + 4), 0);
}

/* By hand: acknowledge and end, interrupts masked all the while. */
static void polled(unsigned argument)
{
    (void)argument;
    prepare_all();
    pend_all();
    for (unsigned i = 0; i < SPIS; i++) {
        uint32_t raw = gic_acknowledge();
        check_equal("acknowledged", gic_intid(raw), SPI_FIRST + SPIS - 1 - i);
        gic_end(raw);
    }
    check_equal("acknowledged at last", gic_intid(gic_acknowledge()), GIC_SPURIOUS);
}

/* EOImode 1, deactivated in the handler. */
static void two_steps_done(unsigned intid, struct trap_frame *frame)
{
    uint32_t raw = irq_acknowledged();

    (void)intid;
    (void)frame;
    log_note();
    gic_end(raw);
    gic_deactivate(raw);
}

static void two_steps(unsigned argument)
{
    (void)argument;
    gic_set_eoi_mode(true);
    prepare_all();
    for (unsigned i = 0; i < SPIS; i++) {
        irq_set_handler(SPI_FIRST + i, two_steps_done);
    }
    for (unsigned round = 1; round <= 3; round++) {
        pend_all();
        take_pending();
        check_equal("deliveries", irq_log[0].count, SPIS * round);
        expect_in_order(SPIS * (round - 1));
    }
}

/* @left of them stay active while the rest, better and worse ones, come and go; then they are deactivated,
 * last first. */
static void left_active(unsigned left)
{
    gic_enable(timer_intid(TIMER_VIRT));
    gic_enable(timer_intid(TIMER_PHYS));
    gic_set_eoi_mode(true);
    prepare_all();
    for (unsigned i = 0; i < SPIS; i++) {
        irq_set_handler(SPI_FIRST + i, i < left ? log_irq : two_steps_done);
    }
    for (unsigned round = 1; round <= 3; round++) {
        for (unsigned i = 0; i < left; i++) {
            gic_set_pending(SPI_FIRST + i, true);
            take_pending();
        }
        check_equal("deliveries of those left active", irq_log[0].count, left);
        pend_all();
        take_pending();
        check_equal("deliveries while some are active", irq_log[0].count, SPIS);
        uint32_t active = mmio_read32(platform.gicd.base + GICD_ISACTIVER + 4) >> (SPI_FIRST - 32);
        check_equal("active", active & 0xfff, (1U << left) - 1);
        for (unsigned i = left; i-- > 0;) {
            gic_deactivate(SPI_FIRST + i);
        }
        take_pending(); /* pend_all() made those pending a second time. */
        check_equal("deliveries after DIR", irq_log[0].count, SPIS + left);
        for (unsigned i = 0; i < left; i++) {
            gic_deactivate(SPI_FIRST + i);
        }
        check_equal("active at last", mmio_read32(platform.gicd.base + GICD_ISACTIVER + 4), 0);
        log_clear();
    }
}

/* The best three are acknowledged first and stay active; they are given all at once. */
static void left_active_at_once(unsigned argument)
{
    (void)argument;
    gic_enable(timer_intid(TIMER_VIRT));
    gic_enable(timer_intid(TIMER_PHYS));
    gic_set_eoi_mode(true);
    prepare_all();
    for (unsigned i = 0; i < SPIS; i++) {
        irq_set_handler(SPI_FIRST + i, i >= SPIS - 3 ? log_irq : two_steps_done);
    }
    pend_all();
    take_pending();
    check_equal("deliveries", irq_log[0].count, SPIS);
    expect_in_order(0);
    for (unsigned i = SPIS - 3; i < SPIS; i++) {
        check(gic_is_active(SPI_FIRST + i), "INTID %u is not active", SPI_FIRST + i);
        gic_deactivate(SPI_FIRST + i);
    }
    check_equal("active at last", mmio_read32(platform.gicd.base + GICD_ISACTIVER + 4), 0);
}

/* One that is better than all that wait, and comes when the list registers are full. */
static void better_later(unsigned argument)
{
    (void)argument;
    prepare_all();
    pend_all();
    spi_prepare(SPI_FIRST + SPIS, 0x08);
    gic_set_pending(SPI_FIRST + SPIS, true);
    take_pending();
    check_equal("deliveries", irq_log[0].count, SPIS + 1);
    check_equal("first", log_intid(0, 0), SPI_FIRST + SPIS);
    expect_in_order(1);
}

/* Every other one is in group 1: they come in the order of their priorities all the same. */
static void both_groups(unsigned argument)
{
    uint64_t gicd = platform.gicd.base, gicc = platform.gicc.base;

    (void)argument;
    prepare_all();
    mmio_write32(gicd + GICD_IGROUPR + 4, 0xaaaaaaaa);
    mmio_write32(gicd + GICD_CTLR, 3);
    mmio_write32(gicc + GICC_CTLR, GICC_CTLR_ALL_GROUPS);
    pend_all();
    take_pending();
    check_equal("deliveries", irq_log[0].count, SPIS);
    expect_in_order(0);
    mmio_write32(gicd + GICD_IGROUPR + 4, 0);
    mmio_write32(gicd + GICD_CTLR, 1);
    mmio_write32(gicc + GICC_CTLR, 1);
}

/* Withdrawn, disabled or given another priority while they wait: some in list registers, some not. */
static void changed_while_waiting(unsigned argument)
{
    (void)argument;
    prepare_all();
    pend_all();
    for (unsigned i = 0; i < SPIS; i += 3) {
        gic_set_pending(SPI_FIRST + i, false);
        gic_disable(SPI_FIRST + i + 1);
        gic_set_priority(SPI_FIRST + i + 2, (uint8_t)(0x20 + 8 * i));
    }
    take_pending();
    check_equal("deliveries", irq_log[0].count, SPIS / 3);
    for (unsigned i = 0; i < SPIS / 3; i++) {
        check_equal("next", log_intid(0, i), SPI_FIRST + 3 * i + 2);
    }
    for (unsigned i = 1; i < SPIS; i += 3) {
        gic_enable(SPI_FIRST + i);
    }
    take_pending();
    check_equal("deliveries after enabling", irq_log[0].count, 2 * SPIS / 3);
}

static void on_timer(unsigned intid, struct trap_frame *frame)
{
    timer_stop(intid == timer_intid(TIMER_VIRT) ? TIMER_VIRT : TIMER_PHYS);
    log_irq(intid, frame);
}

/* SPIs, SGIs, a PPI that software made pending and both timers. */
static void mixture(unsigned argument)
{
    (void)argument;
    prepare_all();
    irq_set_handler(20, log_irq);
    gic_set_edge(20, true);
    gic_enable(20);
    for (unsigned sgi = 0; sgi < SGIS; sgi++) {
        irq_set_handler(sgi, log_irq);
        gic_enable(sgi);
    }
    for (unsigned round = 0; round < 5; round++) {
        for (enum timer timer = TIMER_VIRT; timer <= TIMER_PHYS; timer++) {
            irq_set_handler(timer_intid(timer), on_timer);
            gic_enable(timer_intid(timer));
            timer_set(timer, timer_now(timer));
        }
        pend_all();
        gic_set_pending(20, true);
        for (unsigned sgi = 0; sgi < SGIS; sgi++) {
            gic_send_sgi(sgi, 0);
        }
        log_wait(0, SPIS + SGIS + 3);
        take_pending();
        check_equal("deliveries", irq_log[0].count, SPIS + SGIS + 3);
        for (unsigned i = 0; i < SPIS; i++) {
            check(log_count(0, SPI_FIRST + i) == 1, "INTID %u came %u times", SPI_FIRST + i,
                  log_count(0, SPI_FIRST + i));
        }
        for (unsigned sgi = 0; sgi < SGIS; sgi++) {
            check(log_count(0, sgi) == 1, "SGI %u came %u times", sgi, log_count(0, sgi));
        }
        check_equal("virtual timer", log_count(0, timer_intid(TIMER_VIRT)), 1);
        check_equal("physical timer", log_count(0, timer_intid(TIMER_PHYS)), 1);
        check_equal("the PPI", log_count(0, 20), 1);
        log_clear();
    }
}

static unsigned again_left;

static void on_again(unsigned intid, struct trap_frame *frame)
{
    uint32_t raw = irq_acknowledged();

    (void)frame;
    log_note();
    if (again_left > 0) {
        again_left--;
        gic_set_pending(intid, true);
    }
    gic_end(raw);
}

/* Handlers that make their own interrupt pending again. */
static void again(unsigned argument)
{
    (void)argument;
    prepare_all();
    for (unsigned i = 0; i < SPIS; i++) {
        irq_set_handler(SPI_FIRST + i, on_again);
    }
    again_left = 50;
    pend_all();
    take_pending();
    check_equal("deliveries", irq_log[0].count, SPIS + 50);
}

const struct test tests_overflow[] = {
    {"over-plain", plain, .argument = 0},
    {"over-polled", polled, .argument = 0},
    {"over-two-steps", two_steps, .argument = 0},
    {"over-left-active-1", left_active, .argument = 1},
    {"over-left-active-3", left_active, .argument = 3},
    {"over-left-active-at-once", left_active_at_once, .argument = 0},
    {"over-better-later", better_later, .argument = 0},
    {"over-both-groups", both_groups, .argument = 0, .gic = 2},
    {"over-changed", changed_while_waiting, .argument = 0},
    {"over-mixture", mixture, .argument = 0},
    {"over-again", again, .argument = 0},
    {.name = NULL},
};

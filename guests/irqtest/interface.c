/* SPDX-License-Identifier: Apache-2.0 */
/* interface.c - the CPU interface: order, mask, preemption, the two ways to end an interrupt, groups. Most
 * tests poll with interrupts masked and acknowledge by hand, so that nothing depends on time. */
#include "check.h"

#define GICC_CTLR_ALL_GROUPS 7U /* Both groups, and GICC_IAR acknowledges both. */
#define GICC_BPR 0x008
#define ISR_F (1U << 6)
#define PRIORITY_IDLE 0xf8 /* Of five bits. */

static uint32_t running_priority(void)
{
    return platform.gic_version == 3 ? (uint32_t)SYSREG_READ(S3_0_C12_C11_3) /* ICC_RPR_EL1 */
                                     : mmio_read32(platform.gicc.base + GICC_RPR);
}

static unsigned highest_pending(void)
{
    return platform.gic_version == 3 ? (unsigned)SYSREG_READ(S3_0_C12_C12_2) /* ICC_HPPIR1_EL1 */
                                     : mmio_read32(platform.gicc.base + GICC_HPPIR) & 0x3ff;
}

static void set_binary_point(unsigned value)
{
    if (platform.gic_version == 3) {
        SYSREG_WRITE(S3_0_C12_C12_3, value); /* ICC_BPR1_EL1 */
        isb();
    } else {
        mmio_write32(platform.gicc.base + GICC_BPR, value);
    }
}

/* Acknowledge and say what it is; @wanted must come. */
static uint32_t acknowledge(unsigned wanted)
{
    uint32_t raw = gic_acknowledge();

    check_equal("acknowledged", gic_intid(raw), wanted);
    return raw;
}

static void spurious(unsigned argument)
{
    (void)argument;
    acknowledge(GIC_SPURIOUS);
    check_equal("HPPIR", highest_pending(), GIC_SPURIOUS);
    check(running_priority() >= PRIORITY_IDLE, "the idle RPR is 0x%x", running_priority());
}

static void mask(unsigned argument)
{
    (void)argument;
    spi_prepare(SPI_FIRST, 0x80);
    gic_set_pending(SPI_FIRST, true);
    for (unsigned level = 0; level < 0x100; level += 8) {
        gic_set_priority_mask((uint8_t)level);
        check(irq_waits() == (level > 0x80), "priority 0x80 and mask 0x%x", level);
    }
    gic_set_priority_mask(0x80);
    take_pending();
    check_equal("deliveries while masked", irq_log[0].count, 0);
    gic_set_priority_mask(0xff);
    take_pending();
    check_equal("deliveries", irq_log[0].count, 1);
}

/* Three wait; the best is taken first, and while it is active the others do not show. */
static void order(unsigned argument)
{
    static const uint8_t priorities[] = {0xb0, 0x30, 0x70};
    static const unsigned wanted[] = {1, 2, 0};

    (void)argument;
    for (unsigned i = 0; i < 3; i++) {
        spi_prepare(SPI_FIRST + i, priorities[i]);
        gic_set_pending(SPI_FIRST + i, true);
    }
    for (unsigned i = 0; i < 3; i++) {
        check_equal("HPPIR", highest_pending(), SPI_FIRST + wanted[i]);
        uint32_t raw = acknowledge(SPI_FIRST + wanted[i]);
        check_equal("RPR", running_priority(), priorities[wanted[i]]);
        check(!irq_waits(), "a lesser one shows while 0x%x runs", priorities[wanted[i]]);
        check(gic_is_active(SPI_FIRST + wanted[i]), "not active");
        gic_end(raw);
        check(!gic_is_active(SPI_FIRST + wanted[i]), "active after its end");
    }
    acknowledge(GIC_SPURIOUS);
}

#define NEST_MAX 8
static unsigned nest_depth, nest_deepest, nest_last;

/* Makes the next, better one pending and lets it in before its own end. */
static void on_nested(unsigned intid, struct trap_frame *frame)
{
    uint32_t raw = irq_acknowledged();

    (void)frame;
    log_note();
    nest_depth++;
    nest_deepest = nest_depth > nest_deepest ? nest_depth : nest_deepest;
    if (intid < nest_last) {
        unsigned before = irq_log[0].count;
        gic_set_pending(intid + 1, true);
        take_pending();
        check(irq_log[0].count > before, "INTID %u does not preempt %u, at depth %u", intid + 1, intid,
              nest_depth);
    }
    check_equal("RPR after the nested one", running_priority(), 0xc0 - 8 * (intid - SPI_FIRST));
    nest_depth--;
    gic_end(raw);
}

/* Each preempts the one before, @depth deep; with both timers' interrupts enabled too, as a kernel has them.
 */
static void preempt(unsigned depth)
{
    nest_depth = nest_deepest = 0;
    nest_last = SPI_FIRST + depth - 1;
    gic_enable(timer_intid(TIMER_VIRT));
    gic_enable(timer_intid(TIMER_PHYS));
    for (unsigned i = 0; i < depth; i++) {
        spi_prepare(SPI_FIRST + i, (uint8_t)(0xc0 - 8 * i));
        irq_set_handler(SPI_FIRST + i, on_nested);
    }
    gic_set_pending(SPI_FIRST, true);
    take_pending();
    check_equal("deepest", nest_deepest, depth);
    check_equal("deliveries", irq_log[0].count, depth);
}

/* Equal priority, or one that differs only below the binary point: no preemption. */
static void no_preempt(unsigned argument)
{
    (void)argument;
    spi_prepare(SPI_FIRST, 0xc0);
    spi_prepare(SPI_FIRST + 1, 0xc0);
    spi_prepare(SPI_FIRST + 2,
                0x80); /* The upper bit still counts for a GICv3's group 1, whatever the point. */
    for (unsigned coarse = 0; coarse < 2; coarse++) {
        set_binary_point(coarse != 0 ? 7 : 0);
        gic_set_pending(SPI_FIRST, true);
        uint32_t raw = acknowledge(SPI_FIRST);
        gic_set_pending(SPI_FIRST + 1, true);
        check(!irq_waits(), "equal priority preempts");
        gic_set_pending(SPI_FIRST + 2, true);
        check(irq_waits() == (coarse == 0), "binary point %u", coarse != 0 ? 7 : 0);
        gic_end(raw);
        take_pending();
        check_equal("first", log_intid(0, 2 * coarse), SPI_FIRST + 2);
        check_equal("deliveries", irq_log[0].count, 2 * coarse + 2);
    }
    set_binary_point(0);
}

/* EOImode 1: the end drops the priority, deactivation is apart. A second life waits for it. */
static void two_steps(unsigned intid)
{
    (void)intid;
    gic_set_eoi_mode(true);
    spi_prepare(intid, 0x80);
    spi_prepare(intid + 1, 0x80);
    for (unsigned round = 0; round < 3; round++) {
        gic_set_pending(intid, true);
        uint32_t raw = acknowledge(intid);
        check_equal("RPR", running_priority(), 0x80);
        gic_end(raw);
        check(running_priority() >= PRIORITY_IDLE, "RPR after the end is 0x%x", running_priority());
        check(gic_is_active(intid), "not active after the end");
        gic_set_pending(intid, true);
        check(!irq_waits(), "delivered while active");
        gic_set_pending(intid + 1, true);
        uint32_t second = acknowledge(intid + 1);
        gic_end(second);
        gic_deactivate(raw);
        check(!gic_is_active(intid), "active after DIR");
        check(gic_is_active(intid + 1), "DIR of one deactivates the other");
        gic_deactivate(second);
        raw = acknowledge(intid);
        gic_end(raw);
        gic_deactivate(raw);
        check(!irq_waits() && !gic_is_pending(intid) && !gic_is_active(intid), "something is left");
    }
}

/* Acknowledged, then ended by a write of ICACTIVER; priority dropped as it should be. */
static void end_by_clear_active(unsigned argument)
{
    (void)argument;
    spi_prepare(SPI_FIRST, 0x80);
    gic_set_pending(SPI_FIRST, true);
    uint32_t raw = acknowledge(SPI_FIRST);
    gic_set_active(SPI_FIRST, false);
    check(!gic_is_active(SPI_FIRST), "active after ICACTIVER");
    gic_end(raw);
    gic_set_pending(SPI_FIRST, true);
    gic_end(acknowledge(SPI_FIRST));
    acknowledge(GIC_SPURIOUS);
}

/* A change of priority, of enable, of target reaches what waits in a list register already. */
static void late_changes(unsigned argument)
{
    (void)argument;
    for (unsigned i = 0; i < 3; i++) {
        spi_prepare(SPI_FIRST + i, (uint8_t)(0x60 + 0x10 * i));
        gic_set_pending(SPI_FIRST + i, true);
    }
    check_equal("HPPIR", highest_pending(), SPI_FIRST);
    gic_set_priority(SPI_FIRST + 2, 0x20);
    check_equal("HPPIR after a better priority", highest_pending(), SPI_FIRST + 2);
    gic_disable(SPI_FIRST + 2);
    check_equal("HPPIR after disabling it", highest_pending(), SPI_FIRST);
    gic_set_priority(SPI_FIRST, 0xf0);
    check_equal("HPPIR after a worse priority", highest_pending(), SPI_FIRST + 1);
    gic_enable(SPI_FIRST + 2);
    check_equal("HPPIR after enabling it", highest_pending(), SPI_FIRST + 2);
    gic_set_pending(SPI_FIRST + 2, false);
    check_equal("HPPIR after ICPENDR", highest_pending(), SPI_FIRST + 1);
    take_pending();
    check_equal("deliveries", irq_log[0].count, 2);
}

static void group1_v2(unsigned argument)
{
    uint64_t gicd = platform.gicd.base, gicc = platform.gicc.base;

    (void)argument;
    spi_prepare(SPI_FIRST, 0x80);
    mmio_write32(gicd + GICD_IGROUPR + 4, 1U << (SPI_FIRST - 32));
    gic_set_pending(SPI_FIRST, true);
    check(!irq_waits(), "delivered with its group off");
    mmio_write32(gicd + GICD_CTLR, 3);
    check(!irq_waits(), "delivered with its group off in the CPU interface");
    mmio_write32(gicc + GICC_CTLR, GICC_CTLR_ALL_GROUPS);
    check(irq_waits(), "not delivered");
    take_pending(); /* By IAR: QEMU's virtual interface has no AIAR. */
    check_equal("deliveries", irq_log[0].count, 1);
    mmio_write32(gicd + GICD_IGROUPR + 4, 0);
    mmio_write32(gicd + GICD_CTLR, 1);
    mmio_write32(gicc + GICC_CTLR, 1);
}

/* Group 0 of a GICv3 comes as FIQ, and has registers of its own. */
static void group0_v3(unsigned argument)
{
    uint64_t gicd = platform.gicd.base;
    uint32_t before = mmio_read32(gicd + GICD_CTLR);

    (void)argument;
    spi_prepare(SPI_FIRST, 0x80);
    mmio_write32(gicd + GICD_IGROUPR + 4, ~(1U << (SPI_FIRST - 32)));
    mmio_write32(gicd + GICD_CTLR, before | 1);
    SYSREG_WRITE(S3_0_C12_C12_6, 1); /* ICC_IGRPEN0_EL1 */
    isb();
    gic_set_pending(SPI_FIRST, true);
    check(!irq_waits(), "comes as IRQ");
    check((SYSREG_READ(isr_el1) & ISR_F) != 0, "does not come as FIQ");
    check_equal("IAR0", SYSREG_READ(S3_0_C12_C8_0), SPI_FIRST);
    SYSREG_WRITE(S3_0_C12_C8_1, SPI_FIRST); /* ICC_EOIR0_EL1 */
    isb();
    check(!gic_is_active(SPI_FIRST), "active after its end");
    SYSREG_WRITE(S3_0_C12_C12_6, 0);
    isb();
    mmio_write32(gicd + GICD_CTLR, before);
    mmio_write32(gicd + GICD_IGROUPR + 4, 0xffffffff);
}

const struct test tests_interface[] = {
    {"if-spurious", spurious, .argument = 0},
    {"if-mask", mask, .argument = 0},
    {"if-order", order, .argument = 0},
    {"if-preempt-2", preempt, .argument = 2},
    {"if-preempt-4", preempt, .argument = 4},
    {"if-no-preempt", no_preempt, .argument = 0},
    {"if-two-steps", two_steps, .argument = SPI_FIRST},
    {"if-end-by-icactiver", end_by_clear_active, .argument = 0},
    {"if-late-changes", late_changes, .argument = 0},
    {"if-group1", group1_v2, .gic = 2},
    {"if-group0", group0_v3, .gic = 3},
    {.name = NULL},
};

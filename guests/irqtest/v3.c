/* SPDX-License-Identifier: Apache-2.0 */
/* v3.c - registers that only a GICv3 has: routes, redistributors (another CPU's too), SGI register. Source:
 * Arm IHI 0069 12. */
#include "check.h"

#define GICD_IIDR 0x008
#define GICD_PIDR2 0xffe8
#define CTLR_FIXED 0x50U /* ARE, DS: read as one. */
#define GICR_IIDR 0x004
#define GICR_PIDR2 0xffe8
#define GICR_TYPER_LAST (1U << 4)
#define WAKER_SLEEP 2U
#define WAKER_ASLEEP 4U
#define IROUTER_IRM (1UL << 31)
#define IROUTER_BITS 0xff80ffffffUL /* Affinities and IRM. */

static uint64_t at(unsigned offset)
{
    return platform.gicd.base + offset;
}

static uint64_t frame(unsigned cpu)
{
    return platform.gicr.base + (uint64_t)cpu * GICR_FRAMES_BYTES;
}

static void expect_fixed(const char *what, uint64_t address, uint32_t wanted)
{
    check_equal(what, mmio_read32(address), wanted);
    mmio_write32(address, ~wanted);
    check_equal(what, mmio_read32(address), wanted);
}

static void identification(unsigned argument)
{
    uint32_t typer = mmio_read32(at(GICD_TYPER));

    (void)argument;
    check_equal("TYPER.ITLinesNumber", typer & 0x1f, 2);
    check_equal("TYPER.IDbits", typer >> 19 & 0x1f, 9);
    check_equal("TYPER.LPIS", typer >> 17 & 1, 0);
    expect_fixed("TYPER", at(GICD_TYPER), typer);
    check(mmio_read32(at(GICD_IIDR)) != 0, "IIDR is zero");
    expect_fixed("IIDR", at(GICD_IIDR), mmio_read32(at(GICD_IIDR)));
    check_equal("PIDR2.ArchRev", mmio_read32(at(GICD_PIDR2)) >> 4 & 0xf, 3);
    expect_fixed("PIDR2", at(GICD_PIDR2), mmio_read32(at(GICD_PIDR2)));
    expect_fixed("reserved", at(0x0c), 0);
    expect_fixed("reserved", at(0x40), 0);
    expect_fixed("GICD_SGIR", at(GICD_SGIR), 0);
    for (unsigned intid = 0; intid < 96; intid += 4) {
        expect_fixed("ITARGETSR", at(GICD_ITARGETSR + intid), 0);
    }
}

/* With affinity routing SGIs and PPIs are not in the distributor. */
static void local_words(unsigned argument)
{
    static const unsigned offsets[] = {GICD_IGROUPR, GICD_ISENABLER, GICD_ICENABLER, GICD_ISPENDR,
                                       GICD_ICPENDR, GICD_ISACTIVER, GICD_ICACTIVER, GICD_IPRIORITYR,
                                       GICD_ICFGR,   GICD_ICFGR + 4};

    (void)argument;
    for (unsigned i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        expect_fixed("the distributor's word of SGIs and PPIs", at(offsets[i]), 0);
    }
    check_equal("this CPU's ISPENDR0", mmio_read32(gic_registers(0) + GICD_ISPENDR), 0);
}

static void control(unsigned argument)
{
    uint32_t before = mmio_read32(at(GICD_CTLR));

    (void)argument;
    check_equal("CTLR after gic_init", before, CTLR_FIXED | 2);
    for (uint32_t value = 0; value < 4; value++) {
        mmio_write32(at(GICD_CTLR), ~(CTLR_FIXED | 3U) | value);
        check_equal("CTLR", mmio_read32(at(GICD_CTLR)), CTLR_FIXED | value);
    }
    mmio_write32(at(GICD_CTLR), before);
}

static void routes(unsigned argument)
{
    (void)argument;
    for (unsigned intid = 32; intid < 96; intid++) {
        uint64_t reg = at(GICD_IROUTER + intid * 8);
        mmio_write64(reg, ~0UL);
        check_equal("IROUTER of all ones", mmio_read64(reg), IROUTER_BITS);
        mmio_write64(reg, 0x1200345678UL);
        check_equal("IROUTER", mmio_read64(reg), 0x1200345678UL);
        check_equal("IROUTER's low half", mmio_read32(reg), 0x345678);
        check_equal("IROUTER's high half", mmio_read32(reg + 4), 0x12);
        mmio_write32(reg, 0x80000001);
        check_equal("IROUTER, low half written,", mmio_read64(reg), 0x1280000001UL);
        mmio_write32(reg + 4, 0);
        check_equal("IROUTER, high half written,", mmio_read64(reg), IROUTER_IRM | 1);
        mmio_write64(reg, 0);
    }
    mmio_write64(at(GICD_IROUTER + 96 * 8), ~0UL);
    check_equal("IROUTER not implemented", mmio_read64(at(GICD_IROUTER + 96 * 8)), 0);
}

static void redistributors(unsigned argument)
{
    uint64_t value;

    (void)argument;
    for (unsigned cpu = 0; cpu < platform.cpu_count; cpu++) {
        uint64_t base = frame(cpu), typer = mmio_read64(base + GICR_TYPER);
        bool last = cpu + 1 == platform.cpu_count;

        check_equal("GICR_TYPER's affinity", typer >> 32, platform.cpu_mpidr[cpu] & 0xffffff);
        check_equal("GICR_TYPER's processor number", typer >> 8 & 0xffff, cpu);
        check_equal("GICR_TYPER.Last", typer & GICR_TYPER_LAST, last ? GICR_TYPER_LAST : 0);
        check_equal("GICR_TYPER.PLPIS", typer & 1, 0);
        check_equal("GICR_TYPER's halves",
                    mmio_read32(base + GICR_TYPER) | (uint64_t)mmio_read32(base + GICR_TYPER + 4) << 32,
                    typer);
        expect_fixed("GICR_CTLR", base + GICR_CTLR, 0);
        expect_fixed("GICR_IIDR", base + GICR_IIDR, mmio_read32(base + GICR_IIDR));
        check_equal("GICR_PIDR2.ArchRev", mmio_read32(base + GICR_PIDR2) >> 4 & 0xf, 3);
        expect_fixed("GICR_PIDR2", base + GICR_PIDR2, mmio_read32(base + GICR_PIDR2));
        check(!probe_read(base + GICR_CTLR, 1, &value), "GICR_CTLR is read by byte");
        check(!probe_read(base + GICR_SGI_FRAME + GICD_ISENABLER, 8, &value),
              "GICR_ISENABLER0 is read by doubleword");
        check(probe_read(base + GICR_SGI_FRAME + GICD_IPRIORITYR + 5, 1, &value),
              "a priority is not read by byte");
    }
    check(!probe_read(frame(platform.cpu_count), 4, &value), "there is a redistributor too many");
}

static void waker(unsigned argument)
{
    uint64_t reg = frame(0) + GICR_WAKER;

    (void)argument;
    check_equal("GICR_WAKER after gic_init", mmio_read32(reg), 0);
    mmio_write32(reg, ~0U);
    check_equal("GICR_WAKER asleep", mmio_read32(reg), WAKER_SLEEP | WAKER_ASLEEP);
    mmio_write32(reg, 0);
    check_equal("GICR_WAKER awake", mmio_read32(reg), 0);
}

/* A CPU that was never started: reset values. */
static void other_reset(unsigned argument)
{
    uint64_t base = frame(platform.cpu_count - 1) + GICR_SGI_FRAME;

    (void)argument;
    check_equal("ISENABLER0", mmio_read32(base + GICD_ISENABLER), 0);
    check_equal("ISPENDR0", mmio_read32(base + GICD_ISPENDR), 0);
    check_equal("ISACTIVER0", mmio_read32(base + GICD_ISACTIVER), 0);
    check_equal("ICFGR0", mmio_read32(base + GICD_ICFGR), 0xaaaaaaaa);
    check_equal("ICFGR1", mmio_read32(base + GICD_ICFGR + 4), 0);
}

/* Another CPU's SGIs and PPIs, through its redistributor: they are delivered there. */
static void other(unsigned argument)
{
    uint64_t mine = frame(0) + GICR_SGI_FRAME, base = frame(1) + GICR_SGI_FRAME;
    uint32_t bit = 1U << 21;

    (void)argument;
    irq_set_handler(21, log_irq);
    if (!peers_start(2)) {
        return;
    }
    mmio_write8(base + GICD_IPRIORITYR + 21, 0x48);
    check_equal("its priority", mmio_read8(base + GICD_IPRIORITYR + 21), 0x48);
    check_equal("mine", mmio_read8(mine + GICD_IPRIORITYR + 21), GIC_PRIORITY_DEFAULT);
    mmio_write32(base + GICD_ISPENDR, bit);
    check_equal("its pending", mmio_read32(base + GICD_ISPENDR) & bit, bit);
    check_equal("mine", mmio_read32(mine + GICD_ISPENDR) & bit, 0);
    mmio_write32(base + GICD_ISENABLER, bit);
    log_wait(1, 1);
    check_equal("what it took", log_intid(1, 0), 21);
    check_equal("what I took", irq_log[0].count, 0);
    mmio_write32(base + GICD_ISACTIVER, bit);
    check_equal("its active", mmio_read32(base + GICD_ISACTIVER) & bit, bit);
    mmio_write32(base + GICD_ISPENDR, bit);
    mmio_write32(base + GICD_ICACTIVER, bit);
    log_wait(1, 2);
    mmio_write32(base + GICD_ICENABLER, bit);
    mmio_write32(base + GICD_ISPENDR, bit);
    mmio_write32(base + GICD_ICPENDR, bit);
    mmio_write32(base + GICD_ISENABLER, bit);
    peers_stop(); /* It has taken whatever came. */
    check_equal("deliveries", irq_log[1].count, 2);
}

const struct test tests_v3[] = {
    {"v3-other-reset", other_reset, .cpus = 2, .gic = 3}, /* Before any CPU is started. */
    {"v3-identification", identification, .gic = 3},
    {"v3-local-words", local_words, .gic = 3},
    {"v3-control", control, .gic = 3},
    {"v3-routes", routes, .gic = 3},
    {"v3-redistributors", redistributors, .gic = 3},
    {"v3-waker", waker, .gic = 3},
    {"v3-other", other, .cpus = 2, .gic = 3},
    {.name = NULL},
};

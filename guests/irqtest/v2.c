/* SPDX-License-Identifier: Apache-2.0 */
/* v2.c - registers that only a GICv2 distributor has, and its banked ones. Source: Arm IHI 0048B 4.3. */
#include "check.h"

#define GICD_IIDR 0x008
#define GICD_NSACR 0xe00
#define GICD_ICPIDR2 0xfe8
#define TYPER_LINES 0x1fU
#define TYPER_CPUS(value) ((value) >> 5 & 7)

static uint64_t at(unsigned offset)
{
    return platform.gicd.base + offset;
}

static void expect_fixed(const char *what, unsigned offset, uint32_t wanted)
{
    check_equal(what, mmio_read32(at(offset)), wanted);
    mmio_write32(at(offset), ~wanted);
    check_equal(what, mmio_read32(at(offset)), wanted);
}

static void identification(unsigned argument)
{
    uint32_t typer = mmio_read32(at(GICD_TYPER)), iidr = mmio_read32(at(GICD_IIDR));

    (void)argument;
    check_equal("TYPER.ITLinesNumber", typer & TYPER_LINES, 2);
    check_equal("TYPER.CPUNumber + 1", TYPER_CPUS(typer) + 1, platform.cpu_count);
    check_equal("other bits of TYPER", typer & ~0xffU, 0);
    expect_fixed("TYPER", GICD_TYPER, typer);
    check(iidr != 0, "IIDR is zero");
    expect_fixed("IIDR", GICD_IIDR, iidr);
    check_equal("ICPIDR2.ArchRev", mmio_read32(at(GICD_ICPIDR2)) >> 4 & 0xf, 2);
    expect_fixed("ICPIDR2", GICD_ICPIDR2, mmio_read32(at(GICD_ICPIDR2)));
    expect_fixed("NSACR", GICD_NSACR, 0);
    for (unsigned offset = 0x00c; offset < 0x080; offset += 4) {
        expect_fixed("reserved", offset, 0);
    }
    check_equal("SGIR, which is write-only,", mmio_read32(at(GICD_SGIR)), 0);
}

static void control(unsigned argument)
{
    uint32_t before = mmio_read32(at(GICD_CTLR));

    (void)argument;
    check_equal("CTLR after gic_init", before, 1);
    for (uint32_t value = 0; value < 4; value++) {
        mmio_write32(at(GICD_CTLR), ~3U | value);
        check_equal("CTLR", mmio_read32(at(GICD_CTLR)), value);
    }
    mmio_write32(at(GICD_CTLR), before);
}

/* One CPU: all zero. Several: SGIs and PPIs read as the reader, SPIs take bits of CPUs that exist. */
static void targets(unsigned argument)
{
    bool alone = platform.cpu_count == 1;
    uint32_t all = (1U << platform.cpu_count) - 1;

    (void)argument;
    for (unsigned intid = 0; intid < 32; intid += 4) {
        expect_fixed("ITARGETSR of SGIs and PPIs", GICD_ITARGETSR + intid, alone ? 0 : 0x01010101);
    }
    for (unsigned intid = 32; intid < 96; intid += 4) {
        uint32_t before = mmio_read32(at(GICD_ITARGETSR + intid));
        mmio_write32(at(GICD_ITARGETSR + intid), 0xffffffff);
        check_equal("ITARGETSR of all ones", mmio_read32(at(GICD_ITARGETSR + intid)),
                    alone ? 0 : all * 0x01010101);
        for (unsigned byte = 0; byte < 4; byte++) {
            uint32_t value = 1U << byte % platform.cpu_count;
            mmio_write8(at(GICD_ITARGETSR + intid + byte), (uint8_t)value);
            check_equal("ITARGETSR by byte", mmio_read8(at(GICD_ITARGETSR + intid + byte)),
                        alone ? 0 : value);
        }
        mmio_write32(at(GICD_ITARGETSR + intid), before);
    }
    expect_fixed("ITARGETSR not implemented", GICD_ITARGETSR + 96, 0);
}

/* Sources of a pending SGI, by byte and word. CPU 0 is the only one that can be a source when it is alone. */
static void sgi_pending(unsigned argument)
{
    uint32_t all = (1U << platform.cpu_count) - 1;

    (void)argument;
    for (unsigned sgi = 0; sgi < 16; sgi++) {
        mmio_write8(at(GICD_SPENDSGIR + sgi), 0xff);
        check_equal("SPENDSGIR", mmio_read8(at(GICD_SPENDSGIR + sgi)), all);
        check_equal("CPENDSGIR", mmio_read8(at(GICD_CPENDSGIR + sgi)), all);
        check_equal("ISPENDR0", mmio_read32(at(GICD_ISPENDR)), 1U << sgi);
        mmio_write32(at(GICD_ICPENDR), 0xffff);
        check_equal("ISPENDR0, read-only for SGIs,", mmio_read32(at(GICD_ISPENDR)), 1U << sgi);
        mmio_write8(at(GICD_CPENDSGIR + sgi), 1);
        check_equal("SPENDSGIR without CPU 0", mmio_read8(at(GICD_SPENDSGIR + sgi)), all & ~1U);
        mmio_write32(at(GICD_CPENDSGIR + sgi / 4 * 4), 0xffffffff);
        check_equal("SPENDSGIR cleared by word", mmio_read32(at(GICD_SPENDSGIR + sgi / 4 * 4)), 0);
    }
    mmio_write32(at(GICD_ISPENDR), 0xffff);
    check_equal("ISPENDR0 that cannot be written", mmio_read32(at(GICD_ISPENDR)) & 0xffff, 0);
    check(!irq_waits(), "an SGI that was withdrawn is delivered");
}

static volatile uint32_t banked[5];

static void read_banked(uint64_t argument)
{
    (void)argument;
    banked[0] = mmio_read32(at(GICD_ISENABLER)) & 0xffff0000;
    banked[1] = mmio_read32(at(GICD_IPRIORITYR + 20));
    banked[2] = mmio_read32(at(GICD_ITARGETSR));
    banked[3] = mmio_read32(at(GICD_ISPENDR)) & 0xffff0000;
    banked[4] = mmio_read32(at(GICD_SPENDSGIR));
}

/* What CPU 0 does to its own SGIs and PPIs another CPU does not see. */
static void banks(unsigned argument)
{
    (void)argument;
    if (!peers_start(2)) {
        return;
    }
    gic_enable(20);
    gic_enable(21);
    gic_disable(21);
    gic_set_priority(22, 0x10);
    gic_disable(23);
    gic_set_pending(23, true);
    mmio_write8(at(GICD_SPENDSGIR + 3), 1);
    on_cpu(1, read_banked, 0);
    check_equal("ISENABLER0 of CPU 1", banked[0], 0);
    check_equal("IPRIORITYR of CPU 1", banked[1], GIC_PRIORITY_DEFAULT * 0x01010101U);
    check_equal("ITARGETSR0 of CPU 1", banked[2], 0x02020202);
    check_equal("ISPENDR0 of CPU 1", banked[3], 0);
    check_equal("SPENDSGIR0 of CPU 1", banked[4], 0);
    mmio_write8(at(GICD_CPENDSGIR + 3), 1);
    gic_set_priority(22, GIC_PRIORITY_DEFAULT);
}

const struct test tests_v2[] = {
    {"v2-identification", identification, .gic = 2},
    {"v2-control", control, .gic = 2},
    {"v2-targets", targets, .gic = 2},
    {"v2-sgi-pending", sgi_pending, .gic = 2},
    {"v2-banks", banks, .cpus = 2, .gic = 2},
    {.name = NULL},
};

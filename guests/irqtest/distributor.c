/* SPDX-License-Identifier: Apache-2.0 */
/* distributor.c - the registers that the distributors of GICv2 and GICv3 share: a bit or a field per
 * interrupt. Those of SGIs and PPIs stand in the redistributor of a GICv3. Source: Arm IHI 0048B 4.3, IHI
 * 0069 12.9. */
#include "check.h"

#define WORDS 3 /* The domain has INTIDs 0 to 95. */
#define SGIS 0x0000ffffU
#define PRIORITY_BITS 0xf8U /* Five bits are implemented; the guest must find the others zero. */

/* A register pair of which one sets and the other clears what both read. */
struct pair {
    const char *name;
    unsigned set, clear;
    uint32_t sgis; /* Bits of word 0 that answer to it on a GICv2; the rest read as @fixed. */
    uint32_t fixed;
};
static const struct pair pairs[] = {
    {"ISENABLER", GICD_ISENABLER, GICD_ICENABLER, 0, SGIS},
    {"ISPENDR", GICD_ISPENDR, GICD_ICPENDR, 0, 0},
    {"ISACTIVER", GICD_ISACTIVER, GICD_ICACTIVER, SGIS, 0},
};

static uint64_t word_address(unsigned offset, unsigned word)
{
    return gic_registers(word * 32) + offset + word * 4;
}

static uint32_t read_word(unsigned offset, unsigned word)
{
    return mmio_read32(word_address(offset, word));
}

static void write_word(unsigned offset, unsigned word, uint32_t value)
{
    mmio_write32(word_address(offset, word), value);
}

static void expect_pair(const struct pair *pair, unsigned word, uint32_t wanted)
{
    uint32_t set = read_word(pair->set, word), clear = read_word(pair->clear, word);

    check(set == wanted && clear == wanted, "%s%u reads 0x%x, its clearing twin 0x%x, not 0x%x", pair->name,
          word, set, clear, wanted);
}

/* Every bit alone, and all. Zeroes written change nothing. */
static void walk_pair(unsigned index)
{
    const struct pair *pair = &pairs[index];

    gic_disable(SGI_WAKE);
    for (unsigned word = 0; word < WORDS; word++) {
        bool local_v2 = word == 0 && platform.gic_version == 2;
        uint32_t fixed = local_v2 ? pair->fixed : 0;
        uint32_t bits = local_v2 ? ~SGIS | pair->sgis : 0xffffffff;

        expect_pair(pair, word, fixed);
        for (unsigned bit = 0; bit < 32; bit++) {
            uint32_t mask = 1U << bit;
            write_word(pair->set, word, mask);
            write_word(pair->set, word, 0);
            write_word(pair->clear, word, 0);
            expect_pair(pair, word, fixed | (mask & bits));
            write_word(pair->clear, word, ~mask);
            expect_pair(pair, word, fixed | (mask & bits));
            write_word(pair->clear, word, mask);
            expect_pair(pair, word, fixed);
        }
        write_word(pair->set, word, 0xffffffff);
        expect_pair(pair, word, fixed | bits);
        write_word(pair->clear, word, 0xffffffff);
        expect_pair(pair, word, fixed);
    }
    write_word(pair->set, WORDS, 0xffffffff);
    expect_pair(pair, WORDS, 0); /* Not implemented. */
}

/* Pending and disabled, or enabled and active: not delivered; and both at once read back. */
static void states_together(unsigned argument)
{
    (void)argument;
    unsigned intid = SPI_FIRST;

    spi_prepare(intid, 0x80);
    gic_disable(intid);
    gic_set_pending(intid, true);
    check(!irq_waits(), "a disabled SPI is delivered");
    gic_set_active(intid, true);
    check(gic_is_pending(intid) && gic_is_active(intid), "active and pending is not kept");
    gic_enable(intid);
    check(!irq_waits(), "an active SPI is delivered a second time");
    gic_set_active(intid, false);
    check(irq_waits(), "pending while disabled and active is lost");
    gic_set_pending(intid, false);
    check(!irq_waits(), "ICPENDR does not withdraw it");
    gic_set_pending(intid, true);
    take_pending();
    check_equal("deliveries", irq_log[0].count, 1);
    check(!gic_is_pending(intid) && !gic_is_active(intid), "a state stays after the end");
}

static void group(unsigned argument)
{
    (void)argument;
    for (unsigned word = 0; word < WORDS; word++) {
        uint32_t before = read_word(GICD_IGROUPR, word);

        check_equal("IGROUPR after gic_init", before, platform.gic_version == 3 ? 0xffffffff : 0);
        for (unsigned bit = 0; bit < 32; bit++) {
            write_word(GICD_IGROUPR, word, 1U << bit);
            check_equal("IGROUPR", read_word(GICD_IGROUPR, word), 1U << bit);
        }
        write_word(GICD_IGROUPR, word, before);
    }
    write_word(GICD_IGROUPR, WORDS, 0xffffffff);
    check_equal("IGROUPR not implemented", read_word(GICD_IGROUPR, WORDS), 0);
}

/* Neither group is delivered while GICD_CTLR has it off; what came meanwhile comes later. */
static void group_enable(unsigned argument)
{
    uint64_t ctlr = platform.gicd.base + GICD_CTLR;
    uint32_t before = mmio_read32(ctlr);

    (void)argument;
    spi_prepare(SPI_FIRST, 0x80);
    mmio_write32(ctlr, before & ~3U);
    gic_set_pending(SPI_FIRST, true);
    check(!irq_waits(), "delivered while its group is off");
    check(gic_is_pending(SPI_FIRST), "not pending while its group is off");
    mmio_write32(ctlr, before);
    check(irq_waits(), "not delivered when its group is on again");
    mmio_write32(ctlr, before & ~3U);
    check(!irq_waits(), "still delivered after its group went off");
    mmio_write32(ctlr, before);
    take_pending();
    check_equal("deliveries", irq_log[0].count, 1);
}

static void priority(unsigned argument)
{
    (void)argument;
    for (unsigned intid = 0; intid < WORDS * 32; intid += 4) {
        uint64_t at = gic_registers(intid) + GICD_IPRIORITYR + intid;
        uint32_t before = mmio_read32(at);

        check_equal("IPRIORITYR after gic_init", before, GIC_PRIORITY_DEFAULT * 0x01010101U);
        mmio_write32(at, 0xffffffff);
        check_equal("IPRIORITYR of all ones", mmio_read32(at), PRIORITY_BITS * 0x01010101U);
        mmio_write32(at, 0x00408010);
        check_equal("IPRIORITYR by word", mmio_read32(at), 0x00408010);
        for (unsigned byte = 0; byte < 4; byte++) {
            mmio_write8(at + byte, (uint8_t)(0x18 + 0x20 * byte));
            check_equal("IPRIORITYR by byte", mmio_read8(at + byte), 0x18 + 0x20 * byte);
        }
        check_equal("IPRIORITYR of four bytes", mmio_read32(at), 0x78583818);
        mmio_write32(at, before);
    }
    uint64_t end = platform.gicd.base + GICD_IPRIORITYR + WORDS * 32;
    mmio_write32(end, 0xffffffff);
    check_equal("IPRIORITYR not implemented", mmio_read32(end), 0);
}

static void configuration(unsigned argument)
{
    (void)argument;
    for (unsigned reg = 0; reg < WORDS * 2; reg++) {
        uint64_t at = gic_registers(reg * 16) + GICD_ICFGR + reg * 4;
        uint32_t before = mmio_read32(at);

        check_equal("ICFGR after clean-up", before, reg == 0 ? 0xaaaaaaaa : 0);
        for (unsigned bit = 1; bit < 32; bit += 2) {
            mmio_write32(at, 1U << bit | 0x55555555);
            check_equal("ICFGR", mmio_read32(at), reg == 0 ? 0xaaaaaaaa : 1U << bit);
        }
        mmio_write32(at, before);
    }
    uint64_t end = platform.gicd.base + GICD_ICFGR + WORDS * 8;
    mmio_write32(end, 0xffffffff);
    check_equal("ICFGR not implemented", mmio_read32(end), 0);
}

/* Which widths answer: words everywhere, bytes where a field is a byte, halfwords nowhere. */
static void widths(unsigned argument)
{
    static const unsigned words[] = {GICD_CTLR,      GICD_TYPER,   GICD_IGROUPR, GICD_ISENABLER,
                                     GICD_ICENABLER, GICD_ISPENDR, GICD_ICPENDR, GICD_ISACTIVER,
                                     GICD_ICACTIVER, GICD_ICFGR};
    uint64_t value, gicd = platform.gicd.base;

    (void)argument;
    for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        uint64_t at = gicd + words[i] + (words[i] >= GICD_IGROUPR ? 8 : 0); /* SPIs', on both. */
        check(!probe_read(at, 1, &value), "offset 0x%lx is read by byte", at - gicd);
        check(!probe_write(at, 1, 0), "offset 0x%lx is written by byte", at - gicd);
        check(!probe_read(at, 2, &value), "offset 0x%lx is read by halfword", at - gicd);
        check(!probe_read(at, 8, &value), "offset 0x%lx is read by doubleword", at - gicd);
        check(!probe_write(at, 8, 0), "offset 0x%lx is written by doubleword", at - gicd);
        check(probe_read(at, 4, &value), "offset 0x%lx is not read by word", at - gicd);
    }
    check(probe_read(gicd + GICD_IPRIORITYR + SPI_FIRST, 1, &value), "a priority is not read by byte");
    check(!probe_read(gicd + GICD_IPRIORITYR + SPI_FIRST, 2, &value), "a priority is read by halfword");
    check(!probe_write(gicd + GICD_IPRIORITYR + SPI_FIRST, 8, 0), "a priority is written by doubleword");
}

/* Level and edge as software sees them: a level interrupt that ISPENDR made pending comes once, too. */
static void software_pending(unsigned edge)
{
    spi_prepare(SPI_FIRST, 0x80);
    gic_set_edge(SPI_FIRST, edge != 0);
    for (unsigned round = 1; round <= 5; round++) {
        gic_set_pending(SPI_FIRST, true);
        gic_set_pending(SPI_FIRST, true);
        check(irq_waits(), "not delivered in round %u", round);
        take_pending();
        check_equal("deliveries", irq_log[0].count, round);
    }
}

const struct test tests_distributor[] = {
    {"dist-enable", walk_pair, .argument = 0},
    {"dist-pending", walk_pair, .argument = 1},
    {"dist-active", walk_pair, .argument = 2},
    {"dist-states", states_together, .argument = 0},
    {"dist-group", group, .argument = 0},
    {"dist-group-enable", group_enable, .argument = 0},
    {"dist-priority", priority, .argument = 0},
    {"dist-config", configuration, .argument = 0},
    {"dist-widths", widths, .argument = 0},
    {"dist-level-by-software", software_pending, .argument = 0},
    {"dist-edge-by-software", software_pending, .argument = 1},
    {.name = NULL},
};

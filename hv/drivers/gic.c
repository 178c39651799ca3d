/* SPDX-License-Identifier: Apache-2.0 */
/* gic.c - chooses the interrupt controller's driver, and does what both drivers do the same way. */
#include "drivers/gic.h"

#include "arch/spinlock.h"
#include "drivers/gic_dist.h"
#include "lib/lock_rank.h"
#include "lib/panic.h"

#define ALL_BITS 0xffffffffu
#define ALL_SGIS 0x0000ffffu

const struct gic_driver *gic_chosen;
static struct spinlock config_lock = SPINLOCK_INIT(LOCK_RANK_GIC);

void gic_select(const struct board_gic *board)
{
    if (board->version == gicv2_driver.version) {
        gic_chosen = &gicv2_driver;
    } else if (board->version == gicv3_driver.version) {
        gic_chosen = &gicv3_driver;
    } else {
        panic("no interrupt controller found: the device tree needs a node compatible with \"arm,gic-400\", "
              "\"arm,cortex-a15-gic\" or \"arm,gic-v3\"");
    }
    gic_chosen->init(board);
}

unsigned gic_dist_limit(va_t gicd)
{
    uint64_t lines =
        bits_get(mmio_read32(gicd, GICD_TYPER), GICD_TYPER_ITLINESNUMBER_HIGH, GICD_TYPER_ITLINESNUMBER_LOW);

    return (unsigned)min_u64(32 * (lines + 1), GIC_INTID_MAX);
}

/* One bit an interrupt: a word for 32 of them. */
static void reset_word(va_t frame, unsigned first, uint32_t group_word)
{
    uint32_t word = first / 32 * 4;

    mmio_write32(frame, GICD_ICENABLER + word, ALL_BITS);
    mmio_write32(frame, GICD_IGROUPR + word, group_word);
    mmio_write32(frame, GICD_ICPENDR + word, ALL_BITS);
    mmio_write32(frame, GICD_ICACTIVER + word, ALL_BITS);
    for (unsigned intid = first; intid < first + 32; intid += 4) {
        mmio_write32(frame, GICD_IPRIORITYR + intid, GIC_ALL_PRIORITY_DEFAULT);
    }
}

void gic_dist_reset_spis(va_t gicd, unsigned limit, uint32_t group_word)
{
    for (unsigned first = GIC_SPI_FIRST; first < limit; first += 32) {
        reset_word(gicd, first, group_word);
        mmio_write32(gicd, GICD_ICFGR + first / 16 * 4, 0);
        mmio_write32(gicd, GICD_ICFGR + first / 16 * 4 + 4, 0);
    }
}

void gic_dist_reset_local(va_t frame, uint32_t group_word)
{
    reset_word(frame, 0, group_word);
    mmio_write32(frame, GICD_ISENABLER, ALL_SGIS);
}

void gic_dist_set_edge(va_t frame, unsigned intid, bool edge)
{
    uint32_t reg = GICD_ICFGR + intid / 16 * 4;
    uint32_t bit = BIT32(intid % 16 * 2 + 1);
    uint32_t value;

    spin_lock(&config_lock);
    value = mmio_read32(frame, reg);
    mmio_write32(frame, reg, edge ? value | bit : value & ~bit);
    spin_unlock(&config_lock);
}

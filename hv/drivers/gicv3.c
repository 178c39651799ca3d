/* SPDX-License-Identifier: Apache-2.0 */
/* gicv3.c - the GICv3 interrupt controller: distributor, one redistributor a CPU, CPU interface in system
 * registers.
 *
 * Source: Arm IHI 0069; section numbers below are its. Each CPU has a redistributor of two 64 KiB frames
 * (four where virtual LPIs are), found by its affinity in GICR_TYPER:
 *
 *     region:  | RD | SGI | RD | SGI | RD | SGI (Last) |     RD: wake-up, TYPER; SGI: of SGIs and PPIs
 *
 * Affinity routing is on, all interrupts are Group 1 as EL2 sees it: Non-secure where two security states
 * are, plain Group 1 where there is one. GICD_CTLR's bits 1 and 4 mean the same in both views. The virtual
 * CPU interface is in gicv3_vif.c. */
#include "drivers/gic.h"

#include "arch/barrier.h"
#include "arch/cpu.h"
#include "arch/gic_sysreg.h"
#include "arch/mmu.h"
#include "drivers/gic_dist.h"
#include "drivers/gicv3_vif.h"
#include "lib/panic.h"

#define GICD_CTLR_ENABLE_GRP1A BIT32(1)
#define GICD_CTLR_ARE_NS BIT32(4)
#define GICD_CTLR_RWP BIT32(31)
#define GICD_IGRPMODR 0xd00u
#define GICD_IROUTER 0x6000u /* 12.9: affinity as in MPIDR_EL1. */

#define GICR_CTLR 0x0000u /* 12.11: RD frame. */
#define GICR_CTLR_RWP BIT32(3)
#define GICR_TYPER 0x0008u
#define GICR_TYPER_VLPIS BIT64(1)
#define GICR_TYPER_LAST BIT64(4)
#define GICR_WAKER 0x0014u
#define GICR_WAKER_PROCESSORSLEEP BIT32(1)
#define GICR_WAKER_CHILDRENASLEEP BIT32(2)
#define GICR_FRAME KIB(64)

#define ICC_SRE_ENABLE BIT64(3) /* ICC_SRE_EL2: EL1 may access ICC_SRE_EL1. */
#define ICC_CTLR_EOIMODE BIT64(1)
#define ICC_PMR_OPEN 0xffu
#define ICC_IGRPEN1_ENABLE BIT64(0)

#define ALL_BITS 0xffffffffu
/* A register write that has not completed after a tenth of a second never will. */
#define WAIT_PER_SECOND 10u
#define TICK_HZ_MIN 10000000u /* When firmware left CNTFRQ_EL0 unset. */

static struct mem_range regions[BOARD_GICR_MAX];
static va_t region_base[BOARD_GICR_MAX];
static unsigned region_count, dist_limit;
static uint64_t stride;
static pa_t gicd_pa;
static va_t gicd;
static va_t redist[CPU_MAX];     /* RD frames. */
static va_t redist_sgi[CPU_MAX]; /* SGI frames. */
static uint64_t affinity[CPU_MAX];

/* Wait until @bits of @reg are clear; @what names them when they stay. */
static void wait_clear(va_t frame, uint32_t reg, uint32_t bits, const char *what)
{
    uint64_t deadline = cpu_count_ticks() + max_u64(cpu_tick_hz(), TICK_HZ_MIN) / WAIT_PER_SECOND;

    while ((mmio_read32(frame, reg) & bits) != 0) {
        if (cpu_count_ticks() > deadline) {
            panic("GIC at 0x%lx: %s does not clear: it has no clock, or firmware left it unusable",
                  (unsigned long)gicd_pa.v, what);
        }
        cpu_relax();
    }
}

static void wait_dist(void)
{
    wait_clear(gicd, GICD_CTLR, GICD_CTLR_RWP, "GICD_CTLR.RWP");
}

static void wait_redist(unsigned cpu)
{
    wait_clear(redist[cpu], GICR_CTLR, GICR_CTLR_RWP, "GICR_CTLR.RWP");
}

/* Where the registers of @intid are: this CPU's for SGIs and PPIs. */
static va_t frame_of(unsigned intid)
{
    return intid < GIC_SPI_FIRST ? redist_sgi[cpu_id()] : gicd;
}

static void v3_init(const struct board_gic *board)
{
    gicd_pa = board->gicd.base;
    if (board->gicd.size_bytes == 0 || board->gicr_count == 0) {
        panic("GIC at 0x%lx: its \"reg\" must have the distributor and at least one redistributor region",
              (unsigned long)gicd_pa.v);
    }
    gicd = mmu_map_device(board->gicd.base, board->gicd.size_bytes);
    stride = board->gicr_stride;
    region_count = board->gicr_count;
    for (unsigned i = 0; i < region_count; i++) {
        regions[i] = board->gicr[i];
        region_base[i] = mmu_map_device(regions[i].base, regions[i].size_bytes);
    }
    for (unsigned cpu = 0; cpu < CPU_MAX; cpu++) {
        redist[cpu] = va(0);
    }

    mmio_write32(gicd, GICD_CTLR, 0);
    wait_dist();
    mmio_write32(gicd, GICD_CTLR, GICD_CTLR_ARE_NS);
    wait_dist();
    dist_limit = gic_dist_limit(gicd);
    gic_dist_reset_spis(gicd, dist_limit, ALL_BITS);
    for (unsigned intid = GIC_SPI_FIRST; intid < dist_limit; intid++) {
        if (intid % 32 == 0) {
            mmio_write32(gicd, GICD_IGRPMODR + intid / 32 * 4, 0);
        }
        mmio_write64(gicd, GICD_IROUTER + intid * 8, cpu_mpidr());
    }
    wait_dist();
    mmio_write32(gicd, GICD_CTLR, GICD_CTLR_ARE_NS | GICD_CTLR_ENABLE_GRP1A);
    wait_dist();
}

/* Walk one region for the redistributor of the CPU with affinity @wanted (GICR_TYPER's form). */
static bool find_in_region(unsigned region, uint32_t wanted, va_t *out)
{
    uint64_t offset = 0;

    while (offset + 2 * GICR_FRAME <= regions[region].size_bytes) {
        va_t frame = va(region_base[region].v + offset);
        uint64_t typer = mmio_read64(frame, GICR_TYPER);

        if (bits_get(typer, 63, 32) == wanted) {
            *out = frame;
            return true;
        }
        if ((typer & GICR_TYPER_LAST) != 0) {
            return false;
        }
        if (stride != 0) {
            offset += stride;
        } else {
            offset += (typer & GICR_TYPER_VLPIS) != 0 ? 4 * GICR_FRAME : 2 * GICR_FRAME;
        }
    }
    return false;
}

static void find_redistributor(unsigned cpu)
{
    uint64_t mpidr = cpu_mpidr();
    uint32_t wanted = (uint32_t)(bits_get(mpidr, 39, 32) << 24 | bits_get(mpidr, 23, 0));

    for (unsigned i = 0; i < region_count; i++) {
        if (find_in_region(i, wanted, &redist[cpu])) {
            redist_sgi[cpu] = va(redist[cpu].v + GICR_FRAME);
            affinity[cpu] = mpidr;
            return;
        }
    }
    panic("GIC at 0x%lx: no redistributor for CPU %u (MPIDR 0x%lx): does \"reg\" of its node have all "
          "redistributor regions?",
          (unsigned long)gicd_pa.v, cpu, (unsigned long)mpidr);
}

static void init_redistributor(unsigned cpu)
{
    va_t rd = redist[cpu], sgi = redist_sgi[cpu];

    mmio_write32(rd, GICR_WAKER, mmio_read32(rd, GICR_WAKER) & ~GICR_WAKER_PROCESSORSLEEP);
    wait_clear(rd, GICR_WAKER, GICR_WAKER_CHILDRENASLEEP, "GICR_WAKER.ChildrenAsleep");
    mmio_write32(sgi, GICD_ICENABLER, ALL_BITS);
    wait_redist(cpu);
    mmio_write32(sgi, GICD_IGRPMODR, 0);
    gic_dist_reset_local(sgi, ALL_BITS);
    wait_redist(cpu);
}

/* No priority of this CPU's own interface is active: a boot loader may have left an interrupt unfinished.
 * @count: registers a group. */
static void clear_own_priorities(unsigned count)
{
    gic_sysreg_write(ICC_AP0R0_EL1, 0);
    gic_sysreg_write(ICC_AP1R0_EL1, 0);
    if (count > 1) {
        gic_sysreg_write(ICC_AP0R1_EL1, 0);
        gic_sysreg_write(ICC_AP1R1_EL1, 0);
    }
    if (count > 2) {
        gic_sysreg_write(ICC_AP0R2_EL1, 0);
        gic_sysreg_write(ICC_AP0R3_EL1, 0);
        gic_sysreg_write(ICC_AP1R2_EL1, 0);
        gic_sysreg_write(ICC_AP1R3_EL1, 0);
    }
}

static void init_own_interface(void)
{
    if (bits_get(gic_sysreg_read(ID_AA64PFR0_EL1), 27, 24) == 0) {
        panic("GIC at 0x%lx is a GICv3, but the CPU has no system registers for it: the device tree is "
              "another machine's",
              (unsigned long)gicd_pa.v);
    }
    gic_sysreg_write(ICC_SRE_EL2, ICC_SRE_ON | ICC_SRE_ENABLE);
    barrier_isb();
    if ((gic_sysreg_read(ICC_SRE_EL2) & ICC_SRE_SRE) == 0) {
        panic("GIC at 0x%lx: EL2 may not use its system registers: firmware must set ICC_SRE_EL3.Enable and "
              "SRE",
              (unsigned long)gicd_pa.v);
    }
    gic_sysreg_write(ICC_SRE_EL1, ICC_SRE_ON);
    barrier_isb();
    gic_sysreg_write(ICC_PMR_EL1, ICC_PMR_OPEN);
    gic_sysreg_write(ICC_BPR1_EL1, 0); /* Becomes the smallest there is. */
    gic_sysreg_write(ICC_CTLR_EL1, ICC_CTLR_EOIMODE);
    clear_own_priorities(gicv3_apr_count(bits_get(gic_sysreg_read(ICC_CTLR_EL1), 10, 8) + 1));
    gic_sysreg_write(ICC_IGRPEN1_EL1, ICC_IGRPEN1_ENABLE);
    barrier_isb();
}

static void v3_init_cpu(unsigned cpu)
{
    find_redistributor(cpu);
    init_redistributor(cpu);
    init_own_interface();
    gicv3_vif_init();
}

static unsigned v3_spi_limit(void)
{
    return dist_limit;
}

/* The DSB makes the interrupt's new state visible to the accesses that follow (IHI 0069 12.1). */
static uint32_t v3_ack(void)
{
    uint32_t iar = (uint32_t)gic_sysreg_read(ICC_IAR1_EL1);

    barrier_dsb_sy();
    return iar;
}

/* The ISB lets the next acknowledge see the running priority dropped. */
static void v3_eoi(uint32_t iar)
{
    gic_sysreg_write(ICC_EOIR1_EL1, iar);
    barrier_isb();
}

static void v3_deactivate(uint32_t iar)
{
    gic_sysreg_write(ICC_DIR_EL1, iar);
}

/* Switched off is off when it returns; switched on may take effect later. */
static void v3_enable(unsigned intid, bool on)
{
    gic_bit_write(frame_of(intid), on ? GICD_ISENABLER : GICD_ICENABLER, intid);
    if (!on && intid < GIC_SPI_FIRST) {
        wait_redist(cpu_id());
    } else if (!on) {
        wait_dist();
    }
}

static void v3_set_active(unsigned intid, bool on)
{
    gic_bit_write(frame_of(intid), on ? GICD_ISACTIVER : GICD_ICACTIVER, intid);
}

static void v3_set_pending(unsigned intid, bool on)
{
    gic_bit_write(frame_of(intid), on ? GICD_ISPENDR : GICD_ICPENDR, intid);
}

static bool v3_is_active(unsigned intid)
{
    return gic_bit_read(frame_of(intid), GICD_ISACTIVER, intid);
}

static bool v3_is_pending(unsigned intid)
{
    return gic_bit_read(frame_of(intid), GICD_ISPENDR, intid);
}

static void v3_set_priority(unsigned intid, uint8_t priority)
{
    mmio_write8(frame_of(intid), GICD_IPRIORITYR + intid, priority);
}

static void v3_set_edge(unsigned intid, bool edge)
{
    gic_dist_set_edge(frame_of(intid), intid, edge);
}

static void v3_set_route(unsigned intid, unsigned cpu)
{
    ASSERT(intid >= GIC_SPI_FIRST && redist[cpu].v != 0);
    mmio_write64(gicd, GICD_IROUTER + intid * 8, affinity[cpu]);
}

/* ICC_SGI1R_EL1, 12.2: the target list is a bit for each of 16 CPUs from RS * 16 on. */
static void v3_send_sgi(unsigned sgi, unsigned cpu)
{
    uint64_t mpidr = affinity[cpu];
    uint64_t aff0 = bits_get(mpidr, 7, 0);

    ASSERT(redist[cpu].v != 0);
    barrier_dsb_ish(); /* What the target shall see is stored before it is told; pair: v3_ack(). */
    gic_sysreg_write(ICC_SGI1R_EL1, bits_get(mpidr, 39, 32) << 48 | aff0 / 16 << 44 |
                                        bits_get(mpidr, 23, 16) << 32 | (uint64_t)sgi << 24 |
                                        bits_get(mpidr, 15, 8) << 16 | BIT64(aff0 % 16));
    barrier_isb(); /* Sent now, not when EL2 is next left. */
}

const struct gic_driver gicv3_driver = {
    .name = "GICv3",
    .version = 3,
    .init = v3_init,
    .init_cpu = v3_init_cpu,
    .lr_count = gicv3_lr_count,
    .spi_limit = v3_spi_limit,
    .ack = v3_ack,
    .eoi = v3_eoi,
    .deactivate = v3_deactivate,
    .intid_mask = 0xffffff,
    .enable = v3_enable,
    .set_active = v3_set_active,
    .set_pending = v3_set_pending,
    .is_active = v3_is_active,
    .is_pending = v3_is_pending,
    .set_priority = v3_set_priority,
    .set_edge = v3_set_edge,
    .set_route = v3_set_route,
    .send_sgi = v3_send_sgi,
    .lr_encode = gicv3_lr_encode,
    .lr_decode = gicv3_lr_decode,
    .lr_write = gicv3_lr_write,
    .lr_read = gicv3_lr_read,
    .lr_empty = gicv3_lr_empty,
    .vif_set = gicv3_vif_set,
    .vcpu_save = gicv3_vcpu_save,
    .vcpu_load = gicv3_vcpu_load,
    .vcpu_reset = gicv3_vcpu_reset,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* gic.c - the interrupt controller: what GICv2 and GICv3 share is the distributor's layout; the CPU interface
 * differs. */
#include "gic.h"

#include "platform.h"
#include "smp.h"
#include "sysreg.h"

#define GICD_CTLR_ENABLE_GROUP0 (1U << 0)
#define GICD_CTLR_ENABLE_GROUP1A (1U << 1)
#define GICD_CTLR_ARE (1U << 4)
#define GICD_CTLR_RWP (1U << 31)
#define GICC_CTLR_ENABLE (1U << 0)
#define GICC_CTLR_EOIMODE (1U << 9)
#define GICR_WAKER_PROCESSOR_SLEEP (1U << 1)
#define GICR_WAKER_CHILDREN_ASLEEP (1U << 2)
#define ICC_CTLR_EOIMODE (1U << 1)
#define INTID_SPI 32
#define GICC_ALIAS_STEP 0xf000 /* GIC-400 behind 64 KiB aliases: the page of GICC_DIR is found from here. */

static uint64_t redistributor[GUEST_CPU_MAX];

static bool v3(void)
{
    return platform.gic_version == 3;
}

uint64_t gic_registers(unsigned intid)
{
    return v3() && intid < INTID_SPI ? redistributor[smp_index()] + GICR_SGI_FRAME : platform.gicd.base;
}

static void set_bit(unsigned intid, unsigned offset)
{
    mmio_write32(gic_registers(intid) + offset + intid / 32 * 4, 1U << intid % 32);
}

static bool get_bit(unsigned intid, unsigned offset)
{
    return (mmio_read32(gic_registers(intid) + offset + intid / 32 * 4) >> intid % 32 & 1) != 0;
}

static void find_redistributor(void)
{
    uint64_t mpidr = SYSREG_READ(mpidr_el1);
    uint32_t affinity = (uint32_t)(mpidr & 0xffffff) | (uint32_t)(mpidr >> 32 & 0xff) << 24;
    uint64_t end = platform.gicr.base + platform.gicr.size_bytes;

    for (uint64_t base = platform.gicr.base; base < end; base += GICR_FRAMES_BYTES) {
        if ((uint32_t)(mmio_read64(base + GICR_TYPER) >> 32) == affinity) {
            redistributor[smp_index()] = base;
            return;
        }
    }
}

static void wake_redistributor(void)
{
    uint64_t waker = redistributor[smp_index()] + GICR_WAKER;

    mmio_write32(waker, mmio_read32(waker) & ~GICR_WAKER_PROCESSOR_SLEEP);
    while ((mmio_read32(waker) & GICR_WAKER_CHILDREN_ASLEEP) != 0) {
        yield();
    }
}

void gic_init_cpu(void)
{
    if (platform.gic_version == 0) {
        return;
    }
    if (v3()) {
        find_redistributor();
        wake_redistributor();
        mmio_write32(gic_registers(0) + GICD_IGROUPR, 0xffffffff);
    }
    for (unsigned intid = 0; intid < INTID_SPI; intid += 4) {
        mmio_write32(gic_registers(intid) + GICD_IPRIORITYR + intid, GIC_PRIORITY_DEFAULT * 0x01010101U);
    }
    if (v3()) {
        SYSREG_WRITE(S3_0_C12_C12_5, SYSREG_READ(S3_0_C12_C12_5) | 1); /* ICC_SRE_EL1.SRE */
        isb();
        SYSREG_WRITE(S3_0_C12_C12_7, 1); /* ICC_IGRPEN1_EL1 */
    } else {
        mmio_write32(platform.gicc.base + GICC_CTLR, GICC_CTLR_ENABLE);
    }
    gic_set_priority_mask(0xff);
}

void gic_init(void)
{
    uint64_t gicd = platform.gicd.base;

    if (platform.gic_version == 0) {
        return;
    }
    if (!v3() && platform.gicc.size_bytes == 0x20000 &&
        mmio_read32(platform.gicc.base + GICC_IIDR) ==
            mmio_read32(platform.gicc.base + GICC_ALIAS_STEP + GICC_IIDR)) {
        platform.gicc.base += GICC_ALIAS_STEP;
    }
    unsigned lines = (mmio_read32(gicd + GICD_TYPER) & 0x1f) * 32 + 32;
    for (unsigned intid = INTID_SPI; intid < lines; intid += 4) {
        mmio_write32(gicd + GICD_IPRIORITYR + intid, GIC_PRIORITY_DEFAULT * 0x01010101U);
    }
    if (v3()) {
        for (unsigned intid = INTID_SPI; intid < lines; intid += 32) {
            mmio_write32(gicd + GICD_IGROUPR + intid / 8, 0xffffffff);
        }
        mmio_write32(gicd + GICD_CTLR, GICD_CTLR_ARE | GICD_CTLR_ENABLE_GROUP1A);
        while ((mmio_read32(gicd + GICD_CTLR) & GICD_CTLR_RWP) != 0) {
            yield();
        }
    } else {
        mmio_write32(gicd + GICD_CTLR, GICD_CTLR_ENABLE_GROUP0);
    }
    gic_init_cpu();
}

uint32_t gic_acknowledge(void)
{
    return v3() ? (uint32_t)SYSREG_READ(S3_0_C12_C12_0) /* ICC_IAR1_EL1 */
                : mmio_read32(platform.gicc.base + GICC_IAR);
}

unsigned gic_intid(uint32_t acknowledged)
{
    return v3() ? acknowledged & 0xffffff : acknowledged & 0x3ff;
}

void gic_end(uint32_t acknowledged)
{
    if (v3()) {
        SYSREG_WRITE(S3_0_C12_C12_1, acknowledged); /* ICC_EOIR1_EL1 */
        isb();
    } else {
        mmio_write32(platform.gicc.base + GICC_EOIR, acknowledged);
    }
}

void gic_deactivate(uint32_t acknowledged)
{
    if (v3()) {
        SYSREG_WRITE(S3_0_C12_C11_1, acknowledged); /* ICC_DIR_EL1 */
        isb();
    } else {
        mmio_write32(platform.gicc.base + GICC_DIR, acknowledged);
    }
}

void gic_set_eoi_mode(bool separate)
{
    if (v3()) {
        uint64_t ctlr = SYSREG_READ(S3_0_C12_C12_4); /* ICC_CTLR_EL1 */
        SYSREG_WRITE(S3_0_C12_C12_4, separate ? ctlr | ICC_CTLR_EOIMODE : ctlr & ~(uint64_t)ICC_CTLR_EOIMODE);
        isb();
    } else {
        mmio_write32(platform.gicc.base + GICC_CTLR,
                     separate ? GICC_CTLR_ENABLE | GICC_CTLR_EOIMODE : GICC_CTLR_ENABLE);
    }
}

void gic_enable(unsigned intid)
{
    set_bit(intid, GICD_ISENABLER);
    dsb_sy();
}

void gic_disable(unsigned intid)
{
    set_bit(intid, GICD_ICENABLER);
    dsb_sy();
}

void gic_set_priority(unsigned intid, uint8_t priority)
{
    mmio_write8(gic_registers(intid) + GICD_IPRIORITYR + intid, priority);
}

void gic_set_edge(unsigned intid, bool edge)
{
    uint64_t reg = gic_registers(intid) + GICD_ICFGR + intid / 16 * 4;
    uint32_t bit = 2U << intid % 16 * 2;
    mmio_write32(reg, edge ? mmio_read32(reg) | bit : mmio_read32(reg) & ~bit);
}

void gic_route(unsigned intid, unsigned cpu)
{
    if (v3()) {
        mmio_write64(platform.gicd.base + GICD_IROUTER + 8 * (uint64_t)intid,
                     platform.cpu_mpidr[cpu] & 0xff00ffffffUL);
    } else {
        mmio_write8(platform.gicd.base + GICD_ITARGETSR + intid, (uint8_t)(1U << cpu));
    }
}

void gic_set_pending(unsigned intid, bool pending)
{
    set_bit(intid, pending ? GICD_ISPENDR : GICD_ICPENDR);
}

void gic_set_active(unsigned intid, bool active)
{
    set_bit(intid, active ? GICD_ISACTIVER : GICD_ICACTIVER);
}

bool gic_is_pending(unsigned intid)
{
    return get_bit(intid, GICD_ISPENDR);
}

bool gic_is_active(unsigned intid)
{
    return get_bit(intid, GICD_ISACTIVER);
}

void gic_set_priority_mask(uint8_t mask)
{
    if (v3()) {
        SYSREG_WRITE(S3_0_C4_C6_0, mask); /* ICC_PMR_EL1 */
        isb();
    } else {
        mmio_write32(platform.gicc.base + GICC_PMR, mask);
    }
}

void gic_send_sgi(unsigned intid, unsigned cpu)
{
    dsb_sy();
    if (v3()) {
        uint64_t mpidr = platform.cpu_mpidr[cpu];
        uint64_t aff1 = mpidr >> 8 & 0xff, aff2 = mpidr >> 16 & 0xff, aff3 = mpidr >> 32 & 0xff;
        uint64_t value = aff3 << 48 | aff2 << 32 | (uint64_t)intid << 24 | aff1 << 16 | 1UL << (mpidr & 0xf);
        SYSREG_WRITE(S3_0_C12_C11_5, value); /* ICC_SGI1R_EL1 */
        isb();
    } else {
        mmio_write32(platform.gicd.base + GICD_SGIR, 1U << (16 + cpu) | intid);
    }
}

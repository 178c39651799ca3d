/* SPDX-License-Identifier: Apache-2.0 */
/* gicv2.c - the GICv2 interrupt controller (GIC-400 and kin) with the Virtualization Extensions.
 *
 * Source: Arm IHI 0048B; section numbers below are its. Four regions:
 *
 *     GICD  distributor                  GICH  virtual interface control: list registers, HCR, VMCR
 *     GICC  CPU interface (EL2's)        GICV  virtual CPU interface: mapped to guests as their GICC
 *
 * Groups: where the Security Extensions are, EL2 is Non-secure; it sees its Group 1 interrupts alone, bit 0
 * of GICD_CTLR and GICC_CTLR enables them, and GICD_IGROUPR ignores writes. Where they are not, the same bit
 * enables Group 0, so every interrupt is put into Group 0. The code is one and the same.
 *
 * Some boards repeat each 4 KiB page of GICC and GICV over 64 KiB, so that the second page, with the DIR
 * register, is at +0x10000 and a write to +0x1000 would hit CTLR. Taking base + 0xf000 makes the last copy of
 * page 0 and the first of page 1 adjacent:
 *
 *     base  +0x0000  page 0 |  +0xf000  page 0 || +0x10000 page 1 |  +0x11000 page 1
 *                            `- used as base -- -- base + 0x1000 -' */
#include "drivers/gic.h"

#include "arch/barrier.h"
#include "arch/cpu.h"
#include "arch/mmu.h"
#include "drivers/gic_dist.h"
#include "drivers/gicv2_lr.h"
#include "lib/log.h"
#include "lib/panic.h"

#define GICD_CTLR_ENABLE BIT32(0) /* 4.3.1; which group: see above. */
#define GICD_SGIR 0xf00u          /* 4.3.15 */
#define GICD_SGIR_TARGET_SHIFT 16
#define GICD_CPENDSGIR 0xf10u /* 4.3.16: a byte an SGI, a bit a source CPU. */
#define GICD_SPENDSGIR 0xf20u

#define GICC_CTLR 0x0000u /* 4.4.1 */
#define GICC_CTLR_ENABLE BIT32(0)
#define GICC_CTLR_EOIMODE BIT32(9) /* EOIModeNS; EOImode where there is no security. */
#define GICC_PMR 0x0004u
#define GICC_PMR_OPEN 0xffu
#define GICC_BPR 0x0008u
#define GICC_IAR 0x000cu
#define GICC_EOIR 0x0010u
#define GICC_APR 0x00d0u /* Four words. */
#define GICC_IIDR 0x00fcu
#define GICC_DIR 0x1000u

#define GICH_HCR 0x000u /* 5.3.1 */
#define GICH_HCR_EN BIT32(0)
#define GICH_HCR_NPIE BIT32(3)
#define GICH_VTR 0x004u /* 5.3.2 */

/* GICH_VMCR, 5.3.3. The virtual interface has 32 priorities, so the smallest binary points are 2 and,
 * Non-secure, 3. */
#define VMCR_PMR_SHIFT 27
#define VMCR_PMR_OPEN 0x1fu
#define VMCR_BP_SHIFT 21
#define VMCR_BP_MIN 2u
#define VMCR_ABP_SHIFT 18
#define VMCR_ABP_MIN 3u

#define ALIASED_SIZE KIB(128)
#define ALIAS_OFFSET 0xf000u
#define IF_SIZE KIB(8) /* GICC and GICV: page 0, and page 1 with DIR. */

va_t gicv2_gich;
static va_t gicd, gicc;
static pa_t gicv;
static unsigned dist_limit, list_count;
static uint32_t lr_mask;
static uint8_t cpu_target[CPU_MAX]; /* Each CPU's bit in GICD_ITARGETSR and GICD_SGIR; 0: not up. */

/* This CPU's bit: the first eight target registers are banked and read as it. A GIC with one CPU reads them
 * as zero (4.3.12). */
static uint8_t own_target(void)
{
    for (uint32_t reg = 0; reg < 32; reg += 4) {
        uint32_t value = mmio_read32(gicd, GICD_ITARGETSR + reg);

        value |= value >> 16;
        value |= value >> 8;
        if ((value & 0xff) != 0) {
            return (uint8_t)value;
        }
    }
    return 1;
}

/* Does page 0 of the CPU interface show again at +0xf000? GICC_IIDR, never zero, tells. */
static bool interface_aliased(const struct board_gic *board)
{
    uint32_t id;

    if (board->gicc.size_bytes < ALIASED_SIZE) {
        return false;
    }
    id = mmio_read32(gicc, GICC_IIDR);
    return id != 0 && mmio_read32(gicc, GICC_IIDR + ALIAS_OFFSET) == id;
}

static void check_regions(const struct board_gic *board)
{
    if (board->gicd.size_bytes == 0 || board->gicc.size_bytes == 0) {
        panic("GIC at 0x%lx: its \"reg\" must have distributor and CPU interface, each with a size",
              (unsigned long)board->gicd.base.v);
    }
    if (board->gich.size_bytes == 0 || board->gicv.size_bytes == 0) {
        panic("GIC at 0x%lx has no virtual interface: is virtualization on (QEMU: "
              "-machine virtualization=on; firmware: start at EL2, \"reg\" with four regions)?",
              (unsigned long)board->gicd.base.v);
    }
    if (board->gicc.size_bytes < IF_SIZE) {
        log_warn("GIC at 0x%lx: \"reg\" gives the CPU interface less than 8 KiB; its second page is used all "
                 "the same",
                 (unsigned long)board->gicd.base.v);
    }
}

static void map_regions(const struct board_gic *board)
{
    gicd = mmu_map_device(board->gicd.base, board->gicd.size_bytes);
    gicc = mmu_map_device(board->gicc.base, max_u64(board->gicc.size_bytes, IF_SIZE));
    gicv2_gich = mmu_map_device(board->gich.base, board->gich.size_bytes);
    gicv = board->gicv.base;
    if (interface_aliased(board)) {
        gicc.v += ALIAS_OFFSET;
        if (board->gicv.size_bytes >= ALIASED_SIZE) {
            gicv.v += ALIAS_OFFSET;
        }
    }
}

static void check_virtual_interface(const struct board_gic *board)
{
    uint32_t vtr = mmio_read32(gicv2_gich, GICH_VTR);

    if (vtr == 0 || vtr == 0xffffffff) {
        panic("GIC at 0x%lx has no virtual interface (GICH_VTR reads 0x%x): is virtualization on "
              "(QEMU: -machine virtualization=on; firmware: start at EL2)?",
              (unsigned long)board->gicd.base.v, vtr);
    }
    list_count = (unsigned)min_u64(bits_get(vtr, 5, 0) + 1, GIC_LR_MAX);
    lr_mask = (uint32_t)MASK64(list_count - 1, 0);
}

static void v2_init(const struct board_gic *board)
{
    uint32_t boot_cpu;

    check_regions(board);
    map_regions(board);
    check_virtual_interface(board);
    for (unsigned cpu = 0; cpu < CPU_MAX; cpu++) {
        cpu_target[cpu] = 0;
    }
    mmio_write32(gicd, GICD_CTLR, 0);
    dist_limit = gic_dist_limit(gicd);
    gic_dist_reset_spis(gicd, dist_limit, 0);
    boot_cpu = own_target();
    for (unsigned intid = GIC_SPI_FIRST; intid < dist_limit; intid += 4) {
        mmio_write32(gicd, GICD_ITARGETSR + intid, boot_cpu * 0x01010101u);
    }
    mmio_write32(gicd, GICD_CTLR, GICD_CTLR_ENABLE);
}

static void v2_vcpu_reset(struct gic_vcpu_state *state)
{
    *state = (struct gic_vcpu_state){
        .vmcr =
            VMCR_PMR_OPEN << VMCR_PMR_SHIFT | VMCR_BP_MIN << VMCR_BP_SHIFT | VMCR_ABP_MIN << VMCR_ABP_SHIFT,
    };
}

static void v2_vcpu_save(struct gic_vcpu_state *state)
{
    gicv2_vcpu_save(state);
}

static void v2_vcpu_load(const struct gic_vcpu_state *state)
{
    gicv2_vcpu_load(state);
}

static void v2_init_cpu(unsigned cpu)
{
    struct gic_vcpu_state reset;

    cpu_target[cpu] = own_target();
    mmio_write32(gicc, GICC_CTLR, 0);
    gic_dist_reset_local(gicd, 0);
    for (uint32_t i = 0; i < 4; i++) { /* A boot loader may have left an interrupt unfinished. */
        mmio_write32(gicc, GICC_APR + i * 4, 0);
    }
    mmio_write32(gicc, GICC_BPR, 0);
    mmio_write32(gicc, GICC_PMR, GICC_PMR_OPEN);
    mmio_write32(gicc, GICC_CTLR, GICC_CTLR_ENABLE | GICC_CTLR_EOIMODE);

    mmio_write32(gicv2_gich, GICH_HCR, 0);
    for (uint32_t slot = 0; slot < list_count; slot++) {
        mmio_write32(gicv2_gich, GICH_LR + slot * 4, 0);
    }
    v2_vcpu_reset(&reset);
    v2_vcpu_load(&reset);
    mmio_write32(gicv2_gich, GICH_HCR, GICH_HCR_EN);
}

static unsigned v2_lr_count(void)
{
    return list_count;
}

static unsigned v2_spi_limit(void)
{
    return dist_limit;
}

static uint32_t v2_ack(void)
{
    return mmio_read32(gicc, GICC_IAR);
}

static void v2_eoi(uint32_t iar)
{
    mmio_write32(gicc, GICC_EOIR, iar);
}

static void v2_deactivate(uint32_t iar)
{
    mmio_write32(gicc, GICC_DIR, iar);
}

static void v2_enable(unsigned intid, bool on)
{
    gic_bit_write(gicd, on ? GICD_ISENABLER : GICD_ICENABLER, intid);
}

static void v2_set_active(unsigned intid, bool on)
{
    gic_bit_write(gicd, on ? GICD_ISACTIVER : GICD_ICACTIVER, intid);
}

/* An SGI is pending from a source CPU: this one when set, all of them when cleared. */
static void v2_set_pending(unsigned intid, bool on)
{
    if (intid >= GIC_SGI_COUNT) {
        gic_bit_write(gicd, on ? GICD_ISPENDR : GICD_ICPENDR, intid);
    } else if (on) {
        mmio_write8(gicd, GICD_SPENDSGIR + intid, cpu_target[cpu_id()]);
    } else {
        mmio_write8(gicd, GICD_CPENDSGIR + intid, 0xff);
    }
}

static bool v2_is_active(unsigned intid)
{
    return gic_bit_read(gicd, GICD_ISACTIVER, intid);
}

static bool v2_is_pending(unsigned intid)
{
    return gic_bit_read(gicd, GICD_ISPENDR, intid);
}

static void v2_set_priority(unsigned intid, uint8_t priority)
{
    mmio_write8(gicd, GICD_IPRIORITYR + intid, priority);
}

static void v2_set_edge(unsigned intid, bool edge)
{
    gic_dist_set_edge(gicd, intid, edge);
}

static void v2_set_route(unsigned intid, unsigned cpu)
{
    ASSERT(intid >= GIC_SPI_FIRST && cpu_target[cpu] != 0);
    mmio_write8(gicd, GICD_ITARGETSR + intid, cpu_target[cpu]);
}

static void v2_send_sgi(unsigned sgi, unsigned cpu)
{
    ASSERT(cpu_target[cpu] != 0);
    barrier_dsb_ish(); /* What the target shall see is stored before it is told; its pair is the acknowledge
                          in v2_ack(). */
    mmio_write32(gicd, GICD_SGIR, (uint32_t)cpu_target[cpu] << GICD_SGIR_TARGET_SHIFT | sgi);
}

static uint64_t v2_lr_encode(const struct gic_lr *lr)
{
    return gicv2_lr_encode(*lr);
}

static void v2_lr_decode(uint64_t raw, struct gic_lr *lr)
{
    *lr = (struct gic_lr){
        .vintid = (uint16_t)(raw & LR_INTID_MASK),
        .priority = (uint8_t)(bits_get(raw, 27, 23) << 3),
        .state = (uint8_t)bits_get(raw, 29, 28),
        .flags = (raw & LR_GROUP1) != 0 ? GIC_LR_GROUP1 : 0,
    };
    if ((raw & LR_HW) != 0) {
        lr->flags |= GIC_LR_HW;
        lr->pintid = (uint16_t)bits_get(raw, 19, 10);
    } else {
        lr->source = (uint8_t)bits_get(raw, 12, 10);
        lr->flags |= (raw & LR_EOI) != 0 ? GIC_LR_EOI : 0;
    }
}

static void v2_lr_write(unsigned slot, uint64_t raw)
{
    gicv2_lr_write(slot, (uint32_t)raw);
}

static uint64_t v2_lr_read(unsigned slot)
{
    return mmio_read32(gicv2_gich, GICH_LR + slot * 4);
}

static uint32_t v2_lr_empty(void)
{
    return gicv2_lr_empty() & lr_mask;
}

static void v2_vif_set(bool none_pending_irq)
{
    mmio_write32(gicv2_gich, GICH_HCR, GICH_HCR_EN | (none_pending_irq ? GICH_HCR_NPIE : 0));
}

void gicv2_gicv_pages(pa_t pages[2])
{
    pages[0] = gicv;
    pages[1] = pa(gicv.v + PAGE_SIZE);
}

void gicv2_fast_path(va_t *gicc_base, va_t *gich_base)
{
    *gicc_base = gicc;
    *gich_base = gicv2_gich;
}

const struct gic_driver gicv2_driver = {
    .name = "GICv2",
    .version = 2,
    .init = v2_init,
    .init_cpu = v2_init_cpu,
    .lr_count = v2_lr_count,
    .spi_limit = v2_spi_limit,
    .ack = v2_ack,
    .eoi = v2_eoi,
    .deactivate = v2_deactivate,
    .intid_mask = 0x3ff,
    .enable = v2_enable,
    .set_active = v2_set_active,
    .set_pending = v2_set_pending,
    .is_active = v2_is_active,
    .is_pending = v2_is_pending,
    .set_priority = v2_set_priority,
    .set_edge = v2_set_edge,
    .set_route = v2_set_route,
    .send_sgi = v2_send_sgi,
    .lr_encode = v2_lr_encode,
    .lr_decode = v2_lr_decode,
    .lr_write = v2_lr_write,
    .lr_read = v2_lr_read,
    .lr_empty = v2_lr_empty,
    .vif_set = v2_vif_set,
    .vcpu_save = v2_vcpu_save,
    .vcpu_load = v2_vcpu_load,
    .vcpu_reset = v2_vcpu_reset,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* test_gicv3.c - the GICv3 driver against a distributor, two redistributor regions and recorded system
 * registers. */
#include <string.h>

#include "arch/cpu.h"
#include "arch/gic_sysreg.h"
#include "arch/mmio.h"
#include "drivers/gic.h"
#include "gic_bank.h"
#include "test.h"

#define GICD UINT64_C(0x8000000)
#define GICR0 UINT64_C(0x80a0000)
#define GICR1 UINT64_C(0x9000000)
#define FRAME 0x10000u
#define REDISTS 4u

static struct {
    struct gic_bank dist;
    struct gic_bank sgi[REDISTS]; /* 0, 1: in region 0; 2, 3: in region 1, of four frames each. */
    uint32_t waker[REDISTS];
    uint64_t typer[REDISTS];
    unsigned dist_busy, redist_busy; /* So many reads until a write has completed. */
    bool never;                      /* RWP stays. */
    bool unfinished;                 /* Somebody went on before a write had completed. */
} hw;

static uint64_t dist_read(void *context, uint32_t offset, unsigned size)
{
    (void)context;
    if (offset == 0) {
        if (hw.dist_busy != 0 && !hw.never) {
            hw.dist_busy--;
        }
        return hw.dist.ctlr | (hw.dist_busy != 0 ? BIT32(31) : 0);
    }
    return gic_bank_read(&hw.dist, offset, size);
}

static void dist_write(void *context, uint32_t offset, unsigned size, uint64_t value)
{
    (void)context;
    if (offset == 0) {
        hw.unfinished |= hw.dist_busy != 0;
        hw.dist_busy = 3;
    }
    if (offset >= 0x180 && offset < 0x200) {
        hw.dist_busy = 3;
    }
    gic_bank_write(&hw.dist, offset, size, value);
}

static unsigned redist_index(void *context, uint32_t *offset)
{
    unsigned first = *(const unsigned *)context;
    uint32_t stride = first == 0 ? 2 * FRAME : 4 * FRAME;
    unsigned index = first + *offset / stride;

    CHECK(index < first + 2);
    *offset %= stride;
    return index;
}

static uint64_t redist_read(void *context, uint32_t offset, unsigned size)
{
    unsigned r = redist_index(context, &offset);

    if (offset >= FRAME) {
        return gic_bank_read(&hw.sgi[r], offset - FRAME, size);
    }
    switch (offset) {
    case 0x00:
        hw.redist_busy -= hw.redist_busy != 0 ? 1 : 0;
        return hw.redist_busy != 0 ? 8 : 0;
    case 0x08:
        CHECK_EQ(size, 8);
        return hw.typer[r];
    case 0x14:
        if ((hw.waker[r] & 2) == 0) {
            hw.waker[r] = 0;
        }
        return hw.waker[r];
    default:
        CHECK(offset != offset);
        return 0;
    }
}

static void redist_write(void *context, uint32_t offset, unsigned size, uint64_t value)
{
    unsigned r = redist_index(context, &offset);

    CHECK(offset != 0x14 || size == 4);
    if (offset >= FRAME) {
        CHECK_EQ(hw.waker[r], 0);
        hw.redist_busy = offset == FRAME + 0x180 ? 3 : hw.redist_busy;
        gic_bank_write(&hw.sgi[r], offset - FRAME, size, value);
    } else {
        CHECK_EQ(offset, 0x14);
        hw.waker[r] = (uint32_t)value | 4;
    }
}

static unsigned first_of_region[2] = {0, 2};
static const struct mmio_bank banks[] = {
    {GICD, 0x10000, dist_read, dist_write, NULL},
    {GICR0, 4 * FRAME, redist_read, redist_write, &first_of_region[0]},
    {GICR1, 8 * FRAME, redist_read, redist_write, &first_of_region[1]},
};

static struct board_gic board;

static void prepare(void)
{
    static const uint64_t affinities[REDISTS] = {0x000, 0x001, 0x10203, 0xff00000011};

    memset(&hw, 0, sizeof(hw));
    gic_bank_dirty(&hw.dist);
    memset(host_gic_sysreg, 0, sizeof(host_gic_sysreg));
    for (unsigned i = 0; i < REDISTS; i++) {
        gic_bank_dirty(&hw.sgi[i]);
        hw.waker[i] = 6;
        host_mpidr[i] = affinities[i];
        hw.typer[i] = (affinities[i] >> 32 << 24 | (affinities[i] & 0xffffff)) << 32 |
                      (i % 2 != 0 ? BIT64(4) : 0) | (i >= 2 ? BIT64(1) : 0);
    }
    host_cpu_id = 0;
    host_ticks_step = 1;
    host_gic_sysreg[ID_AA64PFR0_EL1] = UINT64_C(1) << 24;
    host_gic_sysreg[ICH_VTR_EL2] = 3 | UINT64_C(4) << 26 | UINT64_C(4) << 29;
    host_gic_sysreg[ICC_AP1R0_EL1] = 0x10;
    host_gic_sysreg[ICH_AP1R0_EL2] = 0x10;
    host_gic_sysreg[ICH_LR3_EL2] = 0x1234;
    host_gic_sysreg_log_count = 0;
    mmio_host_banks(banks, 3);
    board = (struct board_gic){
        .version = 3,
        .gicd = {pa(GICD), 0x10000},
        .gicr = {{pa(GICR0), 4 * FRAME}, {pa(GICR1), 8 * FRAME}},
        .gicr_count = 2,
    };
}

static const struct gic_driver *start(void)
{
    prepare();
    gic_select(&board);
    gic()->init_cpu(0);
    return gic();
}

TEST(every_spi_starts_from_a_known_state)
{
    CHECK(start() == &gicv3_driver);
    CHECK_EQ(gic()->spi_limit(), 160);
    for (unsigned word = 1; word < 5; word++) {
        CHECK_EQ(hw.dist.enabled[word], 0);
        CHECK_EQ(hw.dist.pending[word], 0);
        CHECK_EQ(hw.dist.active[word], 0);
        CHECK_EQ(hw.dist.group[word], 0xffffffff);
        CHECK_EQ(hw.dist.modifier[word], 0);
        CHECK_EQ(hw.dist.config[2 * word], 0);
    }
    for (unsigned intid = 32; intid < 160; intid++) {
        CHECK_EQ(hw.dist.priority[intid], 0xa0);
        CHECK_EQ(hw.dist.route[intid], 0);
    }
    CHECK_EQ(hw.dist.ctlr, 0x12);
    CHECK(!hw.unfinished);
    CHECK_EQ(hw.dist.others, 0);
}

TEST(every_cpu_finds_its_redistributor)
{
    const struct gic_driver *g = start();

    for (unsigned cpu = 1; cpu < REDISTS; cpu++) {
        CHECK_EQ(hw.waker[cpu], 6);
        host_cpu_id = cpu;
        g->init_cpu(cpu);
        CHECK_EQ(hw.waker[cpu], 0);
        CHECK_EQ(hw.sgi[cpu].enabled[0], 0xffff);
        CHECK_EQ(hw.sgi[cpu].pending[0], 0);
        CHECK_EQ(hw.sgi[cpu].active[0], 0);
        CHECK_EQ(hw.sgi[cpu].group[0], 0xffffffff);
        CHECK_EQ(hw.sgi[cpu].priority[31], 0xa0);
        CHECK_EQ(hw.sgi[cpu].config[1], 0xffffffff); /* PPIs keep their trigger. */
        g->enable(27, true);
        CHECK_EQ(hw.sgi[cpu].enabled[0], 0xffff | BIT32(27));
        g->enable(27, false);
        CHECK_EQ(hw.redist_busy, 0);
    }
    CHECK_EQ(hw.sgi[0].enabled[0], 0xffff);
}

TEST(a_stride_in_the_tree_is_used)
{
    prepare();
    hw.typer[2] &= ~BIT64(1);
    board.gicr_stride = 4 * FRAME;
    board.gicr[0] = board.gicr[1];
    board.gicr_count = 1;
    gic_select(&board);
    host_cpu_id = 3;
    gic()->init_cpu(3);
    CHECK_EQ(hw.waker[3], 0);
}

static void init_this_cpu(void *unused)
{
    (void)unused;
    gic()->init_cpu(host_cpu_id);
}

static void select_board(void *unused)
{
    (void)unused;
    gic_select(&board);
}

TEST(what_is_missing_is_named)
{
    start();
    host_cpu_id = 4;
    host_mpidr[4] = 0x500;
    CHECK(test_panics(init_this_cpu, NULL));
    CHECK(strstr(test_panic_text(), "no redistributor for CPU 4 (MPIDR 0x500)") != NULL);

    prepare();
    board.gicr_count = 0;
    CHECK(test_panics(select_board, NULL));
    CHECK(strstr(test_panic_text(), "at least one redistributor region") != NULL);

    start();
    host_gic_sysreg[ID_AA64PFR0_EL1] = 0;
    CHECK(test_panics(init_this_cpu, NULL));
    CHECK(strstr(test_panic_text(), "no system registers for it") != NULL);
}

TEST(a_write_that_never_completes_does_not_hang)
{
    uint64_t before;

    prepare();
    hw.never = true;
    before = host_ticks;
    CHECK(test_panics(select_board, NULL));
    CHECK(strstr(test_panic_text(), "GICD_CTLR.RWP") != NULL);
    CHECK(host_ticks - before < 20000000);
}

static unsigned log_index(enum gic_sysreg reg)
{
    unsigned i = 0;

    while (i < host_gic_sysreg_log_count && host_gic_sysreg_log[i].reg != reg) {
        i++;
    }
    return i;
}

TEST(own_cpu_interface)
{
    start();
    CHECK_EQ(host_gic_sysreg[ICC_SRE_EL2], 0xf);
    CHECK_EQ(host_gic_sysreg[ICC_SRE_EL1], 0x7);
    CHECK_EQ(host_gic_sysreg[ICC_CTLR_EL1], 2);
    CHECK_EQ(host_gic_sysreg[ICC_PMR_EL1], 0xff);
    CHECK_EQ(host_gic_sysreg[ICC_IGRPEN1_EL1], 1);
    CHECK_EQ(host_gic_sysreg[ICC_AP1R0_EL1], 0);
    CHECK_EQ(host_gic_sysreg_log[0].reg, ICC_SRE_EL2); /* Before it the others do not exist. */
    CHECK(log_index(ICC_CTLR_EL1) < log_index(ICC_IGRPEN1_EL1));
    CHECK_EQ(log_index(ICC_AP1R1_EL1), host_gic_sysreg_log_count); /* Undefined with 5 bits of priority. */
}

TEST(virtual_interface_starts_empty)
{
    start();
    CHECK_EQ(gic()->lr_count(), 4);
    CHECK_EQ(host_gic_sysreg[ICH_LR3_EL2], 0);
    CHECK_EQ(host_gic_sysreg[ICH_AP1R0_EL2], 0);
    CHECK_EQ(host_gic_sysreg[ICH_HCR_EL2], 1);
    CHECK_EQ(host_gic_sysreg[ICH_VMCR_EL2], UINT64_C(0xff) << 24 | 2 << 21 | 3 << 18);
    CHECK_EQ(log_index(ICH_LR4_EL2), host_gic_sysreg_log_count);
    CHECK_EQ(log_index(ICH_AP1R1_EL2), host_gic_sysreg_log_count);
}

TEST(sgi_by_affinity)
{
    const struct gic_driver *g = start();

    for (unsigned cpu = 1; cpu < REDISTS; cpu++) {
        host_cpu_id = cpu;
        g->init_cpu(cpu);
    }
    g->send_sgi(5, 0);
    CHECK_EQ(host_gic_sysreg[ICC_SGI1R_EL1], UINT64_C(5) << 24 | 1);
    g->send_sgi(5, 1);
    CHECK_EQ(host_gic_sysreg[ICC_SGI1R_EL1], UINT64_C(5) << 24 | 2);
    g->send_sgi(1, 2); /* 1.2.3 */
    CHECK_EQ(host_gic_sysreg[ICC_SGI1R_EL1], UINT64_C(1) << 32 | 1 << 24 | 2 << 16 | 8);
    g->send_sgi(2, 3); /* ff.0.0.17: second range of sixteen. */
    CHECK_EQ(host_gic_sysreg[ICC_SGI1R_EL1], UINT64_C(0xff) << 48 | UINT64_C(1) << 44 | 2 << 24 | 2);
    g->set_route(45, 2);
    CHECK_EQ(hw.dist.route[45], 0x10203);
    g->set_route(45, 3);
    CHECK_EQ(hw.dist.route[45], 0xff00000011);
}

TEST(interrupts_one_at_a_time)
{
    const struct gic_driver *g = start();

    g->enable(63, true);
    CHECK_EQ(hw.dist.enabled[1], BIT32(31));
    g->enable(63, false);
    CHECK_EQ(hw.dist.enabled[1], 0);
    CHECK_EQ(hw.dist_busy, 0);
    g->set_active(27, true);
    CHECK(g->is_active(27));
    CHECK_EQ(hw.sgi[0].active[0], BIT32(27));
    g->set_pending(40, true);
    CHECK(g->is_pending(40) && !g->is_pending(27));
    g->set_pending(40, false);
    CHECK(!g->is_pending(40));
    g->set_priority(40, 0x40);
    CHECK_EQ(hw.dist.priority[40], 0x40);
    g->set_edge(40, true);
    CHECK_EQ(hw.dist.config[2], BIT32(17));
    host_gic_sysreg[ICC_IAR1_EL1] = 40;
    CHECK_EQ(g->ack(), 40);
    g->eoi(40);
    g->deactivate(40);
    CHECK_EQ(host_gic_sysreg[ICC_EOIR1_EL1], 40);
    CHECK_EQ(host_gic_sysreg[ICC_DIR_EL1], 40);
}

TEST(each_list_register_is_its_own)
{
    const struct gic_driver *g;

    prepare();
    host_gic_sysreg[ICH_VTR_EL2] |= 15;
    gic_select(&board);
    g = gic();
    g->init_cpu(0);
    CHECK_EQ(g->lr_count(), 16);
    for (unsigned slot = 0; slot < 16; slot++) {
        g->lr_write(slot, 100 + slot);
    }
    for (unsigned slot = 0; slot < 16; slot++) {
        CHECK_EQ(host_gic_sysreg[ICH_LR0_EL2 + slot], 100 + slot);
        CHECK_EQ(g->lr_read(slot), 100 + slot);
    }
    host_gic_sysreg[ICH_ELRSR_EL2] = 0xabcd;
    CHECK_EQ(g->lr_empty(), 0xabcd);
}

TEST(list_registers_come_back_as_they_went)
{
    const struct gic_driver *g = start();
    struct gic_lr timer = {.vintid = 27,
                           .pintid = 27,
                           .priority = 0xa0,
                           .state = GIC_LR_PENDING,
                           .flags = GIC_LR_HW | GIC_LR_GROUP1};

    CHECK_EQ(g->lr_encode(&timer),
             BIT64(61) | BIT64(60) | BIT64(62) | UINT64_C(0xa0) << 48 | UINT64_C(27) << 32 | 27);
    CHECK_EQ(g->lr_encode(&(struct gic_lr){.flags = GIC_LR_EOI}), BIT64(41));
    for (unsigned i = 0; i < 10000; i++) {
        bool hardware = test_random_below(2) != 0;
        struct gic_lr in = {
            .vintid = (uint16_t)test_random_below(1020),
            .pintid = hardware ? (uint16_t)test_random_below(1020) : 0,
            .priority = (uint8_t)test_random(),
            .state = (uint8_t)test_random_below(4),
            .flags = (uint8_t)((hardware ? GIC_LR_HW : test_random() & GIC_LR_EOI) |
                               (test_random() & GIC_LR_GROUP1)),
        };
        struct gic_lr out;

        g->lr_decode(g->lr_encode(&in), &out);
        CHECK_EQ(memcmp(&in, &out, sizeof(in)), 0);
    }
}

TEST(virtual_interface_of_a_vcpu)
{
    static const struct {
        unsigned bits, count;
    } rows[] = {{5, 1}, {6, 2}, {7, 4}};

    for (unsigned row = 0; row < 3; row++) {
        struct gic_vcpu_state a, b;

        prepare();
        host_gic_sysreg[ICH_VTR_EL2] = 3 | (uint64_t)(rows[row].bits - 1) << 26;
        gic_select(&board);
        gic()->init_cpu(0);
        for (unsigned i = 0; i < 4; i++) {
            host_gic_sysreg[ICH_AP0R0_EL2 + i] = i < rows[row].count ? 10 + i : 0;
            host_gic_sysreg[ICH_AP1R0_EL2 + i] = i < rows[row].count ? 20 + i : 0;
        }
        host_gic_sysreg[ICH_VMCR_EL2] = 0xff000002;
        memset(&a, 0, sizeof(a));
        gic()->vcpu_save(&a);
        gic()->vcpu_reset(&b);
        gic()->vcpu_load(&b);
        for (unsigned i = 0; i < 4; i++) {
            CHECK_EQ(host_gic_sysreg[ICH_AP0R0_EL2 + i], 0);
            CHECK_EQ(host_gic_sysreg[ICH_AP1R0_EL2 + i], 0);
        }
        host_gic_sysreg[ICC_SRE_EL1] = 0; /* The guest's doing. */
        gic()->vcpu_load(&a);
        CHECK_EQ(host_gic_sysreg[ICC_SRE_EL1], 7);
        CHECK_EQ(host_gic_sysreg[ICH_VMCR_EL2], 0xff000002);
        for (unsigned i = 0; i < 4; i++) {
            CHECK_EQ(host_gic_sysreg[ICH_AP0R0_EL2 + i], i < rows[row].count ? 10 + i : 0);
            CHECK_EQ(host_gic_sysreg[ICH_AP1R0_EL2 + i], i < rows[row].count ? 20 + i : 0);
        }
    }
}

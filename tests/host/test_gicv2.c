/* SPDX-License-Identifier: Apache-2.0 */
/* test_gicv2.c - the GICv2 driver against registers that behave, with and without pages that repeat. */
#include <string.h>

#include "arch/cpu.h"
#include "arch/mmio.h"
#include "drivers/gic.h"
#include "gic_bank.h"
#include "test.h"

#define GICD UINT64_C(0xf9010000)
#define GICC UINT64_C(0xf9020000)
#define GICH UINT64_C(0xf9040000)
#define GICV UINT64_C(0xf9060000)

static struct {
    struct gic_bank dist;
    uint32_t local_enabled[2], local_pending[2], local_active[2]; /* Banked by CPU. */
    uint32_t last_sgir;
    uint8_t sgi_set[16], sgi_cleared[16];
    bool uniprocessor;

    uint32_t cc_ctlr[2], cc_pmr, cc_apr[4], eoir, dir, iar;
    bool aliased; /* The GICC is 128 KiB and each page repeats. */

    uint32_t hcr, vtr, vmcr, elrsr, apr, lr[64];
} hw;

static uint32_t *local_word(uint32_t offset)
{
    switch (offset) {
    case 0x100:
    case 0x180:
        return &hw.local_enabled[host_cpu_id];
    case 0x200:
    case 0x280:
        return &hw.local_pending[host_cpu_id];
    case 0x300:
    case 0x380:
        return &hw.local_active[host_cpu_id];
    default:
        return NULL;
    }
}

static uint64_t dist_read(void *context, uint32_t offset, unsigned size)
{
    (void)context;
    if (local_word(offset) != NULL) {
        return *local_word(offset);
    }
    if (offset >= 0x800 &&
        offset < 0x820) { /* CPU interfaces 1 and 3; reads of the first words are this CPU's. */
        CHECK_EQ(size, 4);
        return hw.uniprocessor ? 0 : host_cpu_id == 0 ? 0x02020202u : 0x08080808u;
    }
    return gic_bank_read(&hw.dist, offset, size);
}

static void dist_write(void *context, uint32_t offset, unsigned size, uint64_t value)
{
    uint32_t *word = local_word(offset);

    (void)context;
    if (word != NULL) {
        *word = offset / 0x80 % 2 == 0 ? *word | (uint32_t)value : *word & ~(uint32_t)value;
    } else if (offset == 0xf00) {
        hw.last_sgir = (uint32_t)value;
    } else if (offset >= 0xf10 && offset < 0xf20 && size == 1) {
        hw.sgi_cleared[offset - 0xf10] = (uint8_t)value;
    } else if (offset >= 0xf20 && offset < 0xf30 && size == 1) {
        hw.sgi_set[offset - 0xf20] = (uint8_t)value;
    } else {
        gic_bank_write(&hw.dist, offset, size, value);
    }
}

/* What register an offset of the region means: with pages that repeat, page 1 begins at 64 KiB. */
static uint32_t cpu_register(uint32_t offset)
{
    if (hw.aliased) {
        return offset % 0x1000 + (offset >= 0x10000 ? 0x1000 : 0);
    }
    return offset;
}

static uint64_t cpu_read(void *context, uint32_t offset, unsigned size)
{
    (void)context;
    CHECK_EQ(size, 4);
    switch (cpu_register(offset)) {
    case 0x0c:
        return hw.iar;
    case 0xfc:
        return 0x0202143b;
    default:
        return 0;
    }
}

static void cpu_write(void *context, uint32_t offset, unsigned size, uint64_t value)
{
    uint32_t reg = cpu_register(offset);

    (void)context;
    CHECK_EQ(size, 4);
    switch (reg) {
    case 0x00:
        hw.cc_ctlr[host_cpu_id] = (uint32_t)value;
        break;
    case 0x04:
        hw.cc_pmr = (uint32_t)value;
        break;
    case 0x08:
        break;
    case 0x10:
        hw.eoir = (uint32_t)value;
        break;
    case 0x1000:
        hw.dir = (uint32_t)value;
        break;
    case 0xd0:
    case 0xd4:
    case 0xd8:
    case 0xdc:
        hw.cc_apr[(reg - 0xd0) / 4] = (uint32_t)value;
        break;
    default:
        CHECK(reg != reg);
    }
}

static uint32_t *virtual_register(uint32_t offset)
{
    switch (offset) {
    case 0x00:
        return &hw.hcr;
    case 0x04:
        return &hw.vtr;
    case 0x08:
        return &hw.vmcr;
    case 0x30:
        return &hw.elrsr;
    case 0xf0:
        return &hw.apr;
    default:
        CHECK(offset >= 0x100 && offset < 0x200);
        return &hw.lr[(offset - 0x100) / 4];
    }
}

static uint64_t virtual_read(void *context, uint32_t offset, unsigned size)
{
    (void)context;
    CHECK_EQ(size, 4);
    return *virtual_register(offset);
}

static void virtual_write(void *context, uint32_t offset, unsigned size, uint64_t value)
{
    (void)context;
    CHECK_EQ(size, 4);
    CHECK(offset != 4);
    CHECK(offset < 0x100 || (offset - 0x100) / 4 <= (hw.vtr & 0x3f)); /* Only list registers that exist. */
    *virtual_register(offset) = (uint32_t)value;
}

static const struct mmio_bank banks[] = {
    {GICD, 0x1000, dist_read, dist_write, NULL},
    {GICC, 0x20000, cpu_read, cpu_write, NULL},
    {GICH, 0x2000, virtual_read, virtual_write, NULL},
};

static struct board_gic board;

static void prepare(bool aliased)
{
    memset(&hw, 0xff, sizeof(hw));
    gic_bank_dirty(&hw.dist);
    hw.aliased = aliased;
    hw.uniprocessor = false;
    hw.vtr = 0x90000003;
    host_cpu_id = 0;
    mmio_host_banks(banks, 3);
    board = (struct board_gic){
        .version = 2,
        .gicd = {pa(GICD), 0x1000},
        .gicc = {pa(GICC), aliased ? 0x20000 : 0x2000},
        .gich = {pa(GICH), 0x2000},
        .gicv = {pa(GICV), aliased ? 0x20000 : 0x2000},
    };
}

static const struct gic_driver *start(bool aliased)
{
    prepare(aliased);
    gic_select(&board);
    gic()->init_cpu(0);
    return gic();
}

TEST(every_spi_starts_from_a_known_state)
{
    CHECK(start(false) == &gicv2_driver);
    CHECK_EQ(gic()->spi_limit(), 160);
    for (unsigned word = 1; word < 5; word++) {
        CHECK_EQ(hw.dist.enabled[word], 0);
        CHECK_EQ(hw.dist.pending[word], 0);
        CHECK_EQ(hw.dist.active[word], 0);
        CHECK_EQ(hw.dist.group[word], 0);
        CHECK_EQ(hw.dist.config[2 * word], 0);
        CHECK_EQ(hw.dist.config[2 * word + 1], 0);
    }
    for (unsigned intid = 0; intid < 160; intid++) {
        CHECK_EQ(hw.dist.priority[intid], 0xa0);
        CHECK_EQ(hw.dist.target[intid], intid < 32 ? 0xff : 0x02);
    }
    CHECK_EQ(hw.dist.priority[160], 0xff); /* What does not exist is left alone. */
    CHECK_EQ(hw.dist.enabled[5], 0xffffffff);
    CHECK_EQ(hw.dist.ctlr, 1);
    CHECK_EQ(hw.dist.others, 0);
}

TEST(every_cpu_sets_up_its_own_part)
{
    start(false);
    for (unsigned cpu = 0; cpu < 2; cpu++) {
        host_cpu_id = cpu;
        gic()->init_cpu(cpu);
        CHECK_EQ(hw.local_enabled[cpu], 0xffff);
        CHECK_EQ(hw.local_pending[cpu], 0);
        CHECK_EQ(hw.local_active[cpu], 0);
        CHECK_EQ(hw.cc_ctlr[cpu], 0x201);
    }
    CHECK_EQ(hw.cc_pmr, 0xff);
    for (unsigned i = 0; i < 4; i++) {
        CHECK_EQ(hw.cc_apr[i], 0);
        CHECK_EQ(hw.lr[i], 0);
    }
    CHECK_EQ(hw.hcr, 1);
    CHECK_EQ(hw.apr, 0);
    CHECK_EQ(hw.vmcr >> 27, 0x1f); /* The guest's priority mask is open. */
    CHECK_EQ(hw.vmcr & 0x21f, 0);  /* Its interface is off. */
}

TEST(a_gic_of_one_cpu_reads_its_targets_as_zero)
{
    prepare(false);
    hw.uniprocessor = true;
    gic_select(&board);
    gic()->init_cpu(0);
    gic()->send_sgi(3, 0);
    CHECK_EQ(hw.last_sgir, 0x00010003);
}

TEST(sgis_and_routes_use_the_target_of_each_cpu)
{
    const struct gic_driver *g = start(false);

    host_cpu_id = 1;
    g->init_cpu(1);
    host_cpu_id = 0;
    g->send_sgi(5, 1);
    CHECK_EQ(hw.last_sgir, 0x00080005);
    g->set_route(47, 1);
    CHECK_EQ(hw.dist.target[47], 8);
    CHECK_EQ(hw.dist.target[46], 2);
    CHECK_EQ(hw.dist.target[48], 2);
}

static void send_to_cpu_2(void *unused)
{
    (void)unused;
    gic()->send_sgi(1, 2);
}

TEST(a_cpu_that_is_not_up_gets_no_sgi)
{
    start(false);
    CHECK(test_panics(send_to_cpu_2, NULL));
}

TEST(interrupts_one_at_a_time)
{
    const struct gic_driver *g = start(false);

    g->enable(63, true);
    CHECK_EQ(hw.dist.enabled[1], BIT32(31));
    g->enable(64, true);
    g->enable(63, false);
    CHECK_EQ(hw.dist.enabled[1], 0);
    CHECK_EQ(hw.dist.enabled[2], 1);
    g->set_active(40, true);
    g->set_pending(41, true);
    CHECK(g->is_active(40) && !g->is_active(41));
    CHECK(g->is_pending(41) && !g->is_pending(40));
    g->set_active(40, false);
    g->set_pending(41, false);
    CHECK(!g->is_active(40) && !g->is_pending(41));
    g->set_priority(50, 0x20);
    CHECK_EQ(hw.dist.priority[50], 0x20);
    CHECK_EQ(hw.dist.priority[51], 0xa0);
    g->set_edge(50, true);
    CHECK_EQ(hw.dist.config[3], BIT32(5));
    g->set_edge(51, true);
    g->set_edge(50, false);
    CHECK_EQ(hw.dist.config[3], BIT32(7));
    g->set_active(27, true);
    CHECK_EQ(hw.local_active[0], BIT32(27));
    g->set_pending(4, true);
    CHECK_EQ(hw.sgi_set[4], 2);
    g->set_pending(4, false);
    CHECK_EQ(hw.sgi_cleared[4], 0xff);
}

TEST(acknowledge_keeps_the_source_cpu)
{
    const struct gic_driver *g = start(false);

    hw.iar = 0x0c05; /* SGI 5 from CPU 3. */
    CHECK_EQ(g->ack(), 0x0c05);
    CHECK_EQ(g->ack() & g->intid_mask, 5);
    g->eoi(0x0c05);
    g->deactivate(0x0c05);
    CHECK_EQ(hw.eoir, 0x0c05);
    CHECK_EQ(hw.dir, 0x0c05);
}

/* On such a board a DIR write to GICC + 0x1000 would hit CTLR. */
TEST(pages_that_repeat_are_noticed)
{
    const struct gic_driver *g = start(true);
    pa_t pages[2];
    va_t gicc_base, gich_base;

    CHECK_EQ(hw.cc_ctlr[0], 0x201);
    g->deactivate(77);
    CHECK_EQ(hw.dir, 77);
    CHECK_EQ(hw.cc_ctlr[0], 0x201);
    gicv2_gicv_pages(pages);
    CHECK_EQ(pages[0].v, GICV + 0xf000);
    CHECK_EQ(pages[1].v, GICV + 0x10000);
    gicv2_fast_path(&gicc_base, &gich_base);
    CHECK_EQ(gicc_base.v, GICC + 0xf000);
    CHECK_EQ(gich_base.v, GICH);
}

TEST(pages_that_do_not_repeat_stay)
{
    pa_t pages[2];

    start(false);
    gicv2_gicv_pages(pages);
    CHECK_EQ(pages[0].v, GICV);
    CHECK_EQ(pages[1].v, GICV + 0x1000);
    prepare(false);
    board.gicc.size_bytes = 0x20000; /* Large, but +0xf000 is another thing: reads zero there. */
    gic_select(&board);
    gic()->init_cpu(0);
    gic()->deactivate(78);
    CHECK_EQ(hw.dir, 78);
}

static void select_board(void *unused)
{
    (void)unused;
    gic_select(&board);
}

TEST(a_board_without_virtual_interface_is_named)
{
    prepare(false);
    board.gich.size_bytes = 0;
    CHECK(test_panics(select_board, NULL));
    CHECK(strstr(test_panic_text(), "GIC at 0xf9010000 has no virtual interface: is virtualization on") !=
          NULL);
    prepare(false);
    hw.vtr = 0;
    CHECK(test_panics(select_board, NULL));
    CHECK(strstr(test_panic_text(), "has no virtual interface") != NULL);
    prepare(false);
    board.version = 0;
    CHECK(test_panics(select_board, NULL));
    CHECK(strstr(test_panic_text(), "arm,gic-400") != NULL);
    prepare(false);
    board.gicc.size_bytes = 0x1000;
    select_board(NULL);
    CHECK(test_log_contains("less than 8 KiB"));
}

TEST(list_registers)
{
    const struct gic_driver *g = start(false);
    struct gic_lr timer = {
        .vintid = 27, .pintid = 27, .priority = 0xa0, .state = GIC_LR_PENDING, .flags = GIC_LR_HW};
    struct gic_lr sgi = {.vintid = 3,
                         .priority = 0x08,
                         .state = GIC_LR_ACTIVE,
                         .source = 5,
                         .flags = GIC_LR_EOI | GIC_LR_GROUP1};

    CHECK_EQ(g->lr_count(), 4);
    CHECK_EQ(g->lr_encode(&timer), BIT32(31) | 1u << 28 | (0xa0u >> 3) << 23 | 27u << 10 | 27u);
    CHECK_EQ(g->lr_encode(&sgi), BIT32(30) | 2u << 28 | 1u << 23 | BIT32(19) | 5u << 10 | 3u);
    CHECK_EQ(g->lr_encode(&(struct gic_lr){0}), 0);
    g->lr_write(3, 0x12345678);
    CHECK_EQ(hw.lr[3], 0x12345678);
    CHECK_EQ(g->lr_read(3), 0x12345678);
    hw.elrsr = 0xfffffff5;
    CHECK_EQ(g->lr_empty(), 0x5);
}

TEST(list_registers_come_back_as_they_went)
{
    const struct gic_driver *g = start(false);

    for (unsigned i = 0; i < 10000; i++) {
        bool hardware = test_random_below(2) != 0;
        struct gic_lr in = {
            .vintid = (uint16_t)test_random_below(1020),
            .pintid = hardware ? (uint16_t)test_random_below(1020) : 0,
            .priority = (uint8_t)(test_random() & 0xf8),
            .state = (uint8_t)test_random_below(4),
            .source = hardware ? 0 : (uint8_t)test_random_below(8),
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
    const struct gic_driver *g = start(false);
    struct gic_vcpu_state a, b;

    hw.vmcr = 0xf8000001;
    hw.apr = 0x10;
    g->vcpu_save(&a);
    g->vcpu_reset(&b);
    g->vcpu_load(&b);
    CHECK_EQ(hw.apr, 0);
    CHECK_EQ(hw.vmcr & 1, 0);
    g->vcpu_load(&a);
    CHECK_EQ(hw.vmcr, 0xf8000001);
    CHECK_EQ(hw.apr, 0x10);
    g->vif_set(true);
    CHECK_EQ(hw.hcr, 9);
    g->vif_set(false);
    CHECK_EQ(hw.hcr, 1);
}

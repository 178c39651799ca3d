/* SPDX-License-Identifier: Apache-2.0 */
/* test_vgic_regs.c - each register of GICv2's and GICv3's distributor and redistributor, as IHI 0048B and IHI
 * 0069 have it. */
#include "vgic/vgic_regs.h"
#include "vgic_machine.h"

static void start(unsigned version, unsigned vcpus)
{
    machine_start(version, vcpus, 4, 96);
}

static bool access_dist(uint32_t offset, unsigned size, bool write, uint64_t value)
{
    return machine_access(0, -1, offset, size, write, &value);
}

static uint64_t redist_read(unsigned vcpu, unsigned target, uint32_t offset, unsigned size)
{
    uint64_t value = ~UINT64_C(0);

    CHECK(machine_access(vcpu, (int)target, offset, size, false, &value));
    return value;
}

static void redist_write(unsigned vcpu, unsigned target, uint32_t offset, unsigned size, uint64_t value)
{
    CHECK(machine_access(vcpu, (int)target, offset, size, true, &value));
}

static uint64_t dist_read_sized(uint32_t offset, unsigned size)
{
    uint64_t value = ~UINT64_C(0);

    CHECK(machine_access(0, -1, offset, size, false, &value));
    return value;
}

static void dist_write_sized(uint32_t offset, unsigned size, uint64_t value)
{
    CHECK(machine_access(0, -1, offset, size, true, &value));
}

static void check_table(const struct vgic_table *table)
{
    uint32_t end = 0;

    for (unsigned i = 0; i < table->count; i++) {
        const struct vgic_reg *reg = &table->reg[i];

        CHECK(i == 0 || reg->first >= end); /* In order, no overlap: the search needs it. */
        CHECK(reg->last >= reg->first && reg->first % 4 == 0 && reg->last % 4 == 3);
        CHECK(reg->read != NULL && reg->write != NULL && reg->widths != 0);
        end = reg->last + 1;
        CHECK_PTR_EQ(vgic_table_find(table, reg->first), reg);
        CHECK_PTR_EQ(vgic_table_find(table, reg->last), reg);
        CHECK(vgic_table_find(table, reg->last + 1) != reg);
        CHECK(reg->first == 0 || vgic_table_find(table, reg->first - 1) != reg);
    }
    CHECK(end <= table->bytes);
    for (uint32_t offset = 0; offset < table->bytes; offset++) {
        unsigned row = 0;

        while (row < table->count && offset > table->reg[row].last) {
            row++;
        }
        CHECK_PTR_EQ(vgic_table_find(table, offset),
                     row < table->count && offset >= table->reg[row].first ? &table->reg[row] : NULL);
        CHECK_EQ(offset % VGIC_BLOCK_BYTES == 0 && row < table->count &&
                     table->block[offset / VGIC_BLOCK_BYTES] != row,
                 0);
    }
}

TEST(tables_are_in_order)
{
    check_table(&vgic_v2_dist);
    check_table(&vgic_v3_dist);
    check_table(&vgic_v3_redist);
}

TEST(bad_configurations_are_refused)
{
    const struct vgic_config good = {.version = 2, .vcpu_count = 1, .spi_limit = 96, .lr_count = 4};
    struct vgic_config bad[] = {good, good, good, good, good, good, good};
    struct vgic *vgic = calloc(1, vgic_bytes(&good));

    bad[0].version = 4;
    bad[1].vcpu_count = 0;
    bad[2].vcpu_count = VCPU_MAX + 1;
    bad[3].spi_limit = 100;
    bad[4].spi_limit = 1024;
    bad[5].lr_count = 0;
    bad[6].lr_count = GIC_LR_MAX + 1;
    for (unsigned i = 0; i < ARRAY_COUNT(bad); i++) {
        CHECK(vgic_bytes(&bad[i]) > 0);
        CHECK(vgic_init(vgic, &bad[i]) < 0);
    }
    CHECK_EQ(vgic_init(vgic, &good), 0);
    free(vgic);
}

TEST(v2_identification)
{
    start(2, 3);
    CHECK_EQ(dist_read(0, 0x004), 2 | 2 << 5); /* 96 INTIDs, 3 CPUs, no security extension. */
    CHECK_EQ(dist_read(0, 0x008), 0x4200043b);
    CHECK_EQ(dist_read(0, 0xfe8) >> 4 & 0xf, 2);
    dist_write(0, 0x004, ~0u);
    CHECK_EQ(dist_read(0, 0x004), 2 | 2 << 5);
    machine_start(2, 8, 4, GIC_INTID_MAX);
    CHECK_EQ(dist_read(0, 0x004), 31 | 7 << 5);
}

TEST(v2_ctlr_has_both_group_enables)
{
    start(2, 2);
    CHECK_EQ(dist_read(0, 0x000), 0);
    dist_write(0, 0x000, ~0u);
    CHECK_EQ(dist_read(0, 0x000), 3);
    CHECK_EQ(machine.work.notice, 0);
    dist_write(0, 0x000, 1);
    CHECK_EQ(machine.work.notice, BIT32(1)); /* The other vCPU has to take group 1 back. */
    CHECK(vgic_stale(machine.vgic, 0));
}

TEST(v2_bits_of_sgis)
{
    start(2, 2);
    CHECK_EQ(dist_read(0, 0x100), 0xffff); /* Always enabled. */
    dist_write(0, 0x180, ~0u);
    CHECK_EQ(dist_read(0, 0x180), 0xffff);
    dist_write(0, 0x100, ~0u);
    CHECK_EQ(dist_read(0, 0x100), ~0u);
    dist_write(0, 0x200, ~0u); /* Pending: read-only for SGIs. */
    CHECK_EQ(dist_read(0, 0x200), 0xffff0000);
    CHECK_EQ(dist_read(0, 0xf20), 0);
    dist_write(0, 0xc00, 0);
    CHECK_EQ(dist_read(0, 0xc00), 0xaaaaaaaa); /* Edge, whatever is written. */
    CHECK_EQ(dist_read(1, 0x200), 0);          /* Banked. */
}

TEST(v2_bit_registers_set_and_clear)
{
    static const uint32_t pairs[] = {0x100, 0x200, 0x300};

    start(2, 2);
    for (unsigned i = 0; i < ARRAY_COUNT(pairs); i++) {
        uint32_t set = pairs[i] + 4, clear = pairs[i] + 0x84;

        dist_write(0, set, 0xf00ff00f);
        dist_write(0, set, 0x000000f0);
        CHECK_EQ(dist_read(0, set), 0xf00ff0ff);
        dist_write(0, clear, 0x00000ff0);
        CHECK_EQ(dist_read(0, clear), 0xf00ff00f);
        CHECK_EQ(dist_read(0, set + 4), 0);
        dist_write(0, set + 8, ~0u); /* INTID 96 on is not there. */
        CHECK_EQ(dist_read(0, set + 8), 0);
        dist_write(0, pairs[i] + 0x7c, ~0u);
        CHECK_EQ(dist_read(0, pairs[i] + 0x7c), 0);
    }
    dist_write(0, 0x084, 0x5555aaaa);
    CHECK_EQ(dist_read(0, 0x084), 0x5555aaaa);
    dist_write(0, 0x084, 0xffff0000);
    CHECK_EQ(dist_read(0, 0x084), 0xffff0000);
}

TEST(priorities_have_five_bits_and_bytes)
{
    start(2, 2);
    dist_write(0, 0x420, 0xffa17f08);
    CHECK_EQ(dist_read(0, 0x420), 0xf8a07808);
    dist_write_sized(0x421, 1, 0x1234567f);
    CHECK_EQ(dist_read(0, 0x420), 0xf8a07808);
    dist_write_sized(0x423, 1, 0x10);
    CHECK_EQ(dist_read_sized(0x423, 1), 0x10);
    CHECK_EQ(dist_read(0, 0x420), 0x10a07808);
    dist_write(1, 0x400, 0x40404040); /* SGIs: banked. */
    CHECK_EQ(dist_read(0, 0x400), 0);
    CHECK_EQ(dist_read(1, 0x400), 0x40404040);
    CHECK(!access_dist(0x420, 2, false, 0));
    CHECK(!access_dist(0x421, 4, false, 0));
    CHECK(!access_dist(0x420, 8, false, 0));
    dist_write(0, 0x460, ~0u);
    CHECK_EQ(dist_read(0, 0x460), 0);
}

TEST(v2_targets)
{
    start(2, 3);
    CHECK_EQ(dist_read(0, 0x800), 0x01010101);
    CHECK_EQ(dist_read(2, 0x81c), 0x04040404);
    dist_write(0, 0x800, 0x02020202); /* Read-only below INTID 32. */
    CHECK_EQ(dist_read(0, 0x800), 0x01010101);
    CHECK_EQ(dist_read(0, 0x820), 0x01010101);
    dist_write(0, 0x820, 0xff060200);
    CHECK_EQ(dist_read(0, 0x820), 0x07060200);
    CHECK_EQ(vgic_target(machine.vgic, 33), 1);
    CHECK_EQ(vgic_target(machine.vgic, 34), 1);
    CHECK_EQ(vgic_target(machine.vgic, 35), 0);
    CHECK_EQ(vgic_target(machine.vgic, 32), 0);
    CHECK_EQ(virq_of(0, 32)->target, VIRQ_NO_TARGET);
    dist_write_sized(0x821, 1, 4);
    CHECK_EQ(vgic_target(machine.vgic, 33), 2);
}

TEST(v2_uniprocessor_has_no_targets)
{
    start(2, 1);
    CHECK_EQ(dist_read(0, 0x800), 0);
    dist_write(0, 0x820, ~0u);
    CHECK_EQ(dist_read(0, 0x820), 0);
    CHECK_EQ(vgic_target(machine.vgic, 32), 0);
    CHECK_EQ(virq_of(0, 32)->target, 0);
}

TEST(configuration)
{
    start(2, 1);
    machine_link(40, false);
    dist_write(0, 0xc08, ~0u);
    CHECK_EQ(dist_read(0, 0xc08), 0xaaaaaaaa); /* The lower bit of each is reserved. */
    CHECK_EQ(machine.spi[40].edge, true);
    dist_write(0, 0xc08, 0);
    CHECK_EQ(dist_read(0, 0xc08), 0);
    CHECK_EQ(machine.spi[40].edge, false);
    dist_write(0, 0xc04, 0x80000000);
    CHECK_EQ(dist_read(0, 0xc04), 0x80000000);
}

TEST(v2_sgir_filters)
{
    start(2, 4);
    dist_write(2, 0xf00, 0x00f50003); /* Targets 0 and 2, and two that do not exist. */
    CHECK_EQ(dist_read(0, 0xf20), 0x04000000);
    CHECK_EQ(dist_read(1, 0xf20), 0);
    CHECK_EQ(dist_read(2, 0xf20), 0x04000000);
    dist_write(1, 0xf00, 0x01ff0003); /* All others. */
    CHECK_EQ(dist_read(0, 0xf20), 0x06000000);
    CHECK_EQ(dist_read(1, 0xf20), 0);
    CHECK_EQ(dist_read(3, 0xf20), 0x02000000);
    dist_write(1, 0xf00, 0x02ff000f); /* Itself. */
    CHECK_EQ(dist_read(1, 0xf2c), 0x02000000);
    dist_write(1, 0xf00, 0x03ff0000); /* Reserved. */
    CHECK_EQ(dist_read(1, 0xf20) | dist_read(0, 0xf20), 0x06000000);
    CHECK_EQ(dist_read(1, 0xf00), 0); /* Write-only. */
}

TEST(v2_sgi_pending_by_source)
{
    start(2, 2);
    dist_write(0, 0xf24, 0xff000001); /* SGIs 7 and 4, sources that exist. */
    CHECK_EQ(dist_read(0, 0xf24), 0x03000001);
    CHECK_EQ(dist_read(0, 0x200), 0x90);
    dist_write_sized(0xf17, 1, 0x01);
    CHECK_EQ(dist_read_sized(0xf27, 1), 0x02);
    CHECK_EQ(dist_read(0, 0xf14), 0x02000001);
    dist_write(0, 0x280, ~0u); /* ICPENDR does not reach SGIs. */
    CHECK_EQ(dist_read(0, 0x200), 0x90);
}

TEST(widths_and_reserved_space)
{
    start(2, 1);
    CHECK(!access_dist(0x000, 1, false, 0));
    CHECK(!access_dist(0x000, 2, true, 0));
    CHECK(!access_dist(0x100, 8, false, 0));
    CHECK(!access_dist(0x1000, 4, false, 0));
    CHECK(!access_dist(0xfffffffc, 4, false, 0));
    CHECK_EQ(dist_read(0, 0x00c), 0);
    CHECK_EQ(dist_read(0, 0x7fc), 0);
    CHECK_EQ(dist_read(0, 0xe00), 0);
    CHECK_EQ(dist_read(0, 0xffc), 0);
    dist_write(0, 0xffc, ~0u);
    CHECK(!access_dist(0x00c, 1, false, 0));
    start(3, 1);
    CHECK(!access_dist(0x10000, 4, false, 0));
    CHECK_EQ(dist_read(0, 0x00c), 0); /* TYPER2 */
    CHECK_EQ(dist_read(0, 0x010), 0); /* STATUSR */
    CHECK_EQ(dist_read(0, 0xf00), 0);
    CHECK_EQ(dist_read_sized(0x8000, 8), 0);
    CHECK(!machine_access(0, 0, 0x20000, 4, false, &(uint64_t){0}));
    CHECK(!machine_access(0, 0, 0x10100, 8, false, &(uint64_t){0}));
    CHECK_EQ(redist_read(0, 0, 0x0070, 8), 0); /* PROPBASER: no LPIs. */
}

TEST(v3_distributor)
{
    start(3, 2);
    CHECK_EQ(dist_read(0, 0x000), 0x50); /* ARE, DS. */
    dist_write(0, 0x000, 0x13);
    CHECK_EQ(dist_read(0, 0x000), 0x53);
    dist_write(0, 0x000, 0);
    CHECK_EQ(dist_read(0, 0x000), 0x50);
    CHECK_EQ(dist_read(0, 0x004), 2 | 9 << 19);
    CHECK_EQ(dist_read(0, 0xffe8) >> 4 & 0xf, 3);
    dist_write(0, 0x100, ~0u); /* SGIs and PPIs are not here. */
    CHECK_EQ(dist_read(0, 0x100), 0);
    CHECK_EQ(dist_read(0, 0x084), ~0u); /* Group 1 after reset. */
    dist_write(0, 0x084, 0);
    CHECK_EQ(dist_read(0, 0x084), 0);
    dist_write(0, 0x820, ~0u);
    CHECK_EQ(dist_read(0, 0x820), 0);
}

TEST(v3_router)
{
    start(3, 3);
    machine_link(40, false);
    dist_write_sized(0x6140, 8, 2);
    CHECK_EQ(machine.work.route, BIT32(8));
    CHECK_EQ(machine.work.first, 32);
    CHECK_EQ(vgic_target(machine.vgic, 40), 2);
    dist_write_sized(0x6140, 8, UINT64_C(0xffffffffffffff01));
    CHECK_EQ(dist_read_sized(0x6140, 8), UINT64_C(0xffffffff01) & ~UINT64_C(0x7f000000));
    CHECK_EQ(vgic_target(machine.vgic, 40), 0); /* IRM: any. */
    dist_write(0, 0x6140, 1);
    CHECK_EQ(dist_read_sized(0x6140, 8), UINT64_C(0xff00000001));
    CHECK_EQ(virq_of(0, 40)->target, VIRQ_NO_TARGET);
    dist_write(0, 0x6144, 0);
    CHECK_EQ(vgic_target(machine.vgic, 40), 1);
    dist_write(0, 0x6144, 0x12);
    CHECK_EQ(dist_read(0, 0x6144), 0x12);
    CHECK_EQ(dist_read(0, 0x6140), 1);
    dist_write_sized(0x6000, 8, 1); /* INTID 0 has no route, INTID 96 does not exist. */
    CHECK_EQ(dist_read_sized(0x6000, 8), 0);
    dist_write_sized(0x6300, 8, 1);
    CHECK_EQ(dist_read_sized(0x6300, 8), 0);
}

TEST(v3_redistributor_identification)
{
    start(3, 2);
    machine.vgic->config.vcpu_mpidr[1] = UINT64_C(0x0500020304);
    CHECK_EQ(redist_read(0, 0, 0x0008, 8), 0);
    CHECK_EQ(redist_read(0, 1, 0x0008, 8), UINT64_C(0x0502030400000110));
    CHECK_EQ(redist_read(0, 1, 0x0008, 4), 0x110);
    CHECK_EQ(redist_read(0, 1, 0x000c, 4), 0x05020304);
    CHECK_EQ(dist_read(0, 0x004) >> 24 & 1, 1); /* A3V */
    CHECK_EQ(redist_read(0, 0, 0x0000, 4), 0);
    CHECK_EQ(redist_read(0, 0, 0x0004, 4), 0x4200043b);
    CHECK_EQ(redist_read(0, 0, 0xffe8, 4) >> 4 & 0xf, 3);
    CHECK_EQ(redist_read(0, 0, 0x0014, 4), 6); /* WAKER: asleep after reset. */
    redist_write(0, 0, 0x0014, 4, 0);
    CHECK_EQ(redist_read(0, 0, 0x0014, 4), 0);
    CHECK_EQ(redist_read(0, 1, 0x0014, 4), 6);
    CHECK(!machine_access(0, 2, 0x0000, 4, false, &(uint64_t){0}));
    start(2, 2);
    CHECK(!machine_access(0, 0, 0x0000, 4, false, &(uint64_t){0}));
}

TEST(v3_sgi_frame)
{
    start(3, 2);
    CHECK_EQ(redist_read(0, 1, 0x10080, 4), ~0u);
    redist_write(0, 1, 0x10080, 4, 0xff);
    CHECK_EQ(redist_read(1, 1, 0x10080, 4), 0xff);
    CHECK_EQ(redist_read(0, 0, 0x10080, 4), ~0u);
    for (uint32_t set = 0x10100; set <= 0x10300; set += 0x100) { /* SGIs as any other. */
        CHECK_EQ(redist_read(0, 1, set, 4), 0);
        redist_write(0, 1, set, 4, 0xf000000f);
        CHECK_EQ(redist_read(1, 1, set, 4), 0xf000000f);
        redist_write(0, 1, set + 0x80, 4, 0x0000000c);
        CHECK_EQ(redist_read(0, 1, set + 0x80, 4), 0xf0000003);
        CHECK_EQ(redist_read(0, 0, set, 4), 0);
    }
    redist_write(0, 1, 0x1041f, 1, 0xff);
    CHECK_EQ(redist_read(0, 1, 0x1041c, 4), 0xf8000000);
    CHECK_EQ(redist_read(0, 1, 0x10c00, 4), 0xaaaaaaaa);
    redist_write(0, 1, 0x10c04, 4, 8);
    CHECK_EQ(redist_read(0, 1, 0x10c04, 4), 8);
}

static void sgi(unsigned vcpu, uint64_t value, unsigned group)
{
    machine_sgi(vcpu, value, group);
}

TEST(v3_sgi_targets)
{
    start(3, 4);
    machine.vgic->config.vcpu_mpidr[2] = 0x10002;                /* Affinity 2 is 1. */
    machine.vgic->config.vcpu_mpidr[3] = UINT64_C(0x0700060512); /* 7.6.5.0x12: range 1, bit 2. */
    sgi(0, 0x0500000f & ~UINT64_C(0xff0000), 1);                 /* Cluster 0.0.0: vCPUs 0 and 1. */
    CHECK_EQ(redist_read(0, 0, 0x10200, 4), BIT32(5));
    CHECK_EQ(redist_read(0, 1, 0x10200, 4), BIT32(5));
    CHECK_EQ(redist_read(0, 2, 0x10200, 4), 0);
    sgi(0, BIT64(32) | 0x06000004, 1);
    CHECK_EQ(redist_read(0, 2, 0x10200, 4), BIT32(6));
    sgi(0, UINT64_C(7) << 48 | UINT64_C(6) << 32 | UINT64_C(5) << 16 | 0x0e000000 | 4, 1);
    CHECK_EQ(redist_read(0, 3, 0x10200, 4), 0); /* Without the range selector: affinity 0 is not 2. */
    sgi(0, UINT64_C(7) << 48 | UINT64_C(1) << 44 | UINT64_C(6) << 32 | UINT64_C(5) << 16 | 0x0e000000 | 4, 1);
    CHECK_EQ(redist_read(0, 3, 0x10200, 4), BIT32(14));
    sgi(1, BIT64(40) | 0x01000000, 1); /* IRM: all but the sender. */
    CHECK_EQ(redist_read(0, 0, 0x10200, 4), BIT32(5) | BIT32(1));
    CHECK_EQ(redist_read(0, 1, 0x10200, 4), BIT32(5));
    CHECK_EQ(redist_read(0, 3, 0x10200, 4), BIT32(14) | BIT32(1));
}

TEST(v3_sgi_groups)
{
    start(3, 1);
    redist_write(0, 0, 0x10080, 4, ~BIT32(2)); /* SGI 2 is group 0. */
    sgi(0, 0x01000001, 0);
    sgi(0, 0x02000001, 0);
    CHECK_EQ(redist_read(0, 0, 0x10200, 4), BIT32(2));
    redist_write(0, 0, 0x10280, 4, ~0u);
    sgi(0, 0x01000001, 1);
    sgi(0, 0x02000001, 1);
    CHECK_EQ(redist_read(0, 0, 0x10200, 4), BIT32(1) | BIT32(2));
}

/* Does a 32-bit access there ask for a fold? */
static bool folds(int redist, uint32_t offset, bool write)
{
    uint64_t value = 0;

    return machine_ask(0, redist, offset, 4, write, false, &value) == VGIC_FOLD_FIRST;
}

TEST(state_registers_fold_when_it_matters)
{
    start(2, 1);
    machine_fill(0);
    dist_write(0, 0x000, 3);
    dist_write(0, 0xf00, 2u << 24 | 5); /* SGI 5 and INTID 40 are listed. */
    dist_write(0, 0x104, BIT32(8));
    dist_write(0, 0x204, BIT32(8));
    CHECK(folds(-1, 0x200, false));
    CHECK(folds(-1, 0x204, false));
    CHECK(folds(-1, 0x304, true));
    CHECK(folds(-1, 0xf24, true));
    CHECK(!folds(-1, 0xf28, true));
    CHECK(!folds(-1, 0x208, false)); /* Nothing of it is listed. */
    CHECK(!folds(-1, 0xf00, true));  /* An SGI must be cheap. */
    CHECK(!folds(-1, 0x004, false));
    CHECK(!folds(-1, 0xfffff000, false));
    CHECK_EQ(machine_ack(0), 0);
    machine_end(0, 0);
    CHECK(!folds(-1, 0x200, false)); /* Ended: found out without a fold. */
    CHECK(folds(-1, 0x204, false));
    start(3, 1);
    machine_fill(0);
    dist_write(0, 0x000, 3);
    redist_write(0, 0, 0x10100, 4, BIT32(5));
    sgi(0, 0x05000001, 1);
    CHECK(folds(0, 0x10280, true));
    CHECK(!folds(0, 0x0008, false));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_vgic_random.c - the vGIC against a naive GIC: random guest accesses, injections, acknowledges, ends,
 * switches of vCPUs.
 * After every step every list register must say what the naive GIC says, the best interrupt must be listed,
 * and no physical interrupt may be held by nobody. The guest acknowledges and ends in any order, as with
 * EOImode 1. */
#include "vgic_naive.h"
#include "vgic_short.h"

/* Registers, as offsets that both versions share. */
enum {
    IGROUPR = 0x80,
    ISENABLER = 0x100,
    ICENABLER = 0x180,
    ISPENDR = 0x200,
    ICPENDR = 0x280,
    ISACTIVER = 0x300,
    ICACTIVER = 0x380,
    IPRIORITYR = 0x400,
    ITARGETSR = 0x800,
    ICFGR = 0xc00,
    SGIR = 0xf00,
    CPENDSGIR = 0xf10,
    SPENDSGIR = 0xf20,
    IROUTER = 0x6000,
    SGI_FRAME = 0x10000
};

/* Access the register at @offset for @intid: in a redistributor if it is a GICv3 SGI or PPI. */
static uint64_t access_reg(unsigned vcpu, unsigned bank, unsigned intid, uint32_t offset, unsigned size,
                           bool write, uint64_t value)
{
    bool redist = machine.config.version == 3 && intid < GIC_SPI_FIRST;

    CHECK(machine_access(vcpu, redist ? (int)bank : -1, redist ? offset + SGI_FRAME : offset, size, write,
                         &value));
    return value;
}

static void naive_write_bit(unsigned bank, unsigned intid, uint32_t reg)
{
    struct naive *n = naive_of(bank, intid);
    unsigned target = target_of(bank, intid);

    if (reg == ISENABLER || (reg == ICENABLER && !is_v2_sgi(intid))) {
        n->enabled = reg == ISENABLER;
    } else if (reg == ISPENDR && !is_v2_sgi(intid)) {
        n->latch = true;
    } else if (reg == ICPENDR && !is_v2_sgi(intid)) {
        n->latch = false;
    } else if (reg == ISACTIVER && !n->active) {
        n->active = true;
        n->active_on = target != NO_TARGET ? target : 0;
        n->active_source = 0;
    } else if (reg == ICACTIVER) {
        n->active = false;
    }
}

static unsigned random_word(void)
{
    return (unsigned)test_random_below(LIMIT / 32);
}

static uint32_t random_bits(void)
{
    return (uint32_t)(test_random() & test_random() & test_random());
}

static void step_write_bits(unsigned vcpu, unsigned bank)
{
    static const uint32_t regs[] = {ISENABLER, ISENABLER, ICENABLER, ISPENDR,
                                    ICPENDR,   ISACTIVER, ICACTIVER, ICACTIVER};
    uint32_t reg = regs[test_random_below(ARRAY_COUNT(regs))], bits = random_bits();
    unsigned word = random_word();

    bits &=
        reg == ISACTIVER ? random_bits() : UINT32_MAX; /* Or nothing but active ones would ever be listed. */
    if (reg ==
        ICPENDR) { /* Another vCPU's list registers are only as well known as when they were last folded. */
        for (unsigned other = 0; other < machine.config.vcpu_count; other++) {
            vgic_mark_stale(machine.vgic, other);
            machine_exit(other);
        }
    }
    access_reg(vcpu, bank, word * 32, reg + word * 4, 4, true, bits);
    for (unsigned bit = 0; bit < 32; bit++) {
        if ((bits >> bit & 1) != 0) {
            naive_write_bit(bank, word * 32 + bit, reg);
            CHECK(reg != ICPENDR || word == 0 || !machine_physical(bank, word * 32 + bit)->latch ||
                  !naive_of(bank, word * 32 + bit)->linked);
        }
    }
}

static void step_write_config(unsigned vcpu, unsigned bank)
{
    unsigned word = random_word(), intid = (unsigned)test_random_below(LIMIT),
             half = (unsigned)test_random_below(2);
    uint32_t bits = (uint32_t)test_random();

    if (test_random_below(2) == 0) {
        access_reg(vcpu, bank, intid, IPRIORITYR + intid, 1, true, bits & 0xff);
        naive_of(bank, intid)->priority = bits & 0xf8;
    } else if (test_random_below(2) == 0) {
        access_reg(vcpu, bank, intid & ~3u, IPRIORITYR + (intid & ~3u), 4, true, bits);
        for (unsigned i = 0; i < 4; i++) {
            naive_of(bank, (intid & ~3u) + i)->priority = bits >> (8 * i) & 0xf8;
        }
    } else if (test_random_below(2) == 0) {
        access_reg(vcpu, bank, word * 32, IGROUPR + word * 4, 4, true, bits);
        for (unsigned i = 0; i < 32; i++) {
            naive_of(bank, word * 32 + i)->group1 = (bits >> i & 1) != 0;
        }
    } else {
        access_reg(vcpu, bank, word * 32, ICFGR + word * 8 + half * 4, 4, true, bits);
        for (unsigned i = 0; i < 16; i++) {
            unsigned changed = word * 32 + half * 16 + i;

            if (changed >= GIC_SGI_COUNT) {
                naive_of(bank, changed)->edge = (bits >> (2 * i + 1) & 1) != 0;
            }
        }
    }
}

static void step_route(unsigned vcpu)
{
    unsigned intid = GIC_SPI_FIRST + (unsigned)test_random_below(LIMIT - GIC_SPI_FIRST);
    uint64_t value = test_random_below(machine.config.vcpu_count + 1); /* One of them is nobody. */

    if (machine.config.version == 3) {
        shared[intid].any = test_random_below(8) == 0;
        shared[intid].route = value;
        access_reg(vcpu, 0, intid, IROUTER + intid * 8, 8, true, value | (shared[intid].any ? BIT32(31) : 0));
    } else if (machine.config.vcpu_count > 1) {
        shared[intid].route = BIT32(value) & (BIT32(machine.config.vcpu_count) - 1);
        access_reg(vcpu, 0, intid, ITARGETSR + intid, 1, true, BIT32(value));
    }
}

static void step_sgi(unsigned vcpu)
{
    unsigned sgi = (unsigned)test_random_below(GIC_SGI_COUNT), filter = (unsigned)test_random_below(3);
    unsigned list = (unsigned)test_random_below(BIT32(machine.config.vcpu_count));

    if (machine.config.version == 3) {
        machine_sgi(vcpu, (uint64_t)sgi << 24 | (filter == 1 ? BIT64(40) : list), 1);
    } else if (filter != 2 || !machine_send_self(vcpu, sgi)) {
        dist_write(vcpu, SGIR, filter << 24 | list << 16 | sgi);
    }
    for (unsigned target = 0; target < machine.config.vcpu_count; target++) {
        bool hit = filter == 1 ? target != vcpu : (list >> target & 1) != 0;

        if (machine.config.version == 2) {
            hit = filter == 2 ? target == vcpu : hit;
            local[target][sgi].sources |= hit ? BIT32(vcpu) : 0;
        } else if (hit) {
            local[target][sgi].latch = true;
        }
    }
}

static void step_sgi_sources(unsigned vcpu)
{
    unsigned sgi = (unsigned)test_random_below(GIC_SGI_COUNT);
    bool set = test_random_below(2) == 0;
    uint32_t bits = (uint32_t)test_random() & 0xff;

    if (machine.config.version == 2) {
        access_reg(vcpu, vcpu, sgi, (set ? SPENDSGIR : CPENDSGIR) + sgi, 1, true, bits);
        bits &= BIT32(machine.config.vcpu_count) - 1;
        local[vcpu][sgi].sources = set ? local[vcpu][sgi].sources | bits : local[vcpu][sgi].sources & ~bits;
        CHECK_EQ(access_reg(vcpu, vcpu, sgi, SPENDSGIR + sgi, 1, false, 0), local[vcpu][sgi].sources);
    }
}

/* Pending and active registers read as the naive GIC says; of another vCPU's interrupts at the latest when
 * read again. */
static void step_read(unsigned vcpu, unsigned bank)
{
    unsigned word = random_word();
    uint32_t expect_active = 0, expect_pending = 0, active, pending;

    for (unsigned bit = 0; bit < 32; bit++) {
        unsigned intid = word * 32 + bit;
        const struct naive *n = naive_of(bank, intid);
        bool readable = n->linked && (intid >= GIC_SPI_FIRST || bank == vcpu);

        expect_active |= n->active ? BIT32(bit) : 0;
        if (pending_of(n) || (readable && physical_pending(machine_physical(bank, intid)))) {
            expect_pending |= BIT32(bit);
        }
    }
    access_reg(vcpu, bank, word * 32, ISACTIVER + word * 4, 4, false, 0);
    active = (uint32_t)access_reg(vcpu, bank, word * 32, ICACTIVER + word * 4, 4, false, 0);
    CHECK_EQ(active, expect_active);
    pending = (uint32_t)access_reg(vcpu, bank, word * 32, ICPENDR + word * 4, 4, false, 0);
    for (unsigned bit = 0; bit < 32; bit++) {
        if ((machine.work.query_pending >> bit & 1) != 0) {
            CHECK_EQ(machine.work.first, word * 32);
            pending |= physical_pending(machine_physical(bank, word * 32 + bit)) ? BIT32(bit) : 0;
        }
    }
    CHECK_EQ(pending, expect_pending);
}

static void step_device(unsigned vcpu)
{
    unsigned intid = GIC_PPI_FIRST + (unsigned)test_random_below(LIMIT - GIC_PPI_FIRST);
    struct naive *n = naive_of(vcpu, intid);
    struct physical *physical = machine_physical(vcpu, intid);
    bool level = test_random_below(2) == 0;

    if (n->linked) {
        physical->latch = physical->latch || level;
        physical->line = level;
    } else if (test_random_below(3) == 0) {
        n->latch = true;
        machine_pend(vcpu, intid);
    } else {
        n->latch = n->latch || (n->edge && level && !n->line);
        n->line = level;
        machine_notice_one(vgic_set_level(machine.vgic, vcpu, intid, level));
    }
}

static void step_fire(void)
{
    unsigned vcpu = (unsigned)test_random_below(machine.config.vcpu_count);

    for (unsigned intid = GIC_PPI_FIRST; intid < LIMIT; intid++) {
        struct naive *n = naive_of(vcpu, intid);

        if (n->linked && test_random_below(2) == 0 && machine_fire(vcpu, intid, test_random_below(2) == 0)) {
            n->latch = true;
        }
    }
}

static void step_ack(unsigned vcpu)
{
    int slot = machine_ack(vcpu);

    if (slot >= 0) {
        const struct gic_lr *lr = &machine.cpu[vcpu].lr[slot];
        struct naive *n = naive_of(vcpu, lr->vintid);

        CHECK(deliverable_to(vcpu, lr->vintid));
        n->latch = false;
        n->sources &= ~(is_v2_sgi(lr->vintid) ? BIT32(lr->source) : 0);
        n->active = true;
        n->active_on = vcpu;
        n->active_source = lr->source;
    }
}

static void step_end(unsigned vcpu)
{
    unsigned slot = (unsigned)test_random_below(machine.config.lr_count);
    const struct gic_lr *lr = &machine.cpu[vcpu].lr[slot];

    if ((lr->state & GIC_LR_ACTIVE) != 0) {
        naive_of(vcpu, lr->vintid)->active = false;
        machine_end(vcpu, slot);
    }
}

static void step_switch(unsigned vcpu)
{
    if (machine.cpu[vcpu].loaded) {
        machine_unload(vcpu);
    } else {
        if (test_random_below(16) == 0) {
            vgic_vcpu_reset(machine.vgic, vcpu);
            naive_reset_local(vcpu);
        }
        machine_fill(vcpu);
    }
}

static void step_groups(unsigned vcpu)
{
    groups = (unsigned)test_random_below(4) | (unsigned)test_random_below(4);
    dist_write(vcpu, 0, groups);
}

static void step(void)
{
    unsigned vcpu = (unsigned)test_random_below(machine.config.vcpu_count);
    unsigned bank =
        machine.config.version == 2 ? vcpu : (unsigned)test_random_below(machine.config.vcpu_count);
    unsigned what = (unsigned)test_random_below(100);

    if (what < 5) {
        step_switch(vcpu);
    } else if (what < 25) {
        step_device(vcpu);
    } else if (what < 35) {
        step_fire();
    } else if (!machine.cpu[vcpu].loaded) {
        return; /* The rest is what a running guest does. */
    } else if (what < 55) {
        step_ack(vcpu);
    } else if (what < 75) {
        step_end(vcpu);
    } else if (what < 83) {
        step_write_bits(vcpu, bank);
    } else if (what < 87) {
        step_write_config(vcpu, bank);
    } else if (what < 90) {
        step_route(vcpu);
    } else if (what < 94) {
        step_sgi(vcpu);
    } else if (what < 96) {
        step_sgi_sources(vcpu);
    } else if (what < 97) {
        step_groups(vcpu);
    } else {
        step_read(vcpu, bank);
    }
}

/* Stop the devices, let the guest take everything: nothing may be left anywhere. */
static void drain(void)
{
    groups = 3;
    for (unsigned vcpu = 0; vcpu < machine.config.vcpu_count; vcpu++) {
        if (!machine.cpu[vcpu].loaded) {
            machine_fill(vcpu);
        }
    }
    dist_write(0, 0, groups);
    for (unsigned vcpu = 0; vcpu < machine.config.vcpu_count; vcpu++) {
        for (unsigned intid = 0; intid < LIMIT; intid++) {
            struct naive *n = naive_of(vcpu, intid);

            machine_physical(vcpu, intid)->line = false;
            if (!n->linked && intid >= GIC_PPI_FIRST) {
                n->line = false;
                vgic_set_level(machine.vgic, vcpu, intid, false);
            }
            n->enabled = true;
            access_reg(vcpu, vcpu, intid, ISENABLER + intid / 32 * 4, 4, true, BIT32(intid % 32));
            if (machine.config.version == 3 && intid >= GIC_SPI_FIRST) {
                n->route = n->any = 0;
                access_reg(vcpu, 0, intid, IROUTER + intid * 8, 8, true, 0);
            } else if (intid >= GIC_SPI_FIRST && machine.config.vcpu_count > 1) {
                n->route = 1;
                access_reg(vcpu, 0, intid, ITARGETSR + intid, 1, true, 1);
            }
            if (n->active &&
                machine_slot(n->active_on, intid) < 0) { /* Made active by software, more than fits. */
                n->active = false;
                access_reg(vcpu, vcpu, intid, ICACTIVER + intid / 32 * 4, 4, true, BIT32(intid % 32));
            }
        }
    }
    for (unsigned i = 0; i < 3000 * machine.config.vcpu_count; i++) {
        step_fire();
        step_ack(i % machine.config.vcpu_count);
        step_end(i % machine.config.vcpu_count);
    }
    naive_check();
    for (unsigned vcpu = 0; vcpu < machine.config.vcpu_count; vcpu++) {
        for (unsigned intid = 0; intid < LIMIT; intid++) {
            CHECK(!pending_of(naive_of(vcpu, intid)) && !naive_of(vcpu, intid)->active);
            CHECK(!machine_physical(vcpu, intid)->active && !physical_pending(machine_physical(vcpu, intid)));
            CHECK_EQ(machine_slot(vcpu, intid), -1);
        }
    }
}

static void run(unsigned version)
{
    static const unsigned vcpu_counts[] = {1, 2, 4};

    for (unsigned i = 0; i < ARRAY_COUNT(vcpu_counts); i++) {
        for (unsigned lrs = 1; lrs <= 5; lrs++) {
            naive_start(version, vcpu_counts[i], lrs);
            for (unsigned n = test_long() ? 30000 : 3000; n > 0; n--) {
                step();
                naive_check();
            }
            drain();
        }
    }
}

TEST(gicv2_behaves_as_the_naive_one)
{
    run(2);
    CHECK(machine.sent_to_self > 0);
}

TEST(gicv3_behaves_as_the_naive_one)
{
    run(3);
}

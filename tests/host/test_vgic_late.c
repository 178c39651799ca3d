/* SPDX-License-Identifier: Apache-2.0 */
/* test_vgic_late.c - vCPUs change each other's interrupts while the kicks that tell of it are still on their
 * way.
 *
 * What a guest sees is then a matter of timing, so only this is checked: never one SPI in two list registers,
 * never a bound list register in use when its interrupt fires, a physical interrupt held as long as a list
 * register says so, and in the end nothing that arrived was lost. */
#include "vgic_machine.h"

#define LIMIT 64u
#define VCPUS 3u

static bool waited_for[VCPU_MAX][LIMIT]; /* Arrived and not acknowledged since. SPIs: [0]. */

static bool *waited(unsigned vcpu, unsigned intid)
{
    return &waited_for[intid < GIC_SPI_FIRST ? vcpu : 0][intid];
}

static void start(unsigned lrs)
{
    machine_start(3, VCPUS, lrs, LIMIT);
    memset(waited_for, 0, sizeof(waited_for));
    machine_link(27, false);
    for (unsigned intid = 32; intid < LIMIT; intid += 2) {
        machine_link(intid, intid % 4 == 0);
    }
    for (unsigned vcpu = 0; vcpu < VCPUS; vcpu++) {
        machine_fill(vcpu);
    }
    dist_write(0, 0, 3);
    machine.kicks_are_late = true;
}

static void check_spis_are_listed_once(void)
{
    unsigned count[LIMIT] = {0};

    for (unsigned vcpu = 0; vcpu < VCPUS; vcpu++) {
        for (unsigned slot = 0; slot < machine.config.lr_count; slot++) {
            const struct gic_lr *lr = &machine.cpu[vcpu].lr[slot];

            if (machine.cpu[vcpu].loaded && lr->state != 0) {
                CHECK(lr->vintid < GIC_SPI_FIRST || ++count[lr->vintid] == 1);
                CHECK((lr->flags & GIC_LR_HW) == 0 || machine_physical(vcpu, lr->pintid)->active);
            }
        }
    }
}

static void write_reg(unsigned vcpu, unsigned bank, unsigned word, uint32_t offset, uint32_t value)
{
    uint64_t wide = value;

    CHECK(machine_access(vcpu, word == 0 ? (int)bank : -1, (word == 0 ? 0x10000 : word * 4) + offset, 4, true,
                         &wide));
}

static void step_guest_write(unsigned vcpu)
{
    unsigned bank = (unsigned)test_random_below(VCPUS), word = (unsigned)test_random_below(LIMIT / 32);
    uint32_t bits = (uint32_t)(test_random() & test_random());
    uint64_t route = test_random_below(VCPUS);

    switch (test_random_below(6)) {
    case 0:
        write_reg(vcpu, bank, word, 0x180, bits);
        break;
    case 1:
        write_reg(vcpu, bank, word, 0x100, bits);
        break;
    case 2:
        bits &= (uint32_t)(test_random() & test_random());
        write_reg(vcpu, bank, word, 0x200, bits);
        for (unsigned bit = 0; bit < 32; bit++) {
            *waited(bank, word * 32 + bit) |= (bits & BIT32(bit)) != 0;
        }
        break;
    case 3:
        CHECK(machine_access(vcpu, -1, 0x6100 + 8 * (unsigned)test_random_below(32), 8, true, &route));
        break;
    case 4:
        write_reg(vcpu, bank, word, 0x80, bits);
        break;
    default:
        dist_write(vcpu, 0x420, bits);
        break;
    }
}

static void step_device(unsigned vcpu)
{
    unsigned intid = GIC_PPI_FIRST + (unsigned)test_random_below(LIMIT - GIC_PPI_FIRST);
    struct physical *physical = machine_physical(vcpu, intid);

    if (vgic_linked(machine.vgic, intid)) {
        physical->line = physical->latch = true;
        *waited(vcpu, intid) |= machine_fire(vcpu, intid, test_random_below(2) == 0);
    } else {
        physical->line = true;
        *waited(vcpu, intid) = true;
        machine_notice_one(vgic_set_level(machine.vgic, vcpu, intid, true));
    }
}

/* The handler tells the device to be quiet, now and then not at the first time. */
static void step_ack(unsigned vcpu, bool quiet)
{
    int slot = machine_ack(vcpu);
    unsigned intid;

    if (slot < 0) {
        return;
    }
    intid = machine.cpu[vcpu].lr[slot].vintid;
    *waited(vcpu, intid) = false;
    if (quiet) {
        machine_physical(vcpu, intid)->line = false;
        if (intid >= GIC_PPI_FIRST && !vgic_linked(machine.vgic, intid)) {
            vgic_set_level(machine.vgic, vcpu, intid, false);
        }
    } else {
        *waited(vcpu, intid) = machine_physical(vcpu, intid)->line && !vgic_linked(machine.vgic, intid);
    }
    if (test_random_below(2) == 0) {
        machine_end(vcpu, (unsigned)slot);
    }
}

static void step_end(unsigned vcpu)
{
    unsigned slot = (unsigned)test_random_below(machine.config.lr_count);

    if ((machine.cpu[vcpu].lr[slot].state & GIC_LR_ACTIVE) != 0) {
        machine_end(vcpu, slot);
    }
}

/* A kick arrives. */
static void step_kick(void)
{
    if (machine.kicked != 0) {
        unsigned vcpu = (unsigned)__builtin_ctz(machine.kicked);

        machine.kicked &= ~BIT32(vcpu);
        machine_exit(vcpu);
    }
}

static void step(void)
{
    unsigned vcpu = (unsigned)test_random_below(VCPUS), what = (unsigned)test_random_below(100);

    if (what < 5) {
        if (machine.cpu[vcpu].loaded) {
            machine_unload(vcpu);
        } else {
            machine_fill(vcpu);
        }
    } else if (what < 30) {
        step_device(vcpu);
    } else if (what < 40) {
        step_kick();
    } else if (!machine.cpu[vcpu].loaded) {
        return;
    } else if (what < 60) {
        step_ack(vcpu, test_random_below(3) != 0);
    } else if (what < 80) {
        step_end(vcpu);
    } else {
        step_guest_write(vcpu);
    }
}

static void drain(void)
{
    for (unsigned vcpu = 0; vcpu < VCPUS; vcpu++) {
        if (!machine.cpu[vcpu].loaded) {
            machine_fill(vcpu);
        }
    }
    for (unsigned vcpu = 0; vcpu < VCPUS; vcpu++) {
        write_reg(vcpu, vcpu, 0, 0x100, ~0u);
        write_reg(vcpu, vcpu, 1, 0x100, ~0u);
    }
    for (unsigned i = 0; i < 3000; i++) {
        unsigned vcpu = i % VCPUS;

        step_kick();
        for (unsigned intid = GIC_PPI_FIRST; intid < LIMIT; intid++) {
            *waited(vcpu, intid) |= vgic_linked(machine.vgic, intid) && machine_fire(vcpu, intid, true);
        }
        step_ack(vcpu, true);
        step_end(vcpu);
        check_spis_are_listed_once();
    }
    for (unsigned vcpu = 0; vcpu < VCPUS; vcpu++) {
        for (unsigned intid = 0; intid < LIMIT; intid++) {
            CHECK(!*waited(vcpu, intid));
            CHECK(!machine_physical(vcpu, intid)->active);
            CHECK_EQ(machine_slot(vcpu, intid), -1);
        }
        CHECK(!vgic_deliverable(machine.vgic, vcpu));
    }
}

TEST(nothing_is_lost_while_kicks_are_on_their_way)
{
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned lrs = 1; lrs <= 5; lrs++) {
            start(lrs);
            for (unsigned n = test_long() ? 30000 : 3000; n > 0; n--) {
                step();
                check_spis_are_listed_once();
                check_invariants();
            }
            drain();
        }
    }
}

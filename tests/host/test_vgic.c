/* SPDX-License-Identifier: Apache-2.0 */
/* test_vgic.c - the life of a virtual interrupt that software makes, rule by rule. */
#include "vgic_guest.h"
#include "vgic_short.h"

TEST(edge_is_taken_once)
{
    guest_start(1, 4);
    pend(0, SOFT_EDGE);
    pend(0, SOFT_EDGE);
    CHECK_EQ(state_of(0, SOFT_EDGE), GIC_LR_PENDING);
    CHECK_EQ(flags_of(0, SOFT_EDGE), 0);
    CHECK_EQ(guest_ack(0), SOFT_EDGE);
    CHECK(read_bit(0, GICD_ISACTIVER, SOFT_EDGE) && !read_bit(0, GICD_ISPENDR, SOFT_EDGE));
    guest_end(0, SOFT_EDGE);
    CHECK_EQ(guest_ack(0), GIC_INTID_NONE);
    pend(0, SOFT_EDGE);
    CHECK_EQ(guest_ack(0), SOFT_EDGE);
    pend(0, SOFT_EDGE); /* While active: again after the end, for which it comes back. */
    CHECK_EQ(state_of(0, SOFT_EDGE), GIC_LR_ACTIVE);
    CHECK_EQ(flags_of(0, SOFT_EDGE), GIC_LR_EOI);
    guest_end(0, SOFT_EDGE);
    CHECK_EQ(guest_ack(0), SOFT_EDGE);
}

static void send_to_self(unsigned sgi)
{
    dist_write(0, GICD_SGIR, 2u << 24 | sgi);
}

TEST(what_comes_is_added_without_a_fold)
{
    guest_start(1, 4); /* Two of the four list registers are bound. */
    machine.folds = 0;
    for (unsigned round = 0; round < 5; round++) {
        send_to_self(1);
        send_to_self(2);
        CHECK_EQ(guest_ack(0), 1);
        guest_end(0, 1);
        send_to_self(3); /* In the place of the one that was ended. */
        CHECK_EQ(guest_ack(0), 2);
        guest_end(0, 2);
        CHECK_EQ(guest_ack(0), 3);
        guest_end(0, 3);
    }
    CHECK_EQ(machine.folds, 0);
    send_to_self(1);
    CHECK_EQ(guest_ack(0), 1);
    send_to_self(
        1); /* Once more while it is active: that takes a fold, and so does one for which there is no room. */
    CHECK_EQ(machine.folds, 1);
    CHECK_EQ(flags_of(0, 1), GIC_LR_EOI);
    send_to_self(2);
    CHECK_EQ(machine.folds, 1);
    send_to_self(3);
    CHECK_EQ(machine.folds, 2);
}

TEST(sgi_to_self_is_listed_at_once)
{
    guest_start(1, 4);
    CHECK(machine_send_self(0, 1));
    CHECK(!machine_send_self(0, 1)); /* It has not been taken. */
    CHECK_EQ(guest_ack(0), 1);
    CHECK(!machine_send_self(0, 1)); /* Nor ended. */
    guest_end(0, 1);
    CHECK(machine_send_self(0, 1));
    CHECK(machine_send_self(0, 2));
    CHECK(!machine_send_self(0, 3)); /* The others are bound. */
    CHECK_EQ(guest_ack(0), 1);
    guest_end(0, 1);
    CHECK(!machine_send_self(0, 3)); /* Not in another's place: that is for vgic_add(). */
    dist_write(0, GICD_CTLR, 2);
    CHECK(!machine_send_self(0, 1)); /* Its group is off. */
    dist_write(0, GICD_CTLR, 3);
    vgic_mark_stale(machine.vgic, 0);
    CHECK(!machine_send_self(0, 1)); /* The list registers are not what they should be. */
    machine_exit(0);
    dist_write(0, GICD_ISACTIVER, BIT32(1));
    CHECK(!machine_send_self(0, 1));
    check_invariants();
}

TEST(software_lists_at_once_what_was_idle)
{
    const unsigned intid = 70; /* In no register with one that is bound. */

    guest_start(1, 4);
    write_bit(0, GICD_ISENABLER, intid);
    machine.folds = 0;
    for (unsigned round = 0; round < 4; round++) {
        write_bit(0, GICD_ISPENDR, intid);
        CHECK_EQ(guest_ack(0), intid);
        guest_end(0, intid);
        CHECK(!read_bit(0, GICD_ISPENDR, intid));
    }
    CHECK_EQ(machine.folds, 0);
    write_bit(0, GICD_ISPENDR, intid);
    CHECK(read_bit(0, GICD_ISPENDR, intid));
    CHECK_EQ(machine.folds, 1);
    check_invariants();
}

TEST(an_edge_for_who_runs_here_is_listed_at_once)
{
    guest_start(1, 4);
    machine.folds = 0;
    for (unsigned round = 0; round < 4; round++) {
        machine_pend(0, SOFT_EDGE);
        CHECK_EQ(machine.pended_now, round + 1);
        CHECK_EQ(state_of(0, SOFT_EDGE), GIC_LR_PENDING);
        CHECK_EQ(guest_ack(0), SOFT_EDGE);
        guest_end(0, SOFT_EDGE);
    }
    send_to_self(1); /* Both shared list registers are in use, then ended. */
    CHECK_EQ(guest_ack(0), 1);
    guest_end(0, 1);
    machine_pend(0, 53);
    CHECK_EQ(machine.pended_now, 4); /* It is not enabled. */
    write_bit(0, GICD_ISENABLER, 53);
    CHECK_EQ(guest_ack(0), 53);
    guest_end(0, 53);
    machine.folds = 0;
    machine_pend(0, SOFT_EDGE);
    machine_pend(0, SOFT_EDGE); /* Pending already: the long way, once more. */
    CHECK_EQ(machine.pended_now, 5);
    CHECK_EQ(guest_ack(0), SOFT_EDGE);
    guest_end(0, SOFT_EDGE);
    check_invariants();
}

TEST(pending_survives_disabled)
{
    guest_start(1, 4);
    write_bit(0, GICD_ICENABLER, SOFT_EDGE);
    CHECK_EQ(vgic_pend(machine.vgic, 0, SOFT_EDGE, 0), -1);
    CHECK_EQ(machine_slot(0, SOFT_EDGE), -1);
    CHECK(read_bit(0, GICD_ISPENDR, SOFT_EDGE));
    write_bit(0, GICD_ISENABLER, SOFT_EDGE);
    CHECK_EQ(state_of(0, SOFT_EDGE), GIC_LR_PENDING);
    write_bit(0, GICD_ICENABLER, SOFT_EDGE); /* Disabled while listed: it leaves the list register. */
    CHECK_EQ(machine_slot(0, SOFT_EDGE), -1);
    write_bit(0, GICD_ISENABLER, SOFT_EDGE);
    CHECK_EQ(guest_ack(0), SOFT_EDGE);
    write_bit(0, GICD_ICENABLER, SOFT_EDGE); /* Disabled while active: it can still be ended. */
    CHECK_EQ(state_of(0, SOFT_EDGE), GIC_LR_ACTIVE);
}

TEST(groups_gate_delivery)
{
    guest_start(1, 4);
    dist_write(0, GICD_CTLR, 2);
    CHECK_EQ(vgic_pend(machine.vgic, 0, SOFT_EDGE, 0), -1);
    write_bit(0, GICD_IGROUPR, SOFT_EDGE);
    CHECK_EQ(flags_of(0, SOFT_EDGE), GIC_LR_GROUP1);
    dist_write(0, GICD_CTLR, 1);
    CHECK_EQ(machine_slot(0, SOFT_EDGE), -1);
    machine_unload(0);
    CHECK(!vgic_deliverable(machine.vgic, 0));
    machine_fill(0);
    dist_write(0, GICD_CTLR, 3);
    machine_unload(0);
    CHECK(vgic_deliverable(machine.vgic, 0));
}

TEST(level_comes_again_while_asserted)
{
    guest_start(1, 4);
    set_level(SOFT_LEVEL, true);
    CHECK_EQ(flags_of(0, SOFT_LEVEL), GIC_LR_EOI);
    CHECK_EQ(guest_ack(0), SOFT_LEVEL);
    guest_end(0, SOFT_LEVEL);
    CHECK_EQ(state_of(0, SOFT_LEVEL), GIC_LR_PENDING);
    CHECK_EQ(guest_ack(0), SOFT_LEVEL);
    set_level(SOFT_LEVEL, false);
    guest_end(0, SOFT_LEVEL);
    CHECK_EQ(machine_slot(0, SOFT_LEVEL), -1);
    set_level(SOFT_LEVEL, true);
    set_level(SOFT_LEVEL, false); /* Withdrawn before it was taken: gone on the next way out of EL2. */
    CHECK(vgic_stale(machine.vgic, 0));
    machine_exit(0);
    CHECK_EQ(machine_slot(0, SOFT_LEVEL), -1);
}

TEST(level_and_latch_are_two_things)
{
    guest_start(1, 4);
    write_bit(0, GICD_ISPENDR, SOFT_LEVEL);
    CHECK_EQ(flags_of(0, SOFT_LEVEL), 0);
    set_level(SOFT_LEVEL, true);
    write_bit(0, GICD_ICPENDR, SOFT_LEVEL); /* Clears the latch, not the line. */
    CHECK(read_bit(0, GICD_ISPENDR, SOFT_LEVEL));
    set_level(SOFT_LEVEL, false);
    CHECK(!read_bit(0, GICD_ISPENDR, SOFT_LEVEL));
    write_bit(0, GICD_ISPENDR, SOFT_LEVEL);
    CHECK_EQ(guest_ack(0), SOFT_LEVEL);
    guest_end(0, SOFT_LEVEL);
    CHECK_EQ(machine_slot(0, SOFT_LEVEL), -1);
}

TEST(sgi_keeps_its_source)
{
    guest_start(3, 4);
    dist_write(2, GICD_SGIR, 1u << 16 | 5);
    dist_write(1, GICD_SGIR, 1u << 16 | 5);
    CHECK_EQ(machine.cpu[0].lr[machine_slot(0, 5)].source, 1);
    CHECK_EQ(flags_of(0, 5), GIC_LR_EOI);
    CHECK_EQ(dist_read(0, 0xf24), 0x0600);
    CHECK_EQ(guest_ack(0), 5);
    unsigned first = machine.cpu[0].lr[machine_slot(0, 5)].source;
    CHECK_EQ(dist_read(0, 0xf24), 0x0600 & ~(BIT32(first) << 8));
    guest_end(0, 5);
    CHECK_EQ(guest_ack(0), 5);
    CHECK_EQ(machine.cpu[0].lr[machine_slot(0, 5)].source, 3 - first);
    guest_end(0, 5);
    CHECK_EQ(guest_ack(0), GIC_INTID_NONE);
}

TEST(overflow_loses_nothing_and_keeps_order)
{
    guest_start(1, 4);
    dist_write(0, GICD_ISENABLER + 4, ~0u);
    for (unsigned intid = 63; intid >= 32; intid--) {
        write_byte(0, GICD_IPRIORITYR, intid,
                   (uint8_t)((intid * 8) & 0xf8)); /* 32 priorities, some mixed up. */
        pend(0, intid);
    }
    for (unsigned priority = 0; priority < 0x100; priority += 8) {
        unsigned intid = guest_ack(0);

        CHECK(intid >= 32 && intid < 64);
        CHECK_EQ(virq_of(0, intid)->priority, priority);
        guest_end(0, intid);
    }
    CHECK_EQ(guest_ack(0), GIC_INTID_NONE);
}

TEST(new_target_of_a_listed_one_is_noticed)
{
    guest_start(2, 4);
    pend(0, SOFT_EDGE);
    write_byte(0, GICD_ITARGETSR, SOFT_EDGE,
               2); /* vCPU 0 folds on its way out: vCPU 1 has to be told by then. */
    CHECK_EQ(machine_slot(0, SOFT_EDGE), -1);
    CHECK_EQ(guest_ack(1), SOFT_EDGE);
    write_byte(0, GICD_ITARGETSR, SOFT_EDGE, 1); /* Active: stays where it was acknowledged. */
    pend(0, SOFT_EDGE);
    CHECK_EQ(state_of(1, SOFT_EDGE), GIC_LR_ACTIVE);
    CHECK_EQ(machine_slot(0, SOFT_EDGE), -1);
    guest_end(1, SOFT_EDGE);
    CHECK_EQ(guest_ack(0), SOFT_EDGE);
    guest_end(0, SOFT_EDGE);
    machine.spi[DEVICE].line = true;
    CHECK(machine_fire(0, DEVICE, true));
    CHECK_EQ(guest_ack(0), DEVICE);
    write_byte(1, GICD_ITARGETSR, DEVICE, 2);
    CHECK(!published(1, DEVICE));
    guest_end(0, DEVICE);
    vgic_mark_stale(machine.vgic, 0);
    machine_exit(0);
    CHECK(vgic_stale(machine.vgic, 1)); /* Its list register there can be used from now on. */
}

TEST(reset_of_a_vcpu)
{
    guest_start(2, 4);
    machine.cpu[1].ppi[TIMER].line = true;
    CHECK(machine_fire(1, TIMER, true));
    dist_write(0, GICD_SGIR, 2u << 16 | 3);
    pend(1, 20);
    machine_unload(1);
    vgic_vcpu_reset(machine.vgic, 1);
    check_invariants();
    CHECK(!vgic_deliverable(machine.vgic, 1));
    machine_fill(1);
    CHECK_EQ(machine.cpu[1].fill.ppi_active | machine.cpu[1].fill.ppi_enable, 0);
    CHECK_EQ(dist_read(1, GICD_ISENABLER), 0xffff);
    CHECK_EQ(dist_read(1, GICD_ISPENDR), 0);
    CHECK_EQ(dist_read(1, 0xf20), 0);
    CHECK(published(0, TIMER) && !published(1, TIMER));
    write_bit(1, GICD_ISENABLER, TIMER);
    CHECK(published(1, TIMER));
}

/* What came while it was off: its own interrupts are reset, at whatever priority they waited; SPIs stay. */
TEST(reset_of_a_vcpu_that_was_off)
{
    guest_start(2, 4);
    write_byte(0, GICD_ITARGETSR, SOFT_EDGE, 2);
    for (unsigned intid = 0; intid < GIC_SPI_FIRST; intid++) {
        write_bit(1, GICD_ISENABLER, intid);
        write_byte(1, GICD_IPRIORITYR, intid, (uint8_t)(intid * 8));
    }
    write_bit(1, GICD_ISACTIVER, 21);
    machine_unload(1);
    for (unsigned sgi = 0; sgi < GIC_SGI_COUNT; sgi++) {
        dist_write(0, GICD_SGIR, 2u << 16 | sgi);
    }
    vgic_set_level(machine.vgic, 1, 20, true);
    pend(1, SOFT_EDGE);
    check_invariants();
    vgic_vcpu_reset(machine.vgic, 1);
    check_invariants();
    machine_fill(1);
    CHECK_EQ(guest_ack(1), SOFT_EDGE);
    guest_end(1, SOFT_EDGE);
    CHECK_EQ(dist_read(1, GICD_ISACTIVER), 0);
    CHECK_EQ(dist_read(1, GICD_ISPENDR), BIT32(20)); /* Its line is still up, and it is disabled. */
    CHECK_EQ(machine_ack(1), -1);
    write_bit(1, GICD_ISENABLER, 20);
    CHECK_EQ(guest_ack(1), 20);
}

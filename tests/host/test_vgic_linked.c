/* SPDX-License-Identifier: Apache-2.0 */
/* test_vgic_linked.c - the life of a virtual interrupt that a physical one feeds, and of its bound list
 * register. */
#include "vgic_guest.h"

TEST(one_list_register_is_enough)
{
    guest_start(1, 1);
    machine.spi[DEVICE].line = true;
    CHECK(machine_fire(0, DEVICE, false));
    CHECK_EQ(flags_of(0, DEVICE), GIC_LR_HW);
    pend(0, SOFT_EDGE); /* The end of DEVICE must be noticed now: no HW, and we deactivate. */
    CHECK_EQ(flags_of(0, DEVICE), GIC_LR_EOI);
    CHECK_EQ(guest_ack(0), DEVICE);
    CHECK(!machine_fire(0, DEVICE, false));
    machine.spi[DEVICE].line = false;
    guest_end(0, DEVICE);
    CHECK(!machine.spi[DEVICE].active);
    CHECK_EQ(guest_ack(0), SOFT_EDGE);
}

TEST(bound_interrupts_need_no_fold)
{
    guest_start(1, 4);
    machine.spi[DEVICE].line = machine.cpu[0].ppi[TIMER].line = true;
    machine.folds = 0;
    for (unsigned i = 0; i < 5; i++) {
        CHECK(machine_fire(0, TIMER, true) && machine_fire(0, DEVICE, true));
        CHECK(!machine_fire(0, TIMER, true));
        CHECK_EQ(guest_ack(0), TIMER);
        CHECK_EQ(guest_ack(0), DEVICE);
        machine_end(0, (unsigned)machine_slot(0, DEVICE));
        machine_end(0, (unsigned)machine_slot(0, TIMER));
    }
    CHECK_EQ(machine.folds, 0);
    CHECK(!vgic_stale(machine.vgic, 0));
    CHECK(machine_fire(0, TIMER, true));
    CHECK(read_bit(0, GICD_ISPENDR, TIMER)); /* The fold finds what the model was not told. */
    CHECK((machine.cpu[0].fill.ppi_active & BIT32(TIMER - 16)) != 0);
    CHECK_EQ(flags_of(0, TIMER), GIC_LR_HW);
}

TEST(guest_writes_keep_the_pair_whole)
{
    guest_start(2, 4);
    CHECK(published(0, TIMER) && published(0, DEVICE) && published(1, TIMER) && !published(1, DEVICE));
    write_byte(0, GICD_IPRIORITYR, TIMER, 0x20); /* check_fill() compares the precomputed value. */
    CHECK(published(0, TIMER));
    write_bit(0, GICD_IGROUPR, TIMER);
    CHECK(published(0, TIMER));
    dist_write(0, GICD_CTLR, 1); /* DEVICE is in group 0, TIMER in group 1. */
    CHECK(!published(0, TIMER) && published(0, DEVICE));
    dist_write(0, GICD_CTLR, 3);
    CHECK(published(0, TIMER));
    write_bit(0, GICD_ICENABLER, TIMER);
    CHECK(!published(0, TIMER) && !machine.cpu[0].ppi[TIMER].enabled && machine.cpu[1].ppi[TIMER].enabled);
    write_bit(1, GICD_ICENABLER, DEVICE); /* From the other vCPU. */
    CHECK(!machine.spi[DEVICE].enabled);
    machine_exit(0);
    CHECK(!published(0, DEVICE));
    write_bit(0, GICD_ISENABLER, DEVICE);
    CHECK(published(0, DEVICE) && machine.spi[DEVICE].enabled);
    write_byte(1, GICD_ITARGETSR, DEVICE, 2);
    machine_exit(0);
    CHECK(!published(0, DEVICE) && published(1, DEVICE));
    CHECK_EQ(machine.work.route, BIT32(DEVICE - 32));
    write_bit(1, GICD_ISPENDR,
              DEVICE); /* In software: it is in its slot, which the hardware must not take. */
    CHECK(!published(1, DEVICE));
    CHECK_EQ(flags_of(1, DEVICE), 0);
    CHECK(!machine.spi[DEVICE].active);
    CHECK_EQ(guest_ack(1), DEVICE);
    machine_end(1, (unsigned)machine_slot(1, DEVICE));
    vgic_mark_stale(machine.vgic, 1);
    machine_exit(1);
    CHECK(published(1, DEVICE));
}

TEST(two_list_registers_stay_shared)
{
    for (unsigned lrs = 1; lrs <= 5; lrs++) {
        unsigned count = 0;

        guest_start(1, lrs);
        machine_link(41, true);
        machine_link(42, true);
        write_bit(0, GICD_ISENABLER, 41);
        write_bit(0, GICD_ISENABLER, 42);
        for (unsigned intid = 16; intid < 64; intid++) {
            count += published(0, intid);
        }
        CHECK_EQ(count, lrs > 2 ? lrs - 2 : 0);
        write_bit(0, GICD_ICENABLER, TIMER);
        write_bit(0, GICD_ICENABLER, 42);
        write_bit(0, GICD_ISENABLER, 42);
        CHECK(lrs < 3 || published(0, 42));
    }
}

/* Idle bound list registers are lent when what is active has taken the others: to active ones, and to the
 * best of those that wait, which may preempt. */
TEST(bound_list_registers_are_lent_last)
{
    guest_start(1, 4);
    dist_write(0, GICD_ISENABLER + 4, ~0u);
    for (unsigned i = 0; i < 4; i++) {
        pend(0, 60 + i);
    }
    CHECK(published(0, TIMER) && published(0, DEVICE));
    CHECK_EQ(guest_ack(0), 60);
    CHECK_EQ(guest_ack(0), 61);
    CHECK_EQ(guest_ack(0), GIC_INTID_NONE);
    write_bit(0, GICD_ISACTIVER, 59);
    CHECK_EQ((unsigned)published(0, TIMER) + published(0, DEVICE), 0);
    CHECK_EQ(state_of(0, 59), GIC_LR_ACTIVE);
    CHECK_EQ(state_of(0, 62), GIC_LR_PENDING);
    machine.cpu[0].ppi[TIMER].line = machine.spi[DEVICE].line = true;
    CHECK(machine_fire(0, TIMER, true) && machine_fire(0, DEVICE, true));
    guest_end(0, 59);
    guest_end(0, 60);
    CHECK_EQ(state_of(0, TIMER) | state_of(0, DEVICE), GIC_LR_PENDING);
}

TEST(linked_pending_can_be_cleared)
{
    guest_start(1, 4);
    machine.spi[DEVICE].line = true;
    CHECK(machine_fire(0, DEVICE, false));
    machine.spi[DEVICE].line = false;
    write_bit(0, GICD_ICPENDR, DEVICE);
    CHECK_EQ(machine.work.clear_active & machine.work.clear_pending, BIT32(DEVICE - 32));
    CHECK(!machine.spi[DEVICE].active);
    CHECK_EQ(machine_slot(0, DEVICE), -1);
    machine.spi[DEVICE].line = true;
    CHECK(machine_fire(0, DEVICE, false));
    CHECK_EQ(guest_ack(0), DEVICE);
    write_bit(0, GICD_ICPENDR, DEVICE); /* Active: stays acknowledged until the guest ends it. */
    CHECK_EQ(machine.work.clear_active, 0);
    CHECK_EQ(flags_of(0, DEVICE), GIC_LR_HW);
    write_bit(0, GICD_ICACTIVER, DEVICE);
    CHECK(!machine.spi[DEVICE].active);
    CHECK_EQ(machine_slot(0, DEVICE), -1);
}

TEST(another_vcpu_clears_a_listed_one)
{
    guest_start(2, 4);
    machine.spi[DEVICE].line = true;
    CHECK(machine_fire(0, DEVICE, false));
    CHECK_EQ(guest_ack(0), DEVICE);
    write_bit(1, GICD_ICACTIVER,
              DEVICE); /* The fold of vCPU 0 deactivates, when its list register is out of the way. */
    CHECK_EQ(machine.work.clear_active, 0);
    CHECK_EQ(machine.work.notice, BIT32(0));
    CHECK(!machine.spi[DEVICE].active);
    CHECK_EQ(machine_slot(0, DEVICE), -1);
    CHECK(published(0, DEVICE));
}

TEST(linked_second_life_is_kept_apart)
{
    guest_start(1, 4);
    machine.spi[DEVICE].line = true;
    CHECK(machine_fire(0, DEVICE, false));
    CHECK_EQ(guest_ack(0), DEVICE);
    write_bit(0, GICD_ISPENDR, DEVICE);
    CHECK_EQ(flags_of(0, DEVICE), GIC_LR_EOI);
    guest_end(0, DEVICE);
    CHECK(machine.spi[DEVICE].active); /* Ended together with the second one. */
    CHECK_EQ(flags_of(0, DEVICE), GIC_LR_HW);
    CHECK_EQ(guest_ack(0), DEVICE);
    guest_end(0, DEVICE);
    CHECK(!machine.spi[DEVICE].active);
}

TEST(disabled_linked_keeps_what_arrived)
{
    guest_start(1, 4);
    machine.cpu[0].ppi[TIMER].line = true;
    CHECK(machine_fire(0, TIMER, true));
    write_bit(0, GICD_ICENABLER, TIMER);
    CHECK_EQ(machine_slot(0, TIMER), -1);
    CHECK(machine.cpu[0].ppi[TIMER].active && !machine.cpu[0].ppi[TIMER].enabled);
    CHECK(read_bit(0, GICD_ISPENDR, TIMER));
    write_bit(0, GICD_ISENABLER, TIMER);
    CHECK_EQ(flags_of(0, TIMER), GIC_LR_HW);
}

TEST(pending_reads_ask_the_physical_gic)
{
    guest_start(2, 4);
    dist_read(0, GICD_ISPENDR + 4);
    CHECK_EQ(machine.work.query_pending, BIT32(DEVICE - 32));
    CHECK_EQ(machine.work.first, 32);
    dist_read(0, GICD_ISPENDR);
    CHECK_EQ(machine.work.query_pending, BIT32(TIMER));
    CHECK_EQ(machine.work.first, 0);
    machine_start(3, 2, 4, 96);
    machine_link(TIMER, false);
    CHECK(machine_access(0, 1, 0x10200, 4, false, &(uint64_t){0}));
    CHECK_EQ(machine.work.query_pending, 0); /* Not from here. */
}

/* The timer of one vCPU is in its handler while another one runs: the physical active bit belongs to the
 * first. */
TEST(switch_inside_the_handler)
{
    guest_start(2, 4);
    machine.cpu[0].ppi[TIMER].line = true;
    CHECK(machine_fire(0, TIMER, true));
    CHECK_EQ(guest_ack(0), TIMER);
    machine_unload(0);
    CHECK(!machine.cpu[0].ppi[TIMER].active && !vgic_deliverable(machine.vgic, 0));
    machine_fill(0);
    CHECK(machine.cpu[0].ppi[TIMER].active);
    CHECK_EQ(state_of(0, TIMER), GIC_LR_ACTIVE);
    CHECK(!machine_fire(0, TIMER, true));
    guest_end(0, TIMER);
    CHECK(machine_fire(0, TIMER, true));
}

TEST(no_target_keeps_it_pending)
{
    guest_start(2, 4);
    write_byte(0, GICD_ITARGETSR, DEVICE, 0);
    machine.spi[DEVICE].line = true;
    machine.spi[DEVICE].active = true;
    CHECK_EQ(vgic_hw_arrived(machine.vgic, 0, DEVICE), -1);
    write_byte(0, GICD_ITARGETSR, DEVICE, 2);
    CHECK_EQ(flags_of(1, DEVICE), GIC_LR_HW);
}

TEST(linked_spis_of_a_vcpu)
{
    guest_start(2, 4);
    machine_link(32, true);
    machine_link(95, true);
    write_byte(0, GICD_ITARGETSR, DEVICE, 2);
    CHECK_EQ(vgic_next_linked(machine.vgic, 32), 32);
    CHECK_EQ(vgic_next_linked(machine.vgic, 33), DEVICE);
    CHECK_EQ(vgic_next_linked(machine.vgic, DEVICE + 1), 95);
    CHECK_EQ(vgic_next_linked(machine.vgic, 96), 0);
    CHECK_EQ(vgic_next_linked_spi(machine.vgic, 0, 32), 32);
    CHECK_EQ(vgic_next_linked_spi(machine.vgic, 0, 33), 95);
    CHECK_EQ(vgic_next_linked_spi(machine.vgic, 0, 96), 0);
    CHECK_EQ(vgic_next_linked_spi(machine.vgic, 1, 32), DEVICE);
    CHECK_EQ(vgic_next_linked_spi(machine.vgic, 1, DEVICE + 1), 0);
    CHECK(vgic_linked(machine.vgic, TIMER) && vgic_linked(machine.vgic, 95) &&
          !vgic_linked(machine.vgic, 33));
    CHECK(!vgic_linked(machine.vgic, 1019));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* vgic_guest.h - what the rule by rule tests of the vGIC share: a GICv2 guest with four interrupts, one of
 * each kind. */
#ifndef TESTS_HOST_VGIC_GUEST_H
#define TESTS_HOST_VGIC_GUEST_H

#include "vgic_machine.h"

#define GICD_CTLR 0x000u
#define GICD_IGROUPR 0x080u
#define GICD_ISENABLER 0x100u
#define GICD_ICENABLER 0x180u
#define GICD_ISPENDR 0x200u
#define GICD_ICPENDR 0x280u
#define GICD_ISACTIVER 0x300u
#define GICD_ICACTIVER 0x380u
#define GICD_IPRIORITYR 0x400u
#define GICD_ITARGETSR 0x800u
#define GICD_ICFGR 0xc00u
#define GICD_SGIR 0xf00u

#define TIMER 27u  /* Linked PPI, level. */
#define DEVICE 40u /* Linked SPI, level. */
#define SOFT_EDGE 50u
#define SOFT_LEVEL 51u

static inline void write_bit(unsigned vcpu, uint32_t reg, unsigned intid)
{
    dist_write(vcpu, reg + intid / 32 * 4, BIT32(intid % 32));
}

static inline bool read_bit(unsigned vcpu, uint32_t reg, unsigned intid)
{
    return (dist_read(vcpu, reg + intid / 32 * 4) & BIT32(intid % 32)) != 0;
}

static inline void write_byte(unsigned vcpu, uint32_t reg, unsigned intid, uint8_t byte)
{
    uint64_t value = byte;

    CHECK(machine_access(vcpu, -1, reg + intid, 1, true, &value));
}

/* All vCPUs run, groups on, the four interrupts above enabled at priority 0x80. */
static inline void guest_start(unsigned vcpus, unsigned lrs)
{
    machine_start(2, vcpus, lrs, 96);
    machine_link(TIMER, false);
    machine_link(DEVICE, false);
    for (unsigned vcpu = 0; vcpu < vcpus; vcpu++) {
        machine_fill(vcpu);
        dist_write(vcpu, GICD_CTLR, 3);
        write_bit(vcpu, GICD_ISENABLER, TIMER);
        write_byte(vcpu, GICD_IPRIORITYR, TIMER, 0x80);
    }
    dist_write(0, GICD_ICFGR + 12, BIT32(2 * (SOFT_EDGE - 48) + 1));
    for (unsigned intid = 32; intid < 64; intid++) {
        write_byte(0, GICD_IPRIORITYR, intid, 0x80);
    }
    write_bit(0, GICD_ISENABLER, DEVICE);
    write_bit(0, GICD_ISENABLER, SOFT_EDGE);
    write_bit(0, GICD_ISENABLER, SOFT_LEVEL);
}

static inline void pend(unsigned vcpu, unsigned intid)
{
    machine_notice_one(vgic_pend(machine.vgic, vcpu, intid, 0));
}

static inline void set_level(unsigned intid, bool level)
{
    machine_notice_one(vgic_set_level(machine.vgic, 0, intid, level));
}

static inline unsigned state_of(unsigned vcpu, unsigned intid)
{
    int slot = machine_slot(vcpu, intid);

    return slot >= 0 ? machine.cpu[vcpu].lr[slot].state : 0;
}

static inline unsigned flags_of(unsigned vcpu, unsigned intid)
{
    int slot = machine_slot(vcpu, intid);

    return slot >= 0 ? machine.cpu[vcpu].lr[slot].flags : 0;
}

static inline unsigned guest_ack(unsigned vcpu)
{
    int slot = machine_ack(vcpu);

    return slot >= 0 ? machine.cpu[vcpu].lr[slot].vintid : GIC_INTID_NONE;
}

static inline void guest_end(unsigned vcpu, unsigned intid)
{
    int slot = machine_slot(vcpu, intid);

    CHECK(slot >= 0);
    machine_end(vcpu, (unsigned)slot);
    check_invariants();
}

static inline bool published(unsigned vcpu, unsigned intid)
{
    for (unsigned slot = 0; slot < machine.config.lr_count; slot++) {
        if (machine.cpu[vcpu].fill.bound_intid[slot] == intid) {
            return true;
        }
    }
    return false;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* vgic_short.h - the machine of vgic_machine.h makes interrupts pending the short ways, straight into a list
 * register. */
#ifndef TESTS_HOST_VGIC_SHORT_H
#define TESTS_HOST_VGIC_SHORT_H

#include "vgic/vgic_send_self.h"
#include "vgic_machine.h"

/* GICv2: loaded @vcpu sends @sgi to itself. Returns whether that went the short way. */
static inline bool machine_send_self(unsigned vcpu, unsigned sgi)
{
    struct vgic_list list;

    machine.accessing = vcpu;
    if (!machine.cpu[vcpu].loaded || !vgic_send_self(machine.vgic, vgic_of_vcpu(machine.vgic, vcpu), vcpu,
                                                     sgi, machine_lr_empty(), &list)) {
        return false;
    }
    machine_list(&list);
    CHECK(!vgic_stale(machine.vgic, vcpu));
    machine.sent_to_self++;
    return true;
}

/* An edge of @intid, the short way if @vcpu is loaded and nothing stands in it. */
static inline void machine_pend(unsigned vcpu, unsigned intid)
{
    struct vgic_list list;

    machine.accessing = vcpu;
    if (machine.cpu[vcpu].loaded && vgic_pend_now(machine.vgic, vcpu, intid, &list)) {
        machine_list(&list);
        machine.pended_now++;
    } else {
        machine_notice_one(vgic_pend(machine.vgic, vcpu, intid, 0));
    }
}

#endif

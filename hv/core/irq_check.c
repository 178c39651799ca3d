/* SPDX-License-Identifier: Apache-2.0 */
/* irq_check.c - asserts, in DEBUG builds, that the interrupt fast path may do what it would do: the pCPU's
 * table and list registers against the model (vgic/vgic_check.c has the invariant). */
#include "core/irq.h"
#include "core/vcpu.h"
#include "drivers/gic.h"
#include "lib/panic.h"

/* After the guest's end an interrupt may take its time to be inactive in the distributor. */
#define ACTIVE_READS_MAX 100

/* Only of this pCPU's own interrupts: some GICs (QEMU's GICv2) keep the state of SPIs where they were
 * acknowledged. */
static bool physical_active(unsigned intid, bool expected)
{
    bool active = gic()->is_active(intid);

    for (unsigned i = 0; active && !expected && i < ACTIVE_READS_MAX; i++) {
        active = gic()->is_active(intid);
    }
    return active;
}

static void read_slot(const struct pcpu *cpu, unsigned slot, struct vgic_fast_slot *now)
{
    const struct gic_driver *g = gic();

    now->intid = (cpu->bound_slots & BIT32(slot)) != 0 ? cpu->bound_intid[slot] : 0;
    if (now->intid == 0) {
        return;
    }
    g->lr_decode(g->lr_read(slot), &now->lr);
    g->lr_decode(cpu->bound[slot].value, &now->next);
    now->active_known = now->intid < GIC_SPI_FIRST;
    now->active = now->active_known && physical_active(now->intid, now->lr.state != 0);
}

/* The table itself, by INTID, has what the words beside it say and no more. */
static void check_table(const struct pcpu *cpu)
{
    for (unsigned intid = 0; intid < BOUND_INTID_COUNT; intid++) {
        unsigned slot = cpu->bound_slot[intid] - 1u;

        if (cpu->bound_slot[intid] != 0 &&
            ((cpu->bound_slots & BIT32(slot)) == 0 || cpu->bound_intid[slot] != intid)) {
            panic("irq: the fast path's table has INTID %u in list register %u, and nobody put it there",
                  intid, slot);
        }
    }
}

void irq_check_fast_path(const struct pcpu *cpu, const struct vcpu *vcpu, bool all)
{
    const struct vgic *vgic = vcpu->domain->vgic;

    for (unsigned slot = 0; slot < gic()->lr_count(); slot++) {
        struct vgic_fast_slot now = {0};
        const char *wrong = NULL;

        read_slot(cpu, slot, &now);
        if (now.intid != 0 && cpu->bound_slot[now.intid] != slot + 1) {
            panic("irq: INTID %u is not in the fast path's table, but list register %u is bound to it",
                  now.intid, slot);
        }
        spin_lock(vgic_lock(vcpu->domain->vgic));
        if (!vgic_stale(vgic, vcpu->id)) { /* Else its kick is on the way. */
            wrong = vgic_fast_wrong(vgic, vcpu->id, slot, &now);
        }
        spin_unlock(vgic_lock(vcpu->domain->vgic));
        if (wrong != NULL) {
            panic("irq: d%uv%u, list register %u, in the fast path's table for INTID %u: %s",
                  vcpu->domain->id, vcpu->id, slot, now.intid, wrong);
        }
    }
    if (all) {
        check_table(cpu);
    }
}

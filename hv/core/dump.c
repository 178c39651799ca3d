/* SPDX-License-Identifier: Apache-2.0 */
/* dump.c - a vCPU's registers in words: noted at once, logged a line at a time. */
#include "core/dump.h"

#include "core/domain.h"
#include "lib/log.h"

void vcpu_dump_take(const struct vcpu *vcpu, struct vcpu_dump *out)
{
    out->domid = vcpu->domain->id;
    out->vcpu_id = vcpu->id;
    out->frame = vcpu->frame;
    out->sp_el1 = sysreg_read(sp_el1);
    out->esr = sysreg_read(esr_el1);
    out->elr = sysreg_read(elr_el1);
    out->far = sysreg_read(far_el1);
    out->vbar = sysreg_read(vbar_el1);
    out->sctlr = sysreg_read(sctlr_el1);
    out->ttbr0 = sysreg_read(ttbr0_el1);
    out->ttbr1 = sysreg_read(ttbr1_el1);
    out->tcr = sysreg_read(tcr_el1);
}

void vcpu_dump_line(const struct vcpu_dump *dump, unsigned number)
{
    const struct frame *f = &dump->frame;
    unsigned first = (number - 1) * 3;

    if (number == 0) {
        log_error("d%uv%u pc 0x%016lx pstate 0x%lx", dump->domid, dump->vcpu_id, (unsigned long)f->pc,
                  (unsigned long)f->pstate);
    } else if (number <= 10) {
        log_error("  x%-2u %016lx  x%-2u %016lx  x%-2u %016lx", first, (unsigned long)f->x[first], first + 1,
                  (unsigned long)f->x[first + 1], first + 2, (unsigned long)f->x[first + 2]);
    } else if (number == 11) {
        log_error("  x30 %016lx  sp  %016lx  esr %016lx", (unsigned long)f->x[30],
                  (unsigned long)dump->sp_el1, (unsigned long)dump->esr);
    } else if (number == 12) {
        log_error("  elr %016lx  far %016lx  vbar %016lx", (unsigned long)dump->elr, (unsigned long)dump->far,
                  (unsigned long)dump->vbar);
    } else {
        log_error("  sctlr %lx ttbr0 %lx ttbr1 %lx tcr %lx", (unsigned long)dump->sctlr,
                  (unsigned long)dump->ttbr0, (unsigned long)dump->ttbr1, (unsigned long)dump->tcr);
    }
}

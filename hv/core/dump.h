/* SPDX-License-Identifier: Apache-2.0 */
/* dump.h - a vCPU's registers in words, for who looks for the fault in a guest. */
#ifndef CORE_DUMP_H
#define CORE_DUMP_H

#include "core/vcpu.h"

#define VCPU_DUMP_LINES 14u

/* What a dump shows, as it was at one moment. */
struct vcpu_dump {
    unsigned domid, vcpu_id;
    struct frame frame;
    uint64_t sp_el1, esr, elr, far, vbar, sctlr, ttbr0, ttbr1, tcr;
};

/* Note the registers of @vcpu, the running one. */
void vcpu_dump_take(const struct vcpu *vcpu, struct vcpu_dump *out);

/* Log line @number, below VCPU_DUMP_LINES, at LOG_ERROR. One is some 2,500 instructions: a stay in EL2 has
 * room for no more. */
void vcpu_dump_line(const struct vcpu_dump *dump, unsigned number);

#endif

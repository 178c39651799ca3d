/* SPDX-License-Identifier: Apache-2.0 */
/* trap.h - the entry points that vectors.S calls. Each returns the vCPU to run. */
#ifndef ENTRY_TRAP_H
#define ENTRY_TRAP_H

#include "core/vcpu.h"

#define HVC_XEN 0xea1u /* The immediate of a hypercall: xen/arch-arm.h. */

/* A synchronous exception with syndrome @esr: an HVC; any other. trap_exit() follows. */
void trap_hvc(struct vcpu *vcpu, uint64_t esr);
void trap_sync(struct vcpu *vcpu, uint64_t esr);
struct vcpu *trap_irq(struct vcpu *vcpu);
/* The same, acknowledged already: @iar is what that gave. */
struct vcpu *trap_irq_acknowledged(struct vcpu *vcpu, uint32_t iar);
struct vcpu *trap_serror(struct vcpu *vcpu, uint64_t esr);

/* Do what is to be done before a guest may run, sleep while there is none, and say who runs. Does not come
 * back, but returns to the guest by itself, when a vCPU was loaded meanwhile: what vectors.S kept in
 * registers is nobody's then. */
struct vcpu *trap_exit(void);

/* For entry/traced.c: carry out an acknowledged interrupt, and the same way out, which always comes back,
 * with records of what happens on it. What it returns has its registers in its frame. */
void trap_take(uint32_t iar);
struct vcpu *trap_exit_traced(void);

/* An exception of EL2 itself: say where, and stop. */
_Noreturn void trap_own_fault(unsigned vector, uint64_t sp, uint64_t lr);

/* vectors.S: return to @vcpu's frame. */
_Noreturn void guest_return(struct vcpu *vcpu);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* traced.h - ways into EL2 that leave records: see traced.c. */
#ifndef ENTRY_TRACED_H
#define ENTRY_TRACED_H

#include "core/pcpu.h"

/* Let @cpu, which is this one, take its traps with records, or without. */
void traced_set_vectors(struct pcpu *cpu, bool traced);

/* Acknowledge an interrupt and carry it out, with a record. */
void traced_interrupt(void);

/* vectors.S: the vectors with records, and what they call. Each returns the vCPU to run, whose registers are
 * in its frame. */
extern char vectors_traced[];
struct vcpu *traced_sync(struct vcpu *vcpu, uint64_t esr);
struct vcpu *traced_irq(struct vcpu *vcpu);

#endif

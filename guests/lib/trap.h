/* SPDX-License-Identifier: Apache-2.0 */
/* trap.h - exceptions and interrupts of a guest. */
#ifndef GUEST_TRAP_H
#define GUEST_TRAP_H

#include "asm.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct trap_frame { /* As vectors.S builds it. */
    uint64_t x[31];
    uint64_t elr, spsr;
    uint64_t stamp; /* Counter when the interrupt's registers were saved. */
};
_Static_assert(offsetof(struct trap_frame, elr) == FRAME_ELR, "as in asm.h");
_Static_assert(offsetof(struct trap_frame, stamp) == FRAME_STAMP, "as in asm.h");
_Static_assert(sizeof(struct trap_frame) == FRAME_BYTES, "as in asm.h");

/* It may change frame->elr. */
typedef void irq_handler(unsigned intid, struct trap_frame *frame);

#define IRQ_HANDLER_MAX 1020

/* Called with interrupts masked, between acknowledge and end of interrupt. One for all CPUs; NULL: counted as
 * unexpected. */
void irq_set_handler(unsigned intid, irq_handler *handler);
/* The raw value that acknowledging returned, in the handler: on GICv2 it has an SGI's source CPU in bits
 * 12:10. */
uint32_t irq_acknowledged(void);
/* Let the handler end the interrupt itself (gic_end): it is not done after it. For tests. */
void irq_end_by_handler(bool by_handler);

/* Interrupts are stamped with CNTVCT, or with CNTPCT. This CPU. */
void irq_stamp_physical(bool physical);

/* An exception that is expected: the access or instruction is skipped, a call that cannot be fetched returns
 * at once, and what happened is kept. */
struct trap_record {
    bool taken;
    uint64_t esr, far, elr;
};
void trap_expect(void);                 /* This CPU's next synchronous exceptions are expected. */
struct trap_record trap_expected(void); /* The last one since, and from now on none is expected. */

/* An access of @size_bytes 1, 2, 4, 8 that may fault. Returns false when it did. */
bool probe_read(uint64_t address, unsigned size_bytes, uint64_t *value);
bool probe_write(uint64_t address, unsigned size_bytes, uint64_t value);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* layout.h - offsets that assembly uses; core/vcpu_regs.c and core/pcpu.c assert that the structures
 * agree. */
#ifndef CORE_LAYOUT_H
#define CORE_LAYOUT_H

/* struct vcpu starts with struct frame; SP_EL2 points at it while the vCPU runs. */
#define FRAME_X(n) ((n)*8)
#define FRAME_PC 248
#define FRAME_PSTATE 256

/* core/el1_regs.S: struct vcpu_sysregs. */
#define EL1_REGS_BYTES (23 * 8)

/* struct pcpu; TPIDR_EL2 points at it, always. */
#define PCPU_STACK_TOP 8
#define PCPU_GICC 16
#define PCPU_BOUND 32 /* Array of struct bound_lr, 16 bytes each. */
#define PCPU_BOUND_SLOT 288

/* entry/fast_irq.S: from one list register's stub to the next. */
#define FAST_V3_STUB_BYTES 32

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* layout.h - offsets that assembly uses; core/vcpu.c and core/pcpu.c assert that the structures agree. */
#ifndef CORE_LAYOUT_H
#define CORE_LAYOUT_H

/* struct vcpu starts with struct frame; SP_EL2 points at it while the vCPU runs. */
#define FRAME_X(n) ((n)*8)
#define FRAME_PC 248
#define FRAME_PSTATE 256

/* struct pcpu; TPIDR_EL2 points at it, always. */
#define PCPU_STACK_TOP 8
#define PCPU_BOUND_LR 16
#define PCPU_BOUND_SLOT 144

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* asm.h - numbers that C and assembly of a guest share. */
#ifndef GUEST_ASM_H
#define GUEST_ASM_H

#define GUEST_CPU_MAX 8
#define GUEST_STACK_BYTES 16384

/* struct trap_frame: x0-x30, then these. */
#define FRAME_ELR 248
#define FRAME_SPSR 256
#define FRAME_STAMP 264
#define FRAME_BYTES 272

#endif

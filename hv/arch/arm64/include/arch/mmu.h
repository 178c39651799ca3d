/* SPDX-License-Identifier: Apache-2.0 */
/* mmu.h - the hypervisor's own address space at EL2. Every mapping is writable or executable, never both.
 *
 *   0x0000_0000_0000  identity      one page of start-up code, read execute
 *   0x0080_0000_0000  image         text RX, rodata R, data and bss RW
 *   0x0100_0000_0000  devices       as mapped, an unmapped page behind each
 *   0x0180_0000_0000  stacks        one per CPU, unmapped pages around each
 *   0x01c0_0000_0000  device tree   read only
 *   0x4000_0000_0000  direct map    RAM at DIRECT_BASE + PA, RW, without the image
 */
#ifndef ARCH_MMU_H
#define ARCH_MMU_H

#include "lib/types.h"

#define IMAGE_BASE UINT64_C(0x008000000000)
#define DEVICE_BASE UINT64_C(0x010000000000)
#define STACK_BASE UINT64_C(0x018000000000)
#define TREE_BASE UINT64_C(0x01c000000000)
#define DIRECT_BASE UINT64_C(0x400000000000)
#define DIRECT_PA_BITS 46

#define STACK_BYTES KIB(16)
#define STACK_STRIDE KIB(64)

/* Build the final tables with the image (at @image) in them and switch to them. Boot CPU, once, first of
 * all. */
void mmu_init(pa_t image);

/* The value of TTBR0_EL2 for the other CPUs. */
pa_t mmu_root(void);

/* Map @size_bytes of device registers at @base (Device-nGnRE, RW). Panics when the window is full. Boot
 * CPU. */
va_t mmu_map_device(pa_t base, uint64_t size_bytes);

/* Make RAM part of the direct map (Normal, RW). What the image covers is left out. Boot CPU. */
void mmu_map_ram(pa_t base, uint64_t size_bytes);

/* Map the boot loader's device tree: @size_bytes from @tree on, read only. */
const void *mmu_map_tree(pa_t tree, uint64_t size_bytes);

/* Map CPU @cpu's stack and return its top. */
va_t mmu_map_stack(unsigned cpu);

/* RAM at @addr through the direct map. */
static inline void *mmu_direct(pa_t addr)
{
    return (void *)(DIRECT_BASE + addr.v);
}

/* And back. */
static inline pa_t mmu_direct_pa(const void *p)
{
    return pa((uint64_t)p - DIRECT_BASE);
}

/* Physical address of something in the image. */
pa_t mmu_image_pa(const void *p);

/* Physical addresses the image takes. */
void mmu_image_range(pa_t *base, uint64_t *size_bytes);

#endif

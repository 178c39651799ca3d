/* SPDX-License-Identifier: Apache-2.0 */
/* cpu.c - host build: the CPU that a test pretends to be, its counter, and its RAM. */
#include "arch/cpu.h"

#include "arch/mmu.h"

unsigned host_cpu_id;
uint64_t host_mpidr[CPU_MAX] = {0, 1, 2, 3, 4, 5, 6, 7};
uint64_t host_ticks;
uint64_t host_ticks_step = 1;
uint32_t host_tick_hz = 1000000;
void *host_ram;
uint64_t host_ram_base;

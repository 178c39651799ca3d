/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - from start.S to the guest's own main. */
#include "guest.h"
#include "memory.h"

void guest_start(const void *fdt, uint64_t first_tick);

void guest_start(const void *fdt, uint64_t first_tick)
{
    platform.first_tick = first_tick;
    platform_read(fdt);
    memory_map_ram();
    gic_init();
    guest_exit(guest_main());
}

/* SPDX-License-Identifier: Apache-2.0 */
/* memory.c - the guest's flat map: once the device tree is read, all RAM becomes normal memory. */
#include "memory.h"

#include "platform.h"
#include "sysreg.h"

#define GIB_SHIFT 30
#define MAP_ENTRIES 512
#define DESC_BLOCK_NORMAL 0x0040000000000705UL /* As in start.S. */

extern uint64_t guest_map[MAP_ENTRIES];

static void map_normal(uint64_t gib)
{
    uint64_t entry = gib << GIB_SHIFT | DESC_BLOCK_NORMAL;

    if (gib >= MAP_ENTRIES || guest_map[gib] == entry) {
        return;
    }
    /* Break before make: the type changes from device to normal. */
    guest_map[gib] = 0;
    __asm__ volatile("dsb ishst\n\ttlbi vmalle1\n\tdsb ish\n\tisb" ::: "memory");
    guest_map[gib] = entry;
    __asm__ volatile("dsb ishst\n\tisb" ::: "memory");
}

void memory_map_ram(void)
{
    for (unsigned i = 0; i < platform.bank_count; i++) {
        const struct range *bank = &platform.memory[i];
        if (bank->size_bytes == 0) {
            continue;
        }
        for (uint64_t gib = bank->base >> GIB_SHIFT; gib <= (bank->base + bank->size_bytes - 1) >> GIB_SHIFT;
             gib++) {
            map_normal(gib);
        }
    }
}

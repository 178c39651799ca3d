/* SPDX-License-Identifier: Apache-2.0 */
/* memory.h - from the banks of the board to the page allocator. */
#ifndef BOOT_MEMORY_H
#define BOOT_MEMORY_H

#include "boot/domain_config.h"
#include "lib/board.h"

/* Put the RAM into the direct map, but what @board has reserved, our image and the device tree among it: it
 * may be protected, and the CPU reads ahead in what is mapped. Boot CPU, before any of it is read. */
void memory_map(const struct board *board);

/* Memory at @base as bytes, when all of it is mapped RAM; NULL. */
const void *memory_read(pa_t base, uint64_t size_bytes);

/* RAM that was mapped so, by number, in no order; false: there is no more. */
bool memory_mapped(unsigned index, struct mem_range *out);

/* Our image and the device tree, by number. */
bool memory_own(unsigned index, struct mem_range *out);

/* Give the page allocator what is free: mapped RAM without the modules. Panics when
 * it is too little. */
void memory_init(const struct boot_config *config);

/* The domains are built: the modules' memory is free too. */
void memory_free_modules(const struct boot_config *config);

/* Say in the log where the RAM is: the domains have @domains_bytes of it. What is neither theirs, nor free,
 * nor reserved in the tree the hypervisor keeps: its image, the boot loader's tree, page table and
 * translation tables, what describes domains. */
void memory_report(uint64_t domains_bytes);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* memory.h - from the banks of the board to the page allocator. */
#ifndef BOOT_MEMORY_H
#define BOOT_MEMORY_H

#include "boot/domain_config.h"
#include "lib/board.h"

/* Put all RAM into the direct map. Boot CPU, before any of it is read. */
void memory_map(const struct board *board);

/* Memory at @base as bytes, when all of it is mapped RAM; NULL. */
const void *memory_read(pa_t base, uint64_t size_bytes);

/* Give the page allocator what is free: RAM without image, device tree, reserved ranges, modules. Panics when
 * it is too little. */
void memory_init(const struct board *board, const struct boot_config *config, pa_t tree, uint64_t tree_bytes);

/* The domains are built: the modules' memory is free too. */
void memory_free_modules(const struct boot_config *config);

#endif

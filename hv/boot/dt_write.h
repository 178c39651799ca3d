/* SPDX-License-Identifier: Apache-2.0 */
/* dt_write.h - writing a flattened tree, node by node. The writer keeps libfdt's first error and does nothing
 * after it, so that what is written reads as the tree it becomes. Pure, on libfdt. */
#ifndef BOOT_DT_WRITE_H
#define BOOT_DT_WRITE_H

#include "lib/types.h"

#define DT_IRQ_LEVEL_HIGH 4u /* Flags of an interrupt specifier: Linux's arm,gic.yaml. */
#define DT_IRQ_LEVEL_LOW 8u
#define DT_IRQ_ALL_CPUS 0xf00u
#define DT_IRQ_MAX 4u /* Of one dt_put_interrupts(). */

struct dt_writer {
    void *fdt;
    int error;                /* libfdt's; 0 so far. */
    uint32_t gic_phandle;     /* Where interrupts go; 0: what the root says. */
    unsigned interrupt_cells; /* Of the GIC: 3, or 4 and the last is 0. */
};

/* A tree without reservations in @bytes at @buffer. */
void dt_write_begin(struct dt_writer *w, void *buffer, size_t bytes);
/* Its size, or -ENOSPC, or -EINVAL (logged, with @what in front). */
int64_t dt_write_end(struct dt_writer *w, const char *what);

void dt_begin_node(struct dt_writer *w, const char *name);
void dt_end_node(struct dt_writer *w);
void dt_put(struct dt_writer *w, const char *name, const void *value, size_t bytes);
void dt_put_u32(struct dt_writer *w, const char *name, uint32_t value);
void dt_put_u64(struct dt_writer *w, const char *name, uint64_t value);
void dt_put_string(struct dt_writer *w, const char *name, const char *value);
/* "interrupts" of @count INTIDs, all with @flags, and where they go. */
void dt_put_interrupts(struct dt_writer *w, const unsigned *intids, size_t count, uint32_t flags);

#endif

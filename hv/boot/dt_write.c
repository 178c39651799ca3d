/* SPDX-License-Identifier: Apache-2.0 */
/* dt_write.c - writing a flattened tree: properties of one kind each, errors kept until the end. */
#include "boot/dt_write.h"

#include <libfdt.h>

#include "lib/error.h"
#include "lib/gic.h"
#include "lib/log.h"
#include "lib/string.h"

#define INTERRUPT_CELLS_MAX 4u

void dt_write_begin(struct dt_writer *w, void *buffer, size_t bytes)
{
    *w = (struct dt_writer){.fdt = buffer, .interrupt_cells = 3};
    w->error = fdt_create(buffer, bytes > INT32_MAX ? INT32_MAX : (int)bytes);
    if (w->error == 0) {
        w->error = fdt_finish_reservemap(buffer);
    }
}

int64_t dt_write_end(struct dt_writer *w, const char *what)
{
    if (w->error == 0) {
        w->error = fdt_finish(w->fdt);
    }
    if (w->error == -FDT_ERR_NOSPACE) {
        return -ENOSPC;
    }
    if (w->error != 0) {
        log_error("%s: its device tree cannot be written (libfdt: %s)", what, fdt_strerror(w->error));
        return -EINVAL;
    }
    return fdt_totalsize(w->fdt);
}

void dt_begin_node(struct dt_writer *w, const char *name)
{
    if (w->error == 0) {
        w->error = fdt_begin_node(w->fdt, name);
    }
}

void dt_end_node(struct dt_writer *w)
{
    if (w->error == 0) {
        w->error = fdt_end_node(w->fdt);
    }
}

void dt_put(struct dt_writer *w, const char *name, const void *value, size_t bytes)
{
    if (w->error == 0) {
        w->error = fdt_property(w->fdt, name, value, (int)bytes);
    }
}

void dt_put_u32(struct dt_writer *w, const char *name, uint32_t value)
{
    fdt32_t cell = cpu_to_fdt32(value);

    dt_put(w, name, &cell, sizeof(cell));
}

void dt_put_u64(struct dt_writer *w, const char *name, uint64_t value)
{
    fdt64_t cells = cpu_to_fdt64(value);

    dt_put(w, name, &cells, sizeof(cells));
}

void dt_put_string(struct dt_writer *w, const char *name, const char *value)
{
    dt_put(w, name, value, strlen(value) + 1);
}

void dt_put_interrupts(struct dt_writer *w, const unsigned *intids, size_t count, uint32_t flags)
{
    fdt32_t cells[DT_IRQ_MAX * INTERRUPT_CELLS_MAX] = {0};

    for (size_t i = 0; i < count && i < DT_IRQ_MAX; i++) {
        bool ppi = intids[i] < GIC_SPI_FIRST;
        fdt32_t *at = &cells[i * w->interrupt_cells];

        at[0] = cpu_to_fdt32(ppi ? 1 : 0);
        at[1] = cpu_to_fdt32(intids[i] - (ppi ? GIC_PPI_FIRST : GIC_SPI_FIRST));
        at[2] = cpu_to_fdt32(flags);
    }
    dt_put(w, "interrupts", cells, count * w->interrupt_cells * sizeof(cells[0]));
    if (w->gic_phandle != 0) {
        dt_put_u32(w, "interrupt-parent", w->gic_phandle);
    }
}

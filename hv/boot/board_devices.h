/* SPDX-License-Identifier: Apache-2.0 */
/* board_devices.h - the part of struct board that names devices: PSCI, GIC, timer, UART. Pure, on libfdt. */
#ifndef BOOT_BOARD_DEVICES_H
#define BOOT_BOARD_DEVICES_H

#include "boot/cmdline.h"
#include "boot/dt_read.h"

/* Is @node the interrupt controller that the hypervisor drives: a known GIC, enabled, not behind another
 * one? */
bool board_is_gic(const void *fdt, int node);
/* The offset of that node, or -ENOENT. */
int board_find_gic(const void *fdt);

/* Each fills its part of @board from the node @place stands on. 0, or -EINVAL with the reason logged. */
int board_read_gic(const struct dt_place *place, struct board *board);
int board_read_timer(const struct dt_place *place, int gic_node, struct board *board);
void board_read_psci(const struct dt_place *place, struct board *board);

/* The console's UART, by dtuart= or else stdout-path. Without one board->uart.compatible stays empty; a
 * warning says so. */
void board_read_uart(const void *fdt, int gic_node, const struct options *options, struct board *board);

#endif

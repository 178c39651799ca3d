/* SPDX-License-Identifier: Apache-2.0 */
/* entered_at_el1.c - words for the person whose boot loader started this image at EL1. boot.S has mapped
 * memory at its own address and devices at BOOT_EL1_DEVICE; nothing of EL2 may be touched here. */
#include "boot/board.h"
#include "boot/start.h"
#include "drivers/uart.h"
#include "lib/log.h"

static struct options options;
static struct board board;
static const struct uart_driver *uart;

static void print(const char *line, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        for (unsigned tries = 0; tries < 1000000 && uart->put(&line[i], 1) == 0; tries++) {
        }
    }
    (void)uart->put("\r\n", 2);
}

_Noreturn void boot_entered_at_el1(uint64_t tree_pa)
{
    const void *fdt = (const void *)tree_pa;

    if (board_check_tree(fdt, MIB(2)) > 0) {
        cmdline_parse(board_cmdline(fdt), &options);
        (void)board_read(fdt, 0, &options, &board);
        uart = uart_find(board.uart.compatible);
    }
    if (uart != NULL) {
        uart->init(BOOT_EL1_DEVICE + board.uart.regs.base.v);
        log_panic_mode();
        log_set_sink(print);
        log_error("Started at EL1: a hypervisor needs EL2. Start it at EL2: QEMU with -machine "
                  "virtualization=on; U-Boot and firmware "
                  "must hand over at EL2, not EL1");
    }
    for (;;) {
        __asm__ volatile("wfi");
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* uart.c - characters out of and into a guest: PL011 (Arm DDI 0183), Cadence UART (UG1085), or Xen's
 * console_io. */
#include "print.h"

#include "call.h"
#include "platform.h"
#include "sysreg.h"

#define PL011_DR 0x00
#define PL011_FR 0x18
#define PL011_FR_RXFE 0x10
#define PL011_FR_TXFF 0x20

#define CADENCE_CR 0x00
#define CADENCE_CR_RX_TX_ENABLE 0x14
#define CADENCE_SR 0x2c
#define CADENCE_SR_RX_EMPTY 0x02
#define CADENCE_SR_TX_FULL 0x10
#define CADENCE_FIFO 0x30

#define CONSOLEIO_WRITE 0
#define CONSOLEIO_READ 1

static void write_char(char c)
{
    uint64_t base = platform.uart_base;

    if (platform.uart == UART_PL011) {
        while ((mmio_read32(base + PL011_FR) & PL011_FR_TXFF) != 0) {
            yield();
        }
        mmio_write32(base + PL011_DR, (uint8_t)c);
    } else if (platform.uart == UART_CADENCE) {
        /* After reset, with no firmware before us, it is still off. */
        mmio_write32(base + CADENCE_CR, CADENCE_CR_RX_TX_ENABLE);
        while ((mmio_read32(base + CADENCE_SR) & CADENCE_SR_TX_FULL) != 0) {
            yield();
        }
        mmio_write32(base + CADENCE_FIFO, (uint8_t)c);
    }
}

void uart_write(const char *text, size_t length)
{
    if (platform.uart == UART_HYPERCALL) {
        hypercall(HYPERCALL_CONSOLE_IO, CONSOLEIO_WRITE, length, (uint64_t)text, 0, 0);
        return;
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\n') {
            write_char('\r');
        }
        write_char(text[i]);
    }
}

bool uart_read(char *c)
{
    uint64_t base = platform.uart_base;

    if (platform.uart == UART_PL011 && (mmio_read32(base + PL011_FR) & PL011_FR_RXFE) == 0) {
        *c = (char)mmio_read32(base + PL011_DR);
        return true;
    }
    if (platform.uart == UART_CADENCE && (mmio_read32(base + CADENCE_SR) & CADENCE_SR_RX_EMPTY) == 0) {
        *c = (char)mmio_read32(base + CADENCE_FIFO);
        return true;
    }
    return platform.uart == UART_HYPERCALL &&
           hypercall(HYPERCALL_CONSOLE_IO, CONSOLEIO_READ, 1, (uint64_t)c, 0, 0) == 1;
}

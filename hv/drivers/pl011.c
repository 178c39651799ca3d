/* SPDX-License-Identifier: Apache-2.0 */
/* pl011.c - Arm's PL011 UART, and the Generic UART of the SBSA, which is its subset without control, line and
 * baud registers. Source: Arm DDI 0183 (PL011), chapter 3; SBSA (DEN 0029), appendix B. */
#include "drivers/uart.h"

#include "arch/cpu.h"
#include "arch/mmio.h"

#define UARTDR 0x000u
#define UARTDR_FE BIT32(8) /* Framing, parity and break errors: the character is not one. */
#define UARTDR_PE BIT32(9)
#define UARTDR_BE BIT32(10)
#define UARTDR_DAMAGED (UARTDR_FE | UARTDR_PE | UARTDR_BE)
#define UARTFR 0x018u
#define UARTFR_BUSY BIT32(3)
#define UARTFR_RXFE BIT32(4)
#define UARTFR_TXFF BIT32(5)
#define UARTFR_TXFE BIT32(7)
#define UARTLCR_H 0x02cu
#define UARTLCR_H_FEN BIT32(4)
#define UARTLCR_H_WLEN_8 (3u << 5)
#define UARTCR 0x030u
#define UARTCR_UARTEN BIT32(0)
#define UARTCR_TXE BIT32(8)
#define UARTCR_RXE BIT32(9)
#define UARTCR_DTR BIT32(10)
#define UARTCR_RTS BIT32(11)
#define UARTIFLS 0x034u
#define UARTIFLS_TX_1_8 (0u << 0) /* Transmit interrupt when the FIFO has drained to an eighth. */
#define UARTIFLS_RX_1_2 (2u << 3) /* Receive interrupt when half full; fewer characters time out. */
#define UARTIMSC 0x038u
#define UARTICR 0x044u
#define INT_RX BIT32(4)
#define INT_TX BIT32(5)
#define INT_RT BIT32(6)
#define INT_ALL 0x7ffu

#define FIFO_MAX 32u /* Entries of the deepest FIFO there is. */
/* Wait a tenth of a second at most for what the boot loader was still sending. */
#define DRAIN_PER_SECOND 10u

static va_t base;

static void wait_idle(void)
{
    uint64_t deadline = cpu_count_ticks() + cpu_tick_hz() / DRAIN_PER_SECOND;

    while ((mmio_read32(base, UARTFR) & UARTFR_BUSY) != 0 && cpu_count_ticks() <= deadline) {
        cpu_relax();
    }
}

static void irqs_off(void)
{
    mmio_write32(base, UARTIMSC, 0);
    mmio_write32(base, UARTICR, INT_ALL);
}

/* The line control register may only be written while the UART is disabled, and must not be disabled while it
 * sends (3.3.8). Its write also takes over the divisor registers, which are the boot loader's. */
static void pl011_init(uint64_t registers)
{
    base = va(registers);
    wait_idle();
    mmio_write32(base, UARTCR, 0);
    irqs_off();
    mmio_write32(base, UARTLCR_H, UARTLCR_H_WLEN_8 | UARTLCR_H_FEN);
    mmio_write32(base, UARTIFLS, UARTIFLS_RX_1_2 | UARTIFLS_TX_1_8);
    mmio_write32(base, UARTCR, UARTCR_UARTEN | UARTCR_TXE | UARTCR_RXE | UARTCR_DTR | UARTCR_RTS);
}

static void sbsa_init(uint64_t registers)
{
    base = va(registers);
    irqs_off();
}

static size_t put(const char *text, size_t length)
{
    const va_t uart = base;
    size_t count = 0;

    while (count < length && (mmio_read32(uart, UARTFR) & UARTFR_TXFF) == 0) {
        mmio_write32(uart, UARTDR, (uint8_t)text[count]);
        count++;
    }
    return count;
}

/* Damaged characters are passed over, at most a FIFO of them in one call. */
static int get(void)
{
    for (unsigned i = 0; i < FIFO_MAX && (mmio_read32(base, UARTFR) & UARTFR_RXFE) == 0; i++) {
        uint32_t data = mmio_read32(base, UARTDR);

        if ((data & UARTDR_DAMAGED) == 0) {
            return (int)(data & 0xff);
        }
    }
    return -1;
}

/* Reading the FIFO below its level clears the one, reading it empty the other. */
static void enable_rx_irq(void)
{
    mmio_write32(base, UARTIMSC, mmio_read32(base, UARTIMSC) | INT_RX | INT_RT);
}

static void set_tx_irq(bool on)
{
    uint32_t mask = mmio_read32(base, UARTIMSC);

    mmio_write32(base, UARTIMSC, on ? mask | INT_TX : mask & ~INT_TX);
}

static bool tx_done(void)
{
    return (mmio_read32(base, UARTFR) & (UARTFR_BUSY | UARTFR_TXFE)) == UARTFR_TXFE;
}

static const char *const pl011_compatible[] = {"arm,pl011", NULL};
static const char *const sbsa_compatible[] = {"arm,sbsa-uart", NULL};

const struct uart_driver pl011_driver = {
    .compatible = pl011_compatible,
    .init = pl011_init,
    .put = put,
    .get = get,
    .enable_rx_irq = enable_rx_irq,
    .set_tx_irq = set_tx_irq,
    .tx_done = tx_done,
};

const struct uart_driver sbsa_uart_driver = {
    .compatible = sbsa_compatible,
    .init = sbsa_init,
    .put = put,
    .get = get,
    .enable_rx_irq = enable_rx_irq,
    .set_tx_irq = set_tx_irq,
    .tx_done = tx_done,
};

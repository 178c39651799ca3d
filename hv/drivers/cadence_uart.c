/* SPDX-License-Identifier: Apache-2.0 */
/* cadence_uart.c - Cadence's UART as in Zynq UltraScale+ and Zynq-7000. Registers by the names of UG1087
 * (UART module). Source: Xilinx UG1085, chapter 21; UG1087. */
#include "drivers/uart.h"

#include "arch/cpu.h"
#include "arch/mmio.h"

#define CONTROL 0x00u
#define CONTROL_RXRES BIT32(0) /* Empty the FIFO; clears itself. */
#define CONTROL_TXRES BIT32(1)
#define CONTROL_RXEN BIT32(2)
#define CONTROL_RXDIS BIT32(3)
#define CONTROL_TXEN BIT32(4)
#define CONTROL_TXDIS BIT32(5)
#define CONTROL_STPBRK BIT32(8)
#define INTRPT_EN 0x08u    /* Write ones to set bits of the mask... */
#define INTRPT_DIS 0x0cu   /* ...and to clear them. */
#define CHNL_INT_STS 0x14u /* Sticky; write ones to clear. */
#define RCVR_TIMEOUT 0x1cu
#define RCVR_FIFO_TRIGGER_LEVEL 0x20u
#define CHANNEL_STS 0x2cu
#define STS_REMPTY BIT32(1)
#define STS_TEMPTY BIT32(3)
#define STS_TFUL BIT32(4)
#define STS_TACTIVE BIT32(11)
#define TX_RX_FIFO 0x30u
#define INT_RTRIG BIT32(0) /* Interrupts of CHNL_INT_STS, INTRPT_EN, INTRPT_DIS. */
#define INT_TEMPTY BIT32(3)
#define INT_ALL 0x3fffu

/* Wait a tenth of a second at most for what the boot loader was still sending. */
#define DRAIN_PER_SECOND 10u

static va_t base;

static bool tx_done(void)
{
    return (mmio_read32(base, CHANNEL_STS) & (STS_TEMPTY | STS_TACTIVE)) == STS_TEMPTY;
}

/* Mode and baud rate stay the boot loader's. The transmitter is emptied before it is reset, so that no
 * character of the boot loader's is cut off. */
static void init(uint64_t registers)
{
    uint64_t deadline = cpu_count_ticks() + cpu_tick_hz() / DRAIN_PER_SECOND;

    base = va(registers);
    mmio_write32(base, INTRPT_DIS, INT_ALL);
    if ((mmio_read32(base, CONTROL) & (CONTROL_TXEN | CONTROL_TXDIS)) == CONTROL_TXEN) {
        while (!tx_done() && cpu_count_ticks() <= deadline) {
            cpu_relax();
        }
    }
    mmio_write32(base, CONTROL, CONTROL_STPBRK | CONTROL_TXDIS | CONTROL_RXDIS);
    mmio_write32(base, RCVR_TIMEOUT, 0);
    mmio_write32(base, RCVR_FIFO_TRIGGER_LEVEL, 1);
    mmio_write32(base, CHNL_INT_STS, INT_ALL);
    mmio_write32(base, CONTROL, CONTROL_STPBRK | CONTROL_TXEN | CONTROL_RXEN | CONTROL_TXRES | CONTROL_RXRES);
}

static size_t put(const char *text, size_t length)
{
    const va_t uart = base;
    size_t count = 0;

    while (count < length && (mmio_read32(uart, CHANNEL_STS) & STS_TFUL) == 0) {
        mmio_write32(uart, TX_RX_FIFO, (uint8_t)text[count]);
        count++;
    }
    return count;
}

static bool rx_empty(void)
{
    return (mmio_read32(base, CHANNEL_STS) & STS_REMPTY) != 0;
}

/* The interrupt's status is sticky: it is cleared when the FIFO is found empty. A character that comes in
 * between sets it again or is seen by the second look. */
static int get(void)
{
    if (rx_empty()) {
        mmio_write32(base, CHNL_INT_STS, INT_RTRIG);
        if (rx_empty()) {
            return -1;
        }
    }
    return (int)(mmio_read32(base, TX_RX_FIFO) & 0xff);
}

static void enable_rx_irq(void)
{
    mmio_write32(base, INTRPT_EN, INT_RTRIG);
}

/* The FIFO is full when it is switched on, so a status from before is cleared and the next one is its end. */
static void set_tx_irq(bool on)
{
    mmio_write32(base, CHNL_INT_STS, INT_TEMPTY);
    mmio_write32(base, on ? INTRPT_EN : INTRPT_DIS, INT_TEMPTY);
}

static const char *const compatible[] = {"cdns,uart-r1p12", "cdns,uart-r1p8", "xlnx,xuartps", NULL};

const struct uart_driver cadence_uart_driver = {
    .compatible = compatible,
    .init = init,
    .put = put,
    .get = get,
    .enable_rx_irq = enable_rx_irq,
    .set_tx_irq = set_tx_irq,
    .tx_done = tx_done,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* test_uart.c - the UART drivers against register banks that behave like the devices and object to what the
 * manuals forbid. */
#include <string.h>

#include "arch/cpu.h"
#include "arch/mmio.h"
#include "drivers/uart.h"
#include "test.h"

#define BASE UINT64_C(0x9000000)

/* PL011, DDI 0183. */
#define PL_DR 0x000u
#define PL_FR 0x018u
#define PL_IBRD 0x024u
#define PL_FBRD 0x028u
#define PL_LCR_H 0x02cu
#define PL_CR 0x030u
#define PL_IFLS 0x034u
#define PL_IMSC 0x038u
#define PL_ICR 0x044u

static struct {
    bool sbsa;           /* Only the subset exists. */
    unsigned busy_reads; /* FR reads busy this often. */
    uint32_t cr, lcr_h, ifls, imsc, icr;
    unsigned tx_count, rx_at, rx_count;
    uint32_t rx[64];
    char last;
    bool broken_order; /* Something was written that may not be now. */
    bool cut;          /* The UART was disabled while it sent. */
} pl;

static uint64_t pl_read(void *context, uint32_t offset, unsigned size)
{
    (void)context;
    CHECK_EQ(size, 4);
    switch (offset) {
    case PL_DR:
        return pl.rx_at < pl.rx_count ? pl.rx[pl.rx_at++] : 0;
    case PL_FR:
        if (pl.busy_reads != 0) {
            pl.busy_reads--;
            return 0x8;
        }
        return (pl.rx_at == pl.rx_count ? 0x10u : 0) | (pl.tx_count == 32 ? 0x20u : 0) |
               (pl.tx_count == 0 ? 0x80u : 0);
    case PL_IMSC:
        return pl.imsc;
    default:
        CHECK(offset != offset); /* The driver reads no other register. */
        return 0;
    }
}

static void pl_write(void *context, uint32_t offset, unsigned size, uint64_t value)
{
    bool enabled = (pl.cr & 1) != 0;

    (void)context;
    CHECK_EQ(size, 4);
    CHECK(!pl.sbsa || offset == PL_DR || offset == PL_IMSC || offset == PL_ICR);
    CHECK(offset != PL_IBRD && offset != PL_FBRD);
    switch (offset) {
    case PL_DR:
        pl.last = (char)value;
        pl.tx_count++;
        CHECK(pl.tx_count <= 32);
        break;
    case PL_LCR_H:
        pl.broken_order |= enabled;
        pl.lcr_h = (uint32_t)value;
        break;
    case PL_CR:
        pl.cut |= enabled && (value & 1) == 0 && pl.busy_reads != 0;
        pl.cr = (uint32_t)value;
        break;
    case PL_IFLS:
        pl.ifls = (uint32_t)value;
        break;
    case PL_IMSC:
        pl.imsc = (uint32_t)value;
        break;
    case PL_ICR:
        pl.icr |= (uint32_t)value;
        break;
    default:
        CHECK(offset != offset);
    }
}

static const struct mmio_bank pl_bank = {BASE, 0x1000, pl_read, pl_write, NULL};

static const struct uart_driver *start_pl011(const char *compatible)
{
    const struct uart_driver *uart = uart_find(compatible);

    memset(&pl, 0, sizeof(pl));
    mmio_host_banks(&pl_bank, 1);
    host_ticks_step = 1;
    pl.sbsa = strcmp(compatible, "arm,sbsa-uart") == 0;
    pl.cr = 0x301;
    pl.imsc = 0x7ff;
    CHECK(uart != NULL);
    return uart;
}

static bool try_put(const struct uart_driver *uart, char c)
{
    return uart->put(&c, 1) == 1;
}

TEST(drivers_are_found_by_name)
{
    unsigned count = 0;

    for (; uart_compatible(count) != NULL; count++) {
        CHECK(uart_find(uart_compatible(count)) != NULL);
    }
    CHECK_EQ(count, 5);
    CHECK(uart_find("arm,pl011") == &pl011_driver);
    CHECK(uart_find("arm,sbsa-uart") == &sbsa_uart_driver);
    CHECK(uart_find("xlnx,xuartps") == &cadence_uart_driver);
    CHECK(uart_find("cdns,uart-r1p12") == &cadence_uart_driver);
    CHECK(uart_find("cdns,uart-r1p8") == &cadence_uart_driver);
    CHECK(uart_find("arm,pl01") == NULL);
    CHECK(uart_find("") == NULL);
}

TEST(pl011_is_disabled_while_its_line_is_set)
{
    const struct uart_driver *uart = start_pl011("arm,pl011");

    pl.busy_reads = 20;
    uart->init(BASE);
    CHECK(!pl.broken_order);
    CHECK(!pl.cut);
    CHECK_EQ(pl.busy_reads, 0);
    CHECK_EQ(pl.lcr_h, 0x70);
    CHECK_EQ(pl.cr & 0x301, 0x301);
    CHECK_EQ(pl.imsc, 0);
    CHECK_EQ(pl.icr, 0x7ff);
}

TEST(pl011_that_is_busy_for_ever_does_not_stop_the_boot)
{
    const struct uart_driver *uart = start_pl011("arm,pl011");
    uint64_t before = host_ticks;

    pl.busy_reads = 0xffffffff;
    uart->init(BASE);
    CHECK(host_ticks - before >= host_tick_hz / 10);
    CHECK(host_ticks - before < host_tick_hz / 2);
    CHECK_EQ(pl.cr & 0x301, 0x301);
}

TEST(sbsa_uart_touches_the_subset_alone)
{
    const struct uart_driver *uart = start_pl011("arm,sbsa-uart");

    uart->init(BASE);
    CHECK_EQ(pl.imsc, 0);
    CHECK_EQ(pl.icr, 0x7ff);
    CHECK(try_put(uart, 's'));
    CHECK_EQ(pl.last, 's');
    CHECK_EQ(uart->get(), -1);
    uart->enable_rx_irq();
    CHECK_EQ(pl.imsc, 0x50);
    CHECK(!uart->tx_done());
}

TEST(pl011_sends_until_its_fifo_is_full)
{
    const struct uart_driver *uart = start_pl011("arm,pl011");

    uart->init(BASE);
    CHECK(uart->tx_done());
    for (unsigned i = 0; i < 32; i++) {
        CHECK(try_put(uart, (char)('A' + i)));
    }
    CHECK_EQ(pl.last, 'A' + 31);
    CHECK(!try_put(uart, '!'));
    CHECK(!uart->tx_done());
    pl.tx_count--;
    CHECK(try_put(uart, '\xff'));
    pl.tx_count = 30;
    CHECK_EQ(uart->put("abc", 3), 2);
    CHECK_EQ(pl.last, 'b');
    pl.tx_count = 0;
    CHECK(uart->tx_done());
    pl.busy_reads = 1;
    CHECK(!uart->tx_done());
}

TEST(pl011_passes_over_damaged_characters)
{
    const struct uart_driver *uart = start_pl011("arm,pl011");
    static const uint32_t arriving[] = {'a', 0x100, 0x2ff, 0x400, 0x800 | 'b', 0xff};

    uart->init(BASE);
    memcpy(pl.rx, arriving, sizeof(arriving));
    pl.rx_count = 6;
    CHECK_EQ(uart->get(), 'a');
    CHECK_EQ(uart->get(), 'b');
    CHECK_EQ(uart->get(), 0xff);
    CHECK_EQ(uart->get(), -1);
}

TEST(pl011_interrupts)
{
    const struct uart_driver *uart = start_pl011("arm,pl011");

    uart->init(BASE);
    uart->enable_rx_irq();
    CHECK_EQ(pl.imsc, 0x50);
    uart->set_tx_irq(true);
    CHECK_EQ(pl.imsc, 0x70);
    uart->set_tx_irq(false);
    CHECK_EQ(pl.imsc, 0x50);
}

/* Cadence, UG1087. */
#define CD_CONTROL 0x00u
#define CD_EN 0x08u
#define CD_DIS 0x0cu
#define CD_INT_STS 0x14u
#define CD_TIMEOUT 0x1cu
#define CD_TRIGGER 0x20u
#define CD_STS 0x2cu
#define CD_FIFO 0x30u

static struct {
    uint32_t control, mask, status, timeout, trigger;
    unsigned tx_count, rx_count,
        late_rx;     /* late_rx: characters that arrive as the interrupt status is cleared. */
    unsigned drains; /* Reads of the status register until the boot loader's characters are out. */
    bool resets;
    bool cut;
    char last;
} cd;

static void cd_update(void)
{
    cd.status |= cd.trigger != 0 && cd.rx_count >= cd.trigger ? 1u : 0;
    cd.status |= cd.tx_count == 0 ? 8u : 0;
}

static uint64_t cd_read(void *context, uint32_t offset, unsigned size)
{
    (void)context;
    CHECK_EQ(size, 4);
    switch (offset) {
    case CD_CONTROL:
        return cd.control;
    case CD_STS:
        if (cd.drains != 0) {
            cd.drains--;
            return 0x2u | BIT32(11);
        }
        return (cd.rx_count == 0 ? 0x2u : 0) | (cd.tx_count == 0 ? 0x8u : 0) |
               (cd.tx_count == 64 ? 0x10u : 0);
    case CD_FIFO:
        CHECK(cd.rx_count != 0);
        cd.rx_count--;
        return 'r';
    default:
        CHECK(offset != offset);
        return 0;
    }
}

static void cd_control(uint32_t value)
{
    cd.cut |= (value & 0x20) != 0 && (cd.control & 0x10) != 0 && cd.drains != 0;
    cd.resets |= (value & 3) == 3;
    cd.control = value & ~3u;
}

static void cd_write(void *context, uint32_t offset, unsigned size, uint64_t value)
{
    (void)context;
    CHECK_EQ(size, 4);
    switch (offset) {
    case CD_CONTROL:
        cd_control((uint32_t)value);
        break;
    case CD_EN:
        cd.mask |= (uint32_t)value;
        break;
    case CD_DIS:
        cd.mask &= ~(uint32_t)value;
        break;
    case CD_INT_STS:
        cd.status &= ~(uint32_t)value;
        cd.rx_count += cd.late_rx;
        cd.late_rx = 0;
        break;
    case CD_TIMEOUT:
        cd.timeout = (uint32_t)value;
        break;
    case CD_TRIGGER:
        cd.trigger = (uint32_t)value;
        break;
    case CD_FIFO:
        CHECK((cd.control & 0x30) == 0x10);
        CHECK(cd.tx_count < 64);
        cd.tx_count++;
        cd.last = (char)value;
        break;
    default: /* Mode and baud rate are the boot loader's. */
        CHECK(offset != offset);
    }
    cd_update();
}

static const struct mmio_bank cd_bank = {BASE, 0x1000, cd_read, cd_write, NULL};

static void start_cadence(uint32_t control)
{
    memset(&cd, 0, sizeof(cd));
    mmio_host_banks(&cd_bank, 1);
    host_ticks_step = 1;
    cd.control = control;
    cd.mask = 0x1fff;
    cd.trigger = 32;
}

TEST(cadence_is_enabled_from_reset)
{
    start_cadence(0x128);
    cd.drains = 1000; /* Of no interest: the transmitter is off. */
    cadence_uart_driver.init(BASE);
    CHECK_EQ(cd.control & 0x3c, 0x14);
    CHECK(cd.resets);
    CHECK_EQ(cd.mask, 0);
    CHECK_EQ(cd.trigger, 1);
    CHECK_EQ(cd.drains, 1000);
}

TEST(cadence_lets_the_boot_loader_finish)
{
    start_cadence(0x14);
    cd.drains = 50;
    cadence_uart_driver.init(BASE);
    CHECK(!cd.cut);
    CHECK_EQ(cd.drains, 0);
    CHECK_EQ(cd.control & 0x3c, 0x14);
}

TEST(cadence_that_never_drains_does_not_stop_the_boot)
{
    uint64_t before = host_ticks;

    start_cadence(0x14);
    cd.drains = 0xffffffff;
    cadence_uart_driver.init(BASE);
    CHECK(host_ticks - before < host_tick_hz / 2);
    CHECK_EQ(cd.control & 0x3c, 0x14);
}

TEST(cadence_sends_until_its_fifo_is_full)
{
    start_cadence(0x128);
    cadence_uart_driver.init(BASE);
    for (unsigned i = 0; i < 64; i++) {
        CHECK(try_put(&cadence_uart_driver, (char)('0' + i)));
    }
    CHECK(!try_put(&cadence_uart_driver, '!'));
    CHECK_EQ(cd.last, '0' + 63);
    cd.tx_count = 62;
    CHECK_EQ(cadence_uart_driver.put("abc", 3), 2);
    CHECK_EQ(cd.last, 'b');
    CHECK(!cadence_uart_driver.tx_done());
    cd.tx_count = 0;
    CHECK(cadence_uart_driver.tx_done());
}

TEST(cadence_clears_its_sticky_status)
{
    start_cadence(0x128);
    cadence_uart_driver.init(BASE);
    cadence_uart_driver.enable_rx_irq();
    CHECK_EQ(cd.mask, 1);
    cd.rx_count = 2;
    cd_update();
    CHECK_EQ(cd.status & cd.mask, 1);
    CHECK_EQ(cadence_uart_driver.get(), 'r');
    CHECK_EQ(cadence_uart_driver.get(), 'r');
    CHECK_EQ(cadence_uart_driver.get(), -1);
    CHECK_EQ(cd.status & cd.mask, 0);
    cd.late_rx = 1; /* Arrives just as the status is cleared: it is read, or the status is set again. */
    CHECK_EQ(cadence_uart_driver.get(), 'r');
    CHECK_EQ(cadence_uart_driver.get(), -1);
    CHECK_EQ(cd.status & cd.mask, 0);
}

TEST(cadence_transmit_interrupt)
{
    start_cadence(0x128);
    cadence_uart_driver.init(BASE);
    while (try_put(&cadence_uart_driver, 'x')) {
    }
    cadence_uart_driver.set_tx_irq(true);
    CHECK_EQ(cd.status & cd.mask, 0);
    cd.tx_count = 0;
    cd_update();
    CHECK_EQ(cd.status & cd.mask, 8);
    cadence_uart_driver.set_tx_irq(false);
    CHECK_EQ(cd.mask, 0);
}

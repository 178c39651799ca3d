/* SPDX-License-Identifier: Apache-2.0 */
/* vpl011.c - register model of a domain's PL011: a 32-entry receive FIFO, and a transmitter that is always
 * empty, or a ring that another domain empties.
 *
 * Interrupt state, RIS, as on the device but without its clock:
 *
 *     RX   set when a character fills the FIFO to its level (IFLS; 1 with the FIFO off),
 *          cleared when reading takes it below, or by ICR
 *     RT   set by every character that does not reach the level: the timeout is over at once,
 *          cleared when the FIFO is empty, or by ICR
 *     TX   set when a character was written, which leaves at once; cleared by ICR
 *
 * Served by another domain, the transmitter's FIFO is the ring, and what is written while it is full is lost,
 * as on the device. TX then promises as much room as the device's FIFO has, for drivers write half of it or
 * more without looking: it is cleared by a character that leaves less, and set when there is so much again.
 * BUSY is set only while the ring is full: early consoles wait for it after each character.
 *
 * Guests that know only the SBSA subset never enable the UART, so CR's enable bits are kept but decide
 * nothing; the loopback bit works. Source: Arm DDI 0183 chapter 3. */
#include "vdev/vpl011.h"

#include "lib/lock_rank.h"

#define UARTDR 0x000u
#define UARTRSR 0x004u /* Receive status; a write (ECR) clears it. No error ever occurs. */
#define UARTFR 0x018u
#define UARTFR_BUSY BIT32(3)
#define UARTFR_RXFE BIT32(4)
#define UARTFR_TXFF BIT32(5)
#define UARTFR_RXFF BIT32(6)
#define UARTFR_TXFE BIT32(7)
#define UARTIBRD 0x024u
#define UARTFBRD 0x028u
#define UARTLCR_H 0x02cu
#define UARTLCR_H_FEN BIT32(4)
#define UARTCR 0x030u
#define UARTCR_LBE BIT32(7)
#define UARTIFLS 0x034u
#define UARTIMSC 0x038u
#define UARTRIS 0x03cu
#define UARTMIS 0x040u
#define UARTICR 0x044u
#define UARTDMACR 0x048u
#define UARTPERIPHID0 0xfe0u /* Eight identification registers, 0xfe0 to 0xffc. */

#define INT_RX BIT32(4)
#define INT_TX BIT32(5)
#define INT_RT BIT32(6)

/* Writable bits. */
#define IBRD_MASK 0xffffu
#define FBRD_MASK 0x3fu
#define LCR_H_MASK 0xffu
#define CR_MASK 0xff87u
#define IFLS_MASK 0x3fu
#define INT_MASK 0x7ffu
#define DMACR_MASK 0x7u

#define CR_RESET 0x300u
#define IFLS_RESET 0x12u

/* PrimeCell PL011 r1p5, the first revision with FIFOs of 32. */
static const uint8_t id_registers[] = {0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

void vpl011_init(struct vpl011 *uart)
{
    *uart = (struct vpl011){.cr = CR_RESET, .ifls = IFLS_RESET};
    spin_init(&uart->lock, LOCK_RANK_VPL011);
}

void vpl011_serve(struct vpl011 *uart, struct xencons_interface *page)
{
    uart->served = true;
    console_ring_open(&uart->ring, page);
}

struct xencons_interface *vpl011_unserve(struct vpl011 *uart)
{
    struct xencons_interface *page = uart->ring.page;

    uart->ring.page = NULL;
    return page;
}

/* How many characters make the receive interrupt: eighths of the FIFO by IFLS bits 5:3; values the manual
 * reserves act as 7/8. */
static unsigned rx_level(const struct vpl011 *uart)
{
    static const uint8_t eighths[] = {1, 2, 4, 6, 7, 7, 7, 7};

    if ((uart->lcr_h & UARTLCR_H_FEN) == 0) {
        return 1;
    }
    return eighths[bits_get(uart->ifls, 5, 3)] * (VPL011_FIFO / 8u);
}

bool vpl011_receive(struct vpl011 *uart, char c)
{
    if (uart->in_count == VPL011_FIFO) {
        return false;
    }
    uart->in[(uart->in_head + uart->in_count) % VPL011_FIFO] = (uint8_t)c;
    uart->in_count++;
    uart->ris |= uart->in_count >= rx_level(uart) ? INT_RX : INT_RT;
    return true;
}

static uint32_t read_data(struct vpl011 *uart)
{
    uint32_t data;

    if (uart->in_count == 0) {
        return 0;
    }
    data = uart->in[uart->in_head];
    uart->in_head = (uart->in_head + 1) % VPL011_FIFO;
    uart->in_count--;
    if (uart->in_count < rx_level(uart)) {
        uart->ris &= ~INT_RX;
    }
    if (uart->in_count == 0) {
        uart->ris &= ~INT_RT;
    }
    return data;
}

/* A character more is in the ring, or was lost. */
static void write_ring(struct vpl011 *uart, char c)
{
    if (console_ring_put(&uart->ring, c)) {
        uart->ring_changed = true;
    }
    uart->ris &= ~INT_TX;
    uart->tx_waits = true;
}

bool vpl011_exchange(struct vpl011 *uart)
{
    bool changed = uart->ring_changed;
    char c;

    while (uart->in_count < VPL011_FIFO && console_ring_take(&uart->ring, &c)) {
        (void)vpl011_receive(uart, c);
        changed = true;
    }
    if (uart->tx_waits && console_ring_room(&uart->ring) >= VPL011_FIFO) {
        uart->tx_waits = false;
        uart->ris |= INT_TX;
    }
    uart->ring_changed = false;
    return changed;
}

static uint32_t transmit_flags(const struct vpl011 *uart)
{
    uint32_t room = console_ring_room(&uart->ring);

    if (room == 0) {
        return UARTFR_TXFF | UARTFR_BUSY;
    }
    return room == CONSOLE_RING_OUT ? UARTFR_TXFE : 0;
}

static uint32_t flags(const struct vpl011 *uart)
{
    return (uart->served ? transmit_flags(uart) : UARTFR_TXFE) | (uart->in_count == 0 ? UARTFR_RXFE : 0) |
           (uart->in_count == VPL011_FIFO ? UARTFR_RXFF : 0);
}

static uint32_t read_register(struct vpl011 *uart, uint32_t reg)
{
    switch (reg) {
    case UARTDR:
        return read_data(uart);
    case UARTFR:
        return flags(uart);
    case UARTIBRD:
        return uart->ibrd;
    case UARTFBRD:
        return uart->fbrd;
    case UARTLCR_H:
        return uart->lcr_h;
    case UARTCR:
        return uart->cr;
    case UARTIFLS:
        return uart->ifls;
    case UARTIMSC:
        return uart->imsc;
    case UARTRIS:
        return uart->ris;
    case UARTMIS:
        return uart->ris & uart->imsc;
    case UARTDMACR:
        return uart->dmacr;
    default:
        break;
    }
    if (reg >= UARTPERIPHID0 && reg < UARTPERIPHID0 + 4 * ARRAY_COUNT(id_registers)) {
        return id_registers[(reg - UARTPERIPHID0) / 4];
    }
    return 0;
}

static uint32_t size_mask(unsigned size)
{
    return (uint32_t)MASK64(8 * size - 1, 0);
}

/* A narrow access gets its bytes of the register; the data register is in byte 0, and only taking that takes
 * a character. */
uint32_t vpl011_read(struct vpl011 *uart, uint32_t offset, unsigned size)
{
    uint32_t shift = offset % 4 * 8;

    if (offset >= PAGE_SIZE || offset == UARTDR + 1 || offset == UARTDR + 2 || offset == UARTDR + 3) {
        return 0;
    }
    return read_register(uart, offset - offset % 4) >> shift & size_mask(size);
}

/* Returns true and the character when it is to be printed. */
static bool write_data(struct vpl011 *uart, uint8_t data, char *out)
{
    if (uart->served && (uart->cr & UARTCR_LBE) == 0) {
        write_ring(uart, (char)data);
        return false;
    }
    uart->ris |= INT_TX;
    if ((uart->cr & UARTCR_LBE) != 0) {
        vpl011_receive(uart, (char)data); /* As on the wire: lost when the FIFO is full. */
        return false;
    }
    *out = (char)data;
    return true;
}

static void write_register(struct vpl011 *uart, uint32_t reg, uint32_t value)
{
    switch (reg) {
    case UARTIBRD:
        uart->ibrd = value & IBRD_MASK;
        break;
    case UARTFBRD:
        uart->fbrd = value & FBRD_MASK;
        break;
    case UARTLCR_H:
        uart->lcr_h = value & LCR_H_MASK;
        break;
    case UARTCR:
        uart->cr = value & CR_MASK;
        break;
    case UARTIFLS:
        uart->ifls = value & IFLS_MASK;
        break;
    case UARTIMSC:
        uart->imsc = value & INT_MASK;
        break;
    case UARTICR:
        uart->ris &= ~value;
        break;
    case UARTDMACR:
        uart->dmacr = value & DMACR_MASK;
        break;
    case UARTRSR:
    default:
        break;
    }
}

/* A narrow write reaches the whole register, as on a bus that replicates nothing: what it does not give is
 * zero. */
bool vpl011_write(struct vpl011 *uart, uint32_t offset, unsigned size, uint32_t value, char *out)
{
    value &= size_mask(size);
    if (offset == UARTDR) {
        return write_data(uart, (uint8_t)value, out);
    }
    if (offset % 4 == 0) {
        write_register(uart, offset, value);
    }
    return false;
}

bool vpl011_irq_level(const struct vpl011 *uart)
{
    return (uart->ris & uart->imsc) != 0;
}

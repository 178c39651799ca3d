/* SPDX-License-Identifier: Apache-2.0 */
/* test_vpl011.c - the virtual PL011 as a driver sees it, and against a slow model of its FIFO. */
#include <string.h>

#include "test.h"
#include "vdev/vpl011.h"

#define DR 0x000u
#define FR 0x018u
#define LCR_H 0x02cu
#define CR 0x030u
#define IFLS 0x034u
#define IMSC 0x038u
#define RIS 0x03cu
#define MIS 0x040u
#define ICR 0x044u

#define RXIC 0x10u
#define TXIC 0x20u
#define RTIC 0x40u

static struct vpl011 uart;

static uint32_t rd(uint32_t offset)
{
    return vpl011_read(&uart, offset, 4);
}

static void wr(uint32_t offset, uint32_t value)
{
    char c = 0;

    CHECK(!vpl011_write(&uart, offset, 4, value, &c));
}

static void fill(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        CHECK(vpl011_receive(&uart, (char)('a' + i % 26)));
    }
}

TEST(reset_values)
{
    vpl011_init(&uart);
    CHECK_EQ(rd(DR), 0);
    CHECK_EQ(rd(FR), 0x90);
    CHECK_EQ(rd(CR), 0x300);
    CHECK_EQ(rd(IFLS), 0x12);
    CHECK_EQ(rd(IMSC), 0);
    CHECK_EQ(rd(RIS), 0);
    CHECK(!vpl011_irq_level(&uart));
}

/* Linux's amba bus puts the identification together from one byte a register. */
TEST(identification)
{
    uint32_t pid = 0, cid = 0;

    vpl011_init(&uart);
    for (unsigned i = 0; i < 4; i++) {
        pid |= (rd(0xfe0 + 4 * i) & 0xff) << (i * 8);
        cid |= (rd(0xff0 + 4 * i) & 0xff) << (i * 8);
    }
    CHECK_EQ(pid, 0x00341011);
    CHECK_EQ(cid, 0xb105f00d);
}

TEST(characters_come_out)
{
    char c = 0;

    vpl011_init(&uart);
    CHECK(vpl011_write(&uart, DR, 4, 0xffffff41, &c));
    CHECK_EQ(c, 'A');
    CHECK(vpl011_write(&uart, DR, 1, 'b', &c));
    CHECK_EQ(c, 'b');
    CHECK(vpl011_write(&uart, DR, 2, 'c', &c));
    CHECK_EQ(c, 'c');
    CHECK(!vpl011_write(&uart, DR + 1, 1, 'd', &c));
    CHECK(!vpl011_write(&uart, DR + 2, 2, 'd', &c));
    CHECK_EQ(rd(FR) & 0xa8, 0x80);
    CHECK_EQ(rd(RIS), TXIC);
    wr(ICR, TXIC);
    CHECK_EQ(rd(RIS), 0);
}

TEST(characters_go_in_and_the_fifo_fills)
{
    vpl011_init(&uart);
    fill(VPL011_FIFO);
    CHECK(!vpl011_receive(&uart, 'x'));
    CHECK_EQ(rd(FR), 0xc0);
    CHECK_EQ(vpl011_read(&uart, DR + 1, 1), 0);
    CHECK_EQ(vpl011_read(&uart, DR + 2, 2), 0);
    for (unsigned i = 0; i < VPL011_FIFO; i++) {
        CHECK_EQ(vpl011_read(&uart, DR, i % 2 == 0 ? 4 : 1), 'a' + i % 26);
    }
    CHECK_EQ(rd(FR), 0x90);
    CHECK_EQ(rd(DR), 0);
}

TEST(without_fifo_each_character_interrupts)
{
    vpl011_init(&uart);
    wr(IMSC, RXIC);
    fill(1);
    CHECK(vpl011_irq_level(&uart));
    CHECK_EQ(rd(MIS), RXIC);
    rd(DR);
    CHECK(!vpl011_irq_level(&uart));
}

TEST(receive_level)
{
    static const unsigned levels[] = {4, 8, 16, 24, 28};

    for (unsigned i = 0; i < 5; i++) {
        vpl011_init(&uart);
        wr(LCR_H, 0x70);
        wr(IFLS, i << 3);
        fill(levels[i] - 1);
        CHECK_EQ(rd(RIS), RTIC);
        fill(1);
        CHECK_EQ(rd(RIS), RXIC | RTIC);
        rd(DR);
        CHECK_EQ(rd(RIS), RTIC);
        while ((rd(FR) & 0x10) == 0) {
            rd(DR);
        }
        CHECK_EQ(rd(RIS), 0);
    }
}

/* What Linux does: unmask, take the interrupt, clear all but RX, RT and TX, read until empty. No character
 * may be left behind silently. */
TEST(linux_interrupt_sequence)
{
    vpl011_init(&uart);
    wr(ICR, 0x7ff);
    wr(LCR_H, 0x70);
    wr(CR, 0xb01);
    wr(ICR, RXIC | RTIC);
    wr(IMSC, RXIC | RTIC);
    for (unsigned round = 1; round <= VPL011_FIFO; round++) {
        fill(round);
        CHECK(vpl011_irq_level(&uart));
        wr(ICR, rd(RIS) & ~(RXIC | RTIC | TXIC));
        while ((rd(FR) & 0x10) == 0) {
            rd(DR);
        }
        CHECK(!vpl011_irq_level(&uart));
    }
}

TEST(loopback)
{
    char c = 'z';

    vpl011_init(&uart);
    wr(CR, 0x381);
    CHECK(!vpl011_write(&uart, DR, 4, 'q', &c));
    CHECK_EQ(c, 'z');
    CHECK_EQ(rd(DR), 'q');
}

TEST(masks_and_read_only_registers)
{
    static const struct {
        uint32_t offset, mask;
    } rows[] = {{0x24, 0xffff}, {0x28, 0x3f},  {0x2c, 0xff}, {0x30, 0xff87},
                {0x34, 0x3f},   {0x38, 0x7ff}, {0x48, 7}};

    vpl011_init(&uart);
    for (uint32_t offset = 4; offset < 0x1000; offset += 4) {
        uint32_t before = rd(offset), mask = 0;

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            mask = rows[i].offset == offset ? rows[i].mask : mask;
        }
        wr(offset, 0xffffffff);
        CHECK_EQ(rd(offset), mask != 0 ? mask : before);
        wr(offset, 0);
        CHECK_EQ(rd(offset), mask != 0 ? 0 : before);
    }
}

TEST(narrow_reads_see_their_bytes)
{
    vpl011_init(&uart);
    wr(CR, 0x8381);
    CHECK_EQ(vpl011_read(&uart, CR, 2), 0x8381);
    CHECK_EQ(vpl011_read(&uart, CR, 1), 0x81);
    CHECK_EQ(vpl011_read(&uart, CR + 1, 1), 0x83);
    CHECK_EQ(vpl011_read(&uart, CR + 2, 2), 0);
    CHECK_EQ(vpl011_read(&uart, 0x1000, 4), 0);
}

/* Random use against an array that is shifted: order kept, flags right, and whenever characters wait an
 * unmasked guest is told. */
TEST(fifo_against_a_model)
{
    char model[VPL011_FIFO];
    unsigned count = 0;

    vpl011_init(&uart);
    wr(IMSC, RXIC | RTIC);
    for (unsigned step = 0; step < 20000; step++) {
        char c = (char)test_random();

        switch (test_random_below(4)) {
        case 0:
        case 1:
            CHECK_EQ(vpl011_receive(&uart, c), count < VPL011_FIFO);
            if (count < VPL011_FIFO) {
                model[count++] = c;
            }
            break;
        case 2:
            CHECK_EQ(rd(DR), count != 0 ? (uint8_t)model[0] : 0);
            if (count != 0) {
                memmove(model, model + 1, --count);
            }
            break;
        default:
            if (count == 0) { /* The level may only change while nothing waits, as drivers do. */
                wr(LCR_H, (uint32_t)test_random() & 0x10);
                wr(IFLS, (uint32_t)test_random());
            }
        }
        CHECK_EQ((rd(FR) & 0x10) != 0, count == 0);
        CHECK_EQ((rd(FR) & 0x40) != 0, count == VPL011_FIFO);
        CHECK_EQ(vpl011_irq_level(&uart), count != 0);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_vpl011_served.c - the virtual PL011 that another domain serves: both ends of the console page, and
 * ends that lie. */
#include <string.h>

#include "test.h"
#include "vdev/vpl011.h"

#define DR 0x000u
#define FR 0x018u
#define CR 0x030u
#define IMSC 0x038u
#define RIS 0x03cu
#define ICR 0x044u

#define BUSY 0x08u
#define RXFE 0x10u
#define TXFF 0x20u
#define RXFF 0x40u
#define TXFE 0x80u
#define RXIC 0x10u
#define TXIC 0x20u
#define RTIC 0x40u

static struct vpl011 uart;
static struct xencons_interface page;

static void start(void)
{
    memset(&page, 0, sizeof(page));
    vpl011_init(&uart);
    vpl011_serve(&uart, &page);
}

/* As the guest's access is carried out. Returns whether the server is to be told. */
static bool put(char c)
{
    char out = 0;

    CHECK(!vpl011_write(&uart, DR, 4, (uint8_t)c, &out));
    CHECK_EQ(out, 0);
    return vpl011_exchange(&uart);
}

static uint32_t rd(uint32_t offset)
{
    return vpl011_read(&uart, offset, 4);
}

static void wr(uint32_t offset, uint32_t value)
{
    char c;

    CHECK(!vpl011_write(&uart, offset, 4, value, &c));
}

/* What xenconsoled does: all that there is, as text. */
static unsigned drain(char *to)
{
    unsigned count = 0;

    while (page.out_cons != page.out_prod) {
        to[count++] = page.out[page.out_cons++ % sizeof(page.out)];
    }
    return count;
}

static void type(const char *text)
{
    for (; *text != '\0'; text++) {
        page.in[page.in_prod++ % sizeof(page.in)] = *text;
    }
}

TEST(characters_go_out_and_the_server_is_told)
{
    char text[8];

    start();
    CHECK_EQ(rd(FR), TXFE | RXFE);
    CHECK(put('h'));
    CHECK(!vpl011_exchange(&uart));
    CHECK_EQ(rd(FR), RXFE);
    CHECK(put('i'));
    CHECK_EQ(drain(text), 2);
    CHECK(memcmp(text, "hi", 2) == 0);
    CHECK_EQ(rd(FR), TXFE | RXFE); /* Without being told. */
}

TEST(a_full_ring_holds_the_driver_up)
{
    unsigned count = 0;
    char text[sizeof(page.out)];

    start();
    wr(IMSC, TXIC);
    while ((rd(FR) & TXFF) == 0) {
        CHECK_EQ(rd(FR) & BUSY, 0);
        CHECK(put((char)count++));
        /* The interrupt promises a FIFO's room. */
        CHECK_EQ(vpl011_irq_level(&uart), sizeof(page.out) - count >= VPL011_FIFO);
    }
    CHECK_EQ(count, sizeof(page.out));
    CHECK_EQ(rd(FR), TXFF | BUSY | RXFE);
    CHECK(!put('x')); /* Lost. */
    page.out_cons += VPL011_FIFO - 1;
    CHECK(!vpl011_exchange(&uart));
    CHECK_EQ(rd(FR), RXFE);
    CHECK(!vpl011_irq_level(&uart));
    page.out_cons++;
    CHECK(!vpl011_exchange(&uart));
    CHECK(vpl011_irq_level(&uart));
    wr(ICR, TXIC);
    CHECK(!vpl011_exchange(&uart)); /* Said once. */
    CHECK(!vpl011_irq_level(&uart));
    CHECK_EQ(drain(text), sizeof(page.out) - VPL011_FIFO);
    for (unsigned i = 0; i < sizeof(page.out) - VPL011_FIFO; i++) {
        CHECK_EQ(text[i], (char)(i + VPL011_FIFO));
    }
}

TEST(input_comes_as_there_is_room)
{
    char text[101] = {0};

    start();
    wr(IMSC, RXIC | RTIC);
    for (unsigned i = 0; i < 100; i++) {
        text[i] = (char)(' ' + i % 90);
    }
    type(text);
    CHECK_EQ(rd(DR), 0); /* Nobody has looked yet. */
    CHECK(vpl011_exchange(&uart));
    CHECK_EQ(page.in_cons, VPL011_FIFO);
    CHECK_EQ(rd(FR), TXFE | RXFF);
    CHECK(vpl011_irq_level(&uart));
    CHECK(!vpl011_exchange(&uart));
    for (unsigned i = 0; i < 100; i++) {
        CHECK(vpl011_irq_level(&uart));
        CHECK_EQ(rd(DR), text[i]);
        CHECK_EQ(vpl011_exchange(&uart), i + VPL011_FIFO < 100);
    }
    CHECK_EQ(page.in_cons, 100);
    CHECK_EQ(rd(FR), TXFE | RXFE);
    CHECK(!vpl011_irq_level(&uart));
}

TEST(loopback_stays_inside)
{
    start();
    wr(CR, 0x380);
    CHECK(!put('q'));
    CHECK_EQ(page.out_prod, 0);
    CHECK_EQ(rd(DR), 'q');
}

TEST(it_goes_on_from_what_the_page_says)
{
    char text[4];

    memset(&page, 0, sizeof(page));
    page.out_prod = page.out_cons = UINT32_MAX;
    page.in_prod = page.in_cons = UINT32_MAX - 1;
    vpl011_init(&uart);
    vpl011_serve(&uart, &page);
    type("abc");
    CHECK(vpl011_exchange(&uart));
    CHECK_EQ(rd(DR), 'a');
    CHECK_EQ(rd(DR), 'b');
    CHECK_EQ(rd(DR), 'c');
    CHECK_EQ(page.in_cons, 1);
    CHECK(put('x'));
    CHECK(put('y'));
    CHECK_EQ(page.out_prod, 1);
    CHECK_EQ(drain(text), 2);
    CHECK(memcmp(text, "xy", 2) == 0);
}

/* What the hypervisor counts itself nobody can change; what cannot be is nothing, and heals. */
TEST(indices_that_lie)
{
    static const uint32_t bad_used[] = {sizeof(page.out) + 1, 0x80000000u, UINT32_MAX};
    static const uint32_t bad_waiting[] = {sizeof(page.in) + 1, 0x80000000u, UINT32_MAX};

    start();
    for (unsigned i = 0; i < 3; i++) {
        page.out_cons = 0u - bad_used[i];
        CHECK_EQ(rd(FR) & (TXFF | TXFE), TXFF);
        CHECK(!put('x'));
        page.in_prod = bad_waiting[i];
        CHECK(!vpl011_exchange(&uart));
        CHECK_EQ(rd(FR) & RXFE, RXFE);
    }
    page.out_prod = 77777;
    page.in_cons = 99999;
    page.out_cons = 0;
    page.in_prod = 2;
    memcpy(page.in, "ok", 2);
    CHECK(vpl011_exchange(&uart));
    CHECK_EQ(page.in_cons, 2);
    CHECK_EQ(rd(DR), 'o');
    CHECK(put('A'));
    CHECK_EQ(page.out_prod, 1);
    CHECK_EQ(page.out[0], 'A');
    CHECK_EQ((rd(RIS) & TXIC), TXIC);
}

TEST(when_nobody_serves_it_output_is_lost_and_the_rest_goes_on)
{
    start();
    type("abc");
    CHECK(vpl011_exchange(&uart));
    CHECK_PTR_EQ(vpl011_unserve(&uart), &page);
    CHECK_PTR_EQ(vpl011_unserve(&uart), NULL);
    for (unsigned i = 0; i < 2 * sizeof(page.out); i++) {
        (void)put('x');
        CHECK_EQ(rd(FR) & (TXFE | TXFF | BUSY), TXFE);
        CHECK_EQ(rd(RIS) & TXIC, TXIC);
    }
    CHECK_EQ(page.out_prod, 0);
    CHECK_EQ(rd(DR), 'a');
    type("d");
    (void)vpl011_exchange(&uart);
    CHECK_EQ(rd(DR), 'b');
    CHECK_EQ(rd(DR), 'c');
    CHECK_EQ(rd(FR) & RXFE, RXFE);
    CHECK_EQ(page.in_cons, 3);
}

/* Any order of steps of both ends against two queues. */
TEST(random_steps_against_a_model)
{
    static char sent[1 << 16], typed[1 << 16];
    unsigned sent_count = 0, drained = 0, typed_count = 0, read_count = 0;

    start();
    wr(IMSC, RXIC | RTIC);
    for (unsigned step = 0; step < 50000; step++) {
        char c = (char)test_random();

        switch (test_random_below(6)) {
        case 0:
        case 1:
            if (page.out_prod - page.out_cons < sizeof(page.out)) {
                sent[sent_count++] = c;
            }
            (void)put(c);
            break;
        case 2:
            if (page.in_prod - page.in_cons < sizeof(page.in)) {
                typed[typed_count++] = c;
                page.in[page.in_prod % sizeof(page.in)] = c;
                page.in_prod++;
                (void)vpl011_exchange(&uart);
            }
            break;
        case 3:
            if ((rd(FR) & RXFE) == 0) {
                CHECK_EQ((char)rd(DR), typed[read_count]);
                read_count++;
                (void)vpl011_exchange(&uart);
            }
            break;
        case 4:
            for (uint64_t i = test_random_below(4); i != 0 && page.out_cons != page.out_prod; i--) {
                CHECK_EQ(page.out[page.out_cons % sizeof(page.out)], sent[drained]);
                drained++;
                page.out_cons++;
            }
            (void)vpl011_exchange(&uart);
            break;
        default:
            (void)vpl011_exchange(&uart);
            break;
        }
        CHECK_EQ(vpl011_irq_level(&uart), read_count != typed_count);
        CHECK_EQ((rd(FR) & TXFE) != 0, drained == sent_count);
    }
    CHECK(sent_count > 2 * sizeof(page.out) && read_count > 2 * sizeof(page.in));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* sys_echo.c - test guest: says "READY name", then "HEARD name: text" for every line typed to it, until one
 * is "end". It sleeps in between: the UART's interrupt wakes it. Boot argument: name=. */
#include "check.h"

#define PL011_IMSC 0x38
#define PL011_ICR 0x44
#define PL011_INT_RX 0x10
#define PL011_INT_RT 0x40
#define LINE_MAX 128

static struct checks checks;
static char line[LINE_MAX + 1];
static size_t length;
static volatile bool over;

static void take(char c, const char *name, size_t name_length)
{
    char who[32] = {0};

    memcpy(who, name, name_length < sizeof(who) - 1 ? name_length : sizeof(who) - 1);
    if (c != '\r' && c != '\n') {
        if (length < LINE_MAX) {
            line[length++] = c;
        }
        return;
    }
    line[length] = '\0';
    print("HEARD %s: %s\n", who, line);
    over = strcmp(line, "end") == 0;
    length = 0;
}

static void hear(unsigned intid, struct trap_frame *frame)
{
    const char *name = "";
    size_t name_length = 0;
    char c;

    (void)intid;
    (void)frame;
    bootarg_find("name", &name, &name_length);
    mmio_write32(platform.uart_base + PL011_ICR, PL011_INT_RX | PL011_INT_RT);
    while (uart_read(&c)) {
        take(c, name, name_length);
    }
}

unsigned guest_main(void)
{
    irq_set_handler(platform.uart_intid, hear);
    gic_route(platform.uart_intid, 0);
    gic_enable(platform.uart_intid);
    mmio_write32(platform.uart_base + PL011_IMSC, PL011_INT_RX | PL011_INT_RT);
    print("READY %s\n", platform.bootargs);
    while (!over) {
        wfi();
        irq_enable();
        isb();
        irq_disable();
    }
    CHECK(over);
    return checks_end(&checks);
}

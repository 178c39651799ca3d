/* SPDX-License-Identifier: Apache-2.0 */
/* platform.h - what the device tree says of the machine a guest runs on, and what the boot arguments ask of
 * the guest. */
#ifndef GUEST_PLATFORM_H
#define GUEST_PLATFORM_H

#include "asm.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLATFORM_BANK_MAX 4

enum uart_kind {
    UART_NONE,
    UART_PL011, /* SBSA's generic UART too. */
    UART_CADENCE,
    UART_HYPERCALL, /* No UART, but a hypervisor node: Xen's console_io. */
};

struct range {
    uint64_t base, size_bytes;
};

struct platform {
    const void *fdt;
    uint64_t first_tick; /* CNTPCT at the first instruction. */
    struct range memory[PLATFORM_BANK_MAX];
    unsigned bank_count;
    uint64_t cpu_mpidr[GUEST_CPU_MAX];
    unsigned cpu_count;
    unsigned gic_version; /* 2, 3; 0: none. */
    struct range gicd, gicc, gicr;
    unsigned timer_phys_intid, timer_virt_intid;
    enum uart_kind uart;
    uint64_t uart_base;
    unsigned uart_intid;
    bool psci_smc;   /* Else hvc. */
    bool hypervisor; /* There is a xen,xen node. */
    const char *bootargs;
};

extern struct platform platform;

void platform_read(const void *fdt);

/* Boot arguments are words: name or name=value. */
bool bootarg_find(const char *name, const char **value, size_t *length);
uint64_t bootarg_number(const char *name, uint64_t otherwise); /* Decimal, or hexadecimal with 0x. */
bool bootarg_is(const char *name, const char *value);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* calls.c - hypercalls, PSCI and accesses to the virtual distributor: into the hypervisor and back. */
#include "timed.h"
#include "ubench.h"

#define XENVER_VERSION 0U
#define HYPERCALL_UNKNOWN 1000U
#define SCHEDOP_YIELD 0U

static uint64_t hypercall_null(void)
{
    return timed_hypercall(HYPERCALL_XEN_VERSION, XENVER_VERSION);
}

static uint64_t hypercall_unknown(void)
{
    return timed_hypercall(HYPERCALL_UNKNOWN, 0);
}

static uint64_t yield_alone(void)
{
    return timed_hypercall(HYPERCALL_SCHED_OP, SCHEDOP_YIELD);
}

static uint64_t psci_version(void)
{
    return timed_psci(PSCI_VERSION);
}

static uint64_t gicd_read_ctlr(void)
{
    return timed_read(platform.gicd.base + GICD_CTLR);
}

/* The registers of the SPIs: those of SGIs and PPIs are elsewhere in GICv3. */
static uint64_t gicd_read_enable(void)
{
    return timed_read(platform.gicd.base + GICD_ISENABLER + 4);
}

static uint64_t gicd_read_pending(void)
{
    return timed_read(platform.gicd.base + GICD_ISPENDR + 4);
}

/* Of an interrupt that is enabled already. */
static uint64_t gicd_write_enable(void)
{
    return timed_write(platform.gicd.base + GICD_ISENABLER + platform.uart_intid / 32 * 4,
                       1U << platform.uart_intid % 32);
}

/* Mask, as a driver does it: measured is the first of two writes. */
static uint64_t gicd_write_disable(void)
{
    uint64_t ticks = timed_write(platform.gicd.base + GICD_ICENABLER + platform.uart_intid / 32 * 4,
                                 1U << platform.uart_intid % 32);

    gic_enable(platform.uart_intid);
    return ticks;
}

static const struct {
    const char *name;
    uint64_t (*once)(void);
    bool hypervisor; /* Nobody would answer on a bare machine. */
} calls[] = {
    {"hypercall_null", hypercall_null, true},
    {"hypercall_unknown", hypercall_unknown, true},
    {"yield_alone", yield_alone, true},
    {"psci_version", psci_version, false},
    {"gicd_read_ctlr", gicd_read_ctlr, false},
    {"gicd_read_enable", gicd_read_enable, false},
    {"gicd_read_pending", gicd_read_pending, false},
    {"gicd_write_enable", gicd_write_enable, false},
    {"gicd_write_disable", gicd_write_disable, false},
};

void measure_calls(uint64_t rounds)
{
    uint64_t reads = timed_nothing();
    bool hypercalls = bootarg_number("hypercalls", 1) != 0;

    for (unsigned i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        struct figure figure = {0};

        if (calls[i].hypervisor && !hypercalls) {
            continue;
        }
        for (uint64_t round = 0; round < rounds; round++) {
            figure_add(&figure, calls[i].once() - reads);
        }
        figure_print(calls[i].name, &figure);
    }
}

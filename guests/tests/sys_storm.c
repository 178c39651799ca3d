/* SPDX-License-Identifier: Apache-2.0 */
/* sys_storm.c - test guest: bothers the hypervisor for ever, as fast as it can, on all its CPUs. Boot
 * argument: do= hypercall  psci  gic (distributor)  abort  sysreg  sgi  print  yield  wfi (with one pending)
 * vector (its vectors are nowhere)  stack (its stack is nowhere)  tables (so are its page tables)  fetch
 * (runs into nothing)  timer (fires always). */
#include "guest.h"

#define NOTHING_THERE 0x10000000UL

static uint32_t started;

static void fire(unsigned intid, struct trap_frame *frame)
{
    (void)intid;
    (void)frame;
}

static void storm_timer(void)
{
    irq_set_handler(timer_intid(TIMER_VIRT), fire);
    gic_enable(timer_intid(TIMER_VIRT));
    timer_set(TIMER_VIRT, 0); /* Always due. */
    irq_enable();
    for (;;) {
    }
}

static void storm_calls(const char *what)
{
    uint64_t value;

    for (;;) {
        if (*what == 'h') {
            hypercall(HYPERCALL_XEN_VERSION, 0, 0, 0, 0, 0);
        } else if (*what == 'p') {
            psci_call(PSCI_VERSION, 0, 0, 0);
        } else if (*what == 'g') {
            gic_set_priority(40, (uint8_t)(mmio_read32(platform.gicd.base + GICD_TYPER) | 0x80));
        } else if (*what == 'a') {
            probe_read(NOTHING_THERE, 4, &value);
        } else if (*what == 'r') {
            (void)SYSREG_READ(id_aa64pfr0_el1);
        } else if (*what == 'y') {
            hypercall(HYPERCALL_SCHED_OP, 0, 0, 0, 0, 0);
        }
    }
}

static void storm_sgi(void)
{
    irq_set_handler(3, fire);
    gic_enable(3);
    irq_enable();
    for (;;) {
        gic_send_sgi(3, (smp_index() + 1) % platform.cpu_count);
    }
}

static void storm_wfi(void)
{
    gic_enable(timer_intid(TIMER_VIRT));
    timer_set(TIMER_VIRT, 0);
    for (;;) {
        wfi();
    }
}

static void storm_print(void)
{
    for (unsigned i = 0;; i++) {
        print("storm %u on CPU %u: the quick brown fox jumps over the lazy dog\n", i, smp_index());
    }
}

static void storm_self(const char *what)
{
    if (*what == 'v') {
        SYSREG_WRITE(vbar_el1, NOTHING_THERE);
        isb();
        __asm__ volatile(".inst 0");
    } else if (*what == 's') {
        __asm__ volatile("mov sp, %0\n\tldr x1, [%0]" ::"r"(NOTHING_THERE) : "x1", "memory");
    } else if (*what == 't') {
        SYSREG_WRITE(ttbr0_el1, NOTHING_THERE);
        __asm__ volatile("isb\n\ttlbi vmalle1\n\tdsb nsh\n\tisb" ::: "memory");
    } else {
        SYSREG_WRITE(sctlr_el1, 0x30d00800);
        SYSREG_WRITE(vbar_el1, NOTHING_THERE);
        isb();
        __asm__ volatile("br %0" ::"r"(NOTHING_THERE));
    }
    for (;;) {
    }
}

static void storm(void *argument)
{
    const char *what = argument;

    __atomic_fetch_add(&started, 1, __ATOMIC_RELEASE);
    if (strncmp(what, "sgi", 3) == 0) {
        storm_sgi();
    } else if (strncmp(what, "print", 5) == 0) {
        storm_print();
    } else if (strncmp(what, "wfi", 3) == 0) {
        storm_wfi();
    } else if (strncmp(what, "timer", 5) == 0) {
        storm_timer();
    } else if (strncmp(what, "self-", 5) == 0) {
        storm_self(what + 5);
    } else {
        storm_calls(what);
    }
}

unsigned guest_main(void)
{
    const char *what = "hypercall";
    size_t length;

    bootarg_find("do", &what, &length);
    print("STORM %s\n", what);
    for (unsigned i = 1; i < platform.cpu_count; i++) {
        smp_start(i, storm, (void *)(uint64_t)what);
    }
    storm((void *)(uint64_t)what);
    return 0;
}

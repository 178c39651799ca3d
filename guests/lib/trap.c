/* SPDX-License-Identifier: Apache-2.0 */
/* trap.c - what the vectors call. An exception nobody expects is reported with its registers and ends the
 * guest with status 99. */
#include "trap.h"

#include "call.h"
#include "gic.h"
#include "print.h"
#include "smp.h"
#include "sysreg.h"

#define EXIT_UNEXPECTED 99

extern char vectors_virtual[], vectors_physical[];
void trap_interrupt(struct trap_frame *frame);
void trap_synchronous(struct trap_frame *frame);
void trap_unexpected(const struct trap_frame *frame, unsigned vector);

struct trap_cpu {
    bool expecting;
    struct trap_record record;
    uint32_t acknowledged;
    bool end_by_handler;
};

static irq_handler *handlers[IRQ_HANDLER_MAX];
static struct trap_cpu cpus[GUEST_CPU_MAX];

static struct trap_cpu *this_cpu(void)
{
    return &cpus[smp_index()];
}

void irq_set_handler(unsigned intid, irq_handler *handler)
{
    handlers[intid] = handler;
    dsb_sy();
}

uint32_t irq_acknowledged(void)
{
    return this_cpu()->acknowledged;
}

void irq_end_by_handler(bool by_handler)
{
    this_cpu()->end_by_handler = by_handler;
}

void irq_stamp_physical(bool physical)
{
    SYSREG_WRITE(vbar_el1, (uint64_t)(physical ? vectors_physical : vectors_virtual));
    isb();
}

void trap_interrupt(struct trap_frame *frame)
{
    struct trap_cpu *cpu = this_cpu();
    uint32_t acknowledged = gic_acknowledge();
    unsigned intid = gic_intid(acknowledged);

    if (intid >= IRQ_HANDLER_MAX) {
        return; /* Spurious. */
    }
    cpu->acknowledged = acknowledged;
    if (handlers[intid] == NULL) {
        print("guest: interrupt %u has no handler\n", intid);
        guest_exit(EXIT_UNEXPECTED);
    }
    handlers[intid](intid, frame);
    if (!cpu->end_by_handler) {
        gic_end(acknowledged);
    }
}

void trap_synchronous(struct trap_frame *frame)
{
    struct trap_cpu *cpu = this_cpu();

    if (!cpu->expecting) {
        trap_unexpected(frame, 4);
        return;
    }
    cpu->record = (struct trap_record){
        .taken = true, .esr = SYSREG_READ(esr_el1), .far = SYSREG_READ(far_el1), .elr = frame->elr};
    bool fetch = (cpu->record.esr >> 26 & 0x3e) == 0x20; /* An instruction abort, of either level. */
    frame->elr = fetch ? frame->x[30] : frame->elr + 4;
}

void trap_unexpected(const struct trap_frame *frame, unsigned vector)
{
    print("guest: unexpected exception, vector %u on CPU %u: ESR 0x%lx FAR 0x%lx ELR 0x%lx SPSR 0x%lx\n",
          vector, smp_index(), SYSREG_READ(esr_el1), SYSREG_READ(far_el1), frame->elr, frame->spsr);
    for (unsigned i = 0; i < 31; i++) {
        print("guest: x%u 0x%lx\n", i, frame->x[i]);
    }
    guest_exit(EXIT_UNEXPECTED);
}

void trap_expect(void)
{
    struct trap_cpu *cpu = this_cpu();
    cpu->record = (struct trap_record){0};
    cpu->expecting = true;
    __asm__ volatile("" ::: "memory");
}

struct trap_record trap_expected(void)
{
    __asm__ volatile("" ::: "memory");
    this_cpu()->expecting = false;
    return this_cpu()->record;
}

bool probe_read(uint64_t address, unsigned size_bytes, uint64_t *value)
{
    uint64_t v = 0;

    trap_expect();
    if (size_bytes == 1) {
        __asm__ volatile("ldrb %w0, [%1]" : "+r"(v) : "r"(address) : "memory");
    } else if (size_bytes == 2) {
        __asm__ volatile("ldrh %w0, [%1]" : "+r"(v) : "r"(address) : "memory");
    } else if (size_bytes == 4) {
        __asm__ volatile("ldr %w0, [%1]" : "+r"(v) : "r"(address) : "memory");
    } else {
        __asm__ volatile("ldr %0, [%1]" : "+r"(v) : "r"(address) : "memory");
    }
    bool taken = trap_expected().taken;
    if (!taken) {
        *value = v;
    }
    return !taken;
}

bool probe_write(uint64_t address, unsigned size_bytes, uint64_t value)
{
    trap_expect();
    if (size_bytes == 1) {
        __asm__ volatile("strb %w0, [%1]" ::"r"(value), "r"(address) : "memory");
    } else if (size_bytes == 2) {
        __asm__ volatile("strh %w0, [%1]" ::"r"(value), "r"(address) : "memory");
    } else if (size_bytes == 4) {
        __asm__ volatile("str %w0, [%1]" ::"r"(value), "r"(address) : "memory");
    } else {
        __asm__ volatile("str %0, [%1]" ::"r"(value), "r"(address) : "memory");
    }
    dsb_sy();
    return !trap_expected().taken;
}

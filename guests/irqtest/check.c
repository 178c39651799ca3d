/* SPDX-License-Identifier: Apache-2.0 */
/* check.c - the log of interrupts, waits with a limit, and CPUs that serve. */
#include "check.h"

#define WAIT_SECONDS 30 /* vCPUs that spin share few CPUs here, on a machine that others load. */
#define ISR_I (1U << 7)
#define PSCI_OFF 1

struct irq_log irq_log[GUEST_CPU_MAX];

struct peer {
    volatile uint32_t serving; /* 1: in its loop. */
    void (*volatile function)(uint64_t argument);
    volatile uint64_t argument;
    volatile uint32_t asked, done; /* Calls. */
};

static struct peer peers[GUEST_CPU_MAX];
static volatile uint32_t stopping;
static unsigned peer_count = 1; /* The boot CPU among them. */

void log_clear(void)
{
    memset(irq_log, 0, sizeof(irq_log));
    dsb_sy();
}

void log_note(void)
{
    struct irq_log *log = &irq_log[smp_index()];

    if (log->count < LOG_MAX) {
        log->raw[log->count] = irq_acknowledged();
    }
    __atomic_store_n(&log->count, log->count + 1, __ATOMIC_RELEASE);
}

void log_irq(unsigned intid, struct trap_frame *frame)
{
    uint32_t raw = irq_acknowledged();

    (void)intid;
    (void)frame;
    log_note();
    gic_end(raw);
}

unsigned log_intid(unsigned cpu, unsigned index)
{
    return index < LOG_MAX && index < irq_log[cpu].count ? gic_intid(irq_log[cpu].raw[index]) : GIC_SPURIOUS;
}

unsigned log_count(unsigned cpu, unsigned intid)
{
    unsigned count = 0;

    for (unsigned i = 0; i < irq_log[cpu].count && i < LOG_MAX; i++) {
        count += log_intid(cpu, i) == intid;
    }
    return count;
}

uint64_t ticks_of_us(uint64_t microseconds)
{
    return microseconds * timer_frequency() / 1000000;
}

uint64_t wait_limit(void)
{
    return bootarg_number("wait", WAIT_SECONDS) * timer_frequency();
}

/* Not at every look: under -icount each yield goes through all of QEMU. */
void pause(void)
{
    for (unsigned i = 0; i < 100; i++) {
        __asm__ volatile("nop");
    }
    yield();
}

static bool reached(const volatile uint32_t *word, uint32_t value)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE) >= value;
}

bool await(const volatile uint32_t *word, uint32_t value, const char *what)
{
    uint64_t begin = timer_now(TIMER_PHYS);

    irq_enable();
    while (!reached(word, value) && timer_now(TIMER_PHYS) - begin < wait_limit()) {
        pause();
    }
    irq_disable();
    return check(reached(word, value), "%s: %u after the longest wait, not %u", what, *word, value);
}

bool await_in_wfi(const volatile uint32_t *word, uint32_t value, const char *what)
{
    uint64_t begin = timer_now(TIMER_PHYS);

    irq_disable();
    /* A masked interrupt ends wfi too, so none is slept over. */
    while (!reached(word, value) && timer_now(TIMER_PHYS) - begin < wait_limit()) {
        wfi();
        take_pending();
    }
    return check(reached(word, value), "%s: %u, not %u", what, *word, value);
}

bool log_wait(unsigned cpu, uint32_t count)
{
    char what[] = "interrupts of CPU 0";

    what[sizeof(what) - 2] = (char)('0' + cpu);
    return await(&irq_log[cpu].count, count, what);
}

void look_again(unsigned intid)
{
    if (platform.gic_version == 2) {
        gic_disable(intid);
        gic_enable(intid);
    }
}

void spin_us(uint64_t microseconds)
{
    uint64_t begin = timer_now(TIMER_PHYS);

    while (timer_now(TIMER_PHYS) - begin < ticks_of_us(microseconds)) {
        pause();
    }
}

bool irq_waits(void)
{
    dsb_sy();
    isb();
    return (SYSREG_READ(isr_el1) & ISR_I) != 0;
}

bool await_irq(const char *what)
{
    uint64_t begin = timer_now(TIMER_PHYS);

    while (!irq_waits()) {
        if (timer_now(TIMER_PHYS) - begin > wait_limit()) {
            return check(false, "%s: no interrupt comes", what);
        }
        pause();
    }
    return true;
}

void take_pending(void)
{
    irq_enable();
    while (irq_waits()) {
    }
    irq_disable();
}

/* Serve: calls of begin_on_cpu(), interrupts otherwise. */
static void serve(void *argument)
{
    struct peer *self = argument;

    irq_end_by_handler(true);
    gic_enable(SGI_WAKE);
    __atomic_store_n(&self->serving, 1, __ATOMIC_RELEASE);
    while (!stopping) {
        if (self->done != __atomic_load_n(&self->asked, __ATOMIC_ACQUIRE)) {
            self->function(self->argument);
            irq_disable();
            __atomic_store_n(&self->done, self->done + 1, __ATOMIC_RELEASE);
        } else {
            wfi();
        }
        take_pending();
    }
    __atomic_store_n(&self->serving, 0, __ATOMIC_RELEASE);
}

static void on_wake(unsigned intid, struct trap_frame *frame)
{
    (void)intid;
    (void)frame;
    gic_end(irq_acknowledged());
}

bool cpu_wait_off(unsigned cpu)
{
    uint64_t begin = timer_now(TIMER_PHYS);

    while (psci_call(PSCI_AFFINITY_INFO, platform.cpu_mpidr[cpu], 0, 0) != PSCI_OFF) {
        if (timer_now(TIMER_PHYS) - begin > wait_limit()) {
            return check(false, "CPU %u does not switch off", cpu);
        }
        pause();
    }
    return true;
}

bool peers_start(unsigned count)
{
    irq_set_handler(SGI_WAKE, on_wake);
    stopping = 0;
    for (peer_count = 1; peer_count < count; peer_count++) {
        struct peer *peer = &peers[peer_count];

        peer->asked = peer->done = 0;
        if (smp_start(peer_count, serve, peer) != 0 || !smp_wait(&peer->serving, 1, wait_limit())) {
            return check(false, "CPU %u does not start", peer_count);
        }
    }
    return true;
}

void peers_stop(void)
{
    __atomic_store_n(&stopping, 1, __ATOMIC_RELEASE);
    for (unsigned cpu = 1; cpu < peer_count; cpu++) {
        gic_send_sgi(SGI_WAKE, cpu);
    }
    for (unsigned cpu = 1; cpu < peer_count; cpu++) {
        cpu_wait_off(cpu);
    }
    peer_count = 1;
}

void begin_on_cpu(unsigned cpu, void (*function)(uint64_t argument), uint64_t argument)
{
    struct peer *peer = &peers[cpu];

    peer->function = function;
    peer->argument = argument;
    __atomic_store_n(&peer->asked, peer->asked + 1, __ATOMIC_RELEASE);
    gic_send_sgi(SGI_WAKE, cpu);
}

static bool peer_idle(unsigned cpu)
{
    uint64_t begin = timer_now(TIMER_PHYS);

    while (__atomic_load_n(&peers[cpu].done, __ATOMIC_ACQUIRE) != peers[cpu].asked) {
        if (timer_now(TIMER_PHYS) - begin > wait_limit()) {
            return check(false, "CPU %u does not come to an end", cpu);
        }
        pause();
    }
    return true;
}

bool on_cpu(unsigned cpu, void (*function)(uint64_t argument), uint64_t argument)
{
    begin_on_cpu(cpu, function, argument);
    return peer_idle(cpu);
}

bool peers_idle(void)
{
    bool good = true;

    for (unsigned cpu = 1; cpu < peer_count; cpu++) {
        good = peer_idle(cpu) && good;
    }
    return good;
}

void spi_prepare(unsigned intid, uint8_t priority)
{
    irq_set_handler(intid, log_irq);
    gic_set_edge(intid, true);
    gic_set_priority(intid, priority);
    gic_route(intid, 0);
    gic_enable(intid);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* check.h - what the tests of irqtest share: claims, a log of interrupts per CPU, waits with a limit, other
 * CPUs. */
#ifndef IRQTEST_CHECK_H
#define IRQTEST_CHECK_H

#include "guest.h"

struct test {
    const char *name; /* NULL ends a list. */
    void (*run)(unsigned argument);
    unsigned argument;
    unsigned cpus; /* At least so many vCPUs. */
    unsigned gic;  /* 2, 3; 0: both. */
    bool asked;    /* Not part of test=all: it needs a special machine, or a neighbour. */
};
/* Each suite's list stands in its own file. */
extern const struct test tests_distributor[], tests_v2[], tests_v3[], tests_interface[], tests_sgi[];
extern const struct test tests_routes[], tests_overflow[], tests_timer[], tests_sharing[], tests_device[];

/* A claim. When it does not hold the running test has failed: the words say why. Any CPU. Returns @good. */
bool check(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool check_equal(const char *what, uint64_t is, uint64_t wanted);
/* What the line `ok NAME ...` says after the name. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define LOG_MAX 256
struct irq_log { /* Of one CPU: what it acknowledged, in order. */
    uint32_t count;
    uint32_t raw[LOG_MAX];
};
extern struct irq_log irq_log[GUEST_CPU_MAX];

void log_clear(void);
/* Handlers of irqtest end their interrupts themselves. */
void log_note(void);                                    /* In a handler: what it is goes into the log. */
void log_irq(unsigned intid, struct trap_frame *frame); /* A handler: notes it, and ends it. */
unsigned log_intid(unsigned cpu, unsigned index);
unsigned log_count(unsigned cpu, unsigned intid); /* How often @intid is in it. */
/* Wait until @cpu has logged @count, with interrupts on here. False, and the test failed: it never had. */
bool log_wait(unsigned cpu, uint32_t count);

uint64_t ticks_of_us(uint64_t microseconds);
uint64_t wait_limit(void); /* Ticks after which what should have come will not. */
/* Wait for *@word >= @value with interrupts on. False, and the test failed, when the limit is over. */
bool await(const volatile uint32_t *word, uint32_t value, const char *what);
/* The same in wfi; for waits that some interrupt ends for sure. */
bool await_in_wfi(const volatile uint32_t *word, uint32_t value, const char *what);
void pause(void);                    /* Between two looks in a busy wait. */
void spin_us(uint64_t microseconds); /* With interrupts as they are. */

bool await_irq(const char *what); /* Until one would be taken now; interrupts stay masked. */
bool irq_waits(void);             /* Would an interrupt be taken now? Whatever the mask says: ISR_EL1. */
void take_pending(void);          /* Take what is deliverable, then mask again. */

/* After the end of a level interrupt whose line may be up still. When a guest's end deactivates a physical
 * interrupt, QEMU's GICv2 does not look at its inputs again before its distributor is written
 * (gic_complete_irq() updates the virtual interface alone). So what the hypervisor has to write there, of the
 * enabled interrupt @intid; nothing on GICv3. */
void look_again(unsigned intid);

/* CPUs 1 to @count - 1 serve with interrupts on from now on. False, and the test failed: one did not start.
 */
bool peers_start(unsigned count);
void peers_stop(void);
/* Have @cpu, which serves, run @function, and wait until it has. */
bool on_cpu(unsigned cpu, void (*function)(uint64_t argument), uint64_t argument);
/* The same without waiting; then wait for all. */
void begin_on_cpu(unsigned cpu, void (*function)(uint64_t argument), uint64_t argument);
bool peers_idle(void);
bool cpu_wait_off(unsigned cpu); /* Until PSCI says that it is off. */

#define SGI_WAKE 15  /* Of ours: makes a serving CPU look for work. */
#define SPI_FIRST 40 /* SPIs without a device: software makes them pending. */
#define SPI_LAST 95  /* The domain has nr_spis = <64>. */

/* The SPI ready to be taken by CPU 0: edge, enabled, logged, of that priority. */
void spi_prepare(unsigned intid, uint8_t priority);

#endif

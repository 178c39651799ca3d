/* SPDX-License-Identifier: Apache-2.0 */
/* sys_share.c - test guest: how long each of its CPUs really ran in a span of the physical counter's time,
 * and how often its turn came, the first one too, as steps of the counter tell. What nobody had, the
 * hypervisor had.
 * Boot arguments: wake=TICKS, when all wake up, and from=TICKS until=TICKS, when they count. */
#include "check.h"

#define GAP_TICKS 600 /* A longer step of the counter is time spent elsewhere. */
#define PATIENCE_S 120

struct share {
    uint64_t ran, turns;
};

static struct checks checks;
static struct share shares[GUEST_CPU_MAX];
static volatile uint32_t done;
static uint64_t wake, from, until;

static void fire(unsigned intid, struct trap_frame *frame)
{
    (void)intid;
    (void)frame;
    timer_stop(TIMER_PHYS);
}

static void run(void *argument)
{
    struct share share = {0};
    uint64_t last, now;

    (void)argument;
    gic_enable(timer_intid(TIMER_PHYS));
    timer_set(TIMER_PHYS, wake);
    while (timer_now(TIMER_PHYS) < wake) {
        wfi();
        irq_enable();
        isb();
        irq_disable();
    }
    while (timer_now(TIMER_PHYS) < from) {
    }
    last = from;
    while ((now = timer_now(TIMER_PHYS)) < until) {
        if (now - last < GAP_TICKS) {
            share.ran += now - last;
        } else {
            share.turns++;
        }
        last = now;
    }
    shares[smp_index()] = share;
    __atomic_fetch_add(&done, 1, __ATOMIC_RELEASE);
}

unsigned guest_main(void)
{
    wake = bootarg_number("wake", 0);
    from = bootarg_number("from", 0);
    until = bootarg_number("until", 0);
    irq_set_handler(timer_intid(TIMER_PHYS), fire);
    for (unsigned i = 1; i < platform.cpu_count; i++) {
        CHECK_EQ(smp_start(i, run, NULL), 0);
    }
    CHECK(timer_now(TIMER_PHYS) < wake);
    run(NULL);
    CHECK(smp_wait(&done, platform.cpu_count, timer_frequency() * PATIENCE_S));
    for (unsigned i = 0; i < platform.cpu_count; i++) {
        print("SHARE %u ran %lu turns %lu\n", i, shares[i].ran, shares[i].turns);
    }
    return checks_end(&checks);
}

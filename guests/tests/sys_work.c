/* SPDX-License-Identifier: Apache-2.0 */
/* sys_work.c - test guest: counts how much work each of its CPUs gets done in a span of the physical
 * counter's time. Boot arguments: from=TICKS until=TICKS; after each batch=N (1000) rounds sleep=TICKS (0),
 * or yield=1. */
#include "check.h"
#include "deadline.h"

#define RUNSTATE_GET 4 /* VCPUOP_get_runstate_info of xen/vcpu.h */
#define RUNSTATE_COUNT 4
#define PATIENCE_S 120

struct runstate { /* struct vcpu_runstate_info */
    int state;
    uint64_t entry_time, time[RUNSTATE_COUNT];
};

struct work {
    uint64_t count, running_ns, runnable_ns, blocked_ns;
};

static struct checks checks;
static struct work work[GUEST_CPU_MAX];
static volatile uint32_t done;
static uint64_t from, until, batch, sleep_ticks;
static bool yields;

static struct runstate runstate(void)
{
    struct runstate state;

    CHECK_EQ(hypercall(HYPERCALL_VCPU_OP, RUNSTATE_GET, smp_index(), (uint64_t)&state, 0, 0), 0);
    CHECK_EQ(state.state, 0); /* Who asks is running. */
    return state;
}

/* Some 200 instructions: the clock is slow to read under QEMU. */
static void one_round(void)
{
    for (volatile unsigned i = 0; i < 40; i++) {
    }
}

static void do_work(void *argument)
{
    struct work *mine = &work[smp_index()];

    (void)argument;
    deadline_init();
    sleep_until(from);
    struct runstate before = runstate();
    while (timer_now(TIMER_PHYS) < until) {
        one_round();
        mine->count++;
        if (mine->count % batch == 0 && sleep_ticks != 0) {
            sleep_until(timer_now(TIMER_PHYS) + sleep_ticks);
        }
        if (mine->count % batch == 0 && yields) {
            hypercall(HYPERCALL_SCHED_OP, 0, 0, 0, 0, 0);
        }
    }
    struct runstate after = runstate();
    mine->running_ns = after.time[0] - before.time[0];
    mine->runnable_ns = after.time[1] - before.time[1];
    mine->blocked_ns = after.time[2] - before.time[2];
    __atomic_fetch_add(&done, 1, __ATOMIC_RELEASE);
}

unsigned guest_main(void)
{
    from = bootarg_number("from", 0);
    until = bootarg_number("until", 0);
    sleep_ticks = bootarg_number("sleep", 0);
    batch = bootarg_number("batch", 1000);
    yields = bootarg_number("yield", 0) != 0;
    for (unsigned i = 1; i < platform.cpu_count; i++) {
        CHECK_EQ(smp_start(i, do_work, NULL), 0);
    }
    CHECK(timer_now(TIMER_PHYS) < from);
    do_work(NULL);
    CHECK(smp_wait(&done, platform.cpu_count, timer_frequency() * PATIENCE_S));
    for (unsigned i = 0; i < platform.cpu_count; i++) {
        print("WORK %u count %lu running %lu runnable %lu blocked %lu\n", i, work[i].count,
              work[i].running_ns, work[i].runnable_ns, work[i].blocked_ns);
    }
    return checks_end(&checks);
}

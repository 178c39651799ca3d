/* SPDX-License-Identifier: Apache-2.0 */
/* sys_psci.c - test guest: every PSCI and SMCCC function, by hvc and smc. Wants three CPUs. Boot arguments:
 * end=off|reset|crash (off) how it ends, by=N (0) which CPU ends it. Sources: Arm DEN0022 (PSCI 1.1), DEN0028
 * (SMCCC 1.2). */
#include "check.h"

#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#include <xen/xen.h>

#include <xen/sched.h>

#define SMCCC_VERSION 0x80000000U
#define SMCCC_ARCH_FEATURES 0x80000001U
#define PSCI_CPU_SUSPEND_32 0x84000001U
#define PSCI_CPU_ON_32 0x84000003U
#define PSCI_AFFINITY_INFO_32 0x84000004U
#define PSCI_MIGRATE 0x84000005U
#define PSCI_MIGRATE_INFO_TYPE 0x84000006U

#define NOT_SUPPORTED (-1)
#define INVALID_PARAMETERS (-2)
#define ALREADY_ON (-4)
#define INVALID_ADDRESS (-9)
#define STATE_ON 0
#define STATE_OFF 1

#define ROUNDS 20
#define PATIENCE_MS 10000

static struct checks checks;
static volatile uint32_t visits, go_on;
static volatile bool timer_fired;

typedef int64_t conduit(uint32_t function, uint64_t a0, uint64_t a1, uint64_t a2);

static uint64_t ticks_of_ms(uint64_t ms)
{
    return timer_frequency() / 1000 * ms;
}

/* PSCI's results are 32 bits wide. */
static int32_t ask(conduit *call, uint32_t function, uint64_t a0, uint64_t a1, uint64_t a2)
{
    return (int32_t)call(function, a0, a1, a2);
}

static void check_features(conduit *call)
{
    static const uint32_t there[] = {
        PSCI_VERSION,  PSCI_CPU_SUSPEND_32, PSCI_CPU_SUSPEND,      PSCI_CPU_OFF,           PSCI_CPU_ON_32,
        PSCI_CPU_ON,   PSCI_AFFINITY_INFO,  PSCI_AFFINITY_INFO_32, PSCI_MIGRATE_INFO_TYPE, PSCI_SYSTEM_OFF,
        PSCI_FEATURES, SMCCC_VERSION,       PSCI_SYSTEM_RESET,
    };
    /* MIGRATE, MIGRATE_INFO_UP_CPU, CPU_FREEZE, CPU_DEFAULT_SUSPEND, NODE_HW_STATE, SYSTEM_SUSPEND,
     * SET_SUSPEND_MODE, STAT_*, SYSTEM_RESET2, TRNG, KVM's vendor call. */
    static const uint32_t missing[] = {
        0x84000005, 0x84000007, 0x8400000b, 0x8400000c, 0x8400000d, 0x8400000e, 0xc400000e, 0x8400000f,
        0x84000010, 0x84000011, 0x84000012, 0xc4000012, 0x84000050, 0x8600ff01, 0,          0xffffffff,
    };

    for (unsigned i = 0; i < sizeof(there) / sizeof(there[0]); i++) {
        if (!CHECK_EQ(ask(call, PSCI_FEATURES, there[i], 0, 0), 0)) {
            print("... of function 0x%x\n", there[i]);
        }
    }
    for (unsigned i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
        if (!CHECK_EQ(ask(call, PSCI_FEATURES, missing[i], 0, 0), NOT_SUPPORTED) ||
            !CHECK_EQ(ask(call, missing[i], 0, 0, 0), NOT_SUPPORTED)) {
            print("... of function 0x%x\n", missing[i]);
        }
    }
}

static void check_answers(conduit *call)
{
    CHECK_EQ(ask(call, PSCI_VERSION, 0, 0, 0), 0x10001);
    CHECK_EQ(ask(call, SMCCC_VERSION, 0, 0, 0), 0x10001);
    CHECK_EQ(ask(call, SMCCC_ARCH_FEATURES, SMCCC_VERSION, 0, 0), 0);
    CHECK_EQ(ask(call, SMCCC_ARCH_FEATURES, 0x12345678, 0, 0), NOT_SUPPORTED);
    CHECK_EQ(ask(call, PSCI_MIGRATE_INFO_TYPE, 0, 0, 0), 2);
    CHECK_EQ(ask(call, PSCI_AFFINITY_INFO, 0, 0, 0), STATE_ON);
    CHECK_EQ(ask(call, PSCI_AFFINITY_INFO_32, 0, 0, 0), STATE_ON);
    CHECK_EQ(ask(call, PSCI_AFFINITY_INFO, 1, 0, 0), STATE_OFF);
    CHECK_EQ(ask(call, PSCI_AFFINITY_INFO, 3, 0, 0), INVALID_PARAMETERS);
    CHECK_EQ(ask(call, PSCI_AFFINITY_INFO, ~0UL, 0, 0), INVALID_PARAMETERS);
    CHECK_EQ(ask(call, PSCI_AFFINITY_INFO, 0, 4, 0), INVALID_PARAMETERS);
    CHECK_EQ(ask(call, PSCI_CPU_ON, 0, 0x40000000, 0), ALREADY_ON);
    CHECK_EQ(ask(call, PSCI_CPU_ON_32, 0, 0x40000000, 0), ALREADY_ON);
    CHECK_EQ(ask(call, PSCI_CPU_ON, 3, 0x40000000, 0), INVALID_PARAMETERS);
    CHECK_EQ(ask(call, PSCI_CPU_ON, 0x100, 0x40000000, 0), INVALID_PARAMETERS);
    CHECK_EQ(ask(call, PSCI_CPU_ON, 0x80000001, 0x40000000, 0), INVALID_PARAMETERS);
    CHECK_EQ(ask(call, PSCI_CPU_ON, 0x100000001, 0x40000000, 0), INVALID_PARAMETERS);
    CHECK_EQ(ask(call, PSCI_CPU_ON, 1, 0x40000001, 0), INVALID_ADDRESS);
    CHECK_EQ(ask(call, PSCI_CPU_ON, 1, 0x40000002, 0), INVALID_ADDRESS);
    CHECK_EQ(ask(call, PSCI_AFFINITY_INFO, 1, 0, 0), STATE_OFF);
}

/* Registers that SMCCC says are kept. */
static void check_registers(void)
{
    uint64_t before[14], after[14];

    for (unsigned i = 0; i < 14; i++) {
        before[i] = 0x1111111111111111UL * (i + 1);
    }
    __asm__ volatile(
        "ldp x4, x5, [%1]\n\tldp x6, x7, [%1, #16]\n\tldp x8, x9, [%1, #32]\n\tldp x10, x11, [%1, #48]\n\t"
        "ldp x12, x13, [%1, #64]\n\tldp x14, x15, [%1, #80]\n\tldp x16, x17, [%1, #96]\n\t"
        "mov w0, %w2\n\thvc #0\n\t"
        "stp x4, x5, [%0]\n\tstp x6, x7, [%0, #16]\n\tstp x8, x9, [%0, #32]\n\tstp x10, x11, [%0, #48]\n\t"
        "stp x12, x13, [%0, #64]\n\tstp x14, x15, [%0, #80]\n\tstp x16, x17, [%0, #96]"
        :
        : "r"(after), "r"(before), "r"(PSCI_VERSION)
        : "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14",
          "x15", "x16", "x17", "memory");
    CHECK(memcmp(before, after, sizeof(before)) == 0);
}

static bool wait_off(uint64_t target)
{
    uint64_t begin = timer_now(TIMER_PHYS);

    while (psci_call(PSCI_AFFINITY_INFO, target, 0, 0) != STATE_OFF) {
        if (timer_now(TIMER_PHYS) - begin > ticks_of_ms(PATIENCE_MS)) {
            return false;
        }
        yield();
    }
    return true;
}

static void visit(void *argument)
{
    uint32_t wanted = (uint32_t)(uint64_t)argument;

    CHECK_EQ(smp_index(), 1);
    CHECK_EQ(SYSREG_READ(mpidr_el1), 0x80000001UL);
    CHECK_EQ(SYSREG_READ(daif) & 0x3c0, 0x3c0);
    CHECK_EQ(psci_call(PSCI_AFFINITY_INFO, 1, 0, 0), STATE_ON);
    __atomic_fetch_add(&visits, 1, __ATOMIC_RELEASE);
    CHECK(smp_wait(&go_on, wanted, ticks_of_ms(PATIENCE_MS)));
}

/* On, seen on, off, seen off, and again. */
static void check_on_and_off(void)
{
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        CHECK_EQ(smp_start(1, visit, (void *)(uint64_t)round), 0);
        CHECK(smp_wait(&visits, round, ticks_of_ms(PATIENCE_MS)));
        CHECK_EQ(psci_call(PSCI_AFFINITY_INFO, 1, 0, 0), STATE_ON);
        CHECK_EQ(smp_start(1, visit, NULL), ALREADY_ON);
        __atomic_store_n(&go_on, round, __ATOMIC_RELEASE);
        if (!CHECK(wait_off(1))) {
            return;
        }
    }
}

/* What a CPU finds when it comes on: its registers, straight at the entry. x0 says where this is. */
static struct {
    uint64_t x0, x1, sctlr, level, daif, x30;
} __attribute__((aligned(64))) first;

extern char raw_entry[];
__asm__(".pushsection .text\n"
        "raw_entry:\n"
        "    mov x2, x0\n"
        "    stp x0, x1, [x2]\n"
        "    mrs x3, sctlr_el1\n"
        "    mrs x4, CurrentEL\n"
        "    stp x3, x4, [x2, #16]\n"
        "    mrs x3, daif\n"
        "    stp x3, x30, [x2, #32]\n"
        "    dsb sy\n"
        "    dc civac, x2\n"
        "    add x2, x2, #32\n"
        "    dc civac, x2\n"
        "    dsb sy\n"
        "    mov w0, #2\n"
        "    movk w0, #0x8400, lsl #16\n"
        "    hvc #0\n"
        "1:  b 1b\n"
        ".popsection");

static void check_entry(void)
{
    CHECK_EQ(psci_call(PSCI_CPU_ON, 2, (uint64_t)raw_entry, (uint64_t)&first), 0);
    CHECK(wait_off(2));
    CHECK_EQ(first.x0, (uint64_t)&first);
    CHECK_EQ(first.x1, 0);
    CHECK_EQ(first.x30, 0);
    CHECK_EQ(first.sctlr & 0x1005, 0); /* MMU and both caches off. */
    CHECK_EQ(first.level, 1 << 2);
    CHECK_EQ(first.daif, 0x3c0);
}

static void fire(unsigned intid, struct trap_frame *frame)
{
    (void)intid;
    (void)frame;
    timer_stop(TIMER_VIRT);
    timer_fired = true;
}

/* SUSPEND ends when an interrupt is pending, masked or not, and not before. */
static void check_suspend(conduit *call, uint32_t function)
{
    uint64_t deadline = timer_now(TIMER_VIRT) + ticks_of_ms(3);

    timer_fired = false;
    timer_set(TIMER_VIRT, deadline);
    CHECK_EQ(ask(call, function, 0, (uint64_t)raw_entry, 0), 0);
    CHECK(timer_now(TIMER_VIRT) >= deadline);
    CHECK(!timer_fired);
    CHECK_EQ(ask(call, function, 0, 0, 0), 0); /* Still pending: at once. */
    irq_enable();
    isb();
    irq_disable();
    CHECK(timer_fired);
}

static void end(void *argument)
{
    struct sched_shutdown wish = {.reason = SHUTDOWN_crash};

    (void)argument;
    if (bootarg_is("end", "crash")) {
        hypercall(HYPERCALL_SCHED_OP, SCHEDOP_shutdown, (uint64_t)&wish, 0, 0, 0);
    }
    psci_call(bootarg_is("end", "reset") ? PSCI_SYSTEM_RESET : PSCI_SYSTEM_OFF, 0, 0, 0);
    print("FAIL: there is a life after the end\n");
}

unsigned guest_main(void)
{
    conduit *const conduits[] = {smccc_hvc, smccc_smc};

    CHECK_EQ(platform.cpu_count, 3);
    irq_set_handler(timer_intid(TIMER_VIRT), fire);
    gic_enable(timer_intid(TIMER_VIRT));
    for (unsigned i = 0; i < 2; i++) {
        check_features(conduits[i]);
        check_answers(conduits[i]);
        check_suspend(conduits[i], PSCI_CPU_SUSPEND);
        check_suspend(conduits[i], PSCI_CPU_SUSPEND_32);
    }
    check_registers();
    check_on_and_off();
    check_entry();
    unsigned result = checks_end(&checks);
    if (bootarg_number("by", 0) != 0) {
        smp_start((unsigned)bootarg_number("by", 0), end, NULL);
        for (;;) {
            wfi();
        }
    }
    end(NULL);
    return result;
}

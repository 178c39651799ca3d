/* SPDX-License-Identifier: Apache-2.0 */
/* sgi.c - software generated interrupts: whom they reach, whose they were, that none is lost and none comes
 * twice. */
#include "check.h"

#define SGIR_OTHERS (1U << 24)
#define SGIR_SELF (2U << 24)
#define SGI1R_IRM (1UL << 40)
#define SGI1R_RANGE(n) ((uint64_t)(n) << 44)
#define SGI1R_INTID(n) ((uint64_t)(n) << 24)
#define SGI_LAST 14 /* SGI_WAKE is the harness's. */
#define RELAY_ROUNDS 200
#define STREAM_ROUNDS 40

static bool v3(void)
{
    return platform.gic_version == 3;
}

static unsigned source_of(uint32_t raw)
{
    return raw >> 10 & 7;
}

static void send_raw(uint64_t value)
{
    dsb_sy();
    if (v3()) {
        SYSREG_WRITE(S3_0_C12_C11_5, value); /* ICC_SGI1R_EL1 */
        isb();
    } else {
        mmio_write32(platform.gicd.base + GICD_SGIR, (uint32_t)value);
    }
}

static void enable_sgis(uint64_t handler)
{
    (void)handler;
    for (unsigned sgi = 0; sgi <= SGI_LAST; sgi++) {
        gic_enable(sgi);
    }
}

/* All CPUs, @count of them, take SGIs into their logs. */
static bool sgis_ready(unsigned count, irq_handler *handler)
{
    for (unsigned sgi = 0; sgi <= SGI_LAST; sgi++) {
        irq_set_handler(sgi, handler);
    }
    enable_sgis(0);
    bool good = count == 1 || peers_start(count);
    for (unsigned cpu = 1; good && cpu < count; cpu++) {
        good = on_cpu(cpu, enable_sgis, 0);
    }
    log_clear();
    return good;
}

/* Each SGI to CPUs of @mask arrived once, from @sender, and nowhere else. Peers answer a call, so whatever
 * was sent has come. */
static void expect_arrived(unsigned sgi, unsigned mask, unsigned sender)
{
    for (unsigned cpu = 0; cpu < platform.cpu_count; cpu++) {
        unsigned wanted = mask >> cpu & 1;
        if (wanted != 0) {
            log_wait(cpu, 1);
        }
        if (cpu == 0) {
            take_pending();
        }
        check(irq_log[cpu].count == wanted, "SGI %u to mask 0x%x came %u times on CPU %u", sgi, mask,
              irq_log[cpu].count, cpu);
        if (wanted != 0) {
            check_equal("INTID", log_intid(cpu, 0), sgi);
            check(v3() || source_of(irq_log[cpu].raw[0]) == sender, "source of SGI %u is %u, not %u", sgi,
                  source_of(irq_log[cpu].raw[0]), sender);
        }
    }
    log_clear();
}

static void to_self(unsigned argument)
{
    (void)argument;
    sgis_ready(1, log_irq);
    for (unsigned sgi = 0; sgi <= SGI_LAST; sgi++) {
        gic_send_sgi(sgi, 0);
        check(irq_waits(), "SGI %u is not there at once", sgi);
        take_pending();
        check_equal("deliveries", irq_log[0].count, 1);
        check_equal("raw value", irq_log[0].raw[0], sgi);
        log_clear();
    }
    if (!v3()) {
        send_raw(SGIR_SELF | 0xff0000 | 3); /* The list is not looked at. */
        take_pending();
        check_equal("deliveries by the filter for oneself", irq_log[0].count, 1);
    }
}

/* Every subset of the CPUs. */
static void to_lists(unsigned argument)
{
    unsigned all = (1U << platform.cpu_count) - 1;

    (void)argument;
    if (!sgis_ready(platform.cpu_count, log_irq)) {
        return;
    }
    for (unsigned mask = 0; mask <= all; mask++) {
        unsigned sgi = mask % (SGI_LAST + 1);
        send_raw(v3() ? SGI1R_INTID(sgi) | mask : mask << 16 | sgi);
        expect_arrived(sgi, mask, 0);
    }
    /* CPUs that do not exist are left out. */
    send_raw(v3() ? SGI1R_INTID(7) | 0xfff0 : 0xf00007);
    expect_arrived(7, 0xf0 & all, 0);
}

static void to_others(unsigned argument)
{
    unsigned all = (1U << platform.cpu_count) - 1;

    (void)argument;
    if (!sgis_ready(platform.cpu_count, log_irq)) {
        return;
    }
    send_raw(v3() ? SGI1R_IRM | SGI1R_INTID(4) : SGIR_OTHERS | 0xff0000 | 4);
    expect_arrived(4, all & ~1U, 0);
    on_cpu(1, send_raw, v3() ? SGI1R_IRM | SGI1R_INTID(5) : SGIR_OTHERS | 5);
    expect_arrived(5, all & ~2U, 1);
    if (v3()) {
        send_raw(SGI1R_RANGE(1) | SGI1R_INTID(6) | 0xffff); /* Affinity 0 from 16 on: nobody. */
        send_raw(1UL << 16 | SGI1R_INTID(6) | 0xffff);      /* Affinity 1 is 1: nobody. */
        expect_arrived(6, 0, 0);
    } else {
        send_raw(3U << 24 | 0xff0000 | 6); /* A filter that is reserved: nobody. */
        expect_arrived(6, 0, 0);
    }
}

/* The same SGI from every CPU while CPU 0 has interrupts masked. GICv2: one for each source. GICv3: they are
 * one. */
static void simultaneous(unsigned argument)
{
    unsigned cpus = platform.cpu_count;

    (void)argument;
    if (!sgis_ready(cpus, log_irq)) {
        return;
    }
    for (unsigned round = 0; round < 20; round++) {
        uint64_t value = v3() ? SGI1R_INTID(9) | 1 : 1U << 16 | 9;
        unsigned sources = 0;

        for (unsigned cpu = 1; cpu < cpus; cpu++) {
            begin_on_cpu(cpu, send_raw, value);
        }
        send_raw(value);
        peers_idle();
        check_equal("ISPENDR0's bit", mmio_read32(gic_registers(0) + GICD_ISPENDR) & 1U << 9, 1U << 9);
        take_pending();
        check_equal("deliveries", irq_log[0].count, v3() ? 1 : cpus);
        for (unsigned i = 0; i < irq_log[0].count && i < cpus; i++) {
            sources |= 1U << source_of(irq_log[0].raw[i]);
        }
        check_equal("sources", sources, v3() ? 1 : (1U << cpus) - 1);
        log_clear();
    }
}

static void on_relay(unsigned intid, struct trap_frame *frame)
{
    unsigned next = (smp_index() + 1) % platform.cpu_count;

    log_irq(intid, frame);
    if (smp_index() != 0) {
        gic_send_sgi(intid, next);
    }
}

/* Round all CPUs, again and again: each passes it on from its handler. */
static void relay(unsigned argument)
{
    unsigned cpus = platform.cpu_count;

    (void)argument;
    if (!sgis_ready(cpus, on_relay)) {
        return;
    }
    for (unsigned round = 1; round <= RELAY_ROUNDS; round++) {
        on_cpu(0 + cpus - 1, enable_sgis, 0);
        gic_send_sgi(2, 1);
        if (!log_wait(0, round)) {
            return;
        }
    }
    for (unsigned cpu = 0; cpu < cpus; cpu++) {
        check(irq_log[cpu].count == RELAY_ROUNDS, "CPU %u took %u, not %u", cpu, irq_log[cpu].count,
              RELAY_ROUNDS);
    }
    note("%u rounds of %u CPUs", RELAY_ROUNDS, cpus);
}

static volatile uint32_t stream_taken[GUEST_CPU_MAX];

/* SGI n is from CPU n, who sends the next one when this one has been taken. */
static void on_stream(unsigned intid, struct trap_frame *frame)
{
    (void)frame;
    check(v3() || source_of(irq_acknowledged()) == intid, "source is %u, not %u",
          source_of(irq_acknowledged()), intid);
    gic_end(irq_acknowledged());
    __atomic_store_n(&stream_taken[intid], stream_taken[intid] + 1, __ATOMIC_RELEASE);
}

static void stream(uint64_t rounds)
{
    unsigned self = smp_index();

    for (uint32_t round = 0; round < rounds; round++) {
        gic_send_sgi(self, 0);
        if (!smp_wait(&stream_taken[self], round + 1, wait_limit())) {
            check(false, "SGI %u from CPU %u was lost", round, self);
            return;
        }
    }
}

/* All others send to CPU 0 at once, as fast as it takes them. */
static void streams(unsigned argument)
{
    (void)argument;
    memset((void *)(uintptr_t)stream_taken, 0, sizeof(stream_taken));
    if (!sgis_ready(platform.cpu_count, on_stream)) {
        return;
    }
    for (unsigned cpu = 1; cpu < platform.cpu_count; cpu++) {
        begin_on_cpu(cpu, stream, STREAM_ROUNDS);
    }
    for (unsigned cpu = 1; cpu < platform.cpu_count; cpu++) {
        await(&stream_taken[cpu], STREAM_ROUNDS, "SGIs of a stream");
    }
    peers_idle();
    take_pending();
    for (unsigned cpu = 1; cpu < platform.cpu_count; cpu++) {
        check_equal("SGIs of a stream", stream_taken[cpu], STREAM_ROUNDS);
    }
    note("%u from each of %u CPUs", STREAM_ROUNDS, platform.cpu_count - 1);
}

/* An SGI makes a CPU that sleeps in wfi go on. */
static volatile uint32_t awake;

static void sleep_until_log(uint64_t count)
{
    await_in_wfi(&irq_log[smp_index()].count, (uint32_t)count, "SGIs to a sleeper");
    awake = 1;
}

static void wake(unsigned argument)
{
    (void)argument;
    if (!sgis_ready(2, log_irq)) {
        return;
    }
    for (uint32_t round = 1; round <= 20; round++) {
        awake = 0;
        begin_on_cpu(1, sleep_until_log, round);
        spin_us(round * 10);
        gic_send_sgi(1, 1);
        if (!await(&awake, 1, "the sleeper") || !peers_idle()) {
            return;
        }
    }
    check_equal("deliveries", irq_log[1].count, 20);
}

const struct test tests_sgi[] = {
    {"sgi-self", to_self, .argument = 0}, {"sgi-lists", to_lists, .cpus = 2},
    {"sgi-others", to_others, .cpus = 2}, {"sgi-simultaneous", simultaneous, .cpus = 2},
    {"sgi-relay", relay, .cpus = 2},      {"sgi-streams", streams, .cpus = 2},
    {"sgi-wake", wake, .cpus = 2},        {.name = NULL},
};

/* SPDX-License-Identifier: Apache-2.0 */
/* routes.c - which CPU an SPI goes to: GICD_ITARGETSR, GICD_IROUTER; and what waits for a target. */
#include "check.h"

#define IROUTER_IRM (1UL << 31)
#define NOBODY 0x55 /* No CPU has this affinity 0. */

static volatile uint32_t taken_on[GUEST_CPU_MAX];
static volatile uint32_t taken;

static void on_spi(unsigned intid, struct trap_frame *frame)
{
    (void)intid;
    (void)frame;
    gic_end(irq_acknowledged());
    taken_on[smp_index()]++;
    __atomic_add_fetch(&taken, 1, __ATOMIC_RELEASE);
}

static bool start(uint8_t priority)
{
    spi_prepare(SPI_FIRST, priority);
    irq_set_handler(SPI_FIRST, on_spi);
    taken = 0;
    memset((void *)(uintptr_t)taken_on, 0, sizeof(taken_on));
    return peers_start(platform.cpu_count);
}

/* A target that is nobody. */
static void route_to_nobody(void)
{
    if (platform.gic_version == 3) {
        mmio_write64(platform.gicd.base + GICD_IROUTER + 8 * SPI_FIRST, NOBODY);
    } else {
        mmio_write8(platform.gicd.base + GICD_ITARGETSR + SPI_FIRST, 0);
    }
}

static void to_each(unsigned argument)
{
    (void)argument;
    if (!start(0x80)) {
        return;
    }
    for (uint32_t round = 0; round < 5; round++) {
        for (unsigned cpu = 0; cpu < platform.cpu_count; cpu++) {
            uint32_t before = taken;
            gic_route(SPI_FIRST, cpu);
            gic_set_pending(SPI_FIRST, true);
            await(&taken, before + 1, "an SPI");
            check(taken_on[cpu] == round + 1, "CPU %u took %u, not %u", cpu, taken_on[cpu], round + 1);
        }
    }
}

/* Pending for this CPU, which has interrupts masked, and given to another then. */
static void while_pending(unsigned argument)
{
    (void)argument;
    if (!start(0x80)) {
        return;
    }
    for (uint32_t round = 1; round <= 5; round++) {
        gic_route(SPI_FIRST, 0);
        gic_set_pending(SPI_FIRST, true);
        await_irq("pending here"); /* CPU 1 may have to let go of it. */
        gic_route(SPI_FIRST, 1);
        check(!irq_waits(), "still pending here");
        await(&taken, round, "an SPI given away while it was pending");
        check_equal("taken by CPU 1", taken_on[1], round);
    }
    take_pending();
    check_equal("taken here", taken_on[0], 0);
}

static void waits_for_a_target(unsigned argument)
{
    (void)argument;
    if (!start(0x80)) {
        return;
    }
    route_to_nobody();
    gic_set_pending(SPI_FIRST, true);
    take_pending();
    check_equal("taken while it goes to nobody", taken, 0);
    check(gic_is_pending(SPI_FIRST), "not pending while it goes to nobody");
    gic_route(SPI_FIRST, platform.cpu_count - 1);
    await(&taken, 1, "an SPI that waited for a target");
    check_equal("taken by the last CPU", taken_on[platform.cpu_count - 1], 1);
}

/* Several targets, or any: exactly one CPU takes it. */
static void to_any(unsigned argument)
{
    (void)argument;
    if (!start(0x80)) {
        return;
    }
    if (platform.gic_version == 3) {
        mmio_write64(platform.gicd.base + GICD_IROUTER + 8 * SPI_FIRST, IROUTER_IRM);
    } else {
        mmio_write8(platform.gicd.base + GICD_ITARGETSR + SPI_FIRST, 0xff);
    }
    for (uint32_t round = 1; round <= 10; round++) {
        gic_set_pending(SPI_FIRST, true);
        await(&taken, round, "an SPI for any CPU");
    }
    peers_stop(); /* Whoever has one more waiting takes it before. */
    take_pending();
    check_equal("taken", taken, 10);
}

const struct test tests_routes[] = {
    {"route-to-each", to_each, .argument = 0, .cpus = 2},
    {"route-while-pending", while_pending, .argument = 0, .cpus = 2},
    {"route-to-nobody", waits_for_a_target, .argument = 0, .cpus = 2},
    {"route-to-any", to_any, .argument = 0, .cpus = 2},
    {.name = NULL},
};

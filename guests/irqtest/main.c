/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - irqtest, a guest that tests interrupts, timers and FP registers as a guest sees them.
 *
 * Boot arguments: test=NAME,NAME... (all: every test that fits the machine and needs no special one), exit=,
 * wait=SECONDS after which what has not come will not (30).
 * A line `run NAME` precedes each, then `ok NAME detail`, `FAIL NAME why` (several, perhaps) or `skip NAME
 * why`; at last `irqtest: N ok, N failed`. Its status is 0 when none failed. */
#include "check.h"

#define SPI_WORD_END 96
#define PRINT_TAIL 160

static const struct test *const suites[] = {
    tests_distributor, tests_v2,       tests_v3,    tests_interface, tests_sgi,
    tests_routes,      tests_overflow, tests_timer, tests_sharing,   tests_device,
};
static const struct test *running;
static volatile uint32_t failures; /* Of the running test. */
static char detail[PRINT_TAIL];
static unsigned passed, failed;

bool check(bool good, const char *format, ...)
{
    char text[PRINT_TAIL];
    va_list arguments;

    if (!good && __atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED) <= 8) {
        va_start(arguments, format);
        text[format_text(text, sizeof(text) - 1, format, arguments)] = '\0';
        va_end(arguments);
        print("FAIL %s %s\n", running->name, text);
    }
    return good;
}

bool check_equal(const char *what, uint64_t is, uint64_t wanted)
{
    return check(is == wanted, "%s is 0x%lx, not 0x%lx", what, is, wanted);
}

void note(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    detail[format_text(detail, sizeof(detail) - 1, format, arguments)] = '\0';
    va_end(arguments);
}

/* Nothing enabled, pending or active; everything else as gic_init() left it. */
static void clean_up(void)
{
    timer_stop(TIMER_VIRT);
    timer_stop(TIMER_PHYS);
    irq_end_by_handler(true);
    gic_set_eoi_mode(false);
    gic_set_priority_mask(0xff);
    for (unsigned intid = 0; intid < SPI_WORD_END; intid += 32) {
        uint64_t base = gic_registers(intid) + intid / 8;
        mmio_write32(base + GICD_ICENABLER, 0xffffffff);
        mmio_write32(base + GICD_ICPENDR, 0xffffffff);
        mmio_write32(base + GICD_ICACTIVER, 0xffffffff);
    }
    for (unsigned intid = 0; intid < SPI_WORD_END; intid += 4) {
        mmio_write32(gic_registers(intid) + GICD_IPRIORITYR + intid, GIC_PRIORITY_DEFAULT * 0x01010101U);
    }
    for (unsigned intid = 16; intid < SPI_WORD_END; intid += 16) {
        mmio_write32(gic_registers(intid) + GICD_ICFGR + intid / 4, 0);
    }
    gic_enable(SGI_WAKE);
    log_clear();
}

static void run(const struct test *test)
{
    running = test;
    failures = 0;
    detail[0] = '\0';
    if (test->cpus > platform.cpu_count) {
        print("skip %s needs %u CPUs\n", test->name, test->cpus);
        return;
    }
    if (test->gic != 0 && test->gic != platform.gic_version) {
        print("skip %s is for GICv%u\n", test->name, test->gic);
        return;
    }
    print("run %s\n", test->name);
    clean_up();
    test->run(test->argument);
    irq_disable();
    peers_stop();
    clean_up();
    check(!irq_waits(), "leaves an interrupt pending");
    if (failures == 0) {
        passed++;
        print("ok %s %s\n", test->name, detail);
    } else {
        failed++;
    }
}

/* Is @name one of the words of @list, which commas separate? */
static bool in_list(const char *list, size_t length, const char *name)
{
    size_t name_length = strlen(name);

    for (size_t at = 0; at < length;) {
        size_t end = at;
        while (end < length && list[end] != ',') {
            end++;
        }
        if (end - at == name_length && strncmp(list + at, name, name_length) == 0) {
            return true;
        }
        at = end + 1;
    }
    return false;
}

unsigned guest_main(void)
{
    const char *list = "all";
    size_t length = 3;
    unsigned found = 0;

    if (!bootarg_find("test", &list, &length)) {
        print("irqtest: no test=, so all\n");
    }
    bool all = in_list(list, length, "all");
    for (size_t suite = 0; suite < sizeof(suites) / sizeof(suites[0]); suite++) {
        for (const struct test *test = suites[suite]; test->name != NULL; test++) {
            if ((all && !test->asked) || in_list(list, length, test->name)) {
                found++;
                run(test);
            }
        }
    }
    print("irqtest: %u ok, %u failed\n", passed, failed);
    return failed != 0 || found == 0;
}

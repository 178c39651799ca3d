/* SPDX-License-Identifier: Apache-2.0 */
/* power.c - the machine's end, and the last words. */
#include "core/power.h"

#include <stdatomic.h>

#include "arch/cpu.h"
#include "arch/smccc.h"
#include "core/console.h"
#include "core/pcpu.h"
#include "lib/log.h"
#include "lib/panic.h"

#define PSCI_SYSTEM_OFF UINT64_C(0x84000008)
#define PSCI_SYSTEM_RESET UINT64_C(0x84000009)
#define CRASH_READING_S 5u

static enum psci_conduit firmware = PSCI_CONDUIT_NONE;
static bool stay;

void power_init(enum psci_conduit conduit, bool noreboot)
{
    firmware = conduit;
    stay = noreboot;
}

int64_t firmware_call(uint64_t function, uint64_t x1, uint64_t x2, uint64_t x3)
{
    switch (firmware) {
    case PSCI_CONDUIT_SMC:
        return (int64_t)smccc_smc(function, x1, x2, x3);
    case PSCI_CONDUIT_HVC:
        return (int64_t)smccc_hvc(function, x1, x2, x3);
    case PSCI_CONDUIT_NONE:
        break;
    }
    return -1;
}

_Noreturn void power_off(void)
{
    console_drain();
    (void)firmware_call(PSCI_SYSTEM_OFF, 0, 0, 0);
    cpu_halt();
}

_Noreturn void power_reset(void)
{
    console_drain();
    (void)firmware_call(PSCI_SYSTEM_RESET, 0, 0, 0);
    cpu_halt();
}

static void wait_seconds(unsigned seconds)
{
    uint64_t end = cpu_count_ticks() + ticks_from_ns(seconds * NS_PER_S);

    while (cpu_count_ticks() < end) {
        cpu_relax();
    }
}

void power_dom0_stopped(bool wants_off, bool crashed)
{
    if (stay && !wants_off) {
        log_info("Dom0 has stopped; noreboot: the machine stays on");
        return;
    }
    if (wants_off) {
        log_info("Dom0 has powered off: switching the machine off");
    } else {
        log_info("Dom0 %s: resetting the machine%s", crashed ? "crashed" : "asks for a reboot",
                 crashed ? " in 5 seconds" : "");
    }
    pcpu_halt_others();
    if (wants_off) {
        power_off();
    }
    console_drain();
    wait_seconds(crashed ? CRASH_READING_S : 0);
    power_reset();
}

void power_last_domain_stopped(void)
{
    if (stay) {
        log_info("All domains have stopped; noreboot: the machine stays on");
        return;
    }
    log_info("All domains have stopped: switching the machine off");
    power_off();
}

/* Locks are passed over from here on, so one pCPU alone may speak: a second panic, of another or within the
 * first, ends there. */
_Noreturn void panic(const char *format, ...)
{
    static _Atomic bool panicking;
    char text[256];
    va_list args;

    if (atomic_exchange(&panicking, true)) {
        cpu_halt();
    }
    pcpu_halt_others();
    va_start(args, format);
    (void)format_text_v(text, sizeof(text), format, args);
    va_end(args);
    log_panic_mode();
    log_error("****************************************");
    log_error("Panic: %s", text);
    log_error("****************************************");
    if (stay) {
        console_drain();
        cpu_halt();
    }
    power_off();
}

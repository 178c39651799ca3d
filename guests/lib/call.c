/* SPDX-License-Identifier: Apache-2.0 */
/* call.c - calls out of the guest: hypercalls, PSCI, semihosting. */
#include "call.h"

#include "platform.h"
#include "sysreg.h"

#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#include <xen/xen.h>

#include <xen/sched.h>

#define SEMIHOSTING_EXIT 0x18                  /* SYS_EXIT */
#define SEMIHOSTING_APPLICATION_EXIT 0x20026UL /* ADP_Stopped_ApplicationExit */

int64_t hypercall(uint64_t number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4)
{
    register uint64_t x0 __asm__("x0") = a0;
    register uint64_t x1 __asm__("x1") = a1;
    register uint64_t x2 __asm__("x2") = a2;
    register uint64_t x3 __asm__("x3") = a3;
    register uint64_t x4 __asm__("x4") = a4;
    register uint64_t x16 __asm__("x16") = number;

    __asm__ volatile("hvc #0xea1" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4), "+r"(x16)::"memory");
    return (int64_t)x0;
}

#define SMCCC_CLOBBERS                                                                                       \
    "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "memory"

int64_t smccc_hvc(uint32_t function, uint64_t a0, uint64_t a1, uint64_t a2)
{
    register uint64_t x0 __asm__("x0") = function;
    register uint64_t x1 __asm__("x1") = a0;
    register uint64_t x2 __asm__("x2") = a1;
    register uint64_t x3 __asm__("x3") = a2;

    __asm__ volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)::SMCCC_CLOBBERS);
    return (int64_t)x0;
}

int64_t smccc_smc(uint32_t function, uint64_t a0, uint64_t a1, uint64_t a2)
{
    register uint64_t x0 __asm__("x0") = function;
    register uint64_t x1 __asm__("x1") = a0;
    register uint64_t x2 __asm__("x2") = a1;
    register uint64_t x3 __asm__("x3") = a2;

    __asm__ volatile("smc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)::SMCCC_CLOBBERS);
    return (int64_t)x0;
}

int64_t psci_call(uint32_t function, uint64_t a0, uint64_t a1, uint64_t a2)
{
    return platform.psci_smc ? smccc_smc(function, a0, a1, a2) : smccc_hvc(function, a0, a1, a2);
}

void semihosting_exit(unsigned code)
{
    uint64_t block[2] = {SEMIHOSTING_APPLICATION_EXIT, code};
    register uint64_t w0 __asm__("x0") = SEMIHOSTING_EXIT;
    register uint64_t x1 __asm__("x1") = (uint64_t)block;

    for (;;) {
        __asm__ volatile("hlt #0xf000" : "+r"(w0) : "r"(x1) : "memory");
    }
}

void guest_exit(unsigned code)
{
    if (bootarg_is("exit", "psci")) {
        psci_call(PSCI_SYSTEM_OFF, 0, 0, 0);
    } else if (bootarg_is("exit", "shutdown")) {
        uint32_t reason = (uint32_t)bootarg_number("reason", SHUTDOWN_poweroff); /* struct sched_shutdown */

        hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, (uint64_t)&reason, 0, 0, 0);
    } else if (!bootarg_is("exit", "none")) {
        semihosting_exit(code);
    }
    irq_disable();
    for (;;) {
        wfi();
    }
}

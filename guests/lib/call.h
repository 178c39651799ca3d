/* SPDX-License-Identifier: Apache-2.0 */
/* call.h - calls out of the guest: hypercalls, PSCI, semihosting. */
#ifndef GUEST_CALL_H
#define GUEST_CALL_H

#include <stdint.h>

#define HYPERCALL_CONSOLE_IO 18 /* __HYPERVISOR_console_io */
#define HYPERCALL_XEN_VERSION 17
#define HYPERCALL_VCPU_OP 24
#define HYPERCALL_SCHED_OP 29
#define HYPERCALL_HVM_OP 34

#define PSCI_VERSION 0x84000000U
#define PSCI_CPU_SUSPEND 0xc4000001U
#define PSCI_CPU_OFF 0x84000002U
#define PSCI_CPU_ON 0xc4000003U
#define PSCI_AFFINITY_INFO 0xc4000004U
#define PSCI_SYSTEM_OFF 0x84000008U
#define PSCI_SYSTEM_RESET 0x84000009U
#define PSCI_FEATURES 0x8400000aU

/* hvc #0xea1, number in x16. Source: xen/arch-arm.h. */
int64_t hypercall(uint64_t number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4);

/* SMCCC through the conduit that the device tree names. Returns x0. */
int64_t psci_call(uint32_t function, uint64_t a0, uint64_t a1, uint64_t a2);
/* The same by hvc or smc, whatever the device tree says. */
int64_t smccc_hvc(uint32_t function, uint64_t a0, uint64_t a1, uint64_t a2);
int64_t smccc_smc(uint32_t function, uint64_t a0, uint64_t a1, uint64_t a2);

/* End QEMU with status @code, past any hypervisor. Needs -semihosting. Source: Arm's semihosting
 * specification, SYS_EXIT. */
void semihosting_exit(unsigned code) __attribute__((noreturn));

/* End as the boot argument exit= says: semihosting (default), psci (SYSTEM_OFF: ends the domain), shutdown
 * (SCHEDOP_shutdown, for reason= as a number) or none (sleep for ever). */
void guest_exit(unsigned code) __attribute__((noreturn));

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* ubench.c - micro-benchmarks: what a guest pays for each way into the hypervisor and back.
 *
 * One binary, under any hypervisor with Xen's hypercalls; bare at EL1 it measures what is left. All figures
 * are ticks of the counter. With QEMU's -icount shift=0, one CPU and a counter of 1 GHz they are
 * instructions.
 *
 *     mrs begin, cntvct_el0           a call or an access: end - begin, less what two reads alone take
 *     hvc #0xea1                      (printed as "reads"): the instruction itself and all it brings about
 *     mrs end, cntvct_el0
 *
 * An interrupt's figure ends at the counter read in the guest's vector, registers saved, which is the
 * vector's 21st instruction: 21 ticks of it are the guest's. A timer's begins at the deadline, that of a sent
 * interrupt with the instruction that sends it (so it is 22 on a bare machine).
 *
 * Boot arguments:
 *   set=solo|switch|ipi   one vCPU | two on one pCPU | two, each on its own (solo)
 *   set=channel           two domains on one pCPU, role=first and role=second, peer= the other's number
 *   set=manager           the control domain and another, role=second
 *   rounds=N              of each figure (1000)
 *   hypercalls=0|1        is there a hypervisor to answer them (1)
 */
#include "ubench.h"

#include "timed.h"

unsigned guest_main(void)
{
    uint64_t rounds = bootarg_number("rounds", 1000);

    print("UBENCH_SETUP frequency=%lu reads=%lu cpus=%u gic=%u\n", timer_frequency(), timed_nothing(),
          platform.cpu_count, platform.gic_version);
    interrupts_init();
    if (bootarg_is("set", "switch")) {
        measure_switch(rounds);
    } else if (bootarg_is("set", "ipi")) {
        measure_ipi(rounds);
    } else if (bootarg_is("set", "channel")) {
        measure_channel(rounds);
    } else if (bootarg_is("set", "manager")) {
        measure_manager(rounds);
    } else {
        measure_interrupts(rounds);
        measure_calls(rounds);
        measure_events(rounds);
    }
    print("UBENCH_END\n");
    return 0;
}

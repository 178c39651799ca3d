/* SPDX-License-Identifier: Apache-2.0 */
/* cmdline_names.c - the tables of cmdline_names.h. */
#include "boot/cmdline_names.h"

#include <stddef.h>

#define DOM0 "of Dom0, memory and vCPUs can be chosen: dom0_mem, dom0_max_vcpus, dom0_vcpus_pin"
#define NO_SMMU "no SMMU is driven yet; a device of a partial tree is assigned without one"
#define NO_GRANTS "there are no grant tables yet"
#define CREDIT2 "this scheduler has no such parameter yet"
#define OTHER_SCHED "it belongs to a scheduler that is not there yet"
#define ALWAYS_SO "it is always so"

const struct cmdline_foreign cmdline_xen_names[] = {
    {"acpi", "the machine is described by a device tree alone"},
    {"argo", "there is no Argo"},
    {"badpage", "take the page out of RAM by a node under /reserved-memory"},
    {"bootscrub_chunk", "pages are cleared when they are handed out"},
    {"conring_size", "the log ring has a fixed size"},
    {"console_timestamps", "log lines carry no time yet"},
    {"console_to_ring", "guest lines are not kept in the log ring"},
    {"conswitch", "the key is always Ctrl-A, three times"},
    {"cpufreq", "the clock of the CPUs stays as the firmware set it"},
    {"crash-debug-*", "registers are always logged on a crash"},
    {"credit2_*", CREDIT2},
    {"debug_stack_lines", "a crash logs registers, not the stack"},
    {"debugtrace", "there is no such trace"},
    {"dma_bits", "devices of domains reach all memory"},
    {"dom0", DOM0},
    {"dom0-*", DOM0},
    {"dom0_*", DOM0},
    {"efi", "it is started by a boot loader, not as an EFI program"},
    {"ext_regions", NO_GRANTS},
    {"extra_guest_irqs", "a domain has as many SPIs as nr_spis says"},
    {"flask", "there is no XSM yet"},
    {"gdb", "there is no stub for a debugger"},
    {"gnttab", NO_GRANTS},
    {"gnttab_*", NO_GRANTS},
    {"hardware_dom", "the devices are Dom0's"},
    {"hmp-unsafe", "every CPU of the tree is started, of whatever kind"},
    {"iommu", NO_SMMU},
    {"iommu_*", NO_SMMU},
    {"low_mem_virq_limit", "nobody is told when memory is low"},
    {"max_lpi_bits", "there are no LPIs"},
    {"memop-max-order", "domains cannot change their memory"},
    {"pci", NO_SMMU},
    {"pci-*", NO_SMMU},
    {"pci-passthrough", NO_SMMU},
    {"rcu-idle-timer-period-ms", "there is no RCU"},
    {"sched-gran", "a CPU is scheduled alone"},
    {"sched_credit2_*", CREDIT2},
    {"sched_credit_*", OTHER_SCHED},
    {"scrub-domheap", "pages are always cleared before a domain sees them"},
    {"serial_tx_buffer", "the buffer has a fixed size"},
    {"serrors", "an SError is passed on to the vCPU that runs"},
    {"smmu", NO_SMMU},
    {"spec-ctrl", "mitigations are left to the firmware"},
    {"sync_console", "the console always writes out what is left before it stops"},
    {"tickle_one_idle_cpu", OTHER_SCHED},
    {"timer_slop", "timers fire on time"},
    {"vcpu_migration_delay", OTHER_SCHED},
    {"watchdog", "there is no watchdog"},
    {"watchdog_timeout", "there is no watchdog"},
    {"xsm", "there is no XSM yet"},
    {NULL, NULL},
};

const struct cmdline_foreign cmdline_linux_names[] = {
    {"debug", NULL},    {"earlycon", NULL},   {"earlyprintk", NULL}, {"ignore_loglevel", NULL},
    {"init", NULL},     {"initrd", NULL},     {"isolcpus", NULL},    {"keep_bootcon", NULL},
    {"loglevel", NULL}, {"mem", NULL},        {"nohz_full", NULL},   {"nokaslr", NULL},
    {"panic", NULL},    {"quiet", NULL},      {"rdinit", NULL},      {"ro", NULL},
    {"root", NULL},     {"rootfstype", NULL}, {"rootwait", NULL},    {"rw", NULL},
    {NULL, NULL},
};

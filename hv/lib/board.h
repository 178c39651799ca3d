/* SPDX-License-Identifier: Apache-2.0 */
/* board.h - what the device tree says of the machine, in the form the drivers take. Filled once by
 * boot/board.c. */
#ifndef LIB_BOARD_H
#define LIB_BOARD_H

#include "lib/types.h"

#define BOARD_RANGE_MAX 32
#define BOARD_OWN_RANGES 2 /* Room that board_read() leaves for our image and the tree. */
#define BOARD_GICR_MAX 8

struct mem_range {
    pa_t base;
    uint64_t size_bytes;
};

enum psci_conduit {
    PSCI_CONDUIT_NONE,
    PSCI_CONDUIT_SMC,
    PSCI_CONDUIT_HVC,
};

struct board_gic {
    unsigned version;                        /* 2 or 3; 0: none found. */
    struct mem_range gicd, gicc, gich, gicv; /* gicc..gicv: GICv2 only; size 0 when absent. */
    struct mem_range gicr[BOARD_GICR_MAX];   /* GICv3 redistributor regions. */
    unsigned gicr_count;
    uint64_t gicr_stride; /* 0: the architecture's. */
    unsigned maintenance_intid;
};

/* INTIDs of the generic timer's PPIs, and CNTFRQ's override (0: read the register). */
struct board_timer {
    unsigned phys_intid, virt_intid, hyp_intid;
    uint32_t frequency_hz;
};

struct board_uart {
    char compatible[40]; /* The string a driver is chosen by; empty: no console. */
    char path[96];       /* Node's full path, so that it can be kept from domains. */
    struct mem_range regs;
    unsigned intid;
};

struct board {
    char model[64];
    struct mem_range memory[BOARD_RANGE_MAX];
    unsigned memory_count;
    struct mem_range reserved[BOARD_RANGE_MAX + BOARD_OWN_RANGES]; /* memreserve entries and /reserved-memory
                                                                      with an address. */
    unsigned reserved_count;
    uint64_t cpu_mpidr[CPU_MAX]; /* Affinity fields only; [0] is the boot CPU. */
    unsigned cpu_count;
    enum psci_conduit psci_conduit;
    uint32_t psci_cpu_on; /* Function number of CPU_ON: 0xc4000003 for PSCI 0.2 and later, else the node's. */
    bool firmware_eemi;   /* Its firmware takes the ZynqMP's calls, by SMC. */
    struct board_gic gic;
    struct board_timer timer;
    struct board_uart uart;
};

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* domain_config.h - the domains that the device tree asks for, by Xen's dom0less bindings
 * (docs/boot-interface.md). */
#ifndef BOOT_DOMAIN_CONFIG_H
#define BOOT_DOMAIN_CONFIG_H

#include "boot/cmdline.h"
#include "lib/board.h"
#include "sched/sched.h"

#define DOMAIN_CONFIG_MAX 16
#define MODULE_MAX 64
#define PASSTHROUGH_MAX 16
#define POOL_MAX (CPU_MAX + 1)

struct boot_module {
    char path[96];
    struct mem_range where;
};

/* One xen,reg entry of a partial tree. */
struct passthrough_mmio {
    pa_t physical;
    ipa_t guest;
    uint64_t size_bytes;
};

struct passthrough_irq {
    unsigned intid;
    bool edge;
};

struct domain_config {
    char path[96]; /* Of the xen,domain node: names it in messages. */
    char bootargs[1024];
    unsigned vcpu_count;
    uint64_t memory_bytes;
    uint64_t memory_least_bytes; /* Dom0 alone: what will do when there is no more. */
    bool vpl011;
    bool enhanced;      /* xen,enhanced: hypervisor node with the full interface. */
    unsigned spi_count; /* nr_spis, or enough for the devices assigned. */
    struct mem_range kernel, ramdisk, partial_tree; /* size 0: absent. */
    uint32_t vcpu_hard_affinity[VCPU_MAX];          /* 0: any. */
    struct sched_params vcpu_params[VCPU_MAX];
    uint32_t phandle; /* Of its node; 0: none. */
    unsigned pool;    /* Index in pools. */
    struct passthrough_mmio mmio[PASSTHROUGH_MAX];
    unsigned mmio_count;
    struct passthrough_irq irq[PASSTHROUGH_MAX];
    unsigned irq_count;
    bool device_dma_uncontained; /* A device is assigned without SMMU: warned about. */
};

/* pools[0] has the CPUs of no xen,cpupool node, maybe none. */
struct pool_config {
    char path[96]; /* Of the xen,cpupool node. */
    uint32_t phandle;
    uint32_t cpus;
    const struct sched_ops *ops;
};

/* A slot of arinc653's schedule, in the order they were written. */
struct schedule_slot {
    unsigned domain; /* Index in domains. */
    uint32_t vcpu, cpu, start_us, length_us;
};

struct schedule_config {
    char path[96]; /* Empty: there is none. */
    unsigned pool; /* The first under arinc653. */
    uint32_t frame_us;
    unsigned slot_count;
    struct schedule_slot slots[ARINC_SLOT_MAX];
};

struct boot_config {
    struct boot_module
        modules[MODULE_MAX]; /* All that can be used: memory to keep until the domains are built. */
    unsigned module_count;
    struct domain_config domains[DOMAIN_CONFIG_MAX]; /* Only those without error. */
    unsigned domain_count;
    struct pool_config pools[POOL_MAX];
    unsigned pool_count; /* At least 1. */
    struct schedule_config schedule;
    unsigned domains_refused;  /* Those whose node has an error (logged by path). */
    struct domain_config dom0; /* Its kernel's size is 0: there is none. */
    bool dom0_refused;         /* It is asked for, with an error (logged). */
};

/* Read every module and domain. A domain with a malformed or unsupported property (static memory, direct-map,
 * colouring, shared memory, ...) is refused by a logged error that names node, property and what to write
 * instead; the others stay. A module outside RAM, or over another one or reserved memory (board->reserved:
 * add the hypervisor's own first), refuses the domains that use it. Two domains may name the same module.
 * Partial trees are read through
 * @read_phys (NULL: cannot be read). No domain at all is logged as an error too. Returns 0. */
int boot_config_read(const void *fdt, const struct board *board, const struct options *options,
                     const void *(*read_phys)(pa_t base, uint64_t size_bytes), struct boot_config *config);

#endif

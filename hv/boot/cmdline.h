/* SPDX-License-Identifier: Apache-2.0 */
/* cmdline.h - the hypervisor's command line (/chosen xen,xen-bootargs): Xen's names and syntax. */
#ifndef BOOT_CMDLINE_H
#define BOOT_CMDLINE_H

#include "lib/types.h"

enum vwfi_mode {
    VWFI_AUTO,
    VWFI_TRAP,
    VWFI_NATIVE,
};

struct options {
    char console[64];               /* "dtuart" by default; "none" switches it off. */
    char dtuart[96];                /* Path or alias, with or without ":options"; empty: stdout-path. */
    char sched[16];                 /* "credit2" by default. */
    bool sched_overcommit;          /* rtds: vCPUs may be promised more than there is. */
    unsigned sched_ratelimit_us;    /* credit2: 1000 by default. */
    unsigned credit2_cap_period_ms; /* 10 by default. */
    enum vwfi_mode vwfi;
    unsigned log_threshold;       /* enum log_level, from loglvl=. "info" by default. */
    unsigned guest_log_threshold; /* From guest_loglvl=. "warning" by default. */
    bool bootscrub;
    bool noreboot;
    unsigned maxcpus; /* 1 to CPU_MAX. */
    /* Of dom0_mem=; 0: not said. */
    uint64_t dom0_mem_bytes, dom0_mem_min_bytes, dom0_mem_max_bytes;
    unsigned dom0_min_vcpus,
        dom0_max_vcpus; /* As many as there are CPUs, within that: 1 and VCPU_MAX by default. */
    bool dom0_vcpus_pin;
    unsigned tbuf_size, tevt_mask; /* Pages of a trace buffer, and what is recorded; 0: none, all. */
};

/* Defaults, then @text over them. An unknown option, a value out of range, or an option of Xen's that has no
 * meaning here is named in a warning that says what to write instead (nearest known name, allowed values).
 * Never fails: a bad option keeps its default. */
void cmdline_parse(const char *text, struct options *options);

#endif

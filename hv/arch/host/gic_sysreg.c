/* SPDX-License-Identifier: Apache-2.0 */
/* gic_sysreg.c - host build: the recorded registers of GICv3's CPU interface. */
#include "arch/gic_sysreg.h"

uint64_t host_gic_sysreg[GIC_SYSREG_COUNT];
struct gic_sysreg_write host_gic_sysreg_log[GIC_SYSREG_LOG];
unsigned host_gic_sysreg_log_count;

uint64_t gic_sysreg_read(enum gic_sysreg reg)
{
    return host_gic_sysreg[reg];
}

void gic_sysreg_write(enum gic_sysreg reg, uint64_t value)
{
    host_gic_sysreg[reg] = value;
    if (host_gic_sysreg_log_count < GIC_SYSREG_LOG) {
        host_gic_sysreg_log[host_gic_sysreg_log_count] =
            (struct gic_sysreg_write){.reg = reg, .value = value};
        host_gic_sysreg_log_count++;
    }
}

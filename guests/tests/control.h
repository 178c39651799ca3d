/* SPDX-License-Identifier: Apache-2.0 */
/* control.h - the toolstack's calls, sysctl and domctl, for test guests in the control domain's place. */
#ifndef GUEST_TESTS_CONTROL_H
#define GUEST_TESTS_CONTROL_H

#include "abi.h"
#include "string.h"

#include <xen/domctl.h>
#include <xen/sysctl.h>

#define E_2BIG (-7)
#define E_EXIST (-17)
#define E_NODEV (-19)
#define E_NOSPC (-28)
#define E_OVERFLOW (-75)
#define E_ADDRNOTAVAIL (-99)

static inline int64_t sysctl(struct xen_sysctl *op, uint32_t cmd)
{
    op->cmd = cmd;
    op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return hypercall(__HYPERVISOR_sysctl, (uint64_t)op, 0, 0, 0, 0);
}

static inline int64_t domctl(struct xen_domctl *op, uint32_t cmd, domid_t domain)
{
    op->cmd = cmd;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = domain;
    return hypercall(__HYPERVISOR_domctl, (uint64_t)op, 0, 0, 0, 0);
}

/* @mask as the ABI's bitmap of eight bits. */
static inline void bitmap_of(struct xenctl_bitmap *bitmap, uint8_t *mask)
{
    memset(bitmap, 0, sizeof(*bitmap));
    bitmap->bitmap.p = mask;
    bitmap->nr_bits = 8;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* privcmd.h - a653sched: the calls of the toolstack that it makes. Each returns 0, or -1 with errno. */
#ifndef A653SCHED_PRIVCMD_H
#define A653SCHED_PRIVCMD_H

#include <stdint.h>

#define __XEN_TOOLS__ 1
#include <xen/xen.h>

#include <xen/domctl.h>
#include <xen/sysctl.h>

/* Once, before all others. */
int privcmd_open(void);
/* The schedule of @pool, put or get (XEN_SYSCTL_SCHEDOP_*). */
int privcmd_schedule(uint32_t pool, uint32_t cmd, struct xen_sysctl_arinc653_schedule *schedule);
/* The handle of the domain with the lowest number from *@domain on, which is then its number. */
int privcmd_domain(domid_t *domain, xen_domain_handle_t handle);
/* The newest @size - 1 bytes or so of the hypervisor's log, terminated. */
int privcmd_log(char *text, uint32_t size);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* vconsole.h - between a domain's ways to print and read, and the shared console. */
#ifndef VDEV_VCONSOLE_H
#define VDEV_VCONSOLE_H

#include "core/domain.h"

/* Boot CPU, once. */
void vconsole_init(void);

/* The running vCPU prints @length characters, at least one. Returns how many were taken: those up to the end
 * of a line at most, and none when the console is full. For the rest, leave the instruction to be executed
 * again. */
size_t vconsole_put(struct domain *domain, const char *text, size_t length);

/* Give @domain a virtual UART, which takes input from now on. Before it runs. Returns 0 or -ENOMEM. */
int vconsole_attach(struct domain *domain);

/* The same with another domain behind it, number @server, in the place of the console: characters go through
 * the console page at frame @gfn of @domain's, which is kept, and a channel whose port in @domain is the
 * hypervisor's. 0 with that @port; -EINVAL (no such page, or it has a UART), -ENOSPC, -ENOMEM. It lasts until
 * @domain ends. */
int vconsole_attach_served(struct domain *domain, uint64_t gfn, uint16_t server, uint32_t *port);

/* The ring of @domain's UART has changed. No lock held. */
void vconsole_tell_server(struct domain *domain);

/* Let the control domain read by hypercall what is typed to it, from now on; the input is its. */
void vconsole_attach_control(struct domain *domain);

/* Copy what was typed to the running vCPU's domain, @size characters at most, to virtual address @to. Returns
 * how many, or -EFAULT. Nothing is typed to others than the control domain: they have UARTs. */
int64_t vconsole_read(struct vcpu *vcpu, uint64_t to, uint64_t size);

/* Drive the virtual UART's interrupt line as its registers say. */
void vconsole_update_irq(struct domain *domain);

#endif

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

/* Drive the virtual UART's interrupt line as its registers say. */
void vconsole_update_irq(struct domain *domain);

#endif

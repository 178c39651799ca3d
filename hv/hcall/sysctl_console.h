/* SPDX-License-Identifier: Apache-2.0 */
/* sysctl_console.h - sysctl: the hypervisor's log. Results as sysctl_do()'s. */
#ifndef HCALL_SYSCTL_CONSOLE_H
#define HCALL_SYSCTL_CONSOLE_H

#include "hcall/control.h"

int64_t sysctl_read_console(struct control_call *call, struct xen_sysctl *op);

#endif

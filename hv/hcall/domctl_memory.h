/* SPDX-License-Identifier: Apache-2.0 */
/* domctl_memory.h - domctl: how much memory a domain may have, and its caches. */
#ifndef HCALL_DOMCTL_MEMORY_H
#define HCALL_DOMCTL_MEMORY_H

#include "hcall/control.h"

int64_t domctl_max_mem(struct control_call *call, struct xen_domctl *op);
int64_t domctl_get_mempool(struct control_call *call, struct xen_domctl *op);
int64_t domctl_set_mempool(struct control_call *call, struct xen_domctl *op);
int64_t domctl_cache_flush(struct control_call *call, struct xen_domctl *op);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* domctl_life.h - domctl: making a domain, letting it run, destroying it. Each returns 0, CONTROL_AGAIN or
 * what xen/domctl.h and docs/abi.md say. */
#ifndef HCALL_DOMCTL_LIFE_H
#define HCALL_DOMCTL_LIFE_H

#include "hcall/control.h"

int64_t domctl_create(struct control_call *call, struct xen_domctl *op);
int64_t domctl_max_vcpus(struct control_call *call, struct xen_domctl *op);
int64_t domctl_pause(struct control_call *call);
int64_t domctl_unpause(struct control_call *call);
int64_t domctl_destroy(struct control_call *call);
int64_t domctl_set_handle(struct control_call *call, struct xen_domctl *op);
int64_t domctl_set_address_size(struct control_call *call, struct xen_domctl *op);
int64_t domctl_set_time_offset(struct control_call *call, struct xen_domctl *op);

#endif

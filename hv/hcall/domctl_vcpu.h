/* SPDX-License-Identifier: Apache-2.0 */
/* domctl_vcpu.h - domctl: a vCPU's registers. */
#ifndef HCALL_DOMCTL_VCPU_H
#define HCALL_DOMCTL_VCPU_H

#include "hcall/control.h"

int64_t domctl_set_vcpu_context(struct control_call *call, struct xen_domctl *op);
int64_t domctl_get_vcpu_context(struct control_call *call, struct xen_domctl *op);

#endif

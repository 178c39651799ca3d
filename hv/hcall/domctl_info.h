/* SPDX-License-Identifier: Apache-2.0 */
/* domctl_info.h - domctl: what a domain and its vCPUs are doing. Results as domctl_do()'s. */
#ifndef HCALL_DOMCTL_INFO_H
#define HCALL_DOMCTL_INFO_H

#include "hcall/control.h"

int64_t domctl_get_domain_info(struct control_call *call, struct xen_domctl *op);
int64_t domctl_get_vcpu_info(struct control_call *call, struct xen_domctl *op);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* domain_info.h - what the toolstack is told of a domain and of its vCPUs. Source: xen/domctl.h. */
#ifndef HCALL_DOMAIN_INFO_H
#define HCALL_DOMAIN_INFO_H

#include "core/domain.h"
#include "lib/abi.h"

/* All that is known of @domain. About 1,500 instructions with eight vCPUs. */
void domain_info_fill(struct domain *domain, struct xen_domctl_getdomaininfo *info);

/* What @vcpu does, and for how long it has run. */
void domain_info_vcpu(struct vcpu *vcpu, struct xen_domctl_getvcpuinfo *info);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* domctl_devices.h - domctl: devices and interrupts that the control domain gives to another. */
#ifndef HCALL_DOMCTL_DEVICES_H
#define HCALL_DOMCTL_DEVICES_H

#include "hcall/control.h"

int64_t domctl_iomem_permission(struct control_call *call, struct xen_domctl *op);
int64_t domctl_memory_mapping(struct control_call *call, struct xen_domctl *op);
int64_t domctl_irq_permission(struct control_call *call, struct xen_domctl *op);
int64_t domctl_bind_irq(struct control_call *call, struct xen_domctl *op);
int64_t domctl_vuart(struct control_call *call, struct xen_domctl *op);
int64_t domctl_set_node_affinity(struct control_call *call, struct xen_domctl *op);
int64_t domctl_get_node_affinity(struct control_call *call, struct xen_domctl *op);

#endif

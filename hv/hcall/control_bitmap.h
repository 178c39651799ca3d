/* SPDX-License-Identifier: Apache-2.0 */
/* control_bitmap.h - masks of pCPUs as the toolstack's calls have them. Source: xen/domctl.h, struct
 * xenctl_bitmap. */
#ifndef HCALL_CONTROL_BITMAP_H
#define HCALL_CONTROL_BITMAP_H

#include "core/vcpu.h"
#include "lib/abi.h"

#define CONTROL_BITMAP_BITS_MAX 4096u

/* The mask that the caller's @bitmap holds; pCPUs it has no bit for are not in it. 0 or -EFAULT. */
int control_bitmap_in(struct vcpu *vcpu, const struct xenctl_bitmap *bitmap, uint32_t *mask);

/* @mask into the caller's @bitmap: as much as there is room for, what is left of it zero. 0, -EFAULT, or
 * -EINVAL for more than CONTROL_BITMAP_BITS_MAX bits. */
int control_bitmap_out(struct vcpu *vcpu, const struct xenctl_bitmap *bitmap, uint32_t mask);

#endif

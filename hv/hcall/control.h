/* SPDX-License-Identifier: Apache-2.0 */
/* control.h - the toolstack's hypercalls, domctl and sysctl: one structure in, the same out. Their callers
 * are the control domain's vCPUs, one at a time. Source: xen/domctl.h, xen/sysctl.h. */
#ifndef HCALL_CONTROL_H
#define HCALL_CONTROL_H

#include "core/domain.h"
#include "lib/abi.h"

/* What is returned beside 0 and negative errors: a piece is done, the same call with the same structure
 * (written back as it is now) does the rest. */
#define CONTROL_AGAIN 1

/* One operation. The dispatcher has checked caller and version, and found @domain; @op is a private copy,
 * written back to the caller when the operation sets @copy_back or returns CONTROL_AGAIN. No two operations
 * run at once (control.c). Handles in @op are addresses of the caller: guest_copy_in(), guest_copy_out(). */
struct control_call {
    struct vcpu *vcpu;     /* Who calls. */
    struct domain *domain; /* domctl: whom it is about; NULL where the operation names none
                            * (createdomain), or the next one will do (getdomaininfo). */
    bool copy_back;
};

/* For what else must not run beside an operation, as it looks at pools: false when one is being carried out,
 * and the call is to be made again; true until control_end(). */
bool control_begin(void);
void control_end(void);

#endif

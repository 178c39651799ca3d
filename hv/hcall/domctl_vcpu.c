/* SPDX-License-Identifier: Apache-2.0 */
/* domctl_vcpu.c - domctl: a vCPU's registers, read and written while it does not run. Source: xen/domctl.h,
 * xen/arch-arm.h.
 *
 * The domain is paused for it. Its vCPUs may need a moment to leave their pCPUs: the call is made again until
 * they have, and the domain stays paused meanwhile ("held_for_context"). */
#include "hcall/domctl_vcpu.h"

#include "arch/sysreg.h"
#include "core/guest_mem.h"
#include "lib/error.h"
#include "lib/string.h"

/* Returns 0 with the domain paused and off, or CONTROL_AGAIN. */
static int64_t hold(struct domain *domain)
{
    if (!domain->held_for_context) {
        domain->held_for_context = true;
        domain_pause(domain);
    }
    return domain_is_off(domain) ? 0 : CONTROL_AGAIN;
}

static int64_t let_go(struct domain *domain, int64_t result)
{
    domain->held_for_context = false;
    domain_unpause(domain);
    return result;
}

/* The vCPU that the call names; -EINVAL. */
static int find(const struct control_call *call, const struct xen_domctl *op, struct vcpu **out)
{
    uint32_t id = op->u.vcpucontext.vcpu;

    if (call->domain == call->vcpu->domain || id >= call->domain->vcpu_count ||
        atomic_load(&call->domain->dying) != DOMAIN_ALIVE) {
        return -EINVAL;
    }
    *out = call->domain->vcpu[id];
    return 0;
}

/* Only what EL1 or EL0 in AArch64 may be in. */
static bool pstate_fits(uint64_t pstate)
{
    uint64_t mode = pstate & 0xf;

    return (pstate & SPSR_AARCH32) == 0 && (mode == SPSR_EL1H || mode == SPSR_EL1T || mode == SPSR_EL0T);
}

static void put(struct vcpu *vcpu, const struct vcpu_guest_context *context)
{
    const struct vcpu_guest_core_regs *regs = &context->user_regs;

    vcpu_reset(vcpu, regs->pc64, 0);
    memcpy(vcpu->frame.x, &regs->x0, sizeof(vcpu->frame.x)); /* x0 to x30 in a row. */
    vcpu->frame.pstate = regs->cpsr & SPSR_GUEST_MAY;
    vcpu->sysregs.sp_el0 = regs->sp_el0;
    vcpu->sysregs.sp_el1 = regs->sp_el1;
    vcpu->sysregs.elr = regs->elr_el1;
    vcpu->sysregs.spsr = regs->spsr_el1;
    vcpu->sysregs.sctlr = context->sctlr | SCTLR_EL1_RES1;
    vcpu->sysregs.tcr = context->ttbcr;
    vcpu->sysregs.ttbr0 = context->ttbr0;
    vcpu->sysregs.ttbr1 = context->ttbr1;
}

int64_t domctl_set_vcpu_context(struct control_call *call, struct xen_domctl *op)
{
    struct domain *domain = call->domain;
    struct vcpu_guest_context context;
    struct vcpu *vcpu;
    int64_t result = find(call, op, &vcpu);

    if (result == 0) {
        result = hold(domain);
    }
    if (result != 0) {
        return result;
    }
    if (guest_copy_in(call->vcpu, &context, (uint64_t)op->u.vcpucontext.ctxt.p, sizeof(context)) != 0) {
        return let_go(domain, -EFAULT);
    }
    if (!pstate_fits(context.user_regs.cpsr)) {
        return let_go(domain, -EINVAL);
    }
    put(vcpu, &context);
    spin_lock(&domain->power_lock);
    vcpu->powered = (context.flags & VGCF_online) != 0; /* It goes on with the domain. */
    spin_unlock(&domain->power_lock);
    return let_go(domain, 0);
}

int64_t domctl_get_vcpu_context(struct control_call *call, struct xen_domctl *op)
{
    struct vcpu_guest_context context;
    struct vcpu_guest_core_regs *regs = &context.user_regs;
    struct vcpu *vcpu;
    int64_t result = find(call, op, &vcpu);

    if (result == 0) {
        result = hold(call->domain);
    }
    if (result != 0) {
        return result;
    }
    memset(&context, 0, sizeof(context));
    memcpy(&regs->x0, vcpu->frame.x, sizeof(vcpu->frame.x));
    regs->pc64 = vcpu->frame.pc;
    regs->cpsr = vcpu->frame.pstate;
    regs->spsr_el1 = vcpu->sysregs.spsr;
    regs->sp_el0 = vcpu->sysregs.sp_el0;
    regs->sp_el1 = vcpu->sysregs.sp_el1;
    regs->elr_el1 = vcpu->sysregs.elr;
    context.sctlr = vcpu->sysregs.sctlr;
    context.ttbcr = vcpu->sysregs.tcr;
    context.ttbr0 = vcpu->sysregs.ttbr0;
    context.ttbr1 = vcpu->sysregs.ttbr1;
    context.flags = vcpu->powered ? VGCF_online : 0;
    result = guest_copy_out(call->vcpu, (uint64_t)op->u.vcpucontext.ctxt.p, &context, sizeof(context));
    call->copy_back = true;
    return let_go(call->domain, result);
}

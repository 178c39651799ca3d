/* SPDX-License-Identifier: Apache-2.0 */
/* traced.c - traps while somebody wants records of them: which exit, what it was for, and the entry after it.
 *
 * A pCPU whose traps are traced has other vectors (vectors_traced). They save the whole frame and come here;
 * the fast path and the short ways of vectors.S are not taken, and what they do is done by the full path. So
 * nothing is tested, nor anything slower, while nobody traces.
 *
 * The records are those of Xen's HVM class, which is the one xenalyze can make sums of: TRC_HVM_VMEXIT with a
 * reason, what belongs to it, TRC_HVM_VMENTRY. Reasons have the numbers of x86 processors, for Arm has none
 * and xenalyze no names for others; the nearest is taken (docs/tracing.md). xenalyze takes a vCPU for either
 * an HVM or a PV one. So hypercalls are recorded in the PV class only while exits are not wanted. */
#include "entry/traced.h"

#include "arch/cpu.h"
#include "arch/sysreg.h"
#include "core/domain.h"
#include "core/guest_mem.h"
#include "core/trace.h"
#include "drivers/gic.h"
#include "entry/trap.h"
#include "lib/abi.h"

/* Intel's basic exit reasons (SDM, appendix C). */
#define EXIT_EXCEPTION 0u
#define EXIT_INTERRUPT 1u
#define EXIT_HLT 12u
#define EXIT_VMCALL 18u
#define EXIT_MSR_READ 31u
#define EXIT_MSR_WRITE 32u
#define EXIT_PAUSE 40u
#define EXIT_EPT_VIOLATION 48u

#define WFX_WFE BIT64(0)     /* ISS of a trapped wfi or wfe. */
#define SYSREG_READ BIT64(0) /* ISS of a trapped MSR, MRS. */
#define P2MT_NONE 4u         /* "p2m_mmio_dm", as Xen says of what is not RAM. */

void traced_set_vectors(struct pcpu *cpu, bool traced)
{
    static uint64_t plain[CPU_MAX]; /* What a pCPU has else. */
    uint64_t now = sysreg_read(vbar_el2);

    if (now != (uint64_t)vectors_traced) {
        plain[cpu->base.id] = now;
    }
    sysreg_write(vbar_el2, traced ? (uint64_t)vectors_traced : plain[cpu->base.id]);
}

static void put64(uint32_t words[2], uint64_t value)
{
    words[0] = (uint32_t)value;
    words[1] = (uint32_t)(value >> 32);
}

/* xenalyze complains of 64-bit addresses that x86 does not have: bits 63 to 47 differ. A program's above
 * 2^47 is cut down to its lower half. */
static void put_exit(const struct vcpu *vcpu, uint32_t reason)
{
    uint64_t pc = vcpu->frame.pc, top = pc >> 47;
    uint32_t words[3] = {reason};

    put64(words + 1, pc);
    if (top == 0 || top == MASK64(16, 0)) {
        trace_put(TRC_HVM_VMEXIT64, words, 3);
    } else {
        trace_put(TRC_HVM_VMEXIT, words, 2);
    }
}

static struct vcpu *enter(void)
{
    struct vcpu *vcpu = trap_exit_traced();

    trace_put(TRC_HVM_VMENTRY, NULL, 0);
    return vcpu;
}

/* --- Interrupts
 * ----------------------------------------------------------------------------------------------- */

static void take(uint32_t iar, uint64_t from)
{
    uint32_t intid = iar & gic()->intid_mask;
    uint32_t words[3] = {intid, (uint32_t)from};

    trap_take(iar);
    if (intid < GIC_INTID_MAX) {
        words[2] = (uint32_t)cpu_count_ticks();
        trace_put(TRC_HW_IRQ_HANDLED, words, 3);
    }
}

void traced_interrupt(void)
{
    uint64_t from = cpu_count_ticks();

    take(gic()->ack(), from);
}

struct vcpu *traced_irq(struct vcpu *vcpu)
{
    uint64_t from = cpu_count_ticks();
    uint32_t iar = gic()->ack();

    put_exit(vcpu, EXIT_INTERRUPT);
    trace_put(TRC_HVM_INTR, (uint32_t[]){iar & gic()->intid_mask}, 1);
    take(iar, from);
    return enter();
}

/* --- Hypercalls
 * ----------------------------------------------------------------------------------------------- */

/* Bit n: argument n of hypercall @op is worth a word. */
static uint32_t args_of(uint64_t op)
{
    switch (op) {
    case __HYPERVISOR_multicall:
        return BIT32(1); /* How many. */
    case __HYPERVISOR_grant_table_op:
        return BIT32(0) | BIT32(2);
    case __HYPERVISOR_vcpu_op:
        return BIT32(0) | BIT32(1);
    case __HYPERVISOR_domctl:
    case __HYPERVISOR_sysctl:
    case __HYPERVISOR_platform_op:
        return 0; /* The operation is behind a pointer. */
    default:
        return BIT32(0);
    }
}

static void put_call(uint32_t event, uint64_t op, const uint64_t *args)
{
    uint32_t words[4] = {(uint32_t)op & ~TRC_PV_HYPERCALL_V2_ARG_MASK};
    unsigned count = 1;

    for (uint32_t rest = args_of(op); rest != 0; rest &= rest - 1) {
        unsigned n = (unsigned)__builtin_ctz(rest);

        words[0] |= TRC_PV_HYPERCALL_V2_ARG_32(n);
        words[count++] = (uint32_t)args[n];
    }
    trace_put(event, words, count);
}

/* The entry of a multicall that this stay carries out. What the guest makes of it meanwhile does not matter:
 * it is told, not done. */
static void put_subcall(struct vcpu *vcpu)
{
    struct multicall_entry entry;
    uint64_t args[3];

    if (vcpu->frame.x[1] != 0 && guest_copy_in(vcpu, &entry, vcpu->frame.x[0], sizeof(entry)) == 0) {
        for (unsigned n = 0; n < ARRAY_COUNT(args); n++) {
            args[n] = entry.args[n];
        }
        put_call(TRC_PV_HYPERCALL_SUBCALL, entry.op, args);
    }
}

static void put_hypercall(struct vcpu *vcpu)
{
    uint64_t op = vcpu->frame.x[16];

    if (trace_wants(TRC_HVM_VMEXIT)) {
        trace_put(TRC_HVM_VMMCALL, (uint32_t[]){(uint32_t)op}, 1);
        return;
    }
    put_call(TRC_PV_HYPERCALL_V2, op, vcpu->frame.x);
    if (op == __HYPERVISOR_multicall && trace_wants(TRC_PV_HYPERCALL_SUBCALL)) {
        put_subcall(vcpu);
    }
}

/* --- Other traps
 * ---------------------------------------------------------------------------------------------- */

static void put_fault(uint64_t esr)
{
    uint32_t words[6] = {[2] = UINT32_MAX, [3] = UINT32_MAX, [4] = (uint32_t)ESR_ISS(esr), [5] = P2MT_NONE};

    put64(words, bits_get(sysreg_read(hpfar_el2), 43, 4) << PAGE_SHIFT | (sysreg_read(far_el2) & PAGE_MASK));
    trace_put(TRC_HVM_NPF, words, 6);
}

/* The register as ISS names it, and what is written; what is read is not known yet. */
static void put_sysreg(const struct vcpu *vcpu, uint32_t iss)
{
    bool read = (iss & SYSREG_READ) != 0;
    uint32_t words[3] = {iss};

    put64(words + 1, read ? 0 : vcpu_x(vcpu, (unsigned)bits_get(iss, 9, 5)));
    put_exit(vcpu, read ? EXIT_MSR_READ : EXIT_MSR_WRITE);
    trace_put(read ? TRC_HVM_MSR_READ : TRC_HVM_MSR_WRITE, words, 3);
}

static void put_sync(struct vcpu *vcpu, uint64_t esr)
{
    switch (ESR_EC(esr)) {
    case EC_HVC64:
        put_exit(vcpu, EXIT_VMCALL);
        if ((ESR_ISS(esr) & 0xffff) == HVC_XEN) {
            put_hypercall(vcpu);
        } else {
            trace_put(TRC_HVM_VMMCALL, (uint32_t[]){(uint32_t)vcpu->frame.x[0]}, 1);
        }
        break;
    case EC_SMC64:
        put_exit(vcpu, EXIT_VMCALL);
        trace_put(TRC_HVM_VMMCALL, (uint32_t[]){(uint32_t)vcpu->frame.x[0]}, 1);
        break;
    case EC_WFX:
        put_exit(vcpu, (ESR_ISS(esr) & WFX_WFE) != 0 ? EXIT_PAUSE : EXIT_HLT);
        trace_put(TRC_HVM_HLT, (uint32_t[]){(uint32_t)ESR_ISS(esr)}, 1);
        break;
    case EC_SYSREG:
        put_sysreg(vcpu, (uint32_t)ESR_ISS(esr));
        break;
    case EC_DABT_LOWER:
    case EC_IABT_LOWER:
        put_exit(vcpu, EXIT_EPT_VIOLATION);
        put_fault(esr);
        break;
    default:
        put_exit(vcpu, EXIT_EXCEPTION);
        trace_put(TRC_HVM_TRAP, (uint32_t[]){(uint32_t)ESR_EC(esr)}, 1);
        break;
    }
}

struct vcpu *traced_sync(struct vcpu *vcpu, uint64_t esr)
{
    put_sync(vcpu, esr);
    if (ESR_EC(esr) == EC_HVC64) {
        trap_hvc(vcpu, esr);
    } else {
        trap_sync(vcpu, esr);
    }
    return enter();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* smp.c - bringing up the CPUs. */
#include "boot/smp.h"

#include "arch/barrier.h"
#include "arch/cache.h"
#include "arch/mmu.h"
#include "arch/mmu_setup.h"
#include "arch/spinlock.h"
#include "arch/sysreg.h"
#include "base/stage2.h"
#include "boot/guests.h"
#include "boot/start.h"
#include "core/irq.h"
#include "core/layout.h"
#include "core/pcpu.h"
#include "core/power.h"
#include "drivers/gic.h"
#include "lib/log.h"

#define START_TIMEOUT_MS 500
#define MMFR0_PARANGE(v) ((v)&0xf)
#define PARANGE_48_BITS 5u

static struct start_context contexts[CPU_MAX] __attribute__((aligned(64)));
static const struct board *boot_board;
static _Atomic uint32_t released;

/* This CPU's vectors, and where its bound list registers are: entry/fast_irq.S. */
static void set_vectors(struct pcpu *cpu)
{
    bool v2 = gic()->version == 2;
    va_t gicc = va(0);
    va_t gich = va(0);

    if (!CONFIG_FAST_IRQ) {
        sysreg_write(vbar_el2, vectors);
        return;
    }
    if (v2) {
        gicv2_fast_path(&gicc, &gich);
    }
    cpu->gicc_base = gicc.v;
    for (unsigned slot = 0; slot < GIC_LR_MAX; slot++) {
        cpu->bound[slot].place =
            v2 ? gich.v + GICH_LR + slot * 4 : (uint64_t)fast_v3_stubs + slot * FAST_V3_STUB_BYTES;
    }
    sysreg_write(vbar_el2, v2 ? vectors_fast_v2 : vectors_fast_v3);
}

void smp_init_this_cpu(void)
{
    uint64_t pa_range = min_u64(MMFR0_PARANGE(sysreg_read(id_aa64mmfr0_el1)), PARANGE_48_BITS);

    sysreg_write(vtcr_el2, stage2_vtcr_fields() | VTCR_IRGN0_WBWA | VTCR_ORGN0_WBWA | VTCR_SH0_INNER |
                               (pa_range << VTCR_PS_SHIFT) | VTCR_RES1);
    sysreg_write(hcr_el2, HCR_RW | HCR_IMO | HCR_FMO | HCR_AMO);
    sysreg_write(cptr_el2, CPTR_ALWAYS);
    sysreg_write(mdcr_el2, (sysreg_read(mdcr_el2) & MDCR_HPMN_MASK) | MDCR_TPMCR | MDCR_TPM | MDCR_TDA |
                               MDCR_TDOSA | MDCR_TDRA | MDCR_TPMS | MDCR_TTRF);
    /* Guests cannot reach it: single steps that a debugger left on would be theirs for ever. */
    sysreg_write(mdscr_el1, 0);
    sysreg_write(hstr_el2, 0);
    sysreg_write(cnthctl_el2, CNTHCTL_EL1PCTEN | CNTHCTL_EL1PCEN);
    sysreg_write(cntvoff_el2, 0);
    sysreg_write(cnthp_ctl_el2, 0);
    sysreg_write(cntv_ctl_el0, 0);
    sysreg_write(cntp_ctl_el0, 0);
    sysreg_write(vpidr_el2, sysreg_read(midr_el1));
    barrier_isb();
    __asm__ volatile("tlbi alle1\n\tdsb nsh" ::: "memory"); /* Nothing of whoever ran here before. */
    gic()->init_cpu(cpu_id());
    this_cpu()->lr_mask = BIT32(gic()->lr_count()) - 1;
    set_vectors(this_cpu());
    irq_enable_own(boot_board->timer.hyp_intid);
    irq_enable_own(boot_board->gic.maintenance_intid);
}

/* A CPU started by PSCI arrives here on its own stack, TPIDR_EL2 set. */
_Noreturn static void secondary_main(void)
{
    smp_init_this_cpu();
    pcpu_set_online(cpu_id());
    spin_wait_equal(&released, 1);
    guests_run();
}

static void start_cpu(const struct board *board, unsigned cpu)
{
    struct start_context *context = &contexts[cpu];
    uint64_t limit;
    int64_t error;

    pcpu_init(cpu, mmu_map_stack(cpu).v);
    context->root = mmu_root().v;
    context->tcr = sysreg_read(tcr_el2);
    context->mair = sysreg_read(mair_el2);
    context->vbar = sysreg_read(vbar_el2);
    context->stack = pcpu_get(cpu)->stack_top;
    context->tpidr = (uint64_t)pcpu_get(cpu);
    context->main = (uint64_t)secondary_main;
    cache_publish(context, sizeof(*context)); /* Read with the MMU off. */
    error = firmware_call(board->psci_cpu_on, board->cpu_mpidr[cpu], mmu_image_pa(secondary_start).v,
                          mmu_image_pa(context).v);
    if (error != 0) {
        log_warn("CPU %u (MPIDR 0x%lx) is left out: PSCI CPU_ON says %ld", cpu,
                 (unsigned long)board->cpu_mpidr[cpu], (long)error);
        return;
    }
    limit = cpu_count_ticks() + ticks_from_ns(START_TIMEOUT_MS * NS_PER_MS);
    while ((pcpu_online_mask() & BIT32(cpu)) == 0 && cpu_count_ticks() < limit) {
        cpu_relax();
    }
    if ((pcpu_online_mask() & BIT32(cpu)) == 0) {
        log_warn("CPU %u (MPIDR 0x%lx) is left out: started, but not here after %u ms", cpu,
                 (unsigned long)board->cpu_mpidr[cpu], START_TIMEOUT_MS);
    }
}

void smp_start_others(const struct board *board)
{
    boot_board = board;
    smp_init_this_cpu();
    pcpu_set_online(0);
    if (board->cpu_count > 1 && board->psci_conduit == PSCI_CONDUIT_NONE) {
        log_warn("only one CPU is used: the device tree has no PSCI node to start the others with");
        return;
    }
    for (unsigned cpu = 1; cpu < board->cpu_count; cpu++) {
        start_cpu(board, cpu);
    }
}

void smp_release(void)
{
    atomic_store(&released, 1);
}

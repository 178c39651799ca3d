/* SPDX-License-Identifier: Apache-2.0 */
/* tlb.c - stage-2 tables in real memory, and their invalidation. Source: Arm ARM D5.10 (TLB maintenance),
 * sequence for stage 2. */
#include "core/tlb.h"

#include "arch/barrier.h"
#include "arch/cache.h"
#include "arch/mmu.h"
#include "arch/sysreg.h"

/* Above this it is cheaper to drop all of the VMID. */
#define BY_PAGE_MAX 64

static uint64_t *table_at(pa_t table)
{
    return mmu_direct(table);
}

static void zero_page(pa_t page)
{
    cache_zero_pages(mmu_direct(page), PAGE_SIZE);
}

static void invalidate_ipa(uint16_t vmid, ipa_t addr, uint64_t size_bytes)
{
    uint64_t kept = sysreg_read(vttbr_el2);
    uint64_t pages = (size_bytes + PAGE_SIZE - 1) >> PAGE_SHIFT;

    /* The operations are for the VMID in here; no walk happens at EL2. */
    sysreg_write(vttbr_el2, (uint64_t)vmid << 48);
    barrier_isb();
    barrier_dsb_ish(); /* The cleared entry is seen by every walker before the invalidation. */
    if (pages > BY_PAGE_MAX) {
        __asm__ volatile("tlbi vmalls12e1is" ::: "memory");
    } else {
        for (uint64_t i = 0; i < pages; i++) {
            __asm__ volatile("tlbi ipas2e1is, %0" : : "r"((addr.v >> PAGE_SHIFT) + i) : "memory");
        }
        barrier_dsb_ish(); /* Stage 2 entries are gone before those that combine both stages. */
        __asm__ volatile("tlbi vmalle1is" ::: "memory");
    }
    barrier_dsb_ish(); /* Complete everywhere before the new entry is written. */
    sysreg_write(vttbr_el2, kept);
    barrier_isb();
}

const struct stage2_machine stage2_hardware = {
    .table_at = table_at,
    .zero_page = zero_page,
    .invalidate_ipa = invalidate_ipa,
};

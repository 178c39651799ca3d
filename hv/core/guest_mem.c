/* SPDX-License-Identifier: Apache-2.0 */
/* guest_mem.c - the only way to a guest's memory. Addresses of hypercall arguments are virtual on Arm
 * (xen/arch-arm.h): the CPU translates them with the guest's own tables, both stages (AT S12E1R/W, Arm ARM
 * C5.2.11).
 *
 * Another vCPU of the domain may give the page back meanwhile. So a pCPU says that it copies before it
 * translates, until the page's bytes are copied; who takes a page away empties the stage-2 entry, lets all
 * TLBs forget it, and then waits for those who say so. Either the translation fails, or the wait sees the
 * copy. */
#include "core/guest_mem.h"

#include "arch/barrier.h"
#include "arch/mmu.h"
#include "arch/sysreg.h"
#include "base/page_alloc.h"
#include "core/domain.h"
#include "core/pcpu.h"
#include "lib/error.h"
#include "lib/string.h"

#define PAR_FAULT BIT64(0)

#define COPYING_ID UINT32_C(0xffff)
#define COPYING_ONE UINT32_C(0x10000)

/* Physical address of @addr for a read or write by EL1. -EFAULT: not mapped so, or not the domain's RAM. */
static int translate(struct vcpu *vcpu, uint64_t addr, bool write, pa_t *out)
{
    uint64_t kept = sysreg_read(par_el1); /* The guest's own. */
    uint64_t result;

    if (write) {
        __asm__ volatile("at s12e1w, %0" : : "r"(addr) : "memory");
    } else {
        __asm__ volatile("at s12e1r, %0" : : "r"(addr) : "memory");
    }
    barrier_isb();
    result = sysreg_read(par_el1);
    sysreg_write(par_el1, kept);
    if (result & PAR_FAULT) {
        return -EFAULT;
    }
    *out = pa((result & MASK64(47, PAGE_SHIFT)) | (addr & PAGE_MASK));
    return page_owner(*out) == vcpu->domain->id ? 0 : -EFAULT;
}

/* The low half of the word is the domain's id + 1 while copying; the high half counts, so that one copy is
 * not taken for the next. */
static void copy_begin(const struct vcpu *vcpu)
{
    _Atomic uint32_t *copying = &this_cpu()->copying;
    uint32_t count = atomic_load_explicit(copying, memory_order_relaxed) + COPYING_ONE;

    atomic_store_explicit(copying, count | (vcpu->domain->id + 1u), memory_order_relaxed);
    barrier_dsb_ish(); /* Seen before the table walk of AT reads: pairs with the dsb of the invalidation. */
}

static void copy_end(void)
{
    _Atomic uint32_t *copying = &this_cpu()->copying;
    uint32_t count = atomic_load_explicit(copying, memory_order_relaxed) & ~COPYING_ID;

    atomic_store_explicit(copying, count, memory_order_release);
}

void physmap_wait_copies(uint16_t owner)
{
    for (uint32_t rest = pcpu_online_mask() & ~BIT32(cpu_id()); rest != 0; rest &= rest - 1) {
        _Atomic uint32_t *copying = &pcpu_get((unsigned)__builtin_ctz(rest))->copying;
        uint32_t word = atomic_load_explicit(copying, memory_order_acquire);

        if ((word & COPYING_ID) == owner + 1u) {
            spin_wait_differs(copying, word); /* No longer than a page's copy takes. */
        }
    }
}

static inline int copy_now(struct vcpu *vcpu, void *ours, uint64_t addr, size_t size, bool out)
{
    pa_t theirs;

    if (translate(vcpu, addr, out, &theirs) != 0) {
        return -EFAULT;
    }
    if (out) {
        memcpy(mmu_direct(theirs), ours, size);
    } else {
        memcpy(ours, mmu_direct(theirs), size);
    }
    return 0;
}

/* It failed. While a block is split its entry is empty for a moment (base/stage2.h): under the lock it is
 * not, and no page leaves either. */
__attribute__((noinline)) static int copy_again(struct vcpu *vcpu, void *ours, uint64_t addr, size_t size,
                                                bool out)
{
    struct spinlock *lock = &vcpu->domain->physmap.lock;
    int error;

    spin_lock(lock);
    error = copy_now(vcpu, ours, addr, size, out);
    spin_unlock(lock);
    return error;
}

static inline int copy(struct vcpu *vcpu, char *ours, uint64_t addr, size_t size, bool out)
{
    while (size != 0) {
        size_t part = (size_t)min_u64(size, PAGE_SIZE - (addr & PAGE_MASK));
        int error;

        copy_begin(vcpu);
        error = copy_now(vcpu, ours, addr, part, out);
        copy_end();
        if (error != 0 && copy_again(vcpu, ours, addr, part, out) != 0) {
            return -EFAULT;
        }
        ours += part;
        addr += part;
        size -= part;
    }
    return 0;
}

int guest_copy_in(struct vcpu *vcpu, void *to, uint64_t addr, size_t size)
{
    return copy(vcpu, to, addr, size, false);
}

int guest_copy_out(struct vcpu *vcpu, uint64_t addr, const void *from, size_t size)
{
    return copy(vcpu, (char *)(uintptr_t)from, addr, size, true);
}

int guest_pin(struct domain *domain, ipa_t addr, void **at)
{
    pa_t page;

    if (physmap_use(&domain->physmap, addr.v >> PAGE_SHIFT, &page) != 0) {
        return -EINVAL;
    }
    *at = (char *)mmu_direct(page) + (addr.v & PAGE_MASK);
    return 0;
}

int guest_pin_virtual(struct vcpu *vcpu, uint64_t addr, void **at)
{
    struct spinlock *lock = &vcpu->domain->physmap.lock;
    pa_t place;
    int error;

    spin_lock(lock); /* No entry is empty for a moment only, and no page leaves. */
    error = translate(vcpu, addr, true, &place);
    if (error == 0 && page_get(place, vcpu->domain->id) != 0) {
        error = -EFAULT;
    }
    spin_unlock(lock);
    if (error == 0) {
        *at = mmu_direct(place);
    }
    return error;
}

void guest_unpin(struct domain *domain, void *at)
{
    (void)domain; /* The page knows whose it is. */
    physmap_put_page(mmu_direct_pa(at));
}

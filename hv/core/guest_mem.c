/* SPDX-License-Identifier: Apache-2.0 */
/* guest_mem.c - the only way to a guest's memory. Addresses of hypercall arguments are virtual on Arm
 * (xen/arch-arm.h): the CPU translates them with the guest's own tables, both stages (AT S12E1R/W, Arm ARM
 * C5.2.11). */
#include "core/guest_mem.h"

#include "arch/barrier.h"
#include "arch/mmu.h"
#include "arch/sysreg.h"
#include "base/page_alloc.h"
#include "core/domain.h"
#include "lib/error.h"
#include "lib/string.h"

#define PAR_FAULT BIT64(0)

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

int guest_copy_in(struct vcpu *vcpu, void *to, uint64_t addr, size_t size)
{
    char *next = to;

    while (size != 0) {
        size_t part = (size_t)min_u64(size, PAGE_SIZE - (addr & PAGE_MASK));
        pa_t from;

        if (translate(vcpu, addr, false, &from) != 0) {
            return -EFAULT;
        }
        memcpy(next, mmu_direct(from), part);
        next += part;
        addr += part;
        size -= part;
    }
    return 0;
}

int guest_copy_out(struct vcpu *vcpu, uint64_t addr, const void *from, size_t size)
{
    const char *next = from;

    while (size != 0) {
        size_t part = (size_t)min_u64(size, PAGE_SIZE - (addr & PAGE_MASK));
        pa_t to;

        if (translate(vcpu, addr, true, &to) != 0) {
            return -EFAULT;
        }
        memcpy(mmu_direct(to), next, part);
        next += part;
        addr += part;
        size -= part;
    }
    return 0;
}

int guest_pin(struct domain *domain, ipa_t addr, void **at)
{
    enum stage2_type type;
    pa_t place;
    int error;

    spin_lock(&domain->memory_lock);
    error = stage2_lookup(&domain->stage2, addr, &place, &type, NULL);
    if (error == 0 && (type != STAGE2_RAM || page_owner(place) != domain->id)) {
        error = -EINVAL;
    }
    spin_unlock(&domain->memory_lock);
    if (error != 0) {
        return -EINVAL;
    }
    *at = mmu_direct(place);
    return 0;
}

int guest_pin_virtual(struct vcpu *vcpu, uint64_t addr, void **at)
{
    pa_t place;

    if (translate(vcpu, addr, true, &place) != 0) {
        return -EFAULT;
    }
    *at = mmu_direct(place);
    return 0;
}

void guest_unpin(struct domain *domain, void *at)
{
    (void)domain;
    (void)at;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* mmio.c - accesses of a guest that no RAM answers: which device is meant, and an abort when none is. */
#include "vdev/mmio.h"

#include "arch/sysreg.h"
#include "core/console.h"
#include "core/domain.h"
#include "core/guest_log.h"
#include "core/irq.h"
#include "core/pcpu.h"
#include "lib/abi.h"
#include "vdev/mmio_decode.h"
#include "vdev/vconsole.h"

/* ISS.xFSC without the level: translation fault. Arm ARM D13.2.37. */
#define FSC_TYPE_MASK 0x3cu
#define FSC_TRANSLATION 0x04u

#define VPL011_BYTES PAGE_SIZE
#define GICD_V2_BYTES PAGE_SIZE
#define GICR_FRAME_BYTES KIB(128) /* RD_base and SGI_base of one vCPU. */

enum mmio_result {
    MMIO_DONE,
    MMIO_ABORT, /* Nothing answers there. */
    MMIO_RETRY, /* Not now: the instruction is executed again. */
};

/* @offset of the device's window. */
typedef enum mmio_result (*device_access)(struct vcpu *vcpu, uint64_t offset, unsigned size, bool write,
                                          uint64_t *value);

/* A vGIC access by the running vCPU: fold before and fill after when it touches state that the list registers
 * hold. */
static enum mmio_result gic_access(struct vcpu *vcpu, bool redist, unsigned target, uint32_t offset,
                                   unsigned size, bool write, uint64_t *value)
{
    struct domain *domain = vcpu->domain;
    struct pcpu *cpu = this_cpu();
    bool folds = vgic_access_folds(domain->vgic, redist, offset, write);
    struct vgic_work work = {0};
    uint32_t notice = 0;
    bool answered;

    spin_lock(vgic_lock(domain->vgic));
    if (folds) {
        notice = irq_fold(cpu, vcpu);
    }
    if (redist) {
        answered = vgic_redist_access(domain->vgic, vcpu->id, target, offset, size, write, value, &work);
    } else {
        answered = vgic_dist_access(domain->vgic, vcpu->id, offset, size, write, value, &work);
    }
    if (folds) {
        irq_fill(cpu, vcpu);
    }
    spin_unlock(vgic_lock(domain->vgic));
    work.notice |= notice;
    irq_do_work(domain, &work);
    for (uint32_t rest = work.query_pending; rest != 0; rest &= rest - 1) {
        unsigned bit = (unsigned)__builtin_ctz(rest);

        if (gic()->is_pending(work.first + bit)) {
            *value |= BIT64(bit);
        }
    }
    return answered ? MMIO_DONE : MMIO_ABORT;
}

static enum mmio_result access_gicd(struct vcpu *vcpu, uint64_t offset, unsigned size, bool write,
                                    uint64_t *value)
{
    return gic_access(vcpu, false, 0, (uint32_t)offset, size, write, value);
}

static enum mmio_result access_gicr(struct vcpu *vcpu, uint64_t offset, unsigned size, bool write,
                                    uint64_t *value)
{
    unsigned target = (unsigned)(offset / GICR_FRAME_BYTES);

    if (target >= vcpu->domain->vcpu_count) {
        return MMIO_ABORT;
    }
    return gic_access(vcpu, true, target, (uint32_t)(offset % GICR_FRAME_BYTES), size, write, value);
}

static enum mmio_result access_vpl011(struct vcpu *vcpu, uint64_t offset, unsigned size, bool write,
                                      uint64_t *value)
{
    struct domain *domain = vcpu->domain;
    struct vpl011 *uart = &domain->vpl011;
    bool prints = false;
    char c = 0;

    if (size > 4) {
        return MMIO_ABORT;
    }
    spin_lock(&uart->lock);
    if (write) {
        prints = vpl011_write(uart, (uint32_t)offset, size, (uint32_t)*value, &c);
    } else {
        *value = vpl011_read(uart, (uint32_t)offset, size);
    }
    spin_unlock(&uart->lock);
    if (prints && !vconsole_put(domain, &c, 1)) {
        return MMIO_RETRY;
    }
    vconsole_update_irq(domain);
    if (!write && console_input_waits(domain->id)) {
        console_input();
    }
    return MMIO_DONE;
}

/* The device at @addr of @domain's platform and the offset in it; NULL. */
static device_access find_device(const struct domain *domain, uint64_t addr, uint64_t *offset)
{
    const struct {
        uint64_t base, size_bytes;
        bool present;
        device_access access;
    } devices[] = {
        {GUEST_GICD_BASE, GICD_V2_BYTES, domain->gic_version == 2, access_gicd},
        {GUEST_GICV3_GICD_BASE, GUEST_GICV3_GICD_SIZE, domain->gic_version == 3, access_gicd},
        {GUEST_GICV3_GICR0_BASE, GICR_FRAME_BYTES * VCPU_MAX, domain->gic_version == 3, access_gicr},
        {GUEST_PL011_BASE, VPL011_BYTES, domain->has_vpl011, access_vpl011},
    };

    for (size_t i = 0; i < ARRAY_COUNT(devices); i++) {
        if (devices[i].present && addr - devices[i].base < devices[i].size_bytes) {
            *offset = addr - devices[i].base;
            return devices[i].access;
        }
    }
    return NULL;
}

/* Is @addr mapped after all? Another pCPU was changing the entry (break-before-make) when the guest came
 * by. */
static bool is_mapped(struct domain *domain, uint64_t addr)
{
    enum stage2_type type;
    bool mapped;

    spin_lock(&domain->memory_lock);
    mapped = stage2_lookup(&domain->stage2, ipa(addr), NULL, &type, NULL) == 0;
    spin_unlock(&domain->memory_lock);
    return mapped;
}

/* Carry out @access on @device. */
static enum mmio_result emulate(struct vcpu *vcpu, device_access device, uint64_t offset,
                                const struct mmio_access *access)
{
    uint64_t value = access->write ? mmio_stored(access, vcpu_x(vcpu, access->reg)) : 0;
    enum mmio_result result;

    if ((offset & (access->size - 1)) != 0) {
        return MMIO_ABORT;
    }
    result = device(vcpu, offset, access->size, access->write, &value);
    if (result == MMIO_DONE) {
        if (!access->write) {
            vcpu_set_x(vcpu, access->reg, mmio_loaded(access, value));
        }
        vcpu_skip(vcpu);
    }
    return result;
}

void vmmio_fault(struct vcpu *vcpu, uint64_t esr)
{
    uint64_t virtual_addr = sysreg_read(far_el2);
    uint64_t addr = (bits_get(sysreg_read(hpfar_el2), 43, 4) << PAGE_SHIFT) | (virtual_addr & PAGE_MASK);
    bool instruction = ESR_EC(esr) == EC_IABT_LOWER;
    uint64_t offset = 0;
    device_access device = find_device(vcpu->domain, addr, &offset);
    struct mmio_access access;

    if (device != NULL) {
        if (!instruction && mmio_decode((uint32_t)ESR_ISS(esr), &access) &&
            emulate(vcpu, device, offset, &access) != MMIO_ABORT) {
            return;
        }
    } else if ((ESR_ISS(esr) & FSC_TYPE_MASK) == FSC_TRANSLATION && is_mapped(vcpu->domain, addr)) {
        return;
    }
    log_debug("d%uv%u: nothing answers at IPA 0x%lx (VA 0x%lx, pc 0x%lx, syndrome 0x%lx)", vcpu->domain->id,
              vcpu->id, (unsigned long)addr, (unsigned long)virtual_addr, (unsigned long)vcpu->frame.pc,
              (unsigned long)esr);
    vcpu_inject_abort(vcpu, virtual_addr, instruction);
}

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
#include "vdev/vpl011.h"

/* ISS.xFSC without the level: translation fault. Arm ARM D13.2.37. */
#define FSC_TYPE_MASK 0x3cu
#define FSC_TRANSLATION 0x04u

#define VPL011_BYTES PAGE_SIZE
#define GICR_FRAME_BYTES KIB(128) /* RD_base and SGI_base of one vCPU. */

enum mmio_result {
    MMIO_DONE,
    MMIO_ABORT, /* Nothing answers there. */
    MMIO_RETRY, /* Not now: the instruction is executed again. */
};

/* @offset of the device's window. */
typedef enum mmio_result (*device_access)(struct vcpu *vcpu, uint64_t offset,
                                          const struct mmio_access *access, uint64_t *value);

/* OR in the physical state of linked interrupts whose pending bits the guest reads. */
static void query_pending(const struct vgic_work *work, uint64_t *value)
{
    if ((work->hardware & VGIC_WORK_PHYSICAL) == 0) {
        return;
    }
    for (uint32_t rest = work->query_pending; rest != 0; rest &= rest - 1) {
        unsigned bit = (unsigned)__builtin_ctz(rest);

        if (gic()->is_pending(work->first + bit)) {
            *value |= BIT64(bit);
        }
    }
}

/* Fold the running vCPU, which @access needs, carry it out, and fill again. */
static enum vgic_answer access_folded(struct vcpu *vcpu, struct vgic_access *access)
{
    uint32_t notice = irq_fold(this_cpu(), vcpu);
    enum vgic_answer answer;

    access->folded = true;
    answer = vgic_access(access);
    irq_fill(this_cpu(), vcpu);
    access->work->notice |= notice;
    return answer;
}

/* An access of the running vCPU to its interrupt controller. */
static enum mmio_result access_gic(struct vcpu *vcpu, unsigned frame, uint32_t offset,
                                   const struct mmio_access *access, uint64_t *value)
{
    struct domain *domain = vcpu->domain;
    struct spinlock *lock = vgic_lock(domain->vgic);
    struct vgic_work work = {.hardware = 0};
    struct vgic_access wish = {.vgic = domain->vgic,
                               .work = &work,
                               .vcpu = vcpu->id,
                               .frame = frame,
                               .offset = offset,
                               .size = access->size,
                               .write = access->write,
                               .value = *value};
    enum vgic_answer answer;

    spin_lock(lock);
    answer = vgic_access(&wish);
    if (answer == VGIC_FOLD_FIRST) {
        answer = access_folded(vcpu, &wish);
    }
    *value = wish.value;
    if (work.hardware != 0) {
        irq_apply(domain, &work);
        query_pending(&work, value);
    }
    spin_unlock(lock);
    if (work.notice != 0) {
        irq_notice(domain, work.notice);
    }
    return answer == VGIC_DONE ? MMIO_DONE : MMIO_ABORT;
}

static enum mmio_result access_gicd(struct vcpu *vcpu, uint64_t offset, const struct mmio_access *access,
                                    uint64_t *value)
{
    return access_gic(vcpu, VGIC_DISTRIBUTOR, (uint32_t)offset, access, value);
}

static enum mmio_result access_gicr(struct vcpu *vcpu, uint64_t offset, const struct mmio_access *access,
                                    uint64_t *value)
{
    return access_gic(vcpu, (unsigned)(offset / GICR_FRAME_BYTES), (uint32_t)(offset % GICR_FRAME_BYTES),
                      access, value);
}

static enum mmio_result access_vpl011(struct vcpu *vcpu, uint64_t offset, const struct mmio_access *access,
                                      uint64_t *value)
{
    struct domain *domain = vcpu->domain;
    struct vpl011 *uart = domain->vpl011;
    bool prints = false, changed;
    char c = 0;

    if (access->size > 4) {
        return MMIO_ABORT;
    }
    spin_lock(&uart->lock);
    if (access->write) {
        prints = vpl011_write(uart, (uint32_t)offset, access->size, (uint32_t)*value, &c);
    } else {
        *value = vpl011_read(uart, (uint32_t)offset, access->size);
    }
    changed = uart->served && vpl011_exchange(uart);
    spin_unlock(&uart->lock);
    if (changed) {
        vconsole_tell_server(domain);
    }
    if (prints && vconsole_put(domain, &c, 1) == 0) {
        return MMIO_RETRY;
    }
    vconsole_update_irq(domain);
    if (!access->write && console_input_waits(domain->id)) {
        console_input();
    }
    return MMIO_DONE;
}

/* The device of @domain's platform that answers at @addr, and how far into it that is; NULL. */
static device_access find_device(const struct domain *domain, uint64_t addr, uint64_t *offset)
{
    bool v2 = domain->gic_version == 2;

    *offset = addr - domain->gicd_base;
    if (*offset < domain->gicd_bytes) {
        return access_gicd;
    }
    *offset = addr - domain->gicr_base;
    if (!v2 && *offset < GICR_FRAME_BYTES * domain->vcpu_count) {
        return access_gicr;
    }
    *offset = addr - GUEST_PL011_BASE;
    return domain->vpl011 != NULL && *offset < VPL011_BYTES ? access_vpl011 : NULL;
}

/* Is @addr mapped after all? Another pCPU was changing the entry (break-before-make) when the guest came
 * by. */
static bool is_mapped(struct domain *domain, uint64_t addr)
{
    enum stage2_type type;
    bool mapped;

    spin_lock(&domain->physmap.lock);
    mapped = stage2_lookup(&domain->physmap.stage2, ipa(addr), NULL, &type, NULL) == 0;
    spin_unlock(&domain->physmap.lock);
    return mapped;
}

/* Carry out @access at @offset of a device. */
static enum mmio_result emulate(struct vcpu *vcpu, device_access device, uint64_t offset,
                                const struct mmio_access *access)
{
    uint64_t value = access->write ? mmio_stored(access, vcpu_x(vcpu, access->reg)) : 0;
    enum mmio_result result;

    if ((offset & (access->size - 1)) != 0) {
        return MMIO_ABORT;
    }
    result = device(vcpu, offset, access, &value);
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
    struct mmio_access access;
    uint64_t offset;
    device_access device = find_device(vcpu->domain, addr, &offset);

    if (device != NULL) {
        if (!instruction && mmio_decode((uint32_t)ESR_ISS(esr), &access) &&
            emulate(vcpu, device, offset, &access) != MMIO_ABORT) {
            return;
        }
    } else if ((ESR_ISS(esr) & FSC_TYPE_MASK) == FSC_TRANSLATION && is_mapped(vcpu->domain, addr)) {
        return;
    }
    guest_log(vcpu, "nothing answers at IPA 0x%lx (VA 0x%lx, pc 0x%lx, syndrome 0x%lx)", (unsigned long)addr,
              (unsigned long)virtual_addr, (unsigned long)vcpu->frame.pc, (unsigned long)esr);
    vcpu_inject_abort(vcpu, virtual_addr, instruction);
}

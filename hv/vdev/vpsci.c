/* SPDX-License-Identifier: Apache-2.0 */
/* vpsci.c - the firmware that a guest sees: PSCI 1.1 over SMCCC 1.1. Nothing of it is passed on to the
 * machine's firmware. */
#include "vdev/vpsci.h"

#include "core/domain.h"
#include "vdev/vfirmware.h"

#define SMCCC_64 BIT32(30)
#define SMCCC_VERSION 0x80000000u
#define SMCCC_ARCH_FEATURES 0x80000001u

#define PSCI_FIRST 0x84000000u
#define PSCI_VERSION 0x84000000u
#define PSCI_CPU_SUSPEND 0x84000001u
#define PSCI_CPU_OFF 0x84000002u
#define PSCI_CPU_ON 0x84000003u
#define PSCI_AFFINITY_INFO 0x84000004u
#define PSCI_MIGRATE_INFO_TYPE 0x84000006u
#define PSCI_SYSTEM_OFF 0x84000008u
#define PSCI_SYSTEM_RESET 0x84000009u
#define PSCI_FEATURES 0x8400000au

#define PSCI_SUCCESS 0
#define PSCI_NOT_SUPPORTED (-1)
#define PSCI_INVALID_PARAMETERS (-2)
#define PSCI_ALREADY_ON (-4)
#define PSCI_INVALID_ADDRESS (-9)

#define PSCI_ON 0
#define PSCI_OFF 1
#define PSCI_NO_TRUSTED_OS 2

/* The vCPU with affinity @mpidr; NULL. */
static struct vcpu *vcpu_by_affinity(const struct domain *domain, uint64_t mpidr)
{
    return mpidr < domain->vcpu_count ? domain->vcpu[mpidr] : NULL;
}

static int64_t cpu_on(struct domain *domain, uint64_t target, uint64_t entry, uint64_t context)
{
    struct vcpu *vcpu = vcpu_by_affinity(domain, target);
    int64_t result = PSCI_SUCCESS;

    if (vcpu == NULL) {
        return PSCI_INVALID_PARAMETERS;
    }
    if ((entry & 3) != 0) {
        return PSCI_INVALID_ADDRESS;
    }
    spin_lock(&domain->power_lock);
    /* One that has switched off but is still loaded will be unloaded in a moment: its pCPU must let go of its
     * registers first. */
    if (vcpu->powered || !vcpu_is_off(vcpu)) {
        result = PSCI_ALREADY_ON;
    } else if (!atomic_load(&domain->stopped)) {
        vcpu_reset(vcpu, entry, context);
        vcpu_start(vcpu);
    }
    spin_unlock(&domain->power_lock);
    return result;
}

static int64_t affinity_info(const struct domain *domain, uint64_t target, uint64_t level)
{
    const struct vcpu *vcpu = vcpu_by_affinity(domain, target);

    if (vcpu == NULL || level != 0) {
        return PSCI_INVALID_PARAMETERS;
    }
    return vcpu->powered || !vcpu_is_off(vcpu) ? PSCI_ON : PSCI_OFF;
}

static int64_t features(uint32_t function);

/* The function with its arguments, which are @vcpu's x1 to x3; the low halves in a 32-bit call. */
static int64_t call(struct vcpu *vcpu, uint32_t function)
{
    struct domain *domain = vcpu->domain;
    const uint64_t *x = vcpu->frame.x;

    switch (function) {
    case SMCCC_VERSION:
    case PSCI_VERSION:
        return 0x10001;
    case SMCCC_ARCH_FEATURES:
        return (uint32_t)x[1] == SMCCC_VERSION || (uint32_t)x[1] == SMCCC_ARCH_FEATURES ? PSCI_SUCCESS
                                                                                        : PSCI_NOT_SUPPORTED;
    case PSCI_CPU_SUSPEND: /* Any state is a standby here: the call ends when an interrupt comes. */
    case PSCI_CPU_SUSPEND | SMCCC_64:
        vcpu_block(vcpu);
        return PSCI_SUCCESS;
    case PSCI_CPU_OFF:
        spin_lock(&domain->power_lock);
        vcpu_stop(vcpu);
        spin_unlock(&domain->power_lock);
        return PSCI_SUCCESS;
    case PSCI_CPU_ON:
        return cpu_on(domain, (uint32_t)x[1], (uint32_t)x[2], (uint32_t)x[3]);
    case PSCI_CPU_ON | SMCCC_64:
        return cpu_on(domain, x[1], x[2], x[3]);
    case PSCI_AFFINITY_INFO:
        return affinity_info(domain, (uint32_t)x[1], (uint32_t)x[2]);
    case PSCI_AFFINITY_INFO | SMCCC_64:
        return affinity_info(domain, x[1], x[2]);
    case PSCI_MIGRATE_INFO_TYPE:
        return PSCI_NO_TRUSTED_OS;
    case PSCI_SYSTEM_OFF:
        domain_shutdown(domain, SHUTDOWN_POWEROFF);
        return PSCI_SUCCESS;
    case PSCI_SYSTEM_RESET:
        domain_shutdown(domain, SHUTDOWN_REBOOT);
        return PSCI_SUCCESS;
    case PSCI_FEATURES:
        return features((uint32_t)x[1]);
    default:
        return PSCI_NOT_SUPPORTED;
    }
}

/* Is there a function of that number? The same cases as call(). */
static int64_t features(uint32_t function)
{
    switch (function) {
    case SMCCC_VERSION:
    case SMCCC_ARCH_FEATURES:
    case PSCI_VERSION:
    case PSCI_CPU_SUSPEND:
    case PSCI_CPU_SUSPEND | SMCCC_64:
    case PSCI_CPU_OFF:
    case PSCI_CPU_ON:
    case PSCI_CPU_ON | SMCCC_64:
    case PSCI_AFFINITY_INFO:
    case PSCI_AFFINITY_INFO | SMCCC_64:
    case PSCI_MIGRATE_INFO_TYPE:
    case PSCI_SYSTEM_OFF:
    case PSCI_SYSTEM_RESET:
    case PSCI_FEATURES:
        return PSCI_SUCCESS;
    default:
        return PSCI_NOT_SUPPORTED;
    }
}

void vpsci_call(struct vcpu *vcpu)
{
    if (vfirmware_call(vcpu)) {
        return;
    }
    vcpu->frame.x[0] = (uint64_t)call(vcpu, (uint32_t)vcpu->frame.x[0]);
}

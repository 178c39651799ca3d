/* SPDX-License-Identifier: Apache-2.0 */
/* vpsci.c - the firmware that a guest sees: PSCI 1.1 over SMCCC 1.1. Nothing is passed on to the machine's
 * firmware. */
#include "vdev/vpsci.h"

#include "core/domain.h"

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
    if (vcpu->powered || vcpu->unit.on_cpu) {
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
    return vcpu->powered || vcpu->unit.on_cpu ? PSCI_ON : PSCI_OFF;
}

static bool has_function(uint32_t function)
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
        return true;
    default:
        return false;
    }
}

void vpsci_call(struct vcpu *vcpu)
{
    struct domain *domain = vcpu->domain;
    uint32_t function = (uint32_t)vcpu->frame.x[0];
    /* A 32-bit call's arguments are the low halves. */
    uint64_t mask = function & SMCCC_64 ? UINT64_MAX : UINT32_MAX;
    uint64_t x1 = vcpu->frame.x[1] & mask;
    uint64_t x2 = vcpu->frame.x[2] & mask;
    uint64_t x3 = vcpu->frame.x[3] & mask;
    int64_t result = PSCI_NOT_SUPPORTED;

    switch (has_function(function) ? function & ~SMCCC_64 : 0) {
    case SMCCC_VERSION:
        result = 0x10001;
        break;
    case SMCCC_ARCH_FEATURES:
        result = x1 == SMCCC_VERSION || x1 == SMCCC_ARCH_FEATURES ? PSCI_SUCCESS : PSCI_NOT_SUPPORTED;
        break;
    case PSCI_VERSION:
        result = 0x10001;
        break;
    case PSCI_CPU_SUSPEND: /* Any state is a standby here: the call ends when an interrupt comes. */
        result = PSCI_SUCCESS;
        vcpu_block(vcpu);
        break;
    case PSCI_CPU_OFF:
        vcpu_stop(vcpu);
        break;
    case PSCI_CPU_ON:
        result = cpu_on(domain, x1, x2, x3);
        break;
    case PSCI_AFFINITY_INFO:
        result = affinity_info(domain, x1, x2);
        break;
    case PSCI_MIGRATE_INFO_TYPE:
        result = PSCI_NO_TRUSTED_OS;
        break;
    case PSCI_SYSTEM_OFF:
        domain_shutdown(domain, SHUTDOWN_POWEROFF);
        break;
    case PSCI_SYSTEM_RESET:
        domain_shutdown(domain, SHUTDOWN_REBOOT);
        break;
    case PSCI_FEATURES:
        result = has_function((uint32_t)x1) ? PSCI_SUCCESS : PSCI_NOT_SUPPORTED;
        break;
    default:
        break;
    }
    vcpu->frame.x[0] = (uint64_t)result;
}

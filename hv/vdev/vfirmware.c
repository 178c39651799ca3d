/* SPDX-License-Identifier: Apache-2.0 */
/* vfirmware.c - calls of Dom0 to the firmware of the machine's maker: drivers of a ZynqMP switch power,
 * clocks and resets by it. What passes is in eemi.c. How long the firmware takes is its own affair: the CPU
 * is in EL3 then. */
#include "vdev/vfirmware.h"

#include "arch/smccc.h"
#include "core/domain.h"
#include "core/guest_log.h"
#include "vdev/eemi.h"

#define SMCCC_FAST BIT32(31)

static bool eemi;
static pa_t console;

void vfirmware_init(const struct board *board)
{
    /* Only SMC reaches it from EL2. */
    eemi = board->firmware_eemi && board->psci_conduit == PSCI_CONDUIT_SMC;
    console = board->uart.regs.base;
}

bool vfirmware_sip_call(struct vcpu *vcpu)
{
    uint64_t *x = vcpu->frame.x;
    uint32_t function = (uint32_t)x[0];

    if (!eemi || !vcpu->domain->privileged || (function & SMCCC_FAST) == 0) {
        return false;
    }
    switch (eemi_judge(function, &x[1], console)) {
    case EEMI_PASS:
        smccc_smc_pass(x);
        return true;
    case EEMI_ACCEPT:
        x[0] = EEMI_SUCCESS;
        return true;
    case EEMI_NO_ACCESS:
        guest_log(vcpu, "firmware call 0x%x (0x%lx, 0x%lx) is about what is not its own", function,
                  (unsigned long)x[1], (unsigned long)x[2]);
        x[0] = EEMI_ERROR_ACCESS;
        return true;
    case EEMI_UNKNOWN:
        break;
    }
    return false;
}

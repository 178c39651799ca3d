/* SPDX-License-Identifier: Apache-2.0 */
/* tlb.h - what base/stage2.h needs of the machine. */
#ifndef CORE_TLB_H
#define CORE_TLB_H

#include "base/stage2.h"

extern const struct stage2_machine stage2_hardware;

#endif

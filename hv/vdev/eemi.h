/* SPDX-License-Identifier: Apache-2.0 */
/* eemi.h - which calls of Dom0 to the ZynqMP's firmware (EEMI) pass. Pure. */
#ifndef VDEV_EEMI_H
#define VDEV_EEMI_H

#include "lib/types.h"

enum eemi_verdict {
    EEMI_PASS,      /* The firmware answers. */
    EEMI_ACCEPT,    /* Answered with success, and nothing is done. */
    EEMI_NO_ACCESS, /* Answered with the firmware's own "no access". */
    EEMI_UNKNOWN,   /* Not supported. */
};

#define EEMI_SUCCESS 0u
#define EEMI_ERROR_ACCESS 2002u

/* The call of SMCCC @function (64 bits, fast, of the SoC's maker) with @args in x1 to x4. @console: physical
 * address of the UART that the hypervisor keeps. */
enum eemi_verdict eemi_judge(uint32_t function, const uint64_t args[4], pa_t console);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* guests.h - the end of booting: this pCPU runs guests for ever. Implemented by entry/, which is above. */
#ifndef BOOT_GUESTS_H
#define BOOT_GUESTS_H

_Noreturn void guests_run(void);

#endif

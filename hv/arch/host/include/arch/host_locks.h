/* SPDX-License-Identifier: Apache-2.0 */
/* host_locks.h - host build only: what the test harness asks of the checking locks. */
#ifndef ARCH_HOST_LOCKS_H
#define ARCH_HOST_LOCKS_H

#include "lib/types.h"

/* Is any lock held? */
bool host_locks_held(void);

/* Release all: after a test was ended in the middle of something. */
void host_locks_forget(void);

#endif

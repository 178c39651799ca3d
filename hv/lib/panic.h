/* SPDX-License-Identifier: Apache-2.0 */
/* panic.h - the end of the hypervisor, and assertions about its own state (never about a guest's). */
#ifndef LIB_PANIC_H
#define LIB_PANIC_H

#include "lib/types.h"

/* Print the words and stop the machine. For the board's faults at boot and our own at any time. */
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Our own mistakes. Checked in DEBUG builds; the condition always compiles and must have no side effect. */
#define ASSERT(condition)                                                                                    \
    do {                                                                                                     \
        if (CONFIG_DEBUG && !(condition)) {                                                                  \
            panic("%s:%d: assertion failed: %s", __FILE__, __LINE__, #condition);                            \
        }                                                                                                    \
    } while (0)

#endif

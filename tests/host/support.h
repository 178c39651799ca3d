/* SPDX-License-Identifier: Apache-2.0 */
/* support.h - what stands in for the hypervisor's log and panic on the host, for tests and fuzzers alike. */
#ifndef TESTS_HOST_SUPPORT_H
#define TESTS_HOST_SUPPORT_H

#include <setjmp.h>

/* Where panic() goes: NULL prints its words and aborts. */
extern jmp_buf *support_panic_target;

#endif

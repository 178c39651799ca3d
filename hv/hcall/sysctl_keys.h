/* SPDX-License-Identifier: Apache-2.0 */
/* sysctl_keys.h - sysctl: what a debug key asks for, said in the log. Results as sysctl_do()'s. */
#ifndef HCALL_SYSCTL_KEYS_H
#define HCALL_SYSCTL_KEYS_H

#include "hcall/control.h"

int64_t sysctl_debug_keys(struct control_call *call, struct xen_sysctl *op);

/* A report: the line at @cursor, 0 first, is logged, and where the next one is comes back; REPORT_END: there
 * is none. A cursor has 27 bits, and may be anything, for the caller keeps it. sysctl_reports.c. */
#define REPORT_END UINT32_MAX
uint32_t report_domains(uint32_t cursor);
uint32_t report_run_queues(uint32_t cursor);
uint32_t report_memory(uint32_t cursor);
uint32_t report_channels(uint32_t cursor);

#endif

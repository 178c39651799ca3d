/* SPDX-License-Identifier: Apache-2.0 */
/* version.h - what this hypervisor calls itself: the ABI that it speaks, what it was built by, how it was
 * started. */
#ifndef HCALL_VERSION_H
#define HCALL_VERSION_H

#define VERSION_MAJOR 4
#define VERSION_MINOR 17
#define VERSION_EXTRA ".0-bulkhead"
#define VERSION_CHANGESET ""
#define VERSION_COMPILER __VERSION__
#define VERSION_COMPILE_BY "bulkhead"
#define VERSION_COMPILE_DOMAIN ""
#define VERSION_COMPILE_DATE ""

/* Keep the hypervisor's command line for Dom0 to read, as much as the ABI has room for. Boot CPU, before any
 * domain runs. */
void version_set_commandline(const char *text);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* cmdline_names.h - names a person may write on the hypervisor's command line that are not its own options:
 * Xen's and Linux's. */
#ifndef BOOT_CMDLINE_NAMES_H
#define BOOT_CMDLINE_NAMES_H

struct cmdline_foreign {
    const char *name;    /* A trailing '*' matches any ending. */
    const char *instead; /* Why it has no effect, and what to write instead. */
};

/* Xen's options for Arm (docs/misc/xen-command-line of Xen 4.17) that have no effect here; NULL name at the
 * end. */
extern const struct cmdline_foreign cmdline_xen_names[];
/* Linux's, often given to the wrong kernel; NULL name at the end. */
extern const struct cmdline_foreign cmdline_linux_names[];

#endif

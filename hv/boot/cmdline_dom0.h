/* SPDX-License-Identifier: Apache-2.0 */
/* cmdline_dom0.h - values of the options that size Dom0, in Xen's forms. Pure. */
#ifndef BOOT_CMDLINE_DOM0_H
#define BOOT_CMDLINE_DOM0_H

#include "boot/cmdline.h"

/* "512M", "512M,min:256M,max:1G", in any order; B, K, M, G or T, and without one KiB. Returns 0, or -EINVAL
 * and
 * @options unchanged. */
int cmdline_dom0_mem(const char *value, struct options *options);

/* "2", or "1-4": as many as there are CPUs within that. The same. */
int cmdline_dom0_max_vcpus(const char *value, struct options *options);

#endif

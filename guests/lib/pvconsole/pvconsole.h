/* SPDX-License-Identifier: Apache-2.0 */
/* pvconsole.h - the console that a toolstack gives a guest: `xl console`. Source: xen/io/console.h,
 * xen/hvm/params.h. */
#ifndef GUEST_PVCONSOLE_H
#define GUEST_PVCONSOLE_H

#include <stdbool.h>

/* Find the page and the event channel. Boot CPU, before others run. Returns false when the guest has no such
 * console. */
bool pvconsole_start(void);

/* As print(); to the PV console when there is one. What the ring has no room for is lost: nobody waits for a
 * reader. */
void pvconsole_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

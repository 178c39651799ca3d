/* SPDX-License-Identifier: Apache-2.0 */
/* guest_layout.h - addresses and interrupts of the guest platform, from Xen's ABI header without its C types
 * (on the host it would bring those of x86). Not together with other headers of xen/ in one source. */
#ifndef BOOT_GUEST_LAYOUT_H
#define BOOT_GUEST_LAYOUT_H

#define __XEN_TOOLS__ 1
#define __ASSEMBLY__ 1
#define xen_mk_ullong(x) x##ULL
#include <xen/arch-arm.h>
#undef __ASSEMBLY__

#endif

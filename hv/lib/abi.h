/* SPDX-License-Identifier: Apache-2.0 */
/* abi.h - Xen's public ABI, from Debian's libxen-dev: the one way this program includes it. */
#ifndef LIB_ABI_H
#define LIB_ABI_H

#define __XEN_INTERFACE_VERSION__ 0x00041100
#define __XEN_TOOLS__ 1

#include <stdint.h>

#include <xen/domctl.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/hypfs.h>
#include <xen/io/console.h>
#include <xen/memory.h>
#include <xen/platform.h>
#include <xen/sched.h>
#include <xen/sysctl.h>
#include <xen/trace.h>
#include <xen/vcpu.h>
#include <xen/version.h>
#include <xen/xen.h>

#endif

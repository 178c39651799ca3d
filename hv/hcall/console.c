/* SPDX-License-Identifier: Apache-2.0 */
/* console.c - console_io: a domain's lines to the shared console, and what is typed to it. Source: xen/xen.h
 * (CONSOLEIO_*). */
#include "core/domain.h"
#include "core/guest_mem.h"
#include "hcall/hypercall.h"
#include "lib/abi.h"
#include "lib/error.h"
#include "vdev/vconsole.h"

/* Bytes written in one stay in EL2 at most, and no more than one line of them; the rest follows when the call
 * is issued again, which happens by itself. */
#define SLICE_BYTES 64

/* x1 = count, x2 = buffer. A long text goes in slices: the registers say what is left and the HVC is executed
 * again. */
static int64_t write_text(struct vcpu *vcpu, uint64_t args[5])
{
    uint64_t count = (uint32_t)args[1];
    size_t part = (size_t)min_u64(count, SLICE_BYTES);
    char text[SLICE_BYTES];

    if (guest_copy_in(vcpu, text, args[2], part) != 0) {
        return -EFAULT;
    }
    if (part == 0) {
        return 0;
    }
    part = vconsole_put(vcpu->domain, text, part); /* 0: the console is full, the whole of it again. */
    if (count == part) {
        return 0;
    }
    args[1] = count - part;
    args[2] += part;
    return hypercall_again(vcpu, args[0]);
}

int64_t hcall_console_io(struct vcpu *vcpu, uint64_t args[5])
{
    switch ((uint32_t)args[0]) {
    case CONSOLEIO_write: /* One line or 64 bytes in a stay in EL2, continued by itself. */
        return write_text(vcpu, args);
    case CONSOLEIO_read: /* For the control domain, VIRQ_CONSOLE tells; others read nothing: they have UARTs.
                          */
        return vconsole_read(vcpu, args[2], (uint32_t)args[1]);
    default:
        return -ENOSYS;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* sysctl_console.c - sysctl: the hypervisor's log as a text. Source: xen/sysctl.h.
 *
 * The ABI counts positions in 32 bits, the log in 64: an index means the newest position that has these low
 * bits. One that is too old, or not there yet, means the beginning. "Clear" moves the beginning; the log
 * stays as it is. */
#include "hcall/sysctl_console.h"

#include "core/guest_mem.h"
#include "hcall/control_progress.h"
#include "lib/error.h"
#include "lib/log_ring.h"

#define SLICE_BYTES 512u

static uint64_t beginning; /* For who names no index. */

static uint64_t start_at(const struct xen_sysctl_readconsole *read)
{
    uint64_t oldest, newest, position;

    log_ring_span(&oldest, &newest);
    oldest = max_u64(oldest, beginning);
    position = newest - (uint32_t)((uint32_t)newest - read->index);
    return read->incremental != 0 && position <= newest && position > oldest ? position : oldest;
}

/* A slice a piece. What the caller gave is then continued by index; the progress is how much it has. */
int64_t sysctl_read_console(struct control_call *call, struct xen_sysctl *op)
{
    struct xen_sysctl_readconsole *read = &op->u.readconsole;
    uint64_t done = min_u64(control_progress(op->u.pad), read->count), position = start_at(read);
    size_t wanted = (size_t)min_u64(read->count - done, SLICE_BYTES), count;
    char text[SLICE_BYTES];

    count = log_ring_copy(&position, text, wanted);
    call->copy_back = true;
    control_set_progress(op->u.pad, 0);
    if (guest_copy_out(call->vcpu, (uint64_t)read->buffer.p + done, text, count) != 0) {
        return -EFAULT;
    }
    done += count;
    read->index = (uint32_t)position;
    if (count == SLICE_BYTES && done < read->count) {
        read->incremental = 1;
        control_set_progress(op->u.pad, done);
        return CONTROL_AGAIN;
    }
    read->count = (uint32_t)done;
    beginning = read->clear != 0 ? position : beginning;
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* sysctl_keys.c - sysctl: what a debug key asks for, said in the log. The letters are Xen's; one that means
 * nothing here is answered with that.
 *
 * A line of the log is some 2,500 instructions, so that there is one a stay in EL2; and when the console is
 * crowded it waits, as a guest's does. */
#include "hcall/sysctl_keys.h"

#include "core/console.h"
#include "core/guest_mem.h"
#include "core/power.h"
#include "hcall/control_progress.h"
#include "lib/error.h"
#include "lib/log.h"

/* A cursor of '*': which report, and where in that, from 1 on. */
#define ALL_AT_BITS 28

static uint32_t report_help(uint32_t cursor);
static uint32_t report_all(uint32_t cursor);
static uint32_t reboot(uint32_t cursor);

static const struct {
    char key;
    bool in_all; /* Part of '*'. */
    const char *what;
    uint32_t (*report)(uint32_t cursor);
} keys[] = {
    {'*', false, "print all diagnostics", report_all},   {'R', false, "reboot machine", reboot},
    {'e', true, "dump event channels", report_channels}, {'h', false, "show this message", report_help},
    {'m', true, "memory info", report_memory},           {'q', true, "dump domain info", report_domains},
    {'r', true, "dump run queues", report_run_queues},
};

static uint32_t report_help(uint32_t cursor)
{
    if (cursor >= ARRAY_COUNT(keys)) { /* Its caller's word. */
        return REPORT_END;
    }
    log_info(" key '%c' (ascii '%02x') => %s", keys[cursor].key, (unsigned)keys[cursor].key,
             keys[cursor].what);
    return cursor + 1 < ARRAY_COUNT(keys) ? cursor + 1 : REPORT_END;
}

static uint32_t report_all(uint32_t cursor)
{
    uint32_t which = cursor >> ALL_AT_BITS, at = cursor & (BIT32(ALL_AT_BITS) - 1);

    if (which >= ARRAY_COUNT(keys)) { /* Its caller's word. */
        return REPORT_END;
    }
    if (keys[which].in_all) {
        if (at == 0) {
            log_info("[%c: %s]", keys[which].key, keys[which].what);
            return cursor + 1;
        }
        at = keys[which].report(at - 1);
    } else {
        at = REPORT_END;
    }
    if (at != REPORT_END) {
        return which << ALL_AT_BITS | (at + 1);
    }
    return which + 1 < ARRAY_COUNT(keys) ? (which + 1) << ALL_AT_BITS : REPORT_END;
}

static uint32_t reboot(uint32_t cursor)
{
    (void)cursor;
    power_reset();
}

static unsigned find(char key)
{
    unsigned i = 0;

    while (i < ARRAY_COUNT(keys) && keys[i].key != key) {
        i++;
    }
    return i;
}

/* The line of @key at @cursor, which for the whole is one more. */
static uint32_t press(char key, uint32_t cursor)
{
    unsigned i = find(key);
    uint32_t next;

    if (i == ARRAY_COUNT(keys)) {
        log_info("key 0x%02x means nothing here; 'h' lists those that do", (unsigned char)key);
        return REPORT_END;
    }
    if (cursor == 0) {
        log_info("'%c' pressed -> %s", key, keys[i].what);
        return 1;
    }
    next = keys[i].report(cursor - 1);
    return next != REPORT_END ? next + 1 : REPORT_END;
}

/* The progress: which key, from 1 on, and where in what it says. */
int64_t sysctl_debug_keys(struct control_call *call, struct xen_sysctl *op)
{
    const struct xen_sysctl_debug_keys *wish = &op->u.debug_keys;
    uint64_t progress = control_progress(op->u.pad);
    uint32_t index = progress != 0 ? (uint32_t)(progress >> 32) - 1 : 0, cursor = (uint32_t)progress;
    char key;

    call->copy_back = true;
    control_set_progress(op->u.pad, 0);
    if (index >= wish->nr_keys) {
        return 0;
    }
    if (guest_copy_in(call->vcpu, &key, (uint64_t)wish->keys.p + index, 1) != 0) {
        return -EFAULT;
    }
    if (console_guest_may_put()) {
        cursor = press(key, cursor < REPORT_END ? cursor : 0);
        index += cursor == REPORT_END ? 1 : 0;
        cursor = cursor == REPORT_END ? 0 : cursor;
    }
    control_set_progress(op->u.pad, (uint64_t)(index + 1) << 32 | cursor);
    return CONTROL_AGAIN;
}

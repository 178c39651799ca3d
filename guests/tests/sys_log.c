/* SPDX-License-Identifier: Apache-2.0 */
/* sys_log.c - test guest: the control domain, beside one domain, reads the hypervisor's log, is told of new
 * lines, and presses debug keys. */
#include "channels/events.h"
#include "check.h"
#include "control_domain.h"

#include <xen/event_channel.h>

#define TEXT_BYTES 20000
#define PROGRESS_MARK 0x9bd1c06e5f3a7724 /* Of an operation in pieces: hv/hcall/control_progress.h. */
#define HIGH_ID 30001                    /* Numbers of domains go on and on. */

static struct checks checks;
static char text[TEXT_BYTES + 1];

/* Into @to up to @count bytes from @index (UINT32_MAX: the beginning) on. Returns how many, and where it
 * ended. */
static uint32_t read_log(char *to, uint32_t count, uint32_t *index, bool clear)
{
    struct xen_sysctl op;

    memset(&op, 0x5a, sizeof(op));
    op.u.readconsole = (struct xen_sysctl_readconsole){
        .clear = clear, .incremental = *index != UINT32_MAX, .index = *index, .count = count};
    op.u.readconsole.buffer.p = to;
    if (!CHECK_EQ(sysctl(&op, XEN_SYSCTL_readconsole), 0)) {
        return 0;
    }
    *index = op.u.readconsole.index;
    CHECK(op.u.readconsole.count <= count);
    return op.u.readconsole.count;
}

static bool holds(const char *where, const char *what)
{
    size_t length = strlen(what);

    for (; *where != '\0'; where++) {
        if (strncmp(where, what, length) == 0) {
            return true;
        }
    }
    return false;
}

static int64_t press(const char *keys)
{
    struct xen_sysctl op;

    memset(&op, 0x5a, sizeof(op));
    op.u.debug_keys.keys.p = keys;
    op.u.debug_keys.nr_keys = (uint32_t)strlen(keys);
    return sysctl(&op, XEN_SYSCTL_debug_keys);
}

static void check_whole(void)
{
    static char piece[TEXT_BYTES];
    uint32_t index = UINT32_MAX, end = UINT32_MAX, count = read_log(text, TEXT_BYTES, &end, false), at = 0;

    text[count] = '\0';
    CHECK(count > 200 && count < TEXT_BYTES);
    CHECK(strncmp(text, "(BH) Bulkhead, ", 15) == 0);
    CHECK(holds(text, "\n(BH) d1 is "));
    CHECK_EQ(text[count - 1], '\n');
    for (uint32_t i = 0; i < count; i++) {
        CHECK(text[i] == '\n' || (text[i] >= 0x20 && text[i] < 0x7f));
    }
    for (uint32_t got = 1; got != 0; at += got) { /* The same by sevens. */
        got = read_log(piece + at, at % 3 == 0 ? 7 : 700, &index, false);
    }
    CHECK_EQ(at, count);
    CHECK_EQ(index, end);
    CHECK(memcmp(piece, text, count) == 0);
    index = UINT32_MAX;
    CHECK_EQ(read_log(text, 0, &index, false), 0);
    index = end + 1; /* Not there yet: from the beginning. */
    CHECK_EQ(read_log(text, TEXT_BYTES, &index, false), count);
}

static void check_clear(void)
{
    uint32_t index = UINT32_MAX, count;

    CHECK(read_log(text, TEXT_BYTES, &index, true) > 200);
    index = UINT32_MAX;
    CHECK_EQ(read_log(text, TEXT_BYTES, &index, false), 0);
    CHECK_EQ(press("m"), 0);
    index = UINT32_MAX;
    count = read_log(text, TEXT_BYTES, &index, true);
    text[count] = '\0';
    CHECK(strncmp(text, "(BH) 'm' pressed -> ", 20) == 0);
    CHECK(holds(text, "(BH) memory: ") && holds(text, " the hypervisor's\n"));
    CHECK(holds(text, "(BH)   d0: ") && holds(text, "(BH)   d1: ") && holds(text, " tables\n") &&
          !holds(text, "d2: "));
}

/* What key @key says, in text[]. */
static void report(const char *key)
{
    uint32_t index = UINT32_MAX, count;

    CHECK(read_log(text, TEXT_BYTES, &index, true) < TEXT_BYTES);
    CHECK_EQ(press(key), 0);
    index = UINT32_MAX;
    count = read_log(text, TEXT_BYTES, &index, true);
    text[count] = '\0';
}

static void check_keys(void)
{
    struct xen_sysctl op = {.u.debug_keys.nr_keys = 1};

    report("h");
    CHECK(holds(text, "(BH)  key 'q' (ascii '71') => dump domain info\n"));
    CHECK(holds(text, "(BH)  key 'R' (ascii '52') => reboot machine\n"));
    report("q");
    CHECK(holds(text, "(BH) d0 ") && holds(text, "(BH) d1 ") && !holds(text, "(BH) d2 "));
    CHECK(holds(text, "(BH)   d0v0 runs: ") && holds(text, "(BH)   d1v1 is off: "));
    report("r");
    CHECK(holds(text, "(BH) pool 0: scheduler credit2, CPUs 0x3, 2 domains"));
    CHECK(holds(text, "(BH)   CPU 0: ") && holds(text, "(BH)   CPU 1: ") && holds(text, ": d0v0"));
    report("e");
    CHECK(holds(text, "(BH)   d0 port 1: virtual interrupt 8, vCPU 0\n"));
    report("*");
    CHECK(holds(text, "[e: ") && holds(text, "[m: ") && holds(text, "[q: ") && holds(text, "[r: "));
    CHECK(holds(text, "d1v1 is off") && holds(text, "CPU 1: ") && holds(text, "memory: "));
    report("zm");
    CHECK(holds(text, "(BH) key 0x7a means nothing here; ") && holds(text, "memory: "));
    report("");
    CHECK_EQ(text[0], '\0');
    op.u.debug_keys.keys.p = (const char *)8;
    CHECK_EQ(sysctl(&op, XEN_SYSCTL_debug_keys), E_FAULT);
}

/* Press @key as if its report had come to @cursor already. */
static void press_at(const char *key, uint32_t cursor)
{
    struct xen_sysctl op = {0};
    uint64_t word[2] = {1UL << 32 | cursor, 0};

    word[1] = word[0] ^ PROGRESS_MARK;
    memcpy(op.u.pad + sizeof(op.u.pad) - sizeof(word), word, sizeof(word));
    op.u.debug_keys.keys.p = key;
    op.u.debug_keys.nr_keys = 1;
    CHECK_EQ(sysctl(&op, XEN_SYSCTL_debug_keys), 0);
}

/* Where a report is stands in the caller's memory: whatever is there, it ends. */
static void check_forged(void)
{
    static const char *const all[] = {"*", "e", "h", "m", "q", "r"};

    for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        for (unsigned shift = 3; shift < 32; shift++) {
            press_at(all[i], (1u << shift) + 1);
            press_at(all[i], UINT32_MAX << shift);
        }
        press_at(all[i], UINT32_MAX);
        press_at(all[i], UINT32_MAX - 1);
        press_at(all[i], 0xfffffe);
    }
}

/* A domain with a high number has its lines too. */
static void check_high_number(void)
{
    struct xen_domctl_createdomain config = plain(1);
    struct evtchn_alloc_unbound open = {.dom = HIGH_ID, .remote_dom = DOMID_SELF};
    struct evtchn_bind_interdomain bind = {.remote_dom = HIGH_ID};
    domid_t domid = 0;

    CHECK_EQ(create(&config, HIGH_ID, &domid), 0);
    CHECK_EQ(domid, HIGH_ID);
    CHECK_EQ(max_vcpus(HIGH_ID, 1), 0);
    CHECK_EQ(events_operate(EVTCHNOP_alloc_unbound, &open), 0);
    bind.remote_port = open.port;
    CHECK_EQ(events_operate(EVTCHNOP_bind_interdomain, &bind), 0);
    CHECK_EQ(events_send(bind.local_port), 0);
    for (unsigned i = 0; i < 2; i++) {
        report(i == 0 ? "e" : "*");
        CHECK(holds(text, "  d30001 port 1: to port "));
        CHECK(i == 0 || holds(text, "  d30001v0 is off"));
    }
    CHECK_EQ(events_operate(EVTCHNOP_close, &(struct evtchn_close){.port = bind.local_port}), 0);
    CHECK_EQ(simple(XEN_DOMCTL_destroydomain, HIGH_ID), 0);
}

static uint32_t port;

static void check_told(void)
{
    uint32_t taken = events_taken(port);

    CHECK_EQ(press("m"), 0);
    CHECK(events_wait(port, taken + 1));
}

/* More than the ring holds: what is read is the newest, and whole. */
static void check_wrap(void)
{
    uint32_t index = UINT32_MAX, count;

    for (unsigned i = 0; i < 40; i++) {
        CHECK_EQ(press("hhh"), 0);
    }
    count = read_log(text, TEXT_BYTES, &index, false);
    text[count] = '\0';
    CHECK(count > 15000 && count <= 16384);
    CHECK(strncmp(text, "(BH) ", 5) == 0);
    CHECK(!holds(text, "(BH) memory: "));
    index = 0; /* Long gone. */
    CHECK_EQ(read_log(text, TEXT_BYTES, &index, false), count);
}

unsigned guest_main(void)
{
    struct evtchn_bind_virq bind = {.virq = VIRQ_CON_RING};

    CHECK_EQ(events_start(false), 0);
    irq_enable();
    check_whole();
    CHECK_EQ(events_operate(EVTCHNOP_bind_virq, &bind), 0);
    port = bind.port;
    events_unmask(port);
    check_clear();
    check_keys();
    check_told();
    check_forged();
    check_high_number();
    check_wrap();
    return checks_end(&checks);
}

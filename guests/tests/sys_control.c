/* SPDX-License-Identifier: Apache-2.0 */
/* sys_control.c - test guest: the control domain, beside one other domain, 1. What it may do to that and to
 * the machine: features, time of day, channels, parameters, virtual interrupts, console input, its end.
 * Prints LISTENING when it wants to be typed to: word= (up to 16 characters). layout=fifo, else 2-level. */
#include "channels/events.h"
#include "check.h"

#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#define __XEN_TOOLS__ 1
#include <xen/xen.h>

#include <xen/event_channel.h>
#include <xen/features.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/platform.h>
#include <xen/sched.h>
#include <xen/version.h>

#define E_SRCH (-3)
#define E_ACCES (-13)
#define E_EXIST (-17)
#define E_INVAL (-22)
#define E_NOSYS (-38)

#define OTHER 1

static struct checks checks;

static void check_features(void)
{
    struct xen_feature_info features = {.submap_idx = 0};

    CHECK_EQ(hypercall(__HYPERVISOR_xen_version, XENVER_get_features, (uint64_t)&features, 0, 0, 0), 0);
    CHECK((features.submap >> XENFEAT_dom0 & 1) != 0);
    CHECK((features.submap >> XENFEAT_direct_mapped & 1) != 0);
    CHECK((features.submap >> XENFEAT_not_direct_mapped & 1) == 0);
}

/* Dom0 may know how the hypervisor was started: xl info shows it. */
static void check_commandline(void)
{
    static xen_commandline_t text;

    CHECK_EQ(hypercall(__HYPERVISOR_xen_version, XENVER_commandline, (uint64_t)text, 0, 0, 0), 0);
    if (!CHECK(strcmp(text, "console=dtuart dom0_mem=32M dom0_max_vcpus=1") == 0)) {
        print("... the command line is '%s'\n", text);
    }
}

static int64_t set_time(uint64_t seconds, uint32_t ns, uint64_t system_ns, uint32_t zero, uint32_t version)
{
    struct xen_platform_op op = {.cmd = XENPF_settime64, .interface_version = version};

    op.u.settime64.secs = seconds;
    op.u.settime64.nsecs = ns;
    op.u.settime64.system_time = system_ns;
    op.u.settime64.mbz = zero;
    return hypercall(__HYPERVISOR_platform_op, (uint64_t)&op, 0, 0, 0, 0);
}

static void check_time(void)
{
    const struct shared_info *shared = events_shared_info();
    struct xen_platform_op unknown = {.cmd = XENPF_get_cpuinfo, .interface_version = XENPF_INTERFACE_VERSION};

    CHECK_EQ(set_time(0x123456789, 5, 3000000006, 0, XENPF_INTERFACE_VERSION), 0);
    CHECK_EQ(shared->wc_version % 2, 0);
    CHECK_EQ((uint64_t)shared->wc_sec_hi << 32 | shared->wc_sec, 0x123456789 - 4);
    CHECK_EQ(shared->wc_nsec, 999999999);
    CHECK_EQ(set_time(0x123456789, 5, 0, 1, XENPF_INTERFACE_VERSION), E_INVAL);
    CHECK_EQ(set_time(0x123456789, 1000000000, 0, 0, XENPF_INTERFACE_VERSION), E_INVAL);
    CHECK_EQ(set_time(1, 0, 3000000006, 0, XENPF_INTERFACE_VERSION), E_INVAL);
    CHECK_EQ(set_time(0x123456789, 5, 0, 0, XENPF_INTERFACE_VERSION + 1), E_ACCES);
    CHECK_EQ((uint64_t)shared->wc_sec_hi << 32 | shared->wc_sec, 0x123456789 - 4);
    CHECK_EQ(hypercall(__HYPERVISOR_platform_op, (uint64_t)&unknown, 0, 0, 0, 0), E_NOSYS);
}

static void check_others_channels(void)
{
    struct evtchn_alloc_unbound open = {.dom = OTHER, .remote_dom = DOMID_SELF};
    struct evtchn_status status = {.dom = OTHER};
    struct evtchn_bind_interdomain bind = {.remote_dom = OTHER};
    struct evtchn_reset reset = {.dom = OTHER};

    CHECK_EQ(events_operate(EVTCHNOP_alloc_unbound, &open), 0);
    status.port = bind.remote_port = open.port;
    CHECK_EQ(events_operate(EVTCHNOP_status, &status), 0);
    CHECK_EQ(status.status, EVTCHNSTAT_unbound);
    CHECK_EQ(status.u.unbound.dom, 0);
    CHECK_EQ(events_operate(EVTCHNOP_bind_interdomain, &bind), 0);
    events_unmask(bind.local_port);
    CHECK(events_wait(bind.local_port, 1));
    CHECK_EQ(events_send(bind.local_port), 0);
    CHECK_EQ(events_operate(EVTCHNOP_reset, &reset), 0);
    status.dom = DOMID_SELF;
    status.port = bind.local_port;
    CHECK_EQ(events_operate(EVTCHNOP_status, &status), 0);
    CHECK_EQ(status.status, EVTCHNSTAT_unbound);
    open.dom = 60;
    CHECK_EQ(events_operate(EVTCHNOP_alloc_unbound, &open), E_SRCH);
}

static int64_t param(unsigned op, domid_t domid, uint32_t index, uint64_t *value)
{
    struct xen_hvm_param what = {.domid = domid, .index = index, .value = *value};
    int64_t result = hypercall(__HYPERVISOR_hvm_op, op, (uint64_t)&what, 0, 0, 0);

    *value = what.value;
    return result;
}

static void check_others_parameters(void)
{
    uint64_t value = 0x39000, ppi = (uint64_t)HVM_PARAM_CALLBACK_TYPE_PPI << 56 | 0x200;

    CHECK_EQ(param(HVMOP_set_param, OTHER, HVM_PARAM_STORE_PFN, &value), 0);
    value = 0;
    CHECK_EQ(param(HVMOP_get_param, OTHER, HVM_PARAM_STORE_PFN, &value), 0);
    CHECK_EQ(value, 0x39000);
    CHECK_EQ(param(HVMOP_set_param, 60, HVM_PARAM_STORE_PFN, &value), E_SRCH);
    CHECK_EQ(param(HVMOP_set_param, OTHER, HVM_PARAM_PAE_ENABLED, &value), E_INVAL);
    for (uint64_t intid = 0; intid < 256; intid++) { /* The timers' are 27 and 30. */
        bool good = intid >= 16 && intid < 32 && intid != 27 && intid != 30;

        value = ppi | intid;
        CHECK_EQ(param(HVMOP_set_param, OTHER, HVM_PARAM_CALLBACK_IRQ, &value), good ? 0 : E_INVAL);
    }
}

static uint32_t bind_virq(unsigned virq)
{
    struct evtchn_bind_virq bind = {.virq = virq};

    uint32_t port;

    CHECK_EQ(events_operate(EVTCHNOP_bind_virq, &bind), 0);
    port = bind.port;
    CHECK_EQ(events_operate(EVTCHNOP_bind_virq, &bind), E_EXIST);
    events_unmask(port);
    return port;
}

static void check_input(void)
{
    const char *word = "";
    char text[17] = "";
    size_t length = 0, heard = 0;
    uint32_t port = bind_virq(VIRQ_CONSOLE), taken = 0;

    bootarg_find("word", &word, &length);
    print("LISTENING\n");
    while (heard < length) {
        int64_t count =
            hypercall(__HYPERVISOR_console_io, CONSOLEIO_read, 16 - heard, (uint64_t)text + heard, 0, 0);

        if (!CHECK(count >= 0)) {
            return;
        }
        heard += (size_t)count;
        if (count == 0 && !CHECK(events_wait(port, taken + 1))) {
            return;
        }
        taken = events_taken(port);
    }
    CHECK_EQ(heard, length);
    CHECK(strncmp(text, word, length) == 0);
    CHECK_EQ(hypercall(__HYPERVISOR_console_io, CONSOLEIO_read, 16, (uint64_t)text, 0, 0), 0);
}

static void check_others_end(void)
{
    struct sched_remote_shutdown end = {.domain_id = 60, .reason = SHUTDOWN_poweroff};
    uint32_t port = bind_virq(VIRQ_DOM_EXC);

    CHECK_EQ(hypercall(__HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, (uint64_t)&end, 0, 0, 0), E_SRCH);
    end.domain_id = OTHER;
    end.reason = 77;
    CHECK_EQ(hypercall(__HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, (uint64_t)&end, 0, 0, 0), E_INVAL);
    end.reason = SHUTDOWN_poweroff;
    CHECK_EQ(hypercall(__HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, (uint64_t)&end, 0, 0, 0), 0);
    CHECK(events_wait(port, 1));
}

unsigned guest_main(void)
{
    bool fifo = bootarg_is("layout", "fifo");

    CHECK_EQ(events_start(fifo), 0);
    irq_enable();
    check_features();
    check_commandline();
    if (!fifo) { /* Where shared_info is mapped. */
        check_time();
    }
    check_others_channels();
    check_others_parameters();
    check_input();
    check_others_end();
    return checks_end(&checks);
}

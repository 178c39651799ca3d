/* SPDX-License-Identifier: Apache-2.0 */
/* sys_events.c - test guest, two CPUs: what one domain can do to itself with event channels, and with what
 * else a vCPU shares with EL2, right and wrong. Boot argument: layout=fifo (else 2-level). Two domains:
 * sys_channel.c. */
#include "channels/events.h"
#include "check.h"

#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#include <xen/xen.h>

#include <xen/event_channel.h>
#include <xen/sched.h>
#include <xen/vcpu.h>

#define E_PERM (-1)
#define E_NOENT (-2)
#define E_SRCH (-3)
#define E_FAULT (-14)
#define E_BUSY (-16)
#define E_INVAL (-22)
#define E_NOSYS (-38)
#define E_OPNOTSUPP (-95)

#define NOTHING_THERE 0x10000000UL /* No address of the guest's platform. */
#define GICD_PAGE 0x03001UL
#define WAIT_SECONDS 20

static struct checks checks;
static bool fifo;
static uint32_t answer_port, ipi_from_second, second_ready, second_ends;

static int64_t sched_op(unsigned operation, void *argument)
{
    return hypercall(__HYPERVISOR_sched_op, operation, (uint64_t)argument, 0, 0, 0);
}

static uint32_t bind_ipi(unsigned vcpu)
{
    struct evtchn_bind_ipi bind = {.vcpu = vcpu};

    CHECK_EQ(events_operate(EVTCHNOP_bind_ipi, &bind), 0);
    return bind.port;
}

static int64_t close_port(uint32_t port)
{
    struct evtchn_close close = {.port = port};

    return events_operate(EVTCHNOP_close, &close);
}

static uint32_t status_of(uint32_t port)
{
    struct evtchn_status status = {.dom = DOMID_SELF, .port = port};

    CHECK_EQ(events_operate(EVTCHNOP_status, &status), 0);
    return status.status;
}

static void check_arguments(void)
{
    struct evtchn_bind_virq virq = {.virq = VIRQ_CONSOLE};
    struct evtchn_bind_interdomain bind = {.remote_dom = 60, .remote_port = 1};
    struct evtchn_alloc_unbound other = {.dom = 5, .remote_dom = DOMID_SELF};
    struct evtchn_status status = {.dom = DOMID_SELF, .port = EVTCHN_FIFO_NR_CHANNELS};
    struct evtchn_bind_vcpu move = {.port = 1, .vcpu = 1000};

    CHECK_EQ(events_operate(EVTCHNOP_send, (void *)NOTHING_THERE), E_FAULT);
    CHECK_EQ(events_operate(EVTCHNOP_status, (void *)NOTHING_THERE), E_FAULT);
    CHECK_EQ(events_operate(EVTCHNOP_bind_pirq, &status), E_NOSYS);
    CHECK_EQ(events_operate(77, &status), E_NOSYS);
    CHECK_EQ(events_operate(0xffffffffu, &status), E_NOSYS);
    CHECK_EQ(events_operate(EVTCHNOP_status, &status), E_INVAL);
    CHECK_EQ(events_operate(EVTCHNOP_bind_virq, &virq), E_PERM);
    virq.virq = 4000000000u;
    CHECK_EQ(events_operate(EVTCHNOP_bind_virq, &virq), E_INVAL);
    CHECK_EQ(events_operate(EVTCHNOP_bind_interdomain, &bind), E_SRCH);
    CHECK_EQ(events_operate(EVTCHNOP_alloc_unbound, &other), E_PERM);
    CHECK_EQ(events_operate(EVTCHNOP_bind_vcpu, &move), E_NOENT);
    CHECK_EQ(events_send(0), E_INVAL);
    CHECK_EQ(events_send(1000), E_INVAL);
    CHECK_EQ(events_send(0xffffffffu), E_INVAL);
    CHECK_EQ(close_port(1000), E_INVAL);
}

/* Pages that EL2 is to write to have to be RAM, and the words aligned. */
static void check_places(void)
{
    struct vcpu_register_vcpu_info place = {.mfn = NOTHING_THERE / 4096};
    struct evtchn_init_control control = {.control_gfn = GICD_PAGE};
    struct evtchn_expand_array array = {.array_gfn = GICD_PAGE};
    uint64_t here = (uint64_t)&place / 4096;

    CHECK_EQ(hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 1, (uint64_t)&place, 0, 0), E_INVAL);
    place.mfn = UINT64_MAX;
    CHECK_EQ(hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 1, (uint64_t)&place, 0, 0), E_INVAL);
    place.mfn = here;
    place.offset = 4096 - 40;
    CHECK_EQ(hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 1, (uint64_t)&place, 0, 0), E_INVAL);
    place.offset = 4;
    CHECK_EQ(hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 1, (uint64_t)&place, 0, 0), E_INVAL);
    CHECK_EQ(hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0, (uint64_t)&place, 0, 0), E_INVAL);
    CHECK_EQ(events_operate(EVTCHNOP_init_control, &control), E_INVAL);
    control.control_gfn = here;
    control.offset = 4;
    CHECK_EQ(events_operate(EVTCHNOP_init_control, &control), E_INVAL);
    control.offset = 4096 - 8;
    CHECK_EQ(events_operate(EVTCHNOP_init_control, &control), E_INVAL);
    control.offset = 0;
    control.vcpu = 2;
    CHECK_EQ(events_operate(EVTCHNOP_init_control, &control), E_NOENT);
    CHECK_EQ(events_operate(EVTCHNOP_expand_array, &array), E_INVAL);
    array.array_gfn = UINT64_MAX;
    CHECK_EQ(events_operate(EVTCHNOP_expand_array, &array), E_INVAL);
    if (!fifo) {
        array.array_gfn = here;
        CHECK_EQ(events_operate(EVTCHNOP_expand_array, &array), E_OPNOTSUPP);
    }
}

static void check_self(void)
{
    uint32_t port = bind_ipi(0);

    events_unmask(port);
    CHECK_EQ(events_send(port), 0);
    CHECK(events_wait(port, 1));
    events_mask(port);
    CHECK_EQ(events_send(port), 0);
    CHECK(events_pending(port));
    CHECK_EQ(events_taken(port), 1);
    events_unmask(port);
    CHECK(events_wait(port, 2));
    CHECK_EQ(status_of(port), EVTCHNSTAT_ipi);
    CHECK_EQ(close_port(port), 0);
    CHECK_EQ(status_of(port), EVTCHNSTAT_closed);
}

/* The second CPU sleeps, an IPI wakes it, and it answers. */
static void second_cpu(void *argument)
{
    (void)argument;
    CHECK_EQ(events_start_cpu(), 0);
    irq_enable();
    __atomic_store_n(&second_ready, 1, __ATOMIC_RELEASE);
    while (__atomic_load_n(&second_ends, __ATOMIC_ACQUIRE) == 0) {
        irq_disable();
        if (__atomic_load_n(&second_ends, __ATOMIC_ACQUIRE) == 0) {
            wfi();
        }
        irq_enable();
        isb();
    }
}

static void answer(uint32_t port)
{
    if (port == ipi_from_second) {
        events_send(answer_port);
    }
}

/* The answer is masked: only the poll ends, whether it comes before the vCPU sleeps or after. */
static void check_polled_answers(void)
{
    struct sched_poll poll = {.nr_ports = 1};
    uint32_t taken = events_taken(answer_port);

    set_xen_guest_handle(poll.ports, &answer_port);
    irq_disable();
    for (unsigned i = 0; i < 200; i++) {
        uint64_t end = timer_now(TIMER_VIRT) + WAIT_SECONDS * timer_frequency();

        events_mask(answer_port);
        events_send(ipi_from_second);
        while (!events_pending(answer_port) && timer_now(TIMER_VIRT) < end) {
            sched_op(SCHEDOP_poll, &poll); /* It may end for other reasons. */
        }
        if (!CHECK(events_pending(answer_port))) {
            break;
        }
        events_unmask(answer_port);
        irq_enable(); /* Taken here. */
        CHECK(events_wait(answer_port, taken + i + 1));
        irq_disable();
    }
    irq_enable();
}

static void check_ipis(void)
{
    ipi_from_second = bind_ipi(1);
    answer_port = bind_ipi(0);
    events_unmask(ipi_from_second);
    events_unmask(answer_port);
    events_hook = answer;
    CHECK_EQ(smp_start(1, second_cpu, NULL), 0);
    CHECK(smp_wait(&second_ready, 1, WAIT_SECONDS * timer_frequency()));
    for (uint32_t i = 1; i <= 500; i++) {
        events_send(ipi_from_second);
        if (!CHECK(events_wait(answer_port, i))) {
            break;
        }
    }
    check_polled_answers();
    events_hook = NULL;
    __atomic_store_n(&second_ends, 1, __ATOMIC_RELEASE);
    events_send(ipi_from_second);
}

/* Left set, the flag interrupts again now and then, not for ever. */
static void check_ignored_upcall(void)
{
    uint32_t port = bind_ipi(0), before, after;

    events_unmask(port);
    before = events_upcalls();
    events_ignore(true);
    CHECK_EQ(events_send(port), 0);
    for (unsigned i = 0; i < 1000; i++) {
        hypercall(__HYPERVISOR_xen_version, 0, 0, 0, 0, 0);
    }
    after = events_upcalls();
    CHECK(events_flag());
    CHECK(after != before);
    CHECK(after - before < 20);
    events_ignore(false);
    gic_set_pending(events_intid(), true);
    CHECK(events_wait(port, 1));
    CHECK_EQ(close_port(port), 0);
}

static void check_poll(void)
{
    uint32_t port = bind_ipi(0);
    uint64_t begin = timer_now(TIMER_PHYS);
    struct sched_poll poll = {.nr_ports = 1, .timeout = 0};

    set_xen_guest_handle(poll.ports, &port);
    events_mask(port);
    CHECK_EQ(events_send(port), 0);
    CHECK_EQ(sched_op(SCHEDOP_poll, &poll), 0); /* Pending: at once. */
    CHECK_EQ(close_port(port), 0);
    poll.timeout = begin * 1000 / (timer_frequency() / 1000000) + 20000000;
    CHECK_EQ(sched_op(SCHEDOP_poll, &poll), 0); /* Until the time is over: 20 ms. */
    CHECK((timer_now(TIMER_PHYS) - begin) >= timer_frequency() / 100);
    poll.nr_ports = 129;
    CHECK_EQ(sched_op(SCHEDOP_poll, &poll), E_INVAL);
    poll.nr_ports = 128;
    set_xen_guest_handle(poll.ports, (evtchn_port_t *)NOTHING_THERE);
    CHECK_EQ(sched_op(SCHEDOP_poll, &poll), E_FAULT);
    port = 0x20000;
    poll.nr_ports = 1;
    set_xen_guest_handle(poll.ports, &port);
    CHECK_EQ(sched_op(SCHEDOP_poll, &poll), E_INVAL);
}

static void check_runstate(void)
{
    static union {
        uint8_t bytes[8192];
        uint64_t words[1024];
    } pages __attribute__((aligned(4096)));
    struct vcpu_runstate_info *info = (struct vcpu_runstate_info *)(void *)(pages.bytes + 4096 - 24);
    struct vcpu_register_runstate_memory_area wish = {.addr.v = info};

    CHECK_EQ(hypercall(__HYPERVISOR_vm_assist, VMASST_CMD_enable, VMASST_TYPE_runstate_update_flag, 0, 0, 0),
             0);
    CHECK_EQ(hypercall(__HYPERVISOR_vm_assist, VMASST_CMD_enable, 1, 0, 0, 0), E_INVAL);
    CHECK_EQ(hypercall(__HYPERVISOR_vm_assist, 9, VMASST_TYPE_runstate_update_flag, 0, 0, 0), E_NOSYS);
    CHECK_EQ(hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_runstate_memory_area, 0, (uint64_t)&wish, 0, 0),
             0);
    CHECK_EQ(info->state, RUNSTATE_running);
    CHECK(info->state_entry_time != 0);
    CHECK(info->state_entry_time >> 63 == 0);
    CHECK_EQ(pages.words[(4096 - 24) / 8 - 1], 0);
    CHECK_EQ(pages.words[(4096 - 24 + sizeof(*info)) / 8], 0);
    CHECK_EQ(hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_runstate_memory_area, 1, (uint64_t)&wish, 0, 0),
             E_INVAL);
    wish.addr.p = 4;
    CHECK_EQ(hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_runstate_memory_area, 0, (uint64_t)&wish, 0, 0),
             E_INVAL);
    wish.addr.p = NOTHING_THERE;
    CHECK_EQ(hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_runstate_memory_area, 0, (uint64_t)&wish, 0, 0),
             E_FAULT);
    wish.addr.p = 0;
    CHECK_EQ(hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_runstate_memory_area, 0, (uint64_t)&wish, 0, 0),
             0);
}

static void check_ends(void)
{
    struct sched_watchdog dog = {.id = 0, .timeout = 60};
    struct sched_remote_shutdown remote = {.domain_id = 1, .reason = SHUTDOWN_poweroff};

    CHECK_EQ(sched_op(SCHEDOP_watchdog, &dog), 1);
    CHECK_EQ(sched_op(SCHEDOP_watchdog, &dog), 2);
    CHECK_EQ(sched_op(SCHEDOP_watchdog, &dog), -28);
    dog.id = 3;
    CHECK_EQ(sched_op(SCHEDOP_watchdog, &dog), E_INVAL);
    dog.id = 1;
    dog.timeout = 0;
    CHECK_EQ(sched_op(SCHEDOP_watchdog, &dog), 0);
    CHECK_EQ(sched_op(SCHEDOP_watchdog, &dog), E_INVAL);
    CHECK_EQ(sched_op(SCHEDOP_remote_shutdown, &remote), E_PERM);
    CHECK_EQ(hypercall(__HYPERVISOR_platform_op, (uint64_t)&remote, 0, 0, 0, 0), E_PERM);
}

/* All ports, and all of them given back in one call. */
static void check_limit_and_reset(void)
{
    struct evtchn_bind_ipi bind = {.vcpu = 0};
    struct evtchn_reset reset = {.dom = DOMID_SELF};
    unsigned opened = 0;

    while (opened < 2000 && events_operate(EVTCHNOP_bind_ipi, &bind) == 0) {
        opened++;
    }
    CHECK(opened > 900);
    CHECK(opened < 1024);
    CHECK_EQ(events_operate(EVTCHNOP_reset, &reset), 0);
    CHECK_EQ(events_operate(EVTCHNOP_bind_ipi, &bind), 0);
    CHECK_EQ(bind.port, 1);
    reset.dom = 0;
    CHECK_EQ(events_operate(EVTCHNOP_reset, &reset), E_PERM);
}

static void play_self(void)
{
    check_places();
    CHECK_EQ(events_start(fifo), 0);
    irq_enable();
    check_arguments();
    check_self();
    check_ipis();
    check_ignored_upcall();
    check_poll();
    check_runstate();
    check_ends();
    check_limit_and_reset();
}

unsigned guest_main(void)
{
    fifo = bootarg_is("layout", "fifo");
    play_self();
    return checks_end(&checks);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* sys_hypercall.c - test guest: hypercalls, right and wrong, and the debug traps. Wants two CPUs. Boot
 * argument: debug=1 under a DEBUG build. Source of numbers: the ABI headers of libxen-dev. */
#include "check.h"

#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#include <xen/xen.h>

#include <xen/features.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

#define E_PERM (-1)
#define E_NOENT (-2)
#define E_FAULT (-14)
#define E_INVAL (-22)
#define E_NOSYS (-38)

#define NOTHING_THERE 0x10000000UL /* No address of the guest's platform. */
#define GICD_THERE 0x03001000UL

static struct checks checks;
static char buffer[8192] __attribute__((aligned(4096)));

static uint64_t ram_end(void)
{
    return platform.memory[0].base + platform.memory[0].size_bytes;
}

static int64_t version(unsigned op, const void *argument)
{
    return hypercall(__HYPERVISOR_xen_version, op, (uint64_t)argument, 0, 0, 0);
}

static void check_version_text(unsigned op, const char *wanted)
{
    memset(buffer, 'x', sizeof(buffer));
    CHECK_EQ(version(op, buffer), 0);
    if (!CHECK(strcmp(buffer, wanted) == 0)) {
        print("... version %u is '%s'\n", op, buffer);
    }
}

static void check_version(void)
{
    struct xen_feature_info features = {.submap_idx = 0};

    CHECK_EQ(version(XENVER_version, NULL), 4 << 16 | 17);
    check_version_text(XENVER_extraversion, ".0-bulkhead");
    CHECK_EQ(buffer[sizeof(xen_extraversion_t) - 1], 0);
    CHECK_EQ(buffer[sizeof(xen_extraversion_t)], 'x');
    check_version_text(XENVER_capabilities, "xen-3.0-aarch64 ");
    CHECK_EQ(buffer[sizeof(xen_capabilities_info_t)], 'x');
    check_version_text(XENVER_commandline, "<denied>");
    check_version_text(XENVER_changeset, "");
    CHECK_EQ(version(XENVER_compile_info, buffer), 0);
    CHECK_EQ(version(XENVER_pagesize, NULL), 4096);
    CHECK_EQ(version(XENVER_get_features, &features), 0);
    CHECK_EQ(features.submap, 0x16005); /* As Xen 4.17 tells a domain that is not Dom0. */
    features.submap_idx = 1000;
    CHECK_EQ(version(XENVER_get_features, &features), E_INVAL);
    CHECK_EQ(version(XENVER_guest_handle, buffer), 0);
    CHECK_EQ(version(99, buffer), E_NOSYS);
}

/* Every call that takes a pointer, with @pointer. */
static void check_pointer(uint64_t pointer)
{
    static const unsigned versions[] = {XENVER_extraversion, XENVER_compile_info, XENVER_capabilities,
                                        XENVER_changeset,    XENVER_get_features, XENVER_commandline};
    unsigned before = checks.failed;

    for (unsigned i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        CHECK_EQ(version(versions[i], (void *)pointer), E_FAULT);
    }
    CHECK_EQ(hypercall(__HYPERVISOR_console_io, CONSOLEIO_write, 10, pointer, 0, 0), E_FAULT);
    CHECK_EQ(hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll, pointer, 0, 0, 0), E_FAULT);
    CHECK_EQ(hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, pointer, 0, 0, 0), E_FAULT);
    CHECK_EQ(hypercall(__HYPERVISOR_vcpu_op, VCPUOP_get_runstate_info, 0, pointer, 0, 0), E_FAULT);
    CHECK_EQ(hypercall(__HYPERVISOR_hvm_op, HVMOP_get_param, pointer, 0, 0, 0), E_FAULT);
    CHECK_EQ(hypercall(__HYPERVISOR_hvm_op, HVMOP_set_param, pointer, 0, 0, 0), E_FAULT);
    if (checks.failed != before) {
        print("... with pointer 0x%lx\n", pointer);
    }
}

static void check_pointers(void)
{
    const uint64_t bad[] = {
        0,         NOTHING_THERE, GICD_THERE,        GICD_THERE + 0x1000, 0x22000000,
        ram_end(), ram_end() - 1, 0x7ffffffff000,    0x8000000000,        0x0123456789abcdef,
        ~0UL,      ~0UL - 7,      0xffff000000000000};

    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        check_pointer(bad[i]);
    }
    /* Across a page and up to the last byte all is well. */
    CHECK_EQ(version(XENVER_extraversion, buffer + 4096 - 8), 0);
    CHECK(strcmp(buffer + 4096 - 8, ".0-bulkhead") == 0);
    CHECK_EQ(version(XENVER_extraversion, (void *)(ram_end() - sizeof(xen_extraversion_t))), 0);
    CHECK(strcmp((char *)(ram_end() - sizeof(xen_extraversion_t)), ".0-bulkhead") == 0);
}

static int64_t console_write(uint64_t count, const void *text)
{
    return hypercall(__HYPERVISOR_console_io, CONSOLEIO_write, count, (uint64_t)text, 0, 0);
}

static void check_console(void)
{
    static const char line[] = "CONSOLE line by hypercall\n";
    char *text = buffer;

    CHECK_EQ(console_write(0, line), 0);
    CHECK_EQ(console_write(0, NULL), 0);
    CHECK_EQ(console_write(sizeof(line) - 1, line), 0);
    for (unsigned i = 0; i < 40; i++) { /* 40 lines of 100: many slices, and lines that cross them. */
        memset(text, 'a' + (int)(i % 26), 99);
        memcpy(text, "LONG ", 5);
        text[99] = '\n';
        text += 100;
    }
    CHECK_EQ(console_write((uint64_t)(text - buffer), buffer), 0);
    /* Longer than memory: what is there is printed, zeros here. */
    memset((void *)(ram_end() - 300), 0, 300);
    CHECK_EQ(console_write(0xffffffff, (void *)(ram_end() - 300)), E_FAULT);
    CHECK_EQ(hypercall(__HYPERVISOR_console_io, CONSOLEIO_read, 1, (uint64_t)buffer, 0, 0), 0);
    CHECK_EQ(hypercall(__HYPERVISOR_console_io, 2, 1, (uint64_t)buffer, 0, 0), E_NOSYS);
}

static void stop_timer(unsigned intid, struct trap_frame *frame)
{
    (void)intid;
    (void)frame;
    timer_stop(TIMER_PHYS);
}

static void check_sched(void)
{
    struct sched_shutdown shutdown = {.reason = 99};
    struct sched_poll poll = {.nr_ports = 1};
    uint64_t ns_per_tick = 1000000000UL / timer_frequency();
    uint64_t deadline = timer_now(TIMER_PHYS) + timer_frequency() / 500;

    for (unsigned i = 0; i < 100; i++) {
        CHECK_EQ(hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0, 0, 0), 0);
    }
    timer_set(TIMER_PHYS, deadline);
    CHECK_EQ(hypercall(__HYPERVISOR_sched_op, SCHEDOP_block, 0, 0, 0, 0), 0);
    CHECK(timer_now(TIMER_PHYS) >= deadline);
    CHECK_EQ(hypercall(__HYPERVISOR_sched_op, SCHEDOP_block, 0, 0, 0, 0), 0); /* One is pending. */
    irq_enable();                                                             /* Take it. */
    isb();
    irq_disable();
    set_xen_guest_handle(poll.ports, (evtchn_port_t *)NOTHING_THERE);
    CHECK_EQ(hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll, (uint64_t)&poll, 0, 0, 0), E_FAULT);
    poll.nr_ports = 1000;
    CHECK_EQ(hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll, (uint64_t)&poll, 0, 0, 0), E_INVAL);
    poll = (struct sched_poll){.timeout = 1};
    CHECK_EQ(hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll, (uint64_t)&poll, 0, 0, 0), 0);
    deadline = timer_now(TIMER_PHYS) + timer_frequency() / 500;
    poll.timeout = deadline * ns_per_tick;
    CHECK_EQ(hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll, (uint64_t)&poll, 0, 0, 0), 0);
    CHECK(timer_now(TIMER_PHYS) >= deadline - timer_frequency() / 50000);
    CHECK_EQ(hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, (uint64_t)&shutdown, 0, 0, 0), E_INVAL);
    CHECK_EQ(hypercall(__HYPERVISOR_sched_op, 99, (uint64_t)&shutdown, 0, 0, 0), E_NOSYS);
}

static int64_t vcpu_op(unsigned op, uint64_t id, const void *argument)
{
    return hypercall(__HYPERVISOR_vcpu_op, op, id, (uint64_t)argument, 0, 0);
}

static void check_vcpu(void)
{
    struct vcpu_runstate_info info = {.state = 99};

    CHECK_EQ(vcpu_op(VCPUOP_is_up, 0, NULL), 1);
    CHECK_EQ(vcpu_op(VCPUOP_is_up, 1, NULL), 0);
    CHECK_EQ(vcpu_op(VCPUOP_is_up, 2, NULL), E_NOENT);
    CHECK_EQ(vcpu_op(VCPUOP_is_up, ~0UL, NULL), E_NOENT);
    CHECK_EQ(vcpu_op(VCPUOP_get_runstate_info, 0, &info), 0);
    CHECK_EQ(info.state, RUNSTATE_running);
    CHECK(info.time[RUNSTATE_running] > 0);
    CHECK_EQ(vcpu_op(VCPUOP_get_runstate_info, 1, &info), 0);
    CHECK_EQ(info.state, RUNSTATE_offline);
    CHECK_EQ(vcpu_op(VCPUOP_get_runstate_info, 7, &info), E_NOENT);
    CHECK_EQ(vcpu_op(VCPUOP_initialise, 0, &info), E_NOSYS);
    CHECK_EQ(vcpu_op(99, 0, &info), E_NOSYS);
}

static int64_t param(unsigned op, domid_t domid, uint32_t index, uint64_t *value)
{
    struct xen_hvm_param what = {.domid = domid, .index = index, .value = *value};
    int64_t result = hypercall(__HYPERVISOR_hvm_op, op, (uint64_t)&what, 0, 0, 0);

    *value = what.value;
    return result;
}

static void check_params(void)
{
    uint64_t value = 0x1234;

    CHECK_EQ(param(HVMOP_set_param, DOMID_SELF, HVM_PARAM_CALLBACK_IRQ, &value), 0);
    value = 0;
    CHECK_EQ(param(HVMOP_get_param, DOMID_SELF, HVM_PARAM_CALLBACK_IRQ, &value), 0);
    CHECK_EQ(value, 0x1234);
    CHECK_EQ(param(HVMOP_set_param, DOMID_SELF, HVM_PARAM_STORE_PFN, &value), E_PERM);
    CHECK_EQ(param(HVMOP_get_param, 0, HVM_PARAM_CALLBACK_IRQ, &value), E_PERM);
    CHECK_EQ(param(HVMOP_get_param, 60, HVM_PARAM_CALLBACK_IRQ, &value), E_PERM);
    CHECK_EQ(param(HVMOP_get_param, DOMID_SELF, HVM_NR_PARAMS, &value), E_INVAL);
    CHECK_EQ(param(HVMOP_set_param, DOMID_SELF, ~0U, &value), E_INVAL);
    CHECK_EQ(hypercall(__HYPERVISOR_hvm_op, 99, (uint64_t)buffer, 0, 0, 0), E_NOSYS);
}

static bool is_known(uint64_t number)
{
    switch (number) {
    case __HYPERVISOR_memory_op:
    case __HYPERVISOR_multicall:
    case __HYPERVISOR_grant_table_op:
    case __HYPERVISOR_platform_op:
    case __HYPERVISOR_xen_version:
    case __HYPERVISOR_console_io:
    case __HYPERVISOR_vm_assist:
    case __HYPERVISOR_vcpu_op:
    case __HYPERVISOR_sched_op:
    case __HYPERVISOR_event_channel_op:
    case __HYPERVISOR_hvm_op:
        return true;
    default:
        return false;
    }
}

/* The toolstack's are the control domain's. */
static bool is_control(uint64_t number)
{
    return number == __HYPERVISOR_domctl || number == __HYPERVISOR_sysctl || number == __HYPERVISOR_hypfs_op;
}

static void check_unknown(void)
{
    static const uint64_t far[] = {64,        1000, 0xffffffff, 1UL << 32 | __HYPERVISOR_xen_version,
                                   1UL << 63, ~0UL};

    for (uint64_t number = 0; number < 64; number++) {
        int64_t answer = is_control(number) ? E_PERM : E_NOSYS;

        if (!is_known(number) && !CHECK_EQ(hypercall(number, 0, 0, 0, 0, 0), answer)) {
            print("... of hypercall %lu\n", number);
        }
    }
    for (unsigned i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
        CHECK_EQ(hypercall(far[i], 0, 0, 0, 0, 0), E_NOSYS);
    }
}

/* hvc #immediate is an undefined instruction, and says so of itself. */
#define CHECK_HVC_UNDEFINED(immediate)                                                                       \
    do {                                                                                                     \
        uint64_t at_;                                                                                        \
        trap_expect();                                                                                       \
        __asm__ volatile("adr %0, 1f\n1:\thvc #" #immediate : "=r"(at_)::"memory");                          \
        check_undefined(trap_expected(), at_, __LINE__);                                                     \
    } while (0)

static void check_undefined(struct trap_record record, uint64_t at, unsigned line)
{
    check_true(&checks, record.taken, line, "undefined");
    check_equal(&checks, (int64_t)record.esr, 0x02000000, line, "syndrome");
    check_equal(&checks, (int64_t)record.elr, (int64_t)at, line, "address");
}

static void say(const char *text)
{
    for (; *text != '\0'; text++) {
        register uint64_t x0 __asm__("x0") = (uint8_t)*text;
        __asm__ volatile("hvc #0xfffe" : "+r"(x0)::"memory");
    }
}

static void check_traps(void)
{
    CHECK_HVC_UNDEFINED(1);
    CHECK_HVC_UNDEFINED(0xea0);
    CHECK_HVC_UNDEFINED(0xea2);
    CHECK_HVC_UNDEFINED(0xfeff);
    if (bootarg_number("debug", 0) == 0) {
        CHECK_HVC_UNDEFINED(0xff00);
        CHECK_HVC_UNDEFINED(0xfffd);
        CHECK_HVC_UNDEFINED(0xfffe);
        CHECK_HVC_UNDEFINED(0xffff);
        return;
    }
    register uint64_t x7 __asm__("x7") = 0x77770000cafe7777UL;
    __asm__ volatile("hvc #0xff07" : "+r"(x7)::"memory");
    CHECK_EQ(x7, 0x77770000cafe7777UL);
    say("DEBUG printed by characters\n");
    __asm__ volatile("hvc #0xfffd" ::: "memory");
    __asm__ volatile("hvc #0xff50" ::: "memory");
    __asm__ volatile("hvc #0xffff" ::: "memory");
}

unsigned guest_main(void)
{
    irq_set_handler(timer_intid(TIMER_PHYS), stop_timer);
    gic_enable(timer_intid(TIMER_PHYS));
    check_version();
    check_pointers();
    check_console();
    check_sched();
    check_vcpu();
    check_params();
    check_unknown();
    check_traps();
    if (bootarg_is("end", "shutdown")) {
        struct sched_shutdown shutdown = {.reason = (unsigned)bootarg_number("reason", 0)};
        checks_end(&checks);
        hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, (uint64_t)&shutdown, 0, 0, 0);
    }
    return checks_end(&checks);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* events.c - Xen's event channels, taken as Linux takes them: the flag first, then the selector or the
 * queues, then each event's pending bit before it is handled. */
#include "events.h"

#include "call.h"
#include "fdt.h"
#include "gic.h"
#include "platform.h"
#include "smp.h"
#include "string.h"
#include "timer.h"
#include "trap.h"

#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#include <xen/xen.h>

#include <xen/event_channel.h>
#include <xen/memory.h>
#include <xen/vcpu.h>

#define PAGE_BYTES 4096
#define PLATFORM_INTID 31 /* GUEST_EVTCHN_PPI */
#define WAIT_SECONDS 20

#define PENDING (1U << EVTCHN_FIFO_PENDING)
#define MASKED (1U << EVTCHN_FIFO_MASKED)
#define LINKED (1U << EVTCHN_FIFO_LINKED)
#define BUSY (1U << EVTCHN_FIFO_BUSY)

/* One place a CPU, apart, as a kernel's per-CPU data. */
static union {
    struct vcpu_info info;
    uint8_t bytes[64];
} places[GUEST_CPU_MAX] __attribute__((aligned(PAGE_BYTES)));
static union {
    struct shared_info info;
    uint8_t bytes[PAGE_BYTES];
} shared __attribute__((aligned(PAGE_BYTES)));
static union {
    struct evtchn_fifo_control_block block;
    uint8_t bytes[128];
} controls[GUEST_CPU_MAX] __attribute__((aligned(PAGE_BYTES)));
static event_word_t words[EVENTS_PORT_MAX] __attribute__((aligned(PAGE_BYTES)));
static uint32_t heads[GUEST_CPU_MAX][EVTCHN_FIFO_MAX_QUEUES];
static uint32_t taken[EVENTS_PORT_MAX], upcalls;
static uint64_t stamp;
static bool fifo_layout, ignoring;

void (*events_hook)(uint32_t port);

static bool find_intid(const struct fdt_node *node, void *intid)
{
    if (fdt_compatible(node, "xen,xen")) {
        *(unsigned *)intid = fdt_interrupt(node, 0);
    }
    return true;
}

unsigned events_intid(void)
{
    static unsigned intid;

    if (intid == 0) {
        fdt_walk(platform.fdt, find_intid, &intid);
    }
    if (intid == 0) {
        intid = PLATFORM_INTID;
    }
    return intid;
}

const void *events_shared_info(void)
{
    return &shared;
}

int64_t events_operate(unsigned operation, void *argument)
{
    return hypercall(__HYPERVISOR_event_channel_op, operation, (uint64_t)argument, 0, 0, 0);
}

int64_t events_send(uint32_t port)
{
    struct evtchn_send send = {.port = port};

    return events_operate(EVTCHNOP_send, &send);
}

static void take(uint32_t port)
{
    __atomic_fetch_add(&taken[port], 1, __ATOMIC_RELEASE);
    if (events_hook != NULL) {
        events_hook(port);
    }
}

static void take_2l(struct vcpu_info *info)
{
    uint64_t selected = __atomic_exchange_n(&info->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);

    for (; selected != 0; selected &= selected - 1) {
        unsigned word = (unsigned)__builtin_ctzll(selected);

        for (;;) {
            uint64_t due = __atomic_load_n(&shared.info.evtchn_pending[word], __ATOMIC_SEQ_CST) &
                           ~__atomic_load_n(&shared.info.evtchn_mask[word], __ATOMIC_SEQ_CST);

            if (due == 0) {
                break;
            }
            __atomic_fetch_and(&shared.info.evtchn_pending[word], ~(due & -due), __ATOMIC_SEQ_CST);
            take(word * 64 + (unsigned)__builtin_ctzll(due));
        }
    }
}

/* One event of @queue. Returns whether the queue has more. */
static bool take_first(unsigned cpu, unsigned queue)
{
    uint32_t port = heads[cpu][queue], word;

    if (port == 0) {
        port = __atomic_load_n(&controls[cpu].block.head[queue], __ATOMIC_SEQ_CST);
    }
    word = __atomic_fetch_and(&words[port], ~(LINKED | (uint32_t)EVTCHN_FIFO_LINK_MASK), __ATOMIC_SEQ_CST);
    heads[cpu][queue] = word & EVTCHN_FIFO_LINK_MASK;
    if ((__atomic_load_n(&words[port], __ATOMIC_SEQ_CST) & (PENDING | MASKED)) == PENDING) {
        __atomic_fetch_and(&words[port], ~PENDING, __ATOMIC_SEQ_CST);
        take(port);
    }
    return heads[cpu][queue] != 0;
}

static void take_fifo(unsigned cpu)
{
    uint32_t *ready = &controls[cpu].block.ready;
    uint32_t queues = __atomic_exchange_n(ready, 0, __ATOMIC_SEQ_CST);

    while (queues != 0) {
        unsigned queue = (unsigned)__builtin_ctz(queues);

        if (!take_first(cpu, queue)) {
            queues &= ~(1U << queue);
        }
        queues |= __atomic_exchange_n(ready, 0, __ATOMIC_SEQ_CST);
    }
}

static void upcall(unsigned intid, struct trap_frame *frame)
{
    unsigned cpu = smp_index();
    struct vcpu_info *info = &places[cpu].info;

    (void)intid;
    stamp = frame->stamp;
    __atomic_fetch_add(&upcalls, 1, __ATOMIC_RELEASE);
    if (ignoring) {
        return;
    }
    do {
        __atomic_store_n(&info->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST);
        if (fifo_layout) {
            take_fifo(cpu);
        } else {
            take_2l(info);
        }
    } while (__atomic_load_n(&info->evtchn_upcall_pending, __ATOMIC_SEQ_CST) != 0);
}

static void alarm(unsigned intid, struct trap_frame *frame)
{
    (void)intid;
    (void)frame;
    timer_stop(TIMER_VIRT);
}

bool events_wait(uint32_t port, uint32_t count)
{
    uint64_t end = timer_now(TIMER_VIRT) + WAIT_SECONDS * timer_frequency();

    timer_set(TIMER_VIRT, end); /* Ends a sleep that nothing else ends. */
    while (events_taken(port) < count && timer_now(TIMER_VIRT) < end) {
        irq_disable();
        if (events_taken(port) < count) {
            wfi();
        }
        irq_enable();
        isb();
    }
    timer_stop(TIMER_VIRT);
    return events_taken(port) >= count;
}

int64_t events_start_cpu(void)
{
    unsigned cpu = smp_index();
    struct vcpu_register_vcpu_info place = {
        .mfn = (uint64_t)&places[cpu] / PAGE_BYTES,
        .offset = (uint32_t)((uint64_t)&places[cpu] % PAGE_BYTES),
    };

    irq_set_handler(events_intid(), upcall);
    gic_enable(events_intid());
    irq_set_handler(timer_intid(TIMER_VIRT), alarm);
    gic_enable(timer_intid(TIMER_VIRT));
    return hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, cpu, (uint64_t)&place, 0, 0);
}

static int64_t map_shared_info(void)
{
    struct xen_add_to_physmap wish = {
        .domid = DOMID_SELF,
        .space = XENMAPSPACE_shared_info,
        .gpfn = (uint64_t)&shared / PAGE_BYTES,
    };

    return hypercall(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, (uint64_t)&wish, 0, 0, 0);
}

static int64_t give_control_blocks(void)
{
    int64_t error = 0;

    for (unsigned cpu = 0; error == 0 && cpu < platform.cpu_count; cpu++) {
        struct evtchn_init_control wish = {
            .control_gfn = (uint64_t)&controls[cpu] / PAGE_BYTES,
            .offset = (uint32_t)((uint64_t)&controls[cpu] % PAGE_BYTES),
            .vcpu = cpu,
        };

        error = events_operate(EVTCHNOP_init_control, &wish);
    }
    return error;
}

int64_t events_start(bool fifo)
{
    struct evtchn_expand_array array = {.array_gfn = (uint64_t)words / PAGE_BYTES};
    int64_t error;

    fifo_layout = fifo;
    if (fifo) {
        for (unsigned i = 0; i < EVENTS_PORT_MAX; i++) {
            words[i] = MASKED;
        }
        error = give_control_blocks();
        error = error != 0 ? error : events_operate(EVTCHNOP_expand_array, &array);
    } else {
        error = map_shared_info();
    }
    return error != 0 ? error : events_start_cpu();
}

bool events_pending(uint32_t port)
{
    if (fifo_layout) {
        return (__atomic_load_n(&words[port], __ATOMIC_SEQ_CST) & PENDING) != 0;
    }
    return (__atomic_load_n(&shared.info.evtchn_pending[port / 64], __ATOMIC_SEQ_CST) >> port % 64 & 1) != 0;
}

void events_mask(uint32_t port)
{
    if (fifo_layout) {
        __atomic_fetch_or(&words[port], MASKED, __ATOMIC_SEQ_CST);
    } else {
        __atomic_fetch_or(&shared.info.evtchn_mask[port / 64], UINT64_C(1) << port % 64, __ATOMIC_SEQ_CST);
    }
}

void events_unmask(uint32_t port)
{
    struct evtchn_unmask unmask = {.port = port};
    uint32_t word;

    if (fifo_layout) {
        do { /* While B is set the hypervisor is writing the word. */
            word = __atomic_load_n(&words[port], __ATOMIC_SEQ_CST) & ~BUSY;
        } while (!__atomic_compare_exchange_n(&words[port], &word, word & ~MASKED, false, __ATOMIC_SEQ_CST,
                                              __ATOMIC_SEQ_CST));
        if (!events_pending(port)) {
            return;
        }
    }
    events_operate(EVTCHNOP_unmask, &unmask);
}

uint32_t events_taken(uint32_t port)
{
    return __atomic_load_n(&taken[port], __ATOMIC_ACQUIRE);
}

void events_ignore(bool ignore)
{
    __atomic_store_n(&ignoring, ignore, __ATOMIC_SEQ_CST);
}

uint32_t events_upcalls(void)
{
    return __atomic_load_n(&upcalls, __ATOMIC_ACQUIRE);
}

uint64_t events_stamp(void)
{
    return stamp;
}

bool events_flag(void)
{
    return __atomic_load_n(&places[smp_index()].info.evtchn_upcall_pending, __ATOMIC_SEQ_CST) != 0;
}

void events_scribble(uint32_t port, uint32_t value)
{
    __atomic_store_n(&words[port], value, __ATOMIC_RELAXED);
    __atomic_store_n(&controls[0].block.ready, value, __ATOMIC_RELAXED);
    for (unsigned queue = 0; queue < EVTCHN_FIFO_MAX_QUEUES; queue++) {
        __atomic_store_n(&controls[0].block.head[queue], value, __ATOMIC_RELAXED);
    }
    __atomic_store_n(&places[0].info.evtchn_pending_sel, value, __ATOMIC_RELAXED);
    __atomic_store_n(&places[0].info.evtchn_upcall_pending, (uint8_t)value, __ATOMIC_RELAXED);
    if (!fifo_layout) {
        __atomic_store_n(&shared.info.evtchn_pending[port / 64], value, __ATOMIC_RELAXED);
        __atomic_store_n(&shared.info.evtchn_mask[port / 64], value, __ATOMIC_RELAXED);
    }
}

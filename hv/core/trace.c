/* SPDX-License-Identifier: Apache-2.0 */
/* trace.c - trace buffers: their memory, who wants which records, and each pCPU's way to its own ring.
 *
 *     t_info:  | size | where each pCPU's list begins | frames of pCPU 0's ring | of pCPU 1's | ...
 *
 * Rings and list are pages of owner DOMID_TRACE. No others of the hypervisor's can be mapped by a domain:
 * rings for writing, the list for reading only. Nothing that the control domain can write steers EL2
 * (trace_ring.c).
 *
 * What is wanted is one word a pCPU, written by the toolstack's caller and read by that pCPU: 0 while nothing
 * is. A pCPU writes its own ring with interrupts masked, so no lock guards it; a record that was begun before
 * tracing was switched off may still appear. Whoever changes the words asks all pCPUs to choose their vectors
 * anew (PCPU_RARE).
 *
 * Buffers are made in slices: a list, then for each pCPU a block whose pages are zeroed, a few in a stay;
 * they count as there when all are. Nobody else sees them before, so a failure just frees what there is. */
#include "core/trace.h"

#include "arch/cache.h"
#include "arch/cpu.h"
#include "arch/mmu.h"
#include "base/page_alloc.h"
#include "core/domain.h"
#include "core/events.h"
#include "core/pcpu.h"
#include "lib/error.h"
#include "lib/log.h"

#define LIST_PAGES 16u /* Of t_info at most; an offset in it is a word of 16 bits. */
/* The first word behind t_info's head, where frames begin. */
#define LIST_FIRST ((sizeof(struct t_info) + CPU_MAX * sizeof(uint16_t) + 3) / 4)
#define PAGES_PER_STAY 4u
#define ALL_CPUS (BIT32(CPU_MAX) - 1)

_Static_assert(LIST_FIRST + CPU_MAX * TRACE_PAGES_MAX <= LIST_PAGES * PAGE_SIZE / 4,
               "a frame of 32 bits each");
_Static_assert(LIST_FIRST + CPU_MAX * TRACE_PAGES_MAX <= UINT16_MAX, "an offset of 16 bits");

struct trace_cpu {
    _Atomic uint32_t wanted; /* Events; 0: none. */
    _Atomic bool resumes;    /* The first record from now on is the first of a trace. */
    bool half_full;          /* The control domain is to be told. */
    struct trace_ring ring;
} __attribute__((aligned(64)));

static struct trace_cpu cpus[CPU_MAX];

/* The toolstack's word. */
static struct {
    _Atomic uint32_t pages; /* Of a ring; 0: there are none yet. Written last: any CPU may ask. */
    pa_t list;
    unsigned list_order;
    uint32_t events, cpus;
    bool on;
} state = {.events = TRC_ALL, .cpus = ALL_CPUS};

/* What is being made: first the list, then the blocks of pCPUs, then what the blocks have behind the rings is
 * given back. */
static struct {
    uint32_t pages; /* 0: nothing is being made. */
    unsigned order;
    bool list_ready, blocks_ready;
    unsigned cpu;  /* This one's, the ones before are done; */
    uint32_t done; /* so many of its pages too. */
    pa_t block[CPU_MAX];
} making;

static bool matches(uint32_t wanted, uint32_t event)
{
    return (wanted & event) != 0 && ((wanted & event) >> TRC_CLS_SHIFT) != 0 &&
           ((wanted & event) >> TRC_SUBCLS_SHIFT & 0xf) != 0;
}

static bool wants(unsigned cpu, uint32_t event)
{
    return matches(atomic_load_explicit(&cpus[cpu].wanted, memory_order_relaxed), event);
}

bool trace_wants(uint32_t event)
{
    return wants(cpu_id(), event);
}

bool trace_wants_traps(const struct pcpu *cpu)
{
    unsigned id = (unsigned)cpu->base.id;

    return wants(id, TRC_HVM_VMEXIT) || wants(id, TRC_HVM_VMMCALL) || wants(id, TRC_PV_HYPERCALL_V2) ||
           wants(id, TRC_HW_IRQ_HANDLED) ||
           /* A vCPU that waits in a trapped wfi may sleep in place: no policy hears of it. */
           (wants(id, TRC_SCHED_MIN) && cpu->wfi_hcr[true] != 0);
}

/* Who runs here, as a lost record says it. */
static uint32_t who(const struct pcpu *cpu)
{
    const struct vcpu *vcpu = cpu->current;

    return vcpu != NULL ? vcpu->domain->id | (uint32_t)vcpu->id << 16
                        : TRACE_IDLE_DOMAIN | (uint32_t)cpu->base.id << 16;
}

void trace_put(uint32_t event, const uint32_t *words, unsigned count)
{
    struct pcpu *cpu = this_cpu();
    unsigned id = (unsigned)cpu->base.id;
    struct trace_cpu *own = &cpus[id];

    if (!wants(id, event)) {
        return;
    }
    if (atomic_load_explicit(&own->resumes, memory_order_relaxed)) {
        atomic_store_explicit(&own->resumes, false, memory_order_relaxed);
        trace_ring_resume(&own->ring);
    }
    if (trace_ring_put(&own->ring, event, cpu_count_ticks(), words, count, who(cpu))) {
        own->half_full = true;
        pcpu_ask_rare(BIT32(id)); /* Locks may be held here: at the next way out, */
        pcpu_kick_self();         /* which may be past already. */
    }
}

void trace_notify(void)
{
    struct trace_cpu *own = &cpus[cpu_id()];

    if (own->half_full) {
        own->half_full = false;
        events_raise_global(VIRQ_TBUF);
    }
}

/* --- What is wanted
 * ------------------------------------------------------------------------------------------- */

static void apply(void)
{
    uint32_t any = 0;

    for (unsigned cpu = 0; cpu < CPU_MAX; cpu++) {
        bool traced = state.on && (state.cpus & BIT32(cpu)) != 0 && cpus[cpu].ring.shared != NULL;
        uint32_t events = traced ? state.events : 0;

        atomic_store(&cpus[cpu].wanted, events);
        any |= events;
    }
    trace_sched_watch(matches(any, TRC_SCHED));
    pcpu_ask_rare(ALL_CPUS);
}

static void start(void)
{
    if (!state.on) {
        for (unsigned cpu = 0; cpu < CPU_MAX; cpu++) {
            atomic_store(&cpus[cpu].resumes, true);
        }
    }
    state.on = true;
    apply();
}

int trace_enable(void)
{
    if (state.pages == 0) {
        return -EINVAL;
    }
    start();
    return 0;
}

void trace_disable(void)
{
    state.on = false;
    apply();
}

void trace_set_cpus(uint32_t mask)
{
    state.cpus = mask;
    apply();
}

void trace_set_events(uint32_t events)
{
    state.events = events;
    apply();
}

uint32_t trace_events(void)
{
    return state.events;
}

/* --- Buffers
 * -------------------------------------------------------------------------------------------------- */

static unsigned order_of(uint64_t pages)
{
    unsigned order = 0;

    while (BIT64(order) < pages) {
        order++;
    }
    return order;
}

static uint64_t list_pages(uint32_t pages)
{
    return ((LIST_FIRST + CPU_MAX * (uint64_t)pages) * 4 + PAGE_SIZE - 1) / PAGE_SIZE;
}

static void fail(void)
{
    for (unsigned cpu = 0; cpu < CPU_MAX; cpu++) {
        if (making.block[cpu].v != 0) {
            page_free(making.block[cpu], making.order, DOMID_TRACE);
            making.block[cpu] = pa(0);
        }
    }
    page_free(state.list, state.list_order, DOMID_TRACE);
    making.pages = 0;
}

/* All is there. */
static void finish(void)
{
    struct t_info *list = mmu_direct(state.list);

    list->tbuf_size = (uint16_t)making.pages;
    for (unsigned cpu = 0; cpu < CPU_MAX; cpu++) {
        if (making.block[cpu].v != 0) {
            list->mfn_offset[cpu] = (uint16_t)(LIST_FIRST + cpu * making.pages);
            trace_ring_init(&cpus[cpu].ring, mmu_direct(making.block[cpu]),
                            (uint32_t)(making.pages * PAGE_SIZE));
        }
    }
    atomic_store_explicit(&state.pages, making.pages, memory_order_release);
    making.pages = 0;
    start();
}

static int begin(uint32_t pages)
{
    state.list_order = order_of(list_pages(pages));
    if (page_alloc(state.list_order, DOMID_TRACE, &state.list) != 0) {
        return -ENOMEM;
    }
    making.pages = pages;
    making.order = order_of(pages);
    making.cpu = 0;
    making.done = 0;
    making.list_ready = false;
    making.blocks_ready = false;
    return 0;
}

/* The next pages of @block, which has @count, are ready; all of them: true. */
static bool zero_pages(pa_t block, uint32_t count)
{
    uint32_t part = (uint32_t)min_u64(count - making.done, PAGES_PER_STAY);

    cache_zero_publish(mmu_direct(pa(block.v + making.done * PAGE_SIZE)), part * PAGE_SIZE);
    making.done += part;
    if (making.done < count) {
        return false;
    }
    making.done = 0;
    return true;
}

static void list_frames(unsigned cpu, uint32_t from, uint32_t to)
{
    uint32_t *frames = (uint32_t *)mmu_direct(state.list) + LIST_FIRST + cpu * making.pages;

    for (uint32_t i = from; i < to; i++) {
        frames[i] = (uint32_t)((making.block[cpu].v >> PAGE_SHIFT) + i);
    }
}

/* A piece of pCPU @cpu's block. */
static int make_block(unsigned cpu)
{
    uint32_t from = making.done;
    bool ready;

    if (from == 0 && page_alloc(making.order, DOMID_TRACE, &making.block[cpu]) != 0) {
        making.block[cpu] = pa(0);
        fail();
        return -ENOMEM;
    }
    ready = zero_pages(making.block[cpu], making.pages);
    list_frames(cpu, from, ready ? making.pages : making.done);
    making.cpu += ready ? 1 : 0;
    return TRACE_AGAIN;
}

/* Pages behind the ring of pCPU @cpu, never shown to anybody. */
static void give_back(unsigned cpu)
{
    uint64_t end = BIT64(making.order);

    for (unsigned i = 0; i < PAGES_PER_STAY && making.pages + making.done < end; i++) {
        (void)page_give_back(pa(making.block[cpu].v + (making.pages + making.done) * PAGE_SIZE), DOMID_TRACE);
        making.done++;
    }
    if (making.pages + making.done == end) {
        making.done = 0;
        making.cpu++;
    }
}

/* A piece of what is to be done. 0 when it was the last. */
static int make(void)
{
    if (!making.list_ready) {
        making.list_ready = zero_pages(state.list, (uint32_t)BIT64(state.list_order));
        return TRACE_AGAIN;
    }
    while (making.cpu < CPU_MAX && (pcpu_online_mask() & BIT32(making.cpu)) == 0) {
        making.cpu++;
    }
    if (making.cpu == CPU_MAX && making.blocks_ready) {
        finish();
        return 0;
    }
    if (making.cpu == CPU_MAX) {
        making.blocks_ready = true;
        making.cpu = 0;
    } else if (making.blocks_ready) {
        give_back(making.cpu);
    } else {
        return make_block(making.cpu);
    }
    return TRACE_AGAIN;
}

int trace_set_size(uint32_t pages)
{
    uint32_t wish = (uint32_t)min_u64(pages, TRACE_PAGES_MAX);

    if (atomic_load(&state.pages) != 0) {
        return pages == state.pages ? -EBUSY : -EINVAL;
    }
    if (making.pages != 0) {
        return making.pages == wish ? make() : -EINVAL;
    }
    if (pages == 0) {
        return -EINVAL;
    }
    return begin(wish) == 0 ? TRACE_AGAIN : -ENOMEM;
}

void trace_info(uint64_t *frame, uint32_t *bytes)
{
    uint32_t pages = atomic_load(&state.pages);

    *frame = pages != 0 ? state.list.v >> PAGE_SHIFT : 0;
    *bytes = pages != 0 ? (uint32_t)(PAGE_SIZE * list_pages(pages)) : 0;
}

int trace_use_frame(uint64_t frame, pa_t *page, bool *writable)
{
    bool there = atomic_load_explicit(&state.pages, memory_order_acquire) != 0;

    if (!there || frame >= page_top_frame() || page_get(pa(frame << PAGE_SHIFT), DOMID_TRACE) != 0) {
        return -EINVAL;
    }
    *page = pa(frame << PAGE_SHIFT);
    *writable = page->v - state.list.v >= PAGE_SIZE << state.list_order;
    return 0;
}

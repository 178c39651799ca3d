/* SPDX-License-Identifier: Apache-2.0 */
/* evtchn_world.h - some domains with event channels, and guests that take their events as Linux does
 * (drivers/xen/events, both layouts), a step at a time. For test_evtchn*.c and fuzz_evtchn.c. */
#ifndef TESTS_HOST_EVTCHN_WORLD_H
#define TESTS_HOST_EVTCHN_WORLD_H

#include <stdlib.h>
#include <string.h>

#include "core/evtchn.h"
#include "lib/error.h"

#define WORLD_DOMAINS 3u
#define WORLD_VCPUS 3u
#define WORLD_ARRAY_PAGES 5u

/* What a guest's vCPU is about. */
enum taking {
    TAKING_NOTHING,
    TAKING_CLEAR,
    TAKING_SELECT,
    TAKING_EVENTS,
};

struct world_vcpu {
    struct evtchn_vcpu events;
    bool irq; /* The upcall interrupt is pending. */
    enum taking taking;
    uint64_t selected;                     /* 2-level: words to look at; FIFO: queues. */
    uint32_t head[EVTCHN_FIFO_MAX_QUEUES]; /* FIFO: the guest's own copy. */
    unsigned polls_ended;
};

struct world_domain {
    struct evtchn_domain events;
    struct world_vcpu vcpu[WORLD_VCPUS];
    struct shared_info *shared;
    uint8_t *control;                       /* A page: control blocks of all vCPUs. */
    event_word_t *array[WORLD_ARRAY_PAGES]; /* The guest's pages, given in this order. */
    unsigned given;
    unsigned pins;          /* Pages that EL2 keeps. */
    unsigned heard, closed; /* The hypervisor's port: how often it was signalled, and has ended. */
    bool answers;           /* It signals back. */
};

static struct world_domain world[WORLD_DOMAINS];
static unsigned world_pages; /* Taken from the machine and not given back. */

static inline void *world_page(void)
{
    void *page = aligned_alloc(PAGE_SIZE, PAGE_SIZE);

    memset(page, 0, PAGE_SIZE);
    return page;
}

static inline void *world_page_alloc(void)
{
    world_pages++;
    return world_page();
}

static inline void world_page_free(void *page)
{
    world_pages--;
    free(page);
}

static inline void world_unpin(struct evtchn_domain *domain, void *page)
{
    (void)page;
    CONTAINER_OF(domain, struct world_domain, events)->pins--;
}

static inline void world_free(void)
{
    for (unsigned d = 0; d < WORLD_DOMAINS; d++) {
        struct world_domain *w = &world[d];

        while (w->shared != NULL && evtchn_close_domain(&w->events) == EVTCHN_AGAIN) {
        }
        free(w->shared);
        free(w->control);
        for (unsigned i = 0; i < WORLD_ARRAY_PAGES; i++) {
            free(w->array[i]);
        }
    }
}

/* Domain 0 is privileged. All fresh, 2-level, nothing masked. Domain d has number d * @stride. */
static inline void world_make_numbered(unsigned stride)
{
    static const struct evtchn_machine machine = {world_page_alloc, world_page_free, world_unpin};

    world_free();
    memset(world, 0, sizeof(world));
    evtchn_setup(&machine);
    for (unsigned d = 0; d < WORLD_DOMAINS; d++) {
        struct world_domain *w = &world[d];

        w->shared = world_page();
        w->control = world_page();
        for (unsigned i = 0; i < WORLD_ARRAY_PAGES; i++) {
            w->array[i] = world_page();
        }
        w->events.domid = (uint16_t)(d * stride);
        w->events.privileged = d == 0;
        struct evtchn_vcpu *vcpus[WORLD_VCPUS];

        w->events.shared = w->shared;
        for (unsigned v = 0; v < WORLD_VCPUS; v++) {
            vcpus[v] = &w->vcpu[v].events;
        }
        evtchn_domain_init(&w->events);
        evtchn_domain_set_vcpus(&w->events, vcpus, WORLD_VCPUS);
    }
}

static inline void world_make(void)
{
    world_make_numbered(1);
}

/* What the hypervisor does at its ports. */
static inline void world_heard(struct evtchn_domain *domain, struct evtchn_work *work)
{
    world[domain->domid].heard++;
    if (world[domain->domid].answers) {
        evtchn_hv_send(domain, work);
    }
}

static inline void world_closed(struct evtchn_domain *domain)
{
    world[domain->domid].closed++;
}

static const struct evtchn_hv_ops world_hv_ops = {world_heard, world_closed};

/* What the core does with it. */
static inline void world_apply(struct evtchn_work *work)
{
    struct world_domain *w;

    if ((work->wake & EVTCHN_WAKE_HV) != 0) {
        struct evtchn_work answer = {0};

        if (work->wake != EVTCHN_WAKE_HV || work->upcall != 0) {
            abort();
        }
        work->domain->hv_ops->heard(work->domain, &answer);
        *work = answer;
    }
    if ((work->upcall | work->wake) == 0) {
        return;
    }
    w = CONTAINER_OF(work->domain, struct world_domain, events);
    for (unsigned v = 0; v < WORLD_VCPUS; v++) {
        w->vcpu[v].irq |= (work->upcall & BIT32(v)) != 0;
        w->vcpu[v].polls_ended += (work->wake & BIT32(v)) != 0 ? 1 : 0;
    }
    *work = (struct evtchn_work){0};
}

static inline struct evtchn_fifo_control_block *world_control(struct world_domain *w, unsigned vcpu)
{
    return (struct evtchn_fifo_control_block *)(void *)(w->control + vcpu * 128);
}

static inline event_word_t *world_word(struct world_domain *w, uint32_t port)
{
    return &w->array[port / 1024][port % 1024];
}

/* The guest goes over to FIFO as Linux does: all control blocks. */
static inline int world_go_fifo(struct world_domain *w)
{
    for (unsigned v = 0; v < WORLD_VCPUS; v++) {
        int error;

        memset(world_control(w, v), 0, sizeof(struct evtchn_fifo_control_block));
        memset(w->vcpu[v].head, 0, sizeof(w->vcpu[v].head));
        w->vcpu[v].selected = 0;
        w->pins++;
        error = evtchn_init_control(&w->events, v, world_control(w, v));
        if (error != 0) {
            w->pins--;
            return error;
        }
    }
    w->given = 0;
    return 0;
}

/* It gives its next page, all events masked. */
static inline int world_expand(struct world_domain *w)
{
    struct evtchn_work work = {0};
    bool kept;
    int result;

    if (w->given == WORLD_ARRAY_PAGES) {
        return -ENOMEM;
    }
    for (unsigned i = 0; i < 1024; i++) {
        w->array[w->given][i] = BIT32(EVTCHN_FIFO_MASKED);
    }
    do {
        result = evtchn_expand_array(&w->events, w->array[w->given], &kept, &work);
        w->pins += kept ? 1 : 0;
        world_apply(&work);
    } while (result == EVTCHN_AGAIN);
    w->given += result == 0 ? 1 : 0;
    return result;
}

static inline bool world_has_word(const struct world_domain *w, uint32_t port)
{
    return !w->events.fifo || port / 1024 < w->given;
}

static inline bool world_pending(struct world_domain *w, uint32_t port)
{
    if (w->events.fifo) {
        return world_has_word(w, port) && (*world_word(w, port) & BIT32(EVTCHN_FIFO_PENDING)) != 0;
    }
    return (w->shared->evtchn_pending[port / 64] & BIT64(port % 64)) != 0;
}

static inline bool world_masked(struct world_domain *w, uint32_t port)
{
    if (w->events.fifo) {
        return !world_has_word(w, port) || (*world_word(w, port) & BIT32(EVTCHN_FIFO_MASKED)) != 0;
    }
    return (w->shared->evtchn_mask[port / 64] & BIT64(port % 64)) != 0;
}

static inline void world_mask(struct world_domain *w, uint32_t port)
{
    if (w->events.fifo) {
        *world_word(w, port) |= BIT32(EVTCHN_FIFO_MASKED);
    } else {
        w->shared->evtchn_mask[port / 64] |= BIT64(port % 64);
    }
}

/* Unmask as Linux does: FIFO itself, with a hypercall when pending; 2-level leaves both to the hypercall. */
static inline int world_unmask(struct world_domain *w, uint32_t port)
{
    struct evtchn_work work = {0};
    int error = 0;

    if (w->events.fifo) {
        *world_word(w, port) &= ~BIT32(EVTCHN_FIFO_MASKED);
    }
    if (!w->events.fifo || world_pending(w, port)) {
        error = evtchn_unmask(&w->events, port, &work);
        world_apply(&work);
    }
    return error;
}

static inline struct vcpu_info *world_info(struct world_vcpu *v)
{
    return atomic_load(&v->events.info);
}

/* 2-level: the next event of the words selected, its pending bit cleared; 0 when there is none in the first.
 */
static inline uint32_t world_take_2l(struct world_domain *w, struct world_vcpu *v)
{
    unsigned word = (unsigned)__builtin_ctzll(v->selected);
    uint64_t bits = w->shared->evtchn_pending[word] & ~w->shared->evtchn_mask[word];

    if (bits == 0) {
        v->selected &= ~BIT64(word);
        return 0;
    }
    w->shared->evtchn_pending[word] &= ~(bits & -bits);
    return word * 64 + (unsigned)__builtin_ctzll(bits);
}

/* FIFO: the next of the best queue selected; 0 when that was no event. */
static inline uint32_t world_take_fifo(struct world_domain *w, struct world_vcpu *v, unsigned vcpu)
{
    struct evtchn_fifo_control_block *control = world_control(w, vcpu);
    unsigned queue = (unsigned)__builtin_ctzll(v->selected);
    uint32_t port = v->head[queue] != 0 ? v->head[queue] : control->head[queue], taken = 0;
    event_word_t *word = world_word(w, port);

    v->head[queue] = *word & EVTCHN_FIFO_LINK_MASK;
    *word &= ~(BIT32(EVTCHN_FIFO_LINKED) | EVTCHN_FIFO_LINK_MASK);
    if (v->head[queue] == 0) {
        v->selected &= ~BIT64(queue);
    }
    if ((*word & (BIT32(EVTCHN_FIFO_PENDING) | BIT32(EVTCHN_FIFO_MASKED))) == BIT32(EVTCHN_FIFO_PENDING)) {
        *word &= ~BIT32(EVTCHN_FIFO_PENDING);
        taken = port;
    }
    v->selected |= control->ready;
    control->ready = 0;
    return taken;
}

/* One step of @vcpu's upcall handler. Returns the event it took, 0: none. @busy: there is more to do. */
static inline uint32_t world_step(struct world_domain *w, unsigned vcpu, bool *busy)
{
    struct world_vcpu *v = &w->vcpu[vcpu];
    uint32_t taken = 0;

    *busy = true;
    switch (v->taking) {
    case TAKING_NOTHING:
        *busy = v->irq;
        if (v->irq) {
            v->irq = false;
            v->taking = TAKING_CLEAR;
        }
        break;
    case TAKING_CLEAR:
        world_info(v)->evtchn_upcall_pending = 0;
        v->taking = TAKING_SELECT;
        break;
    case TAKING_SELECT:
        if (w->events.fifo) {
            v->selected = world_control(w, vcpu)->ready;
            world_control(w, vcpu)->ready = 0;
        } else {
            v->selected = world_info(v)->evtchn_pending_sel;
            world_info(v)->evtchn_pending_sel = 0;
        }
        v->taking = TAKING_EVENTS;
        break;
    case TAKING_EVENTS:
        if (v->selected != 0) {
            taken = w->events.fifo ? world_take_fifo(w, v, vcpu) : world_take_2l(w, v);
        } else {
            v->taking = world_info(v)->evtchn_upcall_pending != 0 ? TAKING_CLEAR : TAKING_NOTHING;
        }
        break;
    }
    return taken;
}

#endif

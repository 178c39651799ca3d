/* SPDX-License-Identifier: Apache-2.0 */
/* test_evtchn_random.c - random operations of three domains, while their vCPUs take events a step at a time,
 * against a model that is a table of ports.
 *
 * The model knows for each port its state and whether an event is owed. After each operation all answers and
 * states must be the model's; an event that a guest takes must be owed; and when all vCPUs have handled what
 * they find, nothing may be owed that is not masked. */
#include "evtchn_world.h"
#include "test.h"

#define PORTS 600u /* More than two slabs. */

struct model_port {
    unsigned state; /* EVTCHNSTAT_* */
    unsigned vcpu, virq, priority, remote_domid, remote_port;
    bool owed;
    bool hv; /* The hypervisor's. */
};

static struct {
    struct model_port port[PORTS];
    uint32_t hv_port;
    unsigned heard;
    bool fifo;
} model[WORLD_DOMAINS];

static uint32_t open_limit; /* Ports a domain of this round opens at most. */

static struct evtchn_domain *domain_at(unsigned d)
{
    return &world[d].events;
}

static unsigned any_domain(void)
{
    return (unsigned)test_random_below(WORLD_DOMAINS);
}

/* Mostly a port that is open. */
static uint32_t any_port(unsigned d)
{
    uint32_t port = (uint32_t)test_random_below(open_limit + 3);

    for (unsigned i = 0; i < 4 && model[d].port[port].state == EVTCHNSTAT_closed; i++) {
        port = (uint32_t)test_random_below(open_limit + 3);
    }
    return port;
}

/* The lowest that is free. */
static uint32_t model_free(unsigned d)
{
    uint32_t port = 1;

    while (port < PORTS && model[d].port[port].state != EVTCHNSTAT_closed) {
        port++;
    }
    return port;
}

static void model_open(unsigned d, uint32_t port, unsigned state, unsigned vcpu)
{
    model[d].port[port] =
        (struct model_port){.state = state, .vcpu = vcpu, .priority = EVTCHN_FIFO_PRIORITY_DEFAULT};
}

static void model_close(unsigned d, uint32_t port)
{
    struct model_port *p = &model[d].port[port];

    if (p->state == EVTCHNSTAT_interdomain) {
        model[p->remote_domid].port[p->remote_port].state = EVTCHNSTAT_unbound;
    }
    p->state = EVTCHNSTAT_closed;
    p->owed = false;
}

static void check_port(unsigned d, uint32_t port)
{
    const struct model_port *p = &model[d].port[port];
    struct evtchn_status status;

    if (p->hv) {
        CHECK_EQ(evtchn_status(domain_at(d), port, &status), -EACCES);
        return;
    }
    CHECK_EQ(evtchn_status(domain_at(d), port, &status), 0);
    CHECK_EQ(status.status, p->state);
    if (p->state == EVTCHNSTAT_closed) {
        return;
    }
    CHECK_EQ(status.vcpu, p->vcpu);
    switch (p->state) {
    case EVTCHNSTAT_unbound:
        CHECK_EQ(status.u.unbound.dom, p->remote_domid);
        break;
    case EVTCHNSTAT_interdomain:
        CHECK_EQ(status.u.interdomain.dom, p->remote_domid);
        CHECK_EQ(status.u.interdomain.port, p->remote_port);
        break;
    case EVTCHNSTAT_virq:
        CHECK_EQ(status.u.virq, p->virq);
        break;
    default:
        break;
    }
    if (world_has_word(&world[d], port)) {
        CHECK_EQ(world_pending(&world[d], port), p->owed);
    }
}

static bool room(unsigned d)
{
    return model_free(d) <= open_limit;
}

static void op_alloc_unbound(unsigned d)
{
    unsigned remote = any_domain();
    uint32_t port, expected = model_free(d);

    if (room(d)) {
        CHECK_EQ(evtchn_alloc_unbound(domain_at(d), (uint16_t)remote, &port), 0);
        CHECK_EQ(port, expected);
        model_open(d, port, EVTCHNSTAT_unbound, 0);
        model[d].port[port].remote_domid = remote;
        check_port(d, port);
    }
}

static void op_hv_open(unsigned d)
{
    unsigned remote = any_domain();
    uint32_t port, expected = model_free(d);

    if (!room(d)) {
        return;
    }
    if (model[d].hv_port != 0 || model[d].fifo) {
        CHECK_EQ(evtchn_hv_open(domain_at(d), (uint16_t)remote, &world_hv_ops, &port), -EINVAL);
        return;
    }
    CHECK_EQ(evtchn_hv_open(domain_at(d), (uint16_t)remote, &world_hv_ops, &port), 0);
    CHECK_EQ(port, expected);
    model_open(d, port, EVTCHNSTAT_unbound, 0);
    model[d].port[port].remote_domid = remote;
    model[d].port[port].hv = true;
    model[d].hv_port = port;
}

static void op_hv_send(unsigned d)
{
    const struct model_port *p = &model[d].port[model[d].hv_port];
    struct evtchn_work work = {0};

    evtchn_hv_send(domain_at(d), &work);
    world_apply(&work);
    if (p->hv && p->state == EVTCHNSTAT_interdomain) {
        model[p->remote_domid].port[p->remote_port].owed = true;
        check_port(p->remote_domid, p->remote_port);
    }
}

static void op_bind_interdomain(unsigned d)
{
    unsigned remote = any_domain();
    uint32_t far = any_port(remote), port, expected = model_free(d);
    struct model_port *p = &model[remote].port[far];
    struct evtchn_work work = {0};
    int error;

    if (!room(d)) {
        return;
    }
    error = evtchn_bind_interdomain(domain_at(d), domain_at(remote), far, &port, &work);
    world_apply(&work);
    if (p->state != EVTCHNSTAT_unbound || p->remote_domid != d) {
        CHECK_EQ(error, -EINVAL);
        return;
    }
    CHECK_EQ(error, 0);
    CHECK_EQ(port, expected);
    p->state = EVTCHNSTAT_interdomain;
    p->remote_port = port;
    model_open(d, port, EVTCHNSTAT_interdomain, 0);
    model[d].port[port].remote_domid = remote;
    model[d].port[port].remote_port = far;
    model[d].port[port].owed = true;
    check_port(d, port);
    check_port(remote, far);
}

static uint32_t find_virq(unsigned d, unsigned virq, unsigned vcpu)
{
    for (uint32_t port = 1; port < PORTS; port++) {
        const struct model_port *p = &model[d].port[port];

        if (p->state == EVTCHNSTAT_virq && p->virq == virq &&
            (evtchn_virq_is_global(virq) || p->vcpu == vcpu)) {
            return port;
        }
    }
    return 0;
}

static void op_bind_virq(unsigned d)
{
    unsigned virq = (unsigned)test_random_below(EVTCHN_VIRQ_COUNT);
    unsigned vcpu = evtchn_virq_is_global(virq) ? 0 : (unsigned)test_random_below(WORLD_VCPUS);
    uint32_t port, expected = model_free(d);
    int error;

    if (!room(d)) {
        return;
    }
    error = evtchn_bind_virq(domain_at(d), virq, vcpu, &port);
    if (evtchn_virq_is_global(virq) && d != 0) {
        CHECK_EQ(error, -EPERM);
    } else if (find_virq(d, virq, vcpu) != 0) {
        CHECK_EQ(error, -EEXIST);
    } else {
        CHECK_EQ(error, 0);
        CHECK_EQ(port, expected);
        model_open(d, port, EVTCHNSTAT_virq, vcpu);
        model[d].port[port].virq = virq;
        check_port(d, port);
    }
}

static void op_raise_virq(unsigned d)
{
    unsigned virq = (unsigned)test_random_below(EVTCHN_VIRQ_COUNT);
    unsigned vcpu = evtchn_virq_is_global(virq) ? 0 : (unsigned)test_random_below(WORLD_VCPUS);
    uint32_t port = find_virq(d, virq, vcpu);
    struct evtchn_work work = {0};

    evtchn_raise_virq(domain_at(d), virq, vcpu, &work);
    world_apply(&work);
    if (port != 0) {
        model[d].port[port].owed = true;
        check_port(d, port);
    }
}

static void op_bind_ipi(unsigned d)
{
    unsigned vcpu = (unsigned)test_random_below(WORLD_VCPUS);
    uint32_t port, expected = model_free(d);

    if (room(d)) {
        CHECK_EQ(evtchn_bind_ipi(domain_at(d), vcpu, &port), 0);
        CHECK_EQ(port, expected);
        model_open(d, port, EVTCHNSTAT_ipi, vcpu);
        check_port(d, port);
    }
}

/* As Linux: masked meanwhile. */
static void op_bind_vcpu(unsigned d)
{
    unsigned vcpu = (unsigned)test_random_below(WORLD_VCPUS);
    uint32_t port = any_port(d);
    struct model_port *p = &model[d].port[port];
    bool may = !p->hv && (p->state == EVTCHNSTAT_unbound || p->state == EVTCHNSTAT_interdomain ||
                          (p->state == EVTCHNSTAT_virq && evtchn_virq_is_global(p->virq)));

    CHECK_EQ(evtchn_bind_vcpu(domain_at(d), port, vcpu), may ? 0 : -EINVAL);
    p->vcpu = may ? vcpu : p->vcpu;
    check_port(d, port);
}

static void op_close(unsigned d)
{
    uint32_t port = any_port(d);
    bool open = model[d].port[port].state != EVTCHNSTAT_closed && !model[d].port[port].hv;

    CHECK_EQ(evtchn_close(domain_at(d), port), open ? 0 : -EINVAL);
    if (open) {
        model_close(d, port);
    }
    check_port(d, port);
}

static void op_send(unsigned d)
{
    uint32_t port = any_port(d);
    const struct model_port *p = &model[d].port[port];
    struct evtchn_work work = {0};
    int error = evtchn_send(domain_at(d), port, &work);

    world_apply(&work);
    switch (p->hv ? (unsigned)EVTCHNSTAT_closed : p->state) {
    case EVTCHNSTAT_interdomain:
        CHECK_EQ(error, 0);
        if (model[p->remote_domid].port[p->remote_port].hv) {
            model[p->remote_domid].heard++;
        } else {
            model[p->remote_domid].port[p->remote_port].owed = true;
        }
        CHECK_EQ(world[p->remote_domid].heard, model[p->remote_domid].heard);
        check_port(p->remote_domid, p->remote_port);
        break;
    case EVTCHNSTAT_ipi:
        CHECK_EQ(error, 0);
        model[d].port[port].owed = true;
        check_port(d, port);
        break;
    case EVTCHNSTAT_unbound:
        CHECK_EQ(error, 0);
        break;
    default:
        CHECK_EQ(error, -EINVAL);
        break;
    }
}

static void op_set_priority(unsigned d)
{
    uint32_t port = any_port(d);
    uint32_t priority = (uint32_t)test_random_below(EVTCHN_FIFO_MAX_QUEUES);
    int error = evtchn_set_priority(domain_at(d), port, priority);

    if (model[d].port[port].state == EVTCHNSTAT_closed) {
        CHECK_EQ(error, -EINVAL);
    } else {
        CHECK_EQ(error, model[d].fifo ? 0 : -ENOSYS);
    }
}

/* A guest masks and unmasks what it has. */
static void op_mask(unsigned d)
{
    uint32_t port = any_port(d);

    if (world_has_word(&world[d], port)) {
        world_mask(&world[d], port);
    }
}

static void op_unmask(unsigned d)
{
    uint32_t port = any_port(d);

    if (world_has_word(&world[d], port)) {
        (void)world_unmask(&world[d], port);
    }
}

static void op_expand(unsigned d)
{
    struct world_domain *w = &world[d];
    int result;

    if (!model[d].fifo || w->given * 1024 >= domain_at(d)->port_limit || w->given == WORLD_ARRAY_PAGES) {
        return;
    }
    result = world_expand(w);
    CHECK_EQ(result, 0);
}

/* One step of one vCPU's handler. Returns whether there is more to do. */
static bool step(unsigned d, unsigned vcpu)
{
    bool busy;
    uint32_t port = world_step(&world[d], vcpu, &busy);

    if (port != 0) {
        CHECK(model[d].port[port].owed);
        model[d].port[port].owed = false;
    }
    return busy;
}

static void finish(unsigned d)
{
    for (unsigned v = 0; v < WORLD_VCPUS; v++) {
        while (step(d, v)) {
        }
    }
}

static void op_fifo(unsigned d)
{
    if (!model[d].fifo && test_random_below(20) == 0) {
        finish(d);
        CHECK_EQ(world_go_fifo(&world[d]), 0);
        model[d].fifo = true;
    }
}

static void op_reset(unsigned d)
{
    int result;

    if (test_random_below(200) != 0) {
        return;
    }
    finish(d);
    do {
        result = evtchn_reset(domain_at(d));
    } while (result == EVTCHN_AGAIN);
    CHECK_EQ(result, 0);
    for (uint32_t port = 1; port < PORTS; port++) {
        if (model[d].port[port].state != EVTCHNSTAT_closed && !model[d].port[port].hv) {
            model_close(d, port);
        }
    }
    model[d].fifo = false;
    CHECK_EQ(world[d].pins, 0);
    /* Events that were pending in the pages came to nothing; the bitmaps begin anew. */
    memset(world[d].shared->evtchn_pending, 0, sizeof(world[d].shared->evtchn_pending));
}

static void op_step(unsigned d)
{
    (void)step(d, (unsigned)test_random_below(WORLD_VCPUS));
}

/* All handlers run to their end: nothing owed is left but what is masked. */
static void settle(void)
{
    for (unsigned d = 0; d < WORLD_DOMAINS; d++) {
        finish(d);
        for (uint32_t port = 1; port < PORTS; port++) {
            if (model[d].port[port].owed && !world_masked(&world[d], port)) {
                test_fail(__FILE__, __LINE__, "d%u port %u (%s) is owed and was not taken", d, port,
                          model[d].fifo ? "FIFO" : "2-level");
            }
            check_port(d, port);
        }
    }
}

static void one_world(unsigned operations)
{
    static void (*const operate[])(unsigned) = {
        op_alloc_unbound,
        op_bind_interdomain,
        op_bind_interdomain,
        op_bind_virq,
        op_raise_virq,
        op_bind_ipi,
        op_bind_vcpu,
        op_hv_open,
        op_hv_send,
        op_close,
        op_send,
        op_send,
        op_send,
        op_send,
        op_set_priority,
        op_mask,
        op_unmask,
        op_unmask,
        op_expand,
        op_fifo,
        op_reset,
        op_step,
        op_step,
        op_step,
        op_step,
        op_step,
    };

    world_make();
    memset(model, 0, sizeof(model));
    open_limit = test_random_below(4) == 0 ? 520 : 12;
    for (unsigned i = 0; i < operations; i++) {
        operate[test_random_below(sizeof(operate) / sizeof(operate[0]))](any_domain());
        if (test_random_below(100) == 0) {
            settle();
        }
    }
    settle();
    world_free();
    memset(world, 0, sizeof(world));
    CHECK_EQ(world_pages, 0);
}

TEST(random_operations_against_the_model)
{
    for (unsigned i = 0; i < (test_long() ? 400u : 20u); i++) {
        one_world(5000);
    }
}

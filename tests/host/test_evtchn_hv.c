/* SPDX-License-Identifier: Apache-2.0 */
/* test_evtchn_hv.c - the port of a domain that is the hypervisor's: who can do what with it, and its end. */
#include "evtchn_world.h"
#include "test.h"

static struct evtchn_domain *domain_at(unsigned d)
{
    return &world[d].events;
}

static int send_to(unsigned d, uint32_t port)
{
    struct evtchn_work work = {0};
    int error = evtchn_send(domain_at(d), port, &work);

    world_apply(&work);
    return error;
}

static void send_from_hv(unsigned d)
{
    struct evtchn_work work = {0};

    evtchn_hv_send(domain_at(d), &work);
    world_apply(&work);
}

/* The one event that @d's first vCPU finds; 0: none, or more. */
static uint32_t take_one(unsigned d)
{
    uint32_t found = 0;
    bool busy = true;

    while (busy) {
        uint32_t port = world_step(&world[d], 0, &busy);

        if (port != 0 && found != 0) {
            return 0;
        }
        found = port != 0 ? port : found;
    }
    return found;
}

static uint32_t open_port(unsigned d, unsigned remote)
{
    uint32_t port = 0;

    CHECK_EQ(evtchn_hv_open(domain_at(d), (uint16_t)remote, &world_hv_ops, &port), 0);
    return port;
}

static uint32_t bind(unsigned d, unsigned remote, uint32_t remote_port)
{
    struct evtchn_work work = {0};
    uint32_t port = 0;

    CHECK_EQ(evtchn_bind_interdomain(domain_at(d), domain_at(remote), remote_port, &port, &work), 0);
    world_apply(&work);
    return port;
}

static void close_domain(unsigned d)
{
    while (evtchn_close_domain(domain_at(d)) == EVTCHN_AGAIN) {
    }
}

TEST(signals_go_both_ways)
{
    uint32_t hv, far;

    world_make();
    hv = open_port(1, 0);
    send_from_hv(1); /* To nobody. */
    far = bind(0, 1, hv);
    CHECK_EQ(take_one(0), far);
    CHECK_EQ(world[1].heard, 0);
    CHECK_EQ(send_to(0, far), 0);
    CHECK_EQ(send_to(0, far), 0);
    CHECK_EQ(world[1].heard, 2);
    CHECK_EQ(take_one(0), 0);
    send_from_hv(1);
    CHECK_EQ(take_one(0), far);
    CHECK_EQ(take_one(1), 0); /* Nothing of it reaches the domain itself. */
    CHECK(!world_pending(&world[1], hv));
}

TEST(an_answer_is_one_event)
{
    uint32_t far;

    world_make();
    world[1].answers = true;
    far = bind(0, 1, open_port(1, 0));
    CHECK_EQ(take_one(0), far);
    CHECK_EQ(send_to(0, far), 0);
    CHECK_EQ(world[1].heard, 1);
    CHECK_EQ(take_one(0), far);
    CHECK_EQ(take_one(0), 0);
}

TEST(only_who_was_named_can_bind)
{
    struct evtchn_work work = {0};
    uint32_t hv, far;

    world_make();
    hv = open_port(1, 2);
    CHECK_EQ(evtchn_bind_interdomain(domain_at(0), domain_at(1), hv, &far, &work), -EINVAL);
    CHECK_EQ(evtchn_bind_interdomain(domain_at(1), domain_at(1), hv, &far, &work), -EINVAL);
    (void)bind(2, 1, hv);
    CHECK_EQ(evtchn_bind_interdomain(domain_at(2), domain_at(1), hv, &far, &work), -EINVAL);
}

/* A domain may serve itself; its far end is a port like others. */
TEST(the_far_end_may_be_the_same_domain)
{
    uint32_t hv, far;

    world_make();
    world[1].answers = true;
    hv = open_port(1, 1);
    far = bind(1, 1, hv);
    CHECK_EQ(take_one(1), far);
    CHECK_EQ(send_to(1, far), 0);
    CHECK_EQ(world[1].heard, 1);
    CHECK_EQ(take_one(1), far);
    CHECK_EQ(evtchn_close(domain_at(1), hv), -EINVAL);
    CHECK_EQ(evtchn_close(domain_at(1), far), 0);
    (void)bind(1, 1, hv);
}

TEST(its_domain_cannot_use_it)
{
    struct evtchn_status status;
    uint32_t hv, far;

    world_make();
    hv = open_port(1, 0);
    for (unsigned bound = 0; bound < 2; bound++) {
        CHECK_EQ(send_to(1, hv), -EINVAL);
        CHECK_EQ(evtchn_close(domain_at(1), hv), -EINVAL);
        CHECK_EQ(evtchn_bind_vcpu(domain_at(1), hv, 1), -EINVAL);
        CHECK_EQ(evtchn_status(domain_at(1), hv, &status), -EACCES);
        far = bound == 0 ? bind(0, 1, hv) : 0;
    }
    CHECK_EQ(world[1].heard, 0);
    far = 1;
    CHECK_EQ(evtchn_status(domain_at(0), far, &status), 0); /* The far end is no secret. */
    CHECK_EQ(status.status, EVTCHNSTAT_interdomain);
    CHECK_EQ(status.u.interdomain.port, hv);
    CHECK_EQ(send_to(0, far), 0);
    CHECK_EQ(world[1].heard, 1);
}

TEST(there_is_one_and_it_is_opened_before_fifo)
{
    uint32_t port;

    world_make();
    (void)open_port(1, 0);
    CHECK_EQ(evtchn_hv_open(domain_at(1), 0, &world_hv_ops, &port), -EINVAL);
    CHECK_EQ(world_go_fifo(&world[2]), 0);
    CHECK_EQ(evtchn_hv_open(domain_at(2), 0, &world_hv_ops, &port), -EINVAL);
}

TEST(it_works_in_both_layouts)
{
    uint32_t hv, far;

    world_make();
    hv = open_port(1, 0);
    CHECK_EQ(world_go_fifo(&world[1]), 0);
    CHECK_EQ(world_expand(&world[1]), 0);
    far = bind(0, 1, hv);
    CHECK_EQ(world_unmask(&world[1], hv), 0);
    CHECK_EQ(evtchn_set_priority(domain_at(1), hv, 3), 0);
    CHECK_EQ(send_to(0, far), 0);
    CHECK_EQ(world[1].heard, 1);
    CHECK_EQ(take_one(1), 0);
}

TEST(when_the_far_end_goes_another_may_come)
{
    uint32_t hv, far;

    world_make();
    hv = open_port(1, 0);
    far = bind(0, 1, hv);
    CHECK_EQ(evtchn_close(domain_at(0), far), 0);
    send_from_hv(1);
    far = bind(0, 1, hv);
    CHECK_EQ(take_one(0), far);
    close_domain(0);
    send_from_hv(1);
    CHECK_EQ(world[1].closed, 0);
}

/* What a reset closes is the domain's; its memory comes back but for the page in which the port is. */
TEST(a_reset_leaves_it)
{
    uint32_t hv = 0, far, port = 0;

    for (unsigned slab = 0; slab < 3; slab++) {
        world_make();
        while (port + 1 < 256 * slab + 10) {
            CHECK_EQ(evtchn_bind_ipi(domain_at(1), 0, &port), 0);
        }
        hv = open_port(1, 0);
        for (unsigned i = 0; i < 300; i++) {
            CHECK_EQ(evtchn_bind_ipi(domain_at(1), 0, &port), 0);
        }
        far = bind(0, 1, hv);
        CHECK_EQ(take_one(0), far);
        CHECK_EQ(world_go_fifo(&world[1]), 0);
        while (evtchn_reset(domain_at(1)) == EVTCHN_AGAIN) {
        }
        CHECK(!domain_at(1)->fifo);
        CHECK_EQ(world[1].pins, 0);
        CHECK_EQ(world_pages, 2 + 2); /* Pointers and a slab of domains 0 and 1. */
        CHECK_EQ(world[1].closed, 0);
        CHECK_EQ(send_to(0, far), 0);
        CHECK_EQ(world[1].heard, 1);
        send_from_hv(1);
        CHECK_EQ(take_one(0), far);
        CHECK_EQ(evtchn_bind_ipi(domain_at(1), 0, &port), 0);
        CHECK_EQ(port, 1);
        close_domain(1);
        CHECK_EQ(world[1].closed, 1);
        CHECK_EQ(world_pages, 2);
        port = 0;
    }
}

TEST(it_ends_with_its_domain)
{
    struct evtchn_status status;
    uint32_t far, port;

    world_make();
    far = bind(0, 1, open_port(1, 0));
    CHECK_EQ(take_one(0), far);
    close_domain(1);
    CHECK_EQ(world[1].closed, 1);
    CHECK_EQ(evtchn_status(domain_at(0), far, &status), 0);
    CHECK_EQ(status.status, EVTCHNSTAT_unbound);
    CHECK_EQ(send_to(0, far), 0);
    send_from_hv(1);
    CHECK_EQ(world[1].heard, 0);
    CHECK_EQ(take_one(0), 0);
    CHECK_EQ(evtchn_hv_open(domain_at(1), 0, &world_hv_ops, &port), -ENOSPC);
    close_domain(1);
    CHECK_EQ(world[1].closed, 2); /* As often as that is made sure of. */
    CHECK_EQ(world[2].closed, 0);
    close_domain(2);
    CHECK_EQ(world[2].closed, 0);
}

TEST(without_a_free_port_nothing_is_opened)
{
    uint32_t port;

    world_make();
    for (uint32_t i = 1; i < EVTCHN_PORT_LIMIT; i++) {
        CHECK_EQ(evtchn_alloc_unbound(domain_at(1), 2, &port), 0);
    }
    CHECK_EQ(evtchn_hv_open(domain_at(1), 0, &world_hv_ops, &port), -ENOSPC);
    CHECK_EQ(evtchn_close(domain_at(1), 77), 0);
    CHECK_EQ(open_port(1, 0), 77);
}

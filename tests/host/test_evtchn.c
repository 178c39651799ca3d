/* SPDX-License-Identifier: Apache-2.0 */
/* test_evtchn.c - event channels, one property at a time. */
#include "evtchn_world.h"
#include "test.h"

static struct evtchn_domain *domain_at(unsigned d)
{
    return &world[d].events;
}

/* An interdomain channel from @a to @b; the ports. */
static void connect(unsigned a, unsigned b, uint32_t *a_port, uint32_t *b_port)
{
    struct evtchn_work work = {0};

    CHECK_EQ(evtchn_alloc_unbound(domain_at(a), domain_at(b)->domid, a_port), 0);
    CHECK_EQ(evtchn_bind_interdomain(domain_at(b), domain_at(a), *a_port, b_port, &work), 0);
    world_apply(&work);
}

static int send_to(unsigned d, uint32_t port)
{
    struct evtchn_work work = {0};
    int error = evtchn_send(domain_at(d), port, &work);

    world_apply(&work);
    return error;
}

/* Let @vcpu handle all it finds; the events in order. */
static unsigned take_all(unsigned d, unsigned vcpu, uint32_t *ports, unsigned max)
{
    unsigned count = 0;
    bool busy = true;

    while (busy) {
        uint32_t port = world_step(&world[d], vcpu, &busy);

        if (port != 0 && count < max) {
            ports[count++] = port;
        }
    }
    return count;
}

static uint32_t take_one(unsigned d, unsigned vcpu)
{
    uint32_t port[2];

    return take_all(d, vcpu, port, 2) == 1 ? port[0] : 0;
}

static unsigned state_of(unsigned d, uint32_t port)
{
    struct evtchn_status status;

    CHECK_EQ(evtchn_status(domain_at(d), port, &status), 0);
    return status.status;
}

TEST(binding_signals_once_and_sends_arrive)
{
    uint32_t a, b;

    world_make();
    connect(1, 2, &a, &b);
    CHECK_EQ(take_one(2, 0), b); /* Binding itself is an event. */
    CHECK_EQ(take_one(1, 0), 0);
    CHECK_EQ(send_to(2, b), 0);
    CHECK(world[1].vcpu[0].irq);
    CHECK_EQ(send_to(2, b), 0);
    CHECK_EQ(take_one(1, 0), a);
    CHECK_EQ(take_one(1, 0), 0);
    CHECK_EQ(send_to(1, a), 0);
    CHECK_EQ(take_one(2, 0), b);
}

TEST(an_upcall_that_is_due_is_not_made_again)
{
    uint32_t port = 0;

    world_make();
    while (port < 64) { /* Port 64 is in another word, so the selector changes with it. */
        CHECK_EQ(evtchn_bind_ipi(domain_at(1), 0, &port), 0);
    }
    CHECK_EQ(send_to(1, 1), 0);
    world[1].vcpu[0].irq = false; /* Taken, the flag not cleared yet. */
    CHECK_EQ(send_to(1, 64), 0);
    CHECK(!world[1].vcpu[0].irq);
}

TEST(masked_events_wait_for_unmask)
{
    uint32_t a, b;

    world_make();
    connect(1, 2, &a, &b);
    world_mask(&world[1], a);
    CHECK_EQ(send_to(2, b), 0);
    CHECK(!world[1].vcpu[0].irq);
    CHECK(world_pending(&world[1], a));
    CHECK_EQ(world_unmask(&world[1], a), 0);
    CHECK_EQ(take_one(1, 0), a);
    CHECK_EQ(evtchn_unmask(domain_at(1), a + 1, &(struct evtchn_work){0}), -EINVAL);
}

TEST(only_who_was_named_can_bind)
{
    uint32_t port, other = 0;
    struct evtchn_work work = {0};

    world_make();
    CHECK_EQ(evtchn_alloc_unbound(domain_at(1), 2, &port), 0);
    CHECK_EQ(evtchn_bind_interdomain(domain_at(0), domain_at(1), port, &other, &work), -EINVAL);
    CHECK_EQ(evtchn_bind_interdomain(domain_at(2), domain_at(1), port + 1, &other, &work), -EINVAL);
    CHECK_EQ(evtchn_bind_interdomain(domain_at(2), domain_at(1), 0, &other, &work), -EINVAL);
    CHECK_EQ(work.upcall, 0);
    CHECK_EQ(evtchn_bind_interdomain(domain_at(2), domain_at(1), port, &other, &work), 0);
    CHECK_EQ(other, 1); /* Failures have given their port back. */
    CHECK_EQ(evtchn_bind_interdomain(domain_at(2), domain_at(1), port, &other, &work), -EINVAL);
}

TEST(closing_leaves_the_far_end_unbound)
{
    struct evtchn_status status;
    struct evtchn_work work = {0};
    uint32_t a, b, again;

    world_make();
    connect(1, 2, &a, &b);
    CHECK_EQ(evtchn_close(domain_at(2), b), 0);
    CHECK_EQ(evtchn_close(domain_at(2), b), -EINVAL);
    CHECK_EQ(send_to(2, b), -EINVAL);
    CHECK_EQ(send_to(1, a), 0); /* Nobody hears it. */
    CHECK_EQ(evtchn_status(domain_at(1), a, &status), 0);
    CHECK_EQ(status.status, EVTCHNSTAT_unbound);
    CHECK_EQ(status.u.unbound.dom, 2);
    CHECK_EQ(evtchn_bind_interdomain(domain_at(2), domain_at(1), a, &again, &work), 0);
    CHECK_EQ(again, b);
}

TEST(a_channel_to_oneself)
{
    uint32_t a, b;

    world_make();
    connect(1, 1, &a, &b);
    CHECK_EQ(take_one(1, 0), b);
    CHECK_EQ(send_to(1, b), 0);
    CHECK_EQ(take_one(1, 0), a);
    CHECK_EQ(evtchn_close(domain_at(1), a), 0);
    CHECK_EQ(state_of(1, b), EVTCHNSTAT_unbound);
    CHECK_EQ(evtchn_close(domain_at(1), b), 0);
}

/* Numbers of domains go on and on: few are below how many there may be at once. */
TEST(numbers_of_domains_may_be_high)
{
    uint32_t a, b;

    world_make_numbered(DOMAIN_MAX + 1);
    connect(1, 2, &a, &b);
    CHECK_EQ(take_one(2, 0), b);
    CHECK_EQ(send_to(2, b), 0);
    CHECK_EQ(take_one(1, 0), a);
    CHECK_EQ(evtchn_close(domain_at(2), b), 0);
    CHECK_EQ(state_of(1, a), EVTCHNSTAT_unbound);
    world_make_numbered((DOMID_FIRST_RESERVED - 1) / 2); /* As high as they get. */
    connect(2, 1, &a, &b);
    CHECK_EQ(send_to(1, b), 0);
    CHECK_EQ(take_one(2, 0), a);
    CHECK_EQ(evtchn_close(domain_at(2), a), 0);
    CHECK_EQ(state_of(1, b), EVTCHNSTAT_unbound);
}

TEST(virtual_interrupts_have_one_port_each)
{
    struct evtchn_work work = {0};
    uint32_t port, second, console;

    world_make();
    CHECK_EQ(evtchn_bind_virq(domain_at(1), VIRQ_TIMER, 1, &port), 0);
    CHECK_EQ(evtchn_bind_virq(domain_at(1), VIRQ_TIMER, 1, &second), -EEXIST);
    CHECK_EQ(evtchn_bind_virq(domain_at(1), VIRQ_TIMER, 2, &second), 0);
    CHECK_EQ(evtchn_bind_virq(domain_at(1), VIRQ_TIMER, WORLD_VCPUS, &second), -ENOENT);
    CHECK_EQ(evtchn_bind_virq(domain_at(1), EVTCHN_VIRQ_COUNT, 0, &second), -EINVAL);
    CHECK_EQ(evtchn_bind_virq(domain_at(1), VIRQ_CONSOLE, 0, &second), -EPERM);
    CHECK_EQ(evtchn_bind_virq(domain_at(0), VIRQ_CONSOLE, 1, &second), -EINVAL);
    CHECK_EQ(evtchn_bind_virq(domain_at(0), VIRQ_CONSOLE, 0, &console), 0);
    CHECK_EQ(evtchn_bind_virq(domain_at(0), VIRQ_CONSOLE, 0, &second), -EEXIST);
    evtchn_raise_virq(domain_at(1), VIRQ_TIMER, 1, &work);
    world_apply(&work);
    CHECK_EQ(take_one(1, 1), port);
    CHECK_EQ(send_to(1, port), -EINVAL);
    CHECK_EQ(evtchn_bind_vcpu(domain_at(1), port, 0), -EINVAL);
    CHECK_EQ(evtchn_bind_vcpu(domain_at(0), console, 2), 0);
    evtchn_raise_virq(domain_at(0), VIRQ_CONSOLE, 0, &work);
    world_apply(&work);
    CHECK_EQ(take_one(0, 2), console);
    CHECK_EQ(evtchn_close(domain_at(0), console), 0);
    evtchn_raise_virq(domain_at(0), VIRQ_CONSOLE, 0, &work);
    CHECK_EQ(work.upcall, 0);
    CHECK_EQ(evtchn_bind_virq(domain_at(0), VIRQ_CONSOLE, 0, &second), 0);
}

TEST(ipis_stay_on_their_vcpu)
{
    uint32_t port, bad;

    world_make();
    CHECK_EQ(evtchn_bind_ipi(domain_at(1), 2, &port), 0);
    CHECK_EQ(evtchn_bind_ipi(domain_at(1), WORLD_VCPUS, &bad), -ENOENT);
    CHECK_EQ(evtchn_bind_vcpu(domain_at(1), port, 0), -EINVAL);
    CHECK_EQ(send_to(1, port), 0);
    CHECK_EQ(take_one(1, 0), 0);
    CHECK_EQ(take_one(1, 2), port);
}

TEST(events_follow_the_vcpu_they_are_bound_to)
{
    uint32_t a, b;

    world_make();
    connect(1, 2, &a, &b);
    CHECK_EQ(evtchn_bind_vcpu(domain_at(1), a, 1), 0);
    CHECK_EQ(evtchn_bind_vcpu(domain_at(1), a, WORLD_VCPUS), -ENOENT);
    CHECK_EQ(evtchn_bind_vcpu(domain_at(1), a + 1, 1), -EINVAL);
    CHECK_EQ(send_to(2, b), 0);
    CHECK_EQ(take_one(1, 0), 0);
    CHECK_EQ(take_one(1, 1), a);
}

TEST(ports_are_limited_and_their_memory_comes_back)
{
    struct evtchn_status status;
    uint32_t port;
    unsigned slices = 0;

    world_make();
    for (uint32_t i = 1; i < EVTCHN_PORT_LIMIT; i++) {
        CHECK_EQ(evtchn_alloc_unbound(domain_at(1), 2, &port), 0);
        CHECK_EQ(port, i);
    }
    CHECK_EQ(evtchn_alloc_unbound(domain_at(1), 2, &port), -ENOSPC);
    CHECK_EQ(evtchn_status(domain_at(1), EVTCHN_PORT_LIMIT, &status), -EINVAL);
    CHECK_EQ(world_pages, 1 + EVTCHN_PORT_LIMIT / EVTCHN_SLAB_PORTS);
    for (uint32_t i = 512; i < 768; i++) {
        CHECK_EQ(evtchn_close(domain_at(1), i), 0);
    }
    CHECK_EQ(world_pages, EVTCHN_PORT_LIMIT / EVTCHN_SLAB_PORTS);
    CHECK_EQ(state_of(1, 600), EVTCHNSTAT_closed);
    CHECK_EQ(evtchn_alloc_unbound(domain_at(1), 2, &port), 0);
    CHECK_EQ(port, 512);
    while (evtchn_reset(domain_at(1)) == EVTCHN_AGAIN) {
        slices++;
    }
    CHECK_EQ(slices, (EVTCHN_PORT_LIMIT - 256) / EVTCHN_SLICE_PORTS);
    CHECK_EQ(world_pages, 0);
}

TEST(fifo_keeps_the_order_and_the_priorities)
{
    uint32_t ports[4], got[8];

    world_make();
    CHECK_EQ(world_go_fifo(&world[1]), 0);
    for (unsigned i = 0; i < 4; i++) {
        CHECK_EQ(evtchn_bind_ipi(domain_at(1), 0, &ports[i]), 0);
    }
    CHECK_EQ(world_expand(&world[1]), 0);
    for (unsigned i = 0; i < 4; i++) {
        CHECK_EQ(world_unmask(&world[1], ports[i]), 0);
    }
    CHECK_EQ(evtchn_set_priority(domain_at(1), ports[3], EVTCHN_FIFO_PRIORITY_MAX), 0);
    CHECK_EQ(evtchn_set_priority(domain_at(1), ports[3], EVTCHN_FIFO_PRIORITY_MIN + 1), -EINVAL);
    CHECK_EQ(send_to(1, ports[2]), 0);
    CHECK_EQ(send_to(1, ports[0]), 0);
    CHECK_EQ(send_to(1, ports[2]), 0);
    CHECK_EQ(send_to(1, ports[1]), 0);
    CHECK_EQ(send_to(1, ports[3]), 0);
    CHECK_EQ(take_all(1, 0, got, 8), 4);
    CHECK_EQ(got[0], ports[3]);
    CHECK_EQ(got[1], ports[2]);
    CHECK_EQ(got[2], ports[0]);
    CHECK_EQ(got[3], ports[1]);
    CHECK_EQ(evtchn_init_control(domain_at(1), 0, world_control(&world[1], 0)), -EINVAL);
    CHECK_EQ(evtchn_init_control(domain_at(1), WORLD_VCPUS, world_control(&world[1], 0)), -ENOENT);
}

TEST(what_was_signalled_before_its_word_is_delivered_with_it)
{
    uint32_t port[40], got[64];
    struct evtchn_work work = {0};
    bool kept;
    unsigned calls = 0;
    int result;

    world_make();
    CHECK_EQ(evtchn_bind_ipi(domain_at(1), 0, &port[0]), 0);
    CHECK_EQ(send_to(1, port[0]), 0); /* In the bitmaps yet. */
    CHECK_EQ(evtchn_expand_array(domain_at(1), world[1].array[0], &kept, &work), -EOPNOTSUPP);
    CHECK_EQ(world_go_fifo(&world[1]), 0);
    for (unsigned i = 1; i < 40; i++) {
        CHECK_EQ(evtchn_bind_ipi(domain_at(1), 0, &port[i]), 0);
        CHECK_EQ(send_to(1, port[i]), 0);
    }
    CHECK_EQ(evtchn_close(domain_at(1), port[39]), 0);
    memset(world[1].array[0], 0, PAGE_SIZE); /* Nothing masked. */
    do {
        result = evtchn_expand_array(domain_at(1), world[1].array[0], &kept, &work);
        world[1].pins += kept ? 1 : 0;
        world_apply(&work);
        calls++;
    } while (result == EVTCHN_AGAIN);
    CHECK_EQ(result, 0);
    CHECK_EQ(calls, (39 + EVTCHN_SLICE_PORTS - 1) / EVTCHN_SLICE_PORTS);
    CHECK_EQ(domain_at(1)->array_count, 1);
    world[1].given = 1;
    CHECK_EQ(take_all(1, 0, got, 64), 39);
    CHECK_EQ(got[0], port[0]);
    CHECK_EQ(got[38], port[38]);
}

TEST(a_guests_array_ends_where_its_ports_do)
{
    world_make();
    CHECK_EQ(world_go_fifo(&world[1]), 0);
    CHECK_EQ(world_expand(&world[1]), 0);
    CHECK_EQ(world_expand(&world[1]), -ENOSPC);
    CHECK_EQ(world[1].pins, WORLD_VCPUS + 1);
    while (evtchn_reset(domain_at(1)) == EVTCHN_AGAIN) {
    }
    CHECK_EQ(world[1].pins, 0);
    CHECK(!domain_at(1)->fifo);
    CHECK_EQ(world_pages, 0);
}

/* The port is the tail of one queue and goes to another: the first must not append behind it. */
TEST(fifo_forgets_a_tail_that_moves)
{
    uint32_t port[3], got[8];

    world_make();
    CHECK_EQ(world_go_fifo(&world[1]), 0);
    CHECK_EQ(world_expand(&world[1]), 0);
    for (unsigned i = 0; i < 3; i++) {
        CHECK_EQ(evtchn_bind_ipi(domain_at(1), 0, &port[i]), 0);
        CHECK_EQ(world_unmask(&world[1], port[i]), 0);
    }
    CHECK_EQ(send_to(1, port[0]), 0);
    CHECK_EQ(take_all(1, 0, got, 8), 1);
    CHECK_EQ(evtchn_set_priority(domain_at(1), port[0], 3), 0);
    CHECK_EQ(evtchn_set_priority(domain_at(1), port[2], 3), 0);
    CHECK_EQ(send_to(1, port[0]), 0);
    CHECK_EQ(send_to(1, port[1]), 0); /* Into the queue that the first was the tail of. */
    CHECK_EQ(send_to(1, port[2]), 0); /* Behind the first, in its new queue. */
    CHECK_EQ(take_all(1, 0, got, 8), 3);
    CHECK_EQ(got[0], port[0]);
    CHECK_EQ(got[1], port[2]);
    CHECK_EQ(got[2], port[1]);
}

/* A slab keeps what its channels know of their queues as long as a queue ends in it. */
TEST(a_slab_with_a_tail_stays)
{
    uint32_t port = 0, got[4];
    unsigned pages;

    world_make();
    CHECK_EQ(world_go_fifo(&world[1]), 0);
    CHECK_EQ(world_expand(&world[1]), 0);
    while (port < 256) {
        CHECK_EQ(evtchn_bind_ipi(domain_at(1), 0, &port), 0);
    }
    pages = world_pages;
    CHECK_EQ(world_unmask(&world[1], 256), 0);
    CHECK_EQ(send_to(1, 256), 0);
    CHECK_EQ(evtchn_close(domain_at(1), 256), 0);
    CHECK_EQ(world_pages, pages);
    CHECK_EQ(evtchn_bind_ipi(domain_at(1), 0, &port), 0);
    CHECK_EQ(port, 256);
    CHECK_EQ(evtchn_set_priority(domain_at(1), 256, 2), 0);
    CHECK_EQ(take_all(1, 0, got, 4), 0); /* Closing took the event back. */
    CHECK_EQ(send_to(1, 256), 0);
    CHECK_EQ(send_to(1, 1), 0);
    CHECK_EQ(take_all(1, 0, got, 4), 1);
    CHECK_EQ(got[0], 256);
    CHECK_EQ(world_unmask(&world[1], 1), 0);
    CHECK_EQ(take_all(1, 0, got, 4), 1);
    CHECK_EQ(got[0], 1);
}

/* Links that lie: EL2 follows none of them. */
TEST(fifo_words_may_say_anything)
{
    uint32_t port[8];

    world_make();
    CHECK_EQ(world_go_fifo(&world[1]), 0);
    for (unsigned i = 0; i < 8; i++) {
        CHECK_EQ(evtchn_bind_ipi(domain_at(1), i % WORLD_VCPUS, &port[i]), 0);
    }
    CHECK_EQ(world_expand(&world[1]), 0);
    for (unsigned round = 0; round < 10000; round++) {
        *world_word(&world[1], port[test_random_below(8)]) = (uint32_t)test_random();
        world_control(&world[1], (unsigned)test_random_below(WORLD_VCPUS))->ready = (uint32_t)test_random();
        CHECK_EQ(send_to(1, port[test_random_below(8)]), 0);
        CHECK_EQ(evtchn_unmask(domain_at(1), port[test_random_below(8)], &(struct evtchn_work){0}), 0);
    }
}

TEST(polls_end_with_their_event_even_masked)
{
    uint32_t a, b, c, ports[2];

    world_make();
    connect(1, 2, &a, &b);
    CHECK_EQ(evtchn_bind_ipi(domain_at(1), 0, &c), 0);
    world_mask(&world[1], a);
    ports[0] = a;
    ports[1] = c;
    CHECK_EQ(evtchn_poll_begin(domain_at(1), 1, ports, 1), 0);
    CHECK(!evtchn_poll_over(domain_at(1), 1));
    CHECK_EQ(send_to(1, c), 0);
    CHECK_EQ(world[1].vcpu[1].polls_ended, 0);
    CHECK_EQ(send_to(2, b), 0);
    CHECK_EQ(world[1].vcpu[1].polls_ended, 1);
    CHECK(evtchn_poll_over(domain_at(1), 1));
    CHECK(!world[1].vcpu[1].irq);
    CHECK_EQ(evtchn_poll_begin(domain_at(1), 1, ports, 1), 1); /* Pending still. */
    ports[0] = EVTCHN_2L_NR_CHANNELS;
    CHECK_EQ(evtchn_poll_begin(domain_at(1), 1, ports, 1), -EINVAL);
    (void)take_one(1, 0);
    ports[0] = c;
    ports[1] = c + 1;
    CHECK_EQ(evtchn_poll_begin(domain_at(1), 2, ports, 2), 0);
    CHECK_EQ(send_to(1, c), 0);
    CHECK_EQ(world[1].vcpu[2].polls_ended, 1);
}

TEST(a_place_of_its_own_for_the_flags_loses_nothing)
{
    struct vcpu_info *info = world_page();
    struct evtchn_work work = {0};
    uint32_t port;

    world_make();
    CHECK_EQ(evtchn_bind_ipi(domain_at(1), 1, &port), 0);
    CHECK_EQ(send_to(1, port), 0);
    world[1].vcpu[1].irq = false; /* Before the guest was ready for it. */
    world[1].pins++;
    CHECK_EQ(evtchn_register_info(domain_at(1), 1, info, &work), 0);
    world_apply(&work);
    CHECK_EQ(evtchn_register_info(domain_at(1), 1, info, &work), -EINVAL);
    CHECK_EQ(evtchn_register_info(domain_at(1), WORLD_VCPUS, info, &work), -ENOENT);
    CHECK(world[1].vcpu[1].irq);
    CHECK(evtchn_upcall_pending(&world[1].vcpu[1].events));
    CHECK_EQ(take_one(1, 1), port);
    CHECK(!evtchn_upcall_pending(&world[1].vcpu[1].events));
    CHECK_EQ(send_to(1, port), 0);
    CHECK_EQ(info->evtchn_upcall_pending, 1);
    while (evtchn_close_domain(domain_at(1)) == EVTCHN_AGAIN) {
    }
    CHECK_EQ(world[1].pins, 0);
    free(info);
}

TEST(a_closed_domain_is_dead_to_the_others)
{
    uint32_t a, b, port;
    struct evtchn_work work = {0};

    world_make();
    connect(1, 2, &a, &b);
    while (evtchn_close_domain(domain_at(1)) == EVTCHN_AGAIN) {
    }
    CHECK_EQ(state_of(2, b), EVTCHNSTAT_unbound);
    CHECK_EQ(send_to(2, b), 0);
    CHECK_EQ(evtchn_alloc_unbound(domain_at(1), 2, &port), -ENOSPC);
    CHECK_EQ(evtchn_bind_interdomain(domain_at(2), domain_at(1), a, &port, &work), -EINVAL);
    world_free();
    CHECK_EQ(world_pages, 0);
    memset(world, 0, sizeof(world));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_evtchn.c - any sequence of event channel operations by three domains that write anything into their
 * own memory meanwhile: channels stay paired, and all memory comes back. */
#include "evtchn_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEP_BYTES 8u
#define PORTS 40u

/* One step as the fuzzer writes it. */
struct step {
    uint8_t kind, domain, other, vcpu;
    uint16_t port, value;
};

static void check(bool ok)
{
    if (!ok) {
        abort();
    }
}

/* Both ends of a channel name each other, unless one is the hypervisor's, which tells nothing. */
static void check_pairs(void)
{
    for (unsigned d = 0; d < WORLD_DOMAINS; d++) {
        for (uint32_t port = 1; port < PORTS; port++) {
            struct evtchn_status status, far;

            if (evtchn_status(&world[d].events, port, &status) == -EACCES) {
                check(port == world[d].events.hv_port);
                continue;
            }
            check(port != world[d].events.hv_port);
            check(status.vcpu < WORLD_VCPUS);
            if (status.status == EVTCHNSTAT_interdomain) {
                struct evtchn_domain *remote = evtchn_domain_of(status.u.interdomain.dom);

                check(remote != NULL);
                if (status.u.interdomain.port == remote->hv_port) {
                    continue;
                }
                check(evtchn_status(remote, status.u.interdomain.port, &far) == 0);
                check(far.status == EVTCHNSTAT_interdomain && far.u.interdomain.dom == d &&
                      far.u.interdomain.port == port);
            }
        }
    }
}

/* A guest writes where it can. */
static void scribble(struct world_domain *w, const struct step *s)
{
    switch (s->other % 4) {
    case 0:
        w->shared->evtchn_pending[s->port % 64] = s->value * UINT64_C(0x9e3779b97f4a7c15);
        break;
    case 1:
        w->shared->evtchn_mask[s->port % 64] = s->value * UINT64_C(0x9e3779b97f4a7c15);
        break;
    case 2:
        memset(w->control + s->port % (PAGE_SIZE - 64), s->value, 64);
        break;
    default:
        w->array[0][s->port % 1024] = s->value * 0x9e3779b9u;
        break;
    }
}

static void change(struct world_domain *w, const struct step *s, struct evtchn_work *work)
{
    struct evtchn_domain *d = &w->events;
    uint32_t port = s->port % PORTS, opened;

    switch (s->kind % 16) {
    case 0:
        (void)evtchn_alloc_unbound(d, s->other % (WORLD_DOMAINS + 1), &opened);
        break;
    case 1:
        (void)evtchn_bind_interdomain(d, &world[s->other % WORLD_DOMAINS].events, port, &opened, work);
        break;
    case 2:
        (void)evtchn_bind_virq(d, s->value % (EVTCHN_VIRQ_COUNT + 1), s->vcpu % (WORLD_VCPUS + 1), &opened);
        break;
    case 3:
        (void)evtchn_bind_ipi(d, s->vcpu % (WORLD_VCPUS + 1), &opened);
        break;
    case 4:
        (void)evtchn_bind_vcpu(d, port, s->vcpu % (WORLD_VCPUS + 1));
        break;
    case 5:
        (void)evtchn_close(d, s->value % 8 == 0 ? s->port : port);
        break;
    case 6:
        (void)evtchn_unmask(d, port, work);
        break;
    case 7:
        (void)evtchn_set_priority(d, port, s->value % 20);
        break;
    case 8:
        evtchn_raise_virq(d, s->value % EVTCHN_VIRQ_COUNT, s->vcpu % WORLD_VCPUS, work);
        break;
    case 9:
        (void)evtchn_poll_begin(d, s->vcpu % WORLD_VCPUS, (uint32_t[]){s->port, port}, s->value % 3);
        (void)evtchn_poll_over(d, s->vcpu % WORLD_VCPUS);
        break;
    case 10:
        (void)world_go_fifo(w);
        break;
    case 11:
        (void)world_expand(w);
        break;
    case 12:
        (void)evtchn_reset(d);
        break;
    case 13:
        scribble(w, s);
        break;
    case 14:
        if (s->value % 4 == 0) {
            w->answers = s->value % 8 == 0;
            (void)evtchn_hv_open(d, s->other % (WORLD_DOMAINS + 1), &world_hv_ops, &opened);
        } else {
            evtchn_hv_send(d, work);
        }
        break;
    default:
        (void)evtchn_send(d, port, work);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    world_make();
    for (; size >= STEP_BYTES; size -= STEP_BYTES, data += STEP_BYTES) {
        struct evtchn_work work = {0};
        struct step step;

        memcpy(&step, data, sizeof(step));
        change(&world[step.domain % WORLD_DOMAINS], &step, &work);
        world_apply(&work);
        check_pairs();
    }
    world_free();
    check(world_pages == 0);
    for (unsigned d = 0; d < WORLD_DOMAINS; d++) {
        check(world[d].pins == 0 && world[d].events.hv_port == 0);
        check((world[d].closed != 0) == (world[d].events.hv_ops != NULL));
    }
    memset(world, 0, sizeof(world));
    return 0;
}

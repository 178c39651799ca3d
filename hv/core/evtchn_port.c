/* SPDX-License-Identifier: Apache-2.0 */
/* evtchn_port.c - a domain's ports: a page of 256 channels at a time, taken when the first of them is needed
 * and given back with the last.
 *
 *     slabs -> | 0 | 1 | - | 3 | ...      used bits, undelivered bits, channels
 *               `-> ports 0-255            port 0 is nobody's
 *
 * In the FIFO layout a slab in which some queue's last port lies stays though no port of it is open: which
 * queue a port was linked into last is kept in its channel, and when the port is opened again that queue must
 * be told. The first slab stays until the reset. */
#include "core/evtchn_state.h"

#include "lib/error.h"
#include "lib/panic.h"

_Static_assert(sizeof(struct evtchn_slab) <= PAGE_SIZE, "a slab is a page");
_Static_assert(EVTCHN_SLAB_MAX * sizeof(struct evtchn_slab *) <= PAGE_SIZE, "the slabs' pointers are a page");

uint32_t evtchn_port_limit(const struct evtchn_domain *domain)
{
    uint32_t layout = domain->fifo ? EVTCHN_FIFO_NR_CHANNELS : EVTCHN_2L_NR_CHANNELS;

    return domain->port_limit < layout ? domain->port_limit : layout;
}

static bool is_used(const struct evtchn_slab *slab, unsigned index)
{
    return (slab->used[index / 64] & BIT64(index % 64)) != 0;
}

struct evtchn *evtchn_port_find(const struct evtchn_domain *domain, uint32_t port)
{
    struct evtchn_slab *slab;

    if (port == 0 || port >= evtchn_port_limit(domain)) {
        return NULL;
    }
    slab = evtchn_slab_of(domain, port);
    if (slab == NULL || !is_used(slab, port % EVTCHN_SLAB_PORTS)) {
        return NULL;
    }
    return &slab->channel[port % EVTCHN_SLAB_PORTS];
}

/* The slab of number @index, made if it is not there; NULL. */
static struct evtchn_slab *slab_make(struct evtchn_domain *domain, unsigned index)
{
    if (domain->slabs == NULL) {
        domain->slabs = evtchn_machine->page_alloc();
    }
    if (domain->slabs == NULL) {
        return NULL;
    }
    if (domain->slabs[index] == NULL) {
        domain->slabs[index] = evtchn_machine->page_alloc();
        domain->slab_end = index < domain->slab_end ? domain->slab_end : index + 1;
        if (index == 0 && domain->slabs[0] != NULL) {
            domain->slabs[0]->used[0] = 1; /* Port 0. */
        }
    }
    return domain->slabs[index];
}

/* The first free port of @slab; EVTCHN_SLAB_PORTS: none. */
static unsigned free_index(const struct evtchn_slab *slab)
{
    for (unsigned word = 0; word < EVTCHN_SLAB_WORDS; word++) {
        if (slab->used[word] != UINT64_MAX) {
            return word * 64 + (unsigned)__builtin_ctzll(~slab->used[word]);
        }
    }
    return EVTCHN_SLAB_PORTS;
}

int evtchn_port_take(struct evtchn_domain *domain, enum evtchn_state state, uint32_t *port)
{
    uint32_t limit = evtchn_port_limit(domain);

    if (domain->closed) {
        return -ENOSPC;
    }
    for (unsigned i = domain->room_slab; i * EVTCHN_SLAB_PORTS < limit; i++) {
        struct evtchn_slab *slab = slab_make(domain, i);
        unsigned index;
        struct evtchn *channel;

        if (slab == NULL) {
            return -ENOMEM;
        }
        index = free_index(slab);
        if (index == EVTCHN_SLAB_PORTS) {
            domain->room_slab = i + 1;
            continue;
        }
        if (i * EVTCHN_SLAB_PORTS + index >= limit) {
            break;
        }
        slab->used[index / 64] |= BIT64(index % 64);
        slab->used_count++;
        channel = &slab->channel[index];
        channel->state = (uint8_t)state;
        channel->vcpu = 0;
        channel->priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
        *port = i * EVTCHN_SLAB_PORTS + index;
        return 0;
    }
    return -ENOSPC;
}

void evtchn_port_free(struct evtchn_domain *domain, uint32_t port)
{
    unsigned index = port / EVTCHN_SLAB_PORTS, bit = port % EVTCHN_SLAB_PORTS;
    struct evtchn_slab *slab = domain->slabs[index];

    ASSERT(is_used(slab, bit));
    slab->used[bit / 64] &= ~BIT64(bit % 64);
    slab->undelivered[bit / 64] &= ~BIT64(bit % 64);
    slab->used_count--;
    slab->channel[bit].state = EVTCHN_FREE;
    if (index < domain->room_slab) {
        domain->room_slab = index;
    }
    if (slab->used_count == 0 && index != 0 &&
        !evtchn_fifo_has_tail(domain, index * EVTCHN_SLAB_PORTS, EVTCHN_SLAB_PORTS)) {
        evtchn_machine->page_free(slab);
        domain->slabs[index] = NULL;
    }
}

uint32_t evtchn_port_next(const struct evtchn_domain *domain, uint32_t from)
{
    for (uint32_t port = from; port < domain->slab_end * EVTCHN_SLAB_PORTS;) {
        const struct evtchn_slab *slab = domain->slabs[port / EVTCHN_SLAB_PORTS];
        uint64_t used;

        if (slab == NULL || slab->used_count == 0) {
            port = (port / EVTCHN_SLAB_PORTS + 1) * EVTCHN_SLAB_PORTS;
            continue;
        }
        used = slab->used[port % EVTCHN_SLAB_PORTS / 64] & (UINT64_MAX << (port % 64));
        used &= port < 64 ? ~UINT64_C(1) : UINT64_MAX;
        if (used != 0) {
            return (port & ~63u) + (uint32_t)__builtin_ctzll(used);
        }
        port = (port & ~63u) + 64;
    }
    return 0;
}

void evtchn_port_free_all(struct evtchn_domain *domain)
{
    unsigned end = 0;

    for (unsigned i = 0; i < domain->slab_end; i++) {
        struct evtchn_slab *slab = domain->slabs[i];

        if (slab != NULL && slab->used_count == 0) {
            evtchn_machine->page_free(slab);
            domain->slabs[i] = NULL;
        } else if (slab != NULL) {
            ASSERT(slab->used_count == 1 && evtchn_slab_of(domain, domain->hv_port) == slab);
            end = i + 1;
        }
    }
    domain->room_slab = 0;
    domain->slab_end = end;
    if (end == 0 && domain->slabs != NULL) {
        evtchn_machine->page_free(domain->slabs);
        domain->slabs = NULL;
    }
}

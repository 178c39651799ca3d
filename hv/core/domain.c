/* SPDX-License-Identifier: Apache-2.0 */
/* domain.c - which domains there are; pausing one, stopping it, crashing it alone. */
#include "core/domain.h"

#include <stdatomic.h>

#include "arch/cache.h"
#include "arch/mmu.h"
#include "base/page_alloc.h"
#include "core/domain_list.h"
#include "core/grant_table.h"
#include "core/trace.h"
#include "lib/abi.h"
#include "lib/error.h"
#include "lib/panic.h"

/* By id modulo DOMAIN_MAX: core/domain_list.h. Changed by one caller at a time, read by all. */
static _Atomic(struct domain *) domains[DOMAIN_MAX];
static uint16_t last_id;
static _Atomic unsigned running_count;

struct domain *domain_get(uint16_t id)
{
    struct domain *domain = atomic_load_explicit(&domains[id % DOMAIN_MAX], memory_order_acquire);

    return domain != NULL && domain->id == id ? domain : NULL;
}

struct domain *domain_at(unsigned place)
{
    return atomic_load_explicit(&domains[place], memory_order_acquire);
}

struct domain *domain_next(unsigned from)
{
    struct domain *next = NULL;

    for (unsigned i = 0; i < DOMAIN_MAX; i++) {
        struct domain *domain = domain_at(i);

        if (domain != NULL && domain->id >= from && (next == NULL || domain->id < next->id)) {
            next = domain;
        }
    }
    return next;
}

static bool is_free(unsigned id)
{
    return atomic_load_explicit(&domains[id % DOMAIN_MAX], memory_order_relaxed) == NULL;
}

int domain_choose_id(uint16_t wish, bool privileged, uint16_t *out)
{
    unsigned id = last_id;

    if (privileged || wish != 0) {
        *out = wish;
        return is_free(wish) ? 0 : -EEXIST;
    }
    for (unsigned tries = 0; tries < DOMAIN_MAX; tries++) {
        id = id + 1 < DOMID_FIRST_RESERVED ? id + 1 : 1;
        if (id % DOMAIN_MAX != 0 && is_free(id)) { /* The control domain's place is kept, come it or not. */
            last_id = (uint16_t)id;
            *out = last_id;
            return 0;
        }
    }
    return -ENOSPC;
}

void domain_list_add(struct domain *domain)
{
    atomic_fetch_add(&running_count, 1);
    atomic_store_explicit(&domains[domain->id % DOMAIN_MAX], domain, memory_order_release);
}

void domain_list_remove(struct domain *domain)
{
    atomic_store_explicit(&domains[domain->id % DOMAIN_MAX], NULL, memory_order_relaxed);
}

struct physmap *physmap_of(uint16_t owner)
{
    struct domain *domain = domain_get(owner);

    return domain != NULL ? &domain->physmap : NULL;
}

static unsigned order_of(size_t size_bytes)
{
    unsigned order = 0;

    while ((PAGE_SIZE << order) < size_bytes) {
        order++;
    }
    return order;
}

void *hv_alloc(size_t size_bytes)
{
    unsigned order = order_of(size_bytes);
    pa_t addr;

    if (page_alloc(order, DOMID_HV, &addr) != 0) {
        return NULL;
    }
    cache_zero_pages(mmu_direct(addr), PAGE_SIZE << order);
    return mmu_direct(addr);
}

void hv_free(void *memory, size_t size_bytes)
{
    if (memory != NULL) {
        page_free(mmu_direct_pa(memory), order_of(size_bytes), DOMID_HV);
    }
}

int domain_add_ram(struct domain *domain, ipa_t addr, unsigned order)
{
    pa_t ram;
    int error = page_alloc(order, domain->id, &ram);

    if (error != 0) {
        return error;
    }
    /* A domain never sees what was there before, with its caches on or off. */
    cache_zero_publish(mmu_direct(ram), PAGE_SIZE << order);
    spin_lock(&domain->physmap.lock);
    error = stage2_map(&domain->physmap.stage2, addr, ram, PAGE_SIZE << order, STAGE2_RAM);
    spin_unlock(&domain->physmap.lock);
    if (error != 0) {
        page_free(ram, order, domain->id);
        return error;
    }
    physmap_add_built(&domain->physmap, (addr.v >> PAGE_SHIFT) + BIT64(order) - 1, BIT64(order));
    return 0;
}

struct grant_table *grant_table_of(uint16_t owner)
{
    struct domain *domain = domain_get(owner);

    return domain != NULL ? domain->grants : NULL;
}

unsigned domain_count_out(void)
{
    return atomic_fetch_sub(&running_count, 1) - 1;
}

void domain_pause(struct domain *domain)
{
    spin_lock(&domain->power_lock);
    domain->pause_count++;
    for (unsigned i = 0; domain->pause_count == 1 && i < domain->vcpu_count; i++) {
        vcpu_hold(domain->vcpu[i]);
    }
    spin_unlock(&domain->power_lock);
}

void domain_unpause(struct domain *domain)
{
    spin_lock(&domain->power_lock);
    ASSERT(domain->pause_count != 0);
    domain->pause_count--;
    for (unsigned i = 0; domain->pause_count == 0 && i < domain->vcpu_count; i++) {
        vcpu_go_on(domain->vcpu[i]);
    }
    spin_unlock(&domain->power_lock);
}

bool domain_is_off(const struct domain *domain)
{
    bool off = true;

    for (unsigned i = 0; i < domain->vcpu_made; i++) {
        off = off && vcpu_is_off(domain->vcpu[i]);
    }
    return off;
}

bool domain_stop(struct domain *domain, enum shutdown_reason reason)
{
    bool first;

    /* No vCPU is being switched on meanwhile: PSCI looks at "stopped" under it. */
    spin_lock(&domain->power_lock);
    first = !atomic_exchange(&domain->stopped, true);
    for (unsigned i = 0; first && i < domain->vcpu_made; i++) {
        vcpu_hold(domain->vcpu[i]);
    }
    spin_unlock(&domain->power_lock);
    if (first && !domain->shutdown_named) {
        domain->reason = reason;
    }
    return first;
}

/* A toolstack looks at what a stopped domain left, before it destroys it; without one nobody does. */
static bool stop(struct domain *domain, enum shutdown_reason reason)
{
    bool first = domain_stop(domain, reason);

    if (first) {
        trace_put(TRC_SCHED_SHUTDOWN, (uint32_t[]){domain->id, 0, (uint32_t)reason}, 3);
    }
    if (first && domain_get(DOMID_CONTROL) == NULL) {
        domain_let_go(domain);
    }
    return first;
}

void domain_shutdown(struct domain *domain, enum shutdown_reason reason)
{
    if (stop(domain, reason)) {
        domain_end(domain);
    }
}

int domain_name_shutdown(struct domain *domain, enum shutdown_reason reason)
{
    int error = 0;

    spin_lock(&domain->power_lock);
    if (domain->shutdown_named || atomic_load(&domain->stopped)) {
        error = -EBUSY;
    } else {
        domain->shutdown_named = true;
        domain->reason = reason;
    }
    spin_unlock(&domain->power_lock);
    return error;
}

void domain_crash(struct vcpu *vcpu, const char *why)
{
    struct domain *domain = vcpu->domain;

    if (stop(domain, SHUTDOWN_CRASH)) {
        domain->end.why = why;
        vcpu_dump_take(vcpu, &domain->end.crash);
        domain_end(domain);
    }
}

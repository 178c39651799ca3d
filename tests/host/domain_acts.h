/* SPDX-License-Identifier: Apache-2.0 */
/* domain_acts.h - random acts of the domains of domain_machine.h, whose every answer its model foretells. For
 * tests and the fuzzer: they define machine_random(limit) and MACHINE_CHECK(condition) before. */
#ifndef TESTS_HOST_DOMAIN_ACTS_H
#define TESTS_HOST_DOMAIN_ACTS_H

#include "domain_machine.h"

static unsigned any_domain(void)
{
    return (unsigned)machine_random(DOMAINS);
}

/* Mostly few frames, so that acts meet. */
static uint64_t any_place(void)
{
    return machine_random(4) != 0 ? machine_random(24) : machine_random(WINDOW);
}

static void act_populate(unsigned d, uint64_t at, uint64_t pages)
{
    struct model_domain *domain = &m.domain[d];
    uint64_t gfn = first_gfn(d) + at, done = 0;
    int error;

    do {
        error = physmap_populate(&domain->map, gfn, pages, &done);
    } while (error == PHYSMAP_AGAIN);
    if (domain->place[at].kind == PLACE_GRANT && (d != 0 || m.owner[at] == 0)) {
        MACHINE_CHECK(error == -EBUSY);
        return;
    }
    if (d == 0) { /* Its own page, or none. */
        MACHINE_CHECK(error == (m.owner[at] == 0 ? 0 : -EINVAL));
    } else if (domain->pages >= PAGE_LIMIT) {
        MACHINE_CHECK(error == -ENOMEM);
    } else {
        MACHINE_CHECK(error == 0);
    }
    for (uint64_t i = 0; error == 0 && i < done; i++) {
        struct stage2_entry entry = stage2_find(&domain->map.stage2, ipa((gfn + i) * PAGE_SIZE));
        uint64_t page = number_of(entry.to);

        if (d != 0) {
            MACHINE_CHECK(m.owner[page] == -1 && m.holders[page] == 0);
            for (unsigned b = 0; b < PAGE_SIZE; b += 64) {
                MACHINE_CHECK(m.ram[page][b] == 0);
            }
            domain->pages++;
            m.owner[page] = (int16_t)d;
            model_drop(d, &domain->place[at + i]);
        } else {
            MACHINE_CHECK(page == at);
            if (domain->place[at].kind != PLACE_OWN) {
                model_drop(d, &domain->place[at]);
            }
        }
        memset(m.ram[page], 0x5a, PAGE_SIZE);
        domain->place[at + i] = (struct place){PLACE_OWN, page, true};
    }
}

static void act_unmap(unsigned d, uint64_t at, bool own)
{
    struct place *place = &m.domain[d].place[at];
    bool there = place->kind == PLACE_OWN || (place->kind == PLACE_FOREIGN && !own);
    int error;

    do {
        error = physmap_unmap(&m.domain[d].map, first_gfn(d) + at, own);
    } while (error == PHYSMAP_AGAIN);
    MACHINE_CHECK(error == (there ? 0 : -ENOENT));
    if (there) {
        model_drop(d, place);
    }
}

static void act_foreign(unsigned d, uint64_t at, unsigned from, uint64_t from_at)
{
    const struct place *source = &m.domain[from].place[from_at];
    struct place *place = &m.domain[d].place[at];
    pa_t page;
    int error = physmap_use(&m.domain[from].map, first_gfn(from) + from_at, &page);

    MACHINE_CHECK(error == (source->kind == PLACE_OWN ? 0 : -EINVAL));
    if (error != 0) {
        return;
    }
    MACHINE_CHECK(number_of(page) == source->page);
    m.holders[number_of(page)]++;
    do {
        error = physmap_map(&m.domain[d].map, first_gfn(d) + at, page, STAGE2_FOREIGN);
    } while (error == PHYSMAP_AGAIN);
    MACHINE_CHECK(error == (place->kind == PLACE_GRANT ? -EBUSY : 0));
    if (error != 0) {
        physmap_put_page(page);
        model_unhold(number_of(page));
        return;
    }
    model_drop(d, place);
    *place = (struct place){PLACE_FOREIGN, number_of(page), true};
}

/* The domain writes whatever it likes to an entry, in use or not. */
static void act_write_entry(unsigned d, uint32_t ref)
{
    if (ref_exists(d, ref)) {
        struct grant_entry_v1 *entry = entry_at(d, ref);

        entry->flags = (uint16_t)(machine_random(3) != 0 ? GTF_permit_access | machine_random(8) << 2
                                                         : machine_random(0x10000));
        entry->domid = (uint16_t)machine_random(DOMAINS + 1);
        entry->frame = (uint32_t)(first_gfn(d) + any_place());
    }
}

static void act_map(unsigned d, unsigned from, uint32_t ref, bool write, uint64_t at)
{
    struct model_domain *domain = &m.domain[d];
    struct model_map *map = &m.mapped[m.mapped_count];
    uint64_t page = 0;
    int wanted = model_pin_status(d, from, ref, write, &page);
    pa_t found;
    int status;

    if (m.mapped_count == MAPS_MAX) {
        return;
    }
    if (domain->closed || (wanted == GNTST_okay && domain->place[at].kind == PLACE_GRANT)) {
        wanted = GNTST_general_error;
    }
    *map = (struct model_map){.by = d, .from = from, .ref = ref, .gfn = first_gfn(d) + at, .write = write};
    do {
        status = grant_map(&domain->maps, (uint16_t)from, ref, write, map->gfn, &map->handle, &found);
    } while (status == PHYSMAP_AGAIN);
    MACHINE_CHECK(status == wanted);
    if (status == GNTST_okay) {
        MACHINE_CHECK(number_of(found) == page);
        model_pin(d, from, ref, write, page);
        model_drop(d, &domain->place[at]);
        domain->place[at] = (struct place){PLACE_GRANT, page, write};
        m.mapped_count++;
    }
}

static void model_unmap(unsigned which)
{
    struct model_map map = m.mapped[which];

    m.domain[map.by].place[map.gfn - first_gfn(map.by)].kind = PLACE_HOLE;
    model_unpin(map.from, map.ref, map.write);
    m.mapped[which] = m.mapped[--m.mapped_count];
}

static void act_unmap_grant(unsigned which, bool wrong)
{
    struct model_map *map = &m.mapped[which];
    struct grant_maps *maps = &m.domain[map->by].maps;

    if (wrong) {
        MACHINE_CHECK(grant_unmap(maps, map->handle, map->gfn + 1) == GNTST_general_error);
        MACHINE_CHECK(grant_unmap(maps, UINT32_MAX - map->handle, map->gfn) == GNTST_bad_handle);
        return;
    }
    MACHINE_CHECK(grant_unmap(maps, map->handle, map->gfn) == GNTST_okay);
    MACHINE_CHECK(grant_unmap(maps, map->handle, map->gfn) == GNTST_bad_handle);
    model_unmap(which);
}

/* As a copy does: pinned and unpinned. */
static void act_pin(unsigned user, unsigned from, uint32_t ref, bool write)
{
    uint64_t page = 0;
    int wanted = model_pin_status(user, from, ref, write, &page);
    pa_t found;

    MACHINE_CHECK(grant_pin(&m.domain[from].table, ref, (uint16_t)user, write, &found) == wanted);
    if (wanted == GNTST_okay) {
        MACHINE_CHECK(number_of(found) == page);
        model_pin(user, from, ref, write, page);
        grant_unpin(&m.domain[from].table, ref, write);
        model_unpin(from, ref, write);
    }
}

static void act_swap(unsigned d, uint32_t a, uint32_t b)
{
    int wanted = !ref_exists(d, a) || !ref_exists(d, b)                             ? GNTST_bad_gntref
                 : m.domain[d].grant[a].pins != 0 || m.domain[d].grant[b].pins != 0 ? GNTST_eagain
                                                                                    : GNTST_okay;

    MACHINE_CHECK(grant_swap(&m.domain[d].table, a, b) == wanted);
}

static void act_stop(unsigned d)
{
    grant_maps_close(&m.domain[d].maps);
    m.domain[d].closed = true;
    while (!grant_unmap_some(&m.domain[d].maps)) {
    }
    for (unsigned i = m.mapped_count; i-- > 0;) {
        if (m.mapped[i].by == d) {
            model_unmap(i);
        }
    }
    while (!physmap_drop_foreign(&m.domain[d].map)) {
    }
    for (unsigned i = 0; i < WINDOW; i++) {
        if (m.domain[d].place[i].kind == PLACE_FOREIGN) {
            model_drop(d, &m.domain[d].place[i]);
        }
    }
}

static void machine_act(void)
{
    unsigned d = any_domain(), from = any_domain();
    uint64_t at = any_place();
    uint32_t ref = (uint32_t)(machine_random(4) != 0 ? machine_random(6) : machine_random(REFS));

    switch (machine_random(12)) {
    case 0:
        act_populate(d, at, 1);
        break;
    case 1:
        act_populate(d, machine_random(2) * 512, machine_random(4) == 0 ? 512 : 1);
        break;
    case 2:
    case 3:
        act_unmap(d, at, machine_random(2) == 0);
        break;
    case 4:
        act_foreign(d, at, from, any_place());
        break;
    case 5:
    case 6:
        act_write_entry(from, ref);
        break;
    case 7:
    case 8:
        act_map(d, from, ref, machine_random(2) == 0, at);
        break;
    case 9:
        if (m.mapped_count != 0) {
            act_unmap_grant((unsigned)machine_random(m.mapped_count), machine_random(8) == 0);
        }
        break;
    case 10:
        act_pin(d, from, ref, machine_random(2) == 0);
        break;
    default:
        if (machine_random(8) == 0) {
            MACHINE_CHECK(grant_table_grow(&m.domain[d].table, 1 + (unsigned)machine_random(4)) <= 0);
        }
        act_swap(d, ref, (uint32_t)machine_random(6));
        break;
    }
}

/* What is mapped, counted and free is what the model says. */
static void machine_check(void)
{
    uint64_t used = 0;

    for (unsigned i = 0; i < RAM_PAGES; i++) {
        used += m.owner[i] != -1 ? 1 : 0;
        MACHINE_CHECK(m.owner[i] == -1 || page_owner(pa((RAM_FIRST + i) * PAGE_SIZE)) == m.owner[i]);
    }
    for (unsigned d = 0; d < DOMAINS; d++) {
        struct model_domain *domain = &m.domain[d];

        MACHINE_CHECK(atomic_load(&domain->map.page_count) == domain->pages);
        used += domain->map.stage2.table_count + 2; /* A root of two pages. */
        used += domain->map.raw ? BIT64(domain->map.raw_order) : 0;
        used +=
            3 * domain->table.frame_count + domain->maps.page_count + (domain->maps.pages != NULL ? 2 : 0);
        for (unsigned i = 0; i < WINDOW; i++) {
            const struct place *place = &domain->place[i];
            struct stage2_entry entry = stage2_find(&domain->map.stage2, ipa((first_gfn(d) + i) * PAGE_SIZE));

            MACHINE_CHECK(entry.mapped == (place->kind != PLACE_HOLE));
            MACHINE_CHECK(!entry.mapped || number_of(entry.to) == place->page);
            MACHINE_CHECK(!entry.mapped || (entry.type == STAGE2_RAM) == (place->kind == PLACE_OWN));
            MACHINE_CHECK(!entry.mapped || (entry.type == STAGE2_GRANT_RO) == !place->write);
        }
    }
    MACHINE_CHECK(page_free_bytes() == (RAM_PAGES - used) * PAGE_SIZE);
}

/* The toolstack destroys domain @d, which is not the direct-mapped one; what others use of it stays theirs.
 */
static void act_die(unsigned d)
{
    act_stop(d);
    while (!physmap_end_some(&m.domain[d].map)) {
    }
    for (unsigned i = 0; i < WINDOW; i++) {
        model_drop(d, &m.domain[d].place[i]);
    }
    MACHINE_CHECK(m.domain[d].map.stage2.table_count == 0);
    MACHINE_CHECK(physmap_unmap(&m.domain[d].map, WINDOW_GFN, false) == -ENOENT);
}

/* All that was taken comes back, whoever goes first. */
static void machine_end(void)
{
    unsigned first = (unsigned)machine_random(DOMAINS);

    for (unsigned i = 0; i < DOMAINS; i++) {
        unsigned d = (first + i) % DOMAINS;

        if (d != 0) {
            act_die(d);
            machine_check();
        } else {
            act_stop(d);
            for (unsigned at = 0; at < WINDOW; at++) {
                if (m.domain[d].place[at].kind != PLACE_HOLE) {
                    act_unmap(d, at, false);
                }
            }
        }
    }
    MACHINE_CHECK(m.mapped_count == 0);
    machine_check();
    for (unsigned i = 0; i < RAM_PAGES; i++) {
        MACHINE_CHECK(m.owner[i] == (i < DIRECT_PAGES ? 0 : -1) && m.holders[i] == 0);
    }
    for (unsigned d = 1; d < DOMAINS; d++) {
        MACHINE_CHECK(atomic_load(&m.domain[d].map.page_count) == 0);
        while (!grant_table_free_some(&m.domain[d].table) || !grant_maps_free_some(&m.domain[d].maps)) {
        }
        physmap_free(&m.domain[d].map);
        MACHINE_CHECK(page_owned_bytes((uint16_t)d) + page_owned_bytes(table_owner((uint16_t)d)) == 0);
    }
}

#endif

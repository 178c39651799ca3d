/* SPDX-License-Identifier: Apache-2.0 */
/* domain_machine.h - three domains with memory and grants on a small machine, and a slow model of who has
 * what. For domain_acts.h, whose users define MACHINE_CHECK(condition). */
#ifndef TESTS_HOST_DOMAIN_MACHINE_H
#define TESTS_HOST_DOMAIN_MACHINE_H

#include <string.h>

#include "arch/mmu.h"
#include "base/page_alloc.h"
#include "core/grant_map.h"
#include "core/grant_pin.h"
#include "core/physmap.h"
#include "lib/abi.h"
#include "lib/error.h"

#define DOMAINS 3u      /* Domain 0 is direct-mapped. */
#define RAM_PAGES 8192u /* 32 MiB, from 1 GiB on. */
#define RAM_FIRST (GIB(1) / PAGE_SIZE)
#define WINDOW 1024u    /* Frames of a domain that acts are about: two blocks of 2 MiB, */
#define WINDOW_GFN 512u /* the first of which this is. */
#define PAGE_LIMIT 1100u
#define DIRECT_PAGES 512u
#define REFS 1040u /* Of up to three frames. */
#define MAPS_MAX 4096u

enum place_kind {
    PLACE_HOLE,
    PLACE_OWN,
    PLACE_FOREIGN,
    PLACE_GRANT,
};

struct place {
    enum place_kind kind;
    uint64_t page; /* Its number in RAM. */
    bool write;
};

struct model_grant {
    unsigned pins, writers;
    uint16_t user;
    uint64_t page;
};

struct model_map { /* A grant mapped. */
    unsigned by, from;
    uint32_t ref, handle;
    uint64_t gfn;
    bool write;
};

struct model_domain {
    struct physmap map;
    struct grant_table table;
    struct grant_maps maps;
    struct place place[WINDOW];
    struct model_grant grant[REFS];
    uint64_t pages;
    bool closed;
};

static struct {
    uint8_t ram[RAM_PAGES][PAGE_SIZE] __attribute__((aligned(4096)));
    uint64_t frames[RAM_PAGES];
    struct model_domain domain[DOMAINS];
    /* Of each page: whose RAM it is, who else holds it, and whether it was given back meanwhile. */
    int16_t owner[RAM_PAGES];
    unsigned holders[RAM_PAGES];
    bool given[RAM_PAGES];
    struct model_map mapped[MAPS_MAX];
    unsigned mapped_count;
    unsigned waits;
    unsigned forgets;            /* All of an address space, by all TLBs; */
    uint64_t forgets_free_bytes; /* and how much was free then. */
} m;

struct physmap *physmap_of(uint16_t owner)
{
    return owner < DOMAINS ? &m.domain[owner].map : NULL;
}

struct grant_table *grant_table_of(uint16_t owner)
{
    return owner < DOMAINS ? &m.domain[owner].table : NULL;
}

void physmap_wait_copies(uint16_t owner)
{
    MACHINE_CHECK(owner < DOMAINS);
    m.waits++;
}

static uint64_t *machine_table_at(pa_t table)
{
    return mmu_direct(table);
}

static void machine_zero_page(pa_t page)
{
    memset(mmu_direct(page), 0, PAGE_SIZE);
}

static void machine_invalidate(uint16_t vmid, ipa_t addr, uint64_t size_bytes)
{
    (void)vmid;
    (void)addr;
    if (size_bytes == BIT64(stage2_ipa_bits())) {
        m.forgets++;
        m.forgets_free_bytes = page_free_bytes();
    }
}

static uint64_t first_gfn(unsigned d)
{
    return d == 0 ? RAM_FIRST : WINDOW_GFN; /* The direct-mapped one's RAM is part of its window. */
}

static uint64_t number_of(pa_t page)
{
    uint64_t number = page.v / PAGE_SIZE - RAM_FIRST;

    MACHINE_CHECK(number < RAM_PAGES);
    return number;
}

static void machine_init(void)
{
    static const struct stage2_machine machine = {
        .table_at = machine_table_at, .zero_page = machine_zero_page, .invalidate_ipa = machine_invalidate};
    pa_t block;

    memset(m.frames, 0, sizeof(m.frames));
    memset(m.domain, 0, sizeof(m.domain));
    memset(m.holders, 0, sizeof(m.holders));
    memset(m.given, 0, sizeof(m.given));
    m.mapped_count = 0;
    host_ram = m.ram;
    host_ram_base = GIB(1);
    page_pool_init((struct page *)(void *)m.frames, pa(GIB(1)), RAM_PAGES);
    page_pool_add(pa(GIB(1)), sizeof(m.ram));
    stage2_setup(&machine, 40);
    for (unsigned i = 0; i < RAM_PAGES; i++) {
        m.owner[i] = -1;
    }
    MACHINE_CHECK(page_alloc(9, 0, &block) == 0); /* The lowest block: inside the window. */
    MACHINE_CHECK(block.v == GIB(1));
    for (unsigned d = 0; d < DOMAINS; d++) {
        struct model_domain *domain = &m.domain[d];

        MACHINE_CHECK(physmap_init(&domain->map, (uint16_t)d, (uint16_t)(d + 1), d == 0) == 0);
        MACHINE_CHECK(grant_table_init(&domain->table, &domain->map) == 0);
        grant_maps_init(&domain->maps, &domain->map);
        domain->table.frame_limit = 3;
        physmap_set_limit(&domain->map, PAGE_LIMIT);
    }
    MACHINE_CHECK(stage2_map(&m.domain[0].map.stage2, ipa(block.v), block, MIB(2), STAGE2_RAM) == 0);
    physmap_add_built(&m.domain[0].map, RAM_FIRST + DIRECT_PAGES - 1, DIRECT_PAGES);
    m.domain[0].pages = DIRECT_PAGES;
    for (unsigned i = 0; i < DIRECT_PAGES; i++) {
        m.owner[i] = 0;
        m.domain[0].place[i] = (struct place){PLACE_OWN, i, true};
    }
}

/* --- The model -------------------------------------------------------------------------------------------
 */

static void model_free(uint64_t page)
{
    m.domain[m.owner[page]].pages--;
    m.owner[page] = -1;
    m.given[page] = false;
}

static void model_unhold(uint64_t page)
{
    MACHINE_CHECK(m.holders[page] != 0);
    if (--m.holders[page] == 0 && m.given[page]) {
        model_free(page);
    }
}

/* What was at a place that is taken by something else. */
static void model_drop(unsigned d, struct place *place)
{
    if (place->kind == PLACE_OWN && d != 0) {
        if (m.holders[place->page] == 0) {
            model_free(place->page);
        } else {
            m.given[place->page] = true;
        }
    } else if (place->kind == PLACE_FOREIGN) {
        model_unhold(place->page);
    }
    place->kind = PLACE_HOLE;
}

static struct grant_entry_v1 *entry_at(unsigned d, uint32_t ref)
{
    struct grant_entry_v1 *entries = mmu_direct(m.domain[d].table.frames[ref / GRANTS_PER_FRAME].page);

    return &entries[ref % GRANTS_PER_FRAME];
}

static bool ref_exists(unsigned d, uint32_t ref)
{
    return ref / GRANTS_PER_FRAME < m.domain[d].table.frame_count;
}

/* What grant_pin() must say, and the page it must find. */
static int model_pin_status(unsigned user, unsigned from, uint32_t ref, bool write, uint64_t *page)
{
    struct model_grant *grant = &m.domain[from].grant[ref];
    const struct grant_entry_v1 *entry;
    bool allowed;
    uint64_t gfn;

    if (!ref_exists(from, ref)) {
        return GNTST_bad_gntref;
    }
    entry = entry_at(from, ref);
    allowed = (entry->flags & GTF_type_mask) == GTF_permit_access && entry->domid == user &&
              (!write || (entry->flags & GTF_readonly) == 0);
    *page = grant->page;
    if (grant->pins != 0) {
        return grant->user == user && (!write || grant->writers != 0 || allowed) ? GNTST_okay
                                                                                 : GNTST_general_error;
    }
    gfn = entry->frame - first_gfn(from);
    if (!allowed) {
        return GNTST_general_error;
    }
    if (gfn >= WINDOW || m.domain[from].place[gfn].kind != PLACE_OWN) {
        return GNTST_bad_page;
    }
    *page = m.domain[from].place[gfn].page;
    return GNTST_okay;
}

static void model_pin(unsigned user, unsigned from, uint32_t ref, bool write, uint64_t page)
{
    struct model_grant *grant = &m.domain[from].grant[ref];

    m.holders[page] += grant->pins == 0 ? 1 : 0;
    grant->pins++;
    grant->writers += write ? 1 : 0;
    grant->user = (uint16_t)user;
    grant->page = page;
    MACHINE_CHECK(entry_at(from, ref)->flags & GTF_reading || grant->pins > 1);
    MACHINE_CHECK(!write || grant->writers > 1 || entry_at(from, ref)->flags & GTF_writing);
}

static void model_unpin(unsigned from, uint32_t ref, bool write)
{
    struct model_grant *grant = &m.domain[from].grant[ref];

    grant->pins--;
    grant->writers -= write ? 1 : 0;
    MACHINE_CHECK(grant->pins != 0 || (entry_at(from, ref)->flags & (GTF_reading | GTF_writing)) == 0);
    MACHINE_CHECK(!write || grant->writers != 0 || (entry_at(from, ref)->flags & GTF_writing) == 0);
    if (grant->pins == 0) {
        model_unhold(grant->page);
    }
}

#endif

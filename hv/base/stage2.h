/* SPDX-License-Identifier: Apache-2.0 */
/* stage2.h - a domain's view of physical memory: IPA to PA, in tables that the domain owns. */
#ifndef BASE_STAGE2_H
#define BASE_STAGE2_H

#include "lib/pgtable.h"
#include "lib/types.h"

enum stage2_type {
    STAGE2_RAM,    /* Normal write-back, inner shareable, read write execute. */
    STAGE2_RAM_RO, /* The same, read only, no execute. */
    STAGE2_DEVICE, /* Device-nGnRE, read write, no execute. */
    /* A device of the domain whose own tables choose the memory type: read write, no execute. */
    STAGE2_DIRECT,
    /* Another owner's page, whose use this entry counts (page_get()); read write, no execute. */
    STAGE2_FOREIGN,
    STAGE2_FOREIGN_RO,
    STAGE2_GRANT, /* The same, by a grant: the grant's handle counts the use. */
    STAGE2_GRANT_RO,
};

struct stage2 {
    struct pgtable table;
    uint16_t owner;       /* Domain that owns the table pages. */
    uint16_t vmid;        /* 1-255. */
    uint64_t table_count; /* Table pages in use, root not counted. */
    uint64_t table_limit; /* As many there may be; stage2_init() sets none. */
    uint64_t free_from;   /* stage2_free_some()'s place. */
};

/* What stage2 needs of the machine; core/ provides it, host tests record it. */
struct stage2_machine {
    uint64_t *(*table_at)(pa_t table);
    void (*zero_page)(pa_t page);
    /* Forget what is mapped at the IPAs given, walk caches included, on all CPUs: dsb, TLBI IPAS2E1IS for
     * each page (or VMALLS12E1IS when there are many), dsb, VMALLE1IS, dsb, isb, with @vmid in VTTBR_EL2.
     * @size_bytes is the size of one entry of any level, or the whole space. */
    void (*invalidate_ipa)(uint16_t vmid, ipa_t addr, uint64_t size_bytes);
};

/* Fix the machine and the IPA size (@ipa_bits 32-48, no more than ID_AA64MMFR0_EL1.PARange says). Chooses
 * start level and root concatenation. Boot CPU, once. */
void stage2_setup(const struct stage2_machine *machine, unsigned ipa_bits);
unsigned stage2_ipa_bits(void);

/* VTCR_EL2's T0SZ and SL0 fields for that choice (Arm ARM D13.2.150); the caller adds PS, cacheability,
 * granule. */
uint64_t stage2_vtcr_fields(void);

/* An empty address space. @s2 must not be moved afterwards. Returns 0 or -ENOMEM. */
int stage2_init(struct stage2 *s2, uint16_t owner, uint16_t vmid);

/* The caller serialises changes of one stage2 (domain's memory lock). Errors as pgtable_map() and
 * pgtable_unmap(). While a block is split or replaced it is not mapped for a moment: a fault there is only a
 * fault if stage2_lookup() under the lock says so. */
int stage2_map(struct stage2 *s2, ipa_t addr, pa_t to, uint64_t size_bytes, enum stage2_type type);
int stage2_unmap(struct stage2 *s2, ipa_t addr, uint64_t size_bytes);

/* pgtable_join() at @addr. */
bool stage2_join(struct stage2 *s2, ipa_t addr);

/* Returns 0 and where @addr is (byte exact), its type and the bytes from there to the end of the mapping
 * entry, each of which may be NULL; -ENOENT. Under the same lock as changes. */
int stage2_lookup(const struct stage2 *s2, ipa_t addr, pa_t *to, enum stage2_type *type,
                  uint64_t *left_bytes);

/* What stands at @addr: a mapping, of which @to and @type tell, or a hole; and the size of its entry. */
struct stage2_entry {
    bool mapped;
    pa_t to; /* Byte exact. */
    enum stage2_type type;
    uint64_t bytes;
};
struct stage2_entry stage2_find(const struct stage2 *s2, ipa_t addr);

/* All TLBs forget the VMID's translations. Nobody has it loaded, so there are none until somebody does. */
void stage2_forget(struct stage2 *s2);

/* Free some of the tables; nothing is mapped any more afterwards, and no CPU may have the VMID loaded.
 * Returns whether all are free. */
bool stage2_free_some(struct stage2 *s2);

/* Free all tables and the root and invalidate the VMID, so that it can be given out again. No CPU may have it
 * loaded. In one go: the time grows with the number of table pages, of which stage2_free_some() leaves none.
 */
void stage2_destroy(struct stage2 *s2);

#endif

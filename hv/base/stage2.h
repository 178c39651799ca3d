/* SPDX-License-Identifier: Apache-2.0 */
/* stage2.h - a domain's view of physical memory: IPA to PA, on lib/pgtable.h, with the domain as owner of its tables. */
#ifndef BASE_STAGE2_H
#define BASE_STAGE2_H

#include "lib/pgtable.h"
#include "lib/types.h"

enum stage2_type {
    STAGE2_RAM,    /* Normal write-back, inner shareable, read write execute. */
    STAGE2_RAM_RO, /* The same, read only, no execute. */
    STAGE2_DEVICE, /* Device-nGnRE, read write, no execute. */
};

struct stage2 {
    struct pgtable table;
    uint16_t owner;       /* Domain that owns the table pages. */
    uint16_t vmid;        /* 1-255. */
    uint64_t table_count; /* Table pages in use, root not counted. */
};

/* What stage2 needs of the machine; core/ provides it, host tests record it. */
struct stage2_machine {
    uint64_t *(*table_at)(pa_t table);
    void (*zero_page)(pa_t page);
    void (*invalidate_ipa)(uint16_t vmid, ipa_t addr, uint64_t size_bytes); /* TLBI IPAS2E1IS + VMALLE1IS of the VMID, with barriers. */
};

/* Fix the machine and the IPA size (@ipa_bits 32-48). Chooses start level and root concatenation. Boot CPU, once. */
void stage2_setup(const struct stage2_machine *machine, unsigned ipa_bits);

/* VTCR_EL2's T0SZ and SL0 fields for that choice (Arm ARM D13.2.150); the caller adds PS, cacheability, granule. */
uint64_t stage2_vtcr_fields(void);

/* An empty address space. Returns 0 or -ENOMEM. */
int stage2_init(struct stage2 *s2, uint16_t owner, uint16_t vmid);

/* The caller serialises changes of one stage2 (domain's memory lock). Errors as pgtable_map() and pgtable_unmap(). */
int stage2_map(struct stage2 *s2, ipa_t addr, pa_t to, uint64_t size_bytes, enum stage2_type type);
int stage2_unmap(struct stage2 *s2, ipa_t addr, uint64_t size_bytes);

/* Returns 0 and where @addr is (byte exact), its type and the bytes from there to the end of the mapping entry; -ENOENT. */
int stage2_lookup(const struct stage2 *s2, ipa_t addr, pa_t *to, enum stage2_type *type, uint64_t *left_bytes);

/* Free all tables and the root. */
void stage2_destroy(struct stage2 *s2);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* stage2.c - a domain's IPA space on lib/pgtable.h: attributes, the shape of the root, owned table pages.
 *
 * Entry bits of stage 2 (Arm ARM DDI 0487, D5.3.3), type and address apart:
 *
 *     58:55        software's: bit 55 another owner's page, bit 56 by a grant
 *     54  XN       no execution at EL1 and EL0 (XN[1]; XN[0], bit 53, is 0 with and without FEAT_XNX)
 *     10  AF       access flag: 0 would fault
 *     9:8 SH       0b11 inner shareable; device memory is outer shareable whatever it says: 0b10
 *     7:6 S2AP     bit 6 read, bit 7 write
 *     5:2 MemAttr  0b1111 normal, outer and inner write-back; 0b0001 Device-nGnRE
 *
 * The root. A walk may start at level 1 for 31 to 43 bits and at level 0 for 40 to 48, the start table being
 * up to 16 pages in a row, aligned to their size. Level 1 is taken where it reaches: one step less a walk,
 * and still 1 GiB blocks:
 *
 *     IPA bits      32 - 39   40   41   42   43   44 - 48
 *     start level   1         1    1    1    1    0
 *     root pages    1         2    4    8    16   1 */
#include "base/stage2.h"

#include "base/page_alloc.h"
#include "lib/error.h"
#include "lib/panic.h"

#define S2_MEMATTR_NORMAL_WB (UINT64_C(0xf) << 2)
#define S2_MEMATTR_DEVICE_NGNRE (UINT64_C(1) << 2)
#define S2_AP_READ BIT64(6)
#define S2_AP_WRITE BIT64(7)
#define S2_SH_OUTER (UINT64_C(2) << 8)
#define S2_SH_INNER (UINT64_C(3) << 8)
#define S2_AF BIT64(10)
#define S2_XN BIT64(54)
#define S2_FOREIGN BIT64(55)
#define S2_GRANT BIT64(56)
#define S2_DATA (S2_MEMATTR_NORMAL_WB | S2_AP_READ | S2_SH_INNER | S2_AF | S2_XN)

#define FREE_STEPS 24u /* Of tables, in one stay in EL2. */

#define VTCR_T0SZ_LOW 0
#define VTCR_SL0_LOW 6 /* 4 KiB granule: 2 for level 0, 1 for level 1. */

#define LEVEL1_BITS 39u          /* Input of one level 1 table. */
#define LEVEL1_ROOT_ORDER_MAX 4u /* 16 concatenated pages. */

static const uint64_t type_attributes[] = {
    [STAGE2_RAM] = S2_MEMATTR_NORMAL_WB | S2_AP_READ | S2_AP_WRITE | S2_SH_INNER | S2_AF,
    [STAGE2_RAM_RO] = S2_DATA,
    [STAGE2_FOREIGN] = S2_DATA | S2_AP_WRITE | S2_FOREIGN,
    [STAGE2_FOREIGN_RO] = S2_DATA | S2_FOREIGN,
    [STAGE2_GRANT] = S2_DATA | S2_AP_WRITE | S2_FOREIGN | S2_GRANT,
    [STAGE2_GRANT_RO] = S2_DATA | S2_FOREIGN | S2_GRANT,
    [STAGE2_DEVICE] = S2_MEMATTR_DEVICE_NGNRE | S2_AP_READ | S2_AP_WRITE | S2_SH_OUTER | S2_AF | S2_XN,
    [STAGE2_DIRECT] = S2_MEMATTR_NORMAL_WB | S2_AP_READ | S2_AP_WRITE | S2_SH_INNER | S2_AF | S2_XN,
};

static struct { /* Fixed at boot, the same for all domains. */
    const struct stage2_machine *machine;
    unsigned ipa_bits;
    unsigned start_level;
    unsigned root_order;
} shape;

static int alloc_table(void *context, pa_t *out)
{
    struct stage2 *s2 = context;
    int error = s2->table_count < s2->table_limit ? page_alloc(0, s2->owner, out) : -ENOMEM;

    if (error == 0) {
        shape.machine->zero_page(*out);
        s2->table_count++;
    }
    return error;
}

static void free_table(void *context, pa_t table)
{
    struct stage2 *s2 = context;

    s2->table_count--;
    page_free(table, 0, s2->owner);
}

static uint64_t *table_at(void *context, pa_t table)
{
    (void)context;
    return shape.machine->table_at(table);
}

static void invalidate(void *context, uint64_t input_addr, uint64_t size_bytes)
{
    const struct stage2 *s2 = context;

    shape.machine->invalidate_ipa(s2->vmid, ipa(input_addr), size_bytes);
}

static const struct pgtable_ops table_ops = {
    .alloc_table = alloc_table,
    .free_table = free_table,
    .table_at = table_at,
    .invalidate = invalidate,
};

void stage2_setup(const struct stage2_machine *machine, unsigned ipa_bits)
{
    ASSERT(ipa_bits >= 32 && ipa_bits <= 48);
    shape.machine = machine;
    shape.ipa_bits = ipa_bits;
    shape.start_level = ipa_bits <= LEVEL1_BITS + LEVEL1_ROOT_ORDER_MAX ? 1 : 0;
    shape.root_order = shape.start_level == 1 && ipa_bits > LEVEL1_BITS ? ipa_bits - LEVEL1_BITS : 0;
}

unsigned stage2_ipa_bits(void)
{
    return shape.ipa_bits;
}

uint64_t stage2_vtcr_fields(void)
{
    return (uint64_t)(64 - shape.ipa_bits) << VTCR_T0SZ_LOW | (uint64_t)(2 - shape.start_level)
                                                                  << VTCR_SL0_LOW;
}

int stage2_init(struct stage2 *s2, uint16_t owner, uint16_t vmid)
{
    pa_t root;
    int error = page_alloc(shape.root_order, owner, &root);

    ASSERT(vmid >= 1 && vmid <= 255);
    if (error != 0) {
        return error;
    }
    for (uint64_t i = 0; i < BIT64(shape.root_order); i++) {
        shape.machine->zero_page(pa(root.v + i * PAGE_SIZE));
    }
    *s2 = (struct stage2){
        .table =
            {
                .root = root,
                .start_level = shape.start_level,
                .input_bits = shape.ipa_bits,
                .ops = &table_ops,
                .context = s2,
            },
        .owner = owner,
        .vmid = vmid,
        .table_count = 0,
        .table_limit = UINT64_MAX,
    };
    return 0;
}

int stage2_map(struct stage2 *s2, ipa_t addr, pa_t to, uint64_t size_bytes, enum stage2_type type)
{
    ASSERT(type < ARRAY_COUNT(type_attributes));
    return pgtable_map(&s2->table, addr.v, to, size_bytes, type_attributes[type]);
}

int stage2_unmap(struct stage2 *s2, ipa_t addr, uint64_t size_bytes)
{
    return pgtable_unmap(&s2->table, addr.v, size_bytes);
}

bool stage2_join(struct stage2 *s2, ipa_t addr)
{
    return pgtable_join(&s2->table, addr.v);
}

static enum stage2_type type_of(uint64_t attributes)
{
    for (unsigned type = 0; type < ARRAY_COUNT(type_attributes); type++) {
        if (attributes == type_attributes[type]) {
            return (enum stage2_type)type;
        }
    }
    return STAGE2_RAM_RO; /* Not reached: stage2_map() writes nothing else. */
}

struct stage2_entry stage2_find(const struct stage2 *s2, ipa_t addr)
{
    struct stage2_entry entry = {.mapped = false, .bytes = PAGE_SIZE};
    uint64_t attributes;

    if (pgtable_lookup(&s2->table, addr.v, &entry.to, &attributes, &entry.bytes) == 0) {
        entry.mapped = true;
        entry.type = type_of(attributes);
    }
    return entry;
}

int stage2_lookup(const struct stage2 *s2, ipa_t addr, pa_t *to, enum stage2_type *type, uint64_t *left_bytes)
{
    struct stage2_entry entry = stage2_find(s2, addr);

    if (!entry.mapped) {
        return -ENOENT;
    }
    if (to != NULL) {
        *to = entry.to;
    }
    if (type != NULL) {
        *type = entry.type;
    }
    if (left_bytes != NULL) {
        *left_bytes = entry.bytes - (addr.v & (entry.bytes - 1));
    }
    return 0;
}

void stage2_forget(struct stage2 *s2)
{
    invalidate(s2, 0, BIT64(shape.ipa_bits));
}

bool stage2_free_some(struct stage2 *s2)
{
    return s2->table_count == 0 || pgtable_free_some(&s2->table, &s2->free_from, FREE_STEPS);
}

void stage2_destroy(struct stage2 *s2)
{
    ASSERT(s2->table.context == s2); /* It was not moved since stage2_init(). */
    while (!stage2_free_some(s2)) {
    }
    stage2_forget(s2);
    ASSERT(s2->table_count == 0);
    page_free(s2->table.root, shape.root_order, s2->owner);
    s2->table.root = pa(0);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* vgic_regs.c - register tables: finding a row, and the rows GICv2 and GICv3 have in common. Everything
 * written here comes from a guest: an index is checked against what is implemented before it is used. */
#include "vgic/vgic_regs.h"

#define IIDR_BULKHEAD                                                                                        \
    0x4200043bu /* ProductID 'B', implementer Arm as JEP106 0x43b, whose GIC this is modelled on. */

/* The table of the frame; NULL when there is no such frame. */
static const struct vgic_table *frame_table(const struct vgic_access *access)
{
    const struct vgic_config *config = &access->vgic->config;

    if (access->frame == VGIC_DISTRIBUTOR) {
        return access->vgic->dist;
    }
    return config->version == 3 && access->frame < config->vcpu_count ? &vgic_v3_redist : NULL;
}

static bool any_listed(const struct vgic_vcpu *v, unsigned first, unsigned count)
{
    for (uint32_t rest = v->listed_slots; rest != 0; rest &= rest - 1) {
        if (v->listed[__builtin_ctz(rest)] - first < count) {
            return true;
        }
    }
    return false;
}

bool vgic_must_fold(const struct vgic_access *access, const struct vgic_reg *reg)
{
    const struct vgic_vcpu *v = &access->vgic->vcpu[access->vcpu];
    unsigned first = access->offset * reg->folds, count = access->size * reg->folds;

    if (!any_listed(v, first, count)) {
        return false;
    }
    vgic_take_back_ended(access->vgic, access->vcpu);
    return any_listed(v, first, count);
}

enum vgic_answer vgic_access(struct vgic_access *access)
{
    const struct vgic_table *table = frame_table(access);
    const struct vgic_reg *reg;

    *access->work = (struct vgic_work){0};
    if (table == NULL || access->offset >= table->bytes || (access->offset & (access->size - 1)) != 0) {
        return VGIC_ABSENT;
    }
    reg = vgic_table_find(table, access->offset);
    if (((reg != NULL ? reg->widths : table->reserved_widths) & access->size) == 0) {
        return VGIC_ABSENT;
    }
    if (reg == NULL) {
        access->value = access->write ? access->value : 0;
        return VGIC_DONE;
    }
    access->offset -= reg->first;
    if (reg->folds != NO_FOLD && !access->folded && vgic_must_fold(access, reg)) {
        access->offset += reg->first; /* It comes again. */
        return VGIC_FOLD_FIRST;
    }
    if (access->write) {
        reg->write(access, access->size == 8 ? access->value : access->value & (BIT64(access->size * 8) - 1));
    } else {
        access->value = reg->read(access);
    }
    access->work->notice &= ~BIT32(access->vcpu); /* It is here: vgic_stale() tells it. */
    return VGIC_DONE;
}

struct virq *vgic_access_virq(const struct vgic_access *access, unsigned intid)
{
    unsigned bank = vgic_bank(access);

    if (intid >= access->vgic->config.spi_limit || (intid < GIC_SPI_FIRST && bank == VGIC_NO_BANK)) {
        return NULL;
    }
    return vgic_virq(access->vgic, bank, intid);
}

uint32_t vgic_it_lines(const struct vgic *vgic)
{
    return vgic->word_count - 1u;
}

uint64_t read_zero(const struct vgic_access *access)
{
    (void)access;
    return 0;
}

void write_ignore(const struct vgic_access *access, uint64_t value)
{
    (void)access;
    (void)value;
}

uint64_t read_iidr(const struct vgic_access *access)
{
    (void)access;
    return IIDR_BULKHEAD;
}

/* A bit per interrupt: 32 of them by @test. */
static uint64_t read_bits(const struct vgic_access *access,
                          bool (*test)(const struct vgic_access *, struct virq *))
{
    unsigned first = access->offset * 8;
    uint64_t value = 0;

    for (unsigned bit = 0; bit < 32; bit++) {
        struct virq *virq = vgic_access_virq(access, first + bit);

        if (virq != NULL && test(access, virq)) {
            value |= BIT32(bit);
        }
    }
    return value;
}

/* Do @act to each interrupt whose bit is set. (Not inlined: who finds that there is none needs no frame.) */
__attribute__((noinline)) static void write_bits(const struct vgic_access *access, uint64_t value,
                                                 void (*act)(const struct vgic_access *, struct virq *))
{
    unsigned first = access->offset * 8;

    for (; value != 0; value &= value - 1) {
        struct virq *virq = vgic_access_virq(access, first + (unsigned)__builtin_ctzll(value));

        if (virq != NULL) {
            act(access, virq);
        }
    }
}

/* A bit per interrupt: those with @flag. */
static uint64_t read_flag(const struct vgic_access *access, uint32_t flag)
{
    unsigned first = access->offset * 8;
    const struct virq *virq = vgic_access_virq(access, first);
    uint32_t value = 0, count;

    if (virq == NULL) {
        return 0;
    }
    /* The interrupts of one register stand side by side; the last register may lack some. */
    count = (uint32_t)min_u64(access->vgic->config.spi_limit - first, 32);
    for (unsigned bit = 0; bit < count; bit++) {
        value |= (virq[bit].flags & flag) != 0 ? BIT32(bit) : 0;
    }
    return value;
}

uint64_t read_group(const struct vgic_access *access)
{
    return read_flag(access, VIRQ_GROUP1);
}

void write_group(const struct vgic_access *access, uint64_t value)
{
    for (unsigned bit = 0; bit < 32; bit++) {
        struct virq *virq = vgic_access_virq(access, access->offset * 8 + bit);

        if (virq != NULL) {
            virq_set_group(access->vgic, virq, (value & BIT32(bit)) != 0, access->work);
        }
    }
}

uint64_t read_enable(const struct vgic_access *access)
{
    return *vgic_enabled_word(access->vgic, vgic_bank(access), access->offset / 4);
}

static void act_enable(const struct vgic_access *access, struct virq *virq)
{
    virq_set_enabled(access->vgic, virq, true, access->work);
}

void write_enable_set(const struct vgic_access *access, uint64_t value)
{
    value &= ~read_enable(access);
    if (value != 0) {
        write_bits(access, value, act_enable);
    }
}

static void act_disable(const struct vgic_access *access, struct virq *virq)
{
    if (!virq_has_sources(access->vgic, virq)) { /* GICv2's SGIs are always enabled. */
        virq_set_enabled(access->vgic, virq, false, access->work);
    }
}

void write_enable_clear(const struct vgic_access *access, uint64_t value)
{
    value &= read_enable(access);
    if (value != 0) {
        write_bits(access, value, act_disable);
    }
}

static bool test_pending(const struct vgic_access *access, struct virq *virq)
{
    return virq_reads_pending(access->vgic, virq, access->work);
}

uint64_t read_pending(const struct vgic_access *access)
{
    uint64_t value = read_bits(access, test_pending);

    if (vgic_bank(access) != access->vcpu && access->work->first < GIC_SPI_FIRST) {
        access->work->query_pending = 0; /* Physical PPIs of another pCPU cannot be read from here. */
    }
    return value;
}

/* GICv2's SGIs are made pending through SGIR and SPENDSGIR alone: these bits are read-only (IHI
 * 0048B 4.3.7, 4.3.8). */
static void act_pending_set(const struct vgic_access *access, struct virq *virq)
{
    if (!virq_has_sources(access->vgic, virq) &&
        !vgic_work_list(access->vgic, access->vcpu, virq, access->work)) {
        virq_set_pending(access->vgic, virq, access->work);
    }
}

void write_pending_set(const struct vgic_access *access, uint64_t value)
{
    write_bits(access, value, act_pending_set);
}

static void act_pending_clear(const struct vgic_access *access, struct virq *virq)
{
    if (!virq_has_sources(access->vgic, virq)) {
        virq_clear_pending(access->vgic, virq, access->work);
    }
}

void write_pending_clear(const struct vgic_access *access, uint64_t value)
{
    write_bits(access, value, act_pending_clear);
}

static bool test_active(const struct vgic_access *access, struct virq *virq)
{
    return virq_reads_active(access->vgic, virq, access->work);
}

uint64_t read_active(const struct vgic_access *access)
{
    return read_bits(access, test_active);
}

static void act_active_set(const struct vgic_access *access, struct virq *virq)
{
    virq_set_active(access->vgic, virq, access->work);
}

void write_active_set(const struct vgic_access *access, uint64_t value)
{
    write_bits(access, value, act_active_set);
}

static void act_active_clear(const struct vgic_access *access, struct virq *virq)
{
    virq_clear_active(access->vgic, virq, access->work);
}

void write_active_clear(const struct vgic_access *access, uint64_t value)
{
    write_bits(access, value, act_active_clear);
}

uint64_t read_priority(const struct vgic_access *access)
{
    uint64_t value = 0;

    for (unsigned byte = 0; byte < access->size; byte++) {
        const struct virq *virq = vgic_access_virq(access, access->offset + byte);

        value |= virq != NULL ? (uint64_t)virq->priority << (byte * 8) : 0;
    }
    return value;
}

void write_priority(const struct vgic_access *access, uint64_t value)
{
    for (unsigned byte = 0; byte < access->size; byte++) {
        struct virq *virq = vgic_access_virq(access, access->offset + byte);

        if (virq != NULL) {
            virq_set_priority(access->vgic, virq, (uint8_t)(value >> (byte * 8)), access->work);
        }
    }
}

/* Two bits per interrupt, of which the upper says edge. */
uint64_t read_config(const struct vgic_access *access)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < 16; i++) {
        const struct virq *virq = vgic_access_virq(access, access->offset * 4 + i);

        value |= virq != NULL && (virq->flags & VIRQ_EDGE) != 0 ? BIT32(i * 2 + 1) : 0;
    }
    return value;
}

void write_config(const struct vgic_access *access, uint64_t value)
{
    for (unsigned i = 0; i < 16; i++) {
        struct virq *virq = vgic_access_virq(access, access->offset * 4 + i);

        if (virq != NULL && !virq_is_sgi(virq)) { /* SGIs are edge-triggered, whatever is written. */
            virq_set_edge(access->vgic, virq, (value & BIT32(i * 2 + 1)) != 0, access->work);
        }
    }
}

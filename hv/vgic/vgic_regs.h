/* SPDX-License-Identifier: Apache-2.0 */
/* vgic_regs.h - the guest's register view as tables: a row per register or array of registers, in order of
 * offset, as the manual has them. vgic_v2.c and vgic_v3.c hold the tables, vgic_regs.c what the rows of both
 * do. */
#ifndef VGIC_VGIC_REGS_H
#define VGIC_VGIC_REGS_H

#include "vgic/vgic_state.h"

/* Whose SGIs and PPIs stand there: in GICv2's distributor the accessing vCPU's, in GICv3's nobody's. */
#define VGIC_NO_BANK VGIC_DISTRIBUTOR

static inline unsigned vgic_bank(const struct vgic_access *access)
{
    return access->vgic->config.version == 2 ? access->vcpu : access->frame;
}

/* Rows are given accesses with an offset that counts from the row's first byte. */

/* Widths a row answers in; bit values are the sizes in bytes. */
#define W8 1u
#define W32 4u
#define W64 8u

/* Interrupts in a byte of the row, if what list registers hold of them has to be folded before the access. */
#define NO_FOLD 0u
#define FOLD_BITS 8u
#define FOLD_BYTES 1u

struct vgic_reg {
    uint32_t first, last; /* Offsets of the first and the last byte. */
    uint8_t widths;
    uint8_t folds;
    uint64_t (*read)(const struct vgic_access *access);
    void (*write)(const struct vgic_access *access, uint64_t value);
};

struct vgic_table {
    const struct vgic_reg *reg;
    unsigned count;           /* VGIC_TABLE_END, which comes after them, left out. */
    uint32_t bytes;           /* Size of the frames. */
    unsigned reserved_widths; /* Between the rows: read as zero, write ignored, in these widths. */
    /* Where to begin to look, by block of VGIC_BLOCK_BYTES: a row that does not end before what is looked
     * for. */
    const uint8_t *block;
};

/* Most registers are arrays that begin at a multiple of it. */
#define VGIC_BLOCK_BYTES 0x80u

/* The row that @offset, in the frame, is in; NULL when there is none. */
static inline const struct vgic_reg *vgic_table_find(const struct vgic_table *table, uint32_t offset)
{
    const struct vgic_reg *reg = &table->reg[table->block[offset / VGIC_BLOCK_BYTES]];

    while (offset > reg->last) {
        reg++;
    }
    return offset >= reg->first ? reg : NULL;
}

/* Behind the last row: the search ends there. */
#define VGIC_TABLE_END                                                                                       \
    {                                                                                                        \
        UINT32_MAX, UINT32_MAX, 0, NO_FOLD, read_zero, write_ignore                                          \
    }

/* Must the accessing vCPU be folded before @access, whose offset is in @reg, which is one that folds: is
 * something that it is about in a list register? */
bool vgic_must_fold(const struct vgic_access *access, const struct vgic_reg *reg);

extern const struct vgic_table vgic_v2_dist, vgic_v3_dist, vgic_v3_redist;

/* Rows of both versions. Bit n of a register at word w is INTID 32 * w + n; what is not implemented reads as
 * zero and ignores writes. */
uint64_t read_zero(const struct vgic_access *access);
void write_ignore(const struct vgic_access *access, uint64_t value);
uint64_t read_group(const struct vgic_access *access);
void write_group(const struct vgic_access *access, uint64_t value);
uint64_t read_enable(const struct vgic_access *access);
void write_enable_set(const struct vgic_access *access, uint64_t value);
void write_enable_clear(const struct vgic_access *access, uint64_t value);
uint64_t read_pending(const struct vgic_access *access);
void write_pending_set(const struct vgic_access *access, uint64_t value);
void write_pending_clear(const struct vgic_access *access, uint64_t value);
uint64_t read_active(const struct vgic_access *access);
void write_active_set(const struct vgic_access *access, uint64_t value);
void write_active_clear(const struct vgic_access *access, uint64_t value);
uint64_t read_priority(const struct vgic_access *access);
void write_priority(const struct vgic_access *access, uint64_t value);
uint64_t read_config(const struct vgic_access *access);
void write_config(const struct vgic_access *access, uint64_t value);
uint64_t read_iidr(const struct vgic_access *access);

/* The interrupt with @intid as @access sees it; NULL when it is not implemented or not there. */
struct virq *vgic_access_virq(const struct vgic_access *access, unsigned intid);

/* GICD_TYPER.ITLinesNumber. */
uint32_t vgic_it_lines(const struct vgic *vgic);

#endif

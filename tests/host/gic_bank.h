/* SPDX-License-Identifier: Apache-2.0 */
/* gic_bank.h - a distributor (or a GICv3 SGI frame) as registers that behave: set and clear registers show
 * one state, priorities and targets by byte. Left by "firmware" in the worst state there is. */
#ifndef TESTS_HOST_GIC_BANK_H
#define TESTS_HOST_GIC_BANK_H

#include <string.h>

#include "lib/types.h"
#include "test.h"

#define BANK_WORDS 32u

struct gic_bank {
    uint32_t ctlr, typer;
    uint32_t group[BANK_WORDS], enabled[BANK_WORDS], pending[BANK_WORDS], active[BANK_WORDS],
        modifier[BANK_WORDS];
    uint8_t priority[1024], target[1024];
    uint32_t config[64];
    uint64_t route[1024];
    unsigned others; /* Accesses to anything else. */
};

static inline void gic_bank_dirty(struct gic_bank *bank)
{
    memset(bank, 0xff, sizeof(*bank));
    bank->ctlr = 0x7fffffff & 0xff;
    bank->typer = 4; /* 160 interrupts. */
    bank->others = 0;
}

static inline uint32_t *gic_bank_word(struct gic_bank *bank, uint32_t offset)
{
    uint32_t index = offset % 0x80 / 4;

    switch (offset / 0x80) {
    case 1:
        return &bank->group[index];
    case 2:
    case 3:
        return &bank->enabled[index];
    case 4:
    case 5:
        return &bank->pending[index];
    case 6:
    case 7:
        return &bank->active[index];
    case 0x1a:
        return &bank->modifier[index];
    default:
        return NULL;
    }
}

/* One byte of a byte register or NULL. */
static inline uint8_t *gic_bank_byte(struct gic_bank *bank, uint32_t offset)
{
    if (offset >= 0x400 && offset < 0x800) {
        return &bank->priority[offset - 0x400];
    }
    if (offset >= 0x800 && offset < 0xc00) {
        return &bank->target[offset - 0x800];
    }
    return NULL;
}

static inline uint64_t gic_bank_read(struct gic_bank *bank, uint32_t offset, unsigned size)
{
    uint8_t *byte = gic_bank_byte(bank, offset);
    uint32_t value = 0;

    if (byte != NULL) {
        memcpy(&value, byte, size);
        return value;
    }
    CHECK_EQ(size, 4);
    if (offset == 0) {
        return bank->ctlr;
    }
    if (offset == 4) {
        return bank->typer;
    }
    if (offset >= 0xc00 && offset < 0xd00) {
        return bank->config[(offset - 0xc00) / 4];
    }
    if (gic_bank_word(bank, offset) != NULL) {
        return *gic_bank_word(bank, offset);
    }
    bank->others++;
    return 0;
}

static inline void gic_bank_write(struct gic_bank *bank, uint32_t offset, unsigned size, uint64_t value)
{
    uint8_t *byte = gic_bank_byte(bank, offset);
    uint32_t *word = gic_bank_word(bank, offset);

    if (byte != NULL) {
        memcpy(byte, &value, size);
    } else if (size == 8 && offset >= 0x6000 && offset < 0x8000) {
        bank->route[(offset - 0x6000) / 8] = value;
    } else if (size == 4 && offset == 0) {
        bank->ctlr = (uint32_t)value;
    } else if (size == 4 && offset >= 0xc00 && offset < 0xd00) {
        bank->config[(offset - 0xc00) / 4] = (uint32_t)value;
    } else if (size == 4 && word != NULL && (offset / 0x80 == 1 || offset / 0x80 == 0x1a)) {
        *word = (uint32_t)value;
    } else if (size == 4 && word != NULL) {
        *word = offset / 0x80 % 2 == 0 ? *word | (uint32_t)value : *word & ~(uint32_t)value;
    } else {
        bank->others++;
    }
}

#endif

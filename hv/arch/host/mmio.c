/* SPDX-License-Identifier: Apache-2.0 */
/* mmio.c - host build: finds the test's register bank for an address. */
#include "arch/mmio.h"

#include "lib/panic.h"

static const struct mmio_bank *all_banks;
static unsigned bank_count;

void mmio_host_banks(const struct mmio_bank *banks, unsigned count)
{
    all_banks = banks;
    bank_count = count;
}

static const struct mmio_bank *find(uint64_t address, unsigned size)
{
    if (address % size != 0) {
        panic("unaligned device access of %u bytes at 0x%lx", size, (unsigned long)address);
    }
    for (unsigned i = 0; i < bank_count; i++) {
        if (address >= all_banks[i].base && address - all_banks[i].base < all_banks[i].size_bytes) {
            return &all_banks[i];
        }
    }
    panic("device access at 0x%lx, where nothing is", (unsigned long)address);
}

uint64_t mmio_host_read(uint64_t address, unsigned size)
{
    const struct mmio_bank *bank = find(address, size);

    return bank->read(bank->context, (uint32_t)(address - bank->base), size);
}

void mmio_host_write(uint64_t address, unsigned size, uint64_t value)
{
    const struct mmio_bank *bank = find(address, size);

    bank->write(bank->context, (uint32_t)(address - bank->base), size, value);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* dom0_layout.c - which of the machine's free memory becomes Dom0's.
 *
 * Its addresses are the machine's, so a device that Dom0 programs reaches what it means; and there is no
 * choice but what is free. Few banks are better than many, large ones better than small ones, low ones better
 * than high ones: devices may have 32 bits of address. Hence, until there is enough: the lowest run that
 * holds all that is missing; when none does, the largest. The first bank lies below 4 GiB when one there will
 * do.
 *
 *     bank 0   | kernel at text_offset ... | ramdisk | tree |  free ...      2 MiB aligned each */
#include "boot/dom0_layout.h"

#include "lib/error.h"

#define ALIGN MIB(2) /* What stage 2 maps in one entry, and Linux wants its kernel aligned to. */
#define RUN_MAX 64u
#define LOW_END GIB(4)

static uint64_t initrd_offset(const struct dom0_wish *wish)
{
    return align_up(wish->text_offset + wish->kernel_bytes, ALIGN);
}

static uint64_t tree_offset(const struct dom0_wish *wish)
{
    return align_up(initrd_offset(wish) + wish->ramdisk_bytes, ALIGN);
}

uint64_t dom0_first_bank_bytes(const struct dom0_wish *wish)
{
    return align_up(tree_offset(wish) + DOM0_TREE_BYTES_MAX, ALIGN);
}

/* Index of the best run for a bank of @least to @wanted bytes that ends by @end; @count when there is none.
 */
static unsigned choose(const struct mem_range *runs, unsigned count, uint64_t least, uint64_t wanted,
                       uint64_t end)
{
    unsigned largest = count;

    for (unsigned i = 0; i < count; i++) {
        uint64_t room = runs[i].base.v < end ? min_u64(runs[i].size_bytes, end - runs[i].base.v) : 0;

        if (room >= wanted) {
            return i;
        }
        if (room >= least && (largest == count || runs[i].size_bytes > runs[largest].size_bytes)) {
            largest = i;
        }
    }
    return largest;
}

/* The next bank, off the start of the best run. Returns its size; 0: there is none. */
static uint64_t take_bank(struct mem_range *runs, unsigned count, uint64_t least, uint64_t wanted,
                          struct dom0_layout *layout)
{
    unsigned i = choose(runs, count, least, wanted, LOW_END);
    struct mem_range *bank = &layout->bank[layout->bank_count];

    if (i == count || (layout->bank_count > 0 && runs[i].size_bytes < wanted)) {
        i = choose(runs, count, least, wanted, UINT64_MAX);
    }
    if (i == count) {
        return 0;
    }
    *bank = (struct mem_range){runs[i].base, min_u64(runs[i].size_bytes, wanted)};
    runs[i].base.v += bank->size_bytes;
    runs[i].size_bytes -= bank->size_bytes;
    layout->bank_count++;
    return bank->size_bytes;
}

int dom0_layout_plan(const struct dom0_wish *wish, const struct mem_range *runs, unsigned run_count,
                     struct dom0_layout *layout)
{
    struct mem_range left[RUN_MAX];
    uint64_t first = dom0_first_bank_bytes(wish), missing = wish->memory_bytes;
    unsigned count = 0;

    if (wish->memory_bytes < first) {
        return -EINVAL;
    }
    for (unsigned i = 0; i < run_count && count < RUN_MAX; i++) {
        uint64_t base = align_up(runs[i].base.v, ALIGN);
        uint64_t end = align_down(runs[i].base.v + runs[i].size_bytes, ALIGN);

        if (base < end) {
            left[count++] = (struct mem_range){pa(base), end - base};
        }
    }
    layout->bank_count = 0;
    while (missing > 0 && layout->bank_count < DOM0_BANK_MAX) {
        uint64_t least = layout->bank_count == 0 ? first : ALIGN;
        uint64_t taken = take_bank(left, count, least, missing, layout);

        if (taken == 0) {
            break;
        }
        missing -= taken;
    }
    if (layout->bank_count == 0) {
        return -ENOSPC;
    }
    if (wish->memory_bytes - missing < wish->least_bytes) {
        return -ENOMEM;
    }
    layout->kernel = pa(layout->bank[0].base.v + wish->text_offset);
    layout->ramdisk = pa(layout->bank[0].base.v + initrd_offset(wish));
    layout->tree = pa(layout->bank[0].base.v + tree_offset(wish));
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_board.c - any device tree as the board's: refused, or read without a fault into sane ranges. */
#include "boot/board.h"
#include "dts.h"
#include "patched_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct board *board)
{
    for (unsigned i = 0; i < board->memory_count; i++) {
        const struct mem_range *range = &board->memory[i];

        if (range->size_bytes == 0 || ((range->base.v | range->size_bytes) & PAGE_MASK) != 0 ||
            range->base.v + range->size_bytes < range->base.v) {
            abort();
        }
    }
    if (board->cpu_count < 1 || board->cpu_count > CPU_MAX || board->memory_count > BOARD_RANGE_MAX ||
        board->reserved_count > BOARD_RANGE_MAX || board->gic.gicr_count > BOARD_GICR_MAX) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t *base;
    static size_t base_bytes;
    static struct options options;
    static struct board board;
    size_t bytes;
    uint8_t *tree;

    if (base == NULL) {
        base = dts_machine("xen,xen-bootargs = \"sched=null dtuart=serial0\";", &base_bytes);
    }
    tree = patched_tree(base, base_bytes, data, size, &bytes);
    if (board_check_tree(tree, bytes) > 0) {
        cmdline_parse(board_cmdline(tree), &options);
        (void)board_read(tree, 0, &options, &board);
        check(&board);
    }
    free(tree);
    return 0;
}

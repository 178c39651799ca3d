/* SPDX-License-Identifier: Apache-2.0 */
/* patched_tree.h - device trees for fuzzers: a good one with bytes changed as the input says, or the input
 * itself. */
#ifndef TESTS_FUZZ_PATCHED_TREE_H
#define TESTS_FUZZ_PATCHED_TREE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* An empty random tree fails its first check, so most inputs are changes to @base, four bytes each: where
 * (two), and what to put there (one), as a byte or as the last byte of a word of zeros or ones (one). Input
 * that begins with 0xff is taken as the tree. Returns malloc'ed memory of just that size. */
static inline uint8_t *patched_tree(const uint8_t *base, size_t base_bytes, const uint8_t *data, size_t size,
                                    size_t *out_bytes)
{
    bool raw = size > 0 && data[0] == 0xff;
    uint8_t *tree;

    *out_bytes = raw ? size - 1 : base_bytes;
    tree = malloc(*out_bytes + (*out_bytes == 0 ? 1 : 0));
    if (raw) {
        memcpy(tree, data + 1, size - 1);
        return tree;
    }
    memcpy(tree, base, base_bytes);
    for (; size >= 4; data += 4, size -= 4) {
        size_t at = ((size_t)data[0] << 8 | data[1]) % base_bytes;

        if (data[3] % 3 == 0) {
            tree[at] = data[2];
        } else {
            at = at % (base_bytes / 4) * 4;
            memset(tree + at, data[3] % 3 == 1 ? 0 : 0xff, 4);
            tree[at + 3] = data[2];
        }
    }
    return tree;
}

#endif

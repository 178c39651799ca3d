/* SPDX-License-Identifier: Apache-2.0 */
/* dt_tree.c - nodes, properties and paths of a tree that board_check_tree() found whole.
 *
 * libfdt checks every step anew; a boot makes some thousands of them, which was half of all its instructions.
 * After the one check, a step is a few loads. A node is its offset in the structure block, as in libfdt:
 *
 *     BEGIN_NODE "name\0" | PROP length name-offset value | ... | BEGIN_NODE ... END_NODE | END_NODE    words
 * of 4 bytes
 */
#include <libfdt.h>

#include "boot/dt_read.h"
#include "lib/error.h"
#include "lib/string.h"

#define CELL_BYTES 4u
#define PROP_HEADER_BYTES 12u

/* A big-endian word, aligned like everything in a tree. */
static uint32_t word(const uint8_t *at)
{
    uint32_t value;

    memcpy(&value, __builtin_assume_aligned(at, CELL_BYTES), sizeof(value));
    return __builtin_bswap32(value);
}

static const uint8_t *structure(const void *fdt, int offset)
{
    const uint8_t *tree = fdt;

    return tree + word(tree + 8) + (size_t)offset;
}

static const char *strings(const void *fdt)
{
    const uint8_t *tree = fdt;

    return (const char *)tree + word(tree + 12);
}

static size_t words_of(size_t bytes)
{
    return (bytes + CELL_BYTES - 1) & ~(size_t)(CELL_BYTES - 1);
}

const char *dt_name(const void *fdt, int node)
{
    return (const char *)structure(fdt, node) + CELL_BYTES;
}

/* What follows the name of the node. */
static const uint8_t *after_name(const void *fdt, int node)
{
    const char *name = dt_name(fdt, node);

    return (const uint8_t *)name + words_of(strlen(name) + 1);
}

int dt_next_node(const void *fdt, int node, int *depth)
{
    const uint8_t *start = structure(fdt, 0), *at = after_name(fdt, node);

    for (;;) {
        switch (word(at)) {
        case FDT_BEGIN_NODE:
            ++*depth;
            return (int)(at - start);
        case FDT_PROP:
            at += PROP_HEADER_BYTES + words_of(word(at + CELL_BYTES));
            break;
        case FDT_END_NODE:
            if (--*depth < 0) {
                return -ENOENT;
            }
            at += CELL_BYTES;
            break;
        case FDT_NOP:
            at += CELL_BYTES;
            break;
        default:
            return -ENOENT;
        }
    }
}

static const void *find_property(const void *fdt, int node, const char *name, size_t name_length, int *length)
{
    const char *names = strings(fdt);
    const uint8_t *at = after_name(fdt, node);

    for (;; at += CELL_BYTES) {
        for (; word(at) == FDT_PROP; at += PROP_HEADER_BYTES + words_of(word(at + CELL_BYTES))) {
            const char *its = names + word(at + 2 * CELL_BYTES);

            if (its[0] == name[0] && strncmp(its, name, name_length) == 0 && its[name_length] == '\0') {
                if (length != NULL) {
                    *length = (int)word(at + CELL_BYTES);
                }
                return at + PROP_HEADER_BYTES;
            }
        }
        if (word(at) != FDT_NOP) {
            return NULL;
        }
    }
}

const void *dt_property(const void *fdt, int node, const char *name, int *length)
{
    return find_property(fdt, node, name, strlen(name), length);
}

bool dt_list_has(const char *list, int length, const char *string)
{
    size_t bytes = strlen(string) + 1;

    while (length > 0) {
        const char *end = memchr(list, '\0', (size_t)length);

        if (end == NULL) {
            return false;
        }
        if ((size_t)(end - list) + 1 == bytes && memcmp(list, string, bytes) == 0) {
            return true;
        }
        length -= (int)(end - list) + 1;
        list = end + 1;
    }
    return false;
}

bool dt_compatible(const void *fdt, int node, const char *name)
{
    int length;
    const char *list = dt_property(fdt, node, "compatible", &length);

    return list != NULL && dt_list_has(list, length, name);
}

uint32_t dt_phandle(const void *fdt, int node)
{
    uint32_t phandle = 0;

    if (node >= 0 && !dt_u32(fdt, node, "phandle", &phandle)) {
        (void)dt_u32(fdt, node, "linux,phandle", &phandle);
    }
    return phandle;
}

uint64_t dt_cells_value(const void *cells, unsigned count)
{
    const uint8_t *at = cells;
    uint64_t value = 0;

    for (unsigned i = 0; i < count; i++) {
        value = value << 32 | word(at + i * CELL_BYTES);
    }
    return value;
}

/* The child of @node that the @length characters at @name call: with its unit address, or without when @name
 * has none. */
static int find_child(const void *fdt, int node, const char *name, size_t length)
{
    int depth = 0;
    bool with_unit = memchr(name, '@', length) != NULL;

    for (;;) {
        const char *its;

        node = dt_next_node(fdt, node, &depth);
        if (node < 0 || depth < 1) {
            return -ENOENT;
        }
        its = dt_name(fdt, node);
        if (depth == 1 && strncmp(its, name, length) == 0 &&
            (its[length] == '\0' || (!with_unit && its[length] == '@'))) {
            return node;
        }
    }
}

static int find_absolute(const void *fdt, const char *path, const char *end)
{
    int node = 0;

    if (*path != '/') {
        return -ENOENT;
    }
    while (node >= 0) {
        const char *slash;

        for (; path < end && *path == '/'; path++) {
        }
        if (path == end) {
            break;
        }
        slash = memchr(path, '/', (size_t)(end - path));
        slash = slash == NULL ? end : slash;
        node = find_child(fdt, node, path, (size_t)(slash - path));
        path = slash;
    }
    return node;
}

int dt_find(const void *fdt, const char *path)
{
    return find_absolute(fdt, path, path + strlen(path));
}

int dt_find_path(const void *fdt, const char *text, size_t length)
{
    int aliases, value_bytes;
    const char *value;

    if (length == 0) {
        return -ENOENT;
    }
    if (text[0] == '/') {
        return find_absolute(fdt, text, text + length);
    }
    aliases = dt_find(fdt, "/aliases");
    value = aliases < 0 ? NULL : find_property(fdt, aliases, text, length, &value_bytes);
    if (value == NULL || value_bytes < 2 || value[value_bytes - 1] != '\0') {
        return -ENOENT;
    }
    return dt_find(fdt, value);
}

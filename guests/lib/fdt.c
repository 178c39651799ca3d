/* SPDX-License-Identifier: Apache-2.0 */
/* fdt.c - a minimal reader of flattened device trees. */
#include "fdt.h"

#include "string.h"

#define FDT_MAGIC 0xd00dfeedU
#define TOKEN_BEGIN 1U
#define TOKEN_END 2U
#define TOKEN_PROPERTY 3U
#define TOKEN_NOP 4U

enum { HEADER_MAGIC, HEADER_SIZE, HEADER_STRUCT, HEADER_STRINGS };

uint32_t fdt_cell(const void *cell)
{
    const uint8_t *b = cell;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static uint32_t header(const void *fdt, unsigned word)
{
    return fdt_cell((const uint8_t *)fdt + 4 * word);
}

bool fdt_valid(const void *fdt)
{
    return fdt != NULL && ((uintptr_t)fdt & 7) == 0 && header(fdt, HEADER_MAGIC) == FDT_MAGIC;
}

uint32_t fdt_size(const void *fdt)
{
    return header(fdt, HEADER_SIZE);
}

static const uint32_t *skip_bytes(const uint32_t *token, size_t bytes)
{
    return token + (bytes + 3) / 4;
}

static const uint32_t *next_property(const uint32_t *token, const void *fdt, const char **name,
                                     const void **value, uint32_t *bytes)
{
    while (fdt_cell(token) == TOKEN_NOP) {
        token++;
    }
    if (fdt_cell(token) != TOKEN_PROPERTY) {
        return NULL;
    }
    *bytes = fdt_cell(token + 1);
    *name = (const char *)fdt + header(fdt, HEADER_STRINGS) + fdt_cell(token + 2);
    *value = token + 3;
    return skip_bytes(token + 3, *bytes);
}

const void *fdt_property(const struct fdt_node *node, const char *wanted, uint32_t *bytes)
{
    const char *name;
    const void *value;
    uint32_t value_bytes;

    for (const uint32_t *token = node->properties;
         (token = next_property(token, node->fdt, &name, &value, &value_bytes)) != NULL;) {
        if (strcmp(name, wanted) == 0) {
            if (bytes != NULL) {
                *bytes = value_bytes;
            }
            return value;
        }
    }
    return NULL;
}

static unsigned cells(const struct fdt_node *node, const char *name, unsigned otherwise)
{
    const void *value = fdt_property(node, name, NULL);
    return value == NULL ? otherwise : fdt_cell(value);
}

void fdt_walk(const void *fdt, bool (*visit)(const struct fdt_node *node, void *context), void *context)
{
    const uint32_t *token =
        (const uint32_t *)(const void *)((const uint8_t *)fdt + header(fdt, HEADER_STRUCT));
    struct fdt_node node = {.fdt = fdt};
    unsigned open = 0; /* Nodes begun and not ended. */

    for (;;) {
        switch (fdt_cell(token++)) {
        case TOKEN_BEGIN:
            if (open == FDT_DEPTH_MAX) {
                return;
            }
            node.depth = open++;
            node.name[node.depth] = (const char *)token;
            token = skip_bytes(token, strlen((const char *)token) + 1);
            node.properties = token;
            node.address_cells[node.depth] = cells(&node, "#address-cells", 2);
            node.size_cells[node.depth] = cells(&node, "#size-cells", 1);
            if (!visit(&node, context)) {
                return;
            }
            break;
        case TOKEN_PROPERTY:
            token = skip_bytes(token + 2, fdt_cell(token));
            break;
        case TOKEN_NOP:
            break;
        case TOKEN_END:
            if (--open == 0) {
                return;
            }
            break;
        default:
            return;
        }
    }
}

static bool list_has(const char *list, uint32_t bytes, const char *what)
{
    for (const char *s = list; s < list + bytes; s += strlen(s) + 1) {
        if (strcmp(s, what) == 0) {
            return true;
        }
    }
    return false;
}

bool fdt_compatible(const struct fdt_node *node, const char *what)
{
    uint32_t bytes;
    const char *list = fdt_property(node, "compatible", &bytes);
    return list != NULL && list_has(list, bytes, what);
}

bool fdt_enabled(const struct fdt_node *node)
{
    const char *status = fdt_property(node, "status", NULL);
    return status == NULL || strcmp(status, "okay") == 0 || strcmp(status, "ok") == 0;
}

static uint64_t number(const uint32_t *cell, unsigned count)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < count; i++) {
        value = value << 32 | fdt_cell(cell + i);
    }
    return value;
}

bool fdt_reg(const struct fdt_node *node, unsigned index, uint64_t *base, uint64_t *size_bytes)
{
    uint32_t bytes;
    const uint32_t *reg = fdt_property(node, "reg", &bytes);
    unsigned parent = node->depth == 0 ? 0 : node->depth - 1;
    unsigned a = node->address_cells[parent], s = node->size_cells[parent];

    if (reg == NULL || bytes < (index + 1) * (a + s) * 4) {
        return false;
    }
    *base = number(reg + index * (a + s), a);
    *size_bytes = number(reg + index * (a + s) + a, s);
    return true;
}

unsigned fdt_interrupt(const struct fdt_node *node, unsigned index)
{
    uint32_t bytes;
    const uint32_t *interrupts = fdt_property(node, "interrupts", &bytes);

    if (interrupts == NULL || bytes < (index + 1) * 12) {
        return 0;
    }
    interrupts += 3 * index;
    return fdt_cell(interrupts + 1) + (fdt_cell(interrupts) == 1 ? 16 : 32); /* 1: PPI, 0: SPI. */
}

bool fdt_path_is(const struct fdt_node *node, const char *path)
{
    for (unsigned level = 1; level <= node->depth; level++) {
        size_t length = strlen(node->name[level]);
        if (path[0] != '/' || strncmp(path + 1, node->name[level], length) != 0) {
            return false;
        }
        path += 1 + length;
    }
    return node->depth > 0 && (path[0] == '\0' || path[0] == ':');
}

/* SPDX-License-Identifier: Apache-2.0 */
/* symbols.c - the image's functions, from nm. */
#include "symbols.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_CHARS 127

static void add(struct symbols *symbols, uint64_t addr, const char *name)
{
    struct function *last = symbols->count != 0 ? &symbols->functions[symbols->count - 1] : NULL;

    if (last != NULL && last->addr == addr) {
        return; /* Two names of one place: the first. */
    }
    if ((symbols->count & (symbols->count + 1)) == 0) {
        size_t room = 2 * ((size_t)symbols->count + 1);

        symbols->functions = realloc(symbols->functions, room * sizeof(*symbols->functions));
    }
    symbols->functions[symbols->count] = (struct function){addr, strdup(name), 0};
    symbols->count++;
}

bool symbols_read(struct symbols *symbols, const char *path)
{
    FILE *file = fopen(path, "r");
    char name[NAME_MAX_CHARS + 1], type;
    uint64_t addr;

    *symbols = (struct symbols){0};
    if (file == NULL) {
        fprintf(stderr, "el2stay: cannot open the symbols %s: make them by `nm -n bulkhead.elf`\n", path);
        return false;
    }
    while (fscanf(file, "%" SCNx64 " %c %127s", &addr, &type, name) == 3) {
        if (strcmp(name, "__text_start") == 0) {
            symbols->text_start = addr;
        } else if (strcmp(name, "__text_end") == 0) {
            symbols->text_end = addr;
        } else if ((type == 't' || type == 'T') && name[0] != '$' && strncmp(name, "__idmap", 7) != 0) {
            add(symbols, addr, name);
        }
    }
    fclose(file);
    if (symbols->text_end <= symbols->text_start || symbols->count == 0) {
        fprintf(stderr,
                "el2stay: %s has no __text_start, __text_end or functions: is it `nm -n` of the image?\n",
                path);
        return false;
    }
    return true;
}

uint32_t symbols_find(const struct symbols *symbols, uint64_t addr)
{
    uint32_t low = 0, high = symbols->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (symbols->functions[middle].addr <= addr) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low - 1; /* FUNCTION_NONE is -1. */
}

uint64_t symbols_address(const struct symbols *symbols, const char *name)
{
    for (uint32_t i = 0; i < symbols->count; i++) {
        if (strcmp(symbols->functions[i].name, name) == 0) {
            return symbols->functions[i].addr;
        }
    }
    return 0;
}

void symbols_mark(struct symbols *symbols, const char *name, uint64_t mark)
{
    size_t length = strlen(name);

    for (uint32_t i = 0; i < symbols->count; i++) {
        const char *other = symbols->functions[i].name;

        if (strncmp(other, name, length) == 0 && (other[length] == '\0' || other[length] == '.')) {
            symbols->functions[i].mark = mark;
        }
    }
}

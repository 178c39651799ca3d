/* SPDX-License-Identifier: Apache-2.0 */
/* symbols.h - the image's functions, from nm. */
#ifndef EL2STAY_SYMBOLS_H
#define EL2STAY_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

#define FUNCTION_NONE UINT32_MAX

struct function {
    uint64_t addr;
    char *name;
    uint64_t mark; /* One bit when it names causes, else 0. */
};

struct symbols {
    struct function *functions; /* By address, one for each address. */
    uint32_t count;
    uint64_t text_start, text_end;
};

/* Read what `nm -n image.elf` printed. Returns false after a message on stderr when it cannot be read or
 * lacks the image's bounds. */
bool symbols_read(struct symbols *symbols, const char *path);

/* Number of the function that @addr is in, FUNCTION_NONE before the first. */
uint32_t symbols_find(const struct symbols *symbols, uint64_t addr);

/* Address of a symbol of the text; 0 when there is none. */
uint64_t symbols_address(const struct symbols *symbols, const char *name);

/* Give functions called @name, and what the compiler has split off them (name.part.0), the bit @mark. */
void symbols_mark(struct symbols *symbols, const char *name, uint64_t mark);

#endif

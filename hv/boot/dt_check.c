/* SPDX-License-Identifier: Apache-2.0 */
/* dt_check.c - board_check_tree(): is a flattened tree whole, so that libfdt may walk it?
 *
 * libfdt checks each step it takes, but Debian's (1.6.1) follows a property length near 2^31 backwards, for
 * ever. So the whole structure is walked here once, always forwards, in linear time: names and strings have
 * at most NAME_BYTES_MAX characters. Format: devicetree specification 0.4, chapter 5.
 *
 *     | header | reservations: (address, size)... (0, 0) | structure: tags | strings |    the order may
 * differ */
#include <libfdt.h>

#include "boot/board.h"
#include "boot/dt_read.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/string.h"

#define TREE_ALIGN 8u
#define HEADER_BYTES 40u
#define RESERVATION_BYTES 16u
#define NAME_BYTES_MAX 256u /* With its end; the specification allows 32. */
#define VERSION 17u

struct block {
    const uint8_t *at;
    uint64_t bytes;
};

static const char truncated[] = "truncated: it ends within a node, property or string";
static const char corrupt[] = "corrupt: its structure does not hold together";

static uint32_t header_word(const void *fdt, size_t offset)
{
    return (uint32_t)dt_cells_value((const uint8_t *)fdt + offset, 1);
}

/* The block of @bytes at @offset of the tree. Returns false when it sticks out. */
static bool find_block(const void *fdt, uint64_t size, uint64_t offset, uint64_t bytes, struct block *block)
{
    *block = (struct block){(const uint8_t *)fdt + offset, bytes};
    return offset >= HEADER_BYTES && offset <= size && bytes <= size - offset;
}

/* A terminated name at @offset of @block; its length with the end, 0 when there is none. */
static uint64_t name_bytes(const struct block *block, uint64_t offset)
{
    uint64_t left = offset < block->bytes ? block->bytes - offset : 0;
    const uint8_t *end =
        left == 0 ? NULL : memchr(block->at + offset, '\0', (size_t)min_u64(left, NAME_BYTES_MAX));

    return end == NULL ? 0 : (uint64_t)(end - (block->at + offset)) + 1;
}

/* Bytes that the tag at @offset takes, its own four included; 0 when what belongs to it is not whole. */
static uint64_t tag_bytes(const struct block *structure, const struct block *strings, uint64_t offset,
                          uint32_t tag)
{
    uint64_t left = structure->bytes - offset, length;

    if (tag == FDT_BEGIN_NODE) {
        length = name_bytes(structure, offset + 4);
        return length == 0 ? 0 : 4 + align_up(length, 4);
    }
    if (tag != FDT_PROP) {
        return 4;
    }
    if (left < 12) {
        return 0;
    }
    length = dt_cells_value(structure->at + offset + 4, 1);
    if (length > left - 12 || name_bytes(strings, dt_cells_value(structure->at + offset + 8, 1)) == 0) {
        return 0;
    }
    return 12 + align_up(length, 4);
}

/* Walk all tags: one root, everything closed, an end. Returns what is wrong, or NULL. */
static const char *check_structure(const struct block *structure, const struct block *strings)
{
    uint64_t offset = 0, depth = 0, taken;

    do {
        uint32_t tag;

        if (offset > structure->bytes || structure->bytes - offset < 4) {
            return truncated;
        }
        tag = (uint32_t)dt_cells_value(structure->at + offset, 1);
        if (tag < FDT_BEGIN_NODE || tag > FDT_NOP || (offset == 0 && tag != FDT_BEGIN_NODE)) {
            return corrupt;
        }
        depth += tag == FDT_BEGIN_NODE ? 1 : 0;
        depth -= tag == FDT_END_NODE ? 1 : 0;
        taken = tag_bytes(structure, strings, offset, tag);
        if (taken == 0) {
            return truncated;
        }
        offset += taken;
    } while (depth > 0);
    for (; structure->bytes >= 4 && offset <= structure->bytes - 4; offset += 4) {
        uint64_t tag = dt_cells_value(structure->at + offset, 1);

        if (tag != FDT_NOP) {
            return tag == FDT_END ? NULL : corrupt;
        }
    }
    return truncated;
}

static const char *check_reservations(const struct block *block)
{
    for (uint64_t offset = 0; block->bytes - offset >= RESERVATION_BYTES; offset += RESERVATION_BYTES) {
        if (dt_cells_value(block->at + offset + 8, 2) == 0) {
            return NULL;
        }
    }
    return "truncated: its list of reserved memory has no end";
}

static const char *check_blocks(const void *fdt, uint64_t size)
{
    struct block structure, strings, reservations;
    uint64_t reservations_at = header_word(fdt, 16);
    const char *wrong;

    if (header_word(fdt, 20) < VERSION || header_word(fdt, 24) > VERSION) {
        return "its format version is not 17: make it anew with dtc";
    }
    if (!find_block(fdt, size, header_word(fdt, 8), header_word(fdt, 36), &structure) ||
        !find_block(fdt, size, header_word(fdt, 12), header_word(fdt, 32), &strings) ||
        reservations_at > size ||
        !find_block(fdt, size, reservations_at, size - reservations_at, &reservations)) {
        return "corrupt: its header names parts outside of it";
    }
    if (header_word(fdt, 8) % 4 != 0 || reservations_at % 8 != 0) {
        return "corrupt: parts of it are not aligned";
    }
    wrong = check_reservations(&reservations);
    if (wrong == NULL) {
        wrong = check_structure(&structure, &strings);
    }
    return wrong == NULL && fdt_check_header(fdt) != 0 ? corrupt : wrong;
}

static int64_t refuse(const void *fdt, const char *what)
{
    log_error("device tree at 0x%lx: %s; load the tree again, where nothing overwrites it",
              (uint64_t)(uintptr_t)fdt, what);
    return -EINVAL;
}

int64_t board_check_tree(const void *fdt, uint64_t max_bytes)
{
    uint64_t size;
    const char *wrong;

    if (fdt == NULL || (uintptr_t)fdt % TREE_ALIGN != 0) {
        return refuse(fdt, "its address is zero or no multiple of 8");
    }
    if (max_bytes < HEADER_BYTES) {
        return refuse(fdt, "too small for a header");
    }
    if (header_word(fdt, 0) != FDT_MAGIC) {
        log_error(
            "device tree at 0x%lx: starts with 0x%x, not with 0x%x: there is no tree; give its address in "
            "x0 (U-Boot: booti KERNEL - TREE)",
            (uint64_t)(uintptr_t)fdt, header_word(fdt, 0), FDT_MAGIC);
        return -EINVAL;
    }
    size = header_word(fdt, 4);
    if (size < HEADER_BYTES || size > max_bytes || size > INT32_MAX) {
        log_error(
            "device tree at 0x%lx: truncated: its header says %lu bytes, 40 to %lu are possible there; load "
            "it whole",
            (uint64_t)(uintptr_t)fdt, size, max_bytes);
        return -EINVAL;
    }
    wrong = check_blocks(fdt, size);
    return wrong != NULL ? refuse(fdt, wrong) : (int64_t)size;
}

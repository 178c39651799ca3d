/* SPDX-License-Identifier: Apache-2.0 */
/* module.c - finds and checks boot modules. Binding: Xen's docs/misc/arm/device-tree/booting.txt. */
#include "boot/module.h"

#include <libfdt.h>

#include "lib/error.h"
#include "lib/log.h"
#include "lib/string.h"

enum problem {
    PROBLEM_NONE,
    PROBLEM_NOT_RAM,
    PROBLEM_RESERVED,
    PROBLEM_OVERLAP,
    PROBLEM_NOT_COLLECTED,
};

enum module_kind module_kind(const void *fdt, int node)
{
    static const struct {
        const char *compatible;
        enum module_kind kind;
    } kinds[] = {
        {"multiboot,kernel", MODULE_KERNEL},
        {"xen,linux-zimage", MODULE_KERNEL},
        {"multiboot,ramdisk", MODULE_RAMDISK},
        {"xen,linux-initrd", MODULE_RAMDISK},
        {"multiboot,device-tree", MODULE_PARTIAL_TREE},
        {"xen,xsm-policy", MODULE_XSM_POLICY},
        {"multiboot,module", MODULE_UNKNOWN},
        {"xen,multiboot-module", MODULE_UNKNOWN},
    };

    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
        if (dt_compatible(fdt, node, kinds[i].compatible)) {
            return kinds[i].kind;
        }
    }
    return MODULE_NONE;
}

static bool overlap(const struct mem_range *a, const struct mem_range *b)
{
    return a->base.v < b->base.v + b->size_bytes && b->base.v < a->base.v + a->size_bytes;
}

static bool contains(const struct mem_range *outer, const struct mem_range *inner)
{
    return inner->base.v >= outer->base.v && inner->base.v - outer->base.v <= outer->size_bytes &&
           inner->size_bytes <= outer->size_bytes - (inner->base.v - outer->base.v);
}

static bool same(const struct mem_range *a, const struct mem_range *b)
{
    return a->base.v == b->base.v && a->size_bytes == b->size_bytes;
}

static void collect(const struct dt_place *place, struct boot_config *config)
{
    struct boot_module *module = &config->modules[config->module_count];
    struct mem_range where;

    if (dt_reg_raw(place, "reg", 0, &where) != 0 || where.size_bytes == 0) {
        return;
    }
    for (unsigned i = 0; i < config->module_count; i++) {
        if (same(&config->modules[i].where, &where)) {
            return;
        }
    }
    if (config->module_count < MODULE_MAX) {
        dt_place_path(place, module->path, sizeof(module->path));
        module->where = where;
        config->module_count++;
    }
}

void module_collect(const void *fdt, int chosen, struct boot_config *config)
{
    struct dt_place place;

    if (!dt_place_find(&place, fdt, chosen)) {
        return;
    }
    while (dt_place_next_below(&place, 1)) {
        if (place.depth <= 3 && module_kind(fdt, dt_place_node(&place)) != MODULE_NONE) {
            collect(&place, config);
        }
    }
}

/* Boot loaders reserve what they loaded by /memreserve/: a module may lie wholly in such an entry. */
static bool loader_reserved(const void *fdt, const struct mem_range *where)
{
    int count = fdt_num_mem_rsv(fdt);

    for (int i = 0; i < count; i++) {
        struct mem_range entry;

        if (fdt_get_mem_rsv(fdt, i, &entry.base.v, &entry.size_bytes) == 0 && contains(&entry, where)) {
            return true;
        }
    }
    return false;
}

/* What is wrong with a module at @where; @other is then the range it collides with, or its index among the
 * modules. */
static enum problem find_problem(const void *fdt, const struct board *board, const struct boot_config *config,
                                 const struct mem_range *where, unsigned *other)
{
    bool in_ram = false, collected = false;

    for (unsigned i = 0; i < board->memory_count && !in_ram; i++) {
        in_ram = contains(&board->memory[i], where);
    }
    if (!in_ram) {
        return PROBLEM_NOT_RAM;
    }
    for (*other = 0; *other < board->reserved_count; ++*other) {
        if (overlap(&board->reserved[*other], where) && !loader_reserved(fdt, where)) {
            return PROBLEM_RESERVED;
        }
    }
    for (*other = 0; *other < config->module_count; ++*other) {
        if (same(&config->modules[*other].where, where)) {
            collected = true;
        } else if (overlap(&config->modules[*other].where, where)) {
            return PROBLEM_OVERLAP;
        }
    }
    return collected ? PROBLEM_NONE : PROBLEM_NOT_COLLECTED;
}

static void log_not_ram(const char *path, const struct mem_range *where, const struct board *board)
{
    char ram[160] = "";
    size_t length = 0;

    for (unsigned i = 0; i < board->memory_count && length < sizeof(ram); i++) {
        length += format_text(ram + length, sizeof(ram) - length, " 0x%lx-0x%lx", board->memory[i].base.v,
                              board->memory[i].base.v + board->memory[i].size_bytes - 1);
    }
    log_error("%s: module at 0x%lx, 0x%lx bytes, is not in RAM; load it into one of%s", path, where->base.v,
              where->size_bytes, ram);
}

static void log_problem(enum problem problem, const char *path, const struct mem_range *where,
                        const struct board *board, const struct boot_config *config, unsigned other)
{
    switch (problem) {
    case PROBLEM_NONE:
        break;
    case PROBLEM_NOT_RAM:
        log_not_ram(path, where, board);
        break;
    case PROBLEM_RESERVED:
        log_error("%s: module at 0x%lx, 0x%lx bytes, lies over reserved memory at 0x%lx, 0x%lx bytes; load "
                  "it elsewhere",
                  path, where->base.v, where->size_bytes, board->reserved[other].base.v,
                  board->reserved[other].size_bytes);
        break;
    case PROBLEM_OVERLAP:
        log_error("%s: module at 0x%lx, 0x%lx bytes, overlaps %s at 0x%lx, 0x%lx bytes; load them apart and "
                  "write their true sizes",
                  path, where->base.v, where->size_bytes, config->modules[other].path,
                  config->modules[other].where.base.v, config->modules[other].where.size_bytes);
        break;
    case PROBLEM_NOT_COLLECTED:
        log_error("%s: more than %d modules; join or remove some", path, MODULE_MAX);
        break;
    }
}

int module_range(const struct dt_place *place, const struct board *board, const struct boot_config *config,
                 struct mem_range *out)
{
    struct mem_range where;
    char path[DT_PATH_MAX];
    enum problem problem;
    unsigned other;
    int error = dt_reg_raw(place, "reg", 0, &where);

    dt_place_path(place, path, sizeof(path));
    if (error == -ENOENT && dt_has(place->fdt, dt_place_node(place), "xen,uefi-binary")) {
        log_error(
            "%s: xen,uefi-binary needs a start by EFI; load the file to memory and write its place in reg",
            path);
    } else if (error != 0) {
        log_error("%s: reg is missing or malformed; write the module's address and size in the cells that "
                  "#address-cells and "
                  "#size-cells of its parent state",
                  path);
    } else if (where.size_bytes == 0) {
        error = -EINVAL;
        log_error("%s: reg says 0 bytes; write the module's size", path);
    }
    if (error != 0) {
        return -EINVAL;
    }
    problem = find_problem(place->fdt, board, config, &where, &other);
    log_problem(problem, path, &where, board, config, other);
    if (problem != PROBLEM_NONE) {
        return -EINVAL;
    }
    *out = where;
    return 0;
}

void module_drop_unusable(const void *fdt, const struct board *board, struct boot_config *config)
{
    bool usable[MODULE_MAX];
    unsigned kept = 0, other;

    for (unsigned i = 0; i < config->module_count; i++) {
        usable[i] = find_problem(fdt, board, config, &config->modules[i].where, &other) == PROBLEM_NONE;
    }
    for (unsigned i = 0; i < config->module_count; i++) {
        if (usable[i]) {
            config->modules[kept++] = config->modules[i];
        }
    }
    config->module_count = kept;
}

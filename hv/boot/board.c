/* SPDX-License-Identifier: Apache-2.0 */
/* board.c - reads struct board: walks the tree once for memory, CPUs and the devices EL2
 * needs.
 *
 * Ranges stand in no order, merged where they touch, in whole pages: memory rounded inwards, reserved memory
 * outwards. Devices (board_devices.c) are read after the walk, when the GIC is known; the UART comes first,
 * and also when the rest is refused, so that there is a console to say why. */
#include "boot/board.h"

#include <libfdt.h>

#include "boot/board_devices.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/string.h"

#define MPIDR_AFFINITY (MASK64(39, 32) | MASK64(23, 0)) /* Arm ARM D13.2.101. */
#define NO_NODE (-1)

/* What one walk over the tree finds. */
struct survey {
    struct dt_place gic, timer, psci;
    bool has_gic, has_timer, has_psci;
    bool boot_cpu_listed;
    unsigned cpus_left_out;
};

static bool is_module(const void *fdt, int node)
{
    return dt_compatible(fdt, node, "multiboot,module") || dt_compatible(fdt, node, "xen,multiboot-module");
}

static bool is_kernel(const void *fdt, int node)
{
    return is_module(fdt, node) &&
           (dt_compatible(fdt, node, "multiboot,kernel") || dt_compatible(fdt, node, "xen,linux-zimage"));
}

/* Dom0's kernel: the first such module right under @chosen. NO_NODE. */
static int find_dom0_kernel(const void *fdt, int chosen)
{
    int depth = 0;

    for (int node = dt_next_node(fdt, chosen, &depth); node >= 0 && depth > 0;
         node = dt_next_node(fdt, node, &depth)) {
        if (depth == 1 && is_kernel(fdt, node)) {
            return node;
        }
    }
    return NO_NODE;
}

const char *board_cmdline(const void *fdt)
{
    int chosen = dt_find(fdt, "/chosen"), kernel;
    const char *text;

    if (chosen < 0) {
        return "";
    }
    if (dt_has(fdt, chosen, "xen,xen-bootargs")) {
        text = dt_string(fdt, chosen, "xen,xen-bootargs");
        return text == NULL ? "" : text;
    }
    /* Xen's rule: bootargs is Dom0's, unless that has its own; and here, when there is no Dom0 to have it. */
    kernel = find_dom0_kernel(fdt, chosen);
    if (kernel != NO_NODE && !dt_has(fdt, kernel, "bootargs") && !dt_has(fdt, chosen, "xen,dom0-bootargs")) {
        return "";
    }
    text = dt_string(fdt, chosen, "bootargs");
    return text == NULL ? "" : text;
}

/* Add [base, end) to @list, merged with every range it touches. Returns -ENOSPC when the list is full. */
static int add_range(struct mem_range *list, unsigned *count, uint64_t base, uint64_t end)
{
    for (unsigned i = 0; i < *count;) {
        uint64_t other_base = list[i].base.v, other_end = other_base + list[i].size_bytes;

        if (base <= other_end && other_base <= end) {
            base = min_u64(base, other_base);
            end = max_u64(end, other_end);
            list[i] = list[--*count];
            i = 0;
        } else {
            i++;
        }
    }
    if (*count == BOARD_RANGE_MAX) {
        return -ENOSPC;
    }
    list[(*count)++] = (struct mem_range){pa(base), end - base};
    return 0;
}

/* Memory is rounded inwards. The topmost page of the address space is left out, so that an end never
 * wraps. */
static int add_memory(struct board *board, const struct mem_range *range, const char *where)
{
    uint64_t limit = ~PAGE_MASK;
    uint64_t base = range->base.v >= limit ? limit : align_up(range->base.v, PAGE_SIZE);
    uint64_t end = range->base.v + range->size_bytes;

    end = end < range->base.v ? limit : align_down(end, PAGE_SIZE);
    if (base < end && add_range(board->memory, &board->memory_count, base, end) != 0) {
        log_warn("%s: more than %d separate ranges of memory: 0x%lx bytes at 0x%lx are left out", where,
                 BOARD_RANGE_MAX, range->size_bytes, range->base.v);
    }
    return 0;
}

/* Reserved memory is rounded outwards, and none may be lost: it would be handed out. */
static int add_reserved(struct board *board, const struct mem_range *range, const char *where)
{
    uint64_t limit = ~PAGE_MASK;
    uint64_t base = align_down(range->base.v, PAGE_SIZE);
    uint64_t last = range->base.v + range->size_bytes;
    uint64_t end = last < range->base.v || last > limit ? limit : align_up(last, PAGE_SIZE);

    if (range->size_bytes > 0 && base < end &&
        add_range(board->reserved, &board->reserved_count, base, end) != 0) {
        log_error("%s: more than %d separate reserved ranges; join or remove some", where, BOARD_RANGE_MAX);
        return -EINVAL;
    }
    return 0;
}

/* Every range of the node's reg goes to @add. */
static int take_ranges(const struct dt_place *place, struct board *board,
                       int (*add)(struct board *board, const struct mem_range *range, const char *where))
{
    struct mem_range range;
    char path[DT_PATH_MAX];
    int error;

    dt_place_path(place, path, sizeof(path));
    for (unsigned i = 0;; i++) {
        error = dt_reg_raw(place, "reg", i, &range);
        if (error == -ENOENT) {
            return 0;
        }
        if (error != 0) {
            log_warn("%s: reg is malformed and left out: write address and size in the cells the parent "
                     "states (1 or 2 each)",
                     path);
            return 0;
        }
        error = add(board, &range, path);
        if (error != 0) {
            return error;
        }
    }
}

static int take_reservations(const void *fdt, struct board *board)
{
    int count = fdt_num_mem_rsv(fdt);

    for (int i = 0; i < count; i++) {
        struct mem_range range;

        if (fdt_get_mem_rsv(fdt, i, &range.base.v, &range.size_bytes) == 0 &&
            add_reserved(board, &range, "/memreserve/") != 0) {
            return -EINVAL;
        }
    }
    return 0;
}

static bool cpu_can_start(const struct dt_place *place, const char *path)
{
    const char *method = dt_string(place->fdt, dt_place_node(place), "enable-method");

    if (!dt_enabled(place->fdt, dt_place_node(place))) {
        log_info("%s is disabled by its status and left out", path);
        return false;
    }
    if (method == NULL || strcmp(method, "psci") != 0) {
        log_warn("%s: enable-method is \"%s\", CPU left out: only \"psci\" is supported", path,
                 method == NULL ? "" : method);
        return false;
    }
    return true;
}

static void take_cpu(const struct dt_place *place, uint64_t boot_mpidr, const struct options *options,
                     struct board *board, struct survey *survey)
{
    unsigned address_cells, size_cells;
    char path[DT_PATH_MAX];
    uint64_t mpidr;
    int length;
    const void *reg = dt_property(place->fdt, dt_place_node(place), "reg", &length);

    dt_place_path(place, path, sizeof(path));
    dt_cell_sizes(place, place->depth - 1, &address_cells, &size_cells);
    if (reg == NULL || address_cells < 1 || address_cells > 2 || length < (int)address_cells * 4) {
        log_warn(
            "%s: reg is malformed, CPU left out: write its MPIDR affinity in the cells that /cpus states",
            path);
        return;
    }
    mpidr = dt_cells_value(reg, address_cells) & MPIDR_AFFINITY;
    for (unsigned i = 1; i < board->cpu_count; i++) {
        if (board->cpu_mpidr[i] == mpidr) {
            log_warn("%s: reg 0x%lx is that of another CPU: left out", path, mpidr);
            return;
        }
    }
    if (mpidr == (boot_mpidr & MPIDR_AFFINITY)) {
        survey->boot_cpu_listed = true;
        return;
    }
    if (!cpu_can_start(place, path)) {
        return;
    }
    if (board->cpu_count >= CPU_MAX || board->cpu_count >= options->maxcpus) {
        survey->cpus_left_out++;
        return;
    }
    board->cpu_mpidr[board->cpu_count++] = mpidr;
}

static bool is_memory(const struct dt_place *place)
{
    const char *type = dt_string(place->fdt, dt_place_node(place), "device_type");
    const char *name = dt_place_name(place);

    if (type != NULL) {
        return strcmp(type, "memory") == 0;
    }
    return strcmp(name, "memory") == 0 || strncmp(name, "memory@", 7) == 0;
}

static bool is_cpu(const struct dt_place *place)
{
    const char *type = dt_string(place->fdt, dt_place_node(place), "device_type");

    return type != NULL && strcmp(type, "cpu") == 0;
}

static void note_device(const struct dt_place *place, struct board *board, struct survey *survey)
{
    const void *fdt = place->fdt;
    int node = dt_place_node(place), length;
    const char *compatible = dt_property(fdt, node, "compatible", &length);

    if (compatible == NULL) {
        return;
    }
    if (!survey->has_gic && board_is_gic(fdt, node)) {
        survey->gic = *place;
        survey->has_gic = true;
    } else if (!survey->has_timer && (dt_list_has(compatible, length, "arm,armv8-timer") ||
                                      dt_list_has(compatible, length, "arm,armv7-timer"))) {
        survey->timer = *place;
        survey->has_timer = true;
    } else if (!survey->has_psci &&
               (dt_list_has(compatible, length, "arm,psci-1.0") ||
                dt_list_has(compatible, length, "arm,psci-0.2") ||
                dt_list_has(compatible, length, "arm,psci")) &&
               dt_enabled(fdt, node)) {
        survey->psci = *place;
        survey->has_psci = true;
    } else if (dt_list_has(compatible, length, "xlnx,zynqmp-firmware")) {
        const char *method = dt_string(fdt, node, "method");

        board->firmware_eemi = method != NULL && strcmp(method, "smc") == 0 && dt_enabled(fdt, node);
    }
}

/* One node of the walk. @top: name of its ancestor below the root. */
static int take_node(const struct dt_place *place, const char *top, uint64_t boot_mpidr,
                     const struct options *options, struct board *board, struct survey *survey)
{
    const void *fdt = place->fdt;
    int node = dt_place_node(place);

    if (place->depth == 1 && is_memory(place)) {
        return dt_enabled(fdt, node) ? take_ranges(place, board, add_memory) : 0;
    }
    if (place->depth == 2 && strcmp(top, "reserved-memory") == 0) {
        return dt_enabled(fdt, node) ? take_ranges(place, board, add_reserved) : 0;
    }
    if (place->depth == 2 && strcmp(top, "cpus") == 0) {
        if (is_cpu(place)) {
            take_cpu(place, boot_mpidr, options, board, survey);
        }
        return 0;
    }
    note_device(place, board, survey);
    return 0;
}

static int walk(const void *fdt, uint64_t boot_mpidr, const struct options *options, struct board *board,
                struct survey *survey)
{
    struct dt_place place;

    dt_place_root(&place, fdt);
    while (dt_place_next(&place)) {
        const char *top = dt_name(fdt, place.node[1]);
        int error;

        if (top == NULL || strcmp(top, "chosen") == 0) {
            continue;
        }
        error = take_node(&place, top, boot_mpidr, options, board, survey);
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

static void report_cpus(const struct options *options, const struct board *board, const struct survey *survey)
{
    if (!survey->boot_cpu_listed) {
        log_warn("/cpus: no enabled node has reg 0x%lx, the CPU that runs; write one", board->cpu_mpidr[0]);
    }
    if (survey->cpus_left_out > 0 && options->maxcpus < CPU_MAX) {
        log_info("%u CPUs left out by maxcpus=%u", survey->cpus_left_out, options->maxcpus);
    } else if (survey->cpus_left_out > 0) {
        log_warn("%u CPUs left out: at most %d are supported", survey->cpus_left_out, CPU_MAX);
    }
}

static int require_all(const struct board *board, const struct survey *survey)
{
    if (board->memory_count == 0) {
        log_error("device tree: no memory: a node with device_type = \"memory\" and reg is wanted");
        return -EINVAL;
    }
    if (!survey->has_gic) {
        log_error("device tree: no interrupt controller: a node with compatible \"arm,gic-400\", "
                  "\"arm,cortex-a15-gic\" or \"arm,gic-v3\" is wanted");
        return -EINVAL;
    }
    if (!survey->has_timer) {
        log_error("device tree: no generic timer: a node with compatible \"arm,armv8-timer\" is wanted");
        return -EINVAL;
    }
    return 0;
}

static void take_psci(const struct survey *survey, struct board *board)
{
    if (survey->has_psci) {
        board_read_psci(&survey->psci, board);
    } else if (board->cpu_count > 1) {
        log_warn("device tree: no psci node: only the boot CPU runs");
    }
    if (board->psci_conduit == PSCI_CONDUIT_NONE) {
        board->cpu_count = 1;
    }
}

int board_read(const void *fdt, uint64_t boot_mpidr, const struct options *options, struct board *board)
{
    struct survey survey = {.has_gic = false};
    const char *model = dt_string(fdt, 0, "model");
    int error, gic_node;

    memset(board, 0, sizeof(*board));
    (void)string_copy(board->model, sizeof(board->model), model == NULL ? "unnamed board" : model);
    board->cpu_mpidr[0] = boot_mpidr & MPIDR_AFFINITY;
    board->cpu_count = 1;
    error = take_reservations(fdt, board);
    if (error == 0) {
        error = walk(fdt, boot_mpidr, options, board, &survey);
    }
    gic_node = survey.has_gic ? dt_place_node(&survey.gic) : NO_NODE;
    board_read_uart(fdt, gic_node, options, board);
    if (error != 0 || require_all(board, &survey) != 0) {
        return -EINVAL;
    }
    report_cpus(options, board, &survey);
    take_psci(&survey, board);
    if (board_read_gic(&survey.gic, board) != 0) {
        return -EINVAL;
    }
    return board_read_timer(&survey.timer, gic_node, board);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* read.c - schedcheck: the tree, read by the hypervisor's own code, and the vCPUs in the pools that it would
 * make. */
#include <errno.h>
#include <libfdt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/panic.h"
#include "schedcheck.h"

#define TREE_BYTES_MAX (2u << 20)

unsigned log_errors;

/* The hypervisor's words: what it would refuse at boot. */
void log_line(enum log_level level, const char *format, ...)
{
    va_list args;

    if (level > LOG_WARN) {
        return;
    }
    log_errors += level == LOG_ERROR ? 1 : 0;
    fputs(level == LOG_ERROR ? "error: " : "warning: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

void panic(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(2);
}

static void *read_all(FILE *file, const char *name, size_t *size)
{
    char *data = malloc(TREE_BYTES_MAX + 1);

    if (data == NULL) {
        fprintf(stderr, "schedcheck: not enough memory\n");
        return NULL;
    }
    *size = fread(data, 1, TREE_BYTES_MAX + 1, file);
    if (ferror(file) || *size == 0 || *size > TREE_BYTES_MAX) {
        fprintf(stderr, "schedcheck: %s: %s\n", name,
                ferror(file) ? strerror(errno)
                : *size == 0 ? "is empty, or dtc could not compile it"
                             : "is larger than 2 MiB: no device tree");
        free(data);
        return NULL;
    }
    return data;
}

static void *compile(const char *name, size_t *size)
{
    int ends[2], status;
    void *data = NULL;
    pid_t child;
    FILE *file;

    if (pipe(ends) != 0 || (child = fork()) < 0) {
        fprintf(stderr, "schedcheck: %s: %s\n", name, strerror(errno));
        return NULL;
    }
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execlp("dtc", "dtc", "-q", "-I", "dts", "-O", "dtb", "-o", "-", name, (char *)NULL);
        fprintf(stderr, "schedcheck: dtc, which compiles %s: %s\n", name, strerror(errno));
        _exit(127);
    }
    close(ends[1]);
    file = fdopen(ends[0], "rb");
    if (file != NULL) {
        data = read_all(file, name, size);
        fclose(file);
    }
    if (waitpid(child, &status, 0) == child && status != 0) {
        free(data);
        data = NULL;
    }
    return data;
}

void *load_tree(const char *name, size_t *size)
{
    size_t length = strlen(name);
    void *data;
    FILE *file;

    if (length > 4 && strcmp(name + length - 4, ".dts") == 0) {
        return compile(name, size);
    }
    file = fopen(name, "rb");
    if (file == NULL) {
        fprintf(stderr, "schedcheck: %s: %s\n", name, strerror(errno));
        return NULL;
    }
    data = read_all(file, name, size);
    fclose(file);
    return data;
}

/* A module that is not here: a domain with devices is scheduled like any other. */
static const void *empty_partial_tree(pa_t base, uint64_t size_bytes)
{
    static char tree[1024];

    (void)base;
    (void)size_bytes;
    fdt_create(tree, sizeof(tree));
    fdt_finish_reservemap(tree);
    fdt_begin_node(tree, "");
    fdt_begin_node(tree, "passthrough");
    fdt_end_node(tree);
    fdt_end_node(tree);
    fdt_finish(tree);
    return tree;
}

static const char *reason(int error)
{
    return error == -EOVERFLOW ? "more is promised than the CPUs it may use have"
           : error == -ENOSPC  ? "no CPU is left for it: it waits"
                               : "its parameters are out of range";
}

static void add_vcpu(struct system *system, const struct domain_config *domain, unsigned index, unsigned id)
{
    struct vcpu *vcpu = &system->vcpus[system->vcpu_count++];
    uint32_t hard = domain->vcpu_hard_affinity[id], kick;
    char text[128];
    int error;

    *vcpu = (struct vcpu){.domain = domain, .domain_index = index, .id = id, .pool = domain->pool};
    vcpu->unit.domid = (uint16_t)index;
    vcpu->unit.vcpu_id = (uint16_t)id;
    vcpu->unit.hard_affinity = hard != 0 ? hard : UINT32_MAX;
    vcpu->unit.soft_affinity = UINT32_MAX;
    vcpu->unit.params = domain->vcpu_params[id].weight != 0 ? domain->vcpu_params[id] : SCHED_PARAMS_DEFAULT;
    vcpu->unit.group = &system->groups[index];
    error = sched_add(&system->pools[domain->pool], &vcpu->unit, 0, &kick);
    vcpu->admitted = error == 0;
    if (error != 0) {
        log_error("%s: %s", vcpu_text(vcpu, text, sizeof(text)), reason(error));
    }
}

static void add_domain(struct system *system, const struct domain_config *domain, unsigned index)
{
    for (unsigned id = 0; id < domain->vcpu_count; id++) {
        add_vcpu(system, domain, index, id);
    }
}

static struct sched_unit *find_unit(struct system *system, const struct domain_config *domain, unsigned id)
{
    for (unsigned i = 0; i < system->vcpu_count; i++) {
        if (system->vcpus[i].domain == domain && system->vcpus[i].id == id) {
            return &system->vcpus[i].unit;
        }
    }
    return NULL;
}

/* As boot/build_schedule.c. */
static void set_schedule(struct system *system)
{
    static struct arinc_table table;
    const struct schedule_config *schedule = &system->config.schedule;
    struct arinc_fault fault;
    uint32_t kick;

    if (schedule->path[0] == '\0') {
        return;
    }
    table.frame_ns = schedule->frame_us * UINT64_C(1000);
    table.slot_count = schedule->slot_count;
    for (unsigned i = 0; i < schedule->slot_count; i++) {
        const struct schedule_slot *slot = &schedule->slots[i];

        table.slots[i] = (struct arinc_slot){
            .start_ns = slot->start_us * UINT64_C(1000),
            .length_ns = slot->length_us * UINT64_C(1000),
            .unit = find_unit(system, &system->config.domains[slot->domain], slot->vcpu),
            .cpu = slot->cpu,
        };
    }
    if (arinc_set_table(&system->pools[schedule->pool], &table, 0, &kick, &fault) == 0) {
        system->has_table = true;
    } else if (fault.reason == ARINC_FRAME) {
        log_error("%s: %s", schedule->path, arinc_reason_text(fault.reason));
    } else {
        log_error("%s: slot %u %s", schedule->path, fault.slot, arinc_reason_text(fault.reason));
    }
}

int read_system(const void *fdt, size_t size, struct system *system)
{
    struct boot_config *config = &system->config;

    if (board_check_tree(fdt, size) < 0) {
        return -EINVAL;
    }
    cmdline_parse(board_cmdline(fdt), &system->options);
    if (board_read(fdt, 0, &system->options, &system->board) != 0 ||
        boot_config_read(fdt, &system->board, &system->options, empty_partial_tree, config) != 0) {
        return -EINVAL;
    }
    for (unsigned i = 0; i < config->pool_count; i++) {
        sched_pool_init(&system->pools[i], config->pools[i].ops, config->pools[i].cpus);
        system->pools[i].ratelimit_ns = system->options.sched_ratelimit_us * UINT64_C(1000);
        system->pools[i].cap_period_ns = system->options.credit2_cap_period_ms * NS_PER_MS;
        system->pools[i].overcommit = system->options.sched_overcommit;
    }
    if (config->dom0.kernel.size_bytes != 0) {
        add_domain(system, &config->dom0, 0);
    }
    for (unsigned i = 0; i < config->domain_count; i++) {
        add_domain(system, &config->domains[i], i + 1);
    }
    set_schedule(system);
    return 0;
}

const char *cpus_text(uint32_t cpus, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "CPU%s ", __builtin_popcount(cpus) == 1 ? "" : "s");
    const char *comma = "";

    for (unsigned cpu = 0; cpu < CPU_MAX && used < size; cpu++) {
        unsigned last = cpu;

        if ((cpus & BIT32(cpu)) == 0) {
            continue;
        }
        while (last + 1 < CPU_MAX && (cpus & BIT32(last + 1)) != 0) {
            last++;
        }
        used += (size_t)snprintf(out + used, size - used, last > cpu ? "%s%u-%u" : "%s%u", comma, cpu, last);
        comma = ",";
        cpu = last;
    }
    return out;
}

const char *vcpu_text(const struct vcpu *vcpu, char *out, size_t size)
{
    const char *path = vcpu->domain->path;

    snprintf(out, size, "%s vCPU %u", path[0] != '\0' ? path : "Dom0", vcpu->id);
    return out;
}

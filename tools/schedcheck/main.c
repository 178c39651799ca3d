/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - schedcheck: says before boot whether what a system description promises its vCPUs can hold, and
 * draws it. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "schedcheck.h"

#define OVERHEAD_NS                                                                                          \
    6000             /* tests/qemu/test_domain_realtime.py: the most that EL2 took of a budget or slot.      \
                      */
#define PATH_NS 6000 /* ./bench --sched: the most beyond the wait. */

static const char help[] =
    "schedcheck: can the guarantees of a system description hold?\n"
    "\n"
    "  schedcheck [OPTION...] TREE\n"
    "\n"
    "TREE is the device tree that Bulkhead boots with (.dtb, or .dts, which dtc compiles): its domains, CPU "
    "pools,\n"
    "command line, budgets and schedule, read by the hypervisor's own code. For each vCPU under rtds and "
    "arinc653 it\n"
    "says what it gets, how long it may have to wait, and how late an interrupt may reach it.\n"
    "\n"
    "  --svg FILE          draw who would run when, were all vCPUs always awake\n"
    "  --happened FILE     beside it, what was measured: lines of CPU, start and end in ns, name[, colour "
    "number]\n"
    "  --span-us N         length of the picture; two frames, at least 20 ms and at most 100 ms, when not "
    "given\n"
    "  --overhead-us N     what EL2 takes of each budget or slot (6: an instruction a nanosecond, measured "
    "in QEMU)\n"
    "  --path-us N         from when a vCPU may run to its interrupt vector (6: the same)\n"
    "  --help              this text\n"
    "\n"
    "Exit status: 0 all guarantees hold, 1 one does not or part of the tree is refused, 2 nothing can be "
    "said.\n";

struct arguments {
    const char *tree, *svg, *happened;
    uint64_t span_ns, overhead_ns, path_ns;
};

static int parse_us(const char *text, const char *option, uint64_t *ns)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (*end != '\0' || text[0] < '0' || text[0] > '9' || value > 3600000000UL) {
        fprintf(stderr, "schedcheck: --%s %s: write microseconds, a number from 0 to 3600000000\n", option,
                text);
        return -EINVAL;
    }
    *ns = value * UINT64_C(1000);
    return 0;
}

/* 0; 1: done, the help was asked for; -EINVAL. */
static int parse(int count, char **words, struct arguments *arguments)
{
    static const struct option options[] = {
        {"svg", required_argument, NULL, 's'},
        {"happened", required_argument, NULL, 'a'},
        {"span-us", required_argument, NULL, 'n'},
        {"overhead-us", required_argument, NULL, 'o'},
        {"path-us", required_argument, NULL, 'p'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option, error = 0;

    *arguments = (struct arguments){.overhead_ns = OVERHEAD_NS, .path_ns = PATH_NS};
    while (error == 0 && (option = getopt_long(count, words, "h", options, NULL)) != -1) {
        switch (option) {
        case 's':
            arguments->svg = optarg;
            break;
        case 'a':
            arguments->happened = optarg;
            break;
        case 'n':
            error = parse_us(optarg, "span-us", &arguments->span_ns);
            break;
        case 'o':
            error = parse_us(optarg, "overhead-us", &arguments->overhead_ns);
            break;
        case 'p':
            error = parse_us(optarg, "path-us", &arguments->path_ns);
            break;
        case 'h':
            fputs(help, stdout);
            return 1;
        default:
            error = -EINVAL;
            break;
        }
    }
    if (error == 0 && optind + 1 != count) {
        fprintf(stderr, "schedcheck: write the name of one device tree; --help says more\n");
        error = -EINVAL;
    }
    arguments->tree = error == 0 ? words[optind] : NULL;
    return error;
}

/* Returns how many guarantees do not hold. */
static unsigned check(const struct system *system)
{
    unsigned failed = 0;
    char text[64];

    for (unsigned i = 0; i < system->config.pool_count; i++) {
        const struct sched_pool *pool = &system->pools[i];
        const char *path = system->config.pools[i].path;

        if (pool->cpus == 0) {
            continue;
        }
        printf("%s (%s): %s\n", i == 0 ? "CPUs of no pool" : path, cpus_text(pool->cpus, text, sizeof(text)),
               pool->ops->name);
        if (pool->ops == &sched_rtds) {
            failed += check_rtds(system, i, stdout);
        } else if (pool->ops == &sched_arinc653) {
            failed += check_arinc(system, i, stdout);
        } else {
            printf("  %s\n", pool->ops == &sched_null
                                 ? "each vCPU has a CPU of its own, and never waits"
                                 : "shares, and no deadlines: nothing is guaranteed in time");
        }
    }
    return failed;
}

static int draw(struct system *system, const struct arguments *arguments)
{
    uint64_t span_ns = arguments->span_ns != 0 ? arguments->span_ns : picture_ns(system);
    struct spans planned = {NULL, 0, 0}, happened = {NULL, 0, 0};
    int error = 0;

    if (arguments->happened != NULL) {
        error = read_spans(arguments->happened, &happened);
    }
    if (error == 0) {
        simulate(system, span_ns, &planned);
        error = write_svg(arguments->svg, system, span_ns, &planned,
                          arguments->happened != NULL ? &happened : NULL);
    }
    free(planned.list);
    free(happened.list);
    return error;
}

int main(int count, char **words)
{
    static struct system system;
    struct arguments arguments;
    unsigned failed;
    size_t size;
    void *fdt;
    int error = parse(count, words, &arguments);

    if (error != 0) {
        return error > 0 ? 0 : 2;
    }
    fdt = load_tree(arguments.tree, &size);
    if (fdt == NULL) {
        return 2;
    }
    system.overhead_ns = arguments.overhead_ns;
    system.path_ns = arguments.path_ns;
    if (read_system(fdt, size, &system) != 0) {
        fprintf(stderr, "schedcheck: %s cannot be used (see above)\n", arguments.tree);
        free(fdt);
        return 2;
    }
    failed = check(&system);
    printf("%s: %s\n", arguments.tree,
           failed != 0       ? "NOT all guarantees hold"
           : log_errors != 0 ? "part of it is refused (see above)"
                             : "all guarantees hold");
    if (arguments.svg != NULL && draw(&system, &arguments) != 0) {
        free(fdt);
        return 2;
    }
    free(fdt);
    return failed != 0 || log_errors != 0 ? 1 : 0;
}

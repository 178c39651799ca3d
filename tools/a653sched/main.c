/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - a653sched: gives a CPU pool under arinc653 the schedule of a text file. Runs in Dom0; xl has no
 * command for it. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "privcmd.h"
#include "table.h"

#define TEXT_MAX 65536
#define CPU_SHIFT 16 /* Bulkhead: which CPU is in the upper half of vcpu_id, plus 1. */

static const char help[] =
    "a653sched: the schedule of a CPU pool under arinc653\n"
    "\n"
    "  a653sched [--pool N] FILE     sets the schedule of FILE; it takes effect at the end of the frame that "
    "runs\n"
    "  a653sched [--pool N] --show   prints the one in use, as such a file\n"
    "  a653sched --check FILE        says whether FILE is a schedule; asks no hypervisor\n"
    "\n"
    "FILE:\n"
    "  frame 10ms\n"
    "  # CPU start length domain vCPU\n"
    "  slot 0 0    4ms Dom0 0\n"
    "  slot 0 4ms  5ms 1    0\n"
    "  slot 1 500us 2ms 1   1\n"
    "\n"
    "Times in ns, us, ms or s. A slot is at least 50us; time in no slot is idle; a vCPU in no slot does not "
    "run. \"-\" for\n"
    "the CPU of every slot is the first one of the pool that the vCPU may use. Pool 0 unless said.\n"
    "Exit status: 0 done, 1 the file is wrong, or the hypervisor refuses it, 2 it could not be asked.\n";

struct arguments {
    unsigned long pool;
    bool show, check;
    const char *file;
};

static int parse(int count, char **words, struct arguments *arguments)
{
    static const struct option options[] = {
        {"pool", required_argument, NULL, 'p'},
        {"show", no_argument, NULL, 's'},
        {"check", no_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    char *end;
    int option;

    while ((option = getopt_long(count, words, "h", options, NULL)) != -1) {
        if (option == 'h') {
            fputs(help, stdout);
            exit(0);
        } else if (option == 'p') {
            arguments->pool = strtoul(optarg, &end, 10);
            if (*end != '\0' || *optarg < '0' || *optarg > '9' || arguments->pool > UINT32_MAX) {
                fprintf(stderr,
                        "a653sched: --pool %s: write the pool's number, as xl cpupool-list -c has it\n",
                        optarg);
                return -1;
            }
        } else if (option == 's') {
            arguments->show = true;
        } else if (option == 'c') {
            arguments->check = true;
        } else {
            return -1;
        }
    }
    if (optind + (arguments->show ? 0 : 1) != count || (arguments->show && arguments->check)) {
        fprintf(stderr, "a653sched: write the name of one file, or --show; --help says more\n");
        return -1;
    }
    arguments->file = words[optind];
    return 0;
}

static int read_file(const char *name, char *text)
{
    FILE *file = strcmp(name, "-") == 0 ? stdin : fopen(name, "r");
    size_t size;

    if (file == NULL) {
        fprintf(stderr, "a653sched: %s: %s\n", name, strerror(errno));
        return -1;
    }
    size = fread(text, 1, TEXT_MAX, file);
    text[size < TEXT_MAX ? size : 0] = '\0';
    if (ferror(file) || size == TEXT_MAX || strlen(text) != size) {
        fprintf(stderr, "a653sched: %s: %s\n", name,
                size == TEXT_MAX ? "is longer than any schedule" : "is no text, or cannot be read");
        size = TEXT_MAX;
    }
    if (file != stdin) {
        fclose(file);
    }
    return size < TEXT_MAX ? 0 : -1;
}

/* The slots as the ABI's entries. 0; -1: a domain is not there, named with its line. */
static int encode(const struct table *table, const char *name, struct xen_sysctl_arinc653_schedule *schedule)
{
    memset(schedule, 0, sizeof(*schedule));
    schedule->major_frame = table->frame_ns;
    schedule->num_sched_entries = (uint8_t)table->count;
    for (unsigned i = 0; i < table->count; i++) {
        const struct slot *slot = &table->slots[i];
        domid_t domain = (domid_t)slot->domain;

        if (slot->domain == DOMAIN_NOBODY) {
            memset(schedule->sched_entries[i].dom_handle, 0xff, sizeof(xen_domain_handle_t));
        } else if (privcmd_domain(&domain, schedule->sched_entries[i].dom_handle) != 0 ||
                   domain != slot->domain) {
            fprintf(stderr, "%s:%u: there is no domain %u; xl list has those there are\n", name, slot->line,
                    slot->domain);
            return -1;
        }
        schedule->sched_entries[i].vcpu_id =
            slot->vcpu | (slot->cpu == CPU_ANY ? 0 : (slot->cpu + 1) << CPU_SHIFT);
        schedule->sched_entries[i].runtime = slot->length_ns;
    }
    return 0;
}

/* The hypervisor's log says which slot it refused, and why. */
static void say_refused(const struct table *table, const char *name)
{
    static const char words[] = "sched arinc653: a schedule is refused: ";
    static char log[32768];
    const char *last = NULL;
    unsigned slot;

    if (privcmd_log(log, sizeof(log)) == 0) {
        for (const char *at = log; (at = strstr(at, words)) != NULL; at++) {
            last = at + strlen(words);
        }
    }
    if (last == NULL) {
        fprintf(stderr, "%s: refused; the hypervisor's log (xl dmesg) says why\n", name);
    } else if (sscanf(last, "slot %u", &slot) == 1 && slot < table->count) {
        fprintf(stderr, "%s:%u: refused: the hypervisor says: %.*s\n", name, table->slots[slot].line,
                (int)strcspn(last, "\r\n"), last);
    } else {
        fprintf(stderr, "%s: refused: the hypervisor says: %.*s\n", name, (int)strcspn(last, "\r\n"), last);
    }
}

static int unreachable(const char *what)
{
    fprintf(stderr, "a653sched: %s: %s%s\n", what, strerror(errno),
            errno == EINVAL   ? ": is the pool under arinc653?"
            : errno == ESRCH  ? ": is there such a pool?"
            : errno == ENOENT ? ": does this run in Dom0, with the module xen-privcmd?"
                              : "");
    return 2;
}

static int set(const struct arguments *arguments, const struct table *table)
{
    static struct xen_sysctl_arinc653_schedule schedule, old;

    if (privcmd_open() != 0) {
        return unreachable("/dev/xen/privcmd");
    }
    if (privcmd_schedule((uint32_t)arguments->pool, XEN_SYSCTL_SCHEDOP_getinfo, &old) != 0 &&
        errno != ENOSPC) {
        return unreachable("the schedule in use");
    }
    if (encode(table, arguments->file, &schedule) != 0) {
        return 1;
    }
    if (privcmd_schedule((uint32_t)arguments->pool, XEN_SYSCTL_SCHEDOP_putinfo, &schedule) == 0) {
        return 0;
    }
    if (errno != EINVAL) {
        return unreachable("the new schedule");
    }
    say_refused(table, arguments->file);
    return 1;
}

/* Number of the domain with @handle; DOMAIN_NOBODY: it has gone, or it is nobody's time. */
static unsigned domain_of(const xen_domain_handle_t handle)
{
    xen_domain_handle_t one;

    for (domid_t domain = 0; privcmd_domain(&domain, one) == 0; domain++) {
        if (memcmp(one, handle, sizeof(one)) == 0) {
            return domain;
        }
    }
    return DOMAIN_NOBODY;
}

static int show(const struct arguments *arguments)
{
    static struct xen_sysctl_arinc653_schedule schedule;
    static struct table table;
    uint64_t start_ns = 0;

    if (privcmd_open() != 0) {
        return unreachable("/dev/xen/privcmd");
    }
    if (privcmd_schedule((uint32_t)arguments->pool, XEN_SYSCTL_SCHEDOP_getinfo, &schedule) != 0) {
        return unreachable("the schedule in use");
    }
    table.frame_ns = schedule.major_frame;
    for (unsigned i = 0; i < schedule.num_sched_entries && i < SLOTS_MAX; i++) {
        uint32_t id = schedule.sched_entries[i].vcpu_id;
        unsigned cpu = id >> CPU_SHIFT != 0 ? (id >> CPU_SHIFT) - 1 : CPU_ANY;

        start_ns = i != 0 && cpu == table.slots[i - 1].cpu ? start_ns : 0;
        table.slots[table.count++] = (struct slot){0,
                                                   cpu,
                                                   start_ns,
                                                   schedule.sched_entries[i].runtime,
                                                   domain_of(schedule.sched_entries[i].dom_handle),
                                                   id & 0xffff};
        start_ns += schedule.sched_entries[i].runtime;
    }
    table_print(&table, stdout);
    return 0;
}

int main(int count, char **words)
{
    static char text[TEXT_MAX];
    static struct table table, filled;
    struct arguments arguments = {0, false, false, NULL};

    if (parse(count, words, &arguments) != 0) {
        return 2;
    }
    if (arguments.show) {
        return show(&arguments);
    }
    if (read_file(arguments.file, text) != 0) {
        return 2;
    }
    if (table_parse(text, arguments.file, &table, stderr) != 0 ||
        table_fill(&table, arguments.file, &filled, stderr) != 0) {
        return 1;
    }
    return arguments.check ? 0 : set(&arguments, &filled);
}

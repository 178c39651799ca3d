/* SPDX-License-Identifier: Apache-2.0 */
/* sys_hypfs.c - test guest: the tree of what the control domain knows of the hypervisor and may change.
 * own=1: it is no control domain, and may nothing. */
#include "check.h"
#include "control.h"

#include <xen/hypfs.h>

#define E_NOBUFS (-105)

static struct checks checks;

static struct {
    xen_hypfs_direntry_t entry;
    uint8_t content[600];
} got;

static int64_t call(uint64_t op, const char *path, void *data, uint64_t size)
{
    return hypercall(__HYPERVISOR_hypfs_op, op, (uint64_t)path, strlen(path) + 1, (uint64_t)data, size);
}

static int64_t read(const char *path)
{
    memset(&got, 0xa5, sizeof(got));
    return call(XEN_HYPFS_OP_read, path, &got, sizeof(got));
}

static void check_text(const char *path, const char *wanted, uint32_t max_write)
{
    CHECK_EQ(read(path), 0);
    CHECK_EQ(got.entry.type, XEN_HYPFS_TYPE_STRING);
    CHECK_EQ(got.entry.encoding, XEN_HYPFS_ENC_PLAIN);
    CHECK_EQ(got.entry.pad, 0);
    CHECK_EQ(got.entry.max_write_len, max_write);
    CHECK_EQ(got.entry.content_len, strlen((const char *)got.content) + 1);
    CHECK(wanted == NULL || strcmp((const char *)got.content, wanted) == 0);
    CHECK_EQ(got.content[got.entry.content_len], 0xa5);
}

static void check_number(const char *path, uint32_t wanted)
{
    CHECK_EQ(read(path), 0);
    CHECK_EQ(got.entry.type, XEN_HYPFS_TYPE_UINT);
    CHECK_EQ(got.entry.content_len, 4);
    CHECK_EQ(got.entry.max_write_len, 0);
    CHECK(memcmp(got.content, &wanted, 4) == 0);
}

/* The directory has just the entries whose names are in @names, each followed by a blank. */
static void check_list(const char *path, const char *names)
{
    uint32_t at = 0, next = 1;

    CHECK_EQ(read(path), 0);
    CHECK_EQ(got.entry.type, XEN_HYPFS_TYPE_DIR);
    CHECK_EQ(got.entry.max_write_len, 0);
    while (next != 0 && CHECK(at < got.entry.content_len)) {
        const struct xen_hypfs_dirlistentry *entry = (const void *)(got.content + at);
        size_t length = strlen(entry->name);
        uint16_t off_next;

        memcpy(&off_next, (const char *)entry + 12, sizeof(off_next));
        CHECK(strncmp(names, entry->name, length) == 0 && names[length] == ' ');
        names += length + 1;
        next = off_next;
        at += next;
    }
    CHECK_EQ(*names, '\0');
}

static void check_tree(void)
{
    check_list("/", "buildinfo cpupool params ");
    check_list("/buildinfo", "compileinfo version changeset ");
    check_list("/buildinfo/compileinfo", "compile_by compile_date compile_domain compiler ");
    check_list("/buildinfo/version/", "extra major minor ");
    check_list("/params", "guest_loglvl loglvl ");
    check_text("/buildinfo/changeset", "", 0);
    check_text("/buildinfo/compileinfo/compiler", NULL, 0);
    check_text("/buildinfo/version/extra", ".0-bulkhead", 0);
    check_number("/buildinfo/version/major", 4);
    check_number("/buildinfo/version/minor", 17);
}

static int64_t write(const char *path, const char *value)
{
    return call(XEN_HYPFS_OP_write_contents, path, (char *)(uintptr_t)value, strlen(value) + 1);
}

static int64_t pool_call(uint32_t op, uint32_t id)
{
    struct xen_sysctl sys = {.u.cpupool_op = {.op = op, .cpupool_id = id, .sched_id = XEN_SCHEDULER_CREDIT2}};

    return sysctl(&sys, XEN_SYSCTL_cpupool_op);
}

/* A directory a pool, all with the same in it. */
static void check_pools(void)
{
    check_list("/cpupool", "0 ");
    check_list("/cpupool/0", "sched-gran ");
    check_text("/cpupool/0/sched-gran", "cpu", 8);
    CHECK_EQ(read("/cpupool/7"), E_NOENT);
    CHECK_EQ(pool_call(XEN_SYSCTL_CPUPOOL_OP_CREATE, 7), 0);
    CHECK_EQ(pool_call(XEN_SYSCTL_CPUPOOL_OP_CREATE, 4294967294U), 0);
    check_list("/cpupool/", "0 7 4294967294 ");
    check_list("/cpupool/7/", "sched-gran ");
    check_text("/cpupool/4294967294/sched-gran", "cpu", 8);
    CHECK_EQ(pool_call(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 7), 0);
    CHECK_EQ(pool_call(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 4294967294U), 0);
    CHECK_EQ(read("/cpupool/7/sched-gran"), E_NOENT);
    check_list("/cpupool", "0 ");
    CHECK_EQ(read("/cpupool/x"), E_NOENT);
    CHECK_EQ(read("/cpupool/-1"), E_NOENT);
    CHECK_EQ(read("/cpupool//"), E_NOENT);
    CHECK_EQ(read("/cpupool/0x0"), E_NOENT);
    CHECK_EQ(read("/cpupool/4294967296"), E_NOENT);
    CHECK_EQ(read("/cpupool/0/sched"), E_NOENT);
    CHECK_EQ(write("/cpupool", "x"), E_ACCES);
    CHECK_EQ(write("/cpupool/0", "x"), E_ACCES);
    CHECK_EQ(write("/cpupool/0/sched-gran", "cpu"), E_INVAL);
    CHECK_EQ(write("/cpupool/0/sched-gran", "core"), E_INVAL);
    CHECK_EQ(write("/cpupool/0/sched-gran", "morethan"), E_NOSPC);
    CHECK_EQ(call(XEN_HYPFS_OP_write_contents, "/cpupool/0/sched-gran", (void *)8, 4), E_FAULT);
}

/* As many pools as there can be, two for each CPU, with the longest names. This domain has a vCPU for each.
 */
static void check_many_pools(void)
{
    uint32_t count = 0, most = 2 * platform.cpu_count - 1;

    while (pool_call(XEN_SYSCTL_CPUPOOL_OP_CREATE, 4294967294U - count) == 0) {
        count++;
    }
    CHECK_EQ(count, most);
    CHECK_EQ(read("/cpupool"), 0);
    CHECK_EQ(got.entry.content_len, 18 + most * 26);
    while (count != 0) {
        count--;
        CHECK_EQ(pool_call(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 4294967294U - count), 0);
    }
}

static void check_writes(void)
{
    static char long_value[200];

    check_text("/params/loglvl", "info/info", 16);
    check_text("/params/guest_loglvl", "warning/warning", 16);
    CHECK_EQ(write("/params/loglvl", "error/debug"), 0);
    check_text("/params/loglvl", "all/all", 16);
    CHECK_EQ(write("/params/loglvl", "none"), 0);
    check_text("/params/loglvl", "error/error", 16);
    CHECK_EQ(write("/params/loglvl", "loud"), E_INVAL);
    CHECK_EQ(write("/params/loglvl", "info/"), E_INVAL);
    CHECK_EQ(write("/params/loglvl", ""), E_INVAL);
    check_text("/params/loglvl", "error/error", 16);
    CHECK_EQ(write("/params/guest_loglvl", "all"), 0);
    check_text("/params/guest_loglvl", "all/all", 16);
    CHECK_EQ(write("/params/loglvl", "info"), 0);
    CHECK_EQ(write("/params/sched", "null"), E_NOENT);
    CHECK_EQ(write("/params", "x"), E_ACCES);
    CHECK_EQ(write("/buildinfo/version/major", "5"), E_ACCES);
    CHECK_EQ(call(XEN_HYPFS_OP_write_contents, "/params/loglvl", (char *)(uintptr_t) "info", 4), E_DOM);
    CHECK_EQ(call(XEN_HYPFS_OP_write_contents, "/params/loglvl", long_value, 0), E_DOM);
    CHECK_EQ(call(XEN_HYPFS_OP_write_contents, "/params/loglvl", long_value, 129), E_NOSPC);
    CHECK_EQ(call(XEN_HYPFS_OP_write_contents, "/params/loglvl", (void *)8, 5), E_FAULT);
}

static void check_refused(void)
{
    static char long_path[2000];

    CHECK_EQ(hypercall(__HYPERVISOR_hypfs_op, XEN_HYPFS_OP_get_version, 0, 0, 0, 0), XEN_HYPFS_VERSION);
    CHECK_EQ(hypercall(__HYPERVISOR_hypfs_op, XEN_HYPFS_OP_get_version, 1, 0, 0, 0), E_INVAL);
    CHECK_EQ(read("/nowhere"), E_NOENT);
    CHECK_EQ(read("/params/loglv"), E_NOENT);
    CHECK_EQ(read("/params/loglvl/"), E_NOENT);
    CHECK_EQ(read("/params/loglvl/more"), E_NOENT);
    CHECK_EQ(read("//params"), E_NOENT);
    CHECK_EQ(read("params"), E_INVAL);
    CHECK_EQ(read(""), E_INVAL);
    memset(long_path, '/', sizeof(long_path) - 1);
    CHECK_EQ(read(long_path), E_INVAL);
    CHECK_EQ(
        hypercall(__HYPERVISOR_hypfs_op, XEN_HYPFS_OP_read, (uint64_t) "/params", 7, (uint64_t)&got, 600),
        E_INVAL);
    CHECK_EQ(hypercall(__HYPERVISOR_hypfs_op, XEN_HYPFS_OP_read, (uint64_t) "/", 0, (uint64_t)&got, 600),
             E_INVAL);
    CHECK_EQ(hypercall(__HYPERVISOR_hypfs_op, XEN_HYPFS_OP_read, 8, 8, (uint64_t)&got, 600), E_FAULT);
    CHECK_EQ(call(XEN_HYPFS_OP_read, "/params", &got, 11), E_INVAL);
    CHECK_EQ(call(XEN_HYPFS_OP_read, "/params", &got, 12), E_NOBUFS);
    CHECK_EQ(call(XEN_HYPFS_OP_read, "/params", (void *)8, 600), E_FAULT);
    CHECK_EQ(call(3, "/params", &got, 600), E_OPNOTSUPP);
}

unsigned guest_main(void)
{
    if (bootarg_is("own", "1")) {
        CHECK_EQ(hypercall(__HYPERVISOR_hypfs_op, XEN_HYPFS_OP_get_version, 0, 0, 0, 0), E_PERM);
        CHECK_EQ(read("/"), E_PERM);
        CHECK_EQ(write("/params/loglvl", "info"), E_PERM);
        return checks_end(&checks);
    }
    check_tree();
    check_pools();
    check_many_pools();
    check_writes();
    check_refused();
    return checks_end(&checks);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* hypfs_op.c - hypfs_op: what the control domain knows of the hypervisor, and may change of its options, as a
 * tree of small files. Source: xen/hypfs.h; names, types and errors are those of Xen's tree.
 *
 * Most of it stands in a table. The pools' directories, /cpupool/N, come and go with them and all hold the
 * same: there the table has one for all. One operation is carried out at a time, as pools want it. */
#include "core/cpupool.h"
#include "core/domain.h"
#include "core/guest_log.h"
#include "core/guest_mem.h"
#include "hcall/control.h"
#include "hcall/hypercall.h"
#include "hcall/version.h"
#include "lib/abi.h"
#include "lib/error.h"
#include "lib/log_level.h"
#include "lib/log_ring.h"
#include "lib/panic.h"
#include "lib/string.h"

#define VALUE_MAX 128u /* Of a text, its end included. */
#define LEVELS_MAX 16u /* Of a level as it is shown. */
#define NAME_AT offsetof(struct xen_hypfs_dirlistentry, name)
#define LISTING_MAX 480u
#define GRANULARITY_MAX 8u

enum place {
    ROOT,
    BUILDINFO,
    COMPILEINFO,
    VERSION,
    CPUPOOL,
    POOL, /* Any of them. */
    PARAMS,
};

struct node {
    const char *name;
    enum place in; /* Where it stands; directories come first, in the order of enum place. */
    const char *text;
    uint32_t number;                   /* When there is no text, and nothing to get. */
    enum log_level (*get)(void);       /* A level, */
    void (*set)(enum log_level level); /* which can be changed. */
};

/* Entries of a directory: where the next one goes, and the last one. */
struct listing {
    uint8_t *at, *last;
};

static const struct node nodes[] = {
    [ROOT] = {"", ROOT, NULL, 0, NULL, NULL},
    [BUILDINFO] = {"buildinfo", ROOT, NULL, 0, NULL, NULL},
    [COMPILEINFO] = {"compileinfo", BUILDINFO, NULL, 0, NULL, NULL},
    [VERSION] = {"version", BUILDINFO, NULL, 0, NULL, NULL},
    [CPUPOOL] = {"cpupool", ROOT, NULL, 0, NULL, NULL},
    [POOL] = {"", CPUPOOL, NULL, 0, NULL, NULL},
    [PARAMS] = {"params", ROOT, NULL, 0, NULL, NULL},
    {"changeset", BUILDINFO, VERSION_CHANGESET, 0, NULL, NULL},
    {"compile_by", COMPILEINFO, VERSION_COMPILE_BY, 0, NULL, NULL},
    {"compile_date", COMPILEINFO, VERSION_COMPILE_DATE, 0, NULL, NULL},
    {"compile_domain", COMPILEINFO, VERSION_COMPILE_DOMAIN, 0, NULL, NULL},
    {"compiler", COMPILEINFO, VERSION_COMPILER, 0, NULL, NULL},
    {"extra", VERSION, VERSION_EXTRA, 0, NULL, NULL},
    {"major", VERSION, NULL, VERSION_MAJOR, NULL, NULL},
    {"minor", VERSION, NULL, VERSION_MINOR, NULL, NULL},
    {"sched-gran", POOL, "cpu", 0, NULL, NULL},
    {"guest_loglvl", PARAMS, NULL, 0, guest_log_threshold, guest_log_set_threshold},
    {"loglvl", PARAMS, NULL, 0, log_ring_threshold, log_ring_set_threshold},
};

static bool is_directory(const struct node *node)
{
    return node - nodes <= PARAMS;
}

/* Xen on Arm lets nobody change that a CPU is scheduled by itself, and calls it a file to be written all the
 * same. */
static bool is_granularity(const struct node *node)
{
    return node->in == POOL;
}

static size_t entry_bytes(const char *name)
{
    return NAME_AT + align_up(strlen(name) + 1, sizeof(uint32_t));
}

/* What @node, no directory, holds, in @out. Returns its length. */
static uint32_t leaf_content(const struct node *node, uint8_t out[VALUE_MAX])
{
    if (node->get != NULL) {
        const char *level = log_level_name(node->get());

        return (uint32_t)format_text((char *)out, LEVELS_MAX, "%s/%s", level, level) + 1;
    }
    if (node->text != NULL) {
        (void)string_copy((char *)out, VALUE_MAX, node->text);
        return (uint32_t)strlen((char *)out) + 1;
    }
    memcpy(out, &node->number, sizeof(node->number));
    return sizeof(node->number);
}

static uint32_t pools_length(void)
{
    const char *name;
    uint32_t length = 0;

    for (unsigned i = 0; (name = cpupool_name_at(i)) != NULL; i++) {
        length += (uint32_t)entry_bytes(name);
    }
    return length;
}

static uint32_t length_of(const struct node *node)
{
    uint32_t length = 0;

    if (!is_directory(node)) {
        uint8_t value[VALUE_MAX];

        return leaf_content(node, value);
    }
    if (node == &nodes[CPUPOOL]) {
        return pools_length();
    }
    for (size_t i = 1; i < ARRAY_COUNT(nodes); i++) {
        length += &nodes[nodes[i].in] == node ? (uint32_t)entry_bytes(nodes[i].name) : 0;
    }
    return length;
}

/* @length: of what it holds. */
static struct xen_hypfs_direntry describe(const struct node *node, uint32_t length)
{
    struct xen_hypfs_direntry entry = {.type = XEN_HYPFS_TYPE_STRING, .encoding = XEN_HYPFS_ENC_PLAIN};

    if (is_directory(node)) {
        entry.type = XEN_HYPFS_TYPE_DIR;
    } else if (node->text == NULL && node->get == NULL) {
        entry.type = XEN_HYPFS_TYPE_UINT;
    }
    entry.content_len = length;
    entry.max_write_len = node->set != NULL ? LEVELS_MAX : is_granularity(node) ? GRANULARITY_MAX : 0;
    return entry;
}

/* Entries have even lengths: heads are copied by two bytes, of which there may be one for each of 16 pools.
 */
static void list_one(struct listing *listing, const struct xen_hypfs_direntry *entry, const char *name)
{
    union {
        struct {
            struct xen_hypfs_direntry entry;
            uint16_t off_next;
        };
        uint16_t halves[NAME_AT / sizeof(uint16_t)];
    } head;
    size_t length = strlen(name);
    uint16_t *to = (uint16_t *)listing->at;

    head.entry = *entry;
    head.off_next = (uint16_t)(NAME_AT + align_up(length + 1, sizeof(uint32_t)));
    for (unsigned i = 0; i < ARRAY_COUNT(head.halves); i++) {
        to[i] = head.halves[i];
    }
    to[head.off_next / 2 - 2] = 0; /* Behind the name, up to four bytes. */
    to[head.off_next / 2 - 1] = 0;
    memcpy(listing->at + NAME_AT, name, length);
    listing->last = listing->at;
    listing->at += head.off_next;
}

static void list_pools(struct listing *listing)
{
    struct xen_hypfs_direntry entry = describe(&nodes[POOL], length_of(&nodes[POOL]));
    const char *name;

    for (unsigned i = 0; (name = cpupool_name_at(i)) != NULL; i++) {
        list_one(listing, &entry, name);
    }
}

/* The entries of @directory, in @out. Returns how long they are. */
static uint32_t list(const struct node *directory, uint8_t out[LISTING_MAX])
{
    struct listing listing = {out, NULL};

    if (directory == &nodes[CPUPOOL]) {
        list_pools(&listing);
    } else {
        for (size_t i = 1; i < ARRAY_COUNT(nodes); i++) {
            if (&nodes[nodes[i].in] == directory) {
                struct xen_hypfs_direntry entry = describe(&nodes[i], length_of(&nodes[i]));

                list_one(&listing, &entry, nodes[i].name);
            }
        }
    }
    if (listing.last != NULL) { /* There is no next one. */
        memset(listing.last + sizeof(struct xen_hypfs_direntry), 0, sizeof(uint16_t));
    }
    ASSERT(listing.at <= out + LISTING_MAX);
    return (uint32_t)(listing.at - out);
}

/* Is there a pool whose number is the @length characters of @name? */
static bool names_pool(const char *name, size_t length)
{
    const char *one;

    for (unsigned i = 0; (one = cpupool_name_at(i)) != NULL; i++) {
        if (strlen(one) == length && strncmp(one, name, length) == 0) {
            return true;
        }
    }
    return false;
}

/* The child of @directory called by the @length characters of @name; NULL. */
static const struct node *find_in(const struct node *directory, const char *name, size_t length)
{
    if (directory == &nodes[CPUPOOL]) {
        return names_pool(name, length) ? &nodes[POOL] : NULL;
    }
    for (size_t i = 1; i < ARRAY_COUNT(nodes); i++) {
        if (&nodes[nodes[i].in] == directory && strlen(nodes[i].name) == length &&
            strncmp(nodes[i].name, name, length) == 0) {
            return &nodes[i];
        }
    }
    return NULL;
}

/* @path begins with a slash. */
static const struct node *find(const char *path)
{
    const struct node *node = &nodes[ROOT];

    for (path++; node != NULL && *path != '\0';) {
        const char *slash = strchr(path, '/');
        size_t length = slash != NULL ? (size_t)(slash - path) : strlen(path);

        node = is_directory(node) ? find_in(node, path, length) : NULL;
        path += slash != NULL ? length + 1 : length;
        if (node != NULL && slash != NULL && !is_directory(node)) {
            node = NULL;
        }
    }
    return node;
}

static int64_t read_node(struct vcpu *vcpu, const struct node *node, uint64_t to, uint64_t size)
{
    _Alignas(uint16_t) uint8_t value[LISTING_MAX];
    uint32_t length = is_directory(node) ? list(node, value) : leaf_content(node, value);
    struct xen_hypfs_direntry entry = describe(node, length);

    if (size < sizeof(entry)) {
        return -EINVAL;
    }
    if (guest_copy_out(vcpu, to, &entry, sizeof(entry)) != 0) {
        return -EFAULT;
    }
    if (size - sizeof(entry) < length) {
        return -ENOBUFS;
    }
    return guest_copy_out(vcpu, to + sizeof(entry), value, length);
}

static int64_t write_node(struct vcpu *vcpu, const struct node *node, uint64_t from, uint64_t size)
{
    char value[VALUE_MAX];
    enum log_level level;

    if (node->set == NULL && !is_granularity(node)) {
        return -EACCES;
    }
    if (size > (is_granularity(node) ? GRANULARITY_MAX : sizeof(value))) {
        return -ENOSPC;
    }
    if (guest_copy_in(vcpu, value, from, size) != 0) {
        return -EFAULT;
    }
    if (is_granularity(node)) {
        return -EINVAL;
    }
    if (size == 0 || memchr(value, 0, size) != value + size - 1) {
        return -EDOM;
    }
    if (log_level_parse(value, &level) != 0) {
        return -EINVAL;
    }
    node->set(level);
    return 0;
}

/* x1, x2: the path and its length; x3, x4: what is read or written. */
__attribute__((noinline)) static int64_t operate(struct vcpu *vcpu, const uint64_t args[5])
{
    char path[XEN_HYPFS_MAX_PATHLEN];
    const struct node *node;
    uint64_t size = args[2];

    if (size == 0 || size > sizeof(path)) {
        return -EINVAL;
    }
    if (guest_copy_in(vcpu, path, args[1], size) != 0) {
        return -EFAULT;
    }
    if (memchr(path, 0, size) != path + size - 1 || path[0] != '/') {
        return -EINVAL;
    }
    node = find(path);
    if (node == NULL) {
        return -ENOENT;
    }
    switch ((uint32_t)args[0]) {
    case XEN_HYPFS_OP_read:
        return read_node(vcpu, node, args[3], args[4]);
    case XEN_HYPFS_OP_write_contents: /* `/params/loglvl` and `/params/guest_loglvl`; `sched-gran`, as on Arm:
                                         -EINVAL. */
        return write_node(vcpu, node, args[3], args[4]);
    default:
        return -EOPNOTSUPP;
    }
}

int64_t hcall_hypfs_op(struct vcpu *vcpu, uint64_t args[5])
{
    int64_t result;

    if (!vcpu->domain->privileged) {
        return -EPERM;
    }
    if ((uint32_t)args[0] == XEN_HYPFS_OP_get_version) { /* 1. */
        return (args[1] | args[2] | args[3] | args[4]) == 0 ? XEN_HYPFS_VERSION : -EINVAL;
    }
    if (!control_begin()) {
        return hypercall_again(vcpu, args[0]);
    }
    result = operate(vcpu, args);
    control_end();
    return result;
}

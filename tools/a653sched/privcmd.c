/* SPDX-License-Identifier: Apache-2.0 */
/* privcmd.c - a653sched: hypercalls through Linux's /dev/xen/privcmd. What the hypervisor reads and writes
 * lies in one arena of pages that stay where they are. */
#include "privcmd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xen/sys/privcmd.h>

#define ARENA_BYTES (16u * 4096)
#define LOG_MAX 32768u

struct arena {
    struct xen_sysctl sysctl;
    struct xen_domctl domctl;
    struct xen_sysctl_arinc653_schedule schedule;
    char log[LOG_MAX];
};

_Static_assert(sizeof(struct arena) <= ARENA_BYTES, "the arena holds all");

static int device = -1;
static struct arena *arena;

int privcmd_open(void)
{
    int buffers = open("/dev/xen/hypercall", O_RDWR | O_CLOEXEC);

    device = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
    if (device < 0) {
        return -1;
    }
    arena = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE,
                 buffers >= 0 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, buffers, 0);
    if (buffers >= 0) {
        close(buffers);
    }
    if (arena == MAP_FAILED) {
        return -1;
    }
    memset(arena, 0, ARENA_BYTES);
    return mlock(arena, ARENA_BYTES) == 0 || buffers >= 0 ? 0 : -1;
}

static int call(uint64_t number, void *op)
{
    struct privcmd_hypercall hypercall = {.op = number, .arg = {(uint64_t)(uintptr_t)op}};
    int result = ioctl(device, (int)IOCTL_PRIVCMD_HYPERCALL, &hypercall);

    return result < 0 ? -1 : 0;
}

static int sysctl(uint32_t cmd)
{
    arena->sysctl.cmd = cmd;
    arena->sysctl.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return call(__HYPERVISOR_sysctl, &arena->sysctl);
}

int privcmd_schedule(uint32_t pool, uint32_t cmd, struct xen_sysctl_arinc653_schedule *schedule)
{
    struct xen_sysctl_scheduler_op *op = &arena->sysctl.u.scheduler_op;

    memset(&arena->sysctl, 0, sizeof(arena->sysctl));
    arena->schedule = *schedule;
    op->cpupool_id = pool;
    op->sched_id = XEN_SCHEDULER_ARINC653;
    op->cmd = cmd;
    set_xen_guest_handle(op->u.sched_arinc653.schedule, &arena->schedule);
    if (sysctl(XEN_SYSCTL_scheduler_op) != 0) {
        return -1;
    }
    *schedule = arena->schedule;
    return 0;
}

int privcmd_domain(domid_t *domain, xen_domain_handle_t handle)
{
    memset(&arena->domctl, 0, sizeof(arena->domctl));
    arena->domctl.cmd = XEN_DOMCTL_getdomaininfo;
    arena->domctl.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    arena->domctl.domain = *domain;
    if (call(__HYPERVISOR_domctl, &arena->domctl) != 0) {
        return -1;
    }
    *domain = arena->domctl.u.getdomaininfo.domain;
    memcpy(handle, arena->domctl.u.getdomaininfo.handle, sizeof(xen_domain_handle_t));
    return 0;
}

int privcmd_log(char *text, uint32_t size)
{
    struct xen_sysctl_readconsole *op = &arena->sysctl.u.readconsole;
    uint32_t count;

    memset(&arena->sysctl, 0, sizeof(arena->sysctl));
    op->count = LOG_MAX;
    set_xen_guest_handle(op->buffer, arena->log);
    if (sysctl(XEN_SYSCTL_readconsole) != 0 || op->count > LOG_MAX) {
        return -1;
    }
    count = op->count < size ? op->count : size - 1;
    memcpy(text, arena->log + op->count - count, count);
    text[count] = '\0';
    return 0;
}

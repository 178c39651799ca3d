/* SPDX-License-Identifier: Apache-2.0 */
/* pages.c - a program for Dom0: how many pages the hypervisor has, exactly, where `xl info` rounds to MiB.
 *
 *     pages              prints   total=524288 free=385412 scrub=0
 *     pages FREE [SECONDS]   waits until so many are free (20 s); exit status 1 when that does not come
 *
 * By SYSCTL_physinfo through Linux's privcmd driver; the argument lies in one locked page, as the driver
 * asks. */
#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#define __XEN_TOOLS__ 1
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <xen/xen.h>

#include <xen/sys/privcmd.h>
#include <xen/sysctl.h>

#define PAGE_BYTES 4096
#define TRY_NS 50000000L

static int privcmd = -1;

static struct xen_sysctl_physinfo physinfo(struct xen_sysctl *op)
{
    struct privcmd_hypercall call = {.op = __HYPERVISOR_sysctl, .arg = {(uintptr_t)op}};

    memset(op, 0, sizeof(*op));
    op->cmd = XEN_SYSCTL_physinfo;
    op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    if (ioctl(privcmd, IOCTL_PRIVCMD_HYPERCALL, &call) < 0) {
        fprintf(stderr, "pages: physinfo: %s\n", strerror(errno));
        exit(2);
    }
    return op->u.physinfo;
}

int main(int count, char **words)
{
    const struct timespec pause = {.tv_nsec = TRY_NS};
    struct xen_sysctl *op =
        mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
    uint64_t wanted = count > 1 ? strtoull(words[1], NULL, 0) : 0;
    long tries = (count > 2 ? strtol(words[2], NULL, 0) : 20) * (1000000000L / TRY_NS);
    struct xen_sysctl_physinfo now;

    privcmd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
    if (privcmd < 0 || op == MAP_FAILED) {
        fprintf(stderr, "pages: %s: %s\n", privcmd < 0 ? "/dev/xen/privcmd" : "memory", strerror(errno));
        return 2;
    }
    now = physinfo(op);
    for (long i = 0; wanted != 0 && now.free_pages != wanted && i < tries; i++) {
        nanosleep(&pause, NULL);
        now = physinfo(op);
    }
    printf("total=%lu free=%lu scrub=%lu\n", now.total_pages, now.free_pages, now.scrub_pages);
    return wanted != 0 && now.free_pages != wanted ? 1 : 0;
}

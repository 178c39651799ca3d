/* SPDX-License-Identifier: Apache-2.0 */
/* pvconsole.c - writes to the ring of the PV console; xenconsoled in Dom0 reads it.
 *
 * The page lies below RAM, in the first GiB of Xen's guest platform, which the flat map has as device memory.
 * Dom0 has it as normal memory, so the 2 MiB around it become normal here too: the GiB is split into a table
 * of 2 MiB blocks. */
#include "pvconsole.h"

#include "call.h"
#include "print.h"
#include "smp.h"
#include "string.h"
#include "sysreg.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#include <xen/xen.h>

#include <xen/event_channel.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/io/console.h>

#define PAGE_SHIFT 12
#define BLOCK_SHIFT 21 /* 2 MiB */
#define GIB_SHIFT 30
#define TABLE_ENTRIES 512
#define DESC_TABLE 3UL
#define DESC_BLOCK_NORMAL 0x0040000000000705UL /* As in start.S. */
#define LINE_BYTES 512

extern uint64_t guest_map[TABLE_ENTRIES];

static uint64_t first_gib[TABLE_ENTRIES] __attribute__((aligned(4096)));
static struct xencons_interface *ring;
static uint32_t port;
static struct spinlock lock;

static bool get_param(uint32_t index, uint64_t *value)
{
    struct xen_hvm_param what = {.domid = DOMID_SELF, .index = index};

    if (hypercall(__HYPERVISOR_hvm_op, HVMOP_get_param, (uint64_t)&what, 0, 0, 0) != 0) {
        return false;
    }
    *value = what.value;
    return true;
}

/* Split the first GiB, whose code and data lie elsewhere. Break before make. */
static void map_normal(uint64_t address)
{
    uint64_t device = guest_map[0];

    for (uint64_t i = 0; i < TABLE_ENTRIES; i++) {
        first_gib[i] = (i == address >> BLOCK_SHIFT ? DESC_BLOCK_NORMAL : device) | i << BLOCK_SHIFT;
    }
    guest_map[0] = 0;
    __asm__ volatile("dsb ish\n\ttlbi vmalle1is\n\tdsb ish\n\tisb" ::: "memory");
    guest_map[0] = (uint64_t)first_gib | DESC_TABLE;
    __asm__ volatile("dsb ish\n\tisb" ::: "memory");
}

bool pvconsole_start(void)
{
    uint64_t pfn, channel;

    if (!get_param(HVM_PARAM_CONSOLE_PFN, &pfn) || !get_param(HVM_PARAM_CONSOLE_EVTCHN, &channel) ||
        pfn == 0 || pfn >> (GIB_SHIFT - PAGE_SHIFT) != 0) {
        return false;
    }
    map_normal(pfn << PAGE_SHIFT);
    port = (uint32_t)channel;
    ring = (struct xencons_interface *)(pfn << PAGE_SHIFT);
    return true;
}

static void put(const char *text, size_t length)
{
    struct evtchn_send send = {.port = port};
    XENCONS_RING_IDX at = ring->out_prod;
    XENCONS_RING_IDX used = at - __atomic_load_n(&ring->out_cons, __ATOMIC_ACQUIRE);

    if (used > sizeof(ring->out) || sizeof(ring->out) - used < length) {
        return;
    }
    for (size_t i = 0; i < length; i++) {
        ring->out[MASK_XENCONS_IDX(at + i, ring->out)] = text[i];
    }
    /* The characters before the index that tells of them. */
    __atomic_store_n(&ring->out_prod, at + (XENCONS_RING_IDX)length, __ATOMIC_RELEASE);
    hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send, (uint64_t)&send, 0, 0, 0);
}

void pvconsole_print(const char *format, ...)
{
    char line[LINE_BYTES];
    va_list arguments;

    va_start(arguments, format);
    size_t length = format_text(line, sizeof(line) - 1, format, arguments);
    va_end(arguments);
    if (ring == NULL) {
        line[length] = '\0';
        print("%s", line);
        return;
    }
    spinlock_take(&lock);
    put(line, length);
    spinlock_release(&lock);
}

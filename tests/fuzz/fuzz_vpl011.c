/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_vpl011.c - any sequence of accesses and arriving characters: the FIFO stays sane, and no character is
 * lost or made up. And the same while another domain serves it, which like the guest writes anything into the
 * page that they share. */
#include <stdlib.h>
#include <string.h>

#include "vdev/vpl011.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEP_BYTES 8u

/* One step as the fuzzer writes it. */
struct step {
    uint8_t kind, log_size;
    uint16_t offset;
    uint32_t value;
};

static void check(bool ok)
{
    if (!ok) {
        abort();
    }
}

static void check_state(struct vpl011 *uart)
{
    uint32_t flags = vpl011_read(uart, 0x18, 4);

    check(uart->in_count <= VPL011_FIFO && uart->in_head < VPL011_FIFO);
    check(((flags & 0x10) != 0) == (uart->in_count == 0));
    check(((flags & 0x40) != 0) == (uart->in_count == VPL011_FIFO));
    check(uart->served || ((flags & 0x80) != 0 && (flags & 0x28) == 0));
    check(((flags & 0x20) != 0) == ((flags & 0x08) != 0) && (flags & 0xa0) != 0xa0);
    check(vpl011_irq_level(uart) == (vpl011_read(uart, 0x40, 4) != 0));
    check((uart->ris & ~0x7ffu) == 0 && (uart->cr & ~0xffffu) == 0);
}

/* The page, of which each byte may change, between two that may not. */
static struct {
    uint64_t before;
    struct xencons_interface page;
    uint64_t after;
} shared;

/* Either end of the page does something, or the hypervisor is told. What the hypervisor counts goes on by
 * what it did and nothing else. */
static void run_ring_step(struct vpl011 *uart, const struct step *step)
{
    struct xencons_interface *page = &shared.page;
    uint32_t before = uart->ring.in_cons, in_count = uart->in_count;

    switch (step->log_size % 8) {
    case 0:
        page->out_cons = step->value;
        break;
    case 1:
        page->in_prod = step->value;
        break;
    case 2:
        page->out_prod = step->value;
        page->in_cons = ~step->value;
        break;
    case 3: /* A server that behaves. */
        page->out_cons = uart->ring.out_prod;
        page->in_prod = uart->ring.in_cons + step->value % (sizeof(page->in) + 1);
        memset(page->in, (int)step->offset, sizeof(page->in));
        break;
    case 4:
        if (step->value % 8 == 0) {
            (void)vpl011_unserve(uart);
        }
        break;
    default:
        break;
    }
    (void)vpl011_exchange(uart);
    check(uart->ring.in_cons - before == uart->in_count - in_count);
    check(uart->in_count == VPL011_FIFO || uart->ring.page == NULL || page->in_prod == uart->ring.in_cons ||
          page->in_prod - uart->ring.in_cons > sizeof(page->in));
    check(!vpl011_exchange(uart));
}

static void run_step(struct vpl011 *uart, const struct step *step)
{
    unsigned size = 1u << step->log_size % 3;
    uint32_t offset = step->offset % 0x1004u;
    unsigned before = uart->in_count;
    char out = 0;

    if (uart->served && step->kind % 2 == 0) {
        run_ring_step(uart, step);
        return;
    }
    switch (step->kind % 3) {
    case 0:
        check(vpl011_receive(uart, (char)step->value) == (before < VPL011_FIFO));
        check(uart->in_count == before + (before < VPL011_FIFO ? 1 : 0));
        break;
    case 1:
        check(((uint64_t)vpl011_read(uart, offset, size) >> (8 * size)) == 0);
        check(uart->in_count == before - (offset == 0 && before != 0 ? 1 : 0));
        break;
    default:
        if (vpl011_write(uart, offset, size, step->value, &out)) {
            check(!uart->served && offset == 0 && out == (char)step->value);
            check(uart->in_count == before);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct vpl011 uart;

    vpl011_init(&uart);
    memset(&shared, 0x5a, sizeof(shared));
    if (size % 2 != 0) {
        memset(&shared.page, 0, sizeof(shared.page));
        vpl011_serve(&uart, &shared.page);
    }
    for (; size >= STEP_BYTES; size -= STEP_BYTES, data += STEP_BYTES) {
        struct step step;

        _Static_assert(sizeof(step) == STEP_BYTES, "one step");
        memcpy(&step, data, sizeof(step));
        run_step(&uart, &step);
        check_state(&uart);
    }
    check(shared.before == UINT64_C(0x5a5a5a5a5a5a5a5a) && shared.after == shared.before);
    return 0;
}
